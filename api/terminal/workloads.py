"""The workloads of a decision: what each answers and saves, and in which order they move."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group

from api import short_lists
from api.terminal.layout import plain, table, usd
from api.terminal.shortened import smaller, whole_list
from forecast.records.recommendation import LeverSaving, Recommendation, WorkloadResult


def workloads(result: Recommendation) -> Group:
    """Show every workload's answer to the one question, and what its levers save."""
    found = short_lists.workloads(result)
    rows: list[tuple[object, ...]] = [
        (
            w.name,
            w.decision.value.replace("_", " "),
            w.owner_state.value,
            usd(w.as_is_usd),
            usd(w.optimised_usd),
            "; ".join(map(_saving, w.levers)) or "no lever",
        )
        for w in found.shown
    ]
    if found.rest:
        saved = _summed(found.rest)
        where = whole_list(found, "sheet Workloads, recommendation.json")
        rows.append(
            (
                smaller(found),
                "",
                "",
                usd(found.rest_usd(lambda w: w.as_is_usd)),
                usd(found.rest_usd(lambda w: w.optimised_usd)),
                "; ".join([*map(_saving, saved), where]),
            )
        )
    return table(
        "Workloads, list cost over the term",
        ["workload", "decision", "owner", "as is", "optimised", ""],
        rows,
        text_columns=3,
    )


def _saving(lever: LeverSaving) -> str:
    how = f" ({lever.configuration})" if lever.configuration else ""
    return (
        f"{lever.lever} {usd(lever.list_saving_usd)} list, {usd(lever.settled_saving_usd)} "
        f"settled{how}"
    )


def _summed(results: Sequence[WorkloadResult]) -> list[LeverSaving]:
    """Add up what each lever saves over several workloads."""
    found: dict[str, LeverSaving] = {}
    for lever in (lever for w in results for lever in w.levers):
        sofar = found.get(lever.lever)
        found[lever.lever] = LeverSaving(
            lever=lever.lever,
            list_saving_usd=lever.list_saving_usd + (sofar.list_saving_usd if sofar else 0),
            settled_saving_usd=lever.settled_saving_usd
            + (sofar.settled_saving_usd if sofar else 0),
        )
    return list(found.values())


def migration(result: Recommendation) -> Group | None:
    """Show the plan of migration, and what it leaves out."""
    if not result.migration:
        return None
    owners = {w.name: w.owner_state.value for w in result.workloads}
    found = short_lists.migration(result)
    rows = [
        (
            f"{step.order}. {step.workload}",
            owners.get(step.workload, ""),
            ", ".join(step.levers),
            f"{step.start_month:%Y-%m}",
            usd(step.saving_usd),
            usd(step.settled_saving_usd),
            f"{step.effort_weeks:g}",
            usd(step.measured_saving_usd),
        )
        for step in found.shown
    ]
    lines = []
    if found.rest:
        rows.append(
            (
                smaller(found),
                *("", "", ""),
                usd(found.rest_usd(lambda s: s.saving_usd)),
                usd(found.rest_usd(lambda s: s.settled_saving_usd)),
                f"{sum(s.effort_weeks for s in found.rest):g}",
                usd(found.rest_usd(lambda s: s.measured_saving_usd)),
            )
        )
        lines.append(whole_list(found, "sheet Migration, recommendation.json"))
    steps = table(
        "Migrate in this order (what is only proposed is not in the numbers above)",
        ["workload", "owner", "levers", "start", "saving", "settled", "weeks", "measured"],
        rows,
        text_columns=3,
    )
    plan = result.migration_plan
    if plan is not None:
        left_out = short_lists.left_out(result)
        lines += [plan.described, *(told.line for told in left_out.shown)]
        if left_out.rest:
            lines.append(whole_list(left_out, "recommendation.json, migration_plan"))
    return Group(steps, *map(plain, lines))
