"""A protected contract is told when the list has left what it may be billed at."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pandas as pd
import pytest
from signed_year import Q1, Contract

from forecast.pipeline.protected_prices import protected_prices
from forecast.records.contract import SignedContract
from forecast.records.rates import ModelRates, RateCard, TokenRates
from forecast.records.terms import PriceProtection

RISE = date(2027, 2, 1)


@pytest.fixture(scope="module")
def signed() -> SignedContract:
    return Contract().signed


def card(before: str, after: str, source: str = "the vendor's page") -> RateCard:
    def rates(first: date, until: date | None, price: str, read: str) -> ModelRates:
        return ModelRates(
            platform="anthropic",
            model="large",
            effective_from=first,
            effective_to=until,
            standard=TokenRates(input=Decimal(price), output=Decimal(5 * Decimal(price))),
            source=read,
            checked_on=date(2026, 11, 22),
        )

    listed = (
        rates(date(2026, 1, 1), RISE, before, "the vendor's page"),
        rates(RISE, None, after, source),
    )
    return RateCard(as_of=Q1, rates=listed, models=())


def told(signed: SignedContract, prices: RateCard, **clause: object) -> list[str]:
    protection = PriceProtection.model_validate(clause)
    terms = signed.terms.model_copy(update={"price_protection": protection})
    usage = pd.DataFrame(
        {"day": pd.to_datetime(["2027-01-05"]), "platform": ["anthropic"], "model": ["large"]}
    )
    contract = signed.model_copy(update={"terms": terms})
    return [f.note for f in protected_prices(contract, prices, usage, Q1)]


def test_a_rise_under_a_lock_names_the_model_and_the_day(signed: SignedContract) -> None:
    (note,) = told(signed, card("4", "5"), list_prices="locked")
    assert "large on anthropic from 2027-02-01" in note
    assert "price sheet" in note


@pytest.mark.parametrize(
    ("before", "after", "clause", "is_told"),
    [
        ("4", "5", {"list_prices": "follow"}, False),
        ("4", "4", {"list_prices": "locked"}, False),
        ("4", "3", {"list_prices": "locked"}, True),
        ("4", "3", {"list_prices": "locked", "cuts_pass_through": True}, False),
        ("4", "5", {"list_prices": "locked", "cuts_pass_through": True}, True),
        ("4", "4.2", {"list_prices": "follow", "cap_on_rises_share": 0.05}, False),
        ("4", "4.21", {"list_prices": "follow", "cap_on_rises_share": 0.05}, True),
        ("4", "3", {"list_prices": "follow", "cap_on_rises_share": 0.05}, False),
    ],
)
def test_only_what_the_clause_does_not_let_through_is_told(
    signed: SignedContract, before: str, after: str, clause: dict[str, object], is_told: bool
) -> None:
    assert bool(told(signed, card(before, after), **clause)) is is_told


def test_the_customer_s_own_prices_are_taken_as_they_are(signed: SignedContract) -> None:
    own = card("4", "5", source="price sheet ours.toml: annex B")
    assert told(signed, own, list_prices="locked") == []
