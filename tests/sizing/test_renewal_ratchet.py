"""What a renewal ratchet costs, against the year that it binds."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from sizing_contracts import contract, random_contract

from forecast.paths import period_totals
from forecast.records.terms import Renewal
from forecast.sizing.assessment import assess
from forecast.sizing.clauses import valued_steps
from forecast.sizing.renewal import ratchet_value
from forecast.sizing.search import best_commitment

LADDER = [(0, 0.0), (500_000, 0.2)]


def falling(n: int = 200) -> np.ndarray:
    """A three-year term whose consumption falls from year to year."""
    rng = np.random.default_rng(5)
    level = np.repeat([120_000.0, 90_000.0, 60_000.0], 12)
    return level * np.exp(rng.normal(0, 0.2, (n, 1)) + rng.normal(0, 0.1, (n, 36)))


def test_without_a_ratchet_there_is_nothing_to_price() -> None:
    free = contract(LADDER, renewal=Renewal())
    for terms in (contract(LADDER), free):
        assert ratchet_value(terms, Decimal(800_000), np.full((5, 12), 80_000.0)) is None


def test_the_last_year_of_a_ramp_is_what_binds() -> None:
    bound = contract(
        LADDER, term_months=36, ramp_weights=(1, 1, 2), renewal=Renewal(minimum_share=0.75)
    )
    monthly = np.full((1, 36), 90_000.0)
    found, _ = ratchet_value(bound, Decimal(4_000_000), monthly)
    # Year 3 of 4 M in parts of 1, 1, 2 is 2 M; three quarters of it, 1.5 M, against a year of
    # 1.08 M at list: 1.5 M signed costs more than paying 1.08 M on demand, free it costs 0.864 M.
    assert found.value_usd == Decimal("216000.00")
    assert "75 %" in found.change


def test_a_ratchet_that_we_would_sign_anyway_costs_nothing() -> None:
    bound = contract(LADDER, renewal=Renewal(minimum_share=0.5))
    found, saved = ratchet_value(bound, Decimal(800_000), np.full((3, 12), 90_000.0))
    assert found.value_usd == 0
    assert not saved.any()


def test_its_value_is_that_of_two_optima_of_the_next_year() -> None:
    bound = contract(LADDER, term_months=36, renewal=Renewal(minimum_share=1.0))
    monthly = falling()
    signed = Decimal(2_400_000)
    found, saved = ratchet_value(bound, signed, monthly)
    year = period_totals(monthly[:, -12:], 12)
    free = best_commitment(contract(LADDER), year)
    held = best_commitment(contract(LADDER, minimum_commitment_usd=Decimal(800_000)), year)
    apart = assess(contract(LADDER), held.commitment_usd, year).cost - (
        assess(contract(LADDER), free.commitment_usd, year).cost
    )
    assert float(found.value_usd) == pytest.approx(apart.mean(), abs=0.01)
    assert float(found.standard_error_usd) == pytest.approx(apart.std(ddof=1) / 200**0.5, abs=0.01)
    assert saved == pytest.approx(apart)
    assert found.value_usd > 0


def test_more_of_it_never_costs_less() -> None:
    rng = np.random.default_rng(7)
    for _ in range(40):
        terms = random_contract(rng)
        monthly = np.exp(
            rng.normal(11.3, 0.4, (60, 1)) + rng.normal(0, 0.2, (60, terms.term_months))
        )
        signed = Decimal(round(float(monthly.sum(axis=1).mean()), 2)).quantize(Decimal("0.01"))
        costs = []
        for share in (0.3, 0.7, 1.0):
            bound = terms.model_copy(update={"renewal": Renewal(minimum_share=share)})
            costs.append(float(ratchet_value(bound, signed, monthly)[0].value_usd))
        assert costs[0] >= -0.01
        assert costs == sorted(costs)


def test_it_is_priced_with_the_other_clauses() -> None:
    bound = contract(LADDER, term_months=36, renewal=Renewal(minimum_share=1.0))
    clauses = [value.clause for value, _ in valued_steps(bound, falling())]
    assert "renewal ratchet" in clauses
