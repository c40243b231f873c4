"""What a day of a workload usually holds: its rhythm.

With u[t] the input-equivalent tokens of day t (`mix.UNITS_PER_TOKEN`),

    level[t]  = median of u on the same weekday of the 4 weeks before and after t,
    usual[t]  = max(level[t], median of u over the active days within 8 weeks of t).

Days before the first usage of a workload are unknown, not zero. The median of eight forgives
three odd days, so that a burst of up to three weeks does not hide itself. `usual` keeps a job
that runs on some days only from looking odd on each of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecast.mix import UNITS_PER_TOKEN
from forecast.records.usage import TOKEN_COLUMNS

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

SAME_WEEKDAYS: Final = 4
"""Weeks on either side that make the level: a month, so that growth hardly matters."""

NEAR_DAYS: Final = 56
"""Days on either side whose active ones make the usual size of a run. Assumed: two months."""

MIN_ACTIVE_DAYS: Final = 14
"""With fewer active days around it nothing is usual yet, and a day is not judged."""


@dataclass(frozen=True)
class Rhythm:
    """Demand of one workload by day, and what its days usually hold.

    Attributes
    ----------
    first
        The day of `units[0]`: the first day of the whole usage.
    units
        [D] input-equivalent tokens, 0 on silent days.
    begins
        Index of the first active day; D when there is none.
    """

    workload: str
    first: date
    units: Floats
    begins: int
    level: Floats

    def day(self, t: int) -> date:
        """Give the day of an index."""
        return self.first + timedelta(days=int(t))

    def usual(self, t: int) -> float:
        """Give usual[t]; NaN where too few days around it are active."""
        near = self.units[max(self.begins, t - NEAR_DAYS) : t + NEAR_DAYS + 1]
        active = near[near > 0]
        if len(active) < MIN_ACTIVE_DAYS:
            return float("nan")
        return max(float(np.median(active)), float(np.nan_to_num(self.level[t])))

    @property
    def spread(self) -> float:
        """Robust standard deviation of log(u / level) over the days that have both."""
        both = (self.units > 0) & (np.nan_to_num(self.level) > 0)
        if not both.any():
            return 0.0
        log = np.log(self.units[both] / self.level[both])
        return float(1.4826 * np.median(np.abs(log - np.median(log))))


def units_of(rows: pd.DataFrame) -> Floats:
    """Input-equivalent tokens of every row, as the vendor counts tokens, [len(rows)].

    >>> units_of(pd.DataFrame({c: [10] for c in TOKEN_COLUMNS})).tolist()
    [90.0]
    """
    return np.asarray(rows[list(TOKEN_COLUMNS)].to_numpy(dtype=np.float64) @ UNITS_PER_TOKEN)


def rhythms(daily: pd.DataFrame, as_of: date) -> tuple[Rhythm, ...]:
    """Give the rhythm of every workload up to `as_of`, by name.

    Parameters
    ----------
    daily
        `tables.DAILY_USAGE`; rows after `as_of` are not looked at.
    """
    rows = daily[daily["day"] <= pd.Timestamp(as_of)]
    units = units_of(rows)
    if not (units > 0).any():
        return ()
    day = rows["day"].to_numpy().astype("datetime64[D]")
    first = day[units > 0].min()
    n_days = int((np.datetime64(as_of) - first).astype(np.int64)) + 1
    known = day >= first
    at = (day - first).astype(np.int64)
    codes, names = pd.factorize(rows["workload"], sort=True)
    table = np.zeros((len(names), n_days))
    np.add.at(table, (codes[known], at[known]), units[known])
    return tuple(
        _rhythm(str(name), first.astype(object), row)
        for name, row in zip(names, table, strict=True)
    )


def _rhythm(workload: str, first: date, units: Floats) -> Rhythm:
    active = np.flatnonzero(units > 0)
    begins = int(active[0]) if len(active) else len(units)
    return Rhythm(workload, first, units, begins, same_weekday_level(units, begins))


def same_weekday_level(units: Floats, begins: int = 0) -> Floats:
    """Give level[t] for [D] days; NaN where no same weekday is known.

    >>> weeks = np.tile([5.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0], 9)
    >>> weeks[28] = 90.0
    >>> same_weekday_level(weeks)[28:30].tolist()
    [5.0, 1.0]
    """
    n = len(units)
    reach = 7 * SAME_WEEKDAYS
    padded = np.full(n + 2 * reach, np.nan)
    padded[reach + begins : reach + n] = units[begins:]
    shifts = [7 * k for k in range(-SAME_WEEKDAYS, SAME_WEEKDAYS + 1) if k]
    around = np.sort(np.stack([padded[reach + s : reach + s + n] for s in shifts]), axis=0)
    known = np.isfinite(around).sum(axis=0)
    low, high = np.maximum((known - 1) // 2, 0), np.minimum(known // 2, len(shifts) - 1)
    column = np.arange(n)
    return np.asarray((around[low, column] + around[high, column]) / 2)


def runs(flags: Mask, *, bridge: int = 0) -> list[tuple[int, int]]:
    """Give the runs of True as (first, last), runs with at most `bridge` days between as one.

    >>> runs(np.array([True, False, True, False, False, True]), bridge=1)
    [(0, 2), (5, 5)]
    """
    found: list[tuple[int, int]] = []
    for t in np.flatnonzero(flags).tolist():
        if found and t - found[-1][1] <= bridge + 1:
            found[-1] = found[-1][0], t
        else:
            found.append((t, t))
    return found
