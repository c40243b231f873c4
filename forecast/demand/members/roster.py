"""The members that make the pool."""

from __future__ import annotations

from forecast.demand.members.protocol import Family
from forecast.demand.members.run_rate import RunRate
from forecast.demand.members.seasonal_autoregression import SeasonalAutoregression
from forecast.demand.members.seasonal_naive import SeasonalNaive
from forecast.demand.members.seasonal_smoothing import SeasonalSmoothing
from forecast.demand.members.smoothing import Smoothing
from forecast.demand.members.structural import Structural


def roster() -> tuple[Family, ...]:
    """Give every family; each serves every past origin of a whole panel at once.

    >>> sum(len(family.names) for family in roster())
    15
    """
    return (
        RunRate(continued_share=0.0),
        SeasonalNaive(),
        SeasonalSmoothing(),
        SeasonalAutoregression(),
        Smoothing(),
        Structural(),
    )
