"""What sizing says of a distribution of cost: commitment, risks, tiers, clauses, offers."""

from __future__ import annotations

from datetime import date
from typing import Literal

from forecast.records.base import Name, Note, Record, Share, Usd
from forecast.records.negotiation import (
    CashMonth,
    Exchange,
    OfferChange,
    Position,
    ReachingUp,
    RiskChoice,
    ScheduleValue,
    StagingValue,
)
from forecast.records.terms import Terms


class Headline(Record):
    """The four numbers that are always shown together, in contracted dollars over the term."""

    sign_for_usd: Usd
    expect_to_pay_usd: Usd
    budget_p80_usd: Usd
    worst_case_unused_usd: Usd
    """P95 of what is committed and not used."""


class PeriodCommitment(Record):
    """The commitment of one settlement period, [period_start, period_end)."""

    period_start: date
    period_end: date
    commitment_usd: Usd


class Interval(Record):
    """Where the optimum moves when the evidence is resampled."""

    lower_usd: Usd
    upper_usd: Usd
    interval_mass: Share


class IndifferenceBand(Record):
    """Commitments whose expected cost is within the tolerance of the best."""

    lower_usd: Usd
    upper_usd: Usd
    tolerance_share: Share


class CostRisk(Record):
    """Everything paid over the term."""

    expected_usd: Usd
    p50_usd: Usd
    p80_usd: Usd
    p95_usd: Usd
    cvar95_usd: Usd


class WasteRisk(Record):
    """Committed and not used."""

    expected_usd: Usd
    p80_usd: Usd
    p95_usd: Usd
    cvar95_usd: Usd


class Commitment(Record):
    """The recommended commitment with its risks; zero is a recommendation."""

    recommended_usd: Usd
    schedule: tuple[PeriodCommitment, ...]
    tier_discount_share: Share
    percentile: Share
    """P(contracted term consumption at the tier in force ≤ recommended)."""
    closed_form_percentile: Share | None
    """What the one-tier formula says for the tier in force; None where it does not apply."""
    interval: Interval | None
    indifference_band: IndifferenceBand
    shortfall_probability: Share
    overage_probability: Share
    break_even_utilisation: float | None
    cost: CostRisk
    waste: WasteRisk
    no_deal_expected_cost_usd: Usd


class TierRow(Record):
    """The best commitment inside one tier."""

    from_commitment_usd: Usd
    """Term commitment from which the tier is in force."""
    discount_share: Share
    best_commitment_usd: Usd
    expected_cost_usd: Usd
    waste_expected_usd: Usd
    verdict: Note


class Move(Record):
    """What it costs to move from our number to another one."""

    commitment_usd: Usd
    discount_share: Share
    extra_expected_cost_usd: Usd
    expected_unused_usd: Usd
    indifference_discount_share: float | None
    """The discount at which we would not mind; None when no discount below 1 is enough."""
    to_justify: Note = ""
    """What capacity, support or the relationship would have to be worth."""


class CurvePoint(Record):
    """One commitment and what follows from it."""

    commitment_usd: Usd
    discount_share: Share
    expected_cost_usd: Usd
    p80_cost_usd: Usd
    waste_expected_usd: Usd
    shortfall_probability: Share
    overage_probability: Share


class ClauseValue(Record):
    """One clause moved one step, re-optimised on the same paths."""

    clause: str
    change: str
    value_usd: Usd
    """What the step saves us in expected cost."""
    standard_error_usd: Usd
    commitment_change_usd: Usd


class OfferScore(Record):
    """A vendor's offer settled on the same paths."""

    name: Name
    commitment_usd: Usd
    discount_share: Share
    percentile: Share
    expected_cost_usd: Usd
    p95_cost_usd: Usd
    waste_expected_usd: Usd
    regret_usd: Usd
    """Against the best commitment under our own terms."""
    verdict: Note
    answer: Literal["accept", "counter", "walk_away"] | None = None
    """What the verdict comes to; None in results of before."""
    p50_cost_usd: Usd | None = None
    cvar95_cost_usd: Usd | None = None
    waste_p95_usd: Usd | None = None
    acceptable_with: tuple[OfferChange, ...] = ()
    """Single changes that would make it acceptable, one of a kind; empty when it already is."""


class Sizing(Record):
    """A decision on a decision set, wherever its paths came from."""

    status: Literal["recommended"] = "recommended"
    warnings: tuple[Note, ...] = ()
    """What has to be known before the first number; shown above it everywhere."""
    headline: Headline
    terms: Terms
    """The contract that was sized, as read."""
    commitment: Commitment
    tiers: tuple[TierRow, ...]
    moves: tuple[Move, ...]
    curve: tuple[CurvePoint, ...]
    clauses: tuple[ClauseValue, ...]
    offers: tuple[OfferScore, ...] = ()
    reaching_up: tuple[ReachingUp, ...] = ()
    """Every tier above the recommendation."""
    exchange: tuple[Exchange, ...] = ()
    """What the clauses are worth in points of discount, the most valuable first."""
    schedule_value: ScheduleValue | None = None
    """A commitment of its own a period; None where there is one period, too many to search, or a
    clause beyond the core."""
    positions: tuple[Position, ...] = ()
    staging: tuple[StagingValue, ...] = ()
    """What waiting and a right to add are worth; empty where it is not simulated."""
    cash: tuple[CashMonth, ...] = ()
    """What falls due and what is expensed under the recommendation, by calendar month."""
    risk_choice: RiskChoice | None = None
    """The best commitment under the preference that was asked for; None without one."""
