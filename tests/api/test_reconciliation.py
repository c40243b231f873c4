from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.invoice import read_invoice
from forecast.errors import InputError, ReconciliationError
from forecast.pricing.reconciliation import (
    REFUSAL_SHARE,
    TOLERANCE_SHARE,
    reconcile,
    refuse_unreconciled,
)
from forecast.records.recommendation import HistoryMonth

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)


def month(day: date, usd: str | Decimal, *, complete: bool = True) -> HistoryMonth:
    return HistoryMonth(month=day, list_usd=Decimal(usd), complete=complete)


@pytest.mark.parametrize(
    ("repriced", "status"),
    [
        ("100", "within_tolerance"),
        ("102", "within_tolerance"),
        ("98", "within_tolerance"),
        ("102.01", "warning"),
        ("90", "warning"),
        ("110", "warning"),
        ("110.01", "refused"),
        ("0", "refused"),
    ],
)
def test_the_gap_decides(repriced: str, status: str) -> None:
    found, _ = reconcile([month(MARCH, repriced)], {MARCH: Decimal(100)})
    assert found.status == status


def test_the_worst_complete_month_decides() -> None:
    found, checks = reconcile(
        [month(MARCH, "100"), month(APRIL, "150")], {MARCH: Decimal(100), APRIL: Decimal(100)}
    )
    assert found.status == "refused"
    assert [c.verdict for c in checks] == ["within tolerance", "refused"]
    assert (found.billed_usd, found.repriced_usd, found.difference_share) == (200, 250, 0.25)


def test_months_that_cannot_be_judged_are_shown_and_not_judged() -> None:
    may = date(2026, 5, 1)
    found, checks = reconcile(
        [month(MARCH, "10", complete=False), month(APRIL, "10")],
        {MARCH: Decimal(100), may: Decimal(5)},
    )
    assert found.status == "not_done"
    assert [c.verdict for c in checks] == [
        "usage covers a part of it",
        "not on the invoice",
        "no usage on file",
    ]


def test_usage_where_nothing_was_billed_is_refused() -> None:
    found, checks = reconcile([month(MARCH, "10")], {MARCH: Decimal(0)})
    assert found.status == "refused"
    assert checks[0].difference_share is None


money = st.decimals(Decimal("0.01"), 10**9, places=2)


@given(billed=money, repriced=money)
def test_the_verdict_follows_the_two_shares(billed: Decimal, repriced: Decimal) -> None:
    found, _ = reconcile([month(MARCH, repriced)], {MARCH: billed})
    share = abs(repriced - billed) / billed
    assert (found.status == "within_tolerance") == (share <= TOLERANCE_SHARE)
    assert (found.status == "refused") == (share > REFUSAL_SHARE)
    if found.status == "refused":
        with pytest.raises(ReconciliationError, match="was billed"):
            refuse_unreconciled(found)
    else:
        refuse_unreconciled(found)


class TestInvoice:
    def read(self, tmp_path: Path, text: str) -> dict[date, Decimal]:
        path = tmp_path / "billed.csv"
        path.write_text(text, encoding="utf-8")
        return read_invoice(path)

    def test_months_and_amounts_are_read_exactly(self, tmp_path: Path) -> None:
        text = "\ufeffMonth, USD\n2026-03,1234.56\n2026-04-01,-10\n\n"
        assert self.read(tmp_path, text) == {MARCH: Decimal("1234.56"), APRIL: Decimal(-10)}

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
        self, tmp_path: Path, text: str, row: int | None, column: str | None
    ) -> None:
        with pytest.raises(InputError) as caught:
            self.read(tmp_path, text)
        found = caught.value
        assert (found.file, found.row, found.column) == ("billed.csv", row, column)
