"""A forecast of one series of any unit."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from forecast.records.base import Record, Share

Count = Annotated[int, Field(ge=0)]


class ValueQuantile(Record):
    """One quantile, in the unit of the series."""

    quantile_level: Share
    value: float


class ValueDistribution(Record):
    """Mean and quantiles, in the unit of the series."""

    mean: float
    quantiles: tuple[ValueQuantile, ...]


class ObservedPeriod(Record):
    """What one period held; days are summed to weeks."""

    start: date
    value: float


class ForecastPeriod(Record):
    """One period to come, [start, end)."""

    start: date
    end: date
    by_itself: ValueDistribution
    running_total: ValueDistribution
    """Of all periods up to this one; quantiles of periods do not add up to it."""


class PastTotal(Record):
    """How totals of one length would have been forecast at past origins of this series."""

    n_periods: int
    n_origins: Count
    n_independent: Count
    """Origins whose totals do not overlap: what the share is worth as evidence."""
    n_inside_80: Count


class SeriesForecast(Record):
    """Periods to come of one series, and their total."""

    name: str
    frequency: Literal["month", "week", "day"]
    """Of the values as given."""
    period: Literal["month", "week"]
    """Of what is fitted and forecast: days are fitted as weeks that end on the last day."""
    n_left_out_days: Count
    """First days of the history that make no whole week."""
    history: tuple[ObservedPeriod, ...]
    periods: tuple[ForecastPeriod, ...]
    total: ValueDistribution
    """Of all periods to come."""
    past: tuple[PastTotal, ...]
    """For a quarter and for the horizon asked for, as far as the history allows."""
    seed: int
    n_paths: int
