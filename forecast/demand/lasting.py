"""Whether what runs goes on: workloads that lose most of their use for good.

The calibrated errors come from published series, and those go on: of 43,762 quarters of M3, five
were followed by nothing but quarters below half of them, of 3,763 of Tourism none. Machine types,
model versions and single customers do end. How often shows in the portfolio itself. A quarter was a
fall when all that is known after it stays below a quarter of it; with e falls in n quarters of
running workloads a workload falls in a quarter with

    h = e / (n + n₀),

nothing as long as nothing fell. What fell may have moved to another workload of the portfolio, as
demand does when one machine type or model succeeds another. Its share is read off the sums of all
workloads over the quarters with falls,

    m = 1 − Σ min(lost, max(0, what the sum of all lost)) / Σ lost,

so a portfolio counts on h (1 − m) a quarter, and who commits to one workload alone on h.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from forecast.demand.history import History
from forecast.demand.kinds import Kind
from forecast.demand.members.protocol import Floats
from forecast.records.workloads import Workload

QUARTER_WEEKS = 13

LEFT_SHARE = 0.25
"""What is left after a fall at most. Assumed: seasons rarely take three quarters of a workload."""

PRIOR_QUARTERS = 4.0
"""n₀: a year of one workload without a fall, known before any is seen. Assumed; annual commitments
to single machine types (`scripts/benchmarks/pooled_annual.py`) cost .99 of list with 0 to 10."""


class Falls(NamedTuple):
    """What a portfolio's history says of workloads that fell for good."""

    n_falls: int
    n_quarters: int
    """Quarters of running workloads that a fall could have followed."""
    moved_share: float
    """Share of what fell that went to other workloads."""

    @property
    def alone(self) -> float:
        """Probability a quarter that one workload falls, h."""
        return self.n_falls / (self.n_quarters + PRIOR_QUARTERS) if self.n_falls else 0.0

    @property
    def within(self) -> float:
        """Probability a quarter that a fall is the portfolio's loss, h (1 − m)."""
        return self.alone * (1.0 - self.moved_share)


def observed_falls(weekly: Floats) -> Falls:
    """Count the falls of [S, n] weekly demand, all series in one unit.

    >>> steady = np.ones(78)
    >>> gone = np.r_[np.ones(52), np.zeros(26)]
    >>> heir = 1.0 + np.r_[np.zeros(52), np.ones(26)]
    >>> lost = observed_falls(np.stack([steady, gone]))
    >>> lost.n_falls, lost.moved_share, round(lost.alone, 3), round(lost.within, 3)
    (1, 0.0, 0.077, 0.077)
    >>> moved = observed_falls(np.stack([steady, gone, heir]))
    >>> moved.n_falls, moved.moved_share, moved.within
    (1, 1.0, 0.0)
    """
    n = weekly.shape[1] // QUARTER_WEEKS
    begin = weekly.shape[1] - n * QUARTER_WEEKS
    sums = weekly[:, begin:].reshape(len(weekly), n, QUARTER_WEEKS).sum(axis=2)
    n_running = (weekly > 0).cumsum(axis=1)[:, begin + QUARTER_WEEKS - 1 :: QUARTER_WEEKS]
    n_falls = n_quarters = 0
    lost, missed = 0.0, 0.0
    for j in range(n - 1):
        running = (sums[:, j] > 0) & (n_running[:, j] >= QUARTER_WEEKS)
        fell = running & (sums[:, j + 1 :].max(axis=1) < LEFT_SHARE * sums[:, j])
        n_quarters += int(running.sum())
        n_falls += int(fell.sum())
        less = float((sums[fell, j] - sums[fell, j + 1]).sum())
        lost += less
        missed += min(less, max(0.0, float((sums[:, j] - sums[:, j + 1]).sum())))
    return Falls(n_falls, n_quarters, 1.0 - missed / lost if lost > 0 else 0.0)


def portfolio_falls(
    history: History,
    kinds: Sequence[Kind],
    inventory: Mapping[str, Workload],
    usd_per_unit: Floats,
) -> Falls:
    """Falls of the workloads that nobody said would end; what runs in bursts did not fall."""
    told = {name for name, workload in inventory.items() if workload.retires_month is not None}
    rows = [
        w
        for w, (name, kind) in enumerate(zip(history.names, kinds, strict=True))
        if kind in (Kind.STEADY, Kind.DORMANT) and name not in told
    ]
    return observed_falls(history.fitted[rows] * usd_per_unit[rows, None])


def lasting_shares(
    hazard_share: float, n_weeks: int, n: int, *, rng: np.random.Generator
) -> Floats:
    """Share of each coming week that a workload still runs, in n paths: [n, n_weeks].

    Parameters
    ----------
    hazard_share
        Probability a quarter that it falls, the same in every quarter, 0 to 1 (excluded). What is
        left after a fall is not counted on.

    Examples
    --------
    >>> runs = lasting_shares(0.5, 26, 10_000, rng=np.random.default_rng(0)).mean(axis=0)
    >>> runs[[12, 25]].round(1).tolist()
    [0.5, 0.3]
    """
    if hazard_share <= 0:
        return np.ones((n, n_weeks))
    end = QUARTER_WEEKS * rng.standard_exponential(n) / -np.log1p(-hazard_share)
    return np.clip(end[:, None] - np.arange(n_weeks), 0.0, 1.0)


def lasting_months(
    week_shares: Floats, hazard_share: float, n: int, *, rng: np.random.Generator
) -> Floats:
    """The same by month, [n, T], with `week_shares` [H, T] of every week in every month.

    >>> two = np.repeat(np.eye(2), 4, axis=0)
    >>> lasting_months(two, 0.0, 1, rng=np.random.default_rng(0)).tolist()
    [[1.0, 1.0]]
    """
    runs = lasting_shares(hazard_share, len(week_shares), n, rng=rng)
    of_month = week_shares.sum(axis=0)
    return np.asarray(runs @ week_shares / np.where(of_month > 0, of_month, 1.0))
