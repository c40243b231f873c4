"""The spend-agreement examples of the FOCUS specification (CC BY 4.0), numbers typed.

A year from April 2025 with 1,200 USD committed. A server hour lists at 15 USD and costs 12; 4, 10
and 5 hours are used in the first three months and none after. A1 trues up at the end; A2 bills at
least 60 a month; B1 and B2 are the same, paid ahead.

Source: FinOps Open Cost and Usage Specification, SaaS spend agreement examples A1, A2, B1, B2
(columns BilledCost and EffectiveCost).
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from forecast.records.terms import Terms
from forecast.sizing.ledger import LedgerLine, cash_by_month, expense_by_period, ledger
from forecast.sizing.settlement import settle
from forecast.units import month_range

START = date(2025, 4, 1)
MONTHS = month_range(START, 12)
HOURS = [4, 10, 5, *[0] * 9]
LIST_USD = [Decimal(15 * hours) for hours in HOURS]
MINIMUM = {"monthly_minimum_share": 0.05}


def agreement(**clauses: Any) -> Terms:
    return Terms.model_validate(
        {
            "term_start": START,
            "term_months": 12,
            "tiers": [{"from_commitment_usd": "0", "discount_share": 0.2}],
            **clauses,
        }
    )


def lines_of(**clauses: Any) -> tuple[LedgerLine, ...]:
    return ledger(agreement(**clauses), [Decimal(1200)], LIST_USD)


def billed(lines: tuple[LedgerLine, ...]) -> list[Decimal]:
    """Cash of each month's invoice, which falls due when the month is over."""
    after = month_range(date(2025, 5, 1), 12)
    cash = cash_by_month(lines)
    return [cash.get(month, Decimal(0)) for month in after]


def effective(lines: tuple[LedgerLine, ...]) -> list[Decimal]:
    expense = expense_by_period(lines)
    return [expense[month] for month in MONTHS]


USED = [48, 120, 60]


def test_a1_usage_as_it_comes_and_the_rest_at_the_end() -> None:
    lines = lines_of()
    assert billed(lines) == [*USED, *[0] * 8, 972]
    assert effective(lines) == [*USED, *[0] * 8, 972]
    assert sum(line.usd for line in lines if line.item == "list_cost") == 60 + 150 + 75


def test_a2_at_least_sixty_a_month() -> None:
    lines = lines_of(**MINIMUM)
    # The last month's 60 and the 420 that no month billed are one end-of-contract line of 480.
    assert billed(lines) == [48 + 12, 120, 60, *[60] * 8, 480]
    assert effective(lines) == [48 + 12, 120, 60, *[60] * 8, 480]
    assert [line.usd for line in lines if line.item == "minimum"] == [12, *[60] * 9]
    assert [line.usd for line in lines if line.item == "true_up"] == [420]


def test_b1_paid_ahead_and_expensed_when_used() -> None:
    lines = lines_of(kind="burn_down")
    assert cash_by_month(lines) == {START: 1200}
    assert effective(lines) == [*USED, *[0] * 8, 972]


def test_b2_paid_ahead_with_a_monthly_minimum() -> None:
    lines = lines_of(kind="burn_down", **MINIMUM)
    assert cash_by_month(lines) == {START: 1200}
    assert effective(lines) == [48 + 12, 120, 60, *[60] * 8, 480]


@pytest.mark.parametrize("clauses", [{}, MINIMUM, {"kind": "burn_down"}])
def test_all_of_them_cost_the_commitment(clauses: dict[str, Any]) -> None:
    terms = agreement(**clauses)
    monthly = np.array([[float(x) for x in LIST_USD]])
    paths = monthly if terms.settles_by_month else monthly.sum(axis=1, keepdims=True)
    settled = settle(terms, np.array([1200.0]), paths)
    assert settled.cost.tolist() == [1200.0]
    assert settled.unused[0] == pytest.approx(1200 - sum(USED))
