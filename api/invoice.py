"""What was billed by month, for commands that compare months alone."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

from forecast.usage.formats import monthly_invoice
from forecast.usage.formats.head import read_bytes

MAX_INVOICE_BYTES = 8 * 2**20
"""A line a month needs a few kilobytes for a lifetime."""


def read_invoice(path: Path) -> dict[date, Decimal]:
    """Read billed USD by month.

    Raises
    ------
    InputError
        As `monthly_invoice.read_months`, or a file that cannot be read.
    """
    return monthly_invoice.read_months(read_bytes(path, MAX_INVOICE_BYTES), path.name)
