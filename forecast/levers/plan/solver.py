"""A program of 0/1 choices in HiGHS, without output and without a clock."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

from forecast.levers.plan.constraints import Choice, Row

Floats = NDArray[np.float64]

MAX_NODES: Final = 5_000
"""Branches after which the best order found is taken, with its gap: a clock would make the answer
depend on the machine."""

ROUNDED: Final = 1e-6
"""Distance from 0 or 1 below which the relaxation has decided (the solver's own tolerance)."""


class Solver:
    """maximise Σ v·x under Σ a·x ≤ b, x ∈ {0, 1}.

    Parameters
    ----------
    x, rows
        At least one choice; what HiGHS sees are shares of the largest v.
    certain
        Positions of the choices that are made whatever else is.
    """

    def __init__(self, x: Sequence[Choice], rows: Sequence[Row], certain: Sequence[int]) -> None:
        # A tenth of a second, only where something is left to decide.
        import highspy

        from forecast.highs import QuietHighs

        self._most = max(c.v for c in x)
        n, m = len(x), len(rows)
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = n, m
        lp.sense_ = highspy.ObjSense.kMaximize
        self._v = np.array([c.v / self._most for c in x])
        lp.col_cost_ = self._v
        self._lower = np.zeros(n)
        self._lower[certain] = 1.0
        lp.col_lower_, lp.col_upper_ = self._lower, np.ones(n)
        lp.integrality_ = [highspy.HighsVarType.kInteger] * n
        lp.row_lower_ = np.full(m, -highspy.kHighsInf)
        lp.row_upper_ = np.array([float(row.b) for row in rows])
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = np.cumsum([0, *(len(row.a) for row in rows)])
        lp.a_matrix_.index_ = np.array(list(chain.from_iterable(row.a for row in rows)))
        lp.a_matrix_.value_ = np.array([float(a) for row in rows for a in row.a.values()])
        self._n = n
        self._feasible = int(highspy.SolutionStatus.kSolutionStatusFeasible)
        self._highs = QuietHighs()
        self._set(parallel="off", random_seed=0, mip_abs_gap=0.0, mip_max_nodes=MAX_NODES)
        self._highs.passModel(lp)

    def relaxed(self) -> tuple[Floats, float]:
        """Let x be shares: give them, and what no order exceeds."""
        self._set(solve_relaxation=True)
        self._highs.run()
        self._set(solve_relaxation=False)
        bound = float(self._highs.getInfo().objective_function_value) * self._most
        return np.array(self._highs.getSolution().col_value), bound

    def solved(
        self, gap_share: float, allowed: NDArray[np.bool_] | None = None
    ) -> tuple[list[int], float]:
        """Give the positions of the choices made, and what no order of the allowed ones exceeds.

        No order is given to start from: HiGHS 1.16 may hand that one back in place of a better
        one it has found. Where the branches run out before any order is found, none is given.
        """
        upper = np.ones(self._n) if allowed is None else allowed.astype(np.float64)
        every = np.arange(self._n, dtype=np.int32)
        self._highs.clearSolver()
        self._highs.changeColsBounds(self._n, every, self._lower, upper)
        self._set(mip_rel_gap=gap_share)
        self._highs.run()
        info = self._highs.getInfo()
        if info.primal_solution_status != self._feasible:
            return [], np.inf
        made = np.array(self._highs.getSolution().col_value) > 0.5
        assert np.isclose(self._v[made].sum(), info.objective_function_value)
        return np.flatnonzero(made).tolist(), float(info.mip_dual_bound) * self._most

    def _set(self, **options: bool | float | str) -> None:
        for name, value in options.items():
            self._highs.setOptionValue(name, value)


def undecided(x: Sequence[Choice], shares: Floats) -> NDArray[np.bool_]:
    """Tell which choices the relaxation leaves open.

    Workloads that it settles keep their choice or stay out; the others keep all of theirs.
    """
    made = shares > 1 - ROUNDED
    touched = {c.w for c, share in zip(x, shares, strict=True) if share > ROUNDED}
    settled = {c.w for c, yes in zip(x, made, strict=True) if yes}
    open_ = touched - settled
    return np.array([yes or c.w in open_ for c, yes in zip(x, made, strict=True)])
