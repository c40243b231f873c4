"""A forecast of consumption on its own, before levers and contracts."""

from __future__ import annotations

from datetime import date

from forecast.records.base import Record, Usd
from forecast.records.outlook import Backtest, Outlook
from forecast.records.recommendation import Distribution, HistoryMonth, MonthlyDistribution


class WorkloadForecast(Record):
    """The list cost of one workload over the months of the forecast."""

    workload: str
    total: Distribution


class UsageForecast(Record):
    """List cost of the months to come, done the way it is done today.

    Prices are those in force in each month, models that retire are migrated; levers that nobody
    has pulled yet are not in it. Totals come from joint paths: quantiles of months and workloads
    do not add up to them.
    """

    as_of: date
    history: tuple[HistoryMonth, ...]
    monthly: tuple[MonthlyDistribution, ...]
    total: Distribution
    workloads: tuple[WorkloadForecast, ...]
    """By mean cost, the largest first."""
    outlook: Outlook
    backtest: Backtest
    seed: int
    n_paths: int
    already_observed_usd: Usd
    """What the first month holds of days that lie behind `as_of`; part of its figures."""
