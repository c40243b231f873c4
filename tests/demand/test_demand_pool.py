from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast.demand.calibration import distribution, spread_of
from forecast.demand.constants import constants
from forecast.demand.hindcast import hindcast
from forecast.demand.members.protocol import Window
from forecast.demand.members.roster import roster
from forecast.demand.pool import pool_members

FAMILIES = roster()
LEVELS = np.array([0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999])


def pool_of(values, *, step=4, horizon=60):
    n = values.shape[1]
    origins = sorted(range(n - step, 12, -step))
    return pool_members(
        hindcast(values, FAMILIES, season_length=52, origins=origins, horizon=horizon), constants()
    )


def walks(n_series, n_weeks, *, seed, sd=0.03, growth=0.0):
    rng = np.random.default_rng(seed)
    return np.exp(10 + np.cumsum(rng.normal(growth, sd, (n_series, n_weeks)), axis=1))


def test_weights_add_to_one_and_stay_in_bounds():
    pool = pool_of(walks(2, 60, seed=1))
    assert np.allclose(pool.weights.sum(axis=2), 1.0)
    assert (pool.weights >= 0).all()


def test_without_a_scored_origin_members_are_equal():
    pool = pool_of(walks(1, 16, seed=1))
    used = pool.weights[0, -1] > 0
    assert used.sum() >= 2
    assert np.allclose(pool.weights[0, -1, used], 1 / used.sum())


def test_steady_growth_favours_members_that_continue_it():
    values = walks(3, 150, seed=2, sd=0.005, growth=0.01)
    pool = pool_of(values)
    weight = dict(zip(pool.hindcast.members, pool.weights[:, -1].mean(axis=0), strict=True))
    assert weight["damped_by_totals"] > 1.5 * weight["run_rate"]
    assert weight["theta_by_totals"] > weight["level"]


def test_more_origins_move_weights_further_from_equal():
    values = walks(1, 200, seed=2, sd=0.005, growth=0.01)
    short, long = pool_of(values[:, -60:]), pool_of(values)

    def spread(pool):
        used = pool.weights[0, -1] > 0
        return pool.weights[0, -1, used].std() * used.sum()

    assert spread(long) > spread(short)


def test_nothing_after_an_origin_moves_its_distribution():
    values = walks(3, 120, seed=3)
    changed = values.copy()
    i = 20
    pool = pool_of(values)
    origin = pool.hindcast.origins[i]
    changed[:, origin:] *= np.random.default_rng(1).uniform(0.3, 3, changed[:, origin:].shape)
    other = pool_of(changed)
    for window in (Window(0, 13), Window(8, 52)):
        a, b = distribution(pool, i, window), distribution(other, i, window)
        assert np.allclose(a.centre, b.centre, rtol=1e-9, atol=0)
        assert np.allclose(a.scale, b.scale, rtol=1e-9, atol=0)
    assert not np.array_equal(pool.weights[:, -1], other.weights[:, -1])


def test_the_spread_grows_with_the_lead_and_for_a_launch():
    values = walks(2, 104, seed=4)
    values[1, :-6] = 0
    pool = pool_of(values)
    near, far = (spread_of(pool, Window(lead, 13)).scale[:, -1] for lead in (0, 39))
    assert (far > near).all()
    assert near[1] > 2 * near[0]


def test_a_wilder_past_gives_a_wider_future():
    values = np.concatenate([walks(3, 150, seed=5, sd=0.01), walks(3, 150, seed=6, sd=0.08)])
    spread = spread_of(pool_of(values), Window(0, 26)).scale[:, -1]
    assert spread[:3].max() < spread[3:].min()


