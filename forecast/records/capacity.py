"""What a migration takes and when it may happen: capacity, blackouts, gates, dependencies.

Engineering weeks are counted in whole hours of a 40-hour week, so that what fits a month is exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import combinations
from typing import Annotated, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from forecast.records.base import Note, Record
from forecast.units import month_of

LeverName = Literal["routing", "batch", "caching"]

HOURS_PER_WEEK: Final = 40

WEEKS_PER_MONTH: Final = 4.35
"""365.25 / 7 / 12: one engineer, the capacity taken where none is stated."""

Weeks = Annotated[float, Field(ge=0, le=520, allow_inf_nan=False)]


class Blackout(Record):
    """Months in which no lever may start to act: a peak season, a change freeze."""

    first_month: date
    last_month: date
    """The last month of it, itself included."""
    reason: Note = ""
    weeks_per_month: Weeks | None = None
    """Engineering weeks a month that still go into migrations; None leaves them as they are."""

    @model_validator(mode="after")
    def _is_a_period(self) -> Self:
        for name, month in (("first_month", self.first_month), ("last_month", self.last_month)):
            if month != month_of(month):
                raise ValueError(f"{name} is the first day of a month, not {month}")
        if self.last_month < self.first_month:
            raise ValueError(f"last_month {self.last_month} lies before {self.first_month}")
        return self

    def holds(self, month: date) -> bool:
        """Tell whether a month lies in it."""
        return self.first_month <= month <= self.last_month

    @property
    def described(self) -> str:
        """The months and the reason, in words.

        >>> Blackout(first_month=date(2026, 12, 1), last_month=date(2026, 12, 1),
        ...     reason="peak season").described
        'the blackout of 2026-12 (peak season)'
        """
        first, last = f"{self.first_month:%Y-%m}", f"{self.last_month:%Y-%m}"
        months = first if first == last else f"{first} to {last}"
        return f"the blackout of {months}" + (f" ({self.reason})" if self.reason else "")


class QualityGate(Record):
    """Evidence that has to be there before a lever may act."""

    lever: LeverName
    needs: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    """What has to be shown, such as "900 paired answers within 3 points"."""
    expected_month: date | None = None
    """First month in which the lever may act if the evidence holds; None: nobody knows when, and
    the lever waits."""
    passed_on: date | None = None
    """The day the evidence was accepted; the gate is open from then on."""

    @model_validator(mode="after")
    def _month_is_a_month(self) -> Self:
        month = self.expected_month
        if month is not None and month != month_of(month):
            raise ValueError(f"expected_month is the first day of a month, not {month}")
        return self


class LeverEffort(Record):
    """Engineering weeks by lever; a configuration takes the sum over its levers."""

    routing: Weeks | None = None
    batch: Weeks | None = None
    caching: Weeks | None = None

    def of(self, levers: Sequence[str]) -> float:
        """Add up the weeks of some levers; one that is not given takes none."""
        return float(sum(getattr(self, lever) or 0.0 for lever in levers))


class Capacity(Record):
    """What engineering can do for migrations, as it stands in `[capacity]`."""

    weeks_per_month: Annotated[float, Field(gt=0, le=5200)] = WEEKS_PER_MONTH
    migrations_per_month: Annotated[int, Field(ge=1, le=1000)] = 1
    """Workloads that may start in one month. One is the pass: measure, then the next."""
    evaluation_months: Annotated[int, Field(ge=0, le=24)] = 1
    """Months that a routing on assumed evidence is evaluated before it acts, where no gate of
    its own says otherwise. Assumed: about 900 paired answers are collected within a month."""
    blackouts: Annotated[tuple[Blackout, ...], Field(max_length=100)] = ()

    @model_validator(mode="after")
    def _blackouts_are_apart(self) -> Self:
        for one, two in combinations(self.blackouts, 2):
            if one.first_month <= two.last_month and two.first_month <= one.last_month:
                raise ValueError(
                    f"blackouts: {one.described} and {two.described} overlap; write one of them"
                )
        return self

    def blackout_of(self, month: date) -> Blackout | None:
        """Find the blackout a month lies in."""
        return next((b for b in self.blackouts if b.holds(month)), None)

    def hours_in(self, month: date) -> int:
        """Engineering hours for migrations in a month.

        >>> still = Blackout(first_month=date(2026, 12, 1), last_month=date(2026, 12, 1),
        ...     weeks_per_month=1)
        >>> team = Capacity(weeks_per_month=6, blackouts=(still,))
        >>> team.hours_in(date(2026, 11, 1)), team.hours_in(date(2026, 12, 1))
        (240, 40)
        """
        blackout = self.blackout_of(month)
        if blackout is not None and blackout.weeks_per_month is not None:
            return hours(blackout.weeks_per_month)
        return hours(self.weeks_per_month)


def hours(weeks: float) -> int:
    """Engineering weeks in whole hours.

    >>> hours(2.5), hours(4.35)
    (100, 174)
    """
    return round(weeks * HOURS_PER_WEEK)


def circle(after: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Find workloads that wait for one another; empty when none do.

    Parameters
    ----------
    after
        The names each workload waits for.

    Returns
    -------
    tuple of str
        Each waits for the next one, the last for the first.

    Examples
    --------
    >>> circle({"a": ["b"], "b": ["c"], "c": ["a"], "d": ["a"]})
    ('a', 'b', 'c')
    >>> circle({"a": ["b"], "b": []})
    ()
    """
    done: set[str] = set()
    for start in after:
        walk = [start]
        waiting = [list(after.get(start, ()))]
        while walk:
            if not waiting[-1]:
                done.add(walk.pop())
                waiting.pop()
                continue
            name = waiting[-1].pop(0)
            if name in walk:
                return tuple(walk[walk.index(name) :])
            if name not in done:
                walk.append(name)
                waiting.append(list(after.get(name, ())))
    return ()
