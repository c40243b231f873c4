"""What was billed: a CSV with the columns month and usd."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

from api.documents import read_text
from forecast.errors import InputError

_MONTH = re.compile(r"([1-9]\d{3})-(0[1-9]|1[0-2])(?:-01)?")
_AMOUNT = re.compile(r"-?\d{1,18}(\.\d{1,12})?")


def read_invoice(path: Path) -> dict[date, Decimal]:
    """Read billed USD by month.

    Raises
    ------
    InputError
        Other columns, a month that is none or stands twice, or an amount that is none; with row
        and column.
    """
    reader = csv.reader(io.StringIO(read_text(path), newline=""), strict=True)
    try:
        header, *lines = [[cell.strip() for cell in line] for line in reader if line] or [[]]
    except csv.Error as error:
        raise InputError(f"is not a CSV text: {error}", file=path.name) from None
    if [name.lower() for name in header] != ["month", "usd"]:
        raise InputError(f"needs the header month,usd, not {','.join(header)!r}", file=path.name)
    if not lines:
        raise InputError("holds no month", file=path.name)
    billed: dict[date, Decimal] = {}
    for row, line in enumerate(lines, start=1):
        if len(line) != 2:
            raise InputError(f"has {len(line)} cells instead of 2", file=path.name, row=row)
        month, amount = line
        found = _MONTH.fullmatch(month)
        if not found:
            raise InputError(
                f"is not a month: {month[:40]!r}; write 2026-10",
                file=path.name,
                row=row,
                column="month",
            )
        if not _AMOUNT.fullmatch(amount):
            raise InputError(
                f"is not an amount: {amount[:40]!r}; write 12345.67 without separators",
                file=path.name,
                row=row,
                column="usd",
            )
        start = date(int(found[1]), int(found[2]), 1)
        if start in billed:
            raise InputError("stands twice", file=path.name, row=row, column="month")
        billed[start] = Decimal(amount)
    return billed
