"""Exponential smoothing of the log with its season, over a grid of settings at once.

For a setting (α, β, φ, γ) level ℓ, growth b and season s follow (ETS(A,Ad,A) in error form,
Hyndman et al. 2008, table 2.3)

    e = x_t − (ℓ + φ b + s_P),   ℓ ← ℓ + φ b + α e,   b ← φ b + α β e,   s_P ← s_P + γ (1 − α) e,

β = b = 0 for the settings without growth. Settings are weighted by ∝ (mean e²)^(−n/2), with n the
one-step errors seen so far (older ones fade by 0.99 a period).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.demand.members.likelihood import likelihood_weights
from forecast.demand.members.protocol import Floats, View

LEVELS = (0.03, 0.08, 0.15, 0.25, 0.4, 0.6, 0.85)
SEASONS = (0.0, 0.05, 0.12, 0.25, 0.45)
GROWTHS = (0.05, 0.15, 0.4)
DAMPINGS = (0.8, 0.9, 0.95, 0.98)
SEASONS_WITH_GROWTH = (0.05, 0.2)

FADING = 0.99
"""Weight of an error one period older. Assumed."""

MIN_YEARS = 2


@dataclass(frozen=True)
class SeasonalSmoothing:
    """A grid of additive seasonal smoothings of the log; serves from two years on.

    Attributes
    ----------
    damped
        Whether a damped growth is smoothed too.
    """

    damped: bool = False

    @property
    def name(self) -> str:
        """`seasonal_level` or `seasonal_damped`."""
        return "seasonal_damped" if self.damped else "seasonal_level"

    @property
    def max_origins(self) -> int | None:
        """Fast enough for every origin."""
        return None

    def settings(self) -> Floats:
        """Give (α, β, φ, γ) of every setting, shape [G, 4]."""
        if not self.damped:
            return np.array([(a, 0.0, 0.0, g) for a in LEVELS for g in SEASONS])
        return np.array(
            [
                (a, b, f, g)
                for a in LEVELS
                for b in GROWTHS
                for f in DAMPINGS
                for g in SEASONS_WITH_GROWTH
            ]
        )

    def paths(self, view: View) -> Floats:
        """Continue the series.

        Examples
        --------
        >>> from forecast.demand.members.protocol import Panel
        >>> from forecast.demand.members.view import view_of
        >>> panel = Panel.of(np.tile([1.0, 2.0, 3.0, 4.0], 6)[None, :], 4)
        >>> path = SeasonalSmoothing().paths(view_of(panel, (24,), 4))
        >>> np.exp(path[0, 0]).round(2).tolist()
        [1.0, 2.0, 3.0, 4.0]
        """
        panel, m = view.panel, view.panel.season_length
        out = np.full((len(panel.log), len(view.origins), view.horizon), np.nan)
        for s in range(len(panel.log)):
            first = int(panel.first[s])
            stops = {o - first: i for i, o in enumerate(view.origins) if o - first >= MIN_YEARS * m}
            if stops:
                x = panel.log[s, first : first + max(stops)]
                for stop, path in self._run(x, m, sorted(stops), view.horizon):
                    out[s, stops[stop]] = path
        return out

    def _run(self, x: Floats, m: int, stops: list[int], horizon: int) -> list[tuple[int, Floats]]:
        alpha, beta, phi, gamma = self.settings().T
        carried_level, carried_growth, carried_season = alpha, alpha * beta, gamma * (1 - alpha)
        reach = np.cumsum(phi[:, None] ** np.arange(1, horizon + 1), axis=1)
        level, growth, season = _start(x, m, len(alpha), self.damped)
        squares, count = np.zeros(len(alpha)), 0.0
        found: list[tuple[int, Floats]] = []
        for t in range(len(x) + 1):
            if t in stops:
                weights = likelihood_weights(squares, count)
                phases = (t + np.arange(horizon)) % m
                path = weights @ level + (weights * growth) @ reach + (weights @ season)[phases]
                found.append((t, path))
            if t == len(x):
                break
            step = level + phi * growth
            error = x[t] - step - season[:, t % m]
            if t >= m:
                typical = 3.0 * np.sqrt(np.maximum(squares / max(count, 1.0), 1e-6))
                held = np.minimum(np.abs(error), typical) if count >= 6 else np.abs(error)
                squares, count = squares * FADING + held**2, count * FADING + 1.0
            level = step + carried_level * error
            growth = phi * growth + carried_growth * error
            season[:, t % m] += carried_season * error
        return found


def _start(x: Floats, m: int, n_settings: int, damped: bool) -> tuple[Floats, Floats, Floats]:
    """Level, growth and season before the first period, from the first two or three years."""
    years = min(len(x) // m, 3)
    head = x[: years * m]
    kernel = np.full(m + 1, 1.0 / m)
    kernel[[0, -1]] /= 2
    trend = np.convolve(head, kernel, "valid")
    apart = head[m // 2 : m // 2 + len(trend)] - trend
    phases = (np.arange(len(trend)) + m // 2) % m
    season = np.bincount(phases, apart, minlength=m) / np.maximum(
        np.bincount(phases, minlength=m), 1
    )
    season -= season.mean()
    base = (head[:m] - season).mean()
    slope = float(np.clip((head[m : 2 * m].mean() - head[:m].mean()) / m, -0.05, 0.05))
    level = np.full(n_settings, base - slope * m / 2 if damped else base)
    growth = np.full(n_settings, 0.7 * slope if damped else 0.0)
    return level, growth, np.tile(season, (n_settings, 1))
