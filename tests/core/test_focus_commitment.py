"""A commitment as FOCUS 1.4 rows, and back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from forecast.errors import TermsError
from forecast.records.focus_commitment import COLUMNS, commitment_rows, offer_from_rows
from forecast.records.terms import Terms
from forecast.sizing.schedule import schedule_in_cents


def terms(**clauses: Any) -> Terms:
    plain = {
        "name": "Deal",
        "term_start": date(2027, 1, 1),
        "term_months": 12,
        "tiers": [
            {"from_commitment_usd": "0", "discount_share": 0.0},
            {"from_commitment_usd": "500000", "discount_share": 0.12},
        ],
    }
    return Terms.model_validate(plain | clauses)


def rows_of(contract: Terms, usd: str = "600000.01", **options: Any) -> list[dict[str, str]]:
    options = {"discount_share": 0.12, "as_of": date(2026, 11, 22), "contract_id": "D-1"} | options
    return commitment_rows(contract, schedule_in_cents(contract, Decimal(usd)), **options)


@pytest.mark.parametrize(
    "clauses",
    [
        {},
        {"settlement": "quarterly"},
        {"settlement": "monthly", "term_months": 6},
        {"term_months": 36, "ramp_weights": (1, 2, 3)},
        {"kind": "burn_down", "settlement": "quarterly"},
        {"settlement": "term", "term_months": 18, "drawdown_basis": "list"},
    ],
)
def test_rows_read_back_as_the_same_schedule(clauses: dict[str, Any]) -> None:
    contract = terms(**clauses)
    rows = rows_of(contract)
    assert all(tuple(row) == COLUMNS for row in rows)
    assert {row["ContractCommitmentLifecycleStatus"] for row in rows} == {"Proposed"}
    offer = offer_from_rows(rows)
    parts = schedule_in_cents(contract, Decimal("600000.01"))
    assert offer.schedule_usd == tuple(part.commitment_usd for part in parts)
    for name in ("term_start", "term_months", "kind", "drawdown_basis", "n_periods"):
        assert getattr(offer.terms, name) == getattr(contract, name)
    assert offer.terms.tier_for(offer.total_usd).discount_share == 0.12


def test_what_is_over_is_left_out() -> None:
    old = rows_of(terms(), contract_id="D-0", status="Superseded")
    assert offer_from_rows([*old, *rows_of(terms(), status="Active")]).terms.name == "D-1"
    with pytest.raises(TermsError, match="holds 0 contracts"):
        offer_from_rows(old)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ContractCommitmentCost": "a lot"}, "row 1, column ContractCommitmentCost: is 'a lot'"),
        ({"BillingCurrency": "EUR"}, "convert the amounts to USD"),
        ({"ContractCommitmentPeriodStart": "2027-01-15T00:00:00Z"}, "whole calendar months"),
        ({"ContractCommitmentPeriodEnd": "soon"}, "not a time"),
        ({"ContractCommitmentDiscountPercentage": "12"}, "not a share from 0 to 1"),
    ],
)
def test_what_cannot_be_read_is_refused(changes: dict[str, str], said: str) -> None:
    (row,) = rows_of(terms())
    with pytest.raises(TermsError, match=said):
        offer_from_rows([row | changes])


def test_gaps_and_several_contracts_are_refused() -> None:
    quarters = rows_of(terms(settlement="quarterly"))
    with pytest.raises(TermsError, match="one after the other"):
        offer_from_rows([quarters[0], *quarters[2:]])
    others = rows_of(terms(), contract_id="D-2")
    with pytest.raises(TermsError, match=r"holds 2 contracts .*D-1, D-2"):
        offer_from_rows([*quarters, *others])
    assert offer_from_rows([*quarters, *others], contract_id="D-2").terms.n_periods == 1
