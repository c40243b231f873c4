"""Both errors about latency, in money and in experience: a two-by-two.

                  done in real time                 done in batch
consumed later    real-time prices for nothing      right: the saving, less what is late
needed at once    right                             a saving that breaks an experience
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from forecast.levers.classification import Classification
from forecast.levers.turnaround import (
    CLAIM_WEIGHT,
    TURNAROUND,
    deadline_of,
    late_share,
    late_share_upper,
    miss_probability,
    turnaround_quantile,
)
from forecast.records.guard import ErrorCell, LatencyGuard
from forecast.records.latency import Latency
from forecast.records.workloads import OwnerState, Workload
from forecast.units import to_cents

PATIENCE_HOURS: Final = 1 / 60
"""Somebody who needs an answer at once waits a minute (assumed; a person waits less)."""


@dataclass(frozen=True)
class AtStake:
    """What moving the asynchronous share of a workload would change over the term.

    Attributes
    ----------
    saving_usd
        List saving if none of it were late; negative where batch loses more cache than it saves.
    requests_per_month
        Requests that would move; None where they are not reported.
    """

    saving_usd: float
    requests_per_month: float | None
    term_months: int


def latency_guard(
    workload: Workload, classification: Classification, stake: AtStake
) -> LatencyGuard:
    """Write down the checks, the probability of a late result, and both errors priced.

    The real-time fallback is what late work loses of its saving: a batch that is cancelled or
    expires is not billed, so that running it again in real time costs what it costs today.
    Batch pays while a late result costs less, beside its tokens, than

        (saving − fallback) / late results

    which nobody is asked to guess: it is the amount a late result would have to be worth. With
    less than one late result over the term there is nothing to compare.
    """
    latency = workload.latency
    late = late_share(latency)
    kept = stake.saving_usd * (1 - late)
    per_month = None if stake.requests_per_month is None else late * stake.requests_per_month
    late_results = (per_month or 0.0) * stake.term_months
    return LatencyGuard(
        checks=classification.checks,
        asynchronous_share=workload.batch.share if workload.batch else 1.0,
        deadline_hours=deadline_of(latency),
        late_share=late,
        late_share_upper=late_share_upper(latency),
        turnaround=_turnaround(latency),
        late_requests_per_month=per_month,
        batch_saving_usd=to_cents(stake.saving_usd),
        fallback_usd=to_cents(stake.saving_usd - kept),
        break_even_usd_per_late_result=(
            to_cents(kept / late_results) if late_results >= 1 and kept > 0 else None
        ),
        errors=_errors(workload, classification, stake.saving_usd, late),
    )


def _turnaround(latency: Latency) -> str:
    seen = latency.measured_turnaround
    if seen is None:
        return f"assumed, {TURNAROUND.value}; {TURNAROUND.source}"
    return (
        f"{seen.n_batches} batches of {seen.file}, beside the published turnaround "
        f"({TURNAROUND.value}) with the weight of {CLAIM_WEIGHT:g}"
    )


def _errors(
    workload: Workload, classification: Classification, saving: float, late: float
) -> tuple[ErrorCell, ...]:
    latency = workload.latency
    moves = (
        classification.allows_batch
        and workload.batch is not None
        and workload.owner_state != OwnerState.DECLINED
    )

    def is_ours(needed_at_once: bool, in_batch: bool) -> bool:
        answer = latency.needed_at_once
        return moves == in_batch and (answer is None or answer == needed_at_once)

    measured = latency.measured_turnaround
    waits = [turnaround_quantile(level, measured) for level in (0.5, 0.95)]
    too_late = miss_probability(PATIENCE_HOURS, measured)
    wasted = saving * (1 - late)
    return (
        ErrorCell(
            truth="consumed_later",
            tier="real_time",
            is_ours=is_ours(needed_at_once=False, in_batch=False),
            list_usd=to_cents(wasted),
            wait_hours_p50=None,
            wait_hours_p95=None,
            late_share=0.0,
            said="real-time prices for work nobody waits for"
            if wasted > 0
            else "right: batch would cost more",
        ),
        ErrorCell(
            truth="consumed_later",
            tier="batch",
            is_ours=is_ours(needed_at_once=False, in_batch=True),
            list_usd=to_cents(min(0.0, wasted) * -1),
            wait_hours_p50=None,
            wait_hours_p95=None,
            late_share=late,
            said="right: nobody waits, and what is late runs again in real time",
        ),
        ErrorCell(
            truth="needed_at_once",
            tier="real_time",
            is_ours=is_ours(needed_at_once=True, in_batch=False),
            list_usd=to_cents(0.0),
            wait_hours_p50=None,
            wait_hours_p95=None,
            late_share=0.0,
            said="right: somebody waits, and is answered",
        ),
        ErrorCell(
            truth="needed_at_once",
            tier="batch",
            is_ours=is_ours(needed_at_once=True, in_batch=True),
            list_usd=to_cents(-saving),
            wait_hours_p50=waits[0],
            wait_hours_p95=waits[1],
            late_share=too_late,
            said="a saving that breaks an experience: whoever waits, waits for the batch",
        ),
    )
