"""What a yes of a workload's owner stands on, and what it still lacks.

    proposed → accepted → scheduled → shipped → measured          (or declined, with a reason)

A saving is nobody's until the owner has said yes, with a name, a day, the service level that has
to hold and the trigger on which the change is taken back.
"""

from __future__ import annotations

from collections.abc import Iterator

from forecast.records.acceptance import OwnerAcceptance
from forecast.records.workloads import OwnerState, Workload


def acceptance(workload: Workload) -> OwnerAcceptance:
    """Write down the owner's state with everything it should stand on.

    Examples
    --------
    >>> from forecast.records.workloads import BatchLever
    >>> hasty = Workload(name="w", owner_state="accepted", owner="Ana", batch=BatchLever())
    >>> acceptance(hasty).missing[0]
    'accepted without a day: state accepted_on'
    """
    latency = workload.latency
    return OwnerAcceptance(
        owner=workload.owner,
        state=workload.owner_state,
        accepted_on=workload.accepted_on,
        service_level=workload.service_level,
        rollback_trigger=workload.rollback_trigger,
        declined_reason=workload.declined_reason,
        needed_at_once=latency.needed_at_once,
        answer_evidence=latency.evidence,
        answered_by=latency.answered_by,
        answered_on=latency.answered_on,
        missing=tuple(_missing(workload)),
    )


def _missing(workload: Workload) -> Iterator[str]:
    state = workload.owner_state
    if state is OwnerState.DECLINED and not workload.declined_reason:
        yield "declined without a reason: state declined_reason"
    if not state.counts or not (workload.batch or workload.caching or workload.routing):
        return
    word = state.value
    if not workload.owner:
        yield f"{word} without an owner: state owner"
    if workload.accepted_on is None:
        yield f"{word} without a day: state accepted_on"
    if workload.batch is not None or workload.routing is not None:
        if not workload.service_level:
            yield f"{word} without a service level: state service_level"
        if not workload.rollback_trigger:
            yield f"{word} without a trigger to go back: state rollback_trigger"
    if state is OwnerState.SCHEDULED and workload.adoption_month is None:
        yield "scheduled without a month: state adoption_month"
