"""Totals of one window for all workloads at once, without their months."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from forecast.demand.calibration import distribution
from forecast.demand.intermittent import draw_periods
from forecast.demand.kinds import Kind
from forecast.demand.members.protocol import Floats, Ints, Window
from forecast.demand.pool import Pool


def joint_totals(
    pool: Pool,
    i: int,
    window: Window,
    kinds: Sequence[Kind],
    ranks: Ints,
    rngs: Sequence[np.random.Generator],
) -> Floats:
    """Draw totals of a window of weeks after origin i: [n, S].

    Parameters
    ----------
    kinds
        Of the S series; what is silent or dormant is zero.
    ranks
        [n, S] rank of each draw in its series, coupled (`coupling.joint_ranks`).
    rngs
        One for each series; only bursts take anything from it.
    """
    n = len(ranks)
    levels = (np.arange(n) + 0.5) / n
    found = distribution(pool, i, window)
    out = np.zeros(ranks.shape)
    for s, kind in enumerate(kinds):
        if kind is Kind.STEADY:
            out[:, s] = np.exp(found.log_quantiles(s, levels))[ranks[:, s]]
        elif kind is Kind.INTERMITTENT:
            past, ended = pool.hindcast.known[i][s], float(pool.hindcast.ended[s, i])
            weeks = draw_periods(past, window.end, window, n, ended=ended, rng=rngs[s])
            out[:, s] = np.sort(weeks[:, window.lead :].sum(axis=1))[ranks[:, s]]
    return out
