"""Whether a workload that is silent now has ended, or only pauses.

A running workload ends in a week with probability h. It pauses with probability π and a pause goes
on with probability θ, both from its own history with a prior of one pause of two weeks. After q
silent weeks the two stories have the odds

    ended : paused = h : π θ^(q−1),

so a workload that never paused is given up soon and one that runs in bursts late. What ended is
zero for the whole window: the lowest share P(ended) of its totals. Obsolescence is what methods for
intermittent demand miss when they carry the last level on (Teunter, Syntetos and Babai 2011,
doi:10.1016/j.ejor.2011.05.018).
"""

from __future__ import annotations

import numpy as np

from forecast.demand.members.protocol import Floats

ENDING_SHARE = {52: 0.005, 12: 0.02}
"""h a week, or a month: a workload lives four years. Assumed."""

PRIOR_PAUSES, PRIOR_PAUSE_PERIODS = 1.0, 2.0
"""One pause of two periods, known before any is seen. Assumed."""

LEAST_SHARE, MOST_SHARE = 0.01, 0.999
"""P(ended) below the first is nothing; nothing is surer than the second."""


def ended_shares(values: Floats, season_length: int) -> Floats:
    """P(ended) of every series of [S, n] demand, from its zeros alone: [S].

    >>> steady, bursts = np.ones(60), np.tile([1.0, 0.0, 0.0], 20)
    >>> silent = np.r_[np.ones(54), np.zeros(6)]
    >>> ended_shares(np.stack([steady, bursts, silent]), 52).round(2).tolist()
    [0.0, 0.01, 0.9]
    """
    hazard = ENDING_SHARE[season_length]
    out = np.zeros(len(values))
    for s in np.flatnonzero((values[:, -1] <= 0) & (values > 0).any(axis=1)):
        running = np.flatnonzero(values[s] > 0)
        pauses = np.diff(running) - 1
        pauses = pauses[pauses > 0]
        quiet = values.shape[1] - 1 - int(running[-1])
        starts = (len(pauses) + PRIOR_PAUSES) / (len(running) + 1.0)
        length = (pauses.sum() + PRIOR_PAUSES * PRIOR_PAUSE_PERIODS) / (len(pauses) + PRIOR_PAUSES)
        paused = starts * (1.0 - 1.0 / length) ** (quiet - 1)
        share = hazard / (hazard + paused)
        out[s] = min(share, MOST_SHARE) if share >= LEAST_SHARE else 0.0
    return out
