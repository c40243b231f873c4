"""The one question, its answer, and what was measured of batches and of their readers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from pydantic import Field, model_validator

from forecast.records.base import Note, Record, Share

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Hours = Annotated[float, Field(ge=0, allow_inf_nan=False)]
FileName = Annotated[str, Field(min_length=1, max_length=500)]


MAX_TURNAROUND_HOURS = 744
"""A month; no vendor lets a batch run longer, so that more is a slip of the unit."""


class TurnaroundStep(Record):
    """Batches that were followed for the same time."""

    hours: Annotated[float, Field(gt=0, le=MAX_TURNAROUND_HOURS)]
    n_done: Annotated[int, Field(ge=0)]
    n_unfinished: Annotated[int, Field(ge=0)]
    """Still running, cancelled or expired then: it would have taken longer."""


class MeasuredTurnaround(Record):
    """How long the buyer's own batches took."""

    file: str
    sha256: str
    steps: tuple[TurnaroundStep, ...]
    """In the order of their hours."""

    @property
    def n_batches(self) -> int:
        """All batches, done or not."""
        return sum(step.n_done + step.n_unfinished for step in self.steps)


class MeasuredConsumption(Record):
    """How long results lay there before somebody read them."""

    file: str
    sha256: str
    n_results: Annotated[int, Field(gt=0)]
    read_share: Share
    """Share of the results that were ever read."""
    delays_hours: tuple[Hours, ...]
    """Delays of those that were read: all of them, or evenly spaced ones of many, ascending."""


class Latency(Record):
    """The one question, its answer, and what would make the answer wrong.

    Does a human or a real-time system need this answer the moment it is produced,
    or is it consumed later?
    """

    needed_at_once: bool | None = None
    """True: somebody waits. False: consumed later. None: nobody has answered."""
    evidence: Note = ""
    """What the answer rests on."""
    answered_by: str | None = None
    answered_on: date | None = None
    deadline_hours: Positive | None = None
    """Hours from submission to the moment the result must be there."""
    expected_soon: bool = False
    """A user gets the result later but expects it soon (hidden latency)."""
    downstream_deadline_hours: Positive | None = None
    """A tighter deadline of the system that reads the result."""
    agent_loop: bool = False
    """Turns follow one another in the client: vetoes batch."""
    zero_data_retention: bool = False
    """Results may not be stored, and batch results are kept 29 days: vetoes batch."""
    results_kept_at_most_days: Positive | None = None
    """A rule on how long results may be stored; below the 29 days of batch it vetoes batch."""
    data_residency: Note = ""
    """A rule on where data may be processed or stored: vetoes batch until somebody has confirmed
    that it holds there."""
    residency_holds_in_batch: bool = False
    """Somebody has confirmed that batch keeps the rule on data residency."""
    uses_tools: bool | None = None
    """Requests define tools; batch on some platforms takes none. None: nobody has said."""
    uses_structured_output: bool | None = None
    """Requests ask for structured output; batch on some platforms gives none."""
    turnaround: FileName | None = None
    """Measured batches instead of the published turnaround: a CSV with hours and outcome."""
    consumption: FileName | None = None
    """When results were produced and read: a CSV with produced_at and read_at."""
    measured_turnaround: Annotated[MeasuredTurnaround | None, Field(exclude=True)] = None
    """What the turnaround file says; never written by hand."""
    measured_consumption: Annotated[MeasuredConsumption | None, Field(exclude=True)] = None
    """What the consumption file says; never written by hand."""

    @model_validator(mode="before")
    @classmethod
    def _measured_is_not_stated(cls, stated: Any) -> Any:
        for name in ("turnaround", "consumption"):
            if isinstance(stated, Mapping) and f"measured_{name}" in stated:
                raise ValueError(f"measured_{name}: is read from the file; name it in {name}")
        return stated
