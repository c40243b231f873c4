"""What was billed by month, for commands that compare months alone."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

from api.documents import read_text
from forecast.usage.formats import monthly_invoice


def read_invoice(path: Path) -> dict[date, Decimal]:
    """Read billed USD by month.

    Raises
    ------
    InputError
        As `monthly_invoice.read_months`, or a file that cannot be read.
    """
    return monthly_invoice.read_months(read_text(path).encode(), path.name)
