"""The distribution of a log total: pooled centre, own past errors, a prior where they are few.

The spread of window w for a series is σ = s_w · c. s_w is the prior spread, and c is what past
errors e at all scored windows v say of it,

    c = exp(λ log ĉ + (1 − λ) log c̄),    ĉ = √(π/2) · Σ u |e / s_v| / Σ u,    λ = n / (n + n₀),

u the weight of an error: windows of like length and origins that knew about as much as today
count most, overlapping windows count by what is new in them, n = Σ u. c̄ is the geometric mean
over series, shrunk to one alike. Absolute errors, because a few regime changes rule squares. A
history of less than half a year raises the spread further.

The shape is a Student t with unit variance, mixed by quantile with the standardised errors of
all series (conformal). Members keep their own centres: the distribution is the linear pool of
every member's centre plus its share of the error, which widens when members disagree.

The figures beside the constants are in-sample: the constants were chosen by looking at the very
M3, Tourism and NN5 totals they quote, at one final origin a series, not learned on one domain and
checked on another. Scores on those series flatter them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.demand.members.protocol import Floats, Window
from forecast.demand.pool import Pool, prior_spread

OWN_PRIOR_WINDOWS = 4.0
"""n₀ of a series' own spread, in windows that do not overlap. 2 and 8 scored alike on M3, Tourism
and NN5 (CRPS within 1 %)."""

PANEL_PRIOR_WINDOWS = 10.0
"""n₀ of the spread common to all series. On M3 5 and 20 moved interval coverage by 2 points."""

SHAPE_PRIOR_WINDOWS = 50.0
"""n₀ of the shape: fifty windows put a quarter of the weight on the observed quantiles. Assumed."""

MAX_OBSERVED_SHAPE = 0.5
"""Largest weight of the observed quantiles. On M3 the CRPS was .0658 without them and .0690 with
all weight on them; on NN5 .0512 without and .0497 with."""

T_DEGREES = 6.0
"""Degrees of freedom of the prior shape. 4 and 10 moved M3's CRPS by about 1 %."""

OTHER_SEASON_WEIGHT = 0.2
"""Weight of an error made without a season where today's forecast has one. Assumed."""

SHORT_HISTORY_YEARS = 0.5
"""Years of own history below which the spread is raised. Assumed."""

SHORT_HISTORY_RAISE = 3.0
"""By how much at most: a launch in its first weeks has four times the prior spread, a standard
deviation of .8 for a year; after a quarter 1.75 times. Assumed: adoption is that uncertain."""

MAX_SPREAD = 1.2
"""Largest standard deviation of a log total (P10 to P90: a factor of 21). Assumed."""

MIN_SPREAD = 0.01
"""Smallest: even a constant history does not promise its continuation to 1 %. Assumed."""

N_SHAPE = 200
"""Points of the shape: levels (i + ½) / 200."""

SHAPE_LEVELS = (np.arange(N_SHAPE) + 0.5) / N_SHAPE


@dataclass(frozen=True)
class TotalDistribution:
    """Log totals of one window, for S series.

    Attributes
    ----------
    points, mass
        [S, M · N_SHAPE] log totals, rising, and their probabilities up to the middle of each.
    spread
        [S] calibrated standard deviation, before members' disagreement widens it.
    """

    points: Floats
    mass: Floats
    spread: Floats

    def log_quantiles(self, series: int, levels: Floats) -> Floats:
        """Quantiles of the log total at any levels, rising."""
        return np.interp(levels, self.mass[series], self.points[series])


def distribution(pool: Pool, i: int, window: Window) -> TotalDistribution:
    """Distribution of the log total of `window` after origin i, from what is known there.

    Series without a member at that origin have NaN points.
    """
    spread = spreads(pool, i, window)
    totals = pool.member_totals(i, window)
    weights = pool.weights[:, i]
    served = np.isfinite(totals) & (weights > 0)
    filled = np.where(served, totals, 0.0)
    weights = np.where(served, weights, 0.0)
    weights = weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-300)
    centre = (weights * filled).sum(axis=1, keepdims=True)
    apart = (weights * (filled - centre) ** 2).sum(axis=1)
    within = np.sqrt(np.maximum(spread**2 - apart, (spread / 2) ** 2))
    z = _shape(pool, i)
    points = filled[:, :, None] + within[:, None, None] * z
    points = np.where(served[:, :, None], points, np.inf).reshape(len(points), -1)
    order = np.argsort(points, axis=1, kind="stable")
    points = np.take_along_axis(points, order, axis=1)
    each = np.repeat(weights / N_SHAPE, N_SHAPE, axis=1)
    each = np.take_along_axis(each, order, axis=1)
    mass = np.cumsum(each, axis=1) - each / 2
    last = np.where(np.isfinite(points), points, -np.inf).max(axis=1, keepdims=True)
    points = np.where(np.isfinite(points), points, last)
    points[~served.any(axis=1)] = np.nan
    return TotalDistribution(points, mass, spread)


