"""The lists of a result that grow with its workloads, in short form: by which dollars, and how.

The terminal and the pages show the same entries, because both take them from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from forecast.records.base import Provenance
from forecast.records.cleaning import CleaningEntry
from forecast.records.recommendation import MigrationStep, Recommendation, WorkloadResult
from forecast.records.reforecast import (
    Finding,
    Promise,
    Reclassification,
    Reforecast,
    WorkloadStanding,
)
from forecast.short_form import ShortForm, Told, short_form, subject, told_once

Amounts = Mapping[str, Decimal]
"""USD by workload, which says what matters first."""

OF_ONE_WORKLOAD: Final = frozenset(
    {
        "renamed_workload",
        "new_workload",
        "silent_workload",
        "retired_workload",
        "anomaly",
        "workload_off_forecast",
    }
)
"""Kinds of findings of which there may be one for every workload."""


@dataclass(frozen=True)
class StatedAssumption:
    """An assumption and the workloads it is made for; none where it is made for everything."""

    about: Told
    value: str
    provenance: Provenance
    source: str
    as_of: date | None


def by_size(result: Recommendation) -> list[WorkloadResult]:
    """Give the workloads, the largest list cost as is first."""
    return sorted(result.workloads, key=lambda w: (-w.as_is_usd, w.name))


def as_is_usd(result: Recommendation) -> Amounts:
    """Give the list cost of every workload over the term, as is; the largest first."""
    return {w.name: w.as_is_usd for w in by_size(result)}


def workloads(result: Recommendation) -> ShortForm[WorkloadResult]:
    """Show the workloads with the largest list cost."""
    return short_form(by_size(result), lambda w: w.as_is_usd)


def migration(result: Recommendation) -> ShortForm[MigrationStep]:
    """Show the steps that save most, in the order of the plan."""
    return short_form(result.migration, lambda step: step.saving_usd)


def left_out(result: Recommendation) -> ShortForm[Told]:
    """Say which workloads the plan leaves out, those for the same reason once."""
    plan = result.migration_plan
    reasons = [] if plan is None else [(n.workload, n.reason) for n in plan.not_planned]
    return told(((name, f"not in it: {reason}") for name, reason in reasons), as_is_usd(result))


def cleaning(entries: Iterable[CleaningEntry]) -> ShortForm[CleaningEntry]:
    """Show the entries that move most if decided otherwise, then those that concern most."""
    return short_form(entries, lambda entry: entry.yearly_usd or entry.list_usd)


def told(remarks: Iterable[tuple[str, str]], usd_of: Amounts) -> ShortForm[Told]:
    """Say what is said of workloads, the same once, the most dollars first.

    What is said of none in particular comes before that.
    """
    nothing = Decimal(0)
    ordered = sorted(remarks, key=lambda r: (r[0] != "", -usd_of.get(r[0], nothing)))
    return short_form(told_once(ordered), lambda remark: remark.usd(usd_of))


def stated(result: Recommendation) -> list[StatedAssumption]:
    """Give the assumptions, one that is made for many workloads once."""
    place = {name: i for i, name in enumerate(as_is_usd(result))}
    about: dict[tuple[str, str, Provenance, str, date | None], set[str]] = {}
    for a in result.assumptions:
        workload, said = subject(a.name, place)
        key = (said, a.value, a.provenance, a.source, a.as_of)
        about.setdefault(key, set()).update([workload] if workload else [])
    return [
        StatedAssumption(
            Told(said, tuple(sorted(names, key=place.__getitem__))),
            value,
            provenance,
            source,
            as_of,
        )
        for (said, value, provenance, source, as_of), names in about.items()
    ]


def assumptions(result: Recommendation) -> ShortForm[StatedAssumption]:
    """Show every assumption about everything, as many with few workloads, and the largest else."""
    usd_of, found = as_is_usd(result), stated(result)
    general = tuple(a for a in found if not a.about.workloads)
    single = short_form((a for a in found if a.about.workloads), lambda a: a.about.usd(usd_of))
    return ShortForm((*general, *single.shown), single.rest)


def findings(result: Reforecast) -> ShortForm[Finding]:
    """Show every finding about the inputs, and the largest of those about one workload each."""
    general = tuple(f for f in result.findings if f.kind not in OF_ONE_WORKLOAD)
    single = short_form((f for f in result.findings if f.kind in OF_ONE_WORKLOAD), lambda f: f.usd)
    return ShortForm((*general, *single.shown), single.rest)


def promises(result: Reforecast) -> ShortForm[Promise]:
    """Show the largest promised savings."""
    return short_form(result.promises, lambda promise: promise.promised_usd)


def reclassifications(result: Reforecast) -> ShortForm[Reclassification]:
    """Show the largest workloads that have to be asked again."""
    usd_of = {w.name: standing_usd(w) for w in result.workloads}
    return short_form(result.reclassifications, lambda again: usd_of.get(again.workload))


def standings(result: Reforecast) -> ShortForm[WorkloadStanding]:
    """Show the workloads with the largest list cost over the term."""
    ordered = sorted(result.workloads, key=lambda w: (-standing_usd(w), w.name))
    return short_form(ordered, standing_usd)


def standing_usd(workload: WorkloadStanding) -> Decimal:
    """Give the list cost of a workload over the term, recorded and expected."""
    return workload.recorded_usd + workload.expected_usd
