"""Counters that add up over days and fall back to zero, exported as the usage of each day.

A cycle of a counter never falls; demand does, at the latest on a weekend. A workload is
suspected when its active days form at least three cycles of five days or more, in each of which
no count of it falls, and each new cycle begins under a third of where the last one ended: the
negative differences between cycles are then resets, not falls of demand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from forecast.records.cleaning import CleaningAction, CleaningKind
from forecast.usage.cleaning.finding import Finding
from forecast.usage.cleaning.rhythm import Rhythm

MIN_CYCLES: Final = 3
MIN_CYCLE_DAYS: Final = 5
"""Five days hold a weekend or nearly so; noise of 10 % falls within them 99 times in 100."""

RESET_SHARE: Final = 1 / 3
"""A cycle begins under this share of the end of the last one."""

MIN_RISE: Final = 2.0
"""And ends at twice where it began at least: a level flow is no counter."""


def counter_resets(known: Sequence[Rhythm]) -> Iterator[Finding]:
    """Find workloads whose usage climbs in ramps that fall back to nothing."""
    for rhythm in known:
        days = np.flatnonzero(rhythm.units > 0)
        if len(days) < MIN_CYCLES * MIN_CYCLE_DAYS:
            continue
        values = rhythm.units[days]
        falls = np.flatnonzero(np.diff(values) < 0) + 1
        edges = [0, *falls.tolist(), len(values)]
        cycles = [values[a:b] for a, b in pairwise(edges)]
        inner = cycles[1:-1]  # the first and the last may be cut by the export
        if len(cycles) < MIN_CYCLES or not all(len(c) >= MIN_CYCLE_DAYS for c in inner):
            continue
        deep = all(values[f] < RESET_SHARE * values[f - 1] for f in falls)
        if not deep or not all(c[-1] >= MIN_RISE * c[0] for c in inner):
            continue
        yield Finding(
            kind=CleaningKind.COUNTER_RESET,
            workload=rhythm.workload,
            start=rhythm.day(int(days[0])),
            end=rhythm.day(int(days[-1])),
            action=CleaningAction.TAKE_DIFFERENCES,
            seen=f"{len(cycles)} ramps over {len(values)} active days in which no day falls, and "
            f"{len(falls)} falls to under a third between them",
            reason="a counter that adds up was exported as the usage of each day, so that usage "
            "counts many times; better export it anew",
            proposal="take the increase over the day before as the usage of a day",
        )
