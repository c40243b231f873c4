"""Settle a schedule of commitments on every path, as an ordered chain of small steps.

A unit is a dollar of the commitment C: a dollar paid on a contracted basis, a dollar of list
usage on a list basis. `needs` gives, for every step of a settlement period, the units x that
usage draws and what a unit costs within (u), unused (v) and beyond (w) the commitment. With R
units rolled in and a pool of C units, a step is

    counted fees  f = min(C, fees)          then C − f is left
    rolled drawn  U = min(R, x)             the oldest first
    used          y = min(C, x − U)         then C − y is left
    beyond        z = x − U − y
    lapsed        what a monthly minimum asks for beyond U + y, from C
    payment       u (U + y) + w z − v U + v · lapsed + fees + what is beside the commitment

and a period ends with its true-up, v C of what is left. On a contracted basis (u = v = 1) a
period in one step comes to C + (1 − o)·max(0, D − (C + R)/(1 − d)). On a list basis usage is
invoiced at 1 − d, what is not retired is owed at v, and a rolled unit that is drawn gives back
the v that was owed for it. With v = 1 − d the two come to the same.

`rollover_share` of the unused units is carried, lives `rollover_periods`, and none leaves the
term. A term costs Σ payment − r v · left, where left is every unit that could still have been
drawn in the last period and was not: that period's own unused units (whole) and what remains of
those rolled into it. What earlier periods lost, or a month's minimum let lapse, is worth nothing.

`kind` moves cash dates only: paying as usage comes and truing up, or paying ahead and letting
the rest expire, add up to the same totals, unless a time discount rate tells days apart. A year
(or term) in which nothing is committed is on demand: its usage costs D · (1 − the better of the
first tier's and the outside discount).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from forecast.errors import TermsError
from forecast.paths import Floats
from forecast.records.terms import Terms, Tier
from forecast.sizing.affine import Affine
from forecast.sizing.consumption import Consumed
from forecast.sizing.needs import Amount, PeriodNeed, StepNeed, period_needs
from forecast.sizing.schedule import on_demand_periods, tiers_by_period

HALF_CENT_USD = 0.005
"""A true-up or an overage below half a cent is never invoiced, so it is none."""

V = TypeVar("V", Floats, Affine)
"""Amounts of all paths: plain, or with their slope in the commitment."""

Least = Callable[[V, V], V]
"""The smaller of two amounts, path by path."""

Known = Callable[[Floats], V]
"""An amount that does not depend on the commitment."""


@dataclass(frozen=True)
class Settlement:
    """What every path comes to over the term; every array has shape [M] unless it says so.

    Attributes
    ----------
    cost
        Everything paid, less the worth of what is left at the end. USD; of the first day of the
        term where the terms state a time discount rate.
    unused
        Paid for and never drawn, in any period. USD.
    overage_usd
        Paid for usage beyond the commitment (all usage, when nothing is committed).
    contracted
        Consumption at the tier's price. USD.
    shortfall, overrun
        Whether any period was trued up; whether any went beyond its commitment.
    committed
        [M, P] the schedule after true-downs, in units.
    """

    cost: Floats
    unused: Floats
    overage_usd: Floats
    contracted: Floats
    shortfall: NDArray[np.bool_]
    overrun: NDArray[np.bool_]
    committed: Floats


@dataclass(frozen=True)
class Step(Generic[V]):
    """One step of a period, in units; what it comes to in USD."""

    rolled_drawn: V
    beyond: V
    lapsed: V | None
    """What a monthly minimum let lapse; None without that clause."""
    payment: V


@dataclass(frozen=True)
class Period(Generic[V]):
    """One settlement period, in units, and what it comes to in USD."""

    committed: V
    steps: list[Step[V]]
    pool: V
    """Units that no step drew: what can be carried."""
    rolled_left: list[V]
    """Rolled units not drawn, the oldest first."""
    payment: V

    @property
    def unused(self) -> V:
        """Units paid for and not drawn: what is left, and what lapsed on the way."""
        return added(self.pool, (s.lapsed for s in self.steps if s.lapsed is not None))


@dataclass(frozen=True)
class Flows(Generic[V]):
    """The settlement periods of a term, and its cost in USD."""

    periods: list[Period[V]]
    cost: V


def plain(amounts: Floats) -> Floats:
    """Take amounts as they are."""
    return amounts


def settle(
    terms: Terms, schedule_usd: Floats, list_usd: Consumed, *, tier: Tier | None = None
) -> Settlement:
    """Settle one schedule on every path.

    Parameters
    ----------
    terms
        The contract.
    schedule_usd
        [P] commitment of each settlement period, in the drawdown basis.
    list_usd
        [M, P] list cost of each period; `Consumption` by month where a clause needs more.
    tier
        The discount to use throughout. By default the tiers that the schedule earns.

    Raises
    ------
    TermsError
        The schedule has another number of periods than the term.
    PathsError
        The paths have, or a clause needs more than they tell.

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
    needs = period_needs(terms, tiers_in_force(terms, schedule_usd, tier), list_usd)
    n_paths = len(needs[0].steps[0].units)
    committed = [np.full(n_paths, amount) for amount in schedule_usd]
    flow = flows(terms, needs, committed, least=np.minimum, known=plain)
    return _described(needs, flow)


