"""Clauses that contradict each other, currencies, and terms explained back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from api.documents import load_offer, load_terms
from api.validation import DocumentError
from forecast.records.terms import Terms
from forecast.records.terms.sentences import sentences

BASE: dict[str, Any] = {
    "term_start": date(2027, 1, 1),
    "term_months": 24,
    "tiers": [{"from_commitment_usd": "0", "discount_share": 0.0}],
}


@pytest.mark.parametrize(
    ("changes", "one", "other"),
    [
        ({"payment_months": 3}, "payment_months", "kind"),
        ({"kind": "burn_down", "payment_months": 5}, "payment_months", "settlement"),
        ({"ramp_weights": [1, 2, 3]}, "ramp_weights", "term_months"),
        ({"ramp_weights": [1, 2], "settlement": "term"}, "ramp_weights", "settlement"),
        ({"monthly_minimum_share": 0.2}, "monthly_minimum_share", "settlement"),
        (
            {"monthly_minimum_share": 0.05, "rollover_share": 0.5},
            "monthly_minimum_share",
            "rollover_share",
        ),
        (
            {"monthly_minimum_share": 0.05, "drawdown_basis": "list"},
            "monthly_minimum_share",
            "drawdown_basis",
        ),
        (
            {"true_downs": [{"after_months": 24, "reduction_share": 0.1}]},
            "true_downs",
            "term_months",
        ),
        ({"true_downs": [{"after_months": 6, "reduction_share": 0.1}]}, "true_downs", "settlement"),
        ({"overage_discount_share": 0.1}, "overage_discount_share", "overage"),
        (
            {"on_exhaustion": "early_renewal", "overage": "committed_rate"},
            "on_exhaustion",
            "overage",
        ),
        ({"tier_reach": "above"}, "tier_reach", "tier_by"),
        ({"tier_by": "consumption", "tier_basis": "term"}, "tier_basis", "tier_by"),
        (
            {"price_protection": {"list_prices": "follow", "cuts_pass_through": True}},
            "cuts_pass_through",
            "list_prices",
        ),
        (
            {"price_protection": {"list_prices": "locked", "cap_on_rises_share": 0.1}},
            "cap_on_rises_share",
            "list_prices",
        ),
        (
            {"expected_list_changes": [{"month": 30, "change_share": 0.1}]},
            "expected_list_changes",
            "term_months",
        ),
        ({"credits": [{"usd": "5", "expires_after_months": 30}]}, "credits", "term_months"),
        ({"usage_shares": [{"share": 0.4}]}, "usage_shares", "sum to 0.4"),
    ],
)
def test_contradictory_clauses_are_refused_with_both_named(
    changes: dict[str, Any], one: str, other: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        Terms.model_validate(BASE | changes)
    (fault,) = refused.value.errors()
    assert one in fault["msg"]
    assert other in fault["msg"]


ORDER_FORM = """
name = "Order form"
term_start = 2027-01-01
term_months = 36
settlement = "annual"
ramp_weights = [1, 2, 3]
minimum_commitment = "100000"
[currency]
code = "EUR"
usd_per_unit = "1.10"
[[tiers]]
from_commitment = "0"
discount_share = 0.0
[[tiers]]
from_commitment = "250000"
discount_share = 0.12
[[fees]]
name = "Seats"
amount_per_month = "1000"
counts = true
[[credits]]
amount = "20000"
expires_after_months = 6
[renewal]
notice_days = 60
"""


def test_amounts_in_the_currency_of_the_order_form_are_converted_once() -> None:
    terms = load_terms(ORDER_FORM)
    assert terms.tiers[1].from_commitment_usd == Decimal("275000.00")
    assert terms.minimum_commitment_usd == Decimal("110000.00")
    assert terms.fees[0].usd_per_month == Decimal("1100.00")
    assert terms.credits[0].usd == Decimal("22000.00")
    assert Terms.model_validate_json(terms.model_dump_json(), strict=True) == terms
    offer = load_offer('commitment = "600000"\n' + ORDER_FORM)
    assert offer.total_usd == Decimal("660000.00")
    with pytest.raises(DocumentError, match="from_commitment"):
        load_terms(ORDER_FORM.replace('[currency]\ncode = "EUR"\nusd_per_unit = "1.10"\n', ""))


def test_an_order_form_is_explained_back() -> None:
    said = "\n".join(sentences(load_terms(ORDER_FORM)))
    for part in (
        "36 months, from 2027-01-01 to 2029-12-31",
        "from 275,000 USD a year it is 12 % off list",
        "in the ratio 1 : 2 : 3",
        "at least 110,000 USD a year",
        "22,000 USD pay for usage in the first 6 months",
        "Seats: 1,100 USD a month, drawing the commitment down",
        "in EUR, at 1.10 USD for one",
        "unless notice is given by 2029-11-02",
    ):
        assert part in said, part


TWO_TIERS = """
term_start = 2027-01-01
term_months = 12
settlement = "{settlement}"
rollover_share = {rollover_share}
[[tiers]]
from_commitment_usd = "0"
discount_share = 0.0
[[tiers]]
from_commitment_usd = "250000"
discount_share = 0.10
[[tiers]]
from_commitment_usd = "500000"
discount_share = {discount_share}
"""


@pytest.mark.parametrize(
    ("settlement", "rollover_share", "discount_share", "named"),
    [
        ("annual", 0.2, 0.14, ["rollover_share = 0.2 changes nothing"]),
        ("quarterly", 0.2, 0.14, []),
        ("annual", 0.0, 0.05, ["gives 5 %, less than the 10 % from 250,000 USD"]),
        ("annual", 0.0, 0.10, []),
    ],
)
def test_what_can_hardly_be_meant_is_named(
    settlement: str, rollover_share: float, discount_share: float, named: list[str]
) -> None:
    text = TWO_TIERS.format(
        settlement=settlement, rollover_share=rollover_share, discount_share=discount_share
    )
    found = [line for line in sentences(load_terms(text)) if line.startswith("Check: ")]
    assert len(found) == len(named)
    assert all(part in line for part, line in zip(named, found, strict=True))
