"""The question which workload to migrate when, and its answer, as plain values.

A configuration says which levers of a workload act, with which cache lifetime. The question holds
what each configuration saves when it starts in each month, so that who answers it needs no price.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from forecast.records.base import Name, Note, Record, Share, Usd
from forecast.records.capacity import LeverName

Hours = Annotated[int, Field(ge=0)]
Dollars = Annotated[float, Field(allow_inf_nan=False)]


class Configuration(Record):
    """One way to migrate a workload."""

    levers: tuple[LeverName, ...]
    cache_lifetime: Literal["5m", "1h"] = "5m"
    """Read where caching is among the levers."""
    effort_hours: Hours = 0
    first_month: Annotated[int, Field(ge=0)] = 0
    """Position of the first month in which its gates are open."""
    saving_usd: tuple[Dollars, ...]
    """Expected list saving over the term when it starts to act in each month of the plan."""


class Candidate(Record):
    """A workload that could be migrated."""

    name: Name
    volume_usd: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    """Expected list cost over the term as is: what the pass goes by, the largest first."""
    counts: bool = True
    """Whether its owner has said yes; nothing that is only proposed takes a place from it."""
    configurations: tuple[Configuration, ...] = ()
    after: tuple[Name, ...] = ()
    """Candidates that must have started in an earlier month."""
    fixed_month: Annotated[int, Field(ge=0)] | None = None
    """Position of the one month it may start in; None leaves it to the plan."""
    is_certain: bool = False
    """Whether it does start, in the one configuration and month in which it saves."""


class MigrationQuestion(Record):
    """Candidates, months and what is there to migrate with."""

    months: tuple[date, ...]
    """T months, in order, in which a lever may start to act."""
    hours: tuple[Hours, ...]
    """[T] engineering hours that become free for what starts in each month."""
    starts: tuple[Annotated[int, Field(ge=0)], ...]
    """[T] workloads that may start in each month; none in a blackout."""
    candidates: tuple[Candidate, ...]

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        n = len(self.months)
        if len(self.hours) != n or len(self.starts) != n:
            raise ValueError(f"hours and starts need one number for each of {n} months")
        names = {c.name for c in self.candidates}
        if len(names) != len(self.candidates):
            raise ValueError("candidates: a name stands twice")
        for c in self.candidates:
            if any(len(k.saving_usd) != n for k in c.configurations):
                raise ValueError(f"{c.name}: saving_usd needs one number for each of {n} months")
            if unknown := [a for a in c.after if a not in names]:
                raise ValueError(f"{c.name}: is after {unknown[0]!r}, which is no candidate")
            if c.fixed_month is not None and c.fixed_month >= n:
                raise ValueError(f"{c.name}: fixed_month {c.fixed_month} is past the last month")
        return self


class Start(Record):
    """A workload that is migrated: in which configuration, and from which month."""

    workload: Name
    configuration: Annotated[int, Field(ge=0)]
    """Position among the configurations of its candidate."""
    month: Annotated[int, Field(ge=0)]
    """Position among the months of the question."""
    saving_usd: Dollars


class MigrationAnswer(Record):
    """Which workloads start when, and how good that is at least."""

    starts: tuple[Start, ...]
    """In the order of the months, the largest saving first."""
    saving_usd: Dollars
    """Their sum."""
    bound_usd: Dollars
    """No choice that keeps every constraint saves more."""

    @property
    def gap_share(self) -> float:
        """What the answer may fall short of the best one, as a share of its saving.

        >>> MigrationAnswer(starts=(), saving_usd=98.0, bound_usd=98.98).gap_share
        0.01
        """
        if self.bound_usd <= self.saving_usd:
            return 0.0
        return round((self.bound_usd - self.saving_usd) / max(self.saving_usd, 1e-9), 9)


class FirstByVolume(Record):
    """One workload in the order of the largest volume first."""

    workload: Name
    levers: tuple[LeverName, ...]
    start_month: date


class NotPlanned(Record):
    """A workload with a lever that saves, and why the plan does not hold it."""

    workload: Name
    reason: Note


class MigrationPlan(Record):
    """How the order of migration was found, beside the pass by volume.

    Savings are list USD over the term, means over the scenarios, of what owners have accepted.
    """

    weeks_per_month: float
    migrations_per_month: int
    saving_usd: Usd
    """What is still to be migrated saves this in the planned order."""
    volume_first_saving_usd: Usd
    """The same under the same constraints with the largest volume first."""
    gain_usd: Usd
    settled_gain_usd: Usd
    """The gain after settlement under the recommended commitment."""
    gap_share: Share
    """No order saves more than this share above the planned one; 0 is proven to be the best."""
    volume_first: tuple[FirstByVolume, ...]
    not_planned: tuple[NotPlanned, ...] = ()

    @property
    def described(self) -> str:
        """The plan beside the pass by volume, in a sentence or two."""
        weeks, n = self.weeks_per_month, self.migrations_per_month
        frame = (
            f"{weeks:g} engineering week{'s' * (weeks != 1)} and {n} start{'s' * (n != 1)} a month"
        )
        best = "no order under these constraints saves more"
        if self.gap_share > 0:
            best = f"no order saves more than {100 * self.gap_share:.2g} % above it"
        than = "as much as the largest volume first"
        if self.gain_usd:
            than = (
                f"${self.gain_usd:,.0f} more than the largest volume first "
                f"(${self.settled_gain_usd:,.0f} after settlement)"
            )
        return (
            f"Planned for {frame}: what is accepted and has not shipped saves "
            f"${self.saving_usd:,.0f} at list over the term, {than}; {best}."
        )
