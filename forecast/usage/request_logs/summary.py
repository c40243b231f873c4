"""One log on one engine: requests to days and arrivals, or what was refused."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from forecast.errors import UsageFormatError
from forecast.tables import ARRIVALS, USAGE_ROWS, check, conform
from forecast.usage.aggregate import sum_by_key
from forecast.usage.formats import canonical, cells
from forecast.usage.request_logs import aggregation as agg
from forecast.usage.request_logs.arrivals import (
    ARRIVALS_KEY,
    GAP_SECONDS,
    HOUR_OF_WEEK,
    MINUTE_OF_HOUR,
)
from forecast.usage.request_logs.engines.protocol import Engine, Progress
from forecast.usage.request_logs.fields import Record
from forecast.usage.request_logs.files import LogFile
from forecast.usage.request_logs.layouts.protocol import Layout
from forecast.usage.request_logs.naming import (
    Words,
    numbered_senders,
    refused_words,
    renamed,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import ibis.expr.types as ir
    import pyarrow as pa

MAX_DAY_ROWS: Final = 500_000
"""Days times keys that are fetched: ten years of 130 keys. In memory they are about 100 MB."""

MAX_SENDERS: Final = 5_000
"""Senders whose arrivals are kept: each has up to 228 rows of clock."""

MAX_ARRIVAL_ROWS: Final = 1_000_000


class RefusedError(Exception):
    """Some records are refused; which is the first, `faults` finds out."""

    def __init__(self, bad_words: dict[str, list[str]]) -> None:
        super().__init__()
        self.bad_words = bad_words


@dataclass(frozen=True)
class FileTotals:
    """Requests of one file.

    Attributes
    ----------
    n_requests
        All of them.
    not_billed
        By the reason why the vendor bills nothing.
    first_ms, last_ms
        Of all of them.
    """

    n_requests: int
    not_billed: dict[str, int]
    first_ms: int
    last_ms: int


@dataclass(frozen=True)
class Summary:
    """What one layout's files add up to.

    Attributes
    ----------
    rows
        `USAGE_ROWS`.
    arrivals
        `ARRIVALS`; None when they were not asked for.
    files
        By the engine's key of the file; one key "" when there is only one file.
    has_prefix
        Whether the log names prefixes.
    n_no_model
        Requests without a model.
    """

    rows: pd.DataFrame
    arrivals: pd.DataFrame | None
    files: dict[str, FileTotals]
    has_prefix: bool
    n_no_model: int


class Steps:
    """Maps the progress of single queries to the share of the whole that is theirs.

    Parameters
    ----------
    start, end
        Shares of the whole between which these steps lie.
    """

    def __init__(self, progress: Progress | None, start: float, end: float) -> None:
        self.progress = progress
        self.start = start
        self.end = end
        self.now = self.next = start

    def to(self, share: float) -> None:
        """Let the next query lead from where the last one ended to `share` of these steps."""
        self.now, self.next = self.next, self.start + share * (self.end - self.start)

    def watch(self, what: str, share: float) -> None:
        """Report that a share of the current query is done."""
        if self.progress is not None:
            self.progress(what, self.now + share * (self.next - self.now))


def summarise(
    engine: Engine,
    layout: Layout,
    groups: Sequence[Sequence[LogFile]],
    words: Words,
    steps: Steps,
    *,
    with_arrivals: bool,
) -> Summary:
    """Aggregate the files of one layout.

    Parameters
    ----------
    groups
        Files of one schema each.

    Raises
    ------
    RefusedError
        A time, count or name is refused.
    UsageFormatError
        A column is missing or of a wrong type, a sum is too large, or there are too many keys.
    """
    rows, shape = _rows(engine, layout, groups, steps)
    steps.to(0.6)
    hours = engine.keep(agg.by_hour(rows, shape), "adding requests up to hours")
    files, n_refused = _files(engine.fetch(agg.by_file(hours, shape)))
    days = _days(engine, hours, shape)
    bad_words = refused_words(days, words)
    if n_refused or bad_words:
        raise RefusedError(bad_words)
    return Summary(
        _usage_rows(days, words),
        _arrivals(engine, rows, hours, shape, days, words, steps) if with_arrivals else None,
        files,
        shape.has_prefix,
        int(days.loc[days["model"].str.strip() == "", "requests"].sum()),
    )


def _rows(
    engine: Engine, layout: Layout, groups: Sequence[Sequence[LogFile]], steps: Steps
) -> tuple[ir.Table, agg.Shape]:
    """Give the canonical requests of all files as one table.

    Columns that are empty throughout cost more to keep than to read. So JSON members that the
    first records of a file lack are left out at first; when one of them holds something after
    all, the texts are read once more, with all of them.
    """
    for trusting in (True, False):
        records = [_record(engine, layout, group, trusting) for group in groups]
        sources = []
        for group, record in zip(groups, records, strict=True):
            with naming(group[0]):
                sources.append(layout.requests(record))
        shape = agg.shape_of(sources, n_files=sum(map(len, groups)))
        parts, surprised = [], False
        for index, (group, record, source) in enumerate(zip(groups, records, sources, strict=True)):
            part = agg.canonical_rows(record, source, shape)
            if group[0].kind != "parquet":
                steps.to(0.5 * (index + 1) / len(groups))
                part = engine.stage(part, f"reading {group[0].name}")
            if record.unseen:
                found = engine.fetch(part.agg(n=part[agg.SURPRISE].cast("int64").max()))
                surprised = surprised or found["n"][0].as_py() == 1
            parts.append(part.drop(agg.SURPRISE))
        if not surprised:
            break
    return _union(parts), shape


def _record(engine: Engine, layout: Layout, group: Sequence[LogFile], trusting: bool) -> Record:
    columns = frozenset(column for file in group for column in file.columns)
    members = layout.members(columns)
    with naming(group[0]):
        record = engine.record(engine.table(group, members))
    is_json = group[0].kind not in ("parquet", "csv")
    unseen = frozenset(members) - columns if is_json and trusting else frozenset()
    return replace(record, unseen=unseen)


def _union(parts: Sequence[ir.Table]) -> ir.Table:
    import ibis

    return ibis.union(*parts) if len(parts) > 1 else parts[0]


@contextmanager
def naming(file: LogFile) -> Iterator[None]:
    """Add the file to an error about its columns."""
    try:
        yield
    except UsageFormatError as fault:
        if fault.file is not None:
            raise
        raise UsageFormatError(
            fault.problem, file=file.name, row=fault.row, column=fault.column
        ) from None


def _files(found: pa.Table) -> tuple[dict[str, FileTotals], int]:
    totals: dict[str, FileTotals] = {}
    n_refused = 0
    for row in found.to_pylist():
        n_refused += row["refused"]
        old = totals.get(row["log"], FileTotals(0, {}, agg.WEEK_MS * 10**6, 0))
        why, n = row["why"], row["requests"]
        totals[row["log"]] = FileTotals(
            old.n_requests + n,
            old.not_billed | ({why: n} if why else {}),
            min(old.first_ms, row["first_ms"] or old.first_ms),
            max(old.last_ms, row["last_ms"] or 0),
        )
    return totals, n_refused


def _days(engine: Engine, hours: ir.Table, shape: agg.Shape) -> pd.DataFrame:
    days = engine.keep(agg.by_day(hours, shape), "adding hours up to days")
    n_rows = int(engine.fetch(days.agg(n=days.count()))["n"][0].as_py())
    if n_rows > MAX_DAY_ROWS:
        raise UsageFormatError(
            f"adds up to {n_rows} rows of days and keys, more than {MAX_DAY_ROWS}; leave out a "
            f"column that holds a value of its own for every request ({', '.join(shape.names)})"
        )
    return engine.fetch(days).to_pandas()


def _usage_rows(days: pd.DataFrame, words: Words) -> pd.DataFrame:
    named = renamed(days, words)
    named["day"] = pd.to_datetime(named["day_ms"], unit="ms")
    for column in USAGE_ROWS.columns:
        if column.name not in named:
            named[column.name] = 0
    return check(sum_by_key(named, USAGE_ROWS), USAGE_ROWS, key=canonical.KEY)


def _arrivals(
    engine: Engine,
    rows: ir.Table,
    hours: ir.Table,
    shape: agg.Shape,
    days: pd.DataFrame,
    words: Words,
    steps: Steps,
) -> pd.DataFrame:
    raw, senders = numbered_senders(days, words, shape.sender)
    if len(senders) > MAX_SENDERS:
        raise UsageFormatError(
            f"has {len(senders)} senders ({', '.join(shape.sender)}), and arrivals are kept for "
            f"at most {MAX_SENDERS}; leave out arrivals, or a column that tells requests apart"
        )
    numbers = engine.put(raw)
    requests = agg.sent(rows, numbers, shape)
    steps.to(0.65)
    minutes = engine.keep(agg.by_minute_of_hour(requests), "counting minutes")
    weeks = engine.fetch(agg.by_hour_of_week(hours, shape)).to_pandas()
    lanes = None
    if shape.has_prefix:
        steps.to(0.7)
        lanes = engine.keep(agg.lanes_of(requests), "listing prefixes")
    steps.to(1.0)
    gaps = engine.keep(agg.gaps_by_lane(requests, lanes), "measuring gaps between requests")
    pooled = engine.keep(agg.gaps_by_prefix(gaps, lanes), "pooling prefixes")
    n_rows = int(engine.fetch(pooled.agg(n=pooled.count()))["n"][0].as_py())
    if n_rows > MAX_ARRIVAL_ROWS:
        raise UsageFormatError(
            f"has {n_rows} rows of arrivals, more than {MAX_ARRIVAL_ROWS}; leave out arrivals, or "
            "a column that tells requests apart"
        )
    parts = [
        _gap_rows(engine.fetch(pooled).to_pandas()),
        _clock_rows(weeks.merge(raw, on=list(shape.sender)), HOUR_OF_WEEK, agg.HOUR_MS),
        _clock_rows(engine.fetch(minutes).to_pandas(), MINUTE_OF_HOUR, agg.MINUTE_MS),
    ]
    return _arrival_rows(pd.concat(parts, ignore_index=True), senders)


def _gap_rows(gaps: pd.DataFrame) -> pd.DataFrame:
    """Write buckets as their ends in seconds."""
    edges = np.array(agg.GAP_EDGES_SECONDS)
    bucket = gaps["bucket"].to_numpy()
    lower = pd.array(np.concatenate([[0], edges])[np.maximum(bucket, 0)], dtype="Int64")
    upper = pd.array(np.concatenate([edges, [0]])[np.maximum(bucket, 0)], dtype="Int64")
    lower[bucket == agg.FIRST] = pd.NA
    upper[(bucket == agg.FIRST) | (bucket == len(edges))] = pd.NA
    for prefix in gaps["prefix"].unique():
        _check_prefix(prefix)
    return pd.DataFrame(
        {
            "sender": gaps["sender"],
            "prefix": gaps["prefix"],
            "pooled": gaps["pooled"],
            "measure": GAP_SECONDS,
            "at_least": lower,
            "below": upper,
            "requests": gaps["requests"],
        }
    )


def _check_prefix(prefix: str) -> None:
    try:
        cells.name(prefix)
    except ValueError as fault:
        raise RefusedError({"prefix": [prefix]}) from fault


def _clock_rows(clock: pd.DataFrame, measure: str, step_ms: int) -> pd.DataFrame:
    position = (clock["place_ms"] // step_ms).astype("Int64")
    return pd.DataFrame(
        {
            "sender": clock["sender"],
            "prefix": "",
            "pooled": 0,
            "measure": measure,
            "at_least": position,
            "below": position + 1,
            "requests": clock["requests"],
        }
    )


def _arrival_rows(histogram: pd.DataFrame, senders: pd.DataFrame) -> pd.DataFrame:
    key = ["sender", "measure", "pooled", "prefix", "at_least", "below"]
    summed = histogram.groupby(key, dropna=False, sort=True)["requests"].sum().reset_index()
    named = summed.merge(senders, on="sender", validate="many_to_one")
    return check(conform(named, ARRIVALS), ARRIVALS, key=ARRIVALS_KEY)
