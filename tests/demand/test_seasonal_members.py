"""Members that carry season and growth, against series whose continuation is known."""

from __future__ import annotations

import numpy as np
import pytest

from forecast.demand.hindcast import hindcast
from forecast.demand.members.past_totals import TotalsSoFar
from forecast.demand.members.protocol import Family, Panel
from forecast.demand.members.run_rate import RunRate
from forecast.demand.members.seasonal_autoregression import SeasonalAutoregression
from forecast.demand.members.seasonal_smoothing import SeasonalSmoothing
from forecast.demand.members.smoothing import Smoothing
from forecast.demand.members.structural import Structural, factors, season_of_year
from forecast.demand.members.view import view_of

SEASONAL = (SeasonalSmoothing(), SeasonalAutoregression())
FAMILIES = (*SEASONAL, Smoothing(), Structural())


def _named(family: Family) -> str:
    return family.names[0]


def _continued(family: Family, values: np.ndarray, *origins: int, horizon: int = 12) -> np.ndarray:
    panel = Panel.of(np.atleast_2d(values), 12)
    return np.exp(family.paths(view_of(panel, origins, horizon)))


def _yearly(n: int, *, growth: float = 0.0, noise: float = 0.0, seed: int = 0) -> np.ndarray:
    t = np.arange(n)
    shaken = noise * np.random.default_rng(seed).standard_normal(n)
    return 100 * np.exp(0.4 * np.sin(2 * np.pi * t / 12) + growth * t + shaken)


@pytest.mark.parametrize("family", FAMILIES, ids=_named)
def test_a_repeating_year_repeats(family):
    values = _yearly(84)
    for path in _continued(family, values[:72], 72)[0, 0].T:
        assert path == pytest.approx(values[72:84], rel=0.03)


@pytest.mark.parametrize("family", FAMILIES, ids=_named)
def test_nothing_after_an_origin_is_read(family):
    values = _yearly(72, growth=0.01, noise=0.1)
    spoilt = values.copy()
    spoilt[60:] *= 7.0
    clean = _continued(family, values, 48, 60)
    assert np.allclose(_continued(family, spoilt, 48, 60), clean, rtol=1e-9, equal_nan=True)


@pytest.mark.parametrize("family", FAMILIES, ids=_named)
def test_later_origins_do_not_change_what_an_earlier_one_says(family):
    values = _yearly(72, growth=0.01, noise=0.1)
    alone = _continued(family, values, 48, 60)[:, 1]
    assert _continued(family, values, 48, 60, 72)[:, 1] == pytest.approx(alone, nan_ok=True)


@pytest.mark.parametrize("family", FAMILIES, ids=_named)
def test_a_series_that_began_later_is_continued_alike(family):
    values = _yearly(60, growth=0.005, noise=0.05)
    late = np.concatenate([np.zeros(24), values])
    both = _continued(family, late, 84)[0, 0]
    assert both == pytest.approx(_continued(family, values, 60)[0, 0])


@pytest.mark.parametrize("scale", [1e-6, 1e15])
@pytest.mark.parametrize("family", FAMILIES, ids=_named)
def test_units_do_not_matter(family, scale):
    values = _yearly(60, growth=0.01, noise=0.1)
    assert _continued(family, values * scale, 60) / scale == pytest.approx(
        _continued(family, values, 60), rel=1e-6
    )


@pytest.mark.parametrize("family", SEASONAL, ids=_named)
def test_a_year_and_a_half_is_too_short_for_a_season(family):
    assert np.isnan(_continued(family, _yearly(18), 18)).all()


def _totals(family: Family, values: np.ndarray) -> dict[str, float]:
    paths = _continued(family, values, len(values))[0, 0]
    return dict(zip(family.names, paths.sum(axis=0), strict=True))


def test_growth_continues_where_it_is_modelled():
    values = _yearly(96, growth=0.02)
    real = values[72:84].sum()
    said = _totals(Smoothing(), values[:72])
    for grown in ("theta_by_totals", "linear_theta_by_totals", "damped_by_totals"):
        assert said["revert"] < said["level"] < said[grown] < real * 1.05
    damped = _totals(SeasonalSmoothing(), values[:72])
    assert said["level"] < damped["seasonal_damped"] < real * 1.02


