"""Exponential smoothing of the log with its season, over a grid of settings at once.

For a setting (α, β, φ, γ) level ℓ, growth b and season s follow (ETS(A,Ad,A) in error form,
Hyndman et al. 2008, table 2.3)

    e = x_t − (ℓ + φ b + s_P),   ℓ ← ℓ + φ b + α e,   b ← φ b + α β e,   s_P ← s_P + γ (1 − α) e,

β = b = 0 for the settings without growth. Settings are weighted by ∝ (mean e²)^(−n/2), with n the
one-step errors seen so far (older ones fade by 0.99 a period, at most 80 count).
"""

from __future__ import annotations

import numpy as np

from forecast.demand.members.protocol import Floats, Panel, View
from forecast.demand.season import MIN_YEARS, seasons

LEVELS = (0.03, 0.08, 0.15, 0.25, 0.4, 0.6, 0.85)
SEASONS = (0.0, 0.05, 0.12, 0.25, 0.45)
GROWN_LEVELS = (0.05, 0.15, 0.35, 0.7)
GROWTHS = (0.05, 0.2)
DAMPINGS = (0.85, 0.95, 0.98)
SEASONS_WITH_GROWTH = (0.05, 0.2)

FADING = 0.99
"""Weight of an error one period older. Assumed."""

MAX_COUNTED = 80.0
"""Errors that count at most: with more, one setting would take all the weight. Assumed."""

CLIPPED = 3.0
"""A one-step error counts as at most this many typical ones, once six are known. Assumed."""


class SeasonalSmoothing:
    """Two grids of additive seasonal smoothings of the log; they serve from two years on."""

    @property
    def names(self) -> tuple[str, ...]:
        """`seasonal_level`, and `seasonal_damped` with a damped growth."""
        return ("seasonal_level", "seasonal_damped")

    def settings(self) -> Floats:
        """Give (α, β, φ, γ) of every setting, shape [G, 4]; the ones without growth come first."""
        level = [(a, 0.0, 0.0, g) for a in LEVELS for g in SEASONS]
        damped = [
            (a, b, f, g)
            for a in GROWN_LEVELS
            for b in GROWTHS
            for f in DAMPINGS
            for g in SEASONS_WITH_GROWTH
        ]
        return np.array(level + damped)

    def paths(self, view: View) -> Floats:
        """Continue the series.

        Examples
        --------
        >>> from forecast.demand.members.view import view_of
        >>> panel = Panel.of(np.tile([1.0, 2.0, 3.0, 4.0], 6)[None, :], 4)
        >>> path = SeasonalSmoothing().paths(view_of(panel, (24,), 4))
        >>> np.exp(path[0, 0, :, 0]).round(2).tolist()
        [1.0, 2.0, 3.0, 4.0]
        """
        panel, m = view.panel, view.panel.season_length
        out = np.full((len(panel.log), len(view.origins), view.horizon, 2), np.nan)
        for first in np.unique(panel.first):
            stops = {o - int(first): i for i, o in enumerate(view.origins)}
            stops = {stop: i for stop, i in stops.items() if stop >= MIN_YEARS * m}
            if stops:
                rows = panel.first == first
                x = panel.log[rows, first : first + max(stops)]
                for stop, path in self._run(x, m, sorted(stops), view.horizon):
                    out[rows, stops[stop]] = path
        return out

    def _run(self, x: Floats, m: int, stops: list[int], horizon: int) -> list[tuple[int, Floats]]:
        """Smooth `x` [S, T] and continue it from every stop: [S, horizon, 2] each."""
        alpha, beta, phi, gamma = self.settings().T
        grown = beta > 0
        carried_growth, carried_season = alpha * beta, gamma * (1 - alpha)
        reach = np.cumsum(phi[:, None] ** np.arange(1, horizon + 1), axis=1)
        level, growth, season = _start(x, m, grown)
        squares, count = np.zeros_like(level), 0.0
        found: list[tuple[int, Floats]] = []
        for t in range(x.shape[1] + 1):
            if t in stops:
                phases = (t + np.arange(horizon)) % m
                each = []
                for part in (~grown, grown):
                    weights = _weights(squares[:, part], count)
                    path = (weights * level[:, part]).sum(axis=1)[:, None]
                    path = path + (weights * growth[:, part]) @ reach[part]
                    by_phase = np.einsum("sg,msg->sm", weights, season[:, :, part])
                    each.append(path + by_phase[:, phases])
                found.append((t, np.stack(each, axis=-1)))
            if t == x.shape[1]:
                break
            step = level + phi * growth
            error = x[:, t, None] - step - season[t % m]
            if t >= m:
                held = np.abs(error)
                if count >= 6:
                    held = np.minimum(held, CLIPPED * np.sqrt(np.maximum(squares / count, 1e-6)))
                squares, count = squares * FADING + held**2, count * FADING + 1.0
            level = step + alpha * error
            growth = phi * growth + carried_growth * error
            season[t % m] += carried_season * error
        return found


def _weights(squares: Floats, count: float) -> Floats:
    """Weights ∝ (mean squared error)^(−n/2) of every setting, shape [S, G]."""
    score = -0.5 * min(count, MAX_COUNTED) * np.log(squares / max(count, 1.0) + 1e-10)
    weights = np.exp(score - score.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _start(x: Floats, m: int, grown: np.ndarray) -> tuple[Floats, Floats, Floats]:
    """Level and growth [S, G] and season [m, S, G] before the first period, from two years."""
    head = Panel.of(np.exp(x[:, : 2 * m] - x[:, :1]), m)
    season = seasons(head, (2 * m,))[:, 0]
    base = (x[:, :m] - season).mean(axis=1)
    slope = np.clip((x[:, m : 2 * m].mean(axis=1) - x[:, :m].mean(axis=1)) / m, -0.05, 0.05)
    level = base[:, None] - np.where(grown, slope[:, None] * m / 2, 0.0)
    growth = np.where(grown, 0.7 * slope[:, None], 0.0)
    return level, growth, np.repeat(season.T[:, :, None], len(grown), axis=2)
