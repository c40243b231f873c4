"""The one question: whether the answer is needed the moment it is produced, or consumed later.

Asked honestly in both directions. Work that nobody waits for should not pay real-time prices,
and three ways of looking asynchronous without being so are caught: a hidden latency expectation,
a user who gets the result later but expects it soon, and a downstream system with a tighter
deadline than anyone documented.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from forecast.levers.guard import doubts, latency_checks, vetoes
from forecast.levers.turnaround import (
    EXPIRY_HOURS,
    MISS_LIMIT,
    deadline_of,
    miss_probability,
)
from forecast.records.guard import LatencyCheck
from forecast.records.workloads import Archetype, Decision, Latency, Workload


@dataclass(frozen=True)
class Classification:
    """The answer for one workload, and why.

    Attributes
    ----------
    decision
        Only `asynchronous` work may go to batch.
    reasons
        Sentences for the owner, the deciding one first.
    batch_vetoes
        What forbids batch whatever the decision is; empty when nothing does.
    checks
        Everything the hidden-latency guard looked at; empty for usage that nobody owns.
    """

    decision: Decision
    reasons: tuple[str, ...]
    batch_vetoes: tuple[str, ...] = ()
    checks: tuple[LatencyCheck, ...] = ()

    @property
    def allows_batch(self) -> bool:
        """Whether batch may be considered at all."""
        return self.decision == Decision.ASYNCHRONOUS and not self.batch_vetoes


def classify(workload: Workload | None, platforms: Collection[str] = ()) -> Classification:
    """Answer the one question for a workload of the inventory.

    Parameters
    ----------
    workload
        None stands for usage that no rule catches: it has no owner who could answer.
    platforms
        Where the workload runs today.

    Examples
    --------
    >>> later = Latency(needed_at_once=False, evidence="loaded at 6:00", deadline_hours=2)
    >>> found = classify(Workload(name="nightly", latency=later))
    >>> found.decision.value, found.reasons[0]
    ('needs_review', 'the deadline of 2 h is missed with probability 18.3 %, above 5 %: confirm \
it or keep the work in real time')
    """
    if workload is None:
        return Classification(
            Decision.NEEDS_REVIEW, ("no rule catches this usage, so nobody has answered for it",)
        )
    latency = workload.latency
    checks = latency_checks(workload, platforms)
    vetoed = vetoes(checks)
    if latency.needed_at_once is None:
        unanswered = "nobody has said whether the answer is needed the moment it is produced"
        return Classification(Decision.NEEDS_REVIEW, (unanswered,), vetoed, checks)
    if latency.needed_at_once:
        return Classification(Decision.REAL_TIME, _real_time_reasons(workload), vetoed, checks)
    doubted = doubts(checks)
    decision = Decision.NEEDS_REVIEW if doubted else Decision.ASYNCHRONOUS
    reasons = (*doubted, *_asynchronous_reasons(latency), *vetoed)
    return Classification(decision, reasons, vetoed, checks)


def _asynchronous_reasons(latency: Latency) -> tuple[str, ...]:
    reasons = [f"consumed later: {latency.evidence or 'no evidence is given'}"]
    deadline = deadline_of(latency)
    if deadline is None:
        reasons.append(f"no deadline is stated; a batch may take {EXPIRY_HOURS:.0f} h")
    elif (miss := miss_probability(deadline, latency.measured_turnaround)) <= MISS_LIMIT:
        reasons.append(
            f"the deadline of {deadline:g} h is missed with probability {100 * miss:.1f} %; "
            "what is late runs again in real time"
        )
    return (*reasons, *_unsigned(latency))


def _real_time_reasons(workload: Workload) -> tuple[str, ...]:
    latency = workload.latency
    reasons = [f"needed the moment it is produced: {latency.evidence or 'no evidence is given'}"]
    if workload.archetype not in (None, Archetype.INTERACTIVE):
        kind = workload.archetype.value.replace("_", " ")
        reasons.append(f"work of its kind ({kind}) is usually consumed later: ask again")
    return (*reasons, *_unsigned(latency))


def _unsigned(latency: Latency) -> tuple[str, ...]:
    return () if latency.answered_by else ("nobody has signed the answer",)
