"""Cash and expense by month: against the ledger, line by line."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from sizing_contracts import contract

from forecast.records.terms import Credit, Fee
from forecast.sizing.assessment import assess
from forecast.sizing.cash import cash_months
from forecast.sizing.consumption import for_settlement
from forecast.sizing.ledger import cash_by_month, expense_by_period, ledger
from forecast.sizing.schedule import schedule_in_cents

CLAUSES: list[dict[str, Any]] = [
    {},
    {"settlement": "quarterly", "rollover_share": 0.5},
    {"kind": "burn_down", "settlement": "quarterly", "payment_months": 1, "payment_days": 45},
    {"monthly_minimum_share": 0.05, "payment_days": 30},
    {
        "fees": (Fee(name="seats", usd_per_month=Decimal(700), counts=True),),
        "credits": (Credit(usd=Decimal(9000), expires_after_months=4),),
        "kind": "burn_down",
    },
]


@pytest.mark.parametrize("clauses", CLAUSES)
def test_one_path_is_the_ledger_by_month(clauses: dict[str, Any]) -> None:
    terms = contract([(0, 0.2)], **clauses)
    rng = np.random.default_rng(1)
    path = rng.lognormal(10, 0.5, 12).round(2)
    total = Decimal(200_000)
    schedule = [part.commitment_usd for part in schedule_in_cents(terms, total)]
    lines = ledger(terms, schedule, [Decimal(str(x)) for x in path])
    found = cash_months(terms, total, path[None, :])
    cash = cash_by_month(lines)
    expense = expense_by_period(lines)
    for row in found:
        assert float(row.cash_usd) == pytest.approx(float(cash.get(row.month, 0)), abs=0.02)
        spent = float(expense.get(row.month, 0))
        assert float(row.expense_usd) == pytest.approx(spent, abs=0.02)
    assert {month for month, usd in cash.items() if usd} <= {row.month for row in found}


def test_the_months_add_up_to_the_expected_cost() -> None:
    rng = np.random.default_rng(2)
    monthly = rng.lognormal(10, 0.4, (200, 12))
    for clauses in CLAUSES:
        terms = contract([(0, 0.0), (100_000, 0.2)], **clauses)
        rows = cash_months(terms, Decimal(180_000), monthly)
        cost = assess(terms, Decimal(180_000), for_settlement(terms, monthly)).expected_cost_usd
        assert float(sum(row.cash_usd for row in rows)) == pytest.approx(cost, abs=0.2)
        assert float(sum(row.expense_usd for row in rows)) == pytest.approx(cost, abs=0.2)


def test_tax_comes_on_top_of_what_falls_due_and_moves_nothing_else() -> None:
    monthly = np.random.default_rng(3).lognormal(10, 0.4, (50, 12))
    plain = contract([(0, 0.0), (100_000, 0.2)], kind="burn_down", settlement="quarterly")
    taxed = plain.model_copy(update={"tax_share": 0.19})
    before, after = (cash_months(terms, Decimal(180_000), monthly) for terms in (plain, taxed))
    assert {row.tax_usd for row in before} == {Decimal("0.00")}
    for row, other in zip(after, before, strict=True):
        assert row.model_copy(update={"tax_usd": Decimal("0.00")}) == other
        assert float(row.tax_usd) == pytest.approx(0.19 * float(row.cash_usd), abs=0.01)
