from datetime import date

import numpy as np
import pytest

from forecast.paths import (
    DecisionSet,
    EvidenceReplicates,
    JointPaths,
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


def test_the_table_names_every_scenario_month_and_workload_once():
    found = _set(4).to_frame(slice(1, 3))
    assert found["scenario"].unique().tolist() == [1, 2]
    assert not found.duplicated(["scenario", "month", "workload"]).any()
    of_b = found[(found["workload"] == "b") & (found["scenario"] == 2)]
    assert of_b["as_is_usd"].tolist() == _set(4).as_is_usd[2, :, 1].tolist()


def test_totals_of_all_workloads_cannot_be_written_to():
    found = _set()
    assert np.allclose(found.optimised_total_usd, found.optimised_usd.sum(axis=2))
    with pytest.raises(ValueError, match="read-only"):
        found.as_is_total_usd[0, 0] = 0.0


def test_paths_beyond_what_is_kept_are_drawn_again_and_are_the_same(monkeypatch):
    months = month_range(date(2027, 1, 1), 12)
    drawn = []

    def draw(name):
        drawn.append(name)
        return np.random.default_rng(ord(name)).lognormal(size=(50, 12))

    monkeypatch.setattr("forecast.paths.KEPT_BYTES", 8 * 50 * 12)
    paths = JointPaths(months, ("a", "b"), 50, draw)
    usd = paths.list_usd({"a": 2.0, "b": np.arange(12.0)})
    assert np.allclose(usd, 2 * draw("a") + draw("b") * np.arange(12.0))
    drawn.clear()
    some = paths.chosen(np.array([3, 1]), ("b", "a", "silent"))
    assert drawn == ["b"]
    assert some.units[:, :, 0].tolist() == draw("b")[[3, 1]].tolist()
    assert some.units[:, :, 1].tolist() == draw("a")[[3, 1]].tolist()
    assert not some.units[:, :, 2].any()


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
