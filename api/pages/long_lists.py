"""Lists of a decision: in short form on its page, whole and searchable on pages of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from flask import Response, request
from werkzeug.exceptions import NotFound

from api import short_lists
from api.pages.decided import decided
from api.pages.printed import owned_workloads
from api.pages.serving import page, show
from api.store.organisations import Scope
from forecast.records.cleaning import CleaningEntry
from forecast.records.recommendation import MigrationStep, Recommendation, WorkloadResult
from forecast.short_form import ShortForm

MAX_SEARCH: Final = 200
"""Characters of a search."""


@dataclass(frozen=True)
class DecisionList:
    """A list of a decision that grows with its workloads.

    Attributes
    ----------
    entries
        All of it, in its order.
    shown
        The same in short form.
    words
        What an entry is found by.
    """

    title: str
    entries: Callable[[Recommendation], Sequence[Any]]
    shown: Callable[[Recommendation], ShortForm[Any]]
    words: Callable[[Any], str]


@page("/recommendations/<identifier>/lists/<name>", scope=Scope.READ)
def decision_list(identifier: str, name: str) -> Response:
    """Show the whole of a list, or what of it holds the words that are looked for."""
    if name not in LISTS:
        raise NotFound("A decision has no list of this name.")
    result, made_at = decided(identifier)
    found, looked_for = LISTS[name], request.args.get("find", "")[:MAX_SEARCH].strip()
    entries = found.entries(result)
    asked = looked_for.casefold().split()
    matching = [e for e in entries if all(word in found.words(e).casefold() for word in asked)]
    return show(
        "list.html",
        name=name,
        title=found.title,
        entries=matching,
        n_entries=len(entries),
        looked_for=looked_for,
        **values_of(identifier, result, made_at),
    )


def values_of(identifier: str, result: Recommendation, made_at: datetime | None) -> dict[str, Any]:
    """Give what the templates of the lists read."""
    return {
        "id": identifier,
        "result": result,
        "made_at": made_at,
        "evidence_of": {e.workload: e for e in result.workload_evidence},
        "owner_pages": {w.name: page_name for page_name, w in owned_workloads(result)},
        "states": {w.name: w.owner_state.value for w in result.workloads},
    }


def shortened(result: Recommendation) -> dict[str, ShortForm[Any]]:
    """Give every list in short form, by its name."""
    return {name: found.shown(result) for name, found in LISTS.items()}


def _workload_words(found: WorkloadResult) -> str:
    levers = " ".join(f"{lever.lever} {lever.configuration}" for lever in found.levers)
    states = f"{found.decision.value.replace('_', ' ')} {found.owner_state.value}"
    return " ".join((found.name, states, levers, *found.reasons))


def _step_words(step: MigrationStep) -> str:
    return f"{step.workload} {' '.join(step.levers)} {step.start_month:%Y-%m} {step.gate}"


def _entry_words(entry: CleaningEntry) -> str:
    what = f"{entry.what} {entry.state}".replace("_", " ")
    return f"{what} {entry.workload} {entry.start} {entry.source} {entry.id}"


def _assumption_words(stated: short_lists.StatedAssumption) -> str:
    about = " ".join((*stated.about.workloads, stated.about.said))
    return f"{about} {stated.value} {stated.provenance.value.replace('_', ' ')} {stated.source}"


LISTS: Final = {
    "workloads": DecisionList(
        "Workloads",
        short_lists.by_size,
        short_lists.workloads,
        _workload_words,
    ),
    "migration": DecisionList(
        "Migration plan",
        lambda result: result.migration,
        short_lists.migration,
        _step_words,
    ),
    "cleaning": DecisionList(
        "What looks odd in the history",
        lambda result: result.cleaning,
        lambda result: short_lists.cleaning(result.cleaning),
        _entry_words,
    ),
    "assumptions": DecisionList(
        "Assumptions", short_lists.stated, short_lists.assumptions, _assumption_words
    ),
}
"""By the last part of their address."""
