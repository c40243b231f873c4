"""Waiting and upsizing: policies that see the past and nothing else."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from sizing_contracts import contract

from forecast.paths import period_totals
from forecast.records.terms import Terms
from forecast.sizing.assessment import assess
from forecast.sizing.search import best_commitment
from forecast.sizing.staging import _cost, _History, _signed, staging_values

LADDER = [(0, 0.0), (400_000, 0.12), (1_000_000, 0.2)]


def values(terms: Terms, monthly: np.ndarray) -> dict[tuple[str, int], float]:
    best = best_commitment(terms, monthly.sum(axis=1, keepdims=True))
    found = staging_values(terms, monthly, best)
    return {(v.policy, v.decision_month): float(v.value_usd) for v in found}


def level_paths(n: int, spread: float, noise: float, seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    level = rng.normal(np.log(90_000), spread, (n, 1))
    return np.exp(level + rng.normal(0, noise, (n, 12))).round(6)


def test_where_the_past_tells_nothing_waiting_only_costs_the_discount() -> None:
    """All months alike: three months on demand forgo a fifth of 90,000 each."""
    terms = contract([(0, 0.0), (1, 0.2)])
    monthly = np.full((400, 12), 90_000.0)
    found = values(terms, monthly)
    assert found["wait", 3] == pytest.approx(-0.2 * 3 * 90_000, abs=1)
    assert found["wait", 6] == pytest.approx(-0.2 * 6 * 90_000, abs=1)
    assert found["upsize", 3] == pytest.approx(0.0, abs=1)


def test_where_the_first_months_tell_the_level_a_right_to_add_is_worth_money() -> None:
    terms = contract(LADDER)
    known, noisy = level_paths(1000, 0.5, 0.02), level_paths(1000, 0.02, 0.5)
    assert values(terms, known)["upsize", 3] > 20_000
    assert values(terms, known)["upsize", 3] > 5 * abs(values(terms, noisy)["upsize", 3])
    assert values(terms, known)["upsize", 3] > values(terms, known)["upsize", 6]


def test_what_comes_after_the_day_does_not_change_what_a_path_signs() -> None:
    """Another future of one path moves at most what the others of its group decide."""
    terms = contract(LADDER)
    monthly = level_paths(400, 0.4, 0.1)
    best = best_commitment(terms, monthly.sum(axis=1, keepdims=True))
    before = staging_values(terms, monthly, best)
    changed = monthly.copy()
    changed[7, 6:] *= 5
    after = staging_values(terms, changed, best)
    for one, other in zip(before, after, strict=True):
        if one.decision_month == 6:
            moved = float(other.expected_commitment_usd - one.expected_commitment_usd)
            # Its own half of a decile, 20 of 400 paths, may decide for the other half anew.
            assert abs(moved) <= 20 / 400 * 3_000_000


def test_a_right_to_add_is_never_worth_less_than_nothing_beyond_noise() -> None:
    for seed in range(5):
        monthly = level_paths(600, 0.3, 0.2, seed)
        found = values(contract(LADDER), monthly)
        cost = monthly.sum(axis=1).mean()
        assert found["upsize", 3] >= -0.005 * cost
        assert found["upsize", 6] >= -0.005 * cost


def test_periods_that_are_alike_make_a_right_to_add_worth_nothing() -> None:
    terms = contract([(0, 0.0), (1, 0.2)], term_months=36, unused_value_share=0.5)
    monthly = np.full((400, 36), 90_000.0)
    best = best_commitment(terms, period_totals(monthly, 12))
    wait, upsize = staging_values(terms, monthly, best)
    assert (wait.decision_month, upsize.decision_month) == (12, 12)
    assert float(wait.value_usd) == pytest.approx(-0.2 * 12 * 90_000, abs=1)
    assert float(upsize.value_usd) == pytest.approx(0.0, abs=1)
    assert upsize.commitment_now_usd == best.commitment_usd


def test_what_is_signed_and_never_raised_costs_what_it_costs_to_sign_it() -> None:
    """A ladder of one step at the best number: whatever groups see, nobody gains by more."""
    monthly = level_paths(400, 0.4, 0.3)
    for settlement, shortfall in (("quarterly", "face"), ("monthly", "discounted")):
        terms = contract(
            [(0, 0.05)],
            settlement=settlement,
            drawdown_basis="list",
            shortfall_price=shortfall,
            unused_value_share=0.3,
        )
        history = _History(terms, monthly, 6)
        for share in (0.3, 1.0, 1.6):
            first = round(share * float(monthly.sum(axis=1).mean()), 2)
            stage = _signed(terms, first, history)
            kept = _cost(terms, stage, first, terms.tiers[0])
            paths = period_totals(monthly, terms.period_months)
            assert kept == pytest.approx(assess(terms, Decimal(repr(first)), paths).cost, abs=0.02)


def test_a_second_year_is_sized_by_what_the_first_one_showed() -> None:
    terms = contract([(0, 0.0), (1, 0.2)], term_months=24)
    level = np.random.default_rng(4).lognormal(np.log(90_000), 0.6, (1000, 1))
    monthly = np.repeat(level, 24, axis=1)
    best = best_commitment(terms, period_totals(monthly, 12))
    upsize = next(v for v in staging_values(terms, monthly, best) if v.policy == "upsize")
    assert float(upsize.value_usd) > 0.01 * float(monthly.sum(axis=1).mean())


def test_a_rollover_and_few_paths_are_not_simulated() -> None:
    monthly = level_paths(400, 0.3, 0.2)
    rolled = contract(LADDER, settlement="quarterly", rollover_share=0.5)
    best = best_commitment(rolled, period_totals(monthly, 3))
    assert staging_values(rolled, monthly, best) == ()
    assert staging_values(contract(LADDER), monthly[:50], best) == ()
