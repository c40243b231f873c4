"""A pool asked in blocks says what one asked at once says, of the windows it kept."""

from __future__ import annotations

import numpy as np
import pytest

from forecast.demand.blocks import pool_in_blocks
from forecast.demand.calibration import distribution
from forecast.demand.constants import constants
from forecast.demand.coupling import rank_correlation
from forecast.demand.hindcast import hindcast
from forecast.demand.history import mend
from forecast.demand.kinds import Kind
from forecast.demand.members.protocol import Window
from forecast.demand.members.roster import roster
from forecast.demand.pool import Pool, pool_members
from forecast.demand.simulate import profile

ORIGINS = tuple(range(30, 80, 10))
TERM = Window(9, 52)


@pytest.fixture(scope="module")
def weekly() -> np.ndarray:
    rng = np.random.default_rng(0)
    values = np.exp(5 + np.cumsum(0.04 * rng.standard_normal((7, 80)), axis=1))
    values[2, 40] *= 6.0  # a one-off, so that origins before and after it are mended differently
    values[3, :25] = 0.0
    values[4, -10:] = 0.0
    return values


@pytest.fixture(scope="module")
def whole(weekly) -> Pool:
    found = hindcast(
        weekly,
        roster(),
        season_length=52,
        origins=ORIGINS,
        horizon=61,
        mend=lambda known: mend(known),
    )
    return pool_members(found, constants())


@pytest.fixture(scope="module")
def blocks(weekly) -> Pool:
    return pool_in_blocks(
        weekly,
        roster(),
        constants(),
        season_length=52,
        origins=ORIGINS,
        horizon=61,
        windows=[TERM],
        mend=lambda rows: mend,
        block=3,
    )


@pytest.mark.parametrize("i", [2, -1])
def test_distributions_are_those_of_the_whole(whole, blocks, i):
    for window in (TERM, *whole.windows):
        one, other = distribution(whole, i, window), distribution(blocks, i, window)
        for part in ("centre", "scale", "degrees", "ended"):
            assert getattr(other, part) == pytest.approx(getattr(one, part), nan_ok=True, abs=1e-4)


def test_what_else_a_forecast_asks_is_that_of_the_whole(whole, blocks):
    kinds = [Kind.STEADY] * 7
    assert rank_correlation(blocks, 4, kinds) == pytest.approx(rank_correlation(whole, 4, kinds))
    assert blocks.losses == pytest.approx(whole.losses, nan_ok=True, abs=1e-4)
    assert blocks.weights == pytest.approx(whole.weights, abs=1e-4)
    for s in range(7):
        assert profile(blocks, s, 61) == pytest.approx(profile(whole, s, 61), abs=1e-4)


def test_other_windows_are_refused(blocks):
    with pytest.raises(KeyError, match="not among the windows"):
        distribution(blocks, -1, Window(3, 7))


def test_members_paths_from_past_origins_are_given_up(whole, blocks):
    assert blocks.hindcast.paths.size * (len(ORIGINS) + 1) == whole.hindcast.paths.size
