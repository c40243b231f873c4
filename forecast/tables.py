"""Column contracts of the long frames, and the check that keeps them.

A frame is checked where it enters a stage. Columns are plain: days are midnight timestamps
without a zone (they are UTC days), tokens are int64, names are strings, money is exact Decimal
USD in a column of objects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

import numpy as np
import pandas as pd

from forecast.errors import UsageFormatError
from forecast.records.usage import TOKEN_COLUMNS

Kind = Literal["day", "text", "count", "maybe_count", "money", "maybe_money"]


@dataclass(frozen=True)
class Column:
    """One column: its kind and what it means."""

    name: str
    kind: Kind
    meaning: str


@dataclass(frozen=True)
class Table:
    """A named set of columns."""

    name: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        """Column names in order."""
        return [column.name for column in self.columns]


_MEASURES: Final = (
    *(Column(name, "count", f"{name.removesuffix('_tokens')} tokens") for name in TOKEN_COLUMNS),
    Column("requests", "maybe_count", "requests; missing when the export cannot tell"),
    Column("web_searches", "count", "web searches"),
)

_PRICED_BY: Final = (
    Column("platform", "text", "anthropic, bedrock, vertex, …"),
    Column("model", "text", "the id the vendor bills"),
    Column("service_tier", "text", "standard, batch, priority, flex"),
    Column("geography", "text", "global, us, regional"),
    Column("speed", "text", "standard, fast"),
    Column("context_window", "text", "as reported; empty when unknown"),
)

_OWNED_BY: Final = (
    Column("workload", "text", "named by the source, else empty until rules assign it"),
    Column("api_key", "text", "key id or name; empty when unknown"),
    Column("workspace", "text", "workspace id or name; empty when unknown"),
    Column("tag", "text", "any other attribution; empty when unknown"),
)

USAGE_ROWS: Final = Table(
    "usage rows",
    (
        Column("day", "day", "UTC day"),
        *_PRICED_BY,
        *_OWNED_BY,
        *_MEASURES,
    ),
)
"""The canonical usage table: what every export becomes, and what Parquet and CSV hold."""

DAILY_USAGE: Final = Table(
    "daily usage",
    (
        Column("day", "day", "UTC day"),
        *_PRICED_BY,
        Column("workload", "text", "from the inventory, or unassigned"),
        *_MEASURES,
    ),
)
"""One row per day, workload and everything that decides a rate."""

COST_LINES: Final = Table(
    "cost lines",
    (
        Column("start", "day", "first UTC day of the charge"),
        Column("end", "day", "the day after its last one"),
        *_PRICED_BY,
        Column("token_kind", "text", "input, cache_write_5m, …, output, web_search"),
        Column("charge", "text", "records.costs.ChargeKind: usage, credit, tax, …"),
        Column("api_key", "text", "key id or name"),
        Column("workspace", "text", "workspace, account or project"),
        Column("description", "text", "the line as the vendor words it"),
        Column("quantity", "maybe_count", "tokens or web searches"),
        Column("list_usd", "maybe_money", "at list prices"),
        Column("contracted_usd", "maybe_money", "at negotiated prices, before credits and pools"),
        Column("billed_usd", "maybe_money", "what is asked for; a credit is negative"),
        Column("row", "count", "data row of the source, from 1"),
    ),
)
"""What cost reports, bills and invoices say. An empty text or a missing value: the line does not.

`list_usd`, `contracted_usd` and `billed_usd` are FOCUS's list, contracted and billed cost; every
line has at least one of the last two.
"""

ARRIVALS: Final = Table(
    "arrivals",
    (
        *_OWNED_BY,
        Column("model", "text", "the id the vendor bills"),
        Column("prefix", "text", "id of the shared prefix; empty when the log names none"),
        Column("pooled", "count", "1 when the row adds up every prefix that has no row of its own"),
        Column("measure", "text", "gap_seconds, hour_of_week (0 is Monday 0:00), minute_of_hour"),
        Column("at_least", "maybe_count", "lower end; missing for the first request of a prefix"),
        Column("below", "maybe_count", "upper end, not included; missing when there is none"),
        Column("requests", "count", "requests whose measure lies there"),
    ),
)
"""Histograms of when requests come, one row per bucket that is not empty. All times are UTC.

`gap_seconds` is how long after the request before it, of the same sender and prefix, a request
came. The first request of a prefix has no gap: both ends are missing, and in a pooled row their
number is the number of prefixes. A cached prefix lives on when it is read before its lifetime is
over, so the hits of a lifetime are the requests of the gaps that end at or below it. The clocks
add all prefixes of a sender up: people sleep, schedulers do not.
"""

DAILY_KEY: Final = [c.name for c in DAILY_USAGE.columns if c.kind in ("day", "text")]

_DTYPES: Final = {
    "count": "int64",
    "maybe_count": "Int64",
    "text": "str",
    "day": "datetime64[s]",
    "money": "object",
    "maybe_money": "object",
}


def empty(table: Table) -> pd.DataFrame:
    """Give a frame of `table` without rows."""
    return pd.DataFrame({c.name: pd.Series(dtype=_DTYPES[c.kind]) for c in table.columns})


def conform(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Put the columns of `table` in order with their dtypes (values are not changed)."""
    return pd.DataFrame(
        {c.name: frame[c.name].astype(_DTYPES[c.kind]) for c in table.columns}
    ).reset_index(drop=True)


def check(
    frame: pd.DataFrame, table: Table, *, key: Sequence[str] = (), file: str | None = None
) -> pd.DataFrame:
    """Refuse a frame that breaks its contract, else hand it back.

    Raises
    ------
    UsageFormatError
        A missing column, a wrong type, a negative count, a day with a time, a missing name,
        or two rows with the same `key`; with file, row (from 1) and column.
    """
    for column in table.columns:
        if column.name not in frame.columns:
            raise UsageFormatError(
                f"is missing; {table.name} has the columns {', '.join(table.names)}",
                file=file,
                column=column.name,
            )
        bad = _faults(frame[column.name], column.kind)
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            raise UsageFormatError(
                f"is not a {column.kind.replace('_', ' ')} ({column.meaning}): "
                f"{frame[column.name].iloc[row]!r}",
                file=file,
                row=row + 1,
                column=column.name,
            )
    if key:
        twice = frame.duplicated(subset=list(key)).to_numpy()
        if twice.any():
            row = int(np.flatnonzero(twice)[0])
            raise UsageFormatError(
                f"repeats an earlier row with the same {', '.join(key)}; "
                "remove the duplicate or the second export of the same period",
                file=file,
                row=row + 1,
            )
    return frame


def _faults(values: pd.Series, kind: Kind) -> np.ndarray:
    if kind == "text":
        if isinstance(values.dtype, pd.StringDtype):
            return values.isna().to_numpy()
        return np.array([not isinstance(v, str) for v in values], dtype=bool)
    if kind == "day":
        if values.dtype.kind != "M":
            return np.ones(len(values), dtype=bool)
        return (values.isna() | (values != values.dt.normalize())).to_numpy()
    if kind in ("money", "maybe_money"):
        missing = kind == "maybe_money"
        return np.array([not _is_money(v, or_missing=missing) for v in values], dtype=bool)
    if values.dtype.kind not in "iu":
        return np.ones(len(values), dtype=bool)
    negative = (values < 0).fillna(False).to_numpy(dtype=bool)
    return negative if kind == "maybe_count" else negative | values.isna().to_numpy()


def _is_money(value: object, *, or_missing: bool) -> bool:
    if value is None:
        return or_missing
    return isinstance(value, Decimal) and value.is_finite()
