"""The cleaning ledger: what looks wrong in the usage, what is proposed, and who decided."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from forecast.records.base import Name, Note, Record, Usd
from forecast.records.outlook import Adjustment

WHOLE_PORTFOLIO = "all workloads"
"""What an entry names when it concerns every workload at once."""


class CleaningKind(StrEnum):
    """What a stretch of usage looks like."""

    BACKFILL = "backfill"
    LOAD_TEST = "load_test"
    BURST = "burst"
    """A burst out of the rhythm without a sign of what it was."""
    LAUNCH_SPIKE = "launch_spike"
    RETIRED_WORKLOAD = "retired_workload"
    PARTIAL_LAST_DAY = "partial_last_day"
    REPEATED_DAY = "repeated_day"
    """Every count equals that of another day: one of the two is a copy."""
    DOUBLED_DAY = "doubled_day"
    """Every count is twice something: the day was exported twice and added up."""
    MISSING_DAYS = "missing_days"
    COUNTER_RESET = "counter_reset"
    """A counter that adds up over days was exported as the usage of each day."""
    STATED = "stated"
    """Nothing was detected: the inventory states the entry."""


class CleaningAction(StrEnum):
    """What an entry does to the usage that is forecast, once it is switched on."""

    LEAVE_OUT = "leave_out"
    """The usage of these days is not forecast from."""
    SCALE_TO_RHYTHM = "scale_to_rhythm"
    """Days above the rhythm are brought down to it, their token mix kept."""
    FILL = "fill"
    """The days get the rhythm of the same weekdays around them."""
    HALVE = "halve"
    """Every count is divided by two."""
    TAKE_DIFFERENCES = "take_differences"
    """Every count becomes its increase since the day before."""
    RETIRE = "retire"
    """The workload is taken for ended: nothing of it is forecast."""
    CUT = "cut"
    """History ends the day before."""
    NONE = "none"
    """Nothing is switched here; the entry tells what the forecast itself did or saw."""


class CleaningDecision(Record):
    """One `[[cleaning]]` table of workloads.toml.

    Either a decision on an entry of the ledger (`id`), or an entry of the buyer's own
    (`workload`, `start`, `action`, `reason`).
    """

    id: Name | None = None
    """The entry that is decided on, as the ledger names it."""
    apply: bool = True
    note: Note = ""
    """Why it was decided so."""
    decided_by: Name | None = None
    decided_on: date | None = None
    workload: Name | None = None
    start: date | None = None
    end: date | None = None
    """Last day; None for a single one."""
    kind: CleaningKind = CleaningKind.STATED
    action: Literal["leave_out", "scale_to_rhythm", "fill", "halve", "retire"] | None = None
    reason: Annotated[str, Field(max_length=500)] = ""

    @model_validator(mode="after")
    def _is_one_of_two(self) -> Self:
        own = {
            "workload": self.workload,
            "start": self.start,
            "action": self.action,
            "reason": self.reason or None,
        }
        if self.id is not None:
            given = [name for name, value in own.items() if value is not None]
            if given or self.end is not None or self.kind is not CleaningKind.STATED:
                raise ValueError(
                    "id decides on an entry of the ledger; an entry of your own has workload, "
                    "start, action and reason instead"
                )
            return self
        missing = [name for name, value in own.items() if value is None]
        if missing:
            raise ValueError(
                "give the id of an entry of the ledger, or an entry of your own with workload, "
                f"start, action and reason ({', '.join(missing)} missing)"
            )
        if self.start is not None and self.end is not None and self.end < self.start:
            raise ValueError(f"end: lies before start ({self.end} against {self.start})")
        return self


class CleaningEntry(Adjustment):
    """One line of the ledger; usage itself is never changed by it, only what is forecast from.

    `effect` says what the entry does or would do, `source` what was seen, with figures.
    """

    id: str = ""
    """Readable and the same on every run; `[[cleaning]]` and the workbook name it. Empty for
    what the forecast itself did."""
    action: CleaningAction = CleaningAction.NONE
    state: Literal["on", "off", "by_forecast", "noted", "lapsed"] = "noted"
    """on and off can be switched; `by_forecast` was done by the forecast itself; `lapsed`: decided
    on earlier, and the usage holds it no longer."""
    state_reason: Note = ""
    """The rule or the decision that set the state."""
    is_decided: bool = False
    """Whether a person decided, in workloads.toml, rather than the rule."""
    reason: Note = ""
    """What it suggests, and why it would mislead a forecast."""
    list_usd: Usd | None = None
    """List cost that applying it adds to the usage forecast from (negative: takes away), at the
    prices of its days."""
    yearly_usd: Usd | None = None
    """What switching it the other way would change in a year's list cost as is, on average over
    the term (`switch_factor`)."""
    switch_factor: Annotated[float, Field(ge=0)] | None = None
    """Demand of the workload after switching it, relative to before; None where it has no switch
    of its own in the workbook."""
