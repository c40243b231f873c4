"""Entries of the inventory that contradict each other about a migration, named in pairs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from forecast.records.capacity import Capacity, circle

if TYPE_CHECKING:
    from forecast.records.workloads import Workload


def check_gates(workload: Workload) -> None:
    """Refuse gates and efforts of levers that a workload does not have, or has twice.

    Raises
    ------
    ValueError
        Naming both entries.
    """
    gated = [gate.lever for gate in workload.gates]
    for lever in gated:
        if gated.count(lever) > 1:
            raise ValueError(f"gates: two stand before {lever}; write one that needs both")
        if getattr(workload, lever) is None:
            raise ValueError(f"gates: one stands before {lever}, and there is no {lever} lever")
    efforts = workload.lever_effort_weeks
    if efforts is None:
        return
    for lever in ("routing", "batch", "caching"):
        declared = getattr(workload, lever) is not None
        if declared and getattr(efforts, lever) is None:
            raise ValueError(f"lever_effort_weeks: gives none for the {lever} lever")
        if not declared and getattr(efforts, lever) is not None:
            raise ValueError(f"lever_effort_weeks: gives some for {lever}, which is no lever here")


def check_dependencies(workloads: Sequence[Workload]) -> None:
    """Refuse names that are not listed, circles, and stated months in the wrong order.

    Raises
    ------
    ValueError
        Naming the entries.
    """
    by_name = {w.name: w for w in workloads}
    for w in workloads:
        for name in w.after:
            if name not in by_name:
                raise ValueError(f"{w.name!r} is after {name!r}, which is not in the inventory")
    if ring := circle({w.name: w.after for w in workloads}):
        steps = "; ".join(f"{a!r} is after {b!r}" for a, b in pairwise((*ring, ring[0])))
        raise ValueError(f"after: goes round in a circle: {steps}; leave one of them out")
    for w in workloads:
        for first in (by_name[name] for name in w.after):
            if w.owner_state.has_shipped and not first.owner_state.has_shipped:
                raise ValueError(
                    f"{w.name!r} is {w.owner_state.value}, but is after {first.name!r}, which is "
                    f"{first.owner_state.value}; mend the state of one of them, or after"
                )
            if first.owner_state.has_shipped:
                continue
            theirs, ours = first.adoption_month, w.adoption_month
            if theirs is not None and ours is not None and ours <= theirs:
                raise ValueError(
                    f"{w.name!r} is after {first.name!r}, but its adoption_month {ours} is not "
                    f"after the adoption_month {theirs} of {first.name!r}; move one of them"
                )


def check_blackouts(workloads: Sequence[Workload], capacity: Capacity) -> None:
    """Refuse a stated month that lies in a blackout, unless it has come about already.

    Raises
    ------
    ValueError
        Naming the workload and the blackout.
    """
    for w in workloads:
        if w.adoption_month is None or w.owner_state.has_shipped:
            continue
        if (blackout := capacity.blackout_of(w.adoption_month)) is not None:
            raise ValueError(
                f"{w.name!r} has the adoption_month {w.adoption_month}, which lies in "
                f"{blackout.described} of capacity; move one of them"
            )
