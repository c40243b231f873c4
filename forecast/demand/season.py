"""The yearly season of the log: where two years support it, shrunk by how well it repeats.

For a series x known up to an origin, with T_t its centred moving average over a year (the last
half year, which has none yet, is continued at half the slope of the half year before),

    s_P = mean over years of (x_t − T_t) at phase P of the year, less its mean over phases.

With Y years, V_s the variance of s over phases and V_e that of x − T − s,

    κ = max(0, 1 − (V_e / Y) / V_s),

the positive-part James-Stein factor, and κ·s is used. A season that does not repeat is zero.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from forecast.demand.members.protocol import Floats, Panel

MIN_YEARS = 2
"""Years of own history below which there is no season."""

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
    for first in np.unique(panel.first):
        stops = {i: o - int(first) for i, o in enumerate(origins) if o - first >= MIN_YEARS * m}
        if not stops:
            continue
        rows = panel.first == first
        x = panel.log[rows, first:]
        trend = _centred_year(x[:, : max(stops.values())], m)
        for i, stop in stops.items():
            out[rows, i] = np.roll(_estimate(x[:, :stop], trend, m), int(first) % m, axis=1)
    return out


def _centred_year(x: Floats, m: int) -> Floats:
    """Centred moving average over a year; column j is centred on period j + m // 2."""
    sums = np.concatenate([np.zeros((len(x), 1)), np.cumsum(x, axis=1)], axis=1)
    width = m - 1 if m % 2 == 0 else m
    inner = sums[:, width:] - sums[:, :-width]
    if m % 2:
        return np.asarray(inner / m)
    ends = 0.5 * (x[:, :-m] + x[:, m:])
    return np.asarray((inner[:, 1:-1] + ends) / m)


def _estimate(x: Floats, trend: Floats, m: int) -> Floats:
    """Season by column mod m of `x` [S, stop], shrunk; `trend` may reach beyond the stop."""
    stop, half = x.shape[1], m // 2
    last = stop - 2 * half - 1
    slope = (trend[:, last] - trend[:, max(last - half, 0)]) / half
    ends = trend[:, [last]] + 0.5 * slope[:, None] * np.arange(1, half + 1)
    apart = x[:, half:] - np.concatenate([trend[:, : last + 1], ends], axis=1)
    phases = np.arange(half, stop) % m
    years = np.bincount(phases, minlength=m)
    n_rows = -(-(stop - half) // m)
    table = np.zeros((len(x), n_rows * m))
    table[:, : stop - half] = apart
    season = table.reshape(len(x), n_rows, m).sum(axis=1)
    season = np.roll(season, half, axis=1) / years
    season -= season.mean(axis=1, keepdims=True)
    noise = ((apart - season[:, phases]) ** 2).sum(axis=1) / max(stop - half - m, 1)
    noise = noise * float((1.0 / years).mean())
    if m >= MIN_PERIODS_TO_SMOOTH:
        season = _smooth(season)
        noise = noise * float((WEEKLY_SMOOTHING**2).sum())
    signal = np.maximum(season.var(axis=1), np.finfo(np.float64).tiny)
    kept = np.maximum(0.0, 1.0 - noise / signal)
    return np.asarray(season * kept[:, None])


def _smooth(season: Floats) -> Floats:
    """Weigh neighbouring phases [S, m], the year taken as a ring."""
    half, m = len(WEEKLY_SMOOTHING) // 2, season.shape[1]
    ring = np.concatenate([season[:, -half:], season, season[:, :half]], axis=1)
    parts = [w * ring[:, k : k + m] for k, w in enumerate(WEEKLY_SMOOTHING)]
    return np.asarray(np.sum(parts, axis=0))
