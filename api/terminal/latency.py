"""The hidden-latency guard as a readable page: who may wait, and what both errors cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType

from api.terminal.layout import notes, page, percent, table, usd
from forecast.records.batch import BatchEconomics
from forecast.records.guard import ErrorCell, Finding, LatencyGuard, WorkloadEvidence


def lever_evidence(found: Sequence[WorkloadEvidence]) -> RenderableType | None:
    """Show what stands behind the levers, the largest batch saving first; None without any."""
    ordered = sorted(found, key=lambda e: -e.guard.batch_saving_usd)
    parts = [
        _two_by_two(ordered),
        notes("What speaks against batch", [line for e in ordered for line in _objections(e)]),
        _batches(ordered),
        notes("What the owners' answers lack", [line for e in ordered for line in _lacks(e)]),
        notes("Lighter models", [line for e in ordered for line in _routing(e)]),
    ]
    return page(parts) if any(part is not None for part in parts) else None


def _two_by_two(found: Sequence[WorkloadEvidence]) -> Group | None:
    rows = [
        (
            e.workload,
            e.decision.value.replace("_", " "),
            usd(_cell(e.guard, "consumed_later", "real_time").list_usd),
            f"{_wait(_cell(e.guard, 'needed_at_once', 'batch'))}",
            _late(e.guard),
            usd(e.guard.fallback_usd),
            "–"
            if e.guard.break_even_usd_per_late_result is None
            else f"${e.guard.break_even_usd_per_late_result:,.2f}",
        )
        for e in found
        if e.guard.batch_saving_usd > 0
    ]
    if not rows:
        return None
    return table(
        "Both errors about latency, over the term: paid for nothing if nobody waits, hours waited "
        "in batch if\nsomebody does; late results (95 % limit), what they cost, and what one may "
        "be worth before batch loses",
        [
            "workload",
            "decision",
            "nobody waits",
            "somebody does",
            "late",
            "it costs",
            "worth up to",
        ],
        rows,
        text_columns=2,
    )


def _cell(guard: LatencyGuard, truth: str, tier: str) -> ErrorCell:
    return next(c for c in guard.errors if (c.truth, c.tier) == (truth, tier))


def _wait(cell: ErrorCell) -> str:
    if cell.wait_hours_p50 is None or cell.wait_hours_p95 is None:
        return "–"
    return f"{cell.wait_hours_p50:.1f} to {cell.wait_hours_p95:.1f} h"


def _late(guard: LatencyGuard) -> str:
    if guard.late_share == 0:
        return "no deadline" if guard.deadline_hours is None else "0.0 %"
    return f"{percent(guard.late_share, 1)}, ≤ {percent(guard.late_share_upper, 1)}"


def _objections(found: WorkloadEvidence) -> Iterator[str]:
    for check in found.guard.checks:
        if check.finding in (Finding.DOUBT, Finding.VETO):
            yield f"{found.workload}: {check.reason} ({check.finding.value})"


def _lacks(found: WorkloadEvidence) -> Iterator[str]:
    if found.acceptance.missing:
        yield f"{found.workload}: {'; '.join(found.acceptance.missing)}"


def _batches(found: Sequence[WorkloadEvidence]) -> Group | None:
    rows = [
        (
            e.workload,
            "unknown" if e.batch.batches_per_day is None else f"{e.batch.batches_per_day:,}",
            e.batch.tightest_limit.partition(" a batch")[0] or "–",
            usd(e.batch.list_saving_usd_per_month),
            usd(e.batch.orchestration_usd_per_month),
            usd(e.batch.build_usd),
            _pay_back(e.batch),
        )
        for e in found
        if e.batch is not None
    ]
    if not rows:
        return None
    return table(
        "What batch takes, a month (list, batch alone)",
        ["workload", "batches a day", "limit", "saves", "to run", "to build", "pays back"],
        rows,
    )


def _pay_back(found: BatchEconomics) -> str:
    if found.pay_back_months is None:
        return "never"
    if not found.build_usd:
        return "at once"
    return f"{found.pay_back_months:.1f} months"


def _routing(found: WorkloadEvidence) -> Iterator[str]:
    task = found.completed_task
    if task is None:
        return
    yield (
        f"{found.workload}: a completed task costs {percent(task.total_share, 1)} of today's: "
        f"attempt {percent(task.attempt_share, 1)} (price x{task.price_ratio:.3f}, tokens "
        f"x{task.token_ratio:.2f}, attempts x{task.attempts:.2f}), escalation "
        f"{percent(task.escalation_share, 1)}, cache written again "
        f"{percent(task.cache_rebuilt_share, 1)} of the {percent(task.tried_share)} tried; router "
        f"{percent(task.router_share, 1)}; pays above a pass share of "
        f"{percent(task.break_even_pass_share, 1)}"
    )
    if found.evaluation is not None:
        yield (
            f"{found.workload}: {found.evaluation.state.value}, {found.evaluation.file}: "
            f"{found.evaluation.reason}"
        )
