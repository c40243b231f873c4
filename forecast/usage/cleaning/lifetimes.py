"""The ends of a workload's life: a start far above what follows, and a silence at the end."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from typing import Final

import numpy as np

from forecast.records.cleaning import CleaningAction, CleaningKind
from forecast.usage.cleaning.finding import Finding, days_text
from forecast.usage.cleaning.rhythm import Rhythm

SPIKE_WEEKS: Final = 6
"""First weeks that may be a spike. Assumed: trials and announcements are over by then."""

SETTLED_WEEKS: Final = 8
"""Weeks after them that say what the workload came to."""

SPIKE_RATIO: Final = 3.0
SPIKE_EVERY_WEEK: Final = 1.8
"""The highest first week stands at three times, each of them at 1.8 times what follows. Assumed."""

STARTS_AFTER_DAYS: Final = 14
"""A workload that begins with the export may have begun before it."""

QUIET_DAYS: Final = 28
"""Silent days at the end before anything is said. Assumed: four weeks."""

QUIET_MULTIPLE: Final = 3
"""And three times the longest pause before: a monthly job may well be silent for four weeks."""

HANDOVER_DAYS: Final = 14
SAME_VOLUME_RATIO: Final = 2.0
"""A workload may go on under another name if that one begins within two weeks of its end, at half
to twice its volume. Assumed; it only adds a sentence."""

MIN_ACTIVE: Final = 28
"""Active days that make a rhythm to have stopped."""


def launch_spikes(known: Sequence[Rhythm]) -> Iterator[Finding]:
    """Find first weeks that stand far above the weeks that follow."""
    for rhythm in known:
        if rhythm.begins < STARTS_AFTER_DAYS:
            continue
        life = rhythm.units[rhythm.begins :]
        weeks = life[: len(life) // 7 * 7].reshape(-1, 7).sum(axis=1)
        found = _spike(weeks)
        if found is None:
            continue
        n, settled = found
        first, last = rhythm.day(rhythm.begins), rhythm.day(rhythm.begins + 7 * n - 1)
        yield Finding(
            kind=CleaningKind.LAUNCH_SPIKE,
            workload=rhythm.workload,
            start=first,
            end=last,
            action=CleaningAction.LEAVE_OUT,
            seen=f"the first {n} weeks hold up to {weeks[:n].max() / settled:.1f} times the "
            f"median of the {SETTLED_WEEKS} weeks after them",
            reason="trials and first loads are over; kept, they read as falling demand",
            proposal="forecast from the weeks after them only",
        )


def _spike(weeks: np.ndarray) -> tuple[int, float] | None:
    """Give how many first weeks are a spike, and the level after them."""
    for n in range(1, SPIKE_WEEKS + 1):
        after = weeks[n : n + SETTLED_WEEKS]
        if len(after) < SETTLED_WEEKS:
            return None
        settled = float(np.median(after))
        if settled <= 0:
            continue
        ratios = weeks[:n] / settled
        is_over = float(weeks[n]) < SPIKE_EVERY_WEEK * settled
        if is_over and ratios.max() >= SPIKE_RATIO and ratios.min() >= SPIKE_EVERY_WEEK:
            return n, settled
    return None


def retired_workloads(known: Sequence[Rhythm], *, retiring: Container[str]) -> Iterator[Finding]:
    """Find workloads that had a rhythm and have stopped.

    Parameters
    ----------
    retiring
        Workloads whose end the inventory states already.
    """
    for rhythm in known:
        active = np.flatnonzero(rhythm.units > 0)
        if len(active) < MIN_ACTIVE or rhythm.workload in retiring:
            continue
        quiet = len(rhythm.units) - 1 - int(active[-1])
        longest = int(np.diff(active).max()) - 1
        if quiet < max(QUIET_DAYS, QUIET_MULTIPLE * longest):
            continue
        pause = f"the longest pause before was {days_text(longest)}" if longest else "never before"
        yield Finding(
            kind=CleaningKind.RETIRED_WORKLOAD,
            workload=rhythm.workload,
            start=rhythm.day(int(active[-1]) + 1),
            end=rhythm.day(len(rhythm.units) - 1),
            action=CleaningAction.RETIRE,
            seen=f"no usage for {days_text(quiet)} after {days_text(len(active))} with usage; "
            f"{pause}",
            reason="it seems to have ended; only its owner knows whether it comes back",
            proposal="forecast nothing of it (or state retires_month in the inventory)"
            + _same_work(rhythm, int(active[-1]) + 1, known),
        )


def _same_work(ended: Rhythm, day: int, known: Sequence[Rhythm]) -> str:
    """Name the workload that began where one ended, at about its volume: a rename looks so."""
    before = float(ended.units[max(0, day - QUIET_DAYS) : day].mean())
    found: list[tuple[int, str]] = []
    for other in known:
        if other.begins < STARTS_AFTER_DAYS or abs(other.begins - day) > HANDOVER_DAYS:
            continue
        ratio = float(other.units[other.begins : other.begins + QUIET_DAYS].mean()) / before
        if 1 / SAME_VOLUME_RATIO <= ratio <= SAME_VOLUME_RATIO:
            found.append(
                (
                    abs(other.begins - day),
                    f"; {other.workload} began on {other.day(other.begins)} at {ratio:.0%} of its "
                    "volume: if that is the same work renamed, let one workload match both",
                )
            )
    return min(found)[1] if found else ""