def test_what_was_right_about_past_totals_has_missed_least():
    values = _yearly(72)[None, :]
    view = view_of(Panel.of(values, 12), (36, 48, 60), 12)
    so_far = TotalsSoFar(view, 8)
    real = np.log([values[0, o : o + 12].sum() for o in (36, 48, 60)])
    said = np.stack([real, real + 0.05, real - 0.3], axis=1)[None]
    missed = so_far.missed(12, said)[0]
    assert not missed[0].any()
    assert (np.diff(missed[1:], axis=1) > 0).all()
    assert (missed[2, 0] < missed[1, 0]).all()


def test_a_collapse_is_not_followed_below_zero():
    values = np.linspace(100.0, 1.0, 60)
    path = _continued(Smoothing(), values, 60, horizon=36)
    assert (path > 0).all()
    assert np.isfinite(path).all()


def _weeks(n: int, shape: np.ndarray) -> Panel:
    noise = 0.05 * np.random.default_rng(3).standard_normal(n)
    return Panel.of(np.exp(shape[np.arange(n) % 52] + noise)[None, :], 52)


YEAR = np.arange(52)
HOLIDAYS = 0.6 * np.exp(-0.5 * ((YEAR - 30) / 2.0) ** 2)
QUARTERS = 0.3 * np.sin(2 * np.pi * YEAR * 4 / 52)
ONE_WAVE = 0.5 * np.sin(2 * np.pi * YEAR / 52)


@pytest.mark.parametrize("shape", [HOLIDAYS, QUARTERS, ONE_WAVE])
def test_less_than_a_year_of_weeks_has_no_season(shape):
    assert not view_of(_weeks(51, shape), (51,), 52).seasons.any()


def test_an_elevated_month_is_expected_again_in_the_second_year():
    season = view_of(_weeks(80, HOLIDAYS), (80,), 52).seasons[0, 0]
    apart = HOLIDAYS - HOLIDAYS.mean()
    assert 0.6 < (season @ apart) / (apart @ apart) < 1.1
    assert 28 <= season.argmax() <= 32


def test_what_repeats_within_the_second_year_is_believed_the_more_of_it_is_seen():
    believed = [
        view_of(_weeks(n, QUARTERS), (n,), 52).seasons[0, 0] @ QUARTERS / (QUARTERS @ QUARTERS)
        for n in (60, 80, 100)
    ]
    assert 0.2 < believed[0] < believed[1] < believed[2] < 1.05


def test_one_slow_wave_is_no_season_before_it_repeats():
    """A level that rose and fell once may do anything next."""
    season = view_of(_weeks(80, ONE_WAVE), (80,), 52).seasons[0, 0]
    assert np.abs(season).max() < 0.05


def test_a_second_year_without_a_season_shows_little_of_one():
    rng = np.random.default_rng(5)
    levels = np.cumsum(0.02 * rng.standard_normal((40, 80)), axis=1)
    panel = Panel.of(np.exp(levels + 0.05 * rng.standard_normal((40, 80))), 52)
    season = season_of_year(panel, (80,), (1.0, 2.0))
    wander = levels.std(axis=1).mean()
    assert season.std(axis=2).mean() < 0.7 * wander


def test_the_season_of_a_second_year_reads_nothing_after_its_origin():
    panel, spoilt = _weeks(100, HOLIDAYS), _weeks(100, HOLIDAYS)
    spoilt.log[0, 80:] += 2.0
    early = season_of_year(panel, (60, 80, 100), (1.0, 2.0))
    assert np.allclose(season_of_year(spoilt, (60, 80), (1.0, 2.0)), early[:, :2], atol=1e-9)


def test_factors_of_a_structural_model_give_its_own_covariance():
    found = factors("level", 12, 104, 156)
    root = found.root.astype(np.float64)  # kept in single precision
    covariance = root @ np.swapaxes(root[:, :104], 1, 2)
    assert np.allclose(found.inverse @ root[:, :104], np.eye(104), atol=1e-3)
    t = np.arange(1, 157)
    plain = 1e5 + 0.001 * np.minimum(t[:, None], t) + np.eye(156)
    assert np.allclose(covariance[0], plain[:, :104], rtol=1e-6)


def test_a_season_is_told_of_once_it_moves_a_period_by_a_hundredth():
    values = np.stack([np.full(80, 7.0), np.exp(HOLIDAYS[np.arange(80) % 52])])
    found = hindcast(values, (RunRate(),), season_length=52, origins=(40,), horizon=4)
    assert found.seasonal.tolist() == [[False, False], [False, True]]
