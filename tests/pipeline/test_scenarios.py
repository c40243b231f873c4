"""The tornado and the values at which the decision flips, on a small decision set."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from forecast.paths import DecisionSet
from forecast.pipeline.scenarios import TOLERANCE_SHARE, flip_values, scenarios
from forecast.records.terms import Fee, PriceProtection, Terms, Tier
from forecast.sizing.assessment import assess
from forecast.sizing.search import best_commitment
from forecast.units import month_range, to_cents
from forecast.whatif import WhatIf, apply


@pytest.fixture(scope="module")
def terms() -> Terms:
    return Terms(
        term_start=date(2027, 1, 1),
        term_months=12,
        tiers=(
            Tier(from_commitment_usd=Decimal(0), discount_share=0.0),
            Tier(from_commitment_usd=Decimal(200_000), discount_share=0.15),
        ),
    )


@pytest.fixture(scope="module")
def decisions() -> DecisionSet:
    rng = np.random.default_rng(6)
    as_is = np.exp(rng.normal(10.3, 0.25, (300, 1, 2)) + rng.normal(0, 0.1, (300, 12, 2)))
    saved = as_is * np.array([0.3, 0.0]) * (np.arange(12) >= 3)[None, :, None]
    months = month_range(date(2027, 1, 1), 12)
    return DecisionSet(months, ("support", "search"), as_is, as_is - saved, as_is - saved)


def test_the_largest_regret_comes_first_and_adds_up(terms: Terms, decisions: DecisionSet) -> None:
    paths = decisions.optimised_usd.sum(axis=(1, 2))[:, None]
    ours = best_commitment(terms, paths).commitment_usd
    rows = scenarios(
        terms,
        decisions,
        ours,
        to_come=["support"],
        undecided={},
        vendor_forecast_usd=2_000_000.0,
    )
    regrets = [row.regret_usd for row in rows]
    assert regrets == sorted(regrets, reverse=True)
    for row in rows:
        assert row.kept_expected_cost_usd is not None
        kept = row.kept_expected_cost_usd - row.expected_cost_usd
        assert abs(kept - (row.regret_usd or 0)) <= Decimal("0.01")
        assert row.breaks == (kept > Decimal(str(TOLERANCE_SHARE)) * row.expected_cost_usd)
    named = {row.name: row for row in rows}
    vendors = named["the vendor's own forecast comes true"]
    factor = 2_000_000.0 / decisions.as_is_usd.sum(axis=(1, 2)).mean()
    theirs = decisions.as_is_usd.sum(axis=(1, 2))[:, None] * factor
    assert vendors.commitment_usd == best_commitment(terms, theirs).commitment_usd
    assert any("13 %" in name for name in named)
    assert any("30 % more tokens" in name for name in named)
    assert any("successor costs 4 % more" in name for name in named)


def test_a_flip_value_is_where_today_s_number_stops_being_good(
    terms: Terms, decisions: DecisionSet
) -> None:
    paths = decisions.optimised_usd.sum(axis=(1, 2))[:, None]
    ours = best_commitment(terms, paths).commitment_usd
    found = {f.assumption: f for f in flip_values(terms, decisions, ours, to_come=["support"])}
    lower = found["demand lower"]
    assert lower.value is not None
    assert -0.6 < lower.value < 0

    def regret_share(shock: float) -> float:
        _, shocked = apply(decisions, WhatIf(growth_shock_share=shock), period_months=12)
        best = best_commitment(terms, shocked).expected_cost_usd
        return assess(terms, ours, shocked).expected_cost_usd / best - 1

    assert regret_share(lower.value) > TOLERANCE_SHARE
    assert regret_share(lower.value + 0.001) <= TOLERANCE_SHARE + 1e-4
    assert found["migrations later"].unit == "months"
    assert found["lever savings lower"].tried_to == -1.0


def test_terms_beyond_the_core_are_shocked_too(terms: Terms, decisions: DecisionSet) -> None:
    seats = (Fee(name="seats", usd_per_month=Decimal(1000), counts=True),)
    whole = terms.model_copy(update={"fees": seats})
    rows = scenarios(whole, decisions, Decimal(300_000), to_come=[], undecided={})
    assert all(row.regret_usd is not None and row.regret_usd >= 0 for row in rows)


def test_the_price_list_reaches_a_contract_as_far_as_its_protection_lets_it(
    terms: Terms, decisions: DecisionSet
) -> None:
    paths = decisions.optimised_usd.sum(axis=(1, 2))[:, None]
    bound = terms.model_copy(update={"usage_is_portable": False})
    ours = best_commitment(bound, paths)

    def shocked(**clause: object) -> dict[str, tuple[Decimal, Decimal | None]]:
        protection = PriceProtection.model_validate(clause)
        rows = scenarios(
            bound.model_copy(update={"price_protection": protection}),
            decisions,
            ours.commitment_usd,
            to_come=[],
            undecided={},
        )
        return {row.name: (row.commitment_usd, row.kept_expected_cost_usd) for row in rows}

    today = (ours.commitment_usd, to_cents(ours.expected_cost_usd))
    follows = shocked(list_prices="follow")
    locked = shocked(list_prices="locked")
    lower = shocked(list_prices="locked", cuts_pass_through=True)
    capped = shocked(list_prices="follow", cap_on_rises_share=0.05)
    assert follows["list prices 20 % higher"] == follows["demand 20 % higher"]
    assert locked["list prices 20 % higher"] == today
    assert locked["list prices 20 % lower"][1] == today[1]
    assert lower["list prices 20 % higher"] == today
    assert lower["list prices 20 % lower"] == follows["list prices 20 % lower"]
    by_the_cap = assess(terms, ours.commitment_usd, paths * 1.05).expected_cost_usd
    assert capped["list prices 20 % higher"][1] == to_cents(by_the_cap)


def test_no_rise_of_the_list_flips_a_locked_contract(terms: Terms, decisions: DecisionSet) -> None:
    paths = decisions.optimised_usd.sum(axis=(1, 2))[:, None]
    ours = best_commitment(terms, paths).commitment_usd
    locked = terms.model_copy(update={"price_protection": PriceProtection()})

    def rise(contract: Terms) -> float | None:
        found = flip_values(contract, decisions, ours, to_come=[])
        return next(f.value for f in found if f.assumption == "list prices higher")

    assert rise(terms) is not None
    assert rise(locked) is None
