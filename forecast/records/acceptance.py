"""What the owner of a workload says yes or no to, and what is still missing for a yes."""

from __future__ import annotations

from datetime import date

from forecast.records.base import Note, Record
from forecast.records.workloads import OwnerState


class OwnerAcceptance(Record):
    """The owner's state with everything it should stand on."""

    owner: str | None
    state: OwnerState
    accepted_on: date | None
    service_level: Note
    rollback_trigger: Note
    declined_reason: Note
    needed_at_once: bool | None
    """The answer to the one question."""
    answer_evidence: Note
    answered_by: str | None
    answered_on: date | None
    missing: tuple[Note, ...]
    """What a yes, or a no, of this state lacks."""
