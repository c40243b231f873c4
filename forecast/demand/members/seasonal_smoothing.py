"""Exponential smoothing of the log with its season, over a grid of settings at once.

For a setting (α, β, φ, γ) level ℓ, growth b and season s follow (ETS(A,Ad,A) in error form,
Hyndman et al. 2008, table 2.3)

    e = x_t − (ℓ + φ b + s_P),   ℓ ← ℓ + φ b + α e,   b ← φ b + α β e,   s_P ← s_P + γ (1 − α) e,

Settings are weighted by ∝ (mean e²)^(−n/2), with n the
one-step errors seen so far (older ones fade by 0.99 a period, at most 80 count).
"""

from __future__ import annotations

import numpy as np

from forecast.demand.members.protocol import Floats, Panel, View
from forecast.demand.season import MIN_YEARS, seasons

LEVELS = (0.05, 0.15, 0.35, 0.7)
GROWTHS = (0.05, 0.2)
DAMPINGS = (0.85, 0.95, 0.98)
SEASONS = (0.05, 0.2)

FADING = 0.99
"""Weight of an error one period older. Assumed."""

MAX_COUNTED = 80.0
"""Errors that count at most: with more, one setting would take all the weight. Assumed."""

CLIPPED = 3.0
"""A one-step error counts as at most this many typical ones, once six are known. Assumed."""


class SeasonalSmoothing:
    """A grid of additive seasonal smoothings of the log; it serves from two years on."""

    @property
    def names(self) -> tuple[str, ...]:
        """`seasonal_damped`."""
        return ("seasonal_damped",)

    def settings(self) -> Floats:
        """Give (α, β, φ, γ) of every setting, shape [G, 4]."""
        return np.array(
            [(a, b, f, g) for a in LEVELS for b in GROWTHS for f in DAMPINGS for g in SEASONS]
        )

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
        out = np.full((len(panel.log), len(view.origins), view.horizon, 1), np.nan)
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
        """Smooth `x` [S, T] and continue it from every stop: [S, horizon, 1] each."""
        alpha, beta, phi, gamma = self.settings().T
        carried_growth, carried_season = alpha * beta, gamma * (1 - alpha)
        reach = np.cumsum(phi[:, None] ** np.arange(horizon), axis=1)
        level, growth, season = _start(x, m, len(alpha))
        growth *= phi  # damped already: what the next period adds
        squares, count = np.zeros_like(level), 0.0
        found: list[tuple[int, Floats]] = []
        for t in range(x.shape[1] + 1):
            if t in stops:
                phases = (t + np.arange(horizon)) % m
                weights = _weights(squares, count)
                path = (weights * level).sum(axis=1)[:, None] + (weights * growth) @ reach
                by_phase = np.einsum("sg,msg->sm", weights, season)
                found.append((t, (path + by_phase[:, phases])[..., None]))
            if t == x.shape[1]:
                break
            level += growth
            error = x[:, t, None] - level
            error -= season[t % m]
            if t >= m:
                held = error**2
                if count >= 6:
                    most = np.maximum(squares * (CLIPPED**2 / count), CLIPPED**2 * 1e-6)
                    np.minimum(held, most, out=held)
                squares *= FADING
                squares += held
                count = count * FADING + 1.0
            level += alpha * error
            growth += carried_growth * error
            growth *= phi
            season[t % m] += carried_season * error
        return found


def _weights(squares: Floats, count: float) -> Floats:
    """Weights ∝ (mean squared error)^(−n/2) of every setting, shape [S, G]."""
    score = -0.5 * min(count, MAX_COUNTED) * np.log(squares / max(count, 1.0) + 1e-10)
    weights = np.exp(score - score.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _start(x: Floats, m: int, n_settings: int) -> tuple[Floats, Floats, Floats]:
    """Level and growth [S, G] and season [m, S, G] before the first period, from two years."""
    head = Panel.of(np.exp(x[:, : 2 * m] - x[:, :1]), m)
    season = seasons(head, (2 * m,))[:, 0]
    base = (x[:, :m] - season).mean(axis=1)
    slope = np.clip((x[:, m : 2 * m].mean(axis=1) - x[:, :m].mean(axis=1)) / m, -0.05, 0.05)
    each = np.ones(n_settings)
    level = (base - slope * m / 2)[:, None] * each
    return level, 0.7 * slope[:, None] * each, np.repeat(season.T[:, :, None], n_settings, axis=2)
