"""Smoothing on the linear scale after a classical decomposition, as the theta method does.

At every origin the log is split by centred moving averages into a season (the mean over all
years, times the positive-part James-Stein factor) and the rest; the rest, back on the linear
scale, is smoothed with level ℓ and growth b over a grid (α, β, φ):

    e = y_t − (ℓ + φ b),    ℓ ← ℓ + φ b + α e,    b ← φ b + α β e.

Growth adds here and multiplies in the members on the log: which is right differs by series, and
the pool finds out. Weights of the settings are ∝ (mean e²)^(−n/2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from forecast.demand.members.likelihood import likelihood_weights
from forecast.demand.members.protocol import Floats, View

LEVELS = (0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 0.95)
GROWTH_LEVELS = (0.1, 0.25, 0.45, 0.7, 0.95)
GROWTHS = (0.03, 0.1, 0.3)
DAMPINGS = (0.85, 0.95)

FADING = 0.995
"""Weight of an error one period older. Assumed."""
MIN_PERIODS = 12
WARM_UP = 6
"""Periods before errors count."""

LEAST_SHARE = 0.05
"""A path never falls below this share of its level: growth down is not followed to zero."""

MAX_EXCESS = 3.0
"""Log above the mean at which a single period is cut off. Assumed."""

Growth = Literal["none", "damped", "linear"]


@dataclass(frozen=True)
class LinearSmoothing:
    """A grid of smoothings on the linear scale; serves from `MIN_PERIODS` on.

    Attributes
    ----------
    growth
        No growth, a damped one, or one that goes on.
    """

    growth: Growth = "none"

    @property
    def name(self) -> str:
        """`linear_none`, `linear_damped` or `linear_linear`."""
        return f"linear_{self.growth}"

    @property
    def max_origins(self) -> int | None:
        """Fast enough for every origin."""
        return None

    def settings(self) -> Floats:
        """Give (α, β, φ) of every setting, shape [G, 3]."""
        if self.growth == "none":
            return np.array([(a, 0.0, 0.0) for a in LEVELS])
        dampings = DAMPINGS if self.growth == "damped" else (1.0,)
        return np.array([(a, b, f) for a in GROWTH_LEVELS for b in GROWTHS for f in dampings])

    def paths(self, view: View) -> Floats:
        """Continue the series.

        Examples
        --------
        >>> from forecast.demand.members.protocol import Panel
        >>> from forecast.demand.members.view import view_of
        >>> panel = Panel.of(np.full((1, 30), 7.0), 52)
        >>> np.exp(LinearSmoothing().paths(view_of(panel, (30,), 2))[0, 0]).round(6).tolist()
        [7.0, 7.0]
        """
        panel = view.panel
        out = np.full((len(panel.log), len(view.origins), view.horizon), np.nan)
        for s in range(len(panel.log)):
            first = int(panel.first[s])
            asked = [i for i, o in enumerate(view.origins) if o - first >= MIN_PERIODS]
            if asked:
                stops = np.array([view.origins[i] - first for i in asked])
                x = panel.log[s, first : first + int(stops.max())]
                season = classical_seasons(x, panel.season_length, stops)
                season = np.roll(season, first % panel.season_length, axis=1)
                out[s, asked] = self._run(x, season, stops, first, view.horizon)
        return out

    def _run(
        self, x: Floats, season: Floats, stops: np.ndarray, first: int, horizon: int
    ) -> Floats:
        """Smooth one series at O origins at once: [O, horizon] log demand."""
        m = season.shape[1]
        alpha, beta, phi = self.settings().T
        phases = (first + np.arange(len(x))) % m
        rest = x[None, :] - season[:, phases]
        known = np.arange(len(x)) < stops[:, None]
        centre = np.log((np.exp(rest - rest.max()) * known).sum(axis=1) / stops) + rest.max()
        y = np.exp(np.minimum(rest - centre[:, None], MAX_EXCESS))
        level, growth = _start(y, len(alpha), self.growth != "none")
        squares, count = np.zeros_like(level), 0.0
        at = {int(stop): np.flatnonzero(stops == stop) for stop in stops}
        reach = np.cumsum(phi[:, None] ** np.arange(1, horizon + 1), axis=1)
        out = np.empty((len(stops), horizon))
        for t in range(len(x) + 1):
            for o in at.get(t, ()):
                weights = likelihood_weights(squares[o], count)
                ahead = weights @ level[o] + (weights * growth[o]) @ reach
                least = LEAST_SHARE * max(float(weights @ level[o]), LEAST_SHARE)
                coming = (first + t + np.arange(horizon)) % m
                out[o] = centre[o] + np.log(np.maximum(ahead, least)) + season[o, coming]
            if t == len(x):
                break
            step = level + phi * growth
            error = y[:, t, None] - step
            if t >= WARM_UP:
                squares, count = squares * FADING + error**2, count * FADING + 1.0
            level = step + alpha * error
            growth = phi * growth + alpha * beta * error
        return out


def classical_seasons(x: Floats, m: int, stops: np.ndarray) -> Floats:
    """Season by phase at every stop, [O, m]: centred moving averages, all years alike.

    The last half year has no centred average yet; the trend before it is continued there at half
    its slope. Zero with less than two years.
    """
    out = np.zeros((len(stops), m))
    if len(x) < 2 * m:
        return out
    half = m // 2
    kernel = np.full(m + 1, 1.0 / m)
    kernel[[0, -1]] /= 2
    trend = np.convolve(x, kernel, "valid")  # trend[j] is centred on period j + half
    for i, stop in enumerate(stops):
        if stop < 2 * m:
            continue
        last = trend[stop - 2 * half - 1]
        slope = (last - trend[max(stop - 3 * half - 1, 0)]) / half
        ends = last + 0.5 * slope * np.arange(1, half + 1)
        apart = np.concatenate(
            [x[half : stop - half] - trend[: stop - 2 * half], x[stop - half : stop] - ends]
        )
        phases = np.arange(half, stop) % m
        years = np.bincount(phases, minlength=m)
        season = np.bincount(phases, apart, minlength=m) / years
        season -= season.mean()
        noise = float(((apart - season[phases]) ** 2).sum()) / max(len(apart) - m, 1)
        signal = float(season.var())
        kept = max(0.0, 1.0 - noise * float((1.0 / years).mean()) / max(signal, 1e-12))
        out[i] = season * kept
    return out


def _start(y: Floats, n_settings: int, growing: bool) -> tuple[Floats, Floats]:
    head = y[:, :MIN_PERIODS]
    t = np.arange(head.shape[1]) - (head.shape[1] - 1) / 2
    slope = head @ t / (t @ t) if growing else np.zeros(len(y))
    level = head.mean(axis=1) - slope * (head.shape[1] + 1) / 2
    each = np.ones(n_settings)
    return level[:, None] * each, 0.7 * slope[:, None] * each
