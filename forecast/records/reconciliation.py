"""Repriced usage against what was billed: the words and figures of the reconciliation.

Everywhere, a difference is repriced less billed: positive where our prices come to more than the
bill, negative where the bill holds more than the usage on file.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Literal

from forecast.records.base import Note, Record, Share, Usd
from forecast.records.costs import ChargeKind

ReconciliationStatus = Literal["not_done", "within_tolerance", "warning", "refused"]
Verdict = Literal["within_tolerance", "warning", "refused", "not_judged"]


class Cause(StrEnum):
    """Why usage and bill may differ; each is tested by pricing the usage that way."""

    CENTS = "cents"
    """Amounts in cents were read as dollars, or the reverse."""
    SERVICE_TIER = "service_tier"
    """One side holds usage at the batch or flex tier that the other has at standard."""
    GEOGRAPHY = "geography"
    """One side carries the premium of a geography that the other does not know."""
    LONG_CONTEXT = "long_context"
    """One side pays the band of long prompts."""
    FAST_MODE = "fast_mode"
    """One side pays the fast mode."""
    CACHE_COUNTED_TWICE = "cache_counted_twice"
    """Input tokens of one side hold the cache tokens once more."""
    CACHE_WRITE_TTL = "cache_write_ttl"
    """Cache writes of five minutes on one side are of an hour on the other."""
    PRIORITY_TIER = "priority_tier"
    """The priority tier is paid outside of this bill; never judged."""
    MISSING_USAGE = "missing_usage"
    """Billed, and no usage of the model, workspace or key is on file."""
    MISSING_BILL = "missing_bill"
    """Used, and the bill does not hold it."""
    MISSING_DAYS = "missing_days"
    """Whole days stand on one side only."""
    DAY_SHIFT = "day_shift"
    """Days begin at another hour: what one day lacks, its neighbour has."""
    OTHER_CHARGES = "other_charges"
    """Credits, taxes, fees or commitments are inside the amounts."""
    UNEXPLAINED = "unexplained"
    """Nothing that was tested fits, or more than one thing does."""


class ReconciledMonth(Record):
    """One month of one bill against the usage of the same days."""

    month: date
    source: Note
    first_day: date
    last_day: date
    """First and last day that are compared, or that the amounts are of."""
    n_days: int
    billed_usd: Usd
    repriced_usd: Usd
    """Usage at the prices that the bill is in: list, or list less the measured discount."""
    difference_usd: Usd
    difference_share: float | None
    """Relative to what was billed; None where nothing was billed."""
    gross_difference_usd: Usd
    """Sum of the differences by model and token kind, none of them set off against another."""
    verdict: Verdict
    said: Note
    """The verdict in words, or why there is none."""


class ReconciledDifference(Record):
    """Where usage and bill are apart, with the likely cause."""

    month: date
    source: Note
    platform: str
    """Empty where the bill does not say; so are model and token kind."""
    model: str
    token_kind: str
    billed_usd: Usd
    repriced_usd: Usd
    difference_usd: Usd
    cause: Cause
    said: Note
    what_to_do: Note


class ReconciledCause(Record):
    """What one cause comes to over all differences."""

    cause: Cause
    said: Note
    n_differences: int
    difference_usd: Usd
    gross_difference_usd: Usd
    what_to_do: Note


class FamilyDiscount(Record):
    """The measured discount on one model family."""

    family: str
    discount_share: Share
    lowest_share: float
    highest_share: float
    """Over its models and token kinds."""
    list_usd: Usd
    """List cost it was measured on."""


class MeasuredDiscount(Record):
    """A discount off list that the bills show."""

    discount_share: Share
    lowest_share: float
    highest_share: float
    """Over models and token kinds, or over months where the bill has no finer lines."""
    basis: Literal["list_and_cost", "constant_ratio"]
    """Both amounts stand on the lines, or billed over repriced is the same everywhere."""
    measured_on: Literal["output", "all"]
    """Output lines where there are any: neither cache nor context moves their price."""
    list_usd: Usd
    n_models: int
    n_token_kinds: int
    families: tuple[FamilyDiscount, ...]
    said: Note


class SetAside(Record):
    """Charges that no usage goes with: listed, not judged."""

    charge: ChargeKind
    n_lines: int
    billed_usd: Usd


class Bill(Record):
    """One set of books that usage was held against."""

    name: Note
    files: tuple[str, ...]
    grain: Note
    """What its lines tell apart, such as `day, model and token kind`."""
    n_lines: int
    n_judged_lines: int
    compared: Literal["list", "contracted", "billed", "estimated"]
    """Which amount of its lines usage is held against."""
    judged: bool
    """Whether it can decide; an observer's estimate never does."""


class Reconciliation(Record):
    """Repriced usage against what was billed."""

    status: ReconciliationStatus
    billed_usd: Usd | None = None
    repriced_usd: Usd | None = None
    difference_share: float | None = None
    note: Note
    grain: Note = ""
    n_judged_lines: int = 0
    covered_share: Share = 0.0
    """Share of the usage's list cost that stands on a judged bill."""
    tolerance_share: Share | None = None
    refusal_share: Share | None = None
    months: tuple[ReconciledMonth, ...] = ()
    causes: tuple[ReconciledCause, ...] = ()
    """The largest first."""
    differences: tuple[ReconciledDifference, ...] = ()
    """The largest first."""
    n_differences: int = 0
    """How many there are; `differences` holds the largest."""
    discount: MeasuredDiscount | None = None
    not_judged: tuple[SetAside, ...] = ()
    sources: tuple[Bill, ...] = ()
