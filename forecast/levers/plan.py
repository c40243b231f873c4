"""The migration as a pass: the largest saving first, one after another, each through a gate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import Final

from forecast.levers.turnaround import deadline_of
from forecast.records.workloads import OwnerState, Portfolio, Workload
from forecast.units import add_months, month_of

WEEKS_PER_MONTH: Final = 365.25 / 7 / 12


def migration_order(
    savings: Mapping[str, float], portfolio: Portfolio, earliest: date
) -> tuple[tuple[str, date], ...]:
    """Put the workloads that save into the order in which their levers start to act.

    One workload is migrated at a time. The largest saving comes first, in the month of
    `earliest` or as many months later as its effort takes; the next follows in the month after.
    A stated adoption month is kept and takes that month's place. What has shipped needs no
    engineer and acts from `earliest`.

    Parameters
    ----------
    savings
        USD a year by workload; only positive ones are migrated.
    earliest
        The first month in which a lever can act.

    Returns
    -------
    tuple of (workload, month)
        By month, then by saving. Workloads whose owner declined are left out.

    Examples
    --------
    >>> portfolio = Portfolio(workloads=(Workload(name="a"), Workload(name="b", effort_weeks=6)))
    >>> [(n, str(m)) for n, m in migration_order({"a": 1, "b": 9}, portfolio, date(2027, 1, 1))]
    [('b', '2027-02-01'), ('a', '2027-03-01')]
    """
    ranked = sorted(
        (
            (name, workload)
            for name, usd in savings.items()
            if usd > 0
            and (workload := portfolio.by_name(name)) is not None
            and workload.owner_state != OwnerState.DECLINED
        ),
        key=lambda item: (-savings[item[0]], item[0]),
    )
    first = month_of(earliest)
    start = {name: w.adoption_month for name, w in ranked if w.adoption_month is not None}
    taken = {m for n, m in start.items() if not _acts_already(portfolio.by_name(n))}
    free = first
    for name, workload in ranked:
        if name in start:
            continue
        if _acts_already(workload):
            start[name] = first
            continue
        for _ in range(_months_of_work(workload)):
            while free in taken:
                free = add_months(free, 1)
            start[name] = free
            free = add_months(free, 1)
    return tuple(sorted(start.items(), key=lambda item: (item[1], -savings[item[0]], item[0])))


def gate(workload: Workload) -> str:
    """Say what has to be true before the next workload is migrated."""
    checks = []
    if workload.batch is not None:
        deadline = deadline_of(workload.latency)
        late = f" and results within {deadline:g} h" if deadline is not None else ""
        checks.append(f"confirm that nothing downstream depended on immediacy{late}")
    if workload.caching is not None:
        checks.append("read the hit share off the usage, by service tier")
    if workload.routing is not None:
        checks.append("show by paired answers that quality stays within the margin set beforehand")
    checks.append("measure the saving beside the predicted one")
    text = "; ".join(checks)
    return f"{text[0].upper()}{text[1:]}; then the next"


def _acts_already(workload: Workload | None) -> bool:
    return workload is not None and workload.owner_state in (
        OwnerState.SHIPPED,
        OwnerState.MEASURED,
    )


def _months_of_work(workload: Workload) -> int:
    return max(1, math.ceil(workload.effort_weeks / WEEKS_PER_MONTH))
