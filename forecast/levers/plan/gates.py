"""The gates of a migration: what has to be there before a lever acts, and before the next one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from forecast.levers.turnaround import deadline_of
from forecast.records.capacity import QualityGate
from forecast.records.workloads import Evidence, Workload
from forecast.units import add_months, month_of


def opens(
    workload: Workload, levers: Collection[str], *, as_of: date, earliest: date, evaluation: int
) -> date | None:
    """Give the first month in which all gates of some levers are open; None while one has no date.

    Parameters
    ----------
    earliest
        The first month in which anything new may act: an evaluation begins then.
    evaluation
        Months that a routing on assumed evidence is evaluated, where it has no gate of its own
        and its owner has named no month.

    Examples
    --------
    >>> from forecast.records.workloads import RoutingLever
    >>> tried = Workload(name="w", routing=RoutingLever(to_model="small"))
    >>> january = date(2027, 1, 1)
    >>> str(opens(tried, ["routing"], as_of=january, earliest=january, evaluation=2))
    '2027-03-01'
    """
    month = month_of(as_of)
    gated: dict[str, QualityGate] = {gate.lever: gate for gate in workload.gates}
    for lever in levers:
        gate = gated.get(lever)
        if gate is not None:
            opened = gate_opens(gate, as_of)
            if opened is None:
                return None
            month = max(month, opened)
        elif lever == "routing" and _is_untested(workload) and workload.adoption_month is None:
            month = max(month, add_months(earliest, evaluation))
    return month


def gate_opens(gate: QualityGate, as_of: date) -> date | None:
    """Give the month from which a gate is open; None when nobody knows.

    >>> gate = QualityGate(lever="routing", needs="900 pairs", passed_on=date(2026, 10, 5))
    >>> gate_opens(gate, date(2026, 11, 22))
    datetime.date(2026, 10, 1)
    """
    if gate.passed_on is not None and gate.passed_on <= as_of:
        return month_of(gate.passed_on)
    return gate.expected_month


def gate_text(workload: Workload, levers: Collection[str] | None = None) -> str:
    """Say what has to be true before the next workload is migrated.

    Parameters
    ----------
    levers
        Those that act; None takes all that the workload has.
    """
    checks = [f"have {g.needs} ({g.lever})" for g in workload.gates if _acts(levers, g.lever)]
    if workload.batch is not None and _acts(levers, "batch"):
        deadline = deadline_of(workload.latency)
        late = f" and results within {deadline:g} h" if deadline is not None else ""
        checks.append(f"confirm that nothing downstream depended on immediacy{late}")
    if workload.caching is not None and _acts(levers, "caching"):
        checks.append("read the hit share off the usage, by service tier")
    if workload.routing is not None and _acts(levers, "routing"):
        checks.append("show by paired answers that quality stays within the margin set beforehand")
    checks.append("measure the saving beside the predicted one")
    text = "; ".join(checks)
    return f"{text[0].upper()}{text[1:]}; then the next"


def _acts(levers: Collection[str] | None, lever: str) -> bool:
    return levers is None or lever in levers


def _is_untested(workload: Workload) -> bool:
    return workload.routing is not None and workload.routing.evidence == Evidence.ASSUMED
