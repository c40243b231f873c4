"""Which way of forecasting fits how a series runs."""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from forecast.demand.members.protocol import Floats

QUIET_YEARS = 0.25
"""Silence at the end before a series can count as dormant. Assumed: a quarter."""

INTERMITTENT_SHARE = 1 / 3
"""Share of silent periods in the last year above which there is no level to smooth. Assumed."""


class Kind(StrEnum):
    """How a workload runs."""

    SILENT = "silent"
    """No usage at all."""
    DORMANT = "dormant"
    """It ran, and has been silent for longer than it ever paused before."""
    INTERMITTENT = "intermittent"
    """It runs in bursts with silent periods between."""
    STEADY = "steady"
    """It runs in most periods."""


def kinds_of(values: Floats, season_length: int = 52) -> list[Kind]:
    """Classify every series of [S, n] demand, weekly unless `season_length` says otherwise.

    Dormant is silent at the end for more than a quarter and more than twice the longest pause
    before.

    >>> burst = np.zeros(40); burst[[3, 20, 36]] = 1.0
    >>> [str(k) for k in kinds_of(np.stack([np.ones(40), burst, np.zeros(40)]))]
    ['steady', 'intermittent', 'silent']
    """
    return [_kind(row, season_length) for row in values]


def _kind(row: Floats, year: int) -> Kind:
    if row.all():
        return Kind.STEADY
    running = np.flatnonzero(row > 0)
    if not len(running):
        return Kind.SILENT
    quiet = len(row) - 1 - int(running[-1])
    pauses = np.diff(running) - 1
    longest = int(pauses.max()) if len(pauses) else 0
    if quiet > max(QUIET_YEARS * year, 2 * longest):
        return Kind.DORMANT
    recent = row[max(int(running[0]), len(row) - year) :]
    return Kind.INTERMITTENT if np.mean(recent <= 0) > INTERMITTENT_SHARE else Kind.STEADY
