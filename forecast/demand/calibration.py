"""The distribution of a log total: a Student t about the pooled centre.

What a series shows apart from its past errors (`signals`) gives an expected scale
σ₀ = exp(a · signals). Its own errors then say how far it is from such series: with z = |error| / σ₀
of n past totals of about the same length, counted as in `pool` and less the older they are, and ū
what z is on average,

    ρ = (n mean(z) + n₀ ū) / (n + n₀) / ū,
    σ = exp(b · signals) · ρ^κ · ((lead + K/2) / (K/2))^.4,

and the log total is centre + B tanh(σ t / B): a Student t with ν + c n degrees of freedom (the less
is known of a series' own spread, the heavier its tails), whose far ends are bounded by B so that
neither growth nor decline explodes. a, b and κ minimise the CRPS of past totals of public series,
ν and c hold 95 % of them inside the 95 % interval (`scripts/learn_forecast.py`); errors count with
both signs, so that the growth most public series share is not promised to anybody. A history of
less than half a year raises the scale further.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import exp, lgamma, pi, sqrt

import numpy as np

from forecast.demand.constants import OWN_WINDOWS, Constants
from forecast.demand.members.past_totals import known_sums
from forecast.demand.members.protocol import Floats, Window
from forecast.demand.pool import ERROR_GROWTH, Pool
from forecast.demand.signals import signals

SHORT_HISTORY_YEARS = 0.5
"""Years of own history below which the scale is raised. Assumed."""

SHORT_HISTORY_RAISE = 3.0
"""By how much at most: a launch in its first weeks has four times the scale, after a quarter 1.75
times. Assumed: adoption is that uncertain."""

MAX_SCALE = 1.0
"""Largest σ of a log total (P10 to P90: a factor of 15). Assumed."""

MIN_SCALE = 0.008
"""Smallest: even a constant history does not promise its continuation to .8 %. Assumed."""

MAX_STANDARD_ERROR = 4.0
"""One past error counts as at most this many expected scales: what happened once in a long past
is no news of the spread. Assumed."""

HALF_LIFE_YEARS = 4.0
"""A past error counts half as much for the spread once it is four years old: a series that was wild
long ago may be calm now. Totals of a year and of 18 months of all M3 series, with constants learned
anew for each: CRPS .0590 without fading, .0589 with 8, 4 and 3 years; the 95 % interval holds 94.2,
94.7, 95.4 and 95.6 %."""

BOUND = 3.0
"""B: a total is never more than a factor of 20 from its centre."""


@dataclass(frozen=True)
class TotalDistribution:
    """Log totals of one window, for S series.

    Attributes
    ----------
    centre, scale
        [S] pooled log totals and σ; NaN centre where no member serves.
    degrees
        [S] degrees of freedom, whole numbers.
    ended
        [S] probability that the series has ended and its total is zero; the rest is told by the
        other three.
    """

    centre: Floats
    scale: Floats
    degrees: Floats
    ended: Floats

    @property
    def spread(self) -> Floats:
        """[S] standard deviation of the log total."""
        return np.asarray(self.scale * np.sqrt(self.degrees / (self.degrees - 2.0)))

    def log_quantiles(self, series: int, levels: Floats) -> Floats:
        """Quantiles of the log total at any levels, rising; minus infinity where it is zero."""
        ended = self.ended[series]
        running = (levels - ended) / (1.0 - ended) if ended else levels
        live = running > 0
        t = _student(float(self.degrees[series]), running[live].tobytes(), int(live.sum()))
        out = np.full(len(levels), -np.inf)
        out[live] = self.centre[series] + BOUND * np.tanh(self.scale[series] * t / BOUND)
        return out


@dataclass(frozen=True)
class Spread:
    """How wide log totals of one window are, after every origin.

    Attributes
    ----------
    scale, degrees
        [S, O] σ, and degrees of freedom as whole numbers.
    """

    scale: Floats
    degrees: Floats


def distribution(pool: Pool, i: int, window: Window) -> TotalDistribution:
    """Distribution of the log total of `window` after origin i, from what is known there."""
    centre = pool.opinion(window).centre[:, i]
    found = spread_of(pool, window)
    return TotalDistribution(
        centre, found.scale[:, i], found.degrees[:, i], pool.hindcast.ended[:, i]
    )


def spread_of(pool: Pool, window: Window) -> Spread:
    """σ and degrees of freedom of the log total of `window` after every origin; kept."""
    return pool.once(("spread", window), lambda: _spread(pool, window))


def expected_scales(pool: Pool, window: Window) -> Floats:
    """σ₀ of the log total of `window` at every origin, [S, O]."""
    expected = np.array(pool.constants.expected)
    return pool.once(("expected", window), lambda: _held(signals(pool, window) @ expected))


@dataclass(frozen=True)
class OwnErrors:
    """What a series' own past errors say of its spread, at every origin.

    Attributes
    ----------
    ratio
        [S, O] ρ: how much larger they were than such series have.
    count
        [S, O] n: past windows behind it.
    """

    ratio: Floats
    count: Floats


def own_errors(pool: Pool, window: Window) -> OwnErrors:
    """Compare past errors of about the length of `window` with the expected scale."""
    shape = (len(pool.hindcast.paths), len(pool.origins))
    half_life = HALF_LIFE_YEARS * pool.hindcast.panel.season_length
    total, count, like_sum = np.zeros(shape), np.zeros(shape), 0.0
    for k, like in pool.alike(window):
        scored = pool.windows[k]
        z = np.abs(pool.pooled_errors(k)) / expected_scales(pool, scored)
        held = np.minimum(z, MAX_STANDARD_ERROR)
        summed, n = known_sums(held, pool.origins, scored.end, half_life=half_life)
        new = like * min(1.0, pool.step / scored.length)
        total += new * summed
        count += new * n
        like_sum += like
    mean = mean_absolute(pool.constants.degrees)
    prior = OWN_WINDOWS * like_sum
    return OwnErrors((total + prior * mean) / (count + prior) / mean, count / like_sum)


@lru_cache(maxsize=32)
def mean_absolute(degrees: float) -> float:
    """ū: mean of |t_ν|.

    >>> round(mean_absolute(8.0), 3)
    0.884
    """
    gammas = exp(lgamma((degrees + 1) / 2) - lgamma(degrees / 2))
    return 2 * sqrt(degrees) * gammas / (sqrt(pi) * (degrees - 1))


def _spread(pool: Pool, window: Window) -> Spread:
    panel = pool.hindcast.panel
    half = window.length / 2
    own = own_errors(pool, window)
    log_scale = signals(pool, window) @ np.array(pool.constants.spread)
    log_scale += pool.constants.own * np.log(own.ratio)
    log_scale += ERROR_GROWTH * np.log((window.lead + half) / half)
    known = np.maximum(pool.origins - panel.first[:, None], 0) / panel.season_length
    lacking = np.maximum(0.0, 1.0 - known / SHORT_HISTORY_YEARS)
    scale = _held(log_scale, 1.0 + SHORT_HISTORY_RAISE * lacking**2)
    return Spread(scale, degrees_of_freedom(pool.constants, own.count))


def degrees_of_freedom(learned: Constants, count: Floats) -> Floats:
    """ν + c n as whole numbers, of any shape."""
    return np.asarray(np.round(learned.degrees + learned.degrees_a_window * count))


def _held(log_scale: Floats, raised: Floats | float = 1.0) -> Floats:
    return np.clip(np.exp(np.clip(log_scale, -20.0, 5.0)) * raised, MIN_SCALE, MAX_SCALE)


@lru_cache(maxsize=32)
def _student(degrees: float, levels: bytes, n: int) -> Floats:
    """Quantiles of the Student t, kept: every series and origin asks for the same levels."""
    from scipy.special import stdtrit  # half a second that a refused run need not pay

    return np.asarray(stdtrit(degrees, np.frombuffer(levels, dtype=np.float64, count=n)))
