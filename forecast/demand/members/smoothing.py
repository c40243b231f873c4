"""Exponential smoothing on the log and on the linear scale, over grids of settings, in one pass.

Every history is seen twice without its season: x = log demand about its mean, and x = demand over
its mean. Growth adds on the one and multiplies on the other; which is right differs by series.
The grids (α the gain of the level ℓ):

* *level*: ℓ alone.
* *theta*: ℓ and the drift c·b, b the least-squares slope of the whole history and c from 0 to 1;
  c = ½ is the theta method (Assimakopoulos and Nikolopoulos 2000,
  doi:10.1016/S0169-2070(00)00066-2), free c its optimised form (Fiorucci et al. 2016).
* *damped*: ℓ and a damped growth with gain β (Gardner 1985, doi:10.1002/for.3980040103).
* *revert*: ℓ falls back to the mean of the history by a share 1 − φ a period.

A member weighs the settings of one grid by w ∝ exp(κ₁ · one-step log-likelihood − κ₂ · Σ n log ε),
ε the mean absolute log error of the n totals of a quarter to three years that a setting gave at
past origins. Totals are what is decided on, and they choose a drift better than one-step errors:
on the 1,428 M3 monthly series the mean absolute log error of the theta member's 12-month total
fell from .0834 (one-step alone) to .0756.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from forecast.demand.members.past_totals import TotalsSoFar
from forecast.demand.members.protocol import Floats, Ints, View
from forecast.demand.members.recursion import Grid, States, recur

MIN_PERIODS = 8
"""Periods before the first forecast."""

HEAD = 13
"""First periods that start level and growth: a third of the history, at most these."""

MAX_COUNTED = 80.0
"""One-step errors that count at most: with more, one setting would take all the weight. Assumed."""

MAX_EXCESS = 3.0
"""Log above the mean at which a single period is cut off on the linear scale. Assumed."""

MAX_MOVE = 4.0
"""A log path leaves the mean of the history by no more."""

LEAST_SHARE = 0.05
"""A linear path never falls below this share of its level: growth down is not followed to zero."""

LINEAR, LOG = 0, 1

ONE_STEP = (1.0, 0.0)
"""κ₁, κ₂ of a member judged by one-step errors alone."""

TOTALS = (0.4, 2.0)
"""κ₁, κ₂ of a member judged by past totals. κ₂ of 1 and 3 gave .0762 and .0754 on M3 for 2's .0756
and, on NN5, .0666 and .0701 for .0684."""


@dataclass(frozen=True)
class Smoother:
    """One member of the family: a grid on one scale, and how its settings are weighed."""

    name: str
    grid: str
    scale: int
    judged: tuple[float, float]


SMOOTHERS = (
    Smoother("level", "level", LINEAR, ONE_STEP),
    Smoother("theta", "theta", LOG, ONE_STEP),
    Smoother("linear_theta", "theta", LINEAR, ONE_STEP),
    Smoother("theta_by_totals", "theta", LOG, TOTALS),
    Smoother("linear_theta_by_totals", "theta", LINEAR, TOTALS),
    Smoother("damped", "damped", LOG, ONE_STEP),
    Smoother("damped_by_totals", "damped", LOG, TOTALS),
    Smoother("linear_damped_by_totals", "damped", LINEAR, TOTALS),
    Smoother("revert", "revert", LINEAR, ONE_STEP),
)


RUN = (
    ("level", LINEAR),
    ("theta", LINEAR),
    ("revert", LINEAR),
    ("damped", LINEAR),
    ("damped", LOG),
    ("theta", LOG),
)
"""Grids and scales in the order they are run in: a scale at a time, moving growths together."""


def grid_of(name: str) -> Grid:
    """Settings of a grid.

    >>> {name: len(grid_of(name)) for name in ("level", "theta", "damped", "revert")}
    {'level': 10, 'theta': 35, 'damped': 30, 'revert': 20}
    """
    if name == "level":
        alpha = np.array([0.03, 0.06, 0.1, 0.17, 0.26, 0.37, 0.5, 0.65, 0.8, 0.95])
        zero, one = np.zeros_like(alpha), np.ones_like(alpha)
        return Grid(np.stack([one, zero, zero, one]), np.stack([alpha, zero]))
    if name == "theta":
        drifts = (0.0, 0.25, 0.5, 0.75, 1.0)
        alpha, c = np.array(
            [(a, c) for a in (0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9) for c in drifts]
        ).T
        zero, one = np.zeros_like(alpha), np.ones_like(alpha)
        return Grid(np.stack([one, c, zero, one]), np.stack([alpha, zero]))
    if name == "damped":
        growths = ((0.0, 0.0), (0.05, 0.85), (0.2, 0.85), (0.05, 0.95), (0.2, 0.95), (0.05, 1.0))
        alpha, beta, phi = np.array(
            [(a, b, f) for a in (0.1, 0.25, 0.45, 0.7, 0.95) for b, f in growths]
        ).T
        zero, one = np.zeros_like(alpha), np.ones_like(alpha)
        return Grid(np.stack([one, phi, zero, phi]), np.stack([alpha, alpha * beta]))
    alpha, phi = np.array(
        [(a, f) for a in (0.1, 0.3, 0.6, 0.95) for f in (0.3, 0.6, 0.8, 0.9, 0.95)]
    ).T
    zero, one = np.zeros_like(alpha), np.ones_like(alpha)
    return Grid(np.stack([phi, 1 - phi, zero, one]), np.stack([alpha, zero]))


@lru_cache(maxsize=32)
def _ahead(name: str, horizon: int) -> Floats:
    return grid_of(name).ahead(horizon)


class Smoothing:
    """All smoothers, run together."""

    @property
    def names(self) -> tuple[str, ...]:
        """Name of every member, in the order of `paths`."""
        return tuple(smoother.name for smoother in SMOOTHERS)

    def paths(self, view: View) -> Floats:
        """Continue the series; serves from 8 known periods on.

        Examples
        --------
        >>> from forecast.demand.members.protocol import Panel
        >>> from forecast.demand.members.view import view_of
        >>> panel = Panel.of(np.full((1, 30), 7.0), 52)
        >>> np.exp(Smoothing().paths(view_of(panel, (30,), 2))[0, 0, :, 0]).round(6).tolist()
        [7.0, 7.0]
        """
        histories = Histories.of(view)
        grids = [grid_of(name) for name, _ in RUN]
        starts = [
            histories.start(name, scale, len(g))
            for (name, scale), g in zip(RUN, grids, strict=True)
        ]
        column = np.concatenate(
            [np.full(len(g), scale) for (_, scale), g in zip(RUN, grids, strict=True)]
        )
        level, second = (np.concatenate([s[k] for s in starts], axis=1) for k in (0, 1))
        states = recur(histories.x, column, histories.length, Grid.join(*grids), level, second)
        out = np.empty((*histories.season.shape, len(SMOOTHERS)))
        at = np.cumsum([0, *(len(g) for g in grids)])
        for k, smoother in enumerate(SMOOTHERS):
            i = RUN.index((smoother.grid, smoother.scale))
            part = slice(int(at[i]), int(at[i + 1]))
            own = States(
                states.level[:, part], states.second[:, part], states.squares[:, part], states.count
            )
            out[..., k] = histories.continued(smoother, own)
        return out.reshape(len(view.panel.log), len(view.origins), view.horizon, len(SMOOTHERS))


@dataclass(frozen=True)
class Histories:
    """What every series looked like at every origin: R = S · O histories, S-major.

    Attributes
    ----------
    x
        [2, R, n] demand over its mean, and its log about its mean, without season, ending in the
        last column; zero before a history begins.
    length
        [R] periods.
    centre
        [2, R] log of what the two are relative to.
    season
        [R, H] season of the periods to come.
    """

    view: View
    x: Floats
    length: Ints
    centre: Floats
    season: Floats

    @classmethod
    def of(cls, view: View) -> Histories:
        """Cut and scale the histories."""
        panel, n = view.panel, view.panel.n
        cut = np.zeros((len(panel.log), len(view.origins), n))
        for i, origin in enumerate(view.origins):
            cut[:, i, n - origin :] = view.adjusted(i)
        z = cut.reshape(-1, n)
        z[np.isnan(z)] = 0.0
        length = np.maximum(view.origins - panel.first[:, None], 0).reshape(-1)
        known = np.arange(n) >= (n - length)[:, None]
        count = np.maximum(length, 1)
        mean_log = np.where(known, z, 0.0).sum(axis=1) / count
        apart = np.where(known, z - mean_log[:, None], 0.0)
        relative = np.where(known, np.exp(np.minimum(apart, 600.0)), 0.0)
        over = np.log(np.maximum(relative.sum(axis=1) / count, 1e-300))
        linear = np.where(known, np.exp(np.minimum(apart - over[:, None], MAX_EXCESS)), 0.0)
        season = view.season_path().reshape(len(z), -1)
        return cls(
            view, np.stack([linear, apart]), length, np.stack([mean_log + over, mean_log]), season
        )

    @cached_property
    def _head(self) -> tuple[Floats, Floats, Floats]:
        """Mean and slope of the first periods on both scales [2, R], and how many those are."""
        n = self.x.shape[2]
        taken = np.clip(self.length // 3, 4, HEAD)
        taken = np.minimum(taken, np.maximum(self.length, 1))
        place = np.arange(n) - (n - self.length)[:, None]
        inside = (place >= 0) & (place < taken[:, None])
        t = np.where(inside, place - (taken[:, None] - 1) / 2, 0.0)
        mean = (self.x * inside).sum(axis=2) / taken
        slope = (self.x * t).sum(axis=2) / np.maximum((t * t).sum(axis=1), 1e-9)
        return mean, slope, taken.astype(np.float64)

    @cached_property
    def _so_far(self) -> TotalsSoFar:
        return TotalsSoFar(self.view, MIN_PERIODS)

    def start(self, grid: str, scale: int, n_settings: int) -> tuple[Floats, Floats]:
        """States before the first period, both [R, G]."""
        mean, slope, taken = (part[scale] if part.ndim == 2 else part for part in self._head)
        level, second = mean, np.zeros_like(mean)
        if grid == "revert":
            second = self.x[scale].sum(axis=1) / np.maximum(self.length, 1)
        elif grid == "damped":
            second = 0.7 * slope
            level = mean - second * (taken + 1) / 2
        elif grid == "theta":
            n = self.x.shape[2]
            t = np.arange(n) - (n - (self.length[:, None] + 1) / 2)
            t = np.where(np.arange(n) >= (n - self.length)[:, None], t, 0.0)
            second = (self.x[scale] * t).sum(axis=1) / np.maximum((t * t).sum(axis=1), 1e-9)
            level = mean - 0.5 * second * (taken + 1) / 2
        each = np.ones(n_settings)
        return level[:, None] * each, second[:, None] * each

    def continued(self, smoother: Smoother, states: States) -> Floats:
        """Log demand [R, H] of one member."""
        ahead = _ahead(smoother.grid, self.view.horizon)
        one_step, totals = smoother.judged
        score = one_step * states.log_likelihood(MAX_COUNTED)
        if totals:
            score = score - totals * self._missed(smoother.scale, ahead, states)
        weights = np.exp(score - score.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        path = (weights * states.level) @ ahead[0].T + (weights * states.second) @ ahead[1].T
        if smoother.scale == LINEAR:
            path = np.log(np.maximum(path, LEAST_SHARE * np.maximum(path[:, :1], LEAST_SHARE)))
        else:
            path = path + self.view.half_noise.reshape(-1, 1)
        path = np.clip(path, -MAX_MOVE, MAX_MOVE) + self.centre[smoother.scale][:, None]
        path[self.length < MIN_PERIODS] = np.nan
        return np.asarray(path + self.season)

    def _missed(self, scale: int, ahead: Floats, states: States) -> Floats:
        """Σ n log ε of every setting, as known at each origin: [R, G]."""
        shape = (len(self.view.panel.log), len(self.view.origins), states.level.shape[1])
        share = np.exp(self.season)
        out = np.zeros(shape)
        for length in self._so_far.lengths:
            u = share[:, :length]
            size = u.sum(axis=1, keepdims=True)
            total = states.level * (u @ ahead[0, :length]) + states.second * (u @ ahead[1, :length])
            if scale == LINEAR:
                least = LEAST_SHARE * size * np.maximum(states.level, LEAST_SHARE)
                log_total = np.log(np.maximum(total, least))
            else:
                log_total = total / size + np.log(size) + self.view.half_noise.reshape(-1, 1)
            log_total = log_total + self.centre[scale][:, None]
            out += self._so_far.missed(length, log_total.reshape(shape))
        return np.asarray(out.reshape(states.level.shape) / len(self._so_far.lengths))
