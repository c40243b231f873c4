"""The hidden-latency guard: what was checked before work may wait, and what both errors cost."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from forecast.records.acceptance import OwnerAcceptance
from forecast.records.base import Note, Record, Share, Usd
from forecast.records.batch import BatchEconomics
from forecast.records.routing import CompletedTask, RoutingEvaluation
from forecast.records.workloads import Decision


class Finding(StrEnum):
    """What a check found."""

    CLEAR = "clear"
    """Somebody said so, or it was measured."""
    UNASKED = "unasked"
    """Nobody has said; nothing speaks against batch."""
    DOUBT = "doubt"
    """A person has to look again before anything moves."""
    VETO = "veto"
    """No batch, whatever the answer to the one question is."""


class LatencyCheck(Record):
    """One thing that could make "consumed later" wrong, or forbid batch."""

    name: Literal[
        "hidden_latency_expectation",
        "expected_soon",
        "downstream_deadline",
        "own_deadline",
        "agent_loop",
        "zero_data_retention",
        "results_kept",
        "data_residency",
        "platform_limits",
    ]
    finding: Finding
    reason: Note


class ErrorCell(Record):
    """One of four: what is true of the workload, and where its work is done."""

    truth: Literal["consumed_later", "needed_at_once"]
    tier: Literal["real_time", "batch"]
    is_ours: bool
    """Whether this is what the inventory's answer makes of it."""
    list_usd: Usd
    """List cost over the term against the right tier: above zero wasted, below zero saved."""
    wait_hours_p50: float | None
    """Hours somebody waits for a result; None where nobody does."""
    wait_hours_p95: float | None
    late_share: Share
    """Share of the results that come too late and are done again in real time."""
    said: Note


class LatencyGuard(Record):
    """The checks of one workload, the probability of a late result, and both errors priced."""

    checks: tuple[LatencyCheck, ...]
    asynchronous_share: Share
    """Share of the traffic that may wait, as the batch lever states it; the rest stays in real
    time, and nothing here counts it as moved."""
    deadline_hours: float | None
    """The tighter of the stated ones."""
    late_share: Share
    """Probability that a result comes too late."""
    late_share_upper: Share
    """Its 95 % upper limit, from as many batches as were measured and the weight of the claim."""
    turnaround: Note
    """Which distribution that rests on."""
    late_requests_per_month: float | None
    """None where requests are not reported."""
    batch_saving_usd: Usd
    """List saving over the term if the asynchronous share moved and none were late."""
    fallback_usd: Usd
    """What of it is lost over the term, because late work is done again in real time."""
    break_even_usd_per_late_result: Usd | None
    """Batch pays while a late result costs less than this beside its tokens; None where less than
    one is expected to be late, or requests are not reported."""
    errors: tuple[ErrorCell, ...]
    """Two by two: consumed later or needed at once, in real time or in batch."""


class WorkloadEvidence(Record):
    """What stands behind the levers of one workload."""

    workload: str
    decision: Decision
    acceptance: OwnerAcceptance
    guard: LatencyGuard
    batch: BatchEconomics | None
    """None without a batch lever."""
    completed_task: CompletedTask | None
    """None without a routing lever, or where nothing can be routed."""
    evaluation: RoutingEvaluation | None
