"""The one question as it is answered on the page, workload by workload."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from api.validation import DocumentError, Fault, faults_of
from forecast.records.workloads import BatchLever, OwnerState, Portfolio, Workload

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

_NEEDED = {"at_once": True, "later": False, "": None}


@dataclass(frozen=True)
class AnswerRow:
    """What the page holds of a workload, as text.

    Attributes
    ----------
    needed
        `at_once`, `later`, or nothing while nobody has answered.
    batch
        `yes` where what may wait is to go through batch.
    """

    workload: str
    needed: str = ""
    evidence: str = ""
    answered_by: str = ""
    deadline_hours: str = ""
    owner: str = ""
    owner_state: str = OwnerState.PROPOSED.value
    archetype: str = ""
    batch: str = ""


def rows_of(portfolio: Portfolio) -> tuple[AnswerRow, ...]:
    """Write an inventory's answers as the page holds them."""
    return tuple(map(_row, portfolio.workloads))


def rows_typed(form: MultiDict[str, str]) -> tuple[AnswerRow, ...]:
    """Read the rows of the form; a row is numbered, because a button left open sends nothing."""
    names = form.getlist("workload")
    return tuple(
        AnswerRow(
            workload=name,
            **{
                field.name: form.get(f"{field.name}-{i}", "").strip()
                for field in fields(AnswerRow)
                if field.name != "workload"
            },
        )
        for i, name in enumerate(names, start=1)
    )


def answered(portfolio: Portfolio, rows: Sequence[AnswerRow], *, today: date) -> Portfolio:
    """Put the answers of the page into an inventory; what the page does not show stays.

    Parameters
    ----------
    today
        Day of an answer that is new or was changed.

    Raises
    ------
    DocumentError
        With every answer that cannot be used, by workload.
    """
    by_name = {row.workload: row for row in rows}
    faults: list[Fault] = []
    workloads = tuple(
        _answered(workload, by_name[workload.name], faults, today)
        if workload.name in by_name
        else workload
        for workload in portfolio.workloads
    )
    if faults:
        raise DocumentError(faults)
    return portfolio.model_copy(update={"workloads": workloads})


def _row(workload: Workload) -> AnswerRow:
    latency = workload.latency
    needed = {value: text for text, value in _NEEDED.items()}[latency.needed_at_once]
    deadline = latency.deadline_hours
    return AnswerRow(
        workload=workload.name,
        needed=needed,
        evidence=latency.evidence,
        answered_by=latency.answered_by or "",
        deadline_hours="" if deadline is None else f"{deadline:g}",
        owner=workload.owner or "",
        owner_state=workload.owner_state.value,
        archetype="" if workload.archetype is None else workload.archetype.value,
        batch="yes" if workload.batch else "",
    )


def _answered(workload: Workload, row: AnswerRow, faults: list[Fault], today: date) -> Workload:
    if row == _row(workload):
        return workload
    latency: dict[str, Any] = dict(workload.latency) | {
        "needed_at_once": _NEEDED.get(row.needed),
        "evidence": row.evidence,
        "answered_by": row.answered_by or None,
        "deadline_hours": _hours(row, faults),
    }
    latency = {k: v for k, v in latency.items() if not k.startswith("measured_")}
    if _said(row) != _said(_row(workload)):
        latency["answered_on"] = today if row.needed else None
    if row.needed and not row.answered_by:
        faults.append(
            Fault((row.workload, "answered_by"), "is missing: who says so? An answer has a name")
        )
    try:
        return Workload.model_validate(
            dict(workload)
            | {
                "latency": latency,
                "owner": row.owner or None,
                "owner_state": row.owner_state,
                "archetype": row.archetype or None,
                "batch": (workload.batch or BatchLever()) if row.batch else None,
            }
        )
    except ValidationError as error:
        faults += [Fault((row.workload, *f.path), f.problem) for f in faults_of(error, Workload)]
        return workload


def _said(row: AnswerRow) -> tuple[str, ...]:
    return row.needed, row.evidence, row.answered_by


def _hours(row: AnswerRow, faults: list[Fault]) -> float | None:
    if not row.deadline_hours:
        return None
    try:
        return float(row.deadline_hours)
    except ValueError:
        faults.append(
            Fault((row.workload, "deadline_hours"), f"must be hours, not {row.deadline_hours!r}")
        )
        return None
