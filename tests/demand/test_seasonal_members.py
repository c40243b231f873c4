"""Members that carry season and growth, against series whose continuation is known."""

from __future__ import annotations

import numpy as np
import pytest

from forecast.demand.members.linear_smoothing import LinearSmoothing, classical_seasons
from forecast.demand.members.protocol import Member, Panel
from forecast.demand.members.seasonal_autoregression import SeasonalAutoregression
from forecast.demand.members.seasonal_smoothing import SeasonalSmoothing
from forecast.demand.members.view import view_of

SEASONAL = (SeasonalSmoothing(), SeasonalSmoothing(damped=True), SeasonalAutoregression())
LINEAR = (LinearSmoothing(), LinearSmoothing("damped"), LinearSmoothing("linear"))
MEMBERS = (*SEASONAL, *LINEAR)


def _named(member: Member) -> str:
    return member.name


def _continued(member: Member, values: np.ndarray, *origins: int, horizon: int = 12) -> np.ndarray:
    panel = Panel.of(np.atleast_2d(values), 12)
    return np.exp(member.paths(view_of(panel, origins, horizon)))


def _yearly(n: int, *, growth: float = 0.0, noise: float = 0.0, seed: int = 0) -> np.ndarray:
    t = np.arange(n)
    shaken = noise * np.random.default_rng(seed).standard_normal(n)
    return 100 * np.exp(0.4 * np.sin(2 * np.pi * t / 12) + growth * t + shaken)


@pytest.mark.parametrize("member", MEMBERS, ids=_named)
def test_a_repeating_year_repeats(member):
    values = _yearly(84)
    path = _continued(member, values[:72], 72)[0, 0]
    assert path == pytest.approx(values[72:84], rel=0.02)


@pytest.mark.parametrize("member", MEMBERS, ids=_named)
def test_nothing_after_an_origin_is_read(member):
    values = _yearly(72, growth=0.01, noise=0.1)
    spoilt = values.copy()
    spoilt[60:] *= 7.0
    clean = _continued(member, values, 48, 60)
    assert np.array_equal(_continued(member, spoilt, 48, 60), clean, equal_nan=True)


@pytest.mark.parametrize("member", MEMBERS, ids=_named)
def test_one_origin_says_what_it_says_among_many(member):
    values = _yearly(72, growth=0.01, noise=0.1)
    alone = _continued(member, values, 60)[:, 0]
    assert _continued(member, values, 48, 60, 72)[:, 1] == pytest.approx(alone, nan_ok=True)


@pytest.mark.parametrize("member", MEMBERS, ids=_named)
def test_a_series_that_began_later_is_continued_alike(member):
    values = _yearly(60, growth=0.005, noise=0.05)
    late = np.concatenate([np.zeros(24), values])
    both = _continued(member, late, 84)[0, 0]
    assert both == pytest.approx(_continued(member, values, 60)[0, 0])


@pytest.mark.parametrize("scale", [1e-6, 1e15])
@pytest.mark.parametrize("member", MEMBERS, ids=_named)
def test_units_do_not_matter(member, scale):
    values = _yearly(60, growth=0.01, noise=0.1)
    assert _continued(member, values * scale, 60) / scale == pytest.approx(
        _continued(member, values, 60), rel=1e-6
    )


@pytest.mark.parametrize("member", SEASONAL, ids=_named)
def test_a_year_and_a_half_is_too_short_for_a_season(member):
    assert np.isnan(_continued(member, _yearly(18), 18)).all()


def test_growth_continues_where_it_is_modelled():
    values = _yearly(96, growth=0.02)
    real = values[72:84].sum()
    flat = _continued(LinearSmoothing(), values[:72], 72).sum()
    damped = _continued(SeasonalSmoothing(damped=True), values[:72], 72).sum()
    linear = _continued(LinearSmoothing("linear"), values[:72], 72).sum()
    assert flat < damped < real * 1.02
    assert flat < linear < real * 1.02


def test_a_collapse_is_not_followed_below_zero():
    values = np.linspace(100.0, 1.0, 60)
    path = _continued(LinearSmoothing("linear"), values, 60, horizon=36)
    assert (path > 0).all()
    assert np.isfinite(path).all()


def test_a_season_without_repetition_is_shrunk_away():
    noise = np.random.default_rng(2).standard_normal(48)
    kept = classical_seasons(noise, 12, np.array([48]))
    real = classical_seasons(np.tile(noise[:12], 4), 12, np.array([48]))
    assert kept.std() < 0.5 * real.std()
