"""Exponential smoothing of the log over a grid of settings, all at once and from every origin.

For a setting (α, β, φ) and the history x without its season, level ℓ and growth b follow

    ŷ = ℓ + φ b,    e = x_t − ŷ,    ℓ ← ŷ + α e,    b ← φ b + α β e,

and the h-th period ahead is ℓ + (φ + … + φ^h) b (Gardner 1985, doi:10.1002/for.3980040103; with
β = 0 and b = 0 it is simple smoothing).
Every setting is scored while it runs by what it said of the mean of the next quarter; with L_g
the mean squared error of setting g over the n quarters seen so far, its weight is ∝ L_g^(−n/2),
the likelihood of n independent quarters. The forecast is the weighted mean of all settings.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.demand.members.protocol import Floats, View

MIN_PERIODS = 8
"""Periods before the first forecast, and periods that start the level."""

LEVELS = (0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0)
GROWTHS = (0.05, 0.1, 0.2, 0.4)
DAMPINGS = (0.85, 0.92, 0.96, 0.98)

LOSS_FLOOR = 1e-8
"""Squared log error below which settings count as equally good (0.01 % off)."""


@dataclass(frozen=True)
class Smoothing:
    """A grid of simple or damped-trend smoothings, weighted by their own past.

    Attributes
    ----------
    damped
        Whether a damped growth is smoothed too.
    """

    damped: bool = False

    @property
    def name(self) -> str:
        """`smoothing_level` or `smoothing_damped`."""
        return "smoothing_damped" if self.damped else "smoothing_level"

    @property
    def max_origins(self) -> int | None:
        """Fast enough for every origin."""
        return None

    def settings(self) -> Floats:
        """Give (α, β, φ) of every setting, shape [G, 3]."""
        if not self.damped:
            return np.array([(a, 0.0, 0.0) for a in LEVELS])
        return np.array([(a, b, f) for a in LEVELS for b in GROWTHS for f in DAMPINGS])

    def paths(self, view: View) -> Floats:
        """Continue the series; serves from 8 known periods on.

        Examples
        --------
        >>> from forecast.demand.members.protocol import Panel
        >>> from forecast.demand.members.view import view_of
        >>> panel = Panel.of(np.full((1, 20), 7.0), 52)
        >>> np.exp(Smoothing().paths(view_of(panel, (20,), 2))[0, 0]).round(6).tolist()
        [7.0, 7.0]
        """
        panel = view.panel
        out = np.full((len(panel.log), len(view.origins), view.horizon), np.nan)
        seasonal = np.abs(view.seasons).sum(axis=2) > 0
        plain = [i for i in range(len(view.origins)) if not seasonal[:, i].any()]
        if plain:
            stops = [view.origins[i] for i in plain]
            out[:, plain] = self._run(panel.log, panel.first, stops, view)
        for i in range(len(view.origins)):
            if i not in plain:
                x = view.adjusted(i)
                out[:, [i]] = self._run(x, panel.first, [view.origins[i]], view)
        return np.asarray(out + view.half_noise[:, :, None] + view.season_path())

    def _run(self, x: Floats, first: np.ndarray, stops: list[int], view: View) -> Floats:
        """Smooth `x` [S, n] and continue it from each stop: [S, len(stops), H]."""
        alpha, beta, phi = self.settings().T
        quarter = view.panel.quarter
        reach = _damped_steps(phi, max(view.horizon, quarter))
        ahead = reach[:, :quarter].mean(axis=1)
        level, growth = _start(x, first, stops)
        level = np.repeat(level[:, None], len(alpha), axis=1)
        growth = np.repeat(growth[:, None], len(alpha), axis=1) * (phi > 0)
        said = np.full((quarter, *level.shape), np.nan)
        loss, count = np.zeros(level.shape), np.zeros(len(x))
        out = np.full((len(x), len(stops), view.horizon), np.nan)
        for t in range(max(stops) + 1):
            if t >= quarter:
                due = said[t % quarter]
                real = x[:, t - quarter : t].mean(axis=1)
                scored = np.isfinite(due[:, 0]) & np.isfinite(real)
                miss = np.where(scored[:, None], due - real[:, None], 0.0)
                loss += miss**2
                count += scored
            if t in stops:
                rows = t - first >= MIN_PERIODS
                weights = _weights(loss, count, quarter)
                base = (weights * level).sum(axis=1)
                slopes = (weights * growth) @ reach[:, : view.horizon]
                out[rows, stops.index(t)] = (base[:, None] + slopes)[rows]
            if t == max(stops):
                break
            running = t >= first
            said[t % quarter] = np.where(
                (t - first >= MIN_PERIODS)[:, None], level + ahead * growth, np.nan
            )
            step = level + phi * growth
            error = np.where(running[:, None], np.where(running, x[:, t], 0.0)[:, None] - step, 0.0)
            level = np.where(running[:, None], step + alpha * error, level)
            growth = np.where(running[:, None], phi * growth + alpha * beta * error, growth)
        return out


def _start(x: Floats, first: np.ndarray, stops: list[int]) -> tuple[Floats, Floats]:
    """Level before the first period and growth a period, from the first periods of a series."""
    level, growth = np.zeros(len(x)), np.zeros(len(x))
    t = np.arange(MIN_PERIODS) - (MIN_PERIODS - 1) / 2
    for s in np.flatnonzero(first + MIN_PERIODS <= max(stops)):
        head = x[s, first[s] : first[s] + MIN_PERIODS]
        growth[s] = head @ t / (t @ t)
        level[s] = head.mean() - growth[s] * MIN_PERIODS / 2
    return level, growth


def _weights(loss: Floats, count: Floats, quarter: int) -> Floats:
    """Weights of the settings, ∝ loss^(−n/2) with n quarters seen; shape [S, G]."""
    mean = np.log(loss / np.maximum(count, 1.0)[:, None] + LOSS_FLOOR)
    power = -0.5 * (count / quarter)[:, None] * mean
    weights = np.exp(power - power.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _damped_steps(phi: Floats, horizon: int) -> Floats:
    """φ + … + φ^h for h = 1 … horizon, shape [G, horizon]."""
    return np.asarray(np.cumsum(phi[:, None] ** np.arange(1, horizon + 1), axis=1))
