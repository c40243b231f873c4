"""Lasting changes of level in a workload's history: seen, dated and told, not removed.

At week t with B and A the medians of the log demand of the K weeks before and after, and σ the
robust spread of single weeks about their neighbours, the change is a shift when

    |A − B| > max(ln 1.3, 3 σ √(π / K), 3 u),

it is the largest within K weeks, and a year earlier the same weeks did not change likewise (a
season). √(π / K) σ is the standard error of the difference of two medians of K normal weeks; u,
the robust size of |A − B| over all weeks, is larger where the level wanders by itself.
A ramp moves level too, but step by step: over the two weeks at t the log must make at least half
of the change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from forecast.demand.members.protocol import Floats

SIDE_WEEKS: Final = 6
"""K: weeks on either side. Assumed: with fewer a holiday fortnight is a shift, with more the
last quarter of the history cannot be judged."""

MIN_CHANGE: Final = float(np.log(1.3))
"""Changes below 30 % are not told. Assumed: they lie inside the bands of any forecast."""

NOISE_MULTIPLE: Final = 3.0
"""Standard errors that a shift must stand clear of. On simulated weeks without one (white and
autocorrelated noise of 5 to 40 %, a wandering level, growth of 100 % a year) it names 0.06 a year
at most; a rise of 80 % is found always at 10 % noise and three times in four at 20 %
(tests/demand/test_demand_structure.py repeats it)."""

STEP_SHARE: Final = 0.5
"""Share of the change that must happen within two weeks."""

SEASON_SHARE: Final = 0.5
"""A change that the same weeks of the year before made by half already is a season."""


@dataclass(frozen=True)
class LevelShift:
    """One lasting change of level.

    Attributes
    ----------
    series
        Row of the panel.
    week
        Column of the first week at the new level.
    log_change
        Log of the new level over the old one.
    """

    series: int
    week: int
    log_change: float

    @property
    def ratio(self) -> float:
        """New level over old level."""
        return float(np.exp(self.log_change))


def level_shifts(weekly: Floats, season_length: int = 52) -> list[LevelShift]:
    """Find the lasting changes of level of [S, n] weekly demand, by series and week.

    Weeks without demand count as a thousandth of the median week, so that a pause is a fall and
    a start is none: the weeks before the first demand are not looked at.

    Examples
    --------
    >>> week = np.concatenate([np.full(30, 10.0), np.full(20, 25.0)])[None, :]
    >>> [(s.week, round(s.ratio, 2)) for s in level_shifts(week)]
    [(30, 2.5)]
    """
    found: list[LevelShift] = []
    for s, row in enumerate(weekly):
        live = np.flatnonzero(row > 0)
        if len(live) and len(row) - live[0] >= 2 * SIDE_WEEKS:
            start = int(live[0])
            found += [
                LevelShift(s, start + week, change)
                for week, change in _shifts(_logs(row[start:]), season_length)
            ]
    return found


def _logs(values: Floats) -> Floats:
    floor = float(np.median(values[values > 0])) / 1000
    return np.asarray(np.log(np.maximum(values, floor)))


def _shifts(x: Floats, season_length: int) -> list[tuple[int, float]]:
    medians = np.median(sliding_window_view(x, SIDE_WEEKS), axis=1)
    change = np.zeros(len(x))
    judged = np.arange(SIDE_WEEKS, len(x) - SIDE_WEEKS + 1)
    change[judged] = medians[judged] - medians[judged - SIDE_WEEKS]
    error = _noise(x) * float(np.sqrt(np.pi / SIDE_WEEKS))
    usual = 1.4826 * float(np.median(np.abs(change[judged])))
    limit = max(MIN_CHANGE, NOISE_MULTIPLE * error, NOISE_MULTIPLE * usual)
    out: list[tuple[int, float]] = []
    for t in np.argsort(-np.abs(change), kind="stable"):
        if abs(change[t]) <= limit:
            break
        if any(abs(t - other) < SIDE_WEEKS for other, _ in out):
            continue
        if _is_step(x, int(t), change[t]) and not _is_season(change, int(t), season_length):
            out.append((_first_week(x, int(t), change[t]), float(change[t])))
    return sorted(out)


def _first_week(x: Floats, t: int, change: float) -> int:
    """Give the week of the largest single step within two weeks: medians blur the day."""
    near = range(max(1, t - 2), min(len(x), t + 3))
    return max(near, key=lambda u: (x[u] - x[u - 1]) * np.sign(change))


def _noise(x: Floats) -> float:
    """Robust spread of single weeks: of x_t − (x_{t−1} + x_{t+1}) / 2, which is 1.5 times it."""
    bend = x[1:-1] - 0.5 * (x[:-2] + x[2:])
    spread = 1.4826 * float(np.median(np.abs(bend - np.median(bend))))
    return spread / float(np.sqrt(1.5))


def _is_step(x: Floats, t: int, change: float) -> bool:
    near = x[max(0, t - 2) : t], x[t : t + 2]
    step = float(np.median(near[1]) - np.median(near[0]))
    return step * np.sign(change) >= STEP_SHARE * abs(change)


def _is_season(change: Floats, t: int, season_length: int) -> bool:
    before = change[max(0, t - season_length - 2) : max(0, t - season_length + 3)]
    if not len(before):
        return False
    same_way = before * np.sign(change[t])
    return bool(same_way.max() >= SEASON_SHARE * abs(change[t]))