def _described(needs: Sequence[PeriodNeed], flow: Flows[Floats]) -> Settlement:
    true_up = np.array([q.unused * n.unused for n, q in zip(needs, flow.periods, strict=True)])
    drawn = np.zeros(true_up.shape[1])
    beyond = np.zeros_like(true_up)
    for p, (need, period) in enumerate(zip(needs, flow.periods, strict=True)):
        for n, s in zip(need.steps, period.steps, strict=True):
            beyond[p] += s.beyond * n.beyond
            drawn += s.rolled_drawn * need.unused
    return Settlement(
        cost=flow.cost,
        unused=np.maximum(0.0, true_up.sum(axis=0) - drawn),
        overage_usd=beyond.sum(axis=0),
        contracted=np.asarray(sum(s.contracted_usd for n in needs for s in n.steps)),
        shortfall=true_up.max(axis=0) >= HALF_CENT_USD,
        overrun=beyond.max(axis=0) >= HALF_CENT_USD,
        committed=np.stack([period.committed for period in flow.periods], axis=1),
    )


def tiers_in_force(
    terms: Terms, schedule_usd: Floats, tier: Tier | None = None
) -> tuple[Tier | None, ...]:
    """Give the tier in force in each period of a schedule; None where usage is on demand."""
    if not schedule_usd.any():
        return (None,) * terms.n_periods
    if tier is not None:
        return (tier,) * terms.n_periods
    earned = tiers_by_period(terms, schedule_usd)
    on_demand = on_demand_periods(terms, schedule_usd)
    return tuple(
        None if nothing else reached for reached, nothing in zip(earned, on_demand, strict=True)
    )


def flows(
    terms: Terms,
    needs: Sequence[PeriodNeed],
    schedule: Sequence[V],
    *,
    least: Least[V],
    known: Known[V],
) -> Flows[V]:
    """Run the chain over the periods; amounts are arrays [M] or affine functions of C."""
    periods: list[Period[V]] = []
    rolled: list[V] = []
    for need, committed in zip(needs, schedule, strict=True):
        lowered = true_down(committed, need, least, known)
        period = settle_period(terms, need, lowered, rolled, least, known)
        rolled = carried(terms, period)
        periods.append(period)
    left = added(periods[-1].pool, periods[-1].rolled_left)
    payments = added(periods[0].payment, (p.payment for p in periods[1:]))
    worth = needs[-1].unused * (terms.unused_value_share * needs[-1].settled_factor)
    return Flows(periods, payments - left * worth)


def true_down(committed: V, need: PeriodNeed, least: Least[V], known: Known[V]) -> V:
    """Lower a commitment to what its true-downs ask for, and not below what they leave."""
    for share, asked in need.lowered_to:
        floor, wanted = committed * share, known(asked)
        committed = least(committed, floor + wanted - least(floor, wanted))
    return committed


def settle_period(
    terms: Terms,
    need: PeriodNeed,
    committed: V,
    rolled: list[V],
    least: Least[V],
    known: Known[V],
) -> Period[V]:
    """Draw fees, rolled units, then the commitment, then go beyond, step by step."""
    pool = committed
    steps: list[Step[V]] = []
    payment: V | None = None
    for step in need.steps:
        drawn, pool, rolled = _step(terms, need, step, committed, pool, rolled, least, known)
        steps.append(drawn)
        paid = drawn.payment * step.paid_factor
        payment = paid if payment is None else payment + paid
    assert payment is not None
    payment = payment + pool * ((need.unused - need.ahead) * need.settled_factor)
    if _is_paid(need.ahead):
        payment = payment + committed * (need.ahead * need.ahead_factor)
    return Period(committed, steps, pool, rolled, payment)


def _step(
    terms: Terms,
    need: PeriodNeed,
    step: StepNeed,
    committed: V,
    pool: V,
    rolled: list[V],
    least: Least[V],
    known: Known[V],
) -> tuple[Step[V], V, list[V]]:
    """Settle one step; give it with what is left of the pool and of the rolled units."""
    units = known(step.units)
    ahead = need.ahead
    beside = step.beside_usd + step.counted_fee_usd
    covered: V | None = None
    if _is_paid(step.counted_fee_usd):
        covered = least(pool, known(np.asarray(step.counted_fee_usd)))
        pool = pool - covered
    rest, rolled = draw_rolled(rolled, units, least)
    used = least(pool, rest)
    pool, beyond, rolled_drawn = pool - used, rest - used, units - rest
    payment = (rolled_drawn + used) * step.used + beyond * step.beyond
    payment = payment - rolled_drawn * need.unused
    if _is_paid(ahead):
        payment = payment - (used if covered is None else used + covered) * ahead
    lapsed: V | None = None
    if terms.monthly_minimum_share:
        floor = committed * terms.monthly_minimum_share
        billed = used if covered is None else used + covered
        lapsed = least(floor - least(floor, billed), pool)
        pool = pool - lapsed
        payment = payment + lapsed * (need.unused - ahead)
    if _is_paid(beside):
        payment = payment + known(np.broadcast_to(beside, step.units.shape))
    return Step(rolled_drawn, beyond, lapsed, payment), pool, rolled


def _is_paid(amount: Amount) -> bool:
    return isinstance(amount, np.ndarray) or amount != 0


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
    new = period.pool * terms.rollover_share
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
