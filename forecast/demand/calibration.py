"""The distribution of a log total: a Student t about the pooled centre.

The scale of window v for a series is log-linear in what the series shows (`signals`),

    σ = exp(b · signals) · ((lead + K/2) / (K/2))^.4,

and the log total is centre + B tanh(σ t_ν / B): a Student t with ν degrees of freedom, whose far
tails are bounded by B so that neither growth nor decline explodes. b and ν maximise the likelihood
of past errors of public series (`scripts/learn_forecast.py`); errors count with both signs, so that
the growth most public series share is not promised to anybody. A history of less than half a year
raises the scale further.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

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
        ν.
    """

    centre: Floats
    scale: Floats
    degrees: float

    @property
    def spread(self) -> Floats:
        """[S] standard deviation of the log total."""
        return np.asarray(self.scale * np.sqrt(self.degrees / (self.degrees - 2.0)))

    def log_quantiles(self, series: int, levels: Floats) -> Floats:
        """Quantiles of the log total at any levels, rising."""
        t = _student(self.degrees, levels.tobytes(), len(levels))
        return np.asarray(self.centre[series] + BOUND * np.tanh(self.scale[series] * t / BOUND))


def distribution(pool: Pool, i: int, window: Window) -> TotalDistribution:
    """Distribution of the log total of `window` after origin i, from what is known there."""
    centre = pool.opinion(window).centre[:, i]
    return TotalDistribution(centre, scales(pool, i, window), pool.constants.degrees)


def scales(pool: Pool, i: int, window: Window) -> Floats:
    """σ of the log total of `window` after origin i, shape [S]."""
    if window not in pool.scales:
        pool.scales[window] = _scales(pool, window)
    return np.asarray(pool.scales[window][:, i])


def _scales(pool: Pool, window: Window) -> Floats:
    panel = pool.hindcast.panel
    half = window.length / 2
    log_scale = signals(pool, window) @ np.array(pool.constants.spread)
    log_scale += ERROR_GROWTH * np.log((window.lead + half) / half)
    known = np.maximum(pool.origins - panel.first[:, None], 0) / panel.season_length
    lacking = np.maximum(0.0, 1.0 - known / SHORT_HISTORY_YEARS)
    raised = np.exp(np.clip(log_scale, -20.0, 5.0)) * (1.0 + SHORT_HISTORY_RAISE * lacking**2)
    return np.clip(raised, MIN_SCALE, MAX_SCALE)


@lru_cache(maxsize=32)
def _student(degrees: float, levels: bytes, n: int) -> Floats:
    """Quantiles of the Student t, kept: every series and origin asks for the same levels."""
    from scipy.special import stdtrit  # half a second that a refused run need not pay

    return np.asarray(stdtrit(degrees, np.frombuffer(levels, dtype=np.float64, count=n)))
