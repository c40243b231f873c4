"""Requests to hours, days, clocks and gaps, as Ibis expressions that every engine evaluates.

Time is milliseconds since 1970 throughout, and periods are cut by remainders of whole numbers:
no engine's calendar, time zone or rounding takes part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from forecast.usage.formats.vocabulary import LONGEST_BAND, PROMPT_BANDS
from forecast.usage.request_logs.engines.protocol import FILE
from forecast.usage.request_logs.fields import Field, Record
from forecast.usage.request_logs.layouts.protocol import COUNTS, NAMES, Requests

if TYPE_CHECKING:
    import ibis.expr.types as ir

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 86_400_000
WEEK_MS: Final = 7 * DAY_MS
MONDAY_MS: Final = 3 * DAY_MS
"""Added to a time, weeks begin on Monday: 1970-01-01 was a Thursday."""

SENDER: Final = ("workload", "api_key", "workspace", "tag", "model")
"""Who sends: the key of the arrival tables."""

GAP_EDGES_SECONDS: Final = (
    *(1, 2, 5, 10, 20, 40, 75, 150, 300),
    *(600, 1200, 1800, 3600, 7200, 14_400, 28_800, 57_600, 86_400),
)
"""Lower ends of the buckets of gaps after the first, a factor of about 2 apart; the lifetimes
of a cached prefix, 300 and 3,600 seconds, are edges exactly."""

SURPRISE: Final = "surprise"

FIRST: Final = -1
"""The bucket of a request that has none before it."""

OWN_PREFIXES: Final = 50
"""Prefixes of a sender, the busiest ones, that keep rows of their own; the others are pooled."""

_SECOND_MS: Final = 1000


@dataclass(frozen=True)
class Shape:
    """Which columns the rows of a log have; columns without a source are left to defaults."""

    names: tuple[str, ...]
    counts: tuple[str, ...]
    has_prefix: bool
    has_unbilled: bool
    has_files: bool

    @property
    def sender(self) -> tuple[str, ...]:
        """Columns of `SENDER` that the log has."""
        return tuple(column for column in SENDER if column in self.names)


def shape_of(sources: Sequence[Requests], *, n_files: int) -> Shape:
    """Tell the columns that any of the sources has; all windows are told by prompts."""
    names = {name for source in sources for name in source.names} | {"context_window"}
    counts = {count for source in sources for count in source.counts}
    return Shape(
        tuple(name for name in NAMES if name in names),
        tuple(count for count in COUNTS if count in counts),
        has_prefix="prefix" in names,
        has_unbilled=any(source.not_billed is not None for source in sources),
        has_files=n_files > 1,
    )


def checked_fields(source: Requests) -> dict[str, Field]:
    """Give the times and counts of a source, of which a NULL value is a refused one."""
    prompt = {} if source.prompt_tokens is None else {"prompt_tokens": source.prompt_tokens}
    return {"time_ms": source.time_ms, **source.counts, **prompt}


def refused(source: Requests) -> ir.Value:
    """Tell the rows that hold a time or count that is refused."""
    checked = checked_fields(source)
    time, *counts = (field.value.isnull() for field in checked.values())
    bad: Any = counts[0]
    for other in counts[1:]:
        bad = bad | other
    if source.not_billed is not None:
        bad = bad & (source.not_billed == "")
    return time | bad


def canonical_rows(record: Record, source: Requests, shape: Shape) -> ir.Table:
    """Select the canonical columns of a source: everything else of a request ends here.

    `surprise` tells the rows where an unseen column holds something after all.
    """
    import ibis

    zero, empty = ibis.literal(0, "int64"), ibis.literal("")
    fields = {**source.counts}
    columns: dict[str, Any] = {"time_ms": source.time_ms.value, "refused": refused(source)}
    for name in shape.names:
        named = source.names.get(name)
        columns[name] = empty if named is None else named.value
    if "context_window" not in source.names:
        columns["context_window"] = _band(source)
    for count in shape.counts:
        columns[count] = fields[count].value if count in fields else zero
        if source.not_billed is not None:
            columns[count] = (source.not_billed == "").ifelse(columns[count], zero)
    if shape.has_prefix:
        prefix = source.names.get("prefix")
        columns["prefix"] = empty if prefix is None else prefix.value
    if shape.has_unbilled:
        columns["not_billed"] = empty if source.not_billed is None else source.not_billed
    if shape.has_files:
        columns[FILE] = source.table[FILE]
    surprise: Any = ibis.literal(False)
    for column in sorted(record.unseen):
        surprise = surprise | ~source.table[column].isnull()
    columns[SURPRISE] = surprise
    return source.table.select(**columns)


def _band(source: Requests) -> ir.Value:
    import ibis

    if source.prompt_tokens is not None:
        prompt: Any = source.prompt_tokens.value
    else:
        inputs = [count for count in COUNTS if count.endswith("_tokens") and "output" not in count]
        parts = [source.counts[count].value for count in inputs if count in source.counts]
        prompt = parts[0]
        for part in parts[1:]:
            prompt = prompt + part
    branches = [(prompt <= most, band) for most, band in PROMPT_BANDS]
    return ibis.cases(*branches, else_=LONGEST_BAND)


def by_hour(rows: ir.Table, shape: Shape) -> ir.Table:
    """Add requests up by hour and everything that names them; count the refused ones."""
    keys = [*shape.names]
    if shape.has_unbilled:
        keys.append("not_billed")
    if shape.has_files:
        keys.append(FILE)
    hour = (rows.time_ms - rows.time_ms % HOUR_MS).name("hour_ms")
    return rows.group_by([hour, *keys]).agg(
        requests=rows.count(),
        refused=rows.refused.cast("int64").sum(),
        first_ms=rows.time_ms.min(),
        last_ms=rows.time_ms.max(),
        **{count: rows[count].sum().cast("int64") for count in shape.counts},
    )


def by_file(hours: ir.Table, shape: Shape) -> ir.Table:
    """Count the requests of each file, by what is billed of them."""
    import ibis

    file = hours[FILE] if shape.has_files else ibis.literal("")
    unbilled = hours.not_billed if shape.has_unbilled else ibis.literal("")
    return hours.group_by([file.name("log"), unbilled.name("why")]).agg(
        requests=hours.requests.sum().cast("int64"),
        refused=hours.refused.sum().cast("int64"),
        first_ms=hours.first_ms.min(),
        last_ms=hours.last_ms.max(),
    )


def by_day(hours: ir.Table, shape: Shape) -> ir.Table:
    """Add billed hours up to UTC days, in the words of the log."""
    billed = _billed(hours, shape)
    day = (billed.hour_ms - billed.hour_ms % DAY_MS).name("day_ms")
    return billed.group_by([day, *shape.names]).agg(
        requests=billed.requests.sum().cast("int64"),
        **{count: billed[count].sum().cast("int64") for count in shape.counts},
    )


def by_hour_of_week(hours: ir.Table, shape: Shape) -> ir.Table:
    """Count the requests of every sender in each of the 168 hours of a week."""
    billed = _billed(hours, shape)
    place = ((billed.hour_ms + MONDAY_MS) % WEEK_MS).name("place_ms")
    return billed.group_by([place, *shape.sender]).agg(requests=billed.requests.sum().cast("int64"))


def _billed(rows: ir.Table, shape: Shape) -> ir.Table:
    return rows.filter(rows.not_billed == "") if shape.has_unbilled else rows


def sent(rows: ir.Table, senders: ir.Table, shape: Shape) -> ir.Table:
    """Give who sent each billed request, by number, with its prefix and time.

    Parameters
    ----------
    senders
        The sender columns in the words of the log, and `sender`, a number; names that are
        written differently and mean the same share it.
    """
    billed = _billed(rows, shape)
    numbered = billed.inner_join(senders, list(shape.sender))
    columns = {"sender": numbered.sender, "time_ms": numbered.time_ms}
    if shape.has_prefix:
        columns["prefix"] = numbered.prefix
    return numbered.select(**columns)


def by_minute_of_hour(requests: ir.Table) -> ir.Table:
    """Count the requests of every sender in each of the 60 minutes of an hour."""
    within = requests.time_ms % HOUR_MS
    place = (within - within % MINUTE_MS).name("place_ms")
    return requests.group_by([place, "sender"]).agg(requests=requests.count())


def lanes_of(requests: ir.Table) -> ir.Table:
    """Number every prefix of every sender: a lane is where a cached prefix can be read again."""
    import ibis

    distinct = requests.select("sender", "prefix").distinct()
    number = ibis.row_number().over(order_by=[distinct.sender, distinct.prefix])
    return distinct.mutate(lane=number.cast("int64"))


def gaps_by_lane(requests: ir.Table, lanes: ir.Table | None) -> ir.Table:
    """Count the gaps between consecutive requests of each lane, by bucket.

    With `lanes` None, every sender is one lane.
    """
    import ibis

    if lanes is None:
        laned = requests.select(lane=requests.sender, time_ms=requests.time_ms)
    else:
        joined = requests.inner_join(lanes, ["sender", "prefix"])
        laned = joined.select("lane", "time_ms")
    before = laned.time_ms.lag().over(ibis.window(group_by="lane", order_by="time_ms"))
    gaps = laned.select("lane", gap=laned.time_ms - before)
    gaps = gaps.select("lane", bucket=_bucket(gaps.gap))
    return gaps.group_by(["lane", "bucket"]).agg(requests=gaps.count())


def _bucket(gap_ms: ir.Value) -> ir.Value:
    """Number of the bucket a gap lies in: how many edges it has reached."""
    import ibis

    branches = [(gap_ms.isnull(), FIRST)]
    branches += [
        (gap_ms < edge * _SECOND_MS, number) for number, edge in enumerate(GAP_EDGES_SECONDS)
    ]
    return ibis.cases(*branches, else_=len(GAP_EDGES_SECONDS)).cast("int64")


def gaps_by_prefix(gaps: ir.Table, lanes: ir.Table | None) -> ir.Table:
    """Keep the busiest prefixes of every sender apart and pool the others.

    The empty prefix (none is named) is never pooled with others. Among equally busy prefixes
    the alphabetically first ones keep their rows.
    """
    import ibis

    if lanes is None:
        return gaps.select(
            sender=gaps.lane,
            prefix=ibis.literal(""),
            pooled=ibis.literal(0, "int64"),
            bucket=gaps.bucket,
            requests=gaps.requests,
        )
    totals = gaps.group_by("lane").agg(total=gaps.requests.sum())
    busy = totals.inner_join(lanes, "lane")
    named = busy.prefix != ""
    rank = ibis.row_number().over(
        ibis.window(group_by=["sender", named], order_by=[ibis.desc(busy.total), busy.prefix])
    )
    ranked = busy.mutate(pooled=(named & (rank >= OWN_PREFIXES)).cast("int64"))
    told = gaps.inner_join(ranked.select("lane", "sender", "prefix", "pooled"), "lane")
    told = told.mutate(prefix=(told.pooled == 1).ifelse("", told.prefix))
    return told.group_by(["sender", "prefix", "pooled", "bucket"]).agg(
        requests=told.requests.sum().cast("int64")
    )