def spreads(pool: Pool, i: int, window: Window) -> Floats:
    """Calibrated standard deviation of the log total of `window` after origin i, shape [S]."""
    panel = pool.hindcast.panel
    prior = prior_spread(window, panel.season_length)
    z, u = _standardised(pool, i, window)
    n = u.sum(axis=(1, 2))
    mean = (u * np.abs(z)).sum(axis=(1, 2)) / np.maximum(n, 1e-12)
    own = np.maximum(np.sqrt(np.pi / 2) * mean, 0.02)
    seen = n > 0
    typical = np.exp(np.log(own[seen]).mean()) if seen.any() else 1.0
    n_mean = float(n[seen].mean()) if seen.any() else 0.0
    common = typical ** (n_mean / (n_mean + PANEL_PRIOR_WINDOWS))
    share = np.where(seen, n / (n + OWN_PRIOR_WINDOWS), 0.0)
    c = np.exp(share * np.log(own) + (1.0 - share) * np.log(common))
    known = panel.known(pool.hindcast.origins[i]) / panel.season_length
    lacking = np.maximum(0.0, 1.0 - known / SHORT_HISTORY_YEARS)
    c = c * (1.0 + SHORT_HISTORY_RAISE * lacking**2)
    return np.clip(prior * c, MIN_SPREAD, MAX_SPREAD)


def _standardised(pool: Pool, i: int, window: Window | None) -> tuple[Floats, Floats]:
    """Errors over their prior spread, and their weights u: both [S, i, K], zero where unknown."""
    panel, origins = pool.hindcast.panel, pool.hindcast.origins
    errors = pool.errors(i)
    prior = np.array([prior_spread(w, panel.season_length) for w in pool.windows])
    known = np.isfinite(errors)
    u = np.array([min(1.0, pool.step / w.length) for w in pool.windows])
    if window is not None:
        lengths = np.array([w.length for w in pool.windows], dtype=np.float64)
        u = u * np.minimum(lengths, window.length) / np.maximum(lengths, window.length)
    past = errors.shape[1]
    now = panel.known(origins[i])[:, None]
    then = np.maximum(np.array(origins[:past], dtype=np.int64) - panel.first[:, None], 0)
    enough = np.minimum(np.maximum(now, 1), 4 * panel.season_length)
    trained = np.minimum(1.0, then / enough)
    seasonal = pool.hindcast.seasonal
    lacking = seasonal[:, [i]] & ~seasonal[:, :past]
    by_origin = trained * np.where(lacking, OTHER_SEASON_WEIGHT, 1.0)
    weights = np.where(known, by_origin[:, :, None] * u, 0.0)
    return np.where(known, errors, 0.0) / prior, weights


def _shape(pool: Pool, i: int) -> Floats:
    """Standardised quantiles at `SHAPE_LEVELS`: Student t, mixed with past errors."""
    from scipy.stats import t as student  # half a second that a refused run need not pay

    prior = student.ppf(SHAPE_LEVELS, T_DEGREES) * np.sqrt((T_DEGREES - 2) / T_DEGREES)
    z, u = _standardised(pool, i, None)
    n = u.sum(axis=(1, 2))
    seen = n > 0
    if not seen.any():
        return np.asarray(prior)
    mean = (u * np.abs(z)).sum(axis=(1, 2)) / np.maximum(n, 1e-12)
    size = np.maximum(np.sqrt(np.pi / 2) * mean, 0.02)[:, None, None]
    values, weights = (z / size)[u > 0], u[u > 0]
    order = np.argsort(values, kind="stable")
    mass = np.cumsum(weights[order]) - weights[order] / 2
    observed = np.interp(SHAPE_LEVELS, mass / weights.sum(), values[order])
    # Errors of one portfolio move together; S series are worth √S of them.
    independent = float(n[seen].mean()) * np.sqrt(seen.sum())
    share = MAX_OBSERVED_SHAPE * independent / (independent + SHAPE_PRIOR_WINDOWS)
    return np.asarray(np.maximum.accumulate(share * observed + (1.0 - share) * prior))
