"""The hidden-latency guard as a readable page: who may wait, and what both errors cost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal

from rich.console import Group, RenderableType

from api.short_lists import Amounts
from api.terminal.layout import page, percent, plain, table, usd
from api.terminal.shortened import smaller, told, whole_list
from forecast.records.batch import BatchEconomics
from forecast.records.guard import ErrorCell, Finding, LatencyGuard, WorkloadEvidence
from forecast.short_form import short_form

_WHERE = "recommendation.json, workload_evidence"

_Part = RenderableType | None


def lever_evidence(found: Sequence[WorkloadEvidence], usd_of: Amounts) -> RenderableType | None:
    """Show what stands behind the levers, the largest batch saving first; None without any.

    Parameters
    ----------
    usd_of
        List cost of every workload, which ranks what is said of them.
    """
    ordered = sorted(found, key=lambda e: -e.guard.batch_saving_usd)

    def remarks(title: str, said: Callable[[WorkloadEvidence], Iterable[str]]) -> _Part:
        return told(
            title, [(e.workload, line) for e in ordered for line in said(e)], usd_of, where=_WHERE
        )

    parts = [
        _two_by_two([e for e in ordered if e.guard.batch_saving_usd > 0]),
        remarks("What speaks against batch", _objections),
        _batches(ordered),
        remarks("What the owners' answers lack", lambda e: e.acceptance.missing),
        remarks("Lighter models", _routing),
    ]
    return page(parts) if any(part is not None for part in parts) else None


def _two_by_two(batched: Sequence[WorkloadEvidence]) -> _Part:
    if not batched:
        return None
    found = short_form(batched, lambda e: e.guard.batch_saving_usd)
    rows = [
        (
            e.workload,
            e.decision.value.replace("_", " "),
            usd(_for_nothing_usd(e)),
            f"{_wait(_cell(e.guard, 'needed_at_once', 'batch'))}",
            _late(e.guard),
            usd(e.guard.fallback_usd),
            "–"
            if e.guard.break_even_usd_per_late_result is None
            else f"${e.guard.break_even_usd_per_late_result:,.2f}",
        )
        for e in found.shown
    ]
    if found.rest:
        late_usd = found.rest_usd(lambda e: e.guard.fallback_usd)
        rows.append(
            (
                smaller(found),
                "",
                usd(found.rest_usd(_for_nothing_usd)),
                "",
                "",
                usd(late_usd),
                "",
            )
        )
    shown = table(
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
    return Group(shown, plain(whole_list(found, _WHERE))) if found.rest else shown


def _for_nothing_usd(found: WorkloadEvidence) -> Decimal:
    return _cell(found.guard, "consumed_later", "real_time").list_usd


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
            yield f"{check.reason} ({check.finding.value})"


def _batches(ordered: Sequence[WorkloadEvidence]) -> _Part:
    batched = [(e.workload, e.batch) for e in ordered if e.batch is not None]
    if not batched:
        return None
    found = short_form(batched, lambda of: of[1].list_saving_usd_per_month)
    rows = [
        (
            workload,
            "unknown" if batch.batches_per_day is None else f"{batch.batches_per_day:,}",
            batch.tightest_limit.partition(" a batch")[0] or "–",
            usd(batch.list_saving_usd_per_month),
            usd(batch.orchestration_usd_per_month),
            usd(batch.build_usd),
            _pay_back(batch),
        )
        for workload, batch in found.shown
    ]
    if found.rest:
        rows.append(
            (
                smaller(found),
                "",
                "",
                usd(found.rest_usd(lambda of: of[1].list_saving_usd_per_month)),
                usd(found.rest_usd(lambda of: of[1].orchestration_usd_per_month)),
                usd(found.rest_usd(lambda of: of[1].build_usd)),
                "",
            )
        )
    shown = table(
        "What batch takes, a month (list, batch alone)",
        ["workload", "batches a day", "limit", "saves", "to run", "to build", "pays back"],
        rows,
    )
    return Group(shown, plain(whole_list(found, _WHERE))) if found.rest else shown


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
        f"a completed task costs {percent(task.total_share, 1)} of today's: "
        f"attempt {percent(task.attempt_share, 1)} (price x{task.price_ratio:.3f}, tokens "
        f"x{task.token_ratio:.2f}, attempts x{task.attempts:.2f}), escalation "
        f"{percent(task.escalation_share, 1)}, cache written again "
        f"{percent(task.cache_rebuilt_share, 1)} of the {percent(task.tried_share)} tried; router "
        f"{percent(task.router_share, 1)}; pays above a pass share of "
        f"{percent(task.break_even_pass_share, 1)}"
    )
    if found.evaluation is not None:
        yield (
            f"{found.evaluation.state.value}, {found.evaluation.file}: {found.evaluation.reason}"
        )
