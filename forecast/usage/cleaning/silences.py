"""Days that an export lost: silence where there is always usage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from forecast.records.cleaning import WHOLE_PORTFOLIO, CleaningAction, CleaningKind
from forecast.usage.cleaning.finding import Finding, days_text
from forecast.usage.cleaning.rhythm import Mask, Rhythm, runs

SILENT_WEEK_DAYS: Final = 7
"""A silence of the whole portfolio this long is a fault whatever the weekdays are."""

MAX_GAP_DAYS: Final = 14
"""A workload silent for longer may have paused by itself."""

ALWAYS: Final = 0.98
"""Share of its days on which a workload must have usage before a silent one looks lost. Assumed."""

MIN_LIFE_DAYS: Final = 56
"""Days a workload must have lived for that share to mean something."""


def silent_days(known: Sequence[Rhythm]) -> Iterator[Finding]:
    """Find days without any usage, then days that lack one workload which is always there.

    The whole portfolio: a silence of a week or more, or on days whose weekday has usage more
    often than not. One workload: at most two weeks, inside a life with usage on `ALWAYS` of the
    other days.
    """
    if not known:
        return
    total = np.sum([r.units for r in known], axis=0)
    lost = _lost(total > 0)
    for first, last in runs(lost):
        yield Finding(
            kind=CleaningKind.MISSING_DAYS,
            workload=WHOLE_PORTFOLIO,
            start=known[0].day(first),
            end=known[0].day(last),
            action=CleaningAction.FILL,
            seen=f"{days_text(last - first + 1)} without any usage",
            reason="no workload has a row with tokens on these days; an export is missing, or "
            "nothing ran",
            proposal="fill them from the same weekdays around them",
        )
    for rhythm in known:
        yield from _lost_of_one(rhythm, lost)


def _lost(active: Mask) -> Mask:
    """Days of a faulty silence of the whole portfolio, [D]."""
    weekday = np.arange(len(active)) % 7
    often = np.array([2 * active[weekday == w].sum() > (weekday == w).sum() for w in range(7)])
    lost = ~active & often[weekday]
    for first, last in runs(~active):
        if last - first + 1 >= SILENT_WEEK_DAYS:
            lost[first : last + 1] = True
    return np.asarray(lost)


def _lost_of_one(rhythm: Rhythm, lost: Mask) -> Iterator[Finding]:
    active = rhythm.units > 0
    live = np.flatnonzero(active)
    if not len(live):
        return
    begins, ends = int(live[0]), int(live[-1])
    silent = ~active & ~lost
    silent[:begins] = silent[ends + 1 :] = False
    gaps = [(a, b) for a, b in runs(silent) if b - a < MAX_GAP_DAYS]
    n_silent = int(silent.sum())
    n_life = ends + 1 - begins
    if not gaps or n_life < MIN_LIFE_DAYS or len(gaps) > 1 + n_life // 180:
        return
    if n_silent > sum(b - a + 1 for a, b in gaps) or n_silent > (1 - ALWAYS) * n_life + 7:
        return
    for first, last in gaps:
        yield Finding(
            kind=CleaningKind.MISSING_DAYS,
            workload=rhythm.workload,
            start=rhythm.day(first),
            end=rhythm.day(last),
            action=CleaningAction.FILL,
            seen=f"{days_text(last - first + 1)} without usage, against "
            f"{days_text(int(active.sum()))} of {n_life} with it; other workloads ran",
            reason="the export may lack a key, or the workload was down",
            proposal="fill them from the same weekdays around them",
        )
