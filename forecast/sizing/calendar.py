"""When money moves, and what a dollar of that day is worth on the first day of the term.

worth = (1 + rate)^(−days / 365)
"""

from __future__ import annotations

from datetime import date, timedelta

from forecast.records.terms import Terms
from forecast.units import add_months


def due_day(terms: Terms, months: int) -> date:
    """Give the day on which what is invoiced `months` after the start is paid.

    >>> from decimal import Decimal
    >>> from forecast.records.terms import Tier
    >>> terms = Terms(term_start=date(2027, 1, 1), term_months=12, payment_days=30,
    ...     tiers=(Tier(from_commitment_usd=Decimal(0), discount_share=0),))
    >>> due_day(terms, 1)
    datetime.date(2027, 3, 3)
    """
    return add_months(terms.term_start, months) + timedelta(days=terms.payment_days)


def worth_of_day(terms: Terms, day: date) -> float:
    """Give what a dollar paid on `day` is worth on the first day of the term."""
    return float((1 + terms.time_discount_rate) ** (-(day - terms.term_start).days / 365))


def paid_factor(terms: Terms, end_month: int) -> float:
    """Give the worth of a dollar invoiced for the months up to `end_month`."""
    return worth_of_day(terms, due_day(terms, end_month))


def instalments(terms: Terms, period: int) -> tuple[int, ...]:
    """Give the months from the start at which a period's commitment is invoiced ahead."""
    step = terms.payment_months or terms.period_months
    first = period * terms.period_months
    return tuple(range(first, first + terms.period_months, step))


def ahead_factor(terms: Terms, period: int) -> float:
    """Give the worth of a dollar of commitment that is paid ahead, over its instalments."""
    days = [due_day(terms, month) for month in instalments(terms, period)]
    return sum(worth_of_day(terms, day) for day in days) / len(days)
