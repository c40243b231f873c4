import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from forecast.demand.calibration import distribution
from forecast.demand.constants import constants
from forecast.demand.coupling import joint_ranks, rank_correlation
from forecast.demand.hindcast import hindcast
from forecast.demand.intermittent import draw_periods
from forecast.demand.kinds import Kind
from forecast.demand.members.protocol import Window
from forecast.demand.members.roster import roster
from forecast.demand.pool import pool_members
from forecast.demand.simulate import calendar, profile, steady_months, weekday_shares
from forecast.units import month_range

CASES = tomllib.loads((Path(__file__).parents[1] / "cases" / "demand.toml").read_text())
EVEN = np.full(7, 1 / 7)
END = date(2026, 10, 31)


def pool_of(values):
    n = values.shape[1]
    origins = sorted(range(n - 4, 12, -4))
    return pool_members(
        hindcast(values, roster(), season_length=52, origins=origins, horizon=70), constants()
    )


def walks(n_series, *, seed=0, common=0.0, n_weeks=104):
    rng = np.random.default_rng(seed)
    own = rng.normal(0, 0.05, (n_series, n_weeks)) * np.sqrt(1 - common)
    shared = rng.normal(0, 0.05, n_weeks) * np.sqrt(common)
    return np.exp(12 + np.cumsum(own + shared, axis=1))


@pytest.mark.parametrize("case", CASES["month"], ids=lambda c: c["name"])
def test_days_of_a_month_as_a_buyer_counts_them(case):
    weeks = calendar(case["last_day"], (case["month"],), EVEN)
    assert (weeks.shares * 7 * 70).sum() == pytest.approx(70 * case["days_forecast"])


def test_a_calendar_spreads_weeks_by_weekday():
    only_first = np.array([1.0, 0, 0, 0, 0, 0, 0])
    weeks = calendar(END, (date(2026, 11, 1),), only_first)
    assert weeks.shares.sum() == 5  # 1, 8, 15, 22 and 29 November


def test_a_lead_and_a_stop_bound_the_window():
    months = month_range(date(2027, 1, 1), 12)
    assert calendar(END, months, EVEN).window == Window(9, 52)
    stopped = calendar(END, months, EVEN, stop=date(2027, 4, 1))
    assert stopped.window == Window(9, 13)
    assert not stopped.shares[:, 3:].any()
    assert calendar(END, months, EVEN, stop=date(2026, 12, 1)).window is None


def test_weekday_shares_add_to_one():
    daily = np.array([[3.0, 0, 0], [1, 0, 0], [0, 0, 7], *[[0, 0, 0]] * 4])
    shares = weekday_shares(np.tile(daily, (13, 1)))
    assert np.allclose(shares.sum(axis=0), 1.0)
    assert shares[0, 0] == pytest.approx(0.75, abs=0.06)
    assert np.allclose(shares[:, 1], 1 / 7)


def test_totals_of_paths_follow_the_calibrated_quantiles_exactly():
    pool = pool_of(walks(1))
    weeks = calendar(END, month_range(date(2027, 1, 1), 12), EVEN)
    found = distribution(pool, -1, weeks.window)
    n = 999
    ranks = np.random.default_rng(1).permutation(n)
    months = steady_months(
        profile(pool, 0, len(weeks.shares)),
        found,
        0,
        weeks,
        ranks,
        0.01,
        rng=np.random.default_rng(2),
    )
    logs = found.log_quantiles(0, (np.arange(n) + 0.5) / n)
    apart = np.log(months.sum(axis=1)[np.argsort(ranks)]) - logs
    # 365 days against the 52 whole weeks of the window: one factor for every path
    assert np.allclose(apart, apart[0], atol=1e-9)
    assert apart[0] == pytest.approx(np.log(365 / 364), abs=0.005)
    assert (months > 0).all()


def test_later_months_are_wider_and_months_differ_within_a_path():
    pool = pool_of(walks(1))
    weeks = calendar(END, month_range(date(2026, 11, 1), 12), EVEN)
    months = steady_months(
        profile(pool, 0, len(weeks.shares)),
        distribution(pool, -1, weeks.window),
        0,
        weeks,
        np.arange(2000),
        0.0,
        rng=np.random.default_rng(3),
    )
    spread = np.log(months).std(axis=0)
    assert spread[-1] > 1.5 * spread[0]
    within = np.log(months / months.sum(axis=1, keepdims=True)).std(axis=0)
    assert within.min() > 0.01


def test_ranks_are_permutations_with_the_asked_correlation():
    for rho in (0.0, 0.4, 0.9):
        ranks = joint_ranks(rho, 3, 20_000, rngs=np.random.default_rng(4).spawn(4))
        assert (np.sort(ranks, axis=0) == np.arange(20_000)[:, None]).all()
        assert np.corrcoef(ranks[:, 0], ranks[:, 2])[0, 1] == pytest.approx(rho, abs=0.02)


def test_workloads_that_move_together_are_found_to():
    kinds = [Kind.STEADY] * 6
    apart, joint = (rank_correlation(pool_of(walks(6, common=c)), -1, kinds) for c in (0.0, 0.9))
    assert 0.0 <= apart < 0.2 < joint <= 0.9
    assert joint > 0.4


def test_what_all_missed_the_same_way_couples_them():
    pool = pool_of(walks(6, seed=2))
    kinds = [Kind.STEADY] * 6
    biased = replace(pool, missed=tuple(m - 0.3 for m in pool.missed), _kept={})
    assert rank_correlation(biased, -1, kinds) > rank_correlation(pool, -1, kinds) + 0.1


def test_bursty_weeks_come_from_the_past_and_keep_its_recent_mean():
    rng = np.random.default_rng(5)
    past = np.where(rng.random(104) < 0.3, rng.uniform(50, 150, 104), 0.0)
    recent = 0.5 ** (np.arange(103, -1, -1) / 52)
    recent /= recent.sum()
    draws = draw_periods(past, 52, Window(0, 52), 4000, rng=rng)
    assert draws.sum(axis=1).mean() == pytest.approx(past @ recent * 52, rel=0.06)
    assert (draws == 0).mean() == pytest.approx((past == 0) @ recent, abs=0.05)
