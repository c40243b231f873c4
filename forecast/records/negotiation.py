"""What a decision says to the table: risks by name, other schedules, tiers above, and exchanges."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from forecast.records.base import NonNegativeUsd, Note, Record, Share, Usd

Weight = Annotated[float, Field(ge=0.0, le=1000.0)]


class RiskPreference(Record):
    """How much the two risks count beside expected cost; never one knob."""

    waste_weight: Weight = 0.0
    """Dollars of expected cost that a dollar of waste CVaR95 is as bad as."""
    budget_weight: Weight = 0.0
    """The same for a dollar of cost CVaR95."""
    max_waste_p95_usd: NonNegativeUsd | None = None
    max_budget_p80_usd: NonNegativeUsd | None = None

    @property
    def is_neutral(self) -> bool:
        """Whether expected cost alone decides."""
        return self == RiskPreference()


class RiskChoice(Record):
    """The best commitment under a preference, beside the one with the lowest expected cost."""

    preference: RiskPreference
    commitment_usd: Usd
    expected_cost_usd: Usd
    extra_expected_cost_usd: Usd
    """The price of the preference, against the lowest expected cost."""
    waste_p95_usd: Usd
    waste_cvar95_usd: Usd
    budget_p80_usd: Usd
    cost_cvar95_usd: Usd


class ScheduleValue(Record):
    """What a commitment of its own for every settlement period would save."""

    amounts_usd: tuple[Usd, ...]
    expected_cost_usd: Usd
    value_usd: Usd
    """Against the best commitment that splits as the terms say."""
    standard_error_usd: Usd


class ReachingUp(Record):
    """What it means to reach for a tier above the recommendation."""

    from_commitment_usd: Usd
    discount_share: Share
    commitment_usd: Usd
    """The cheapest commitment in that tier."""
    break_even_list_usd: Usd | None
    """List consumption over the term from which it is the cheaper one; None at none."""
    reach_probability: Share
    """P(consumption reaches the break-even)."""
    expected_loss_usd: Usd
    """What reaching for it costs on average."""
    sentence: Note


class OfferChange(Record):
    """One change of an offer, everything else as it is, that makes it acceptable."""

    clause: str
    change: Note
    expected_cost_usd: Usd


class FlipValue(Record):
    """How far an assumption has to be off before another commitment should have been signed."""

    assumption: str
    unit: Literal["share", "months"]
    value: float | None
    """None when no value in the range that was tried flips the decision."""
    tried_to: float
    sentence: Note


class Position(Record):
    """Where to open, what to aim at and where to stop, for one issue."""

    issue: str
    opening: Note
    target: Note
    walk_away: Note
    reason: Note


class StagingValue(Record):
    """Signing later, or less now with a right to add, against signing the best number now."""

    policy: Literal["wait", "upsize"]
    decision_month: int
    """Months of the term that are seen before the decision."""
    commitment_now_usd: Usd
    expected_commitment_usd: Usd
    """What is signed in the end, on average."""
    expected_cost_usd: Usd
    value_usd: Usd
    standard_error_usd: Usd
    sentence: Note


class CashMonth(Record):
    """One calendar month under the recommended commitment, over all paths."""

    month: date
    cash_usd: Usd
    """What falls due, on average."""
    cash_p95_usd: Usd
    expense_usd: Usd
    """Usage when it is used, commitment when it lapses, on average."""
    tax_usd: Usd = Decimal("0.00")
    """On top of what falls due, on average, where it cannot be recovered."""


class Exchange(Record):
    """How much of one clause is worth a point of discount."""

    clause: str
    change: str
    value_usd: Usd
    discount_points: float
    """Points of discount (one is 1 % of list, in every tier) with the same value."""
    points_standard_error: float
    sentence: Note
