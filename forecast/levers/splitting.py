"""One workload becomes two: what somebody waits for, and what is consumed later."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from pydantic import ValidationError

from forecast.errors import WorkloadError
from forecast.records.batch import BatchLever
from forecast.records.latency import Latency
from forecast.records.workloads import Portfolio, Rule, Workload

_OF_THE_WHOLE: Final = (
    "owner_state",
    "accepted_on",
    "service_level",
    "rollback_trigger",
    "declined_reason",
)
"""What an owner said of the whole."""

_OF_WAITING: Final = ("deadline_hours", "downstream_deadline_hours", "turnaround", "consumption")
"""What only work that may wait has."""


def split_workload(
    portfolio: Portfolio,
    name: str,
    asynchronous_share: float,
    *,
    evidence: str,
    answered_by: str,
    answered_on: date,
) -> Portfolio:
    """Divide a workload by the share of its traffic that may wait.

    Both parts keep its rules, each with its share of them, and its levers. The real-time part is
    answered as needed at once and loses its batch lever; the other one is answered as consumed
    later and gets one where there was none. Both start as proposed: an owner said yes to the
    whole, not to its parts. Requests that share one prefix become rarer in each part.

    Parameters
    ----------
    asynchronous_share
        Above 0 and below 1.
    evidence, answered_by, answered_on
        What the share rests on, and whose word it is.

    Raises
    ------
    WorkloadError
        No such workload, a share that divides nothing, one that its exports name (only rules can
        be divided), or a launch.

    Examples
    --------
    >>> one = Portfolio(workloads=(Workload(name="docs", match=(Rule(api_key="docs-*"),)),))
    >>> two = split_workload(one, "docs", 0.4, evidence="night runs", answered_by="Ana",
    ...     answered_on=date(2026, 11, 20))
    >>> [(w.name, w.match[0].share, w.latency.needed_at_once) for w in two.workloads]
    [('docs, real time', 0.6, True), ('docs, asynchronous', 0.4, False)]
    """
    workload = portfolio.by_name(name)
    if workload is None:
        raise WorkloadError(f"{name!r} is no workload of the inventory", column="workloads")
    column = f"workloads.{name}"
    if not 0 < asynchronous_share < 1:
        raise WorkloadError(
            f"{asynchronous_share:g} divides nothing; give a share above 0 and below 1",
            column=column,
        )
    if not workload.match:
        raise WorkloadError(
            "is named by its exports, and only rules can be divided: give it match rules",
            column=f"{column}.match",
        )
    if workload.launch is not None:
        raise WorkloadError(
            "has a launch; write two workloads with a launch each", column=f"{column}.launch"
        )
    shares = {"real time": 1 - asynchronous_share, "asynchronous": asynchronous_share}
    answer = {"evidence": evidence, "answered_by": answered_by, "answered_on": answered_on}
    try:
        parts = tuple(_part(workload, kind, share, answer) for kind, share in shares.items())
        workloads = tuple(
            part for w in portfolio.workloads for part in (parts if w is workload else (w,))
        )
        return Portfolio.model_validate({**dict(portfolio), "workloads": workloads})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        at = ".".join(str(step) for step in first["loc"])
        raise WorkloadError(
            f"cannot be divided: {f'{at}: ' if at else ''}{first['msg']}", column=column
        ) from None


def _part(workload: Workload, kind: str, share: float, answer: Mapping[str, object]) -> Workload:
    waits = kind == "asynchronous"
    caching = workload.caching
    if caching is not None and caching.arrivals_per_hour is not None:
        rarer = {"arrivals_per_hour": caching.arrivals_per_hour * share}
        caching = caching.model_copy(update=rarer)
    batch = (workload.batch or BatchLever()).model_copy(update={"share": 1.0}) if waits else None
    kept = {
        name: getattr(workload, name) for name in workload.model_fields_set - set(_OF_THE_WHOLE)
    }
    return Workload.model_validate(
        kept
        | {
            "name": f"{workload.name}, {kind}",
            "match": tuple(
                _shared(rule, share, str(answer["evidence"])) for rule in workload.match
            ),
            "latency": _answered(workload.latency, answer, waits=waits),
            "batch": batch,
            "caching": caching,
        }
    )


def _shared(rule: Rule, share: float, evidence: str) -> Rule:
    whole = 1.0 if rule.share is None else rule.share
    note = rule.share_note or evidence
    return Rule.model_validate(
        dict(rule) | {"share": round(whole * share, 12), "share_note": note[:500]}
    )


def _answered(latency: Latency, answer: Mapping[str, object], *, waits: bool) -> Latency:
    """Give the answer of a part; only work that may wait has a deadline."""
    dropped = set() if waits else set(_OF_WAITING)
    stated = {
        name: getattr(latency, name)
        for name in latency.model_fields_set - dropped
        if not name.startswith("measured_")
    }
    return Latency.model_validate({**stated, **answer, "needed_at_once": not waits})
