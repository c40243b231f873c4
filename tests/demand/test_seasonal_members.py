"""Members that carry season and growth, against series whose continuation is known."""

from __future__ import annotations

import numpy as np
import pytest

from forecast.demand.members.past_totals import TotalsSoFar
from forecast.demand.members.protocol import Family, Panel
from forecast.demand.members.seasonal_autoregression import SeasonalAutoregression
from forecast.demand.members.seasonal_smoothing import SeasonalSmoothing
from forecast.demand.members.smoothing import Smoothing
from forecast.demand.members.structural import Structural, factors
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


def test_a_year_of_weeks_has_no_season_in_any_structural_model():
    rng = np.random.default_rng(3)
    t = np.arange(100)
    values = np.exp(0.5 * np.sin(2 * np.pi * t / 52) + 0.05 * rng.standard_normal(100))
    path = Structural().paths(view_of(Panel.of(values[None, :], 52), (100,), 52))[0, 0]
    assert np.ptp(path[:, 0]) < 0.15


def test_factors_of_a_structural_model_give_its_own_covariance():
    found = factors("level", 12, 52)
    root = found.root.astype(np.float64)  # kept in single precision
    covariance = root @ np.swapaxes(root, 1, 2)
    assert np.allclose(found.inverse @ root, np.eye(52), atol=1e-4)
    t = np.arange(1, 53)
    plain = 1e5 + 0.001 * np.minimum(t[:, None], t) + np.eye(52)
    assert np.allclose(covariance[0], plain, rtol=1e-6)
