"""The hidden-latency guard: every reason why work that looks asynchronous may not wait.

Three failure modes make a person look again: an expectation nobody wrote down, a user who gets
the result later but expects it soon, and a downstream system with a tighter deadline. Five vetoes
forbid batch whatever the answer is: turns that follow one another, zero data retention, results
that may not be kept 29 days, a rule on data residency, and what a platform's batch cannot do.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from forecast.levers.turnaround import (
    MISS_LIMIT,
    RESULTS_KEPT_DAYS,
    miss_probability,
    unread_in_time,
)
from forecast.records.guard import Finding, LatencyCheck
from forecast.records.latency import Latency
from forecast.records.workloads import Archetype, Workload

NO_TOOLS_IN_BATCH: Final = frozenset({"bedrock"})
"""Platforms whose batch takes no tools and gives no structured output (vendor's documentation)."""


def latency_checks(workload: Workload, platforms: Collection[str] = ()) -> tuple[LatencyCheck, ...]:
    """Check everything that could make "consumed later" wrong, or that forbids batch.

    Parameters
    ----------
    platforms
        Where the workload runs today.

    Examples
    --------
    >>> loop = Workload(name="w", latency=Latency(agent_loop=True))
    >>> [c.name for c in latency_checks(loop) if c.finding is Finding.VETO]
    ['agent_loop']
    """
    latency = workload.latency
    return (
        _expectation(workload),
        _expected_soon(latency),
        _deadline(latency, latency.downstream_deadline_hours, "downstream_deadline"),
        _deadline(latency, latency.deadline_hours, "own_deadline"),
        _stated_veto(
            latency,
            "agent_loop",
            "the client's turns follow one another; a batch would take one pass a turn",
        ),
        _stated_veto(
            latency,
            "zero_data_retention",
            f"zero data retention forbids batch, whose results are kept {RESULTS_KEPT_DAYS} days",
        ),
        _results_kept(latency),
        _data_residency(latency),
        platform_limits(latency, platforms),
    )


def batch_takes(platform: str, latency: Latency) -> bool:
    """Tell whether a platform's batch can do what the requests ask for."""
    asks = latency.uses_tools or latency.uses_structured_output
    return not (platform in NO_TOOLS_IN_BATCH and asks)


def doubts(checks: tuple[LatencyCheck, ...]) -> tuple[str, ...]:
    """Give the reasons why a person has to look again."""
    return tuple(c.reason for c in checks if c.finding is Finding.DOUBT)


def vetoes(checks: tuple[LatencyCheck, ...]) -> tuple[str, ...]:
    """Give the reasons why no batch is possible."""
    return tuple(c.reason for c in checks if c.finding is Finding.VETO)


def platform_limits(latency: Latency, platforms: Collection[str]) -> LatencyCheck:
    """Check what the batch of the platforms a workload runs on cannot do."""
    name = "platform_limits"
    limited = sorted(NO_TOOLS_IN_BATCH.intersection(platforms))
    if not limited:
        return LatencyCheck(
            name=name, finding=Finding.CLEAR, reason="its platforms' batch takes what it asks for"
        )
    where = ", ".join(platform.capitalize() for platform in limited)
    limit = f"batch on {where} takes no tools and no structured output"
    if any(not batch_takes(platform, latency) for platform in limited):
        everywhere = set(platforms) <= NO_TOOLS_IN_BATCH
        return LatencyCheck(
            name=name,
            finding=Finding.VETO if everywhere else Finding.CLEAR,
            reason=f"{limit}, and its requests use them"
            + ("" if everywhere else ": that part stays in real time"),
        )
    said = (latency.uses_tools, latency.uses_structured_output)
    if None in said:
        return LatencyCheck(name=name, finding=Finding.UNASKED, reason=f"{limit}: confirm neither")
    return LatencyCheck(name=name, finding=Finding.CLEAR, reason=f"{limit}, and it uses neither")


def _expectation(workload: Workload) -> LatencyCheck:
    name = "hidden_latency_expectation"
    latency = workload.latency
    if workload.archetype == Archetype.INTERACTIVE and latency.needed_at_once is False:
        return LatencyCheck(
            name=name,
            finding=Finding.DOUBT,
            reason="it is described as interactive but answered as consumed later: ask who waits "
            "for it",
        )
    seen = latency.measured_consumption
    if seen is None:
        return LatencyCheck(
            name=name,
            finding=Finding.UNASKED,
            reason="nobody has measured when its results are read",
        )
    early = unread_in_time(latency)
    said = (
        f"{100 * early:.1f} % of the {seen.n_results:,} results in {seen.file} were read before a "
        "batch would have brought them"
    )
    if early > MISS_LIMIT:
        return LatencyCheck(
            name=name,
            finding=Finding.DOUBT,
            reason=f"{said}, above {100 * MISS_LIMIT:.0f} %: ask who reads them so soon",
        )
    return LatencyCheck(name=name, finding=Finding.CLEAR, reason=said)


def _expected_soon(latency: Latency) -> LatencyCheck:
    if latency.expected_soon:
        return LatencyCheck(
            name="expected_soon",
            finding=Finding.DOUBT,
            reason="users get the result later but expect it soon: agree a deadline with them",
        )
    asked = "expected_soon" in latency.model_fields_set
    return LatencyCheck(
        name="expected_soon",
        finding=Finding.CLEAR if asked else Finding.UNASKED,
        reason="nobody expects the result soon"
        if asked
        else "nobody has asked the users when they expect the result",
    )


def _deadline(latency: Latency, hours: float | None, name: str) -> LatencyCheck:
    whose = "the downstream deadline" if name == "downstream_deadline" else "the deadline"
    kind = "downstream_deadline" if name == "downstream_deadline" else "own_deadline"
    if hours is None:
        return LatencyCheck.model_validate(
            {"name": kind, "finding": Finding.UNASKED, "reason": f"{whose} is not stated"}
        )
    miss = miss_probability(hours, latency.measured_turnaround)
    said = f"{whose} of {hours:g} h is missed with probability {100 * miss:.1f} %"
    if miss > MISS_LIMIT:
        said += f", above {100 * MISS_LIMIT:.0f} %: confirm it or keep the work in real time"
    return LatencyCheck.model_validate(
        {
            "name": kind,
            "finding": Finding.DOUBT if miss > MISS_LIMIT else Finding.CLEAR,
            "reason": said,
        }
    )


def _stated_veto(latency: Latency, name: str, reason: str) -> LatencyCheck:
    if getattr(latency, name):
        return LatencyCheck.model_validate(
            {"name": name, "finding": Finding.VETO, "reason": reason}
        )
    asked = name in latency.model_fields_set
    words = name.replace("_", " ")
    return LatencyCheck.model_validate(
        {
            "name": name,
            "finding": Finding.CLEAR if asked else Finding.UNASKED,
            "reason": f"{words}: no" if asked else f"{words}: nobody has said",
        }
    )


def _results_kept(latency: Latency) -> LatencyCheck:
    days = latency.results_kept_at_most_days
    if days is None:
        return LatencyCheck(
            name="results_kept",
            finding=Finding.UNASKED,
            reason=f"nobody has said whether results may be kept {RESULTS_KEPT_DAYS} days",
        )
    short = days < RESULTS_KEPT_DAYS
    return LatencyCheck(
        name="results_kept",
        finding=Finding.VETO if short else Finding.CLEAR,
        reason=f"results may be kept {days:g} days, and batch keeps them {RESULTS_KEPT_DAYS}",
    )


def _data_residency(latency: Latency) -> LatencyCheck:
    if not latency.data_residency:
        return LatencyCheck(
            name="data_residency",
            finding=Finding.UNASKED,
            reason="no rule on data residency is stated",
        )
    if latency.residency_holds_in_batch:
        return LatencyCheck(
            name="data_residency",
            finding=Finding.CLEAR,
            reason=f"confirmed to hold in batch: {latency.data_residency}",
        )
    return LatencyCheck(
        name="data_residency",
        finding=Finding.VETO,
        reason=f"nobody has confirmed that batch keeps the rule: {latency.data_residency}",
    )
