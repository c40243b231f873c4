"""The canonical cost table as CSV or Parquet: invoice lines, and the fallback for every bill.

Columns are those of `tables.COST_LINES`. A line has `month` (2026-10), or `start` and `end`
(dates; `end` is the day after the last one, and the day after `start` where it is left out), and
`billed_usd` or `contracted_usd`, in dollars; a credit is negative. `list_usd` is what the line
would cost at list prices. All others may be left out or empty: then the line does not say, and
`charge` is usage. Another currency is converted at the contract's rate before.
"""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pandas as pd

from forecast.errors import UsageFormatError
from forecast.records.costs import Amounts, ChargeKind
from forecast.records.usage import TokenKind
from forecast.tables import COST_LINES, check
from forecast.units import add_months
from forecast.usage.formats import cells, tabular, vocabulary
from forecast.usage.formats.canonical import replace_file
from forecast.usage.formats.head import Head
from forecast.usage.formats.protocol import Parsed, bucket_frame, cost_frame
from forecast.usage.formats.tabular import TextTable

name: Final = "canonical_costs"
description: Final = "this product's own cost table, invoice lines (CSV or Parquet)"
recorded_by: Final = ""
input_includes_cache: Final = False
cannot_tell: Final[tuple[str, ...]] = ()
seen_by: Final = "vendor"
holds: Final = ("costs",)
amounts: Final = Amounts("USD", "billed")

_MONTH_COLUMN: Final = "month"
_PAID: Final = ("contracted_usd", "billed_usd")
_MONEY: Final = ("list_usd", *_PAID)
_MONTH: Final = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])(?:-01)?")
_KINDS: Final = frozenset({*TokenKind, "web_search"})
_CHARGES: Final = frozenset(ChargeKind)


