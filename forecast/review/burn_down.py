"""Actual drawdown against contract and forecast: where each period lands, and when it is certain.

In units of the commitment (dollars drawn down), for path i, with C_p the commitment of period p,
R_{i,p} what earlier periods carry into it and x_{i,p} its drawdown,

    rolled drawn  U = min(R, x)
    unused        y = C − min(C, x − U)
    beyond        z = x − U − C + y

A pool C + R is exhausted on the day on which the drawdown of the period reaches it. A shortfall is
certain once what is left exceeds the 95 % quantile of what the rest of the period draws: however
the rest goes, it will not be drawn. Days inside a month are read off a straight line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np

from forecast.paths import Floats, period_totals, quantile
from forecast.records.recommendation import QUANTILE_LEVELS, Quantile
from forecast.records.reforecast import BurnDown, CertainDay, MonthDrawdown, PeriodStanding
from forecast.units import add_months, days_in_month, to_cents

CERTAINTY_LEVELS = (0.5, 0.8, 0.95)

OUT_OF_REACH_LEVEL = 0.95
"""Quantile of the rest of a period beyond which drawing what is left counts as out of reach."""

HALF_CENT_USD = 0.005
"""As in settlement: less is never invoiced."""


@dataclass(frozen=True)
class Pools:
    """The commitments of a term.

    Attributes
    ----------
    term_start, period_months
        The settlement periods.
    commitment_usd
        [P] in units of the drawdown basis.
    units_per_list_usd
        [P] units that a list dollar draws: 1 − d on a contracted basis, else 1.
    rollover_share, rollover_periods
        What is carried, and how long it lives.
    basis, discount_share
        For display.
    """

    term_start: date
    period_months: int
    commitment_usd: Floats
    units_per_list_usd: Floats
    rollover_share: float
    rollover_periods: int
    basis: Literal["contracted", "list"]
    discount_share: float

    def starts(self, period: int) -> date:
        """First day of a period."""
        return add_months(self.term_start, period * self.period_months)


@dataclass(frozen=True)
class Drawn:
    """The periods of every path: each [M, P]."""

    drawdown: Floats
    rolled_in: Floats
    unused: Floats
    beyond: Floats


def draw(pools: Pools, list_usd: Floats) -> Drawn:
    """Draw every path's periods down, rolled units first, the oldest first.

    Parameters
    ----------
    list_usd
        [M, T] list cost by month of the term.

    Examples
    --------
    100 a year, half of the unused carried: 40 unused in the first year bring 20 into the second.

    >>> pools = Pools(date(2027, 1, 1), 12, np.array([100.0, 100.0]), np.ones(2), 0.5, 1,
    ...     "list", 0.0)
    >>> drawn = draw(pools, np.repeat([[5.0, 11.0]], 12, axis=1))
    >>> drawn.drawdown.tolist(), drawn.rolled_in.tolist(), drawn.beyond.tolist()
    ([[60.0, 132.0]], [[0.0, 20.0]], [[0.0, 12.0]])
    """
    drawdown = period_totals(list_usd, pools.period_months) * pools.units_per_list_usd
    rolled_in, unused, beyond = (np.zeros_like(drawdown) for _ in range(3))
    rolled: list[Floats] = []
    for p, committed in enumerate(pools.commitment_usd):
        need = drawdown[:, p].copy()
        rolled_in[:, p] = sum(rolled, np.zeros(len(need)))
        left: list[Floats] = []
        for balance in rolled:
            taken = np.minimum(balance, need)
            need -= taken
            left.append(balance - taken)
        used = np.minimum(committed, need)
        unused[:, p] = committed - used
        beyond[:, p] = need - used
        rolled = [*left, unused[:, p] * pools.rollover_share][-pools.rollover_periods :]
    return Drawn(drawdown, rolled_in, unused, beyond)


def burn_down(pools: Pools, list_usd: Floats, n_elapsed: int) -> BurnDown:
    """Tell where periods and term land, and by when that is certain.

    Parameters
    ----------
    list_usd
        [M, T] list cost by month of the term; the first `n_elapsed` months are recorded and alike
        in every scenario.
    """
    drawn = draw(pools, list_usd)
    units = list_usd * np.repeat(pools.units_per_list_usd, pools.period_months)
    return BurnDown(
        basis=pools.basis,
        discount_share=pools.discount_share,
        months=_months(pools, units, n_elapsed),
        periods=tuple(
            _standing(pools, drawn, units, n_elapsed, p) for p in range(len(pools.commitment_usd))
        ),
        term_landing=_quantiles(units.sum(axis=1)),
        certain=_certain(pools, drawn, units, n_elapsed),
    )


def _months(pools: Pools, units: Floats, n_elapsed: int) -> tuple[MonthDrawdown, ...]:
    running = np.cumsum(units, axis=1)
    return tuple(
        MonthDrawdown(
            month=add_months(pools.term_start, t),
            recorded_usd=to_cents(float(running[0, t])) if t < n_elapsed else None,
            quantiles=() if t < n_elapsed else _quantiles(running[:, t]),
        )
        for t in range(units.shape[1])
    )


def _standing(pools: Pools, drawn: Drawn, units: Floats, n_elapsed: int, p: int) -> PeriodStanding:
    first, end = p * pools.period_months, (p + 1) * pools.period_months
    state: Literal["settled", "running", "ahead"] = (
        "settled" if n_elapsed >= end else "running" if n_elapsed > first else "ahead"
    )
    m = len(units)
    return PeriodStanding(
        period_start=pools.starts(p),
        period_end=pools.starts(p + 1),
        commitment_usd=to_cents(float(pools.commitment_usd[p])),
        rolled_in_usd=to_cents(float(drawn.rolled_in[:, p].mean())),
        drawn_usd=to_cents(float(units[0, first : min(n_elapsed, end)].sum())),
        state=state,
        landing=_quantiles(drawn.drawdown[:, p]),
        shortfall_probability=int((drawn.unused[:, p] >= HALF_CENT_USD).sum()) / m,
        overage_probability=int((drawn.beyond[:, p] >= HALF_CENT_USD).sum()) / m,
        expected_unused_usd=to_cents(float(drawn.unused[:, p].mean())),
        expected_overage_usd=to_cents(float(drawn.beyond[:, p].mean())),
    )


def _certain(pools: Pools, drawn: Drawn, units: Floats, n_elapsed: int) -> tuple[CertainDay, ...]:
    if n_elapsed >= units.shape[1]:
        return ()
    p = n_elapsed // pools.period_months
    if pools.commitment_usd[p] == 0:
        return ()
    first = p * pools.period_months
    months = units[:, first : first + pools.period_months]
    pool = pools.commitment_usd[p] + drawn.rolled_in[:, p]
    known = n_elapsed - first
    exhausted = _exhausted_days(months, pool, pools.starts(p))
    certain = _shortfall_days(months, pool, known, pools.starts(p))
    start = pools.starts(p)
    return tuple(
        CertainDay(
            probability=level,
            exhausted_on=_day(start, quantile(exhausted, level)),
            shortfall_certain_on=_day(start, quantile(certain, level)),
        )
        for level in CERTAINTY_LEVELS
    )


def _exhausted_days(months: Floats, pool: Floats, start: date) -> Floats:
    """Days from `start` until the pool is drawn, [M]; infinite where it never is."""
    ends = _month_ends(start, months.shape[1])
    found = np.full(len(months), np.inf)
    before, day = np.zeros(len(months)), 0.0
    for t, end in enumerate(ends):
        now = before + months[:, t]
        reached = np.isinf(found) & (now >= pool) & (months[:, t] > 0)
        share = (pool[reached] - before[reached]) / months[reached, t]
        found[reached] = day + np.clip(share, 0, 1) * (end - day)
        before, day = now, end
    return found


def _shortfall_days(months: Floats, pool: Floats, known: int, start: date) -> Floats:
    """Days from `start` until what is left can no longer be drawn, [M]; infinite where it can."""
    ends = _month_ends(start, months.shape[1])
    running = np.cumsum(months, axis=1)
    found = np.full(len(months), np.inf)
    for t in range(max(known - 1, 0), months.shape[1]):
        rest = running[:, -1] - running[:, t]
        most = quantile(rest, OUT_OF_REACH_LEVEL)
        out_of_reach = pool - running[:, t] - most >= HALF_CENT_USD
        found[out_of_reach & np.isinf(found)] = ends[t]
        found[~out_of_reach] = np.inf
    return found


def _month_ends(start: date, n: int) -> list[float]:
    """Days from `start` to the end of each of `n` months."""
    return np.cumsum([days_in_month(add_months(start, t)) for t in range(n)]).tolist()


def _day(start: date, days: float) -> date | None:
    """Give the last day of the `days` from `start` on."""
    return start + timedelta(days=max(0, int(np.ceil(days)) - 1)) if np.isfinite(days) else None


def _quantiles(values: Floats) -> tuple[Quantile, ...]:
    return tuple(
        Quantile(quantile_level=level, usd=to_cents(quantile(values, level)))
        for level in QUANTILE_LEVELS
    )


def quantiles_of(totals: Sequence[float] | Floats) -> tuple[Quantile, ...]:
    """Give the quantiles that are reported of any total."""
    return _quantiles(np.asarray(totals, dtype=np.float64))
