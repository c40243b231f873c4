"""Two risks by name: weights and caps, against a fine grid."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from sizing_contracts import contract, random_contract, random_paths

from forecast.errors import InputError
from forecast.paths import tail_mean
from forecast.records.negotiation import RiskPreference
from forecast.sizing.assessment import assess
from forecast.sizing.risk_choice import risk_choice
from forecast.sizing.search import best_commitment

LADDER = [(0, 0.0), (250_000, 0.10), (700_000, 0.2)]


@pytest.fixture(scope="module")
def totals() -> np.ndarray:
    return np.random.default_rng(8).lognormal(13.8, 0.35, (400, 1)).round(6)


@pytest.mark.parametrize(
    ("waste", "budget"), [(1.0, 0.0), (0.0, 1.0), (0.3, 0.3), (5.0, 0.0), (0.0, 20.0)]
)
def test_weights_are_as_good_as_a_fine_grid(
    totals: np.ndarray, waste: float, budget: float
) -> None:
    terms = contract(LADDER)
    best = best_commitment(terms, totals)
    preference = RiskPreference(waste_weight=waste, budget_weight=budget)
    found = risk_choice(terms, totals, best, preference)

    def objective(commitment: Decimal) -> float:
        each = assess(terms, commitment, totals)
        risk = waste * tail_mean(each.unused, 0.95) + budget * tail_mean(each.cost, 0.95)
        return each.expected_cost_usd + risk

    grid = [Decimal(int(c)) for c in np.linspace(0, 2_500_000, 1500)] + [Decimal(700_000)]
    # A grid of 1,667 dollars; the search goes to the cent.
    assert objective(found.commitment_usd) <= min(objective(c) for c in grid) + 0.05


def test_waste_asks_for_less_and_the_budget_for_more(totals: np.ndarray) -> None:
    terms = contract([(0, 0.0), (1, 0.2)])
    best = best_commitment(terms, totals)
    careful = risk_choice(terms, totals, best, RiskPreference(waste_weight=1.0))
    certain = risk_choice(terms, totals, best, RiskPreference(budget_weight=1.0))
    assert careful.commitment_usd < best.commitment_usd < certain.commitment_usd
    assert careful.waste_cvar95_usd < certain.waste_cvar95_usd
    assert certain.cost_cvar95_usd < careful.cost_cvar95_usd
    assert careful.extra_expected_cost_usd > 0 < certain.extra_expected_cost_usd


def test_caps_are_kept_at_the_least_cost(totals: np.ndarray) -> None:
    terms = contract(LADDER)
    best = best_commitment(terms, totals)
    free = assess(terms, best.commitment_usd, totals)
    cap = free.waste_risk.p95_usd / 2
    found = risk_choice(terms, totals, best, RiskPreference(max_waste_p95_usd=cap))
    assert found.waste_p95_usd <= cap
    grid = [assess(terms, Decimal(int(c)), totals) for c in np.linspace(0, 2_000_000, 1000)]
    within = [g.expected_cost_usd for g in grid if g.waste_risk.p95_usd <= cap]
    assert float(found.expected_cost_usd) <= min(within) + 0.05
    tight = free.cost_risk.p80_usd - 1
    budget = risk_choice(terms, totals, best, RiskPreference(max_budget_p80_usd=tight))
    assert budget.budget_p80_usd <= tight
    with pytest.raises(InputError, match="P80 of the total paid of at most 1,000 USD"):
        risk_choice(terms, totals, best, RiskPreference(max_budget_p80_usd=Decimal(1000)))


def test_without_a_preference_the_cheapest_stays() -> None:
    rng = np.random.default_rng(11)
    for _ in range(8):
        terms = random_contract(rng)
        paths = random_paths(rng, terms, 20)
        best = best_commitment(terms, paths)
        found = risk_choice(terms, paths, best, RiskPreference())
        assert abs(found.extra_expected_cost_usd) <= Decimal("0.01")
