"""The columns of the questionnaire: what is asked, how, and where the answer goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from excel_templates.styles import DAY, DECIMAL, GENERAL, MONTH, SHARE
from forecast.records.workloads import Archetype, OwnerState, Workload


class AnswerKind(StrEnum):
    """What a cell may hold."""

    SHOWN = "shown"
    """Ours; it is not read back, except the name, which says whose row it is."""
    YES_NO = "yes_no"
    TEXT = "text"
    DAY = "day"
    MONTH = "month"
    HOURS = "hours"
    DAYS = "days"
    SHARE = "share"
    ARCHETYPE = "archetype"
    STATE = "state"


@dataclass(frozen=True)
class QuestionColumn:
    """One column.

    Attributes
    ----------
    field
        Where the answer goes: a field of the workload, `latency.` and a field of its latency, or
        `batch.share`.
    header, hint
        Above the column, and what it should say.
    now
        What the inventory says today.
    """

    field: str
    header: str
    hint: str
    kind: AnswerKind
    now: Callable[[Workload], object]
    width: float = 18

    @property
    def number_format(self) -> str:
        """How a cell of the column is shown."""
        formats = {
            AnswerKind.DAY: DAY,
            AnswerKind.MONTH: MONTH,
            AnswerKind.SHARE: SHARE,
            AnswerKind.HOURS: DECIMAL,
            AnswerKind.DAYS: DECIMAL,
        }
        return formats.get(self.kind, GENERAL)

    @property
    def choices(self) -> tuple[str, ...]:
        """The words a cell may hold; empty where any will do."""
        if self.kind is AnswerKind.YES_NO:
            return ("yes", "no")
        if self.kind is AnswerKind.ARCHETYPE:
            return tuple(Archetype)
        if self.kind is AnswerKind.STATE:
            return tuple(OwnerState)
        return ()


def _latency(
    field: str, header: str, hint: str, kind: AnswerKind, width: float = 18
) -> QuestionColumn:
    def now(workload: Workload) -> object:
        stated = field in workload.latency.model_fields_set
        return getattr(workload.latency, field) if stated else None

    return QuestionColumn(f"latency.{field}", header, hint, kind, now, width)


def _own(field: str, header: str, hint: str, kind: AnswerKind, width: float = 18) -> QuestionColumn:
    return QuestionColumn(
        field, header, hint, kind, lambda workload: getattr(workload, field) or None, width
    )


NAME: Final = QuestionColumn(
    "name", "Workload", "as in the inventory", AnswerKind.SHOWN, lambda w: w.name, 28
)

COLUMNS: Final = (
    NAME,
    QuestionColumn(
        "description", "What usage shows", "", AnswerKind.SHOWN, lambda w: w.description, 48
    ),
    _own(
        "archetype",
        "Kind of work",
        "proposed where filled in: confirm or correct it",
        AnswerKind.ARCHETYPE,
        24,
    ),
    _latency(
        "needed_at_once",
        "Needed the moment it is produced?",
        "yes: a human or a real-time system waits; no: it is consumed later",
        AnswerKind.YES_NO,
    ),
    _latency("evidence", "What is the answer based on?", "who reads it, when", AnswerKind.TEXT, 36),
    _latency("answered_by", "Answered by", "your name", AnswerKind.TEXT),
    _latency("answered_on", "Answered on", "a day", AnswerKind.DAY, 14),
    _latency(
        "deadline_hours",
        "Deadline, hours",
        "from submission to when it must be there",
        AnswerKind.HOURS,
    ),
    _latency(
        "expected_soon",
        "Do users expect it soon?",
        "although they get it later",
        AnswerKind.YES_NO,
    ),
    _latency(
        "downstream_deadline_hours",
        "Deadline of what reads it, hours",
        "if tighter",
        AnswerKind.HOURS,
    ),
    _latency(
        "agent_loop",
        "Do turns follow one another?",
        "an agent's next call needs this answer",
        AnswerKind.YES_NO,
    ),
    _latency(
        "zero_data_retention",
        "Zero data retention?",
        "results may not be stored",
        AnswerKind.YES_NO,
    ),
    _latency(
        "results_kept_at_most_days",
        "Results kept at most, days",
        "batch keeps them 29",
        AnswerKind.DAYS,
    ),
    _latency("data_residency", "Rule on data residency", "empty for none", AnswerKind.TEXT, 24),
    _latency(
        "residency_holds_in_batch",
        "Does batch keep that rule?",
        "confirmed by somebody",
        AnswerKind.YES_NO,
    ),
    _latency("uses_tools", "Do requests define tools?", "", AnswerKind.YES_NO),
    _latency("uses_structured_output", "Structured output?", "", AnswerKind.YES_NO),
    QuestionColumn(
        "batch.share",
        "Share that may wait",
        "80% in batch, the rest stays in real time",
        AnswerKind.SHARE,
        lambda w: w.batch.share if w.batch else None,
    ),
    _own("owner", "Owner", "who says yes or no", AnswerKind.TEXT),
    QuestionColumn(
        "owner_state",
        "State",
        "accepted and later count",
        AnswerKind.STATE,
        lambda w: w.owner_state,
    ),
    _own("accepted_on", "Accepted on", "a day", AnswerKind.DAY, 14),
    _own("service_level", "Service level", "what has to hold", AnswerKind.TEXT, 36),
    _own("rollback_trigger", "Back to real time when", "the trigger", AnswerKind.TEXT, 36),
    _own("declined_reason", "Declined because", "if declined", AnswerKind.TEXT, 36),
    _own("adoption_month", "Acts from month", "the first day of a month", AnswerKind.MONTH, 14),
)
"""In the order of the sheet."""
