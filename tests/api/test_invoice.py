from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from api.invoice import read_invoice
from forecast.errors import InputError

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)


def read(tmp_path: Path, text: str) -> dict[date, Decimal]:
    path = tmp_path / "billed.csv"
    path.write_text(text, encoding="utf-8")
    return read_invoice(path)


def test_months_and_amounts_are_read_exactly(tmp_path: Path) -> None:
    text = "\ufeffMonth, USD\n2026-03,1234.56\n2026-04-01,-10\n\n"
    assert read(tmp_path, text) == {MARCH: Decimal("1234.56"), APRIL: Decimal(-10)}


@pytest.mark.parametrize(
    ("text", "row", "column"),
    [
        ("", None, None),
        ("month,usd\n", None, None),
        ("month,eur\n2026-03,1\n", None, None),
        ("month,usd\n2026-13,1\n", 1, "month"),
        ("month,usd\n2026-03-15,1\n", 1, "month"),
        ("month,usd\n2026-03,1\n2026-03-01,2\n", 2, "month"),
        ('month,usd\n2026-03,"1,000"\n', 1, "usd"),
        ("month,usd\n2026-03,$5\n", 1, "usd"),
        ("month,usd\n2026-03,NaN\n", 1, "usd"),
        ("month,usd\n2026-03\n", 1, None),
        ('month,usd\n2026-03,"1\n', None, None),
    ],
)
def test_a_bad_invoice_is_refused_with_its_place(
    tmp_path: Path, text: str, row: int | None, column: str | None
) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, text)
    found = caught.value
    assert (found.file, found.row, found.column) == ("billed.csv", row, column)
