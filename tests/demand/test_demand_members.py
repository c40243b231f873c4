import numpy as np
import pytest
from demand_portfolios import noisy

from forecast.demand.hindcast import MAX_LOG_STEP, hindcast
from forecast.demand.history import mend
from forecast.demand.members.protocol import Panel, Window, log_window_totals
from forecast.demand.members.roster import roster
from forecast.demand.members.run_rate import RunRate
from forecast.demand.members.seasonal_naive import SeasonalNaive
from forecast.demand.members.smoothing import Smoothing
from forecast.demand.members.view import view_of
from forecast.demand.season import seasons

FAMILIES = roster()

LONG = 210
"""Four years of weeks: enough for any member to serve."""

ROUNDING = 1e-9
"""Sums over more columns may round another way; what reads the future moves far more."""


def weekly(n_weeks, *, seed=0, n_series=3):
    return np.stack(
        [noisy(n_weeks, seed=seed + s).reshape(-1, 7).sum(axis=1) for s in range(n_series)]
    )


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.names[0])
def test_a_constant_goes_on(family):
    panel = Panel.of(np.full((1, LONG), 42.0), 52)
    path = family.paths(view_of(panel, (LONG,), 60))
    assert np.allclose(np.exp(path), 42.0, rtol=1e-6)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.names[0])
def test_nothing_after_an_origin_is_read(family):
    values = weekly(LONG + 10)
    other = values.copy()
    other[:, LONG:] *= np.random.default_rng(5).uniform(0.2, 5, (3, 10))
    said = family.paths(view_of(Panel.of(values, 52), (60, LONG), 26))
    again = family.paths(view_of(Panel.of(other, 52), (60, LONG), 26))
    assert np.allclose(said, again, rtol=ROUNDING, atol=0, equal_nan=True)
    assert np.isfinite(said[:, 1]).all()


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.names[0])
@pytest.mark.parametrize("unit", [1e-6, 1e9])
def test_the_unit_does_not_matter(family, unit):
    values = weekly(LONG, n_series=2)
    a = family.paths(view_of(Panel.of(values, 52), (LONG,), 30))
    b = family.paths(view_of(Panel.of(values * unit, 52), (LONG,), 30))
    assert np.allclose(a + np.log(unit), b, atol=2e-3)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.names[0])
def test_origins_asked_later_do_not_change_what_was_said(family):
    panel = Panel.of(weekly(LONG + 5), 52)
    more = family.paths(view_of(panel, (30, 70, LONG, LONG + 5), 20))
    fewer = family.paths(view_of(panel, (30, 70, LONG), 20))
    assert np.allclose(more[:, :3], fewer, atol=1e-9, equal_nan=True)


def test_seasonal_naive_needs_five_quarters_and_repeats_the_last_year():
    family = SeasonalNaive()
    t = np.arange(65)
    values = np.exp(1 + 0.3 * np.sin(2 * np.pi * t / 52))[None, :]
    panel = Panel.of(values, 52)
    path = family.paths(view_of(panel, (64, 65), 52))
    assert np.isnan(path[0, 0]).all()
    assert np.allclose(path[0, 1, :, 0], panel.log[0, 13:])


def test_growth_goes_on_by_half():
    family = RunRate()
    values = np.exp(0.01 * np.arange(60.0))[None, :]
    path = family.paths(view_of(Panel.of(values, 52), (60,), 20))[0, 0, :, 0]
    assert np.allclose(np.diff(path), 0.005, atol=1e-4)


def test_growth_is_bounded():
    values = np.exp(0.3 * np.arange(40.0))[None, :]
    found = hindcast(values, FAMILIES, season_length=52, origins=[30], horizon=150)
    reached = found.paths[0, -1] - np.log(values[0, -13:].mean())
    assert np.nanmax(reached) <= MAX_LOG_STEP + 1e-9


def test_a_yearly_season_is_found_and_noise_is_not():
    rng = np.random.default_rng(3)
    t = np.arange(156)
    wave = 0.3 * np.sin(2 * np.pi * t / 52)
    level = np.cumsum(rng.normal(0, 0.01, (20, 156)), axis=1)
    found = seasons(Panel.of(np.exp(level + wave), 52), [156])[:, 0]
    wrong = seasons(Panel.of(np.exp(level), 52), [156])[:, 0]
    assert np.corrcoef(found.mean(axis=0), wave[:52])[0, 1] > 0.95
    assert np.abs(wrong).mean() < 0.2 * np.abs(found).mean()


def test_a_season_that_does_not_repeat_is_dropped():
    noise = np.random.default_rng(4).normal(0, 0.1, (40, 104))
    found = seasons(Panel.of(np.exp(noise), 52), [104])[:, 0]
    assert (np.abs(found).max(axis=1) == 0).mean() > 0.25


def test_damped_smoothing_learns_growth_that_began_late():
    log = np.concatenate([np.zeros(40), 0.02 * np.arange(40)])
    family = Smoothing()
    view = view_of(Panel.of(np.exp(log)[None, :], 52), (80,), 13)
    path = family.paths(view)[0, 0, :, family.names.index("damped_by_totals")]
    assert (np.diff(path) > 0.004).all()


def test_no_season_before_two_years():
    assert not seasons(Panel.of(weekly(103), 52), [103]).any()


def test_windows_add_up_in_dollars_not_in_logs():
    paths = np.log(np.array([[1.0, 2.0, 4.0, 8.0]]))
    totals = np.exp(log_window_totals(paths, [Window(0, 4), Window(1, 2), Window(3, 1)]))
    assert totals.round(9).tolist() == [[15.0, 6.0, 8.0]]


def test_a_history_mended_with_hindsight_never_reaches_an_earlier_origin():
    """The spike of week 58 is a one-off by week 64; at week 60 nobody can know."""
    values = weekly(80, n_series=1)
    values[0, 58] *= 8
    origins = [56, 60, 64, 68]
    full = hindcast(values, FAMILIES, season_length=52, origins=origins, horizon=20, mend=mend)
    for i, origin in enumerate(origins):
        then = hindcast(
            values[:, :origin],
            FAMILIES,
            season_length=52,
            origins=origins[:i],
            horizon=20,
            mend=mend,
        )
        assert np.allclose(full.paths[:, i], then.paths[:, -1], atol=1e-9, equal_nan=True)
        assert np.array_equal(
            full.realised(Window(0, 4))[:, :i], then.realised(Window(0, 4))[:, :i], equal_nan=True
        )
    assert full.known[1][0, 58] > 2 * full.known[2][0, 58]
