"""What was billed by month: a CSV with the columns month and usd, typed by the customer.

A month is written 2026-10 (or 2026-10-01) and stands once; an amount is in dollars without
separators, and a credit is negative. A line says nothing of platform, model or token kind.
"""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from decimal import Decimal
from typing import Final

from forecast.errors import UsageFormatError
from forecast.records.costs import Amounts, ChargeKind
from forecast.units import add_months
from forecast.usage.formats import cells, delimited
from forecast.usage.formats.head import Head
from forecast.usage.formats.protocol import Parsed, bucket_frame, cost_frame

name: Final = "monthly_invoice"
description: Final = "invoice by month (CSV with the columns month,usd)"
recorded_by: Final = ""
input_includes_cache: Final = False
cannot_tell: Final = ("model", "token_kind", "list_usd", "quantity")
seen_by: Final = "vendor"
holds: Final = ("costs",)
amounts: Final = Amounts("USD", "billed")

_HEADER: Final = ["month", "usd"]
_MONTH: Final = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])(?:-01)?")
_AMOUNT: Final = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,12})?")


def fits(head: Head) -> bool:
    """Tell whether a header is month and usd."""
    return head.kind == "text" and {c.lower() for c in head.columns} == set(_HEADER)


def read(data: bytes, file: str) -> Parsed:
    r"""Read billed USD by month.

    Raises
    ------
    UsageFormatError
        Other columns, a month that is none or stands twice, or an amount that is none; with row
        and column.

    Examples
    --------
    >>> costs = read(b"month,usd\n2026-10,1234.56\n", "billed.csv").costs
    >>> costs[["start", "end", "billed_usd"]].astype(str).values.tolist()
    [['2026-10-01', '2026-11-01', '1234.56']]
    """
    billed = read_months(data, file)
    months = list(billed)
    ends = [add_months(month, 1) for month in months]
    return Parsed(
        bucket_frame({"start": []}),
        first=cells.midnight(min(months)),
        last=cells.midnight(max(ends)),
        costs=cost_frame(
            {
                "start": months,
                "end": ends,
                "charge": [ChargeKind.USAGE.value] * len(months),
                "billed_usd": list(billed.values()),
                "row": range(1, len(months) + 1),
            }
        ),
    )


def read_months(data: bytes, file: str) -> dict[date, Decimal]:
    r"""Read billed USD by the first day of the month, in the order of the file.

    >>> read_months(b"Month, USD\n2026-10,-5\n", "billed.csv")
    {datetime.date(2026, 10, 1): Decimal('-5')}
    """
    reader = csv.reader(io.StringIO(delimited.decode(data, file), newline=""), strict=True)
    try:
        header, *lines = [[cell.strip() for cell in line] for line in reader if line] or [[]]
    except csv.Error as error:
        raise UsageFormatError(f"is not a CSV text: {error}", file=file) from None
    if [column.lower() for column in header] != _HEADER:
        shown = ",".join(header)[:80]
        raise UsageFormatError(f"needs the header month,usd, not {shown!r}", file=file)
    if not lines:
        raise UsageFormatError("holds no month", file=file)
    billed: dict[date, Decimal] = {}
    for row, line in enumerate(lines, start=1):
        if len(line) != len(_HEADER):
            raise UsageFormatError(f"has {len(line)} cells instead of 2", file=file, row=row)
        month, amount = line
        found = _MONTH.fullmatch(month)
        if not found:
            raise UsageFormatError(
                f"is not a month: {month[:40]!r}; write 2026-10",
                file=file,
                row=row,
                column="month",
            )
        if not _AMOUNT.fullmatch(amount):
            raise UsageFormatError(
                f"is not an amount: {amount[:40]!r}; write 12345.67 without separators",
                file=file,
                row=row,
                column="usd",
            )
        start = date(int(found[1]), int(found[2]), 1)
        if start in billed:
            raise UsageFormatError("stands twice", file=file, row=row, column="month")
        billed[start] = Decimal(amount)
    return billed
