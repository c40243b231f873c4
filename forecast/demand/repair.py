"""One-off weeks: backfills and outages that say nothing about the weeks to come.

A week t is a one-off when its log x_t stands clear of what came before and after it, and the
level is the same on both sides. With B the median of the nine weeks before, A of the five after,

    upwards:    x_t − max(B, A) > τ      and  |A − B| < half of that excess,
    downwards:  min(B, A) − x_t > τ      and  |A − B| < half of that excess,

where τ = max(5 σ, ln 1.5) and σ is the robust spread of weekly changes. A level that does not
come back is a shift and stays. So does an excess that a year before or after repeats (a season),
and a workload with more episodes than a one-off explains (a pattern). The last five weeks
cannot be judged yet and stay. Medians forgive up to two further one-off weeks beside week t.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from forecast.demand.members.protocol import Floats, Panel

BEFORE, AFTER = 9, 5
"""Weeks whose medians are the level before and after."""

MIN_EXCESS = float(np.log(1.5))
"""A week within 50 % of its surroundings is never removed. Assumed."""

NOISE_MULTIPLE = 5.0
"""And never one within five robust standard deviations of a weekly change. Assumed."""

EPISODES, EPISODES_A_YEAR = 2, 2
"""More episodes than 2 + 2 a year are how the workload runs, not one-offs. Assumed."""

YEAR_SLACK = 2
"""Weeks by which a yearly event may move from one year to the next."""


@dataclass(frozen=True)
class OneOff:
    """Consecutive one-off weeks of one series, [start, stop) as columns."""

    series: int
    start: int
    stop: int
    removed: float
    """Raw less repaired demand: positive for a backfill, negative for an outage."""


def repair(values: Floats, season_length: int) -> tuple[Floats, list[OneOff]]:
    """Replace one-off weeks by the log-linear bridge between the levels around them.

    Parameters
    ----------
    values
        [S, n] weekly demand, at least 0. Weeks before a series' first demand stay as they are.
    season_length
        Weeks of a year.

    Returns
    -------
    tuple
        [S, n] repaired demand, and what was replaced.

    Examples
    --------
    >>> week = np.full((1, 30), 10.0)
    >>> week[0, 12] = 90.0
    >>> mended, found = repair(week, 52)
    >>> round(float(mended[0, 12]), 6), found[0].start, round(found[0].removed, 6)
    (10.0, 12, 80.0)
    """
    n = values.shape[1]
    if n < BEFORE + 1 + AFTER:
        return values, []
    panel = Panel.of(values, season_length)
    x = _log_levels(values, panel.first)
    before, after = _levels(x)
    up = x - np.fmax(before, after)
    down = np.fmin(before, after) - x
    limit = _limit(x)[:, None]
    apart = np.abs(after - before)
    with np.errstate(invalid="ignore"):  # NaN beyond the judged weeks compares as False
        flagged = ((up > limit) & (apart < up / 2)) | ((down > limit) & (apart < down / 2))
        excess = np.where(up > 0, up, np.where(down > 0, -down, 0.0))
    single = flagged & ~_repeats_yearly(flagged, excess, season_length)
    mended = values.copy()
    found: list[OneOff] = []
    for s in np.flatnonzero(single.any(axis=1)):
        years = (n - panel.first[s]) / season_length
        if len(_episodes(flagged[s])) > EPISODES + EPISODES_A_YEAR * years:
            continue
        for start, stop in _episodes(single[s]):
            ends = before[s, start], after[s, stop - 1]
            bridge = np.linspace(*ends, stop - start + 2)[1:-1]
            mended[s, start:stop] = np.exp(bridge)
            removed = float(values[s, start:stop].sum() - mended[s, start:stop].sum())
            found.append(OneOff(int(s), start, stop, removed))
    return mended, found


def _log_levels(values: Floats, first: np.ndarray) -> Floats:
    """Log demand with zeros far below, NaN before the first demand."""
    started = np.arange(values.shape[1]) >= first[:, None]
    live = started & (values > 0)
    logs = np.where(live, np.log(np.where(live, values, 1.0)), np.nan)
    lowest = np.where(live, logs, np.inf).min(axis=1, initial=np.inf, keepdims=True)
    return np.where(started & ~live, np.where(np.isfinite(lowest), lowest, 0.0) - 5.0, logs)


def _levels(x: Floats) -> tuple[Floats, Floats]:
    """Medians of the weeks before and after every week; NaN where these are not all known."""
    n = x.shape[1]
    before, after = np.full(x.shape, np.nan), np.full(x.shape, np.nan)
    before[:, BEFORE:] = np.median(sliding_window_view(x, BEFORE, axis=1), axis=2)[:, : n - BEFORE]
    after[:, : n - AFTER] = np.median(sliding_window_view(x, AFTER, axis=1), axis=2)[:, 1:]
    return before, after


def _limit(x: Floats) -> Floats:
    """Excess above which a week is a one-off, shape [S]."""
    change = np.abs(np.diff(x, axis=1))
    known = np.isfinite(change)
    ranked = np.sort(np.where(known, change, np.inf), axis=1)
    middle = np.maximum(known.sum(axis=1) // 2, 0)
    median = np.take_along_axis(ranked, middle[:, None].clip(max=ranked.shape[1] - 1), axis=1)[:, 0]
    sigma = 1.4826 * np.where(np.isfinite(median), median, 0.0) / np.sqrt(2.0)
    return np.maximum(NOISE_MULTIPLE * sigma, MIN_EXCESS)


def _repeats_yearly(flagged: np.ndarray, excess: Floats, season_length: int) -> np.ndarray:
    """Tell which flagged weeks have half their excess a year earlier or later too."""
    repeats = np.zeros_like(flagged)
    n = flagged.shape[1]
    for s, t in zip(*np.nonzero(flagged), strict=True):
        for year in (t - season_length, t + season_length):
            near = slice(max(0, year - YEAR_SLACK), max(0, min(n, year + YEAR_SLACK + 1)))
            same_way = excess[s, near] * np.sign(excess[s, t])
            if same_way.size and np.nanmax(same_way) >= abs(excess[s, t]) / 2:
                repeats[s, t] = True
    return repeats


def _episodes(flags: np.ndarray) -> list[tuple[int, int]]:
    """Runs of True as [start, stop)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in pairwise(edges.tolist())][::2]
