"""Settle a schedule of commitments on every path.

A unit is a dollar of the commitment C: a dollar paid on a contracted basis, a dollar of list
usage on a list basis. With D the list cost of a period, R units rolled in, and the unit prices
a, u, v, w of the tariff (see `tariff`), one settlement period is

    need          x = a D
    rolled drawn  U = min(R, x)             the oldest first
    used          y = min(C, x − U)
    beyond        z = x − U − y
    payment       u (U + y) + v (C − y) − v U + w z

On a contracted basis (u = v = 1) that is C + (1 − o)·max(0, D − (C + R)/(1 − d)). On a list
basis usage is invoiced at 1 − d, what is not retired is owed at v, and a rolled unit that is
drawn gives back the v that was owed for it. With v = 1 − d the two come to the same.

`rollover_share` of the unused units C − y is carried, lives `rollover_periods`, and none leaves
the term. A term costs Σ payment − r v · left, where left is every unit that could still have
been drawn in the last period and was not: that period's own unused units (whole) and what
remains of those rolled into it. What earlier periods lost is worth nothing.

`kind` moves cash dates only: paying as usage comes and truing up, or paying ahead and letting
the rest expire, add up to the same totals. A year (or term) in which nothing is committed is
on demand: its usage costs D · (1 − the better of the first tier's and the outside discount).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from forecast.errors import PathsError, TermsError
from forecast.paths import Floats
from forecast.records.terms import Terms, Tier
from forecast.sizing.affine import Affine
from forecast.sizing.schedule import on_demand_periods, tiers_by_period
from forecast.sizing.tariff import Tariff, UnitPrices, no_deal_tariff, tariff_of, unit_prices

HALF_CENT_USD = 0.005
"""A true-up or an overage below half a cent is never invoiced, so it is none."""

V = TypeVar("V", Floats, Affine)
"""Amounts of all paths: plain, or with their slope in the commitment."""

Least = Callable[[V, V], V]
"""The smaller of two amounts, path by path."""


@dataclass(frozen=True)
class Settlement:
    """What every path comes to over the term; every array has shape [M].

    Attributes
    ----------
    cost
        Everything paid, less the worth of what is left at the end. USD.
    unused
        Paid for and never drawn, in any period. USD.
    overage_usd
        Paid for usage beyond the commitment (all usage, when nothing is committed).
    contracted
        Consumption at the tier's price. USD.
    shortfall, overrun
        Whether any period was trued up; whether any went beyond its commitment.
    """

    cost: Floats
    unused: Floats
    overage_usd: Floats
    contracted: Floats
    shortfall: NDArray[np.bool_]
    overrun: NDArray[np.bool_]


@dataclass(frozen=True)
class Period(Generic[V]):
    """The units of one settlement period, and what they come to."""

    rolled_drawn: V
    unused: V
    beyond: V
    rolled_left: list[V]
    """Rolled units not drawn, the oldest first."""
    payment: V
    """USD."""


@dataclass(frozen=True)
class Flows(Generic[V]):
    """The settlement periods of a term, and its cost in USD."""

    periods: list[Period[V]]
    cost: V


def settle(
    terms: Terms, schedule_usd: Floats, list_usd: Floats, *, tier: Tier | None = None
) -> Settlement:
    """Settle one schedule on every path.

    Parameters
    ----------
    terms
        The contract.
    schedule_usd
        [P] commitment of each settlement period, in the drawdown basis.
    list_usd
        [M, P] list cost of each period.
    tier
        The discount to use throughout. By default the tiers that the schedule earns.

    Raises
    ------
    TermsError
        The schedule has another number of periods than the term.
    PathsError
        The paths have.

    Examples
    --------
    A quarter off, 75 committed, and 80 or 140 of list consumption: the first uses 60 and
    loses 15, the second pays 40 of overage at list.

    >>> from datetime import date
    >>> from decimal import Decimal
    >>> terms = Terms(term_start=date(2027, 1, 1), term_months=12,
    ...     tiers=(Tier(from_commitment_usd=Decimal(0), discount_share=0.25),))
    >>> settled = settle(terms, np.array([75.0]), np.array([[80.0], [140.0]]))
    >>> settled.cost.tolist(), settled.unused.tolist(), settled.overage_usd.tolist()
    ([75.0, 115.0], [15.0, 0.0], [0.0, 40.0])
    """
    if schedule_usd.shape != (terms.n_periods,):
        raise TermsError(
            f"the schedule has {schedule_usd.size} amounts for {terms.n_periods} settlement "
            "periods; give one amount per period"
        )
    if list_usd.ndim != 2 or list_usd.shape[1] != terms.n_periods:
        raise PathsError(
            f"the paths have shape {list_usd.shape}; give one row per path and one column for "
            f"each of the {terms.n_periods} settlement periods"
        )
    tariffs = tariffs_by_period(terms, schedule_usd, tier)
    by_period = np.ascontiguousarray(list_usd.T, dtype=np.float64)
    committed = [np.full(len(list_usd), amount) for amount in schedule_usd]
    flow = flows(terms, tariffs, committed, list(by_period), least=np.minimum)
    prices = [unit_prices(terms, tariff) for tariff in tariffs]
    true_up = np.array([q.unused * p.unused for p, q in zip(flow.periods, prices, strict=True)])
    drawn = np.array([q.unused * p.rolled_drawn for p, q in zip(flow.periods, prices, strict=True)])
    overage = np.array([q.beyond * p.beyond for p, q in zip(flow.periods, prices, strict=True)])
    return Settlement(
        cost=flow.cost,
        unused=np.maximum(0.0, true_up.sum(axis=0) - drawn.sum(axis=0)),
        overage_usd=overage.sum(axis=0),
        contracted=np.array([t.committed_price for t in tariffs]) @ by_period,
        shortfall=true_up.max(axis=0) >= HALF_CENT_USD,
        overrun=overage.max(axis=0) >= HALF_CENT_USD,
    )


def tariffs_by_period(
    terms: Terms, schedule_usd: Floats, tier: Tier | None = None
) -> tuple[Tariff, ...]:
    """Give the tariff in force in each period of a schedule."""
    if not schedule_usd.any():
        return (no_deal_tariff(terms),) * terms.n_periods
    if tier is not None:
        return (tariff_of(terms, tier),) * terms.n_periods
    return tuple(
        no_deal_tariff(terms) if is_on_demand else tariff_of(terms, earned)
        for earned, is_on_demand in zip(
            tiers_by_period(terms, schedule_usd),
            on_demand_periods(terms, schedule_usd),
            strict=True,
        )
    )


def flows(
    terms: Terms,
    tariffs: Sequence[Tariff],
    schedule: Sequence[V],
    list_usd: Sequence[V],
    *,
    least: Least[V],
) -> Flows[V]:
    """Run the chain over the periods; amounts are arrays [M] or affine functions of C."""
    periods: list[Period[V]] = []
    rolled: list[V] = []
    prices = [unit_prices(terms, tariff) for tariff in tariffs]
    for price, committed, consumed in zip(prices, schedule, list_usd, strict=True):
        period = settle_period(price, committed, consumed * price.list_usd, rolled, least)
        rolled = carried(terms, period)
        periods.append(period)
    left = added(periods[-1].unused, periods[-1].rolled_left)
    payments = added(periods[0].payment, (p.payment for p in periods[1:]))
    return Flows(periods, payments - left * (terms.unused_value_share * prices[-1].unused))


def settle_period(
    price: UnitPrices, committed: V, need: V, rolled: list[V], least: Least[V]
) -> Period[V]:
    """Draw rolled units, then the commitment, then go beyond; all amounts in units."""
    rest, rolled_left = draw_rolled(rolled, need, least)
    rolled_drawn = need - rest
    used = least(committed, rest)
    unused, beyond = committed - used, rest - used
    invoiced = (rolled_drawn + used) * price.used + beyond * price.beyond
    return Period(
        rolled_drawn=rolled_drawn,
        unused=unused,
        beyond=beyond,
        rolled_left=rolled_left,
        payment=invoiced + (unused - rolled_drawn) * price.unused,
    )


def draw_rolled(rolled: list[V], need: V, least: Least[V]) -> tuple[V, list[V]]:
    """Draw `need` from rolled units, the oldest first; give the rest of both."""
    left: list[V] = []
    for balance in rolled:
        drawn = least(balance, need)
        need = need - drawn
        left.append(balance - drawn)
    return need, left


def carried(terms: Terms, period: Period[V]) -> list[V]:
    """Give the rolled units of the next period, the oldest first."""
    if terms.rollover_share == 0:
        return []
    new = period.unused * terms.rollover_share
    if terms.rollover_periods >= terms.n_periods - 1:  # none expires within the term
        return [added(new, period.rolled_left)]
    balances = list(period.rolled_left)
    balances.append(new)
    return balances[-terms.rollover_periods :]


def added(first: V, others: Iterable[V]) -> V:
    """Add up amounts of one kind."""
    for other in others:
        first = first + other
    return first
