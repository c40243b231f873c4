"""The dates of a FOCUS file: UTC by the specification, or as a spreadsheet left them."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from forecast.usage.formats import cells
from forecast.usage.formats.tabular import TextTable

_PERIODS: Final = ("BillingPeriodStart", "BillingPeriodEnd")
_SLASHED: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(20\d{2}|\d{2})")


def read_instants(table: TextTable, *columns: str) -> list[list[datetime]]:
    """Read columns of instants; without a zone they are UTC, as FOCUS has it.

    Dates such as 5/1/25 are read with the month or the day first, whichever lets every billing
    period begin and end on the first of a month; where both or neither do, they are refused.

    Raises
    ------
    UsageFormatError
        With row and column.
    """
    order = _order(table, columns)

    def read(text: str) -> datetime:
        slashed = _SLASHED.fullmatch(text.strip())
        if slashed is None:
            return cells.bucket(text, utc_by_column=True).start
        if order is None:
            raise ValueError(
                f"may be read with the month or the day first: {cells.quoted(text)}; write "
                "2026-11-22"
            )
        month, day = (int(slashed[place]) for place in order)
        return datetime(2000 + int(slashed[3][-2:]), month, day)  # noqa: DTZ001 (UTC, unzoned)

    return [table.read(column, read) for column in columns]


def _order(table: TextTable, columns: tuple[str, ...]) -> tuple[int, int] | None:
    """Give the places of month and day."""
    seen = {text.strip() for c in (*columns, *_PERIODS) for text in table.columns.get(c, ())}
    if not any(_SLASHED.fullmatch(text) for text in seen):
        return None
    periods = [text.strip() for c in _PERIODS for text in table.columns.get(c, ())]
    dates = [found for found in map(_SLASHED.fullmatch, periods) if found]
    fitting = [
        order for order in ((1, 2), (2, 1)) if dates and all(int(d[order[1]]) == 1 for d in dates)
    ]
    return fitting[0] if len(fitting) == 1 else None
