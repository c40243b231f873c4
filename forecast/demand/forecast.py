"""The forecast of quantities: daily usage in, joint sample paths of demand by month out.

history ─► members at every past origin ─► pool ─► calibration ─► joint paths ─► + launches
                                              └──► backtest of the portfolio ─► evidence replicates

Demand is input-equivalent tokens (`forecast.mix`), so that prices, tiers, cache hits and
tokenizers do not move it. Dollars enter only as constant weights of the portfolio.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd

from forecast.demand.backtest import HORIZONS, RUN_RATE_WEEKS, backtest, portfolio_errors
from forecast.demand.blocks import pool_in_blocks
from forecast.demand.constants import constants
from forecast.demand.coupling import rank_correlation
from forecast.demand.hindcast import past_origins
from forecast.demand.history import (
    MIN_WEEKS,
    WEEKS_A_YEAR,
    History,
    Kept,
    mend_with_notes,
    read_history,
)
from forecast.demand.joint_paths import Surroundings, joint_paths, stop_of
from forecast.demand.kinds import Kind, kinds_of
from forecast.demand.lasting import portfolio_falls
from forecast.demand.members.protocol import Floats, Ints, Window
from forecast.demand.members.roster import roster
from forecast.demand.pool import Pool
from forecast.demand.replicates import Z_80, evidence_replicates
from forecast.demand.report import (
    falls_note,
    kind_notes,
    member_weights,
    shift_notes,
    workload_outlook,
)
from forecast.demand.simulate import calendar, weekday_shares
from forecast.errors import InputError, NoForecasterError
from forecast.paths import EvidenceReplicates, JointPaths
from forecast.records.outlook import Backtest, Outlook, WorkloadOutlook
from forecast.records.rates import ModelFacts
from forecast.records.workloads import Workload
from forecast.units import add_months, month_of

ORIGIN_STEP_WEEKS = 4
"""Weeks from one past origin to the next."""


@dataclass(frozen=True)
class WeeklyHistory:
    """The history as it was read, for display.

    Attributes
    ----------
    week_ends
        Last day of each of n weeks.
    workloads
        W names, in the order of the paths.
    observed_units, fitted_units
        [n, W] demand as observed and with one-off weeks mended.
    """

    week_ends: tuple[date, ...]
    workloads: tuple[str, ...]
    observed_units: Floats
    fitted_units: Floats


@dataclass(frozen=True)
class DemandForecast:
    """What `forecast_demand` gives.

    Attributes
    ----------
    paths
        Joint sample paths by month, of every workload.
    replicates
        How the term total would move with other evidence.
    outlook, backtest
        What to tell the reader.
    weekly
        The history behind it.
    """

    paths: JointPaths
    replicates: EvidenceReplicates
    outlook: Outlook
    backtest: Backtest
    weekly: WeeklyHistory

    def last_quarter_units(self, usd_per_unit: Mapping[str, float]) -> tuple[float, float]:
        """USD of the last 13 weeks at constant weights: as observed, and without one-offs."""
        usd = np.array([usd_per_unit.get(name, 0.0) for name in self.weekly.workloads])
        observed = self.weekly.observed_units[-RUN_RATE_WEEKS:].sum(axis=0) @ usd
        fitted = self.weekly.fitted_units[-RUN_RATE_WEEKS:].sum(axis=0) @ usd
        return float(observed), float(fitted)


def forecast_demand(
    daily: pd.DataFrame,
    *,
    workloads: Sequence[Workload],
    facts: Callable[[str], ModelFacts],
    usd_per_unit: Mapping[str, float],
    as_of: date,
    months: tuple[date, ...],
    n_paths: int,
    rng: np.random.Generator,
    keep: Sequence[Kept] = (),
    draw_order: Sequence[str] = (),
    progress: Callable[[str, float], None] | None = None,
) -> DemandForecast:
    """Forecast the demand of every workload, jointly.

    Parameters
    ----------
    daily
        `tables.DAILY_USAGE`; rows after `as_of` are ignored.
    workloads
        The inventory: launches and retirements, and names without usage yet. Workloads of the
        history that it does not name ("unassigned") are forecast too.
    facts
        Facts of a model.
    usd_per_unit
        Today's list cost of one unit of each workload, as a constant weight.
    as_of
        The last day of usage to read.
    months
        Consecutive months to forecast, from the month of `as_of` or later. In the month of
        `as_of` what was observed is added to what is forecast.
    n_paths
        N sample paths.
    rng
        Source of randomness.
    keep
        Stretches that somebody decided to leave as they are; they are not mended.
    draw_order
        Workloads in the order in which they draw their random numbers; those it does not name
        follow by name. A workload that was renamed draws what it drew when it stands where it did.
    progress
        Told (stage, share done).

    Returns
    -------
    DemandForecast
        With N paths of every workload.

    Raises
    ------
    ShortHistoryError
        Fewer than 13 complete weeks in the whole portfolio.
    NoForecasterError
        No member could continue a workload.
    InputError
        Months that are not consecutive or begin before `as_of`, or a workload without a weight.
    """
    tell = progress or _silent
    _check_months(months, as_of)
    tell("history", 0.0)
    inventory = {workload.name: workload for workload in workloads}
    history = read_history(daily, facts, as_of=as_of, names=tuple(inventory), keep=keep)
    usd = _weights(history, usd_per_unit)
    shares = weekday_shares(history.daily)
    calendars = [
        calendar(history.end, months, shares[:, w], stop=stop_of(inventory.get(name)))
        for w, name in enumerate(history.names)
    ]
    tell("members", 0.05)
    asked = {weeks.window for weeks in calendars if weeks.window is not None}
    pool = pool_in_blocks(
        history.weekly,
        roster(),
        constants(),
        season_length=WEEKS_A_YEAR,
        origins=past_origins(history.n_weeks, ORIGIN_STEP_WEEKS, MIN_WEEKS),
        horizon=max(WEEKS_A_YEAR, *(len(weeks.shares) for weeks in calendars)),
        windows=[*(Window(0, h) for h in HORIZONS), *asked],
        mend=lambda rows: lambda known: mend_with_notes(known, history.kept[rows])[0],
    )
    kinds = kinds_of(history.weekly)
    for name, kind, weights in zip(history.names, kinds, pool.weights[:, -1], strict=True):
        if kind is Kind.STEADY and not weights.any():
            raise NoForecasterError(f"no member of the pool could continue workload {name!r}")
    tell("paths", 0.6)
    rng_backtest, rng_replicates, rng_paths = rng.spawn(3)
    now = len(pool.hindcast.origins) - 1
    correlation = rank_correlation(pool, now, kinds)
    falls = portfolio_falls(history, kinds, inventory, usd)
    paths, notes = joint_paths(
        history,
        pool,
        kinds,
        calendars,
        Surroundings(inventory, facts, correlation, falls.within),
        months,
        n_paths,
        draw_order=draw_order,
        rng=rng_paths,
    )
    known, n_scored = pool.hindcast.panel.known(history.n_weeks), scored_origins(pool)
    lines: list[WorkloadOutlook] = []
    term_usd = np.zeros(n_paths)
    for w, name in enumerate(history.names):
        totals = paths.of(name).sum(axis=1)
        term_usd += totals * usd[w]
        lines.append(
            workload_outlook(
                name,
                n_weeks=int(known[w]),
                n_origins=int(n_scored[w]),
                season=bool(pool.hindcast.seasonal[w, -1]),
                totals=totals,
            )
        )
    tell("backtest", 0.8)
    errors = portfolio_errors(pool, history.weekly, usd, rng=rng_backtest)
    term_spread = _log_spread(term_usd)
    replicates = evidence_replicates(errors, term_spread, rng=rng_replicates)
    outlook = Outlook(
        as_of=as_of,
        history_start=history.start,
        n_weeks=history.n_weeks,
        rank_correlation=correlation,
        workloads=tuple(lines),
        members=member_weights(history.names, kinds, pool),
        adjustments=(
            *history.adjustments,
            *kind_notes(history, kinds, pool),
            *shift_notes(history, kinds),
            *falls_note(history, falls),
            *notes,
        ),
    )
    tell("demand", 1.0)
    return DemandForecast(
        paths=paths,
        replicates=replicates,
        outlook=outlook,
        backtest=backtest(errors, history.end, history.n_weeks),
        weekly=WeeklyHistory(history.week_ends, history.names, history.weekly.T, history.fitted.T),
    )


def scored_origins(pool: Pool) -> Ints:
    """Past origins with at least one realised window, by series: [S]."""
    return np.asarray(
        np.isfinite(pool.errors(len(pool.hindcast.origins) - 1)).any(axis=2).sum(axis=1)
    )


def _weights(history: History, usd_per_unit: Mapping[str, float]) -> Floats:
    out = np.zeros(len(history.names))
    for w, name in enumerate(history.names):
        value = usd_per_unit.get(name)
        if value is not None and np.isfinite(value) and value >= 0:
            out[w] = value
        elif history.weekly[w].any() or value is not None:
            raise InputError(
                f"workload {name!r} needs a list cost per unit, 0 or more, not {value}",
                column="usd_per_unit",
            )
    return out


def _silent(_stage: str, _done: float) -> None:
    """Tell nobody."""


def _check_months(months: tuple[date, ...], as_of: date) -> None:
    if not months:
        raise InputError("names no month; give the months of the term", column="months")
    if any(b != add_months(a, 1) for a, b in pairwise(months)) or months[0].day != 1:
        raise InputError("must be consecutive first days of months", column="months")
    if months[0] < month_of(as_of):
        raise InputError(
            f"begin in {months[0]:%Y-%m}, before the month of as_of ({as_of}); "
            "forecast from that month on",
            column="months",
        )


def _log_spread(totals: Floats) -> float:
    """Width of the central 80 % in standard deviations of a normal: far tails do not move it."""
    live = totals > 0
    low, high = np.quantile(np.log(totals[live]), (0.1, 0.9)) if live.any() else (0.0, 0.0)
    return float(high - low) / Z_80
