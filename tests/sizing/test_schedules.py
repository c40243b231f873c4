"""The schedule search: against a linear program, brute force, and the even split."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from benchmarks.schedule_program import schedule_program
from sizing_contracts import contract, random_contract

from forecast.errors import TermsError
from forecast.paths import Floats
from forecast.records.terms import Terms
from forecast.sizing.schedules import best_schedule
from forecast.sizing.settlement import settle


def growing(rng: np.random.Generator, n_paths: int, n_periods: int, growth: float = 0.4) -> Floats:
    level = rng.normal(13.5, 0.3, (n_paths, 1))
    drift = growth * np.arange(n_periods) + rng.normal(0, 0.25, (n_paths, n_periods))
    return np.exp(level + drift).round(6)


@pytest.mark.parametrize("rollover", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("unused", [0.0, 0.3])
def test_three_years_come_to_the_linear_program(rollover: float, unused: float) -> None:
    terms = contract(
        [(0, 0.0), (1, 0.22)], term_months=36, rollover_share=rollover, unused_value_share=unused
    )
    paths = growing(np.random.default_rng(3), 150, 3)
    exact, _ = schedule_program(terms, paths)
    found = best_schedule(terms, paths)
    assert found.expected_cost_usd == pytest.approx(exact, rel=1e-6)
    assert found.even.expected_cost_usd > found.expected_cost_usd


def test_a_season_comes_to_the_linear_program() -> None:
    terms = contract([(0, 0.0), (1, 0.22)], settlement="quarterly", rollover_share=0.5)
    season = np.array([1.0, 0.6, 0.8, 1.9])
    paths = growing(np.random.default_rng(4), 100, 4, growth=0.0) * season
    exact, _ = schedule_program(terms, paths)
    found = best_schedule(terms, paths)
    assert found.expected_cost_usd == pytest.approx(exact, rel=1e-6)
    assert found.schedule_usd[3] > 2 * found.schedule_usd[1]


LADDER = [(0, 0.0), (400_000, 0.08), (900_000, 0.15), (1_600_000, 0.25)]


def grid_cost(terms: Terms, paths: Floats, step: float) -> float:
    """The cheapest schedule of a grid of amounts, every threshold among them."""
    marks = [float(t.from_commitment_usd) for t in terms.tiers]
    amounts = sorted({*np.arange(0, 3_000_000, step).tolist(), *marks})
    return min(
        float(settle(terms, np.array(schedule), paths).cost.mean())
        for schedule in itertools.product(amounts, repeat=2)
    )


@pytest.mark.parametrize("rollover", [0.0, 0.6])
@pytest.mark.parametrize("basis", ["annual", "term"])
def test_no_grid_of_two_years_is_cheaper_where_tiers_differ(rollover: float, basis: str) -> None:
    rng = np.random.default_rng(7)
    for growth in (-0.6, 0.2, 0.9):
        terms = contract(LADDER, term_months=24, rollover_share=rollover, tier_basis=basis)
        paths = growing(rng, 12, 2, growth)
        assert best_schedule(terms, paths).expected_cost_usd <= grid_cost(terms, paths, 50_000) + 2


@pytest.mark.parametrize("seed", range(3))
def test_no_grid_of_random_contracts_is_cheaper(seed: int) -> None:
    """Any tiers, overage, basis and rollover; a grid, refined from its best point."""
    rng = np.random.default_rng(300 + seed)
    for _ in range(4):
        terms = random_contract(rng, rolls_over=True).model_copy(
            update={"settlement": "annual", "term_months": 24, "rollover_periods": 1}
        )
        paths = growing(rng, 8, 2, float(rng.normal(0, 0.5)))
        refined = refined_grid_cost(terms, paths)
        assert best_schedule(terms, paths).expected_cost_usd <= refined * (1 + 1e-6)


def refined_grid_cost(terms: Terms, paths: Floats) -> float:
    def cost(schedule: Floats) -> float:
        return float(settle(terms, schedule, paths).cost.mean())

    top = 1.3 * float(paths.max())
    part = 1 if terms.tier_basis == "annual" else 2
    marks = [float(t.from_commitment_usd) / part for t in terms.tiers]
    amounts = sorted({*np.linspace(0, top, 30).tolist(), *(m for m in marks if m <= top)})
    best = min((np.array(schedule) for schedule in itertools.product(amounts, repeat=2)), key=cost)
    step = top / 30
    while step > 50:
        moves = [np.maximum(best + step * d, 0) for d in (*np.eye(2), *-np.eye(2))]
        nearer = min(moves, key=cost)
        if cost(nearer) < cost(best) - 1e-9:
            best = nearer
        else:
            step /= 2
    return cost(best)


def test_a_year_may_stay_on_demand() -> None:
    terms = contract([(0, 0.0), (500_000, 0.2)], term_months=24)
    found = best_schedule(terms, np.array([[1_000.0, 900_000.0], [1_200.0, 950_000.0]]))
    assert found.schedule_usd[0] == 0
    assert found.schedule_usd[1] == 720_000
    assert found.value_usd > 0


def test_clauses_that_are_not_convex_are_refused() -> None:
    terms = contract(LADDER, term_months=24, time_discount_rate=0.1)
    with pytest.raises(TermsError, match="time_discount_rate is beyond that"):
        best_schedule(terms, np.ones((2, 2)))
    lives = contract(LADDER, term_months=36, rollover_share=0.6, rollover_periods=2)
    with pytest.raises(TermsError, match="rollover_periods is beyond that"):
        best_schedule(lives, np.ones((2, 3)))
