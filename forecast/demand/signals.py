"""What a series shows, at an origin, of how wrong its forecast may be.

All are logs, so that a spread exp(b·signals) scales with each as a power:

* one: 1.
* disagreement: log of the weighted standard deviation of the members' log totals.
* quarterly_change: log of the root mean square change between quarterly means of the log, over
  three years; yearly_change: the same against the quarter a year before.
* noise: log of the standard deviation of single periods about their neighbours, over two years.
* reach: log of the window's length in years.
* known: log of the years of history, at most eight.
* shift: |log of the last quarter's mean − log of the mean of the three before|, in units of noise
  and change: what tells a new level from an old one.
"""

from __future__ import annotations

import numpy as np

from forecast.demand.hindcast import Hindcast
from forecast.demand.members.protocol import DROP_FLOOR, Floats, Ints, Window
from forecast.demand.pool import Pool

LEAST = 0.01
"""Added to a log spread before its log is taken."""

SHAPES = "shapes"
"""Under which name a pool keeps them."""

QUARTERS = 12
MAX_KNOWN_YEARS = 8.0
MIN_KNOWN_YEARS = 0.5
"""A shorter history counts as half a year here; `calibration` raises its spread."""


def signals(pool: Pool, window: Window) -> Floats:
    """Signals of every series after every origin, [S, O, F] in the order of `constants.SIGNALS`."""
    quarterly, yearly, noise, known, shift = shapes(pool)
    apart = np.log(pool.opinion(window).disagreement + LEAST)
    reach = np.full(apart.shape, np.log(window.length / pool.hindcast.panel.season_length))
    every = [np.ones(apart.shape), apart, quarterly, yearly, noise, reach, known, shift]
    return np.stack(every, axis=2)


def shapes(pool: Pool) -> Floats:
    """quarterly_change, yearly_change, noise, known and shift at every origin: [5, S, O]; kept."""
    return pool.once(SHAPES, lambda: _shapes(pool.hindcast))


def _shapes(hindcast: Hindcast) -> Floats:
    panel = hindcast.panel
    m, quarter = panel.season_length, panel.quarter
    n_series, n_origins = len(panel.first), len(hindcast.origins)
    width = QUARTERS * quarter + m
    tails = np.zeros((n_series, n_origins, width))
    for i, values in enumerate(hindcast.known):
        tail = values[:, -width:]
        tails[:, i, width - tail.shape[1] :] = tail
    recent = tails.reshape(-1, width)
    known: Ints = np.stack([panel.known(origin) for origin in hindcast.origins], axis=1).reshape(-1)
    x = _log(recent, known)
    means = _quarters(x, quarter)
    quarterly = _size(np.diff(means, axis=1), 0.15)
    yearly = _size(means[:, 4:] - means[:, :-4], 1.5 * quarterly)
    bend = x[:, 1:-1] - 0.5 * (x[:, :-2] + x[:, 2:])
    noise = _size(bend[:, -2 * m :] / np.sqrt(1.5), 0.1)
    level = np.diff(_levels(recent[:, -m:], known, m, quarter), axis=0)[0]
    years = np.clip(known / m, MIN_KNOWN_YEARS, MAX_KNOWN_YEARS)
    shift = np.minimum(np.abs(level), 3.0) / (noise + quarterly + 0.05)
    each = (
        np.log(quarterly + LEAST),
        np.log(yearly + 2 * LEAST),
        np.log(noise + LEAST),
        np.log(years),
        shift,
    )
    return np.stack(each).reshape(len(each), n_series, n_origins)


def _log(values: Floats, known: Ints) -> Floats:
    """Log with zeros held at 5 % of the mean; NaN before a series begins."""
    n = values.shape[1]
    begun = np.arange(n) >= n - np.minimum(known, n)[:, None]
    mean = values.sum(axis=1) / np.clip(known, 1, n)
    held = np.maximum(values, (DROP_FLOOR * np.where(mean > 0, mean, 1.0))[:, None])
    return np.where(begun, np.log(held), np.nan)


def _quarters(x: Floats, quarter: int) -> Floats:
    """Means over quarters up to the last column, [S, at most QUARTERS]; NaN before a start."""
    n = min(QUARTERS, x.shape[1] // quarter)
    return np.asarray(x[:, x.shape[1] - n * quarter :].reshape(len(x), n, quarter).mean(axis=2))


def _size(x: Floats, otherwise: Floats | float) -> Floats:
    """Root mean square over what is known of every row."""
    known = np.isfinite(x)
    n = known.sum(axis=1)
    squares = (np.where(known, x, 0.0) ** 2).sum(axis=1) / np.maximum(n, 1)
    return np.where(n > 0, np.sqrt(squares), otherwise)


def _levels(year: Floats, known: Ints, m: int, quarter: int) -> Floats:
    """Log mean of the three quarters before the last one, and of the last: [2, S]."""
    recent = year[:, -quarter:].sum(axis=1) / np.clip(known, 1, quarter)
    before = year[:, :-quarter].sum(axis=1) / np.clip(known - quarter, 1, m - quarter)
    both = np.where((known > quarter) & (before > 0), before, recent)
    least = 0.02 * np.maximum(both, recent)
    pair = np.stack([np.maximum(both, least), np.maximum(recent, least)])
    return np.where(pair > 0, np.log(np.where(pair > 0, pair, 1.0)), 0.0)