def test_members_that_disagree_widen_the_distribution():
    pool = pool_of(walks(1, 60, seed=7, sd=0.01))
    window = Window(0, 52)
    calm = distribution(pool, -1, window).log_quantiles(0, LEVELS)
    paths = pool.hindcast.paths.copy()
    paths[0, -1] += np.linspace(-1.5, 1.5, paths.shape[-1])
    apart = pool_members(replace(pool.hindcast, paths=paths), constants())
    wide = distribution(apart, -1, window).log_quantiles(0, LEVELS)
    assert np.ptp(wide[2:5]) > 1.5 * np.ptp(calm[2:5])


def test_neither_growth_nor_decline_is_promised_and_nothing_explodes():
    """Quantiles lie alike on both sides of the centre and never a factor of 20 from it."""
    found = distribution(pool_of(walks(1, 60, seed=7, sd=0.5)), -1, Window(0, 52))
    low, middle, high = found.log_quantiles(0, np.array([1e-9, 0.5, 1 - 1e-9]))
    assert middle == pytest.approx(found.centre[0])
    assert high - middle == pytest.approx(middle - low)
    assert high - middle <= np.log(20.1)


def test_members_that_were_right_before_weigh_more():
    values = walks(1, 150, seed=11, sd=0.02)
    pool = pool_of(values)
    losses, weights = pool.losses[0], pool.weights[0, -1]
    heard = np.isfinite(losses) & (weights > 0)
    assert np.corrcoef(losses[heard], weights[heard])[0, 1] < -0.3


def test_a_random_walk_stays_inside_its_band_about_as_often_as_told():
    """80 % of 240 walks of 2 % a week, known to ± 5 points; more may be held than told."""
    values = walks(240, 104 + 26, seed=8, sd=0.02)
    pool = pool_of(values[:, :104])
    found = distribution(pool, -1, Window(0, 26))
    realised = np.log(values[:, 104:].sum(axis=1))
    low, high = np.array([found.log_quantiles(s, np.array([0.1, 0.9])) for s in range(240)]).T
    held = np.mean((low <= realised) & (realised <= high))
    assert 0.74 <= held <= 0.95


shapes = st.sampled_from(["walk", "constant", "spike", "gaps", "step", "ramp", "late"])


@settings(max_examples=40)
@given(
    shape=shapes,
    n_weeks=st.sampled_from([13, 14, 27, 53, 104, 130]),
    level=st.floats(1e-6, 1e15),
    seed=st.integers(0, 10_000),
)
def test_any_history_gives_finite_rising_quantiles(shape, n_weeks, level, seed):
    values = walks(1, n_weeks, seed=seed) / np.exp(10) * level
    if shape == "constant":
        values[:] = level
    elif shape == "spike":
        values[0, n_weeks // 2] *= 1e6
    elif shape == "gaps":
        values[0, ::5] = 0
    elif shape == "step":
        values[0, n_weeks // 2 :] *= 1e-4
    elif shape == "ramp":
        values *= np.exp(0.2 * np.arange(n_weeks))
    elif shape == "late":
        values[0, : n_weeks - 3] = 0
    found = distribution(pool_of(values), -1, Window(5, 52))
    quantiles = found.log_quantiles(0, LEVELS)
    assert np.isfinite(quantiles).all()
    assert (np.diff(quantiles) >= 0).all()
    assert quantiles[-2] > quantiles[1]


def test_ten_years_with_every_member():
    pool = pool_of(walks(1, 520, seed=9), step=52)
    quantiles = distribution(pool, -1, Window(0, 52)).log_quantiles(0, LEVELS)
    assert np.isfinite(quantiles).all()
    assert (np.diff(quantiles) > 0).all()


@pytest.mark.parametrize("season_length", [12, 52])
def test_panels_of_other_steps_are_served(season_length):
    n = 4 * season_length
    values = walks(2, n, seed=10)
    found = hindcast(
        values,
        FAMILIES,
        season_length=season_length,
        origins=range(season_length, n, 3),
        horizon=season_length,
    )
    pool = pool_members(found, constants())
    assert np.isfinite(distribution(pool, -1, Window(0, season_length)).centre).all()
