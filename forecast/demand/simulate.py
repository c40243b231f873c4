"""Sample paths of one workload by month, whose totals have the calibrated distribution exactly.

Months are drawn about the pooled profile with a random walk of the level and the noise of single
weeks. The walk is as wide as the calibrated total, so that a path with a high total got there by
growing. Then the path with the r-th smallest raw total is scaled to the r-th calibrated quantile:
totals are exact, months keep their shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from forecast.demand.calibration import TotalDistribution
from forecast.demand.intermittent import draw_periods
from forecast.demand.members.protocol import Floats, Ints, Window
from forecast.demand.pool import Pool
from forecast.units import add_months

WEEKDAY_WEEKS = 13
"""Weeks that the shares of the weekdays are taken from."""


@dataclass(frozen=True)
class Calendar:
    """How the weeks after the history fall into months.

    Attributes
    ----------
    shares
        [H, T] share of week h's demand that falls into month t; zero outside the months asked
        for and from the stop on.
    window
        The weeks that carry anything, rounded to whole ones; None when no week does.
    """

    shares: Floats
    window: Window | None


def calendar(
    end: date, months: Sequence[date], weekday_shares: Floats, *, stop: date | None = None
) -> Calendar:
    """Lay weeks over months.

    Parameters
    ----------
    end
        Last observed day; week 0 begins on the next one.
    months
        T consecutive months.
    weekday_shares
        [7] share of a week's demand on its first … seventh day.
    stop
        First day without traffic.

    Examples
    --------
    >>> found = calendar(date(2027, 1, 31), [date(2027, 2, 1)], np.full(7, 1 / 7))
    >>> found.window, found.shares.sum().round(6)
    (Window(lead=0, length=4), np.float64(4.0))
    """
    last = add_months(months[-1], 1)
    horizon = max(1, -(-((last - end).days - 1) // 7))
    days = np.datetime64(end, "D") + np.arange(1, 7 * horizon + 1)
    t = (days.astype("M8[M]") - np.datetime64(months[0], "M")).astype(np.int64)
    inside = (t >= 0) & (t < len(months))
    if stop is not None:
        inside &= days < np.datetime64(stop, "D")
    offset = np.flatnonzero(inside)
    shares = np.zeros((horizon, len(months)))
    np.add.at(shares, (offset // 7, t[offset]), weekday_shares[offset % 7])
    begin = max(0, (months[0] - end).days - 1)
    finish = (min(last, stop) if stop else last) - end
    n_days = finish.days - 1
    if n_days <= begin:
        return Calendar(shares, None)
    lead = round(begin / 7)
    return Calendar(shares, Window(lead, max(1, round(n_days / 7) - lead)))


def weekday_shares(daily: Floats) -> Floats:
    """Share of a week on its first … seventh day, from the last 13 weeks: [7, W].

    `daily` [D, W] ends with a whole week. A workload without usage there gets equal shares; one
    week's worth of equal days is mixed in, so that a short history does not rule a day out.
    """
    weeks = min(WEEKDAY_WEEKS, len(daily) // 7)
    recent = daily[len(daily) - 7 * weeks :].reshape(weeks, 7, -1)
    total = recent.sum(axis=(0, 1))
    share = recent.sum(axis=0) / np.where(total > 0, total, 1.0)
    mixed = np.where(total > 0, share, 1 / 7) * weeks + 1 / 7
    return np.asarray(mixed / (weeks + 1))


def profile(pool: Pool, series: int, horizon: int) -> Floats:
    """Pooled log demand of each week after now: [H]."""
    paths = pool.hindcast.paths[series, -1, :horizon]
    weights = pool.weights[series, -1]
    used = weights > 0
    return np.asarray(paths[:, used] @ weights[used])


def steady_months(
    log_profile: Floats,
    totals: TotalDistribution,
    series: int,
    weeks: Calendar,
    ranks: Ints,
    half_noise: float,
    *,
    rng: np.random.Generator,
) -> Floats:
    """Months [N, T] of a steady workload.

    Parameters
    ----------
    log_profile
        [H] log demand of each week.
    totals, series
        Calibrated log totals of the calendar's window, and which series of it.
    weeks
        The calendar; its window is not None.
    ranks
        [N] rank of each path's total.
    half_noise
        Half the variance of single weeks.
    """
    window = weeks.window
    assert window is not None
    n = len(ranks)
    relative = np.exp(log_profile - float(log_profile.max()))
    weekly = relative[:, None] * weeks.shares
    base = weekly.sum(axis=0)
    in_window = relative[window.lead : window.end].sum()
    levels = (np.arange(n) + 0.5) / n
    logs = totals.log_quantiles(series, levels) + np.log(base.sum()) - np.log(in_window)
    live = base > 0
    step = totals.spread[series] / np.sqrt(window.lead + window.length / 3)
    factors = _wander(weekly[:, live] / base[live], step, half_noise, n, rng=rng)
    months = np.zeros((n, len(base)))
    months[:, live] = factors * base[live]
    raw = months.sum(axis=1)
    order = np.argsort(raw)
    factor = np.exp(logs - np.log(raw[order]))
    return np.asarray(months[order[ranks]] * factor[ranks, None])


def _wander(
    shares: Floats, step: float, half_noise: float, n: int, *, rng: np.random.Generator
) -> Floats:
    """Factors [n, T] of months made of weeks in `shares` [H, T], each adding to one.

    A walk of the level, `step` a week and read in the mean week a_t of month t, and the mean of
    the noise exp(N(−v/2, v)), v = 2 `half_noise`, of its weeks, as a lognormal of variance u_t:

        log factor = N(−u/2, step² min(a_s, a_t) + u_t [s = t]).
    """
    middle = np.maximum.accumulate(np.arange(1, len(shares) + 1) @ shares)
    noise = np.log1p(np.expm1(2.0 * half_noise) * (shares**2).sum(axis=0))
    covariance = step**2 * np.minimum(middle[:, None], middle) + np.diag(noise + 1e-12)
    root = np.linalg.cholesky(covariance).astype(np.float32)
    logs = rng.standard_normal((n, len(middle)), dtype=np.float32) @ root.T
    logs -= (noise / 2).astype(np.float32)
    return np.exp(logs, out=logs).astype(np.float64)


def bursty_months(
    weekly: Floats, weeks: Calendar, ranks: Ints, *, ended: float, rng: np.random.Generator
) -> Floats:
    """Months [N, T] of an intermittent workload, ordered by `ranks` of their totals."""
    assert weeks.window is not None
    horizon = len(weeks.shares)
    drawn = draw_periods(weekly, horizon, weeks.window, len(ranks), ended=ended, rng=rng)
    months = drawn @ weeks.shares
    return np.asarray(months[np.argsort(months.sum(axis=1), kind="stable")][ranks])
