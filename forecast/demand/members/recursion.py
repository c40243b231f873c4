"""Linear state-space recursions over a grid of settings and many histories at once.

Every setting is a linear model in innovation form with a state s of two numbers, of which the first
is what is seen,

    x̂ = (F s)₁,    e_t = x_t − x̂,    s ← F s + g e_t,    and h periods ahead   x̂ = (F^h s)₁,

which covers simple smoothing, damped growth, drift and reversion to a mean (Hyndman et al. 2008,
Forecasting with Exponential Smoothing, ch. 3). Settings are weighed by what they said before.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from forecast.demand.members.protocol import Floats, Ints

WARM_UP = 6
"""Periods before one-step errors count."""


@dataclass(frozen=True)
class Grid:
    """G settings of a two-state linear model.

    Attributes
    ----------
    transition
        F as rows f₁₁, f₁₂, f₂₁, f₂₂: [4, G].
    gain
        g: [2, G].
    """

    transition: Floats
    gain: Floats

    def __len__(self) -> int:
        """How many settings."""
        return self.gain.shape[1]

    def ahead(self, horizon: int) -> Floats:
        """First row of F^h for h = 1 … horizon: [2, horizon, G]."""
        f11, f12, f21, f22 = self.transition
        out = np.empty((2, horizon, len(self)))
        a, b = f11, f12
        for h in range(horizon):
            out[0, h], out[1, h] = a, b
            a, b = a * f11 + b * f21, a * f12 + b * f22
        return out

    @classmethod
    def join(cls, *grids: Grid) -> Grid:
        """All settings of several grids."""
        return cls(
            np.concatenate([grid.transition for grid in grids], axis=1),
            np.concatenate([grid.gain for grid in grids], axis=1),
        )


@dataclass(frozen=True)
class States:
    """Where R histories ended under G settings.

    Attributes
    ----------
    level, second
        The two states, [R, G].
    squares
        [R, G] sum of squared one-step errors.
    count
        [R] errors in the sum.
    """

    level: Floats
    second: Floats
    squares: Floats
    count: Ints

    def log_likelihood(self, most: float) -> Floats:
        """−n/2 · log(mean squared error), with at most `most` errors counted: [R, G]."""
        mean = self.squares / np.maximum(self.count, 1)[:, None]
        return np.asarray(-0.5 * np.minimum(self.count, most)[:, None] * np.log(mean + 1e-10))


def recur(
    x: Floats, column: Ints, length: Ints, grid: Grid, level: Floats, second: Floats
) -> States:
    """Run every setting over every history.

    Parameters
    ----------
    x
        [V, R, n] V versions of R histories, each ending in the last column.
    column
        [G] which version a setting reads; those of one version stand together.
    length
        [R] periods of each history.
    level, second
        [R, G] states before the first period.

    Examples
    --------
    >>> one, half, zero = np.ones((1, 1)), np.full((1, 1), 0.5), np.zeros((1, 1))
    >>> grid = Grid(np.r_[one, zero, zero, zero], np.r_[half, zero])
    >>> x = np.array([[[4.0, 8.0]]])
    >>> recur(x, np.array([0]), np.array([2]), grid, zero, zero).level.tolist()
    [[5.0]]
    """
    n = x.shape[2]
    order = np.argsort(-length, kind="stable")
    x = np.ascontiguousarray(np.moveaxis(x[:, order], 0, 2).swapaxes(0, 1))  # [n, R, V]
    lengths = length[order]
    f11, f12, f21, f22 = grid.transition
    g1, g2 = grid.gain
    moving = np.flatnonzero((f22 != 1.0) | (f21 != 0.0) | (g2 != 0.0))
    part = slice(int(moving[0]), int(moving[-1]) + 1) if len(moving) else slice(0)
    crossed = bool(f21.any())
    edges = np.flatnonzero(np.diff(column, prepend=-1, append=-1)).tolist()
    versions = [(int(column[a]), slice(a, b)) for a, b in pairwise(edges)]
    level, second = level[order], second[order]
    squares = np.zeros_like(level)
    expected, error, held = (np.empty_like(level) for _ in range(3))
    running = np.searchsorted(-lengths, np.arange(n) - n, side="right")
    warm = np.searchsorted(-lengths, np.arange(n) - n - WARM_UP, side="right")
    for t in range(n):
        a = running[t]
        if not a:
            continue
        now, then, hat, e, p = level[:a], second[:a], expected[:a], error[:a], held[:a]
        np.multiply(f11, now, out=hat)
        hat += np.multiply(f12, then, out=p)
        for version, columns in versions:
            np.subtract(x[t, :a, version, None], hat[:, columns], out=e[:, columns])
        if warm[t]:
            squares[: warm[t]] += np.multiply(e[: warm[t]], e[: warm[t]], out=p[: warm[t]])
        own, q = then[:, part], p[:, part]
        own *= f22[part]
        if crossed:
            own += np.multiply(f21[part], now[:, part], out=q)
        own += np.multiply(g2[part], e[:, part], out=q)
        np.add(hat, np.multiply(g1, e, out=p), out=now)
    back = np.argsort(order, kind="stable")
    count = np.maximum(length - WARM_UP, 0)
    return States(level[back], second[back], squares[back], count)
