"""The settlement of one path, line by line, in exact decimals.

Written apart from `settlement`, step by step and without arrays, so that each is a check of the
other. A step is a month, or a settlement period where the path has as many amounts. Over every
period

    payments = list cost + discount − rolled drawn + true-up + minimum + fees − credits

and the total of the ledger is all payments plus the (negative) worth of what is left at the end
of the term. Money is rounded here and nowhere else: what has been paid up to each payment is
rounded to cents, so that the payments add up to the rounded total.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, localcontext
from typing import Literal

import numpy as np

from forecast.errors import PathsError, TermsError
from forecast.records.base import Record, Usd
from forecast.records.terms import Terms, Tier
from forecast.sizing.calendar import due_day, instalments
from forecast.sizing.consumption import Group
from forecast.sizing.ledger_prices import ONE, ZERO, PricedUsage, Usage, exact, price_steps
from forecast.sizing.settlement import tiers_in_force
from forecast.units import add_months, month_of, to_cents

Item = Literal[
    "list_cost",
    "discount",
    "rolled_drawn",
    "drawdown",
    "overage",
    "beside",
    "fee",
    "credit",
    "minimum",
    "true_up",
    "rolled_over",
    "payment",
    "worth_of_unused",
]

PRECISION = 40
"""Digits of the workings: shares of shares stay exact far below a cent."""


class LedgerLine(Record):
    """One line of the ledger of one step, [period_start, period_end)."""

    period_start: date
    period_end: date
    item: Item
    """`beside` is usage that does not count; `minimum` is what a monthly minimum bills beyond
    usage; `true_up` is what is paid for commitment that was not used, also when it was paid ahead
    and expires; `rolled_over` is the part of it that the next period may draw."""
    usd: Usd
    """Workings to the micro-dollar, cash in whole cents."""
    due: date | None
    """Cash only: `burn_down` pays the commitment when the period starts."""


def ledger(
    terms: Terms,
    schedule_usd: Sequence[Decimal],
    list_usd: Sequence[Decimal] | Sequence[Usage],
    *,
    market: Sequence[Decimal] | None = None,
    lowered_usd: Sequence[Decimal] | None = None,
) -> tuple[LedgerLine, ...]:
    """Settle one path, showing every step.

    Parameters
    ----------
    schedule_usd
        [P] commitment of each settlement period, as signed.
    list_usd
        List cost of each settlement period, or of each month; by group where a clause tells
        groups apart.
    market
        The vendor's list in each of them, as a multiple of that of the first day.
    lowered_usd
        [P] the commitment after true-downs; tiers stay those of what was signed.

    Raises
    ------
    TermsError, PathsError
        Another number of periods than the term has.

    Examples
    --------
    >>> terms = Terms(term_start=date(2027, 1, 1), term_months=12,
    ...     tiers=(Tier(from_commitment_usd=Decimal(0), discount_share=0.25),))
    >>> lines = ledger(terms, [Decimal(75)], [Decimal(140)])
    >>> [(line.item, str(line.usd)) for line in lines if line.item in ("overage", "payment")]
    [('overage', '40.000000'), ('payment', '115.00'), ('payment', '0.00')]
    >>> ledger_total(lines)
    Decimal('115.00')
    """
    if len(schedule_usd) != terms.n_periods:
        raise TermsError(
            f"the schedule has {len(schedule_usd)} amounts for {terms.n_periods} settlement "
            "periods; give one amount per period"
        )
    allowed = (
        {terms.term_months} if terms.settles_by_month else {terms.term_months, terms.n_periods}
    )
    if len(list_usd) not in allowed:
        raise PathsError(
            f"the path has {len(list_usd)} amounts for {terms.n_periods} settlement periods of "
            f"{terms.period_months} months; give one list cost per period or per month"
        )
    usage: list[Usage] = [x if isinstance(x, Mapping) else {Group(): x} for x in list_usd]
    tiers = tiers_in_force(terms, np.array([float(c) for c in schedule_usd]))
    with localcontext() as context:
        context.prec = PRECISION
        steps = price_steps(terms, tiers, usage, market)
        book = _Book(terms)
        size = len(steps) // terms.n_periods
        for p, (tier, committed) in enumerate(zip(tiers, lowered_usd or schedule_usd, strict=True)):
            book.settle_period(tier, committed, steps[p * size : (p + 1) * size])
        book.close_term()
    return tuple(book.lines)


def ledger_total(lines: Sequence[LedgerLine]) -> Decimal:
    """Add up what a ledger comes to: payments less the worth of what is left."""
    return sum((x.usd for x in lines if x.item in ("payment", "worth_of_unused")), Decimal(0))


def worth_on_first_day(terms: Terms, lines: Sequence[LedgerLine]) -> Decimal:
    """Give what a ledger comes to in dollars of the first day, at the terms' discount rate."""
    growth = 1 + exact(terms.time_discount_rate)
    return sum(
        (
            x.usd * growth ** (Decimal((terms.term_start - x.due).days) / 365)
            for x in lines
            if x.due is not None
        ),
        Decimal(0),
    )


