"""What the forecast says and what it rests on."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from forecast.records.base import Note, Record, Share, Usd


class Adjustment(Record):
    """A change to the statistical forecast that somebody or something asked for."""

    workload: str
    what: str
    """launch, retirement, one_off_removed, level_shift, missing_days_filled, …"""
    start: date
    end: date | None = None
    effect: Note
    source: Note


class MemberWeight(Record):
    """What one member of the pool weighs in one workload, and why."""

    workload: str
    member: str
    weight: Share
    pinball_loss: Annotated[float, Field(ge=0)] | None = None
    """Mean over past origins, on log totals; None without an origin to score it at."""


class WorkloadOutlook(Record):
    """The demand forecast of one workload, in input-equivalent tokens."""

    workload: str
    n_weeks: int
    n_origins: int
    season: bool
    """Whether a yearly season is in the forecast: expected from a year of history on, measured from
    two."""
    term_mean_units: float
    term_p10_units: float
    term_p90_units: float
    error_scale: float
    """Standard deviation of the log of the term total."""


class BacktestPoint(Record):
    """One past origin and horizon of the whole portfolio, priced at today's rates.

    What it would have been to sign then: one pool over the horizon at the backtest's discount,
    overage at list.
    """

    origin: date
    horizon_weeks: int
    realised_usd: Usd
    """List cost of what came."""
    p10_usd: Usd
    p50_usd: Usd
    p90_usd: Usd
    inside_80: bool
    recommended_usd: Usd
    """The commitment that would have been recommended, in contracted dollars."""
    run_rate_usd: Usd
    """A commitment to the last quarter carried on."""
    last_month_usd: Usd
    """A commitment to the last four weeks carried on."""
    cost_recommended_usd: Usd
    """Everything paid with the recommended commitment."""
    cost_run_rate_usd: Usd
    cost_last_month_usd: Usd
    cost_hindsight_usd: Usd
    """What the best commitment, known afterwards, would have cost."""


class BacktestPolicy(Record):
    """One way of naming the commitment, over every past origin of a horizon."""

    policy: Literal["recommendation", "run_rate", "last_month", "none", "hindsight"]
    horizon_weeks: int
    n_points: int
    cost_share: Annotated[float, Field(ge=0)] | None
    """Everything paid over list cost; None where nothing was used."""
    savings_capture: float | None
    """Share of hindsight's saving; below 0 it cost more than paying list for everything."""


class Backtest(Record):
    """How the same method would have done at past origins of the buyer's own history."""

    origins: int
    horizons_weeks: tuple[int, ...]
    interval_coverage_80: Share | None
    """Share of the points inside the 80 % interval; None without a single one."""
    discount_share: Share
    """The discount that commitments are compared at."""
    savings_capture: float | None
    """Share of hindsight's saving that a quantile commitment caught."""
    savings_capture_run_rate: float | None
    """The same for committing the run rate."""
    note: Note
    """What this many origins can and cannot prove."""
    policies: tuple[BacktestPolicy, ...]
    """By horizon, in the order recommendation, run rate, last month, none, hindsight."""
    points: tuple[BacktestPoint, ...]


class Outlook(Record):
    """The demand forecast as a whole."""

    as_of: date
    history_start: date
    n_weeks: int
    rank_correlation: float
    """The shrunk correlation between the errors of two workloads."""
    workloads: tuple[WorkloadOutlook, ...]
    members: tuple[MemberWeight, ...]
    adjustments: tuple[Adjustment, ...]
