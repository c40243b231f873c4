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

from forecast.demand.adjustments import launch_months, plan_launch, retirement
from forecast.demand.analyst import analyst_factors, analyst_notes
from forecast.demand.backtest import HORIZONS, RUN_RATE_WEEKS, backtest, portfolio_errors
from forecast.demand.blocks import pool_in_blocks
from forecast.demand.calibration import TotalDistribution, distribution
from forecast.demand.constants import constants
from forecast.demand.coupling import joint_ranks, rank_correlation
from forecast.demand.hindcast import past_origins
from forecast.demand.history import (
    MIN_WEEKS,
    WEEKS_A_YEAR,
    History,
    Kept,
    mend_with_notes,
    read_history,
)
from forecast.demand.kinds import Kind, kinds_of
from forecast.demand.lasting import lasting_months, portfolio_falls
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
from forecast.demand.simulate import (
    Calendar,
    bursty_months,
    calendar,
    profile,
    steady_months,
    weekday_shares,
)
from forecast.errors import InputError, NoForecasterError
from forecast.paths import DemandPaths, EvidenceReplicates
from forecast.records.outlook import Adjustment, Backtest, Outlook
from forecast.records.rates import ModelFacts
from forecast.records.workloads import Workload
from forecast.units import add_months, month_of

ORIGIN_STEP_WEEKS = 4
"""Weeks from one past origin to the next."""

STREAMS_A_WORKLOAD = 5
"""Random streams of a workload: its rank, path, launch, analyst adjustments and end."""


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
        Joint sample paths by month and workload.
    replicates
        How the term total would move with other evidence.
    outlook, backtest
        What to tell the reader.
    weekly
        The history behind it.
    """

    paths: DemandPaths
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
        With paths of shape [N, len(months), W].

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
        calendar(history.end, months, shares[:, w], stop=_stop(inventory.get(name)))
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
    units, notes = _paths(
        history,
        pool,
        kinds,
        correlation,
        falls.within,
        inventory,
        calendars,
        facts,
        months,
        n_paths,
        draw_order,
        rng_paths,
    )
    tell("backtest", 0.8)
    errors = portfolio_errors(pool, history.weekly, usd, rng=rng_backtest)
    term_spread = _log_spread(units.sum(axis=1) @ usd)
    replicates = evidence_replicates(errors, term_spread, rng=rng_replicates)
    n_scored = scored_origins(pool)
    outlook = Outlook(
        as_of=as_of,
        history_start=history.start,
        n_weeks=history.n_weeks,
        rank_correlation=correlation,
        workloads=tuple(
            workload_outlook(
                name,
                n_weeks=int(pool.hindcast.panel.known(history.n_weeks)[w]),
                n_origins=int(n_scored[w]),
                season=bool(pool.hindcast.seasonal[w, -1]),
                totals=units[:, :, w].sum(axis=1),
            )
            for w, name in enumerate(history.names)
        ),
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
        paths=DemandPaths(months, history.names, units),
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


def _paths(
    history: History,
    pool: Pool,
    kinds: Sequence[Kind],
    correlation: float,
    fall_share: float,
    inventory: Mapping[str, Workload],
    calendars: Sequence[Calendar],
    facts: Callable[[str], ModelFacts],
    months: tuple[date, ...],
    n_paths: int,
    draw_order: Sequence[str],
    rng: np.random.Generator,
) -> tuple[Floats, list[Adjustment]]:
    """Joint paths [N, T, W], with what the inventory adds and ends."""
    n_workloads = len(history.names)
    place = {name: i for i, name in enumerate(draw_order)}
    names = history.names
    in_turn = sorted(range(n_workloads), key=lambda w: (place.get(names[w], len(place)), names[w]))
    common, *own = rng.spawn(1 + STREAMS_A_WORKLOAD * n_workloads)
    streams = {w: own[turn::n_workloads] for turn, w in enumerate(in_turn)}
    ranks = joint_ranks(
        correlation,
        n_workloads,
        n_paths,
        rngs=[common, *(streams[w][0] for w in range(n_workloads))],
    )
    found: dict[Window, TotalDistribution] = {}
    units = np.zeros((n_paths, len(months), n_workloads))
    notes: list[Adjustment] = []
    for w, name in enumerate(history.names):
        workload, weeks = inventory.get(name), calendars[w]
        if weeks.window is not None and weeks.window not in found:
            found[weeks.window] = distribution(pool, len(pool.hindcast.origins) - 1, weeks.window)
        units[:, :, w] = _statistical(pool, w, kinds[w], weeks, found, ranks[:, w], streams[w][1])
        if fall_share > 0 and weeks.window is not None:
            units[:, :, w] *= lasting_months(weeks.shares, fall_share, n_paths, rng=streams[w][4])
        if workload is not None:
            plan, note = plan_launch(workload, history.weekly[w], history.end, facts)
            notes += [note] if note else []
            if plan is not None:
                added = launch_months(plan, months, history.end, n_paths, rng=streams[w][2])
                stop = _stop(workload)
                live = np.array([stop is None or month < stop for month in months])
                units[:, :, w] += added * live
            if workload.adjustments:
                units[:, :, w] *= analyst_factors(workload, months, n_paths, rng=streams[w][3])
                notes += analyst_notes(workload, months)
            ended = retirement(workload, months)
            notes += [ended] if ended else []
    units[:, 0, :] += _observed(history, months[0])
    return units, notes


def _stop(workload: Workload | None) -> date | None:
    """First day without traffic."""
    return workload.retires_month if workload else None


def _statistical(
    pool: Pool,
    w: int,
    kind: Kind,
    weeks: Calendar,
    found: Mapping[Window, TotalDistribution],
    ranks: Ints,
    rng: np.random.Generator,
) -> Floats | float:
    """Months [N, T] of one workload from its history alone."""
    if weeks.window is None:
        return 0.0
    if kind is Kind.INTERMITTENT:
        ended = float(pool.hindcast.ended[w, -1])
        return bursty_months(pool.hindcast.known[-1][w], weeks, ranks, ended=ended, rng=rng)
    if kind is not Kind.STEADY:
        return 0.0
    return steady_months(
        profile(pool, w, len(weeks.shares)),
        found[weeks.window],
        w,
        weeks,
        ranks,
        float(pool.hindcast.half_noise[w]),
        rng=rng,
    )


def _observed(history: History, month: date) -> Floats | float:
    """Demand [W] already seen in `month`; zero when it lies ahead."""
    if month_of(history.end) != month:
        return 0.0
    return np.asarray(history.daily[-min(history.end.day, len(history.daily)) :].sum(axis=0))


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
