import numpy as np
import pytest

from forecast.demand.calibration import distribution
from forecast.demand.constants import constants
from forecast.demand.endings import ended_shares
from forecast.demand.hindcast import hindcast
from forecast.demand.intermittent import draw_periods
from forecast.demand.members.protocol import Window
from forecast.demand.members.roster import roster
from forecast.demand.pool import pool_members


def silent_for(weeks, *, n=80, pauses=False):
    values = np.full(n, 100.0)
    if pauses:
        values[np.arange(n) % 10 > 6] = 0.0  # three weeks of every ten
        values[-weeks - 3 :] = 100.0
    if weeks:
        values[-weeks:] = 0.0
    return values


def test_a_longer_silence_is_more_likely_the_end():
    shares = ended_shares(np.stack([silent_for(k) for k in (0, 1, 2, 4, 8)]), 52)
    assert shares[0] == 0.0
    assert (np.diff(shares) > 0).all()
    assert shares[-1] > 0.95


def test_who_pauses_often_is_given_up_later():
    never, often = ended_shares(np.stack([silent_for(3), silent_for(3, pauses=True)]), 52)
    assert often < 0.5 * never


def test_nothing_is_surely_over():
    assert ended_shares(silent_for(400, n=520)[None, :], 52)[0] < 1.0


def test_what_never_ran_has_not_ended():
    assert ended_shares(np.zeros((1, 30)), 52).tolist() == [0.0]


def test_the_lowest_share_of_totals_is_zero_and_the_rest_is_as_if_it_ran():
    values = np.stack([silent_for(4), silent_for(0)]) * np.exp(
        np.random.default_rng(0).normal(0, 0.05, (2, 80))
    )
    pool = pool_members(
        hindcast(values, roster(), season_length=52, origins=(40, 60), horizon=52), constants()
    )
    found = distribution(pool, -1, Window(0, 26))
    p = found.ended[0]
    assert 0.5 < p < 1.0
    assert found.ended[1] == 0.0
    below, above = found.log_quantiles(0, np.array([p - 0.01, p + (1 - p) / 2]))
    assert np.exp(below) == 0.0
    assert above == pytest.approx(found.centre[0])


def test_bursty_weeks_end_too():
    rng = np.random.default_rng(1)
    past = np.where(rng.random(104) < 0.4, 100.0, 0.0)
    draws = draw_periods(past, 26, Window(0, 26), 4000, ended=0.25, rng=rng)
    assert (draws.sum(axis=1) == 0).mean() == pytest.approx(0.25, abs=0.03)
