"""The members that make the pool."""

from __future__ import annotations

from forecast.demand.members.linear_smoothing import LinearSmoothing
from forecast.demand.members.protocol import Member
from forecast.demand.members.run_rate import RunRate
from forecast.demand.members.seasonal_autoregression import SeasonalAutoregression
from forecast.demand.members.seasonal_naive import SeasonalNaive
from forecast.demand.members.seasonal_smoothing import SeasonalSmoothing
from forecast.demand.members.smoothing import Smoothing
from forecast.demand.members.statsmodels_ets import DampedEts
from forecast.demand.members.statsmodels_theta import Theta


def fast_roster() -> tuple[Member, ...]:
    """Give the members that serve every past origin of a whole panel at once.

    >>> [member.name for member in fast_roster()]  # doctest: +NORMALIZE_WHITESPACE
    ['run_rate', 'growth_run_rate', 'seasonal_naive', 'smoothing_level', 'smoothing_damped',
     'seasonal_level', 'seasonal_damped', 'seasonal_autoregression', 'linear_none',
     'linear_damped', 'linear_linear']
    """
    return (
        RunRate(continued_share=0.0),
        RunRate(),
        SeasonalNaive(),
        Smoothing(),
        Smoothing(damped=True),
        SeasonalSmoothing(),
        SeasonalSmoothing(damped=True),
        SeasonalAutoregression(),
        LinearSmoothing(),
        LinearSmoothing("damped"),
        LinearSmoothing("linear"),
    )


def roster() -> tuple[Member, ...]:
    """Give every member, in the order of results; the last ones are fitted one by one.

    >>> [member.name for member in roster()[-2:]]
    ['theta', 'damped_ets']
    """
    return (*fast_roster(), Theta(), DampedEts())
