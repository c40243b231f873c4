"""The settlement of one path, line by line, in exact decimals.

Written apart from `settlement`, period by period and without arrays, so that each is a check
of the other. In every period

    payments = list cost + discount − rolled drawn + true-up

and the total of the ledger is all payments plus the (negative) worth of what is left at the end
of the term. Money is rounded here and nowhere else: what has been paid up to each payment is
rounded to cents, so that the payments add up to the rounded total.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Literal

import numpy as np

from forecast.errors import PathsError, TermsError
from forecast.records.base import Record, Usd
from forecast.records.terms import Terms
from forecast.sizing.settlement import tariffs_by_period
from forecast.sizing.tariff import Tariff
from forecast.units import add_months, to_cents

Item = Literal[
    "list_cost",
    "discount",
    "rolled_drawn",
    "drawdown",
    "overage",
    "true_up",
    "rolled_over",
    "payment",
    "worth_of_unused",
]


class LedgerLine(Record):
    """One line of the ledger of one settlement period, [period_start, period_end)."""

    period_start: date
    period_end: date
    item: Item
    """`true_up` is what is paid for commitment that was not used, also when it was paid ahead
    and expires; `rolled_over` is the part of it that the next period may draw."""
    usd: Usd
    """Workings to the micro-dollar, cash in whole cents."""
    due: date | None
    """Cash only: `burn_down` pays the commitment when the period starts."""


def ledger(
    terms: Terms, schedule_usd: Sequence[Decimal], list_usd_by_period: Sequence[Decimal]
) -> tuple[LedgerLine, ...]:
    """Settle one path, showing every step.

    Parameters
    ----------
    schedule_usd
        [P] commitment of each settlement period.
    list_usd_by_period
        [P] list cost of each settlement period.

    Raises
    ------
    TermsError, PathsError
        Another number of periods than the term has.

    Examples
    --------
    >>> from forecast.records.terms import Tier
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
    if len(list_usd_by_period) != terms.n_periods:
        raise PathsError(
            f"the path has {len(list_usd_by_period)} amounts for {terms.n_periods} settlement "
            "periods; give one list cost per period"
        )
    book = _Book(terms)
    tariffs = tariffs_by_period(terms, np.array([float(c) for c in schedule_usd]))
    for tariff, committed, consumed in zip(tariffs, schedule_usd, list_usd_by_period, strict=True):
        book.settle_period(tariff, committed, consumed)
    book.close_term()
    return tuple(book.lines)


def ledger_total(lines: Sequence[LedgerLine]) -> Decimal:
    """Add up what a ledger comes to: payments less the worth of what is left."""
    return sum((x.usd for x in lines if x.item in ("payment", "worth_of_unused")), Decimal(0))


def _exact(share: float) -> Decimal:
    """Give the decimal that a share was written as, 0.1 for the float nearest to it."""
    return Decimal(repr(share))


class _Book:
    """Lines written so far, rolled units by the period they come from, and cash paid.

    A unit is a dollar of the commitment, as in `settlement`.
    """

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.period = -1
        self.lines: list[LedgerLine] = []
        self.rolled: list[tuple[int, Decimal]] = []
        self.last_unused = self.last_face = Decimal(0)
        self.exact_total = Decimal(0)
        self.written_total = Decimal(0)

    def settle_period(self, tariff: Tariff, committed: Decimal, consumed: Decimal) -> None:
        """Write the lines of the next period."""
        self.period += 1
        d, o = _exact(tariff.discount_share), _exact(tariff.overage_discount_share)
        if self.terms.drawdown_basis == "contracted":
            rolled_drawn = self._draw(consumed * (1 - d))
            drawdown = min(committed, consumed * (1 - d) - rolled_drawn)
            beyond = (consumed * (1 - d) - rolled_drawn - drawdown) / (1 - d)
            unused, face = committed - drawdown, Decimal(1)
            usage_due = drawdown + beyond * (1 - o)
        else:
            rolled_list = self._draw(consumed)
            retired = min(committed, consumed - rolled_list)
            beyond = consumed - rolled_list - retired
            face = Decimal(1) if self.terms.shortfall_price == "face" else 1 - d
            unused = committed - retired
            rolled_drawn = rolled_list * face
            drawdown = (retired + rolled_list) * (1 - d)
            usage_due = drawdown + beyond * (1 - o) - rolled_drawn
        true_up = unused * face
        self._write("list_cost", consumed)
        self._write("discount", -((consumed - beyond) * d + beyond * o))
        self._write("rolled_drawn", rolled_drawn)
        self._write("drawdown", drawdown)
        self._write("overage", beyond * (1 - o))
        self._write("true_up", true_up)
        self._roll_over(unused, face)
        if self.terms.kind == "burn_down":
            ahead = committed * (1 if self.terms.drawdown_basis == "contracted" else 1 - d)
            self._pay("payment", ahead, self._starts(self.period))
            self._pay("payment", usage_due + true_up - ahead, self._starts(self.period + 1))
        else:
            self._pay("payment", usage_due, self._starts(self.period + 1))
            self._pay("payment", true_up, self._starts(self.period + 1))
        self.last_unused, self.last_face = unused, face

    def close_term(self) -> None:
        """Credit what could still have been drawn in the last period and was not."""
        left = self.last_unused + sum((units for _, units in self.rolled), Decimal(0))
        worth = left * self.last_face * _exact(self.terms.unused_value_share)
        self._pay("worth_of_unused", -worth, self._starts(self.period + 1))

    def _draw(self, need: Decimal) -> Decimal:
        """Drop rolled units that no longer live, then draw the oldest first; give how many."""
        drawn = Decimal(0)
        kept: list[tuple[int, Decimal]] = []
        for born, units in self.rolled:
            if self.period - born <= self.terms.rollover_periods:
                take = min(units, need - drawn)
                drawn += take
                kept.append((born, units - take))
        self.rolled = kept
        return drawn

    def _roll_over(self, unused: Decimal, face: Decimal) -> None:
        """Carry a share of the unused units into the next period, if the term has one."""
        rolled = unused * _exact(self.terms.rollover_share)
        if self.period < self.terms.n_periods - 1 and rolled:
            self._write("rolled_over", rolled * face)
            self.rolled.append((self.period, rolled))

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
            LedgerLine(
                period_start=self._starts(self.period),
                period_end=self._starts(self.period + 1),
                item=item,
                usd=usd,
                due=due,
            )
        )

    def _starts(self, period: int) -> date:
        return add_months(self.terms.term_start, period * self.terms.period_months)