def _one_of(words: frozenset[str], what: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        word = text.strip().lower()
        if word not in words:
            known = ", ".join(sorted(words))
            raise ValueError(f"is not a known {what}: {cells.quoted(text)}; known are {known}")
        return word

    return read


_TEXTS: Final[dict[str, Callable[[str], str]]] = {
    "platform": cells.name,
    "model": cells.name,
    "service_tier": vocabulary.service_tier,
    "geography": vocabulary.geography,
    "speed": vocabulary.speed,
    "context_window": vocabulary.context_window,
    "token_kind": _one_of(_KINDS, "token kind"),
    "charge": _one_of(_CHARGES, "charge"),
    "api_key": cells.name,
    "workspace": cells.name,
    "description": cells.name,
}
COLUMNS: Final = (_MONTH_COLUMN, "start", "end", *_TEXTS, "quantity", *_MONEY)
"""What a cost table may have."""


def fits(head: Head) -> bool:
    """Tell whether a header or schema has an amount of a cost line and a time."""
    return not head.columns.isdisjoint(_MONEY) and not head.columns.isdisjoint(
        {_MONTH_COLUMN, "start"}
    )


def read(data: bytes, file: str) -> Parsed:
    r"""Read a cost table.

    Raises
    ------
    UsageFormatError
        A column that is missing or unknown, a line without an amount or a time, a value that is
        not of its kind; with row and column.

    Examples
    --------
    >>> text = b"month,model,token_kind,list_usd,billed_usd\n2026-10,claude-opus-5,output,100,85\n"
    >>> costs = read(text, "invoice.csv").costs
    >>> costs[["token_kind", "charge", "list_usd", "billed_usd"]].values.tolist()
    [['output', 'usage', Decimal('100'), Decimal('85')]]
    """
    table = tabular.read_table(data, file, COLUMNS, nulls=tabular.DATABASE_NULLS)
    _check_names(table)
    spans = _spans(table)
    columns: dict[str, Sequence[Any]] = {
        "start": [start for start, _ in spans],
        "end": [end for _, end in spans],
        "row": range(1, table.n_rows + 1),
        "quantity": table.read_or("quantity", _quantity, None),
    }
    for column, by in _TEXTS.items():
        blank = ChargeKind.USAGE.value if column == "charge" else ""
        columns[column] = table.read_or(column, by, blank)
    money: dict[str, list[Decimal | None]] = {
        column: table.read_or(column, cells.spreadsheet_amount, None) for column in _MONEY
    }
    for row, paid in enumerate(zip(*(money[column] for column in _PAID), strict=True), start=1):
        if all(amount is None for amount in paid):
            raise table.fault(f"is empty, and so is {_PAID[0]}", row, _PAID[1])
    return Parsed(
        bucket_frame({"start": []}),
        first=cells.midnight(min(start for start, _ in spans)),
        last=cells.midnight(max(end for _, end in spans)),
        costs=cost_frame({**columns, **money}),
        cannot_tell=tuple(c for c in ("model", "token_kind", "list_usd") if c not in table),
    )


def _check_names(table: TextTable) -> None:
    for column in table.names:
        if column not in COLUMNS:
            near = difflib.get_close_matches(column, COLUMNS, n=1)
            hint = f"did you mean {near[0]}? Else remove it" if near else "remove it"
            raise UsageFormatError(
                f"is not a column of the cost table; {hint}", file=table.file, column=column[:80]
            )
    if (_MONTH_COLUMN in table) == ("start" in table):
        raise UsageFormatError(
            "the table needs `month`, or `start` and `end`, and not both",
            file=table.file,
            column=_MONTH_COLUMN,
        )
    if not any(column in table for column in _PAID):
        raise UsageFormatError(
            f"is missing, and so is {_PAID[0]}; a line needs one of them",
            file=table.file,
            column=_PAID[1],
        )


def _spans(table: TextTable) -> list[tuple[date, date]]:
    """Give the first day and the day after the last one of every line."""
    if _MONTH_COLUMN in table:
        return [(month, add_months(month, 1)) for month in table.read(_MONTH_COLUMN, _month)]
    starts = table.read("start", _day)
    ends: list[date | None] = table.read_or("end", _day, None)
    spans = [
        (start, end or start + timedelta(days=1)) for start, end in zip(starts, ends, strict=True)
    ]
    for row, (start, end) in enumerate(spans, start=1):
        if end <= start:
            raise table.fault(f"is not after the start, {start}", row, "end")
    return spans


def _month(text: str) -> date:
    found = _MONTH.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"is not a month: {cells.quoted(text)}; write 2026-10")
    return date(int(found[1]), int(found[2]), 1)


def _day(text: str) -> date:
    moment = cells.bucket(text).start
    if moment != cells.midnight(moment.date()):
        raise ValueError(f"is not a day: {cells.quoted(text)}; write 2026-11-22")
    return moment.date()


def _quantity(text: str) -> int:
    return cells.grouped_count(text)


def write_costs(costs: pd.DataFrame, path: Path) -> None:
    """Write cost lines as `.csv`, all at once or not at all; `read` gives them back exactly.

    Parameters
    ----------
    costs
        `tables.COST_LINES`; the places of the lines in their sources are left out.

    Raises
    ------
    UsageFormatError
        Another ending than .csv, lines that break the contract of the table, or none.
    """
    if path.suffix != ".csv":
        raise UsageFormatError("should end in .csv", file=path.name)
    if costs.empty:
        raise UsageFormatError(
            "would hold no line: no export has amounts that somebody billed", file=path.name
        )
    check(costs, COST_LINES, file=path.name)
    columns = [c for c in COST_LINES.columns if c.name != "row"]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(c.name for c in columns)
    cells_of = [[_written(value, c.kind) for value in costs[c.name].tolist()] for c in columns]
    writer.writerows(zip(*cells_of, strict=True))
    replace_file(path, text.getvalue().encode())


def _written(value: Any, kind: str) -> str:
    if value is None or value is pd.NA:
        return ""
    if kind == "day":
        return f"{value:%Y-%m-%d}"
    return format(value, "f") if isinstance(value, Decimal) else str(value)
