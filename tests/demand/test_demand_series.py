"""One series of any unit: periods, running totals and the total come from the same paths."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.demand.calibration import distribution
from forecast.demand.constants import constants
from forecast.demand.members.protocol import Window
from forecast.demand.series import (
    FREQUENCIES,
    RHYTHMS,
    fitted_periods,
    forecast_series,
    series_pool,
)
from forecast.errors import InputError, ShortHistoryError
from forecast.pipeline.series import forecast_dated_series

LEVELS = np.array([0.05, 0.1, 0.5, 0.9, 0.95])
N_VALUES = {"month": 48, "week": 120, "day": 500}


def walk(n, seed=0, step=0.08):
    return 100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, step, n)))


def told(values, frequency, horizon, n_paths=400, seed=0):
    rng = np.random.default_rng(seed)
    return forecast_series(values, frequency, horizon, n_paths=n_paths, rng=rng)


@pytest.mark.parametrize("frequency", FREQUENCIES)
def test_the_total_has_the_calibrated_distribution(frequency):
    """What the benchmark scores, at the levels (i − ½) / N of its N paths."""
    values, horizon, n = walk(N_VALUES[frequency]), 13, 200
    fitted = fitted_periods(values, frequency)
    pool = series_pool(fitted[None], frequency, horizon, constants())
    middles = (np.arange(n) + 0.5) / n
    expected = np.exp(distribution(pool, -1, Window(0, horizon)).log_quantiles(0, middles))
    totals = np.sort(told(values, frequency, horizon, n_paths=n).paths.sum(axis=1))
    assert totals == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("frequency", FREQUENCIES)
def test_the_first_period_is_the_first_total_and_means_add_up(frequency):
    found = told(walk(N_VALUES[frequency]), frequency, 6)
    running = found.running_totals(LEVELS)
    assert found.periods(LEVELS)[0].tolist() == running[0].tolist()
    assert (np.diff(running, axis=1) > 0).all()
    assert (np.diff(running, axis=0) > 0).all()


def test_adding_quantiles_overstates_what_the_total_varies_by():
    found = told(walk(48), "month", 12, n_paths=4000)
    low, high = found.periods(np.array([0.1, 0.9])).sum(axis=0)
    total_low, total_high = found.running_totals(np.array([0.1, 0.9]))[-1]
    assert low < total_low < total_high < high


@given(
    st.sampled_from(FREQUENCIES),
    st.sampled_from(["walk", "constant", "spike", "begins late", "ended", "explodes"]),
    st.sampled_from([1e-6, 1.0, 1e15]),
    st.sampled_from([1, 12, 60]),
)
def test_any_series_gives_finite_rising_quantiles(frequency, shape, unit, horizon):
    n = N_VALUES[frequency] // 2
    half = np.arange(n) < n // 2
    values = {
        "walk": walk(n),
        "constant": np.ones(n),
        "spike": 1.0 * (np.arange(n) == n // 2),
        "begins late": np.where(half, 0.0, walk(n)),
        "ended": np.where(half, walk(n), 0.0),
        "explodes": np.exp(0.1 * np.arange(n)),
    }[shape]
    found = told(unit * values, frequency, horizon, n_paths=100)
    for quantiles in (found.periods(LEVELS), found.running_totals(LEVELS)):
        assert np.isfinite(quantiles).all()
        assert (np.diff(quantiles, axis=1) >= 0).all()
        assert (quantiles >= 0).all()
        assert quantiles.any() == (shape not in ("spike", "ended"))  # those are over


def test_a_hundred_times_the_values_is_a_hundred_times_the_forecast():
    small, large = told(walk(48), "month", 12), told(100 * walk(48), "month", 12)
    assert large.paths == pytest.approx(100 * small.paths, rel=1e-6)


def test_nothing_at_all_is_forecast_as_nothing():
    found = told(np.zeros(40), "week", 13)
    assert not found.paths.any()
    assert found.past == ()


def test_eleven_months_are_answered_and_nothing_is_said_of_a_year():
    inside = 0
    for seed in range(40):
        values = walk(23, seed, step=0.05)
        found = told(values[:11], "month", 12)
        low, high = found.running_totals(np.array([0.1, 0.9]))[-1]
        inside += low <= values[11:].sum() <= high
        assert found.past == ()
    assert inside >= 28  # of 40; 80 % less two standard errors is 27


def test_past_totals_are_counted_by_hand():
    """60 constant months: origins from 12 on, every third; all inside, 45 and 36 months apart."""
    quarter, year = told(np.full(60, 7.0), "month", 12).past
    assert (quarter.n_periods, quarter.n_origins, quarter.n_inside_80) == (3, 16, 16)
    assert (quarter.n_independent, year.n_independent) == (45 // 3 + 1, 36 // 12 + 1)
    assert (year.n_periods, year.n_origins, year.n_inside_80) == (12, 13, 13)


def test_a_shift_that_nobody_foresaw_was_outside_the_band():
    values = np.where(np.arange(60) < 30, 10.0, 100.0)
    quarter, _ = told(values, "month", 12).past
    assert 0 < quarter.n_inside_80 < quarter.n_origins


@pytest.mark.parametrize("frequency", FREQUENCIES)
def test_less_than_a_quarter_is_refused(frequency):
    n = RHYTHMS[frequency].n_summed
    least = RHYTHMS[frequency].least_history * n
    with pytest.raises(ShortHistoryError, match="a forecast needs a quarter of a year"):
        told(np.concatenate([np.zeros(70), np.ones(least - n)]), frequency, 4)
    assert np.isfinite(told(np.ones(least), frequency, 4).paths).all()


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_a_value_that_is_no_demand_is_refused(bad):
    with pytest.raises(InputError, match="negative or not finite"):
        told(np.array([*np.ones(20), bad]), "month", 4)


def test_days_are_forecast_as_weeks_after_the_last_day():
    found = forecast_dated_series(
        walk(100, step=0.02), name="x", start=date(2026, 1, 1), frequency="day", n_periods=2,
        n_paths=100,
    )  # fmt: skip
    assert (found.n_left_out_days, len(found.history)) == (2, 14)
    assert found.history[0].start == date(2026, 1, 3)
    assert found.history[0].value == pytest.approx(walk(100, step=0.02)[2:9].sum())
    assert [p.start for p in found.periods] == [date(2026, 4, 11), date(2026, 4, 18)]
    assert found.total == found.periods[-1].running_total
    means = sum(p.by_itself.mean for p in found.periods)
    assert found.total.mean == pytest.approx(means)
