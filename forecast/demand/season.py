"""The yearly season of the log: where two years support it, shrunk by how well it repeats.

For a series x known up to an origin, with T_t its trend (local linear, weights tricube over one
year to either side) and P the phase of the year, a few rounds of

    s_P = mean over years of smoothed (x_t − T_t),      T = local linear fit of x − s

give the raw season. With Y years, V_m the variance of s over phases and V_w the mean variance of
x − T between years at the same phase, the share of s that is not noise is

    κ = max(0, 1 − (V_w / Y) / V_m),

the positive-part James-Stein factor, and κ·s is used. A season that does not repeat is zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from forecast.demand.members.protocol import Floats, Panel

MIN_YEARS = 2
"""Years of own history below which there is no season."""

MAX_YEARS = 6
"""Only the last years are used: a season drifts. Assumed."""

ROUNDS = 3

WEEKLY_SMOOTHING = np.array([1.0, 2.0, 3.0, 2.0, 1.0]) / 9.0
"""Weights over neighbouring weeks; holidays move by a week from year to year. Assumed."""

MIN_PERIODS_TO_SMOOTH = 26
"""A season of fewer periods (months) is not smoothed over neighbours."""


def seasons(panel: Panel, origins: Sequence[int]) -> Floats:
    """Additive yearly season of the log by column mod season_length, shape [S, O, m].

    Parameters
    ----------
    panel
        The series.
    origins
        Nothing at or after an origin is read for it.

    Examples
    --------
    >>> t = np.arange(48)
    >>> panel = Panel.of(np.exp(0.02 * t + np.sin(2 * np.pi * t / 12))[None, :], 12)
    >>> seasons(panel, [48])[0, 0, 1:4].round(1).tolist()
    [0.5, 0.9, 1.0]
    """
    m = panel.season_length
    out = np.zeros((len(panel.log), len(origins), m))
    if m < MIN_YEARS:
        return out
    for i, origin in enumerate(origins):
        known = panel.known(origin)
        used = np.minimum(known // m, MAX_YEARS) * m
        for length in np.unique(used[used >= MIN_YEARS * m]):
            rows = used == length
            raw = _estimate(panel.log[rows, origin - length : origin], m)
            out[rows, i] = np.roll(raw, (origin - length) % m, axis=1)
    return out


def _estimate(x: Floats, m: int) -> Floats:
    """Season by column mod m of whole years `x` [S, Y·m], shrunk."""
    n_years = x.shape[1] // m
    trend_of = _local_linear(x.shape[1], m)
    season = np.zeros((len(x), m))
    for _ in range(ROUNDS):
        trend = (x - np.tile(season, n_years)) @ trend_of.T
        by_year = _smooth((x - trend).reshape(len(x), n_years, m))
        season = by_year.mean(axis=1)
        season -= season.mean(axis=1, keepdims=True)
    between = by_year.var(axis=1, ddof=1).mean(axis=1) / n_years
    signal = season.var(axis=1)
    kept = np.maximum(0.0, 1.0 - between / np.maximum(signal, np.finfo(np.float64).tiny))
    return np.asarray(season * kept[:, None])


def _smooth(by_year: Floats) -> Floats:
    if by_year.shape[2] < MIN_PERIODS_TO_SMOOTH:
        return by_year
    half = len(WEEKLY_SMOOTHING) // 2
    shifts = range(-half, half + 1)
    rolled = [
        w * np.roll(by_year, k, axis=2) for w, k in zip(WEEKLY_SMOOTHING, shifts, strict=True)
    ]
    return np.asarray(np.sum(rolled, axis=0))


@lru_cache(maxsize=16)
def _local_linear(n: int, span: int) -> Floats:
    """Matrix of the local linear smoother with tricube weights over ±span, shape [n, n]."""
    distance = np.arange(n)[None, :] - np.arange(n)[:, None]
    w = np.clip(1.0 - np.abs(distance / (span + 1.0)) ** 3, 0.0, None) ** 3
    s0, s1, s2 = (np.sum(w * distance**k, axis=1, keepdims=True) for k in (0, 1, 2))
    return np.asarray(w * (s2 - s1 * distance) / (s0 * s2 - s1**2))