def cash_by_month(lines: Sequence[LedgerLine]) -> dict[date, Decimal]:
    """Give what is paid in each calendar month in which anything falls due."""
    found: dict[date, Decimal] = {}
    for line in lines:
        if line.item == "payment" and line.due is not None and line.usd:
            month = month_of(line.due)
            found[month] = found.get(month, Decimal(0)) + line.usd
    return dict(sorted(found.items()))


EXPENSED = frozenset({"drawdown", "overage", "beside", "fee", "minimum", "true_up"})


def expense_by_period(lines: Sequence[LedgerLine]) -> dict[date, Decimal]:
    """Give the expense of each step, when usage is used and the unused lapses.

    What a rolled unit cost was expensed with the true-up of its own period.
    """
    found: dict[date, Decimal] = {}
    for line in lines:
        signed = line.usd if line.item in EXPENSED else -line.usd if line.item == "credit" else 0
        found[line.period_start] = found.get(line.period_start, Decimal(0)) + signed
    return found


class _Book:
    """Lines written so far, rolled units by the period they come from, and cash paid.

    A unit is a dollar of the commitment, as in `settlement`.
    """

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.period = -1
        self.lines: list[LedgerLine] = []
        self.rolled: list[tuple[int, Decimal]] = []
        self.last_unused = self.last_face = ZERO
        self.exact_total = ZERO
        self.written_total = ZERO
        self.start = self.end = terms.term_start

    def settle_period(
        self, tier: Tier | None, committed: Decimal, steps: Sequence[PricedUsage]
    ) -> None:
        """Write the lines of the next period."""
        self.period += 1
        self._drop_expired()
        months = self.terms.period_months // len(steps)
        first = self.period * self.terms.period_months
        plain, face = self._prices(tier)
        ahead = plain if self.terms.kind == "burn_down" else ZERO
        self._span(first, first + months)
        if self.terms.kind == "burn_down":
            self._pay_ahead(committed * ahead)
        pool, usage_due = committed, ZERO
        for i, step in enumerate(steps):
            self._span(first + i * months, first + (i + 1) * months)
            pool, usage_due = self._step(step, committed, pool, face, ahead, plain)
            if self.terms.kind == "build_up" or i + 1 < len(steps):
                self._pay("payment", usage_due, due_day(self.terms, first + (i + 1) * months))
        settled = due_day(self.terms, first + self.terms.period_months)
        self._write("true_up", pool * face)
        self._roll_over(pool, face)
        rest = usage_due if self.terms.kind == "burn_down" else ZERO
        self._pay("payment", rest + pool * (face - ahead), settled)
        self.last_unused, self.last_face = pool, face

    def close_term(self) -> None:
        """Credit what could still have been drawn in the last period and was not."""
        left = self.last_unused + sum((units for _, units in self.rolled), ZERO)
        worth = left * self.last_face * exact(self.terms.unused_value_share)
        self._pay("worth_of_unused", -worth, due_day(self.terms, self.terms.term_months))

    def _prices(self, tier: Tier | None) -> tuple[Decimal, Decimal]:
        """Give what a unit costs within the commitment by the plain tier, and when unused."""
        if self.terms.drawdown_basis == "contracted":
            return ONE, ONE
        base = self.terms.tiers[0] if tier is None else tier
        plain = 1 - exact(base.discount_share)
        return plain, ONE if self.terms.shortfall_price == "face" else plain

    def _step(
        self,
        step: PricedUsage,
        committed: Decimal,
        pool: Decimal,
        face: Decimal,
        ahead: Decimal,
        plain: Decimal,
    ) -> tuple[Decimal, Decimal]:
        """Write the lines of a step; give what is left of the pool, and what is due."""
        on_list = self.terms.drawdown_basis == "list"
        units = step.at_list if on_list else step.within
        u = step.within / units if units else plain
        w = step.beyond / units if units else ONE
        covered = min(pool, step.counted_fees)
        pool -= covered
        rolled = self._draw(units)
        used = min(pool, units - rolled)
        pool -= used
        beyond = units - rolled - used
        floor = committed * exact(self.terms.monthly_minimum_share)
        lapsed = min(max(ZERO, floor - used - covered), pool)
        pool -= lapsed
        usage = (used + rolled) * u + beyond * w
        self._write("list_cost", step.vendor_list)
        self._write("discount", usage + step.beside - step.vendor_list)
        self._write("rolled_drawn", rolled * face)
        self._write("drawdown", (used + (rolled if on_list else ZERO)) * u)
        self._write("overage", beyond * w)
        fees = step.fees + step.counted_fees
        only_where_used: tuple[tuple[Item, Decimal], ...] = (
            ("beside", step.beside),
            ("fee", fees),
            ("credit", step.credit),
            ("minimum", lapsed * face),
        )
        for item, usd in only_where_used:
            if usd:
                self._write(item, usd)
        due = usage - rolled * face + step.beside + fees - step.credit + lapsed * face
        return pool, due - (used + covered + lapsed) * ahead

    def _drop_expired(self) -> None:
        alive = self.terms.rollover_periods
        self.rolled = [(p, units) for p, units in self.rolled if self.period - p <= alive]

    def _draw(self, need: Decimal) -> Decimal:
        """Draw the oldest rolled units first; give how many."""
        drawn = ZERO
        kept: list[tuple[int, Decimal]] = []
        for born, units in self.rolled:
            take = min(units, need - drawn)
            drawn += take
            kept.append((born, units - take))
        self.rolled = kept
        return drawn

    def _roll_over(self, unused: Decimal, face: Decimal) -> None:
        """Carry a share of the unused units into the next period, if the term has one."""
        rolled = unused * exact(self.terms.rollover_share)
        if self.period < self.terms.n_periods - 1 and rolled:
            self._write("rolled_over", rolled * face)
            self.rolled.append((self.period, rolled))

    def _pay_ahead(self, usd: Decimal) -> None:
        at = instalments(self.terms, self.period)
        for month in at:
            self._pay("payment", usd / len(at), due_day(self.terms, month))

    def _span(self, first_month: int, end_month: int) -> None:
        self.start = add_months(self.terms.term_start, first_month)
        self.end = add_months(self.terms.term_start, end_month)

    def _pay(self, item: Item, usd: Decimal, due: date) -> None:
        """Write a cash line such that all cash written so far adds up to whole cents."""
        self.exact_total += usd
        written = to_cents(self.exact_total) - self.written_total
        self.written_total += written
        self._line(item, written, due)

    def _write(self, item: Item, usd: Decimal) -> None:
        """Write a working, to the micro-dollar."""
        shown = usd.quantize(Decimal("0.000001"))
        self._line(item, shown if shown else abs(shown), None)

    def _line(self, item: Item, usd: Decimal, due: date | None) -> None:
        self.lines.append(
            LedgerLine(period_start=self.start, period_end=self.end, item=item, usd=usd, due=due)
        )
