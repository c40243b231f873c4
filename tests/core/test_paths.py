from datetime import date

import numpy as np
import pytest

from forecast.paths import (
    DecisionSet,
    EvidenceReplicates,
    period_totals,
    quantile,
    stratify,
    tail_mean,
)
from forecast.units import month_range


def _set(m: int = 50, seed: int = 0) -> DecisionSet:
    rng = np.random.default_rng(seed)
    as_is = rng.lognormal(3, 0.4, (m, 12, 3))
    return DecisionSet(
        month_range(date(2027, 1, 1), 12), ("a", "b", "c"), as_is, as_is * 0.8, as_is * 0.7
    )


def test_a_decision_set_survives_its_table():
    before = _set()
    after = DecisionSet.from_frame(before.to_frame())
    assert after.months == before.months
    assert after.workloads == before.workloads
    for name in ("as_is_usd", "optimised_usd", "potential_usd"):
        assert np.array_equal(getattr(after, name), getattr(before, name))


def test_scenario_dollars_are_kept_to_the_micro_dollar():
    assert np.array_equal(_set().as_is_usd, np.round(_set().as_is_usd, 6))


@pytest.mark.parametrize(
    ("level", "expected"), [(0.05, 5.0), (0.051, 6.0), (0.5, 50.0), (0.95, 95.0), (1.0, 100.0)]
)
def test_the_quantile_rule(level, expected):
    assert quantile(np.random.default_rng(1).permutation(np.arange(1.0, 101.0)), level) == expected


def test_tail_mean_is_the_mean_of_the_worst():
    values = np.arange(1.0, 201.0)
    assert tail_mean(values, 0.95) == np.mean(np.arange(191.0, 201.0))
    assert tail_mean(np.array([7.0]), 0.95) == 7.0


def test_strata_keep_the_distribution_better_than_chance():
    rng = np.random.default_rng(3)
    totals = rng.lognormal(0, 1, 4000)
    truth = totals.mean()
    chance = [abs(rng.choice(totals, 1000, replace=False).mean() - truth) for _ in range(50)]
    strata = [abs(totals[stratify(totals, 1000, rng=rng)].mean() - truth) for _ in range(50)]
    assert np.mean(strata) < 0.25 * np.mean(chance)


def test_replicates_move_the_log_total_and_nothing_else():
    rng = np.random.default_rng(0)
    paths = rng.lognormal(2, 0.3, (400, 4))
    moved = EvidenceReplicates(np.array([0.1]), np.array([1.5])).apply(paths, 0)
    before, after = np.log(paths.sum(axis=1)), np.log(moved.sum(axis=1))
    assert after.mean() == pytest.approx(before.mean() + 0.1)
    assert after.std() == pytest.approx(1.5 * before.std())
    shares = paths / paths.sum(axis=1, keepdims=True)
    assert moved / moved.sum(axis=1, keepdims=True) == pytest.approx(shares)


def test_months_sum_to_periods():
    monthly = np.arange(24.0).reshape(2, 12)
    assert period_totals(monthly, 3).tolist() == [[3, 12, 21, 30], [39, 48, 57, 66]]
