import numpy as np
import pytest

from forecast.demand.structure import level_shifts

WEEKS = 104


def noisy(seed, noise, *, ar=0.0, growth=0.0, wander=0.0):
    rng = np.random.default_rng(seed)
    e = rng.standard_normal(WEEKS)
    for t in range(1, WEEKS):
        e[t] = ar * e[t - 1] + np.sqrt(1 - ar**2) * e[t]
    drift = np.linspace(0, growth, WEEKS) + wander * np.cumsum(rng.standard_normal(WEEKS))
    return noise * e + drift


QUIET = {
    "white noise": {},
    "autocorrelated": {"ar": 0.5},
    "wandering": {"wander": 0.03},
    "growing": {"growth": 1.4},
}


@pytest.mark.parametrize("kind", QUIET)
@pytest.mark.parametrize("noise", [0.05, 0.1, 0.2, 0.4])
def test_a_history_without_a_shift_hardly_ever_shows_one(kind, noise):
    panel = np.exp([noisy(seed, noise, **QUIET[kind]) for seed in range(60)])
    assert len(level_shifts(panel)) / (60 * WEEKS / 52) <= 0.1


@pytest.mark.parametrize(("noise", "least"), [(0.05, 60), (0.1, 58), (0.2, 36)])
def test_a_rise_of_four_fifths_is_found_where_it_happened(noise, least):
    panel = np.array([noisy(seed, noise) for seed in range(60)])
    panel[:, 60:] += np.log(1.8)
    found = level_shifts(np.exp(panel))
    near = {shift.series for shift in found if abs(shift.week - 60) <= 2}
    assert len(near) >= least
    ratios = [shift.ratio for shift in found if abs(shift.week - 60) <= 2]
    assert np.median(ratios) == pytest.approx(1.8, rel=0.1)


def test_a_spike_is_no_shift():
    weeks = np.full((1, 60), 10.0)
    weeks[0, 30:32] = 90.0
    assert level_shifts(weeks) == []


def test_a_ramp_is_no_shift():
    assert level_shifts(np.linspace(10, 100, 60)[None, :]) == []


def test_a_season_is_no_shift_once_it_has_been_seen():
    weeks = np.full((1, 156), 10.0)
    for year in range(3):
        weeks[0, 52 * year + 20 : 52 * year + 40] = 25.0
    found = {shift.week for shift in level_shifts(weeks)}
    assert found == {20, 40}


def test_falls_and_stops_are_shifts_too():
    weeks = np.full((2, 60), 10.0)
    weeks[0, 40:] = 4.0
    weeks[1, 40:] = 0.0
    fall, stop = level_shifts(weeks)
    assert (fall.week, round(fall.ratio, 2)) == (40, 0.4)
    assert (stop.week, stop.ratio) == (40, pytest.approx(0.001))


@pytest.mark.parametrize("values", [np.zeros(60), np.eye(1, 60)[0], np.full(5, 3.0), np.zeros(0)])
def test_nothing_is_found_where_nothing_can_be(values):
    assert level_shifts(values[None, :]) == []


def test_units_do_not_matter():
    panel = np.exp(noisy(1, 0.1))[None, :]
    panel[:, 50:] *= 3
    assert [s.week for s in level_shifts(panel * 1e12)] == [s.week for s in level_shifts(panel)]
