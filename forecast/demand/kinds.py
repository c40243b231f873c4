"""Which way of forecasting fits a workload's weeks."""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from forecast.demand.members.protocol import Floats

QUIET_WEEKS = 13
"""Silent weeks at the end before a workload can count as dormant. Assumed: a quarter."""

INTERMITTENT_SHARE = 1 / 3
"""Share of silent weeks in the last year above which there is no level to smooth. Assumed."""

YEAR = 52


class Kind(StrEnum):
    """How a workload runs."""

    SILENT = "silent"
    """No usage at all."""
    DORMANT = "dormant"
    """It ran, and has been silent for longer than it ever paused before."""
    INTERMITTENT = "intermittent"
    """It runs in bursts with silent weeks between."""
    STEADY = "steady"
    """It runs in most weeks."""


def kinds_of(weekly: Floats) -> list[Kind]:
    """Classify every series of [S, n] weekly demand.

    Dormant is silent at the end for more than 13 weeks and more than twice the longest pause
    before.

    >>> burst = np.zeros(40); burst[[3, 20, 36]] = 1.0
    >>> [str(k) for k in kinds_of(np.stack([np.ones(40), burst, np.zeros(40)]))]
    ['steady', 'intermittent', 'silent']
    """
    return [_kind(row) for row in weekly]


def _kind(row: Floats) -> Kind:
    if row.all():
        return Kind.STEADY
    running = np.flatnonzero(row > 0)
    if not len(running):
        return Kind.SILENT
    quiet = len(row) - 1 - int(running[-1])
    pauses = np.diff(running) - 1
    longest = int(pauses.max()) if len(pauses) else 0
    if quiet > max(QUIET_WEEKS, 2 * longest):
        return Kind.DORMANT
    recent = row[max(int(running[0]), len(row) - YEAR) :]
    return Kind.INTERMITTENT if np.mean(recent <= 0) > INTERMITTENT_SHARE else Kind.STEADY
