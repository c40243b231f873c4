"""Series that run in bursts: drawn from their own past, in months as in weeks."""

from __future__ import annotations

import numpy as np
import pytest

from forecast.demand.constants import constants
from forecast.demand.intermittent import draw_periods
from forecast.demand.kinds import Kind, kinds_of
from forecast.demand.members.protocol import Window
from forecast.demand.series import forecast_series, series_pool, total_quantiles


def bursts(n_series: int, n: int, *, alive: float = 0.35, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    size = np.exp(5 + rng.standard_normal((n_series, n)))
    return size * (rng.random((n_series, n)) < alive)


@pytest.mark.parametrize(("frequency", "year"), [("week", 52), ("month", 12)])
def test_intervals_of_bursts_hold_about_what_they_say(frequency, year):
    """80 % of a hundred yearly totals or more of bursts that go on, known to ± 8 points."""
    values = bursts(140, 4 * year, seed=1)
    kinds = kinds_of(values[:, : 3 * year], year)
    values = values[[kind is Kind.INTERMITTENT for kind in kinds]]
    assert len(values) > 100
    known, realised = values[:, : 3 * year], values[:, 3 * year :].sum(axis=1)
    pool = series_pool(known, frequency, year, constants())
    low, high = total_quantiles(pool, -1, Window(0, year), np.array([0.1, 0.9])).T
    assert 0.68 <= np.mean((low <= realised) & (realised <= high)) <= 0.92


def test_fewer_bursts_leave_the_rate_more_uncertain():
    rng = np.random.default_rng(2)
    many = bursts(1, 156, seed=3)[0]
    short = many[:40]
    relative = [
        float(np.std(draws) / np.mean(draws))
        for past in (short, many)
        for draws in [draw_periods(past, 520, Window(0, 52), 4000, rng=rng).sum(axis=1)]
    ]
    assert relative[0] > 1.2 * relative[1]


def test_months_are_drawn_one_by_one_and_weeks_four_by_four():
    past = np.arange(1.0, 25.0)
    rng = np.random.default_rng(4)
    weeks = draw_periods(past, 4, Window(0, 4), 50, rng=rng)
    months = draw_periods(past, 4, Window(0, 4), 50, season_length=12, rng=rng)
    steps = np.diff(np.log(weeks), axis=1)
    assert (steps > 0).all()
    assert (np.diff(months, axis=1) < 0).any()


def test_paths_of_a_bursty_series_are_silent_as_often_as_it_was():
    values = bursts(1, 156, seed=5)[0]
    found = forecast_series(values, "week", 26, n_paths=2000, rng=np.random.default_rng(0))
    assert np.mean(found.paths == 0) == pytest.approx(np.mean(values == 0), abs=0.06)
    assert all(0 <= past.n_inside_80 <= past.n_origins for past in found.past)


def test_quantiles_of_bursts_are_those_of_the_seed():
    pool = series_pool(bursts(3, 104, seed=6), "week", 26, constants())
    levels = np.array([0.1, 0.5, 0.9])
    one, again, other = (
        total_quantiles(pool, -1, Window(0, 26), levels, seed=seed) for seed in (1, 1, 2)
    )
    assert (one == again).all()
    assert one == pytest.approx(other, rel=0.1)
    assert (one != other).any()
