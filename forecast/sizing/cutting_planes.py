"""The minimum of a convex cost of a few amounts, from its values and slopes.

Every settled schedule C_k with mean cost f_k and slopes g_k bounds the cost from below,

    f(C) ≥ f_k + g_k · (C − C_k)

The smallest value of all these planes together is a linear program of P + 1 variables; where it
lies, the next schedule is settled. The best cost found and the program's value close in on each
other, so the distance to the optimum is known and not guessed.

Source: Kelley, "The cutting-plane method for solving convex programs", J. SIAM 8 (1960) 703-712.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from forecast.highs import QuietHighs
from forecast.paths import Floats

MAX_PLANES = 400
"""Far more than a schedule of 12 periods took; then the best so far is given with its gap."""

N_TRAIL = 6
"""Amounts that are kept to begin a finer search with: about where the planes meet."""

FLOOR_USD = -1e15
"""A cost no contract comes to: keeps the program bounded before it has planes."""


@dataclass(frozen=True)
class Region:
    """Amounts between bounds whose sums over some of them are between bounds too.

    Attributes
    ----------
    lower, upper
        [P] bounds.
    sums
        (indices, least, most) of every constraint.
    """

    lower: Floats
    upper: Floats
    sums: tuple[tuple[tuple[int, ...], float, float], ...] = ()


@dataclass(frozen=True)
class Minimum:
    """The best amounts found, [P], their cost, and what no amounts of the region can beat.

    `trail` are the last amounts that were tried.
    """

    at: Floats
    cost: float
    bound: float
    trail: tuple[Floats, ...] = ()


def minimise(
    cost_and_slope: Callable[[Floats], tuple[float, Floats]],
    region: Region,
    starts: Sequence[Floats],
    *,
    tolerance_share: float,
    give_up_above: float = np.inf,
) -> Minimum:
    """Find the minimum of a convex cost in a region.

    Parameters
    ----------
    cost_and_slope
        The cost of amounts [P] and its slope in each.
    starts
        Amounts to begin with.
    tolerance_share
        Stop when the cost is within this share of the bound.
    give_up_above
        Stop when nothing in the region can be cheaper than this.

    Examples
    --------
    >>> found = minimise(lambda x: (abs(float(x[0]) - 3.0), np.sign(x - 3.0)),
    ...     Region(np.zeros(1), np.full(1, 10.0)), [np.zeros(1)], tolerance_share=1e-9)
    >>> found.at.tolist(), found.cost
    ([3.0], 0.0)
    """
    best, best_cost, bound = starts[0], np.inf, -np.inf
    planes = _Planes(region)
    queue = list(starts)
    trail: list[Floats] = []
    for _ in range(MAX_PLANES):
        lowest, least = planes.lowest()
        bound = max(bound, least)
        near = np.isfinite(best_cost) and best_cost - bound <= tolerance_share * abs(best_cost)
        if bound >= give_up_above or near:
            break
        at = queue.pop(0) if queue else lowest
        cost, slope = cost_and_slope(at)
        if cost < best_cost:
            best, best_cost = at, cost
        trail = [*trail[1 - N_TRAIL :], at]
        planes.add(slope, cost - float(slope @ at))
    return Minimum(best, best_cost, bound, (best, *trail))


class _Planes:
    """min t  subject to  t ≥ g_k · C + h_k  for every plane, and the region."""

    def __init__(self, region: Region) -> None:
        self.program = QuietHighs()
        for low, high in zip(region.lower, region.upper, strict=True):
            self.program.addVar(float(low), float(high))
        self.program.addVar(FLOOR_USD, np.inf)
        self.program.changeColCost(len(region.lower), 1.0)
        for members, least, most in region.sums:
            chosen = np.array(members)
            self.program.addRow(least, most, len(chosen), chosen, np.ones(len(chosen)))

    def add(self, slope: Floats, height: float) -> None:
        """Add a plane."""
        row, columns = np.append(slope, -1.0), np.arange(len(slope) + 1)
        self.program.addRow(-np.inf, -height, len(row), columns, row)

    def lowest(self) -> tuple[Floats, float]:
        """Give where all planes together are lowest, and how low."""
        self.program.run()
        solution = np.array(self.program.getSolution().col_value)
        return solution[:-1], float(solution[-1])
