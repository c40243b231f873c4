"""The members that make the pool."""

from __future__ import annotations

from forecast.demand.members.protocol import Member
from forecast.demand.members.run_rate import RunRate
from forecast.demand.members.seasonal_naive import SeasonalNaive
from forecast.demand.members.smoothing import Smoothing
from forecast.demand.members.statsmodels_ets import DampedEts
from forecast.demand.members.statsmodels_theta import Theta


def roster() -> tuple[Member, ...]:
    """Give every member, in the order of results.

    >>> [member.name for member in roster()]  # doctest: +NORMALIZE_WHITESPACE
    ['run_rate', 'growth_run_rate', 'seasonal_naive', 'smoothing_level', 'smoothing_damped',
     'theta', 'damped_ets']
    """
    return (
        RunRate(continued_share=0.0),
        RunRate(),
        SeasonalNaive(),
        Smoothing(),
        Smoothing(damped=True),
        Theta(),
        DampedEts(),
    )
