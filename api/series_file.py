"""One series as a file: CSV with a first column of days, weeks or months, and columns of values."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

from forecast.errors import InputError
from forecast.units import add_months, month_of

if TYPE_CHECKING:
    from forecast.demand.series import Frequency

MAX_ROWS: Final = 40_000
"""A century of days."""

MAX_FILE_BYTES: Final = 20_000_000

YEARS: Final = range(1900, 2201)
"""Years a date may lie in; anything else is a slip."""

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
_MONTH = re.compile(r"([1-9]\d{3})-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class DatedSeries:
    """Consecutive values of one frequency.

    Attributes
    ----------
    name
        Header of the column.
    start
        First day of the first period.
    """

    name: str
    start: date
    frequency: Frequency
    values: tuple[float, ...]


def read_series(path: Path, *, column: str | None = None) -> DatedSeries:
    """Read one series; its frequency is told from its first column.

    Parameters
    ----------
    path
        CSV with a header. The first column holds every day (2026-10-01), every seventh day, weeks
        (2026-W40) or months (2026-10, or one day of each), without a gap.
    column
        Header of the values; None where there is only one column of them.

    Raises
    ------
    InputError
        Not a CSV text, no header, a date or a value that cannot be read, a gap or a repeated
        period, or a column that is not there; with row (from 1, below the header) and column.
    """
    header, rows = _read_csv(path)
    at = _column(header, column, path.name)
    days, by_month = _days(rows, header[0], path.name)
    frequency = _frequency(days, by_month, header[0], path.name)
    _refuse_gaps(rows, days, frequency, header[0], path.name)
    values = tuple(
        _value(row[at].strip(), path.name, i, header[at]) for i, row in enumerate(rows, start=1)
    )
    start = month_of(days[0]) if frequency == "month" else days[0]
    return DatedSeries(header[at], start, frequency, values)


def _read_csv(path: Path) -> tuple[list[str], list[list[str]]]:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise InputError(f"is larger than {MAX_FILE_BYTES // 10**6} MB", file=path.name)
        with path.open(encoding="utf-8-sig", newline="") as stream:
            lines = list(csv.reader(stream, strict=True))
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=path.name) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"is not a CSV text in UTF-8: {error}", file=path.name) from None
    while lines and not any(cell.strip() for cell in lines[-1]):
        lines.pop()
    if len(lines) < 2:
        raise InputError("holds no values; write a header and one row a period", file=path.name)
    header = [cell.strip() for cell in lines[0]]
    if len(header) < 2:
        raise InputError(
            "has one column; write dates, a comma and a value in every row", file=path.name
        )
    if _day(header[0]) is not None:
        raise InputError(
            "begins with a date; name the columns in a first row, such as day,value",
            file=path.name,
        )
    rows = lines[1:]
    if len(rows) > MAX_ROWS:
        raise InputError(f"has more than {MAX_ROWS:,} rows", file=path.name)
    for i, row in enumerate(rows, start=1):
        if len(row) != len(header):
            raise InputError(
                f"has {len(row)} cells where the header has {len(header)}", file=path.name, row=i
            )
    return header, rows


def _column(header: Sequence[str], column: str | None, file: str) -> int:
    named = list(header[1:])
    asked = column if column is not None else named[0]
    if column is None and len(named) > 1:
        raise InputError(
            f"has {len(named)} columns of values; choose one with --column: "
            f"{', '.join(named)[:200]}",
            file=file,
        )
    if named.count(asked) != 1:
        number = "no" if asked not in named else "more than one"
        raise InputError(
            f"has {number} column {asked!r} of values; its columns are {', '.join(named)[:200]}",
            file=file,
        )
    return 1 + named.index(asked)


def _day(text: str) -> date | None:
    """Give the first day of what a date names; None for anything else."""
    try:
        day = date.fromisoformat(f"{text}-01" if _MONTH.fullmatch(text) else text)
    except ValueError:
        return None
    return day if day.year in YEARS else None


def _days(rows: Sequence[Sequence[str]], column: str, file: str) -> tuple[list[date], bool]:
    days = []
    for i, row in enumerate(rows, start=1):
        day = _day(row[0].strip())
        if day is None:
            raise InputError(
                f"is no day, week or month: {row[0].strip()[:40]!r}; write 2026-10-31, 2026-W40 "
                "or 2026-10",
                file=file,
                row=i,
                column=column,
            )
        days.append(day)
    return days, all(_MONTH.fullmatch(row[0].strip()) for row in rows)


def _frequency(days: Sequence[date], by_month: bool, column: str, file: str) -> Frequency:
    if by_month:
        return "month"
    gaps = [(b - a).days for a, b in pairwise(days)]
    commonest = max(sorted(set(gaps)), key=gaps.count) if gaps else 0
    if commonest == 1:
        return "day"
    if commonest == 7:
        return "week"
    if 28 <= commonest <= 31:
        return "month"
    raise InputError(
        "holds neither days nor weeks nor months that follow one another, the oldest first",
        file=file,
        column=column,
    )


def _refuse_gaps(
    rows: Sequence[Sequence[str]],
    days: Sequence[date],
    frequency: Frequency,
    column: str,
    file: str,
) -> None:
    for i in range(1, len(days)):
        before = days[i - 1]
        if frequency == "month":
            expected, found = add_months(month_of(before), 1), month_of(days[i])
        else:
            expected, found = before + timedelta(days=1 if frequency == "day" else 7), days[i]
        if found != expected:
            wanted = f"{expected:%Y-%m}" if frequency == "month" else f"{expected}"
            raise InputError(
                f"is {rows[i][0].strip()} where {wanted} is expected: every {frequency} needs a "
                "row, once and in order; write 0 where nothing was used",
                file=file,
                row=i + 1,
                column=column,
            )


def _value(text: str, file: str, row: int, column: str) -> float:
    value = float(text) if _NUMBER.fullmatch(text) else None
    if value is None or value == float("inf"):
        raise InputError(
            f"is not a number: {text[:40]!r}; write 12345.67 without separators, and 0 where "
            "nothing was used",
            file=file,
            row=row,
            column=column,
        )
    if value < 0:
        raise InputError(
            f"is negative: {text}; a demand is 0 or more", file=file, row=row, column=column
        )
    return value
