"""Daily usage to the weekly history that is fitted.

Weeks are 7-day sums that end at the last observed day, so the last week is complete and up to
six days at the start are left out. A day on which the whole portfolio is silent, although its
weekday is normally not, is a hole in the export: it is filled from the same weekday of the weeks
before it, and listed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd

from forecast.demand.kinds import Kind, kinds_of
from forecast.demand.members.protocol import Flags, Floats
from forecast.demand.repair import OneOff, repair
from forecast.errors import ShortHistoryError
from forecast.mix import demand_units
from forecast.records.cleaning import WHOLE_PORTFOLIO
from forecast.records.outlook import Adjustment
from forecast.records.rates import ModelFacts

MIN_WEEKS = 13
"""Complete weeks of the whole portfolio below which nothing is forecast."""

WEEKS_A_YEAR = 52

SAME_DAYS = 4
"""Same weekdays before a hole that fill it, and of which half must have had usage."""


class Kept(NamedTuple):
    """Days of a workload, [start, end] with both ends, that are not to be mended."""

    workload: str
    start: date
    end: date


@dataclass(frozen=True)
class History:
    """Demand of every workload by day and by week.

    Attributes
    ----------
    names
        W names.
    start, end
        First and last day of `daily`; the last week ends on `end`.
    daily
        [D, W] demand, holes filled.
    weekly
        [W, n] 7-day sums as observed, holes filled.
    fitted
        [W, n] the same with one-off weeks mended.
    kept
        [W, n] weeks that are not to be mended.
    adjustments
        What was changed, and what was seen and left.
    """

    names: tuple[str, ...]
    start: date
    end: date
    daily: Floats
    weekly: Floats
    fitted: Floats
    kept: Flags
    adjustments: tuple[Adjustment, ...]

    @property
    def n_weeks(self) -> int:
        """Complete weeks."""
        return self.weekly.shape[1]

    @property
    def week_ends(self) -> tuple[date, ...]:
        """Last day of every week."""
        n = self.n_weeks
        return tuple(self.end - timedelta(weeks=n - 1 - i) for i in range(n))


def read_history(
    daily: pd.DataFrame,
    facts: Callable[[str], ModelFacts],
    *,
    as_of: date,
    names: Sequence[str],
    keep: Sequence[Kept] = (),
) -> History:
    """Sum a daily usage table to weeks and mend it.

    Parameters
    ----------
    daily
        `tables.DAILY_USAGE`; rows after `as_of` are ignored.
    facts
        Facts of a model; an unknown one is the caller's error to raise.
    as_of
        Last day of usage to read.
    names
        Workloads to give even without usage; others in the table follow, sorted.
    keep
        Stretches that somebody decided to leave as they are.

    Raises
    ------
    ShortHistoryError
        Fewer than 13 complete weeks between the first and the last day of usage.
    """
    used = daily[daily["day"] <= pd.Timestamp(as_of)]
    units = demand_units(used, facts) if len(used) else np.zeros(0)
    live = units > 0
    if not live.any():
        raise ShortHistoryError(
            f"there is no usage up to {as_of}; at least {MIN_WEEKS} complete weeks are needed"
        )
    day = used["day"].to_numpy().astype("datetime64[D]")[live]
    start, end = day.min().astype(object), day.max().astype(object)
    n_days = (end - start).days + 1
    if n_days // 7 < MIN_WEEKS:
        raise ShortHistoryError(
            f"usage from {start} to {end} is {n_days // 7} complete weeks; at least {MIN_WEEKS} "
            "are needed to forecast a term: add older exports, or come back later"
        )
    workload = used["workload"].to_numpy(dtype=object)[live]
    others = sorted(set(workload) - set(names))
    every = (*names, *others)
    column = {name: w for w, name in enumerate(every)}
    table = np.zeros((n_days, len(every)))
    at = (day - np.datetime64(start)).astype(np.int64)
    np.add.at(table, (at, [column[name] for name in workload]), units[live])
    table, holes = _fill_holes(table, _kept_days(keep, start, n_days))
    notes = [_hole_note(run, start) for run in holes]
    if end < as_of:
        notes.append(
            Adjustment(
                workload=WHOLE_PORTFOLIO,
                what="history_ends_early",
                start=end + timedelta(days=1),
                end=as_of,
                effect=f"no usage after {end}; these days are forecast, not taken as zero",
                source="usage exports",
            )
        )
    table = table[n_days % 7 :]
    weekly = np.ascontiguousarray(table.reshape(-1, 7, len(every)).sum(axis=1).T)
    first_day = start + timedelta(days=n_days % 7)
    kept = _kept_weeks(keep, every, first_day, weekly.shape)
    fitted, found = mend_with_notes(weekly, kept)
    history = History(every, first_day, end, table, weekly, fitted, kept, ())
    notes += [_one_off_note(history, one) for one in found]
    return replace(history, adjustments=tuple(notes))


def mend(weekly: Floats) -> Floats:
    """Weekly demand [W, n] as it should be fitted, from nothing but these weeks."""
    return mend_with_notes(weekly)[0]


def mend_with_notes(weekly: Floats, kept: Flags | None = None) -> tuple[Floats, list[OneOff]]:
    """Mend one-off weeks of workloads that run steadily; others have no level to return to.

    Parameters
    ----------
    weekly
        [W, n] demand.
    kept
        [W, at least n] weeks that stay as they are, with the one-off they belong to.
    """
    steady = np.array([kind is Kind.STEADY for kind in kinds_of(weekly)], dtype=bool)
    rows = np.flatnonzero(steady)
    if not len(rows):
        return weekly, []
    mended, found = repair(weekly[rows], WEEKS_A_YEAR)
    out = weekly.copy()
    out[rows] = mended
    acting = []
    for one in found:
        series, span = int(rows[one.series]), slice(one.start, one.stop)
        if kept is not None and kept[series, span].any():
            out[series, span] = weekly[series, span]
        else:
            acting.append(OneOff(series, one.start, one.stop, one.removed))
    return out, acting


def _kept_days(keep: Sequence[Kept], start: date, n_days: int) -> Flags:
    """Days on which a silence of the whole portfolio stays one."""
    out = np.zeros(n_days, dtype=bool)
    for one in keep:
        if one.workload == WHOLE_PORTFOLIO:
            out[max(0, (one.start - start).days) : max(0, (one.end - start).days + 1)] = True
    return out


def _kept_weeks(
    keep: Sequence[Kept], names: Sequence[str], first_day: date, shape: tuple[int, ...]
) -> Flags:
    out = np.zeros(shape, dtype=bool)
    for one in keep:
        rows = [w for w, name in enumerate(names) if one.workload in (name, WHOLE_PORTFOLIO)]
        first = max(0, (one.start - first_day).days // 7)
        out[rows, first : max(0, (one.end - first_day).days // 7 + 1)] = True
    return out


def _fill_holes(table: Floats, kept: Flags) -> tuple[Floats, list[tuple[int, int]]]:
    """Fill days on which the whole portfolio is silent against its habit."""
    filled = table.copy()
    silent = (table.sum(axis=1) == 0) & ~kept
    holes: list[int] = []
    for t in np.flatnonzero(silent).tolist():
        same = filled[t % 7 : t : 7][-SAME_DAYS:]
        active = same.sum(axis=1) > 0
        if len(same) and active.mean() >= 0.5:
            filled[t] = np.median(same[active], axis=0)
            holes.append(t)
    runs: list[tuple[int, int]] = []
    for t in holes:
        if runs and t == runs[-1][1]:
            runs[-1] = runs[-1][0], t + 1
        else:
            runs.append((t, t + 1))
    return filled, runs


def _hole_note(run: tuple[int, int], start: date) -> Adjustment:
    n = run[1] - run[0]
    return Adjustment(
        workload=WHOLE_PORTFOLIO,
        what="missing_days_filled",
        start=start + timedelta(days=run[0]),
        end=start + timedelta(days=run[1] - 1),
        effect=f"{n} day{'s' * (n > 1)} without any usage filled from the same weekdays before",
        source="usage exports",
    )


def _one_off_note(history: History, one: OneOff) -> Adjustment:
    total = float(history.weekly[one.series].sum())
    ends = history.week_ends
    return Adjustment(
        workload=history.names[one.series],
        what="one_off_removed" if one.removed > 0 else "outage_filled",
        start=ends[one.start] - timedelta(days=6),
        end=ends[one.stop - 1],
        effect=(
            f"{abs(one.removed):,.0f} input-equivalent tokens "
            f"{'left out of' if one.removed > 0 else 'added to'} the fit, "
            f"{abs(one.removed) / total:.1%} of the workload's history"
        ),
        source="one-off weeks: usage stands clear of the weeks before and after",
    )
