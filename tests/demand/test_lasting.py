"""Workloads that fall for good: what a portfolio's own history says of how often that happens."""

from datetime import date, timedelta

import numpy as np
import pytest
from demand_portfolios import AS_OF, daily_usage, facts, noisy
from hypothesis import given
from hypothesis import strategies as st

from forecast.demand.forecast import forecast_demand
from forecast.demand.lasting import (
    PRIOR_QUARTERS,
    QUARTER_WEEKS,
    lasting_months,
    lasting_shares,
    observed_falls,
)
from forecast.records.workloads import Workload
from forecast.units import month_range

TERM = month_range(date(2026, 11, 1), 12)


def quarters(*levels):
    """Weekly demand that stays at each level for a quarter."""
    return np.repeat(np.array(levels, dtype=float), QUARTER_WEEKS)


def test_a_quarter_that_nothing_later_reaches_a_quarter_of_is_a_fall():
    assert observed_falls(quarters(8, 8, 1, 1)[None]).n_falls == 1
    assert observed_falls(quarters(8, 8, 2, 2)[None]).n_falls == 0  # a quarter of it is left
    assert observed_falls(quarters(8, 1, 8, 8)[None]).n_falls == 0  # it came back


def test_a_slow_decline_is_not_a_fall():
    assert observed_falls(quarters(100, 80, 60, 45, 30, 20)[None])[:2] == (0, 5)


def test_what_ran_for_less_than_a_quarter_is_no_evidence():
    started = np.zeros(52)
    started[25] = 5.0
    assert observed_falls(started[None])[:2] == (0, 0)


def test_without_a_fall_nothing_is_taken_off():
    falls = observed_falls(np.stack([quarters(1, 2, 3), quarters(3, 2, 3)]))
    assert (falls.alone, falls.within) == (0.0, 0.0)


def test_how_often_is_falls_over_quarters_with_a_year_more():
    falls = observed_falls(np.stack([quarters(9, 9, 0, 0), quarters(9, 9, 9, 9)]))
    assert falls.n_quarters == 2 + 3
    assert falls.alone == pytest.approx(1 / (5 + PRIOR_QUARTERS))


@pytest.mark.parametrize(("heir", "moved"), [(0, 0.0), (4, 0.5), (8, 1.0), (80, 1.0)])
def test_the_share_that_moved_is_what_the_sum_did_not_lose(heir, moved):
    demand = np.stack([quarters(8, 8, 0, 0), quarters(8, 8, 8 + heir, 8 + heir)])
    falls = observed_falls(demand)
    assert falls.moved_share == pytest.approx(moved)
    assert falls.within == pytest.approx((1 - moved) * falls.alone)


@given(
    st.lists(
        st.lists(st.just(0.0) | st.floats(1e-3, 1e6), min_size=4, max_size=4),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from((2.0**-20, 0.5, 2.0**20)),  # exact, so that thresholds stay where they are
)
def test_counts_and_shares_do_not_depend_on_the_unit(levels, unit):
    demand = np.stack([quarters(*row) for row in levels])
    once, again = observed_falls(demand), observed_falls(demand * unit)
    assert once[:2] == again[:2]
    assert 0.0 <= once.moved_share <= 1.0
    assert once.moved_share == pytest.approx(again.moved_share)
    assert 0.0 <= once.within <= once.alone < 1.0


def test_paths_end_as_often_as_said():
    runs = lasting_shares(0.2, 4 * QUARTER_WEEKS, 50_000, rng=np.random.default_rng(0))
    assert (np.diff(runs, axis=1) <= 0).all()
    for n in (1, 2, 4):
        still = (runs[:, n * QUARTER_WEEKS - 1] == 1.0).mean()
        assert still == pytest.approx(0.8**n, abs=0.01)


def test_a_month_runs_as_its_weeks_do():
    weeks = np.zeros((8, 2))
    weeks[:4, 0], weeks[4:, 1] = 0.5, 0.25
    months = lasting_months(weeks, 0.3, 200, rng=np.random.default_rng(1))
    runs = lasting_shares(0.3, 8, 200, rng=np.random.default_rng(1))
    assert months == pytest.approx(np.stack([runs[:, :4].mean(1), runs[:, 4:].mean(1)], axis=1))


def lost_one(*, retired=False, n=600):
    """Three workloads over 60 weeks, one of which stopped for good after 26."""
    gone = noisy(60, seed=4)
    gone[7 * 26 :] = 0.0
    demand = {"a": noisy(60, seed=1), "b": noisy(60, seed=2), "gone": gone}
    told = Workload(name="gone", retires_month=date(2026, 5, 1)) if retired else None
    return forecast_demand(
        daily_usage(demand),
        workloads=(told,) if told else (),
        facts=facts,
        usd_per_unit=dict.fromkeys(demand, 1e-6),
        as_of=AS_OF,
        months=TERM,
        n_paths=n,
        rng=np.random.default_rng(0),
    )


def test_a_lost_workload_makes_the_others_less_sure():
    as_lost, as_planned = lost_one(), lost_one(retired=True)
    before, after = (f.paths.of("a").sum(axis=1) for f in (as_planned, as_lost))
    assert (after <= before + 1e-6).all()
    assert np.quantile(after, 0.1) < np.quantile(before, 0.1)
    assert np.quantile(after, 0.9) == pytest.approx(np.quantile(before, 0.9), rel=0.03)
    (note,) = [a for a in as_lost.outlook.adjustments if a.what == "may_end"]
    assert note.start == AS_OF + timedelta(days=1)
    assert "once in" in note.effect
    assert not [a for a in as_planned.outlook.adjustments if a.what == "may_end"]
