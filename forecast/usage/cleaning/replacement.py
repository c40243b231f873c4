"""What the usage would be if an entry of the ledger acted: the rows of its days, anew.

The table that comes in is never changed. Counts stay whole numbers and a missing request count
stays missing; the mix of tokens, models and tiers of a day is kept when it is scaled.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from forecast.records.cleaning import CleaningAction
from forecast.records.usage import TOKEN_COLUMNS
from forecast.tables import DAILY_KEY, DAILY_USAGE, conform
from forecast.units import days
from forecast.usage.aggregate import sum_by_key
from forecast.usage.cleaning.finding import Finding
from forecast.usage.cleaning.rhythm import SAME_WEEKDAYS, units_of

_COUNTS = [*TOKEN_COLUMNS, "web_searches"]
_TOLD_BY = [name for name in DAILY_KEY if name != "day"]


@dataclass(frozen=True)
class Replacement:
    """The rows that an entry takes away, and those it puts there; both `tables.DAILY_USAGE`."""

    before: pd.DataFrame
    after: pd.DataFrame


def replacement(daily: pd.DataFrame, finding: Finding) -> Replacement:
    """Work out what an entry does to a daily table.

    Parameters
    ----------
    daily
        `tables.DAILY_USAGE`.
    """
    touched = daily[_touched(daily, finding)]
    return Replacement(touched, conform(_after(daily, touched, finding), DAILY_USAGE))


def replaced(daily: pd.DataFrame, finding: Finding) -> pd.DataFrame:
    """Give the table with an entry acting; other rows are kept as they are."""
    kept = daily[~_touched(daily, finding)]
    after = replacement(daily, finding).after
    return sum_by_key(pd.concat([kept, after], ignore_index=True), DAILY_USAGE)


def _touched(daily: pd.DataFrame, finding: Finding) -> pd.Series:
    mine = pd.Series(True, index=daily.index)
    if not finding.concerns_all:
        mine = daily["workload"] == finding.workload
    if finding.action is CleaningAction.RETIRE:
        return mine
    if finding.action is CleaningAction.CUT:
        return mine & (daily["day"] >= pd.Timestamp(finding.start))
    inside = (daily["day"] >= pd.Timestamp(finding.start)) & (
        daily["day"] <= pd.Timestamp(finding.end)
    )
    return mine & inside


def _after(daily: pd.DataFrame, touched: pd.DataFrame, finding: Finding) -> pd.DataFrame:
    action = finding.action
    if action in (CleaningAction.LEAVE_OUT, CleaningAction.RETIRE, CleaningAction.CUT):
        return touched.iloc[:0]
    if action is CleaningAction.HALVE:
        return _scaled(touched, np.full(len(touched), 0.5))
    if action is CleaningAction.TAKE_DIFFERENCES:
        return _differences(touched)
    assert action in (CleaningAction.SCALE_TO_RHYTHM, CleaningAction.FILL), action
    scope = daily if finding.concerns_all else daily[daily["workload"] == finding.workload]
    others = scope[~_touched(scope, finding)]
    parts = [
        _brought_down(rows, touched, finding)
        if action is CleaningAction.SCALE_TO_RHYTHM
        else _filled(rows, finding)
        for _, rows in others.groupby("workload", sort=True)
    ]
    return pd.concat([touched.iloc[:0], *parts], ignore_index=True)


def _brought_down(others: pd.DataFrame, touched: pd.DataFrame, finding: Finding) -> pd.DataFrame:
    """Scale the days of one workload that stand above their level down to it."""
    rows = touched[touched["workload"] == others["workload"].iloc[0]]
    units = pd.Series(units_of(rows), index=rows.index)
    by_day = units.groupby(rows["day"]).transform("sum").to_numpy()
    levels = _levels(others, finding)
    level = np.array([levels[day.date()] for day in rows["day"]])
    factor = np.where(by_day > level, level / np.where(by_day > 0, by_day, 1.0), 1.0)
    return _scaled(rows, factor)


def _filled(others: pd.DataFrame, finding: Finding) -> pd.DataFrame:
    """Give the days of one workload the mix of the nearest same weekday, at their level."""
    units = pd.Series(units_of(others), index=others.index)
    by_day = units.groupby(others["day"]).sum()
    levels = _levels(others, finding)
    parts = []
    for day in days(finding.start, finding.end + timedelta(days=1)):
        donor = _nearest(by_day, day)
        if donor is None or levels[day] <= 0:
            continue
        rows = others[others["day"] == donor].assign(day=pd.Timestamp(day).as_unit("s"))
        parts.append(_scaled(rows, np.full(len(rows), levels[day] / float(by_day[donor]))))
    return pd.concat(parts) if parts else others.iloc[:0]


def _nearest(by_day: pd.Series, day: date) -> pd.Timestamp | None:
    """Give the nearest same weekday that has usage, the earlier of two."""
    for k in range(1, SAME_WEEKDAYS + 1):
        for sign in (-1, 1):
            at = pd.Timestamp(day) + pd.Timedelta(weeks=sign * k)
            if float(by_day.get(at, 0.0)) > 0:
                return at
    return None


def _levels(others: pd.DataFrame, finding: Finding) -> dict[date, float]:
    """Median of the same weekdays of four weeks around the entry's days, its own days left out.

    Weeks that lie before the workload's first usage or after the table's end are not known.
    """
    units = pd.Series(units_of(others)).groupby(others["day"].to_numpy()).sum()
    active = units[units > 0]
    found: dict[date, float] = {}
    for day in days(finding.start, finding.end + timedelta(days=1)):
        around = []
        for sign in (-1, 1):
            k, known = 0, 0
            while known < SAME_WEEKDAYS and len(active):
                k += 1
                at = day + timedelta(weeks=sign * k)
                if not active.index.min().date() <= at <= active.index.max().date():
                    break
                if not finding.start <= at <= finding.end:
                    around.append(float(units.get(pd.Timestamp(at), 0.0)))
                    known += 1
        found[day] = float(np.median(around)) if around else 0.0
    return found


def _scaled(rows: pd.DataFrame, factor: np.ndarray) -> pd.DataFrame:
    """Multiply every count, to the nearest whole number; rows that become empty go."""
    out = rows.copy()
    for column in _COUNTS:
        out[column] = np.rint(rows[column].to_numpy(dtype=np.float64) * factor).astype(np.int64)
    requests = rows["requests"].astype("Float64") * factor
    out["requests"] = requests.round().astype("Int64")
    return out[(out[_COUNTS] > 0).any(axis=1)]


def _differences(rows: pd.DataFrame) -> pd.DataFrame:
    """Take the increase over the day before; where a count fell, the counter began anew."""
    out = rows.sort_values(["day", *_TOLD_BY]).copy()
    groups = out.groupby(_TOLD_BY, sort=False)
    for column in [*_COUNTS, "requests"]:
        before = groups[column].shift(1)
        rise = (out[column] - before).where(before.notna() & (out[column] >= before), out[column])
        out[column] = rise.astype("Int64" if column == "requests" else "int64")
    return out[(out[_COUNTS] > 0).any(axis=1)]
