"""Waiting and upsizing: policies that see the past and nothing else."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from sizing_contracts import contract

from forecast.records.terms import Terms
from forecast.sizing.search import best_commitment
from forecast.sizing.staging import staging_values

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


def test_contracts_of_several_periods_are_not_simulated() -> None:
    monthly = level_paths(400, 0.3, 0.2)
    terms = contract(LADDER, settlement="quarterly")
    best = best_commitment(terms, monthly.reshape(400, 4, 3).sum(axis=2))
    assert staging_values(terms, monthly, best) == ()
    few = contract(LADDER)
    assert staging_values(few, monthly[:50], best) == ()
    assert Decimal(0) <= best.commitment_usd
