"""The days of a contract on which somebody has to act, pay or decide."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from forecast.records.base import Note, Record
from forecast.records.terms.contract import Terms
from forecast.units import add_months


class KeyDate(Record):
    """One day, and what it is for."""

    day: date
    what: Note
    is_last_day_to_act: bool = False
    """After this day a right is lost."""


def key_dates(terms: Terms) -> tuple[KeyDate, ...]:
    """Give the days of a contract in order.

    >>> from decimal import Decimal
    >>> from forecast.records.terms import Renewal, Tier
    >>> terms = Terms(term_start=date(2027, 1, 1), term_months=12, renewal=Renewal(notice_days=60),
    ...     tiers=(Tier(from_commitment_usd=Decimal(0), discount_share=0),))
    >>> for found in key_dates(terms):
    ...     print(found.day, found.what)
    2027-01-01 The term starts.
    2027-11-02 Last day to give notice; without it the agreement renews by itself.
    2028-01-01 Settlement of year 1.
    2028-01-01 The term is over.
    """
    return tuple(sorted(_dates(terms), key=lambda found: (found.day, found.what)))


def _dates(terms: Terms) -> Iterator[KeyDate]:
    end = add_months(terms.term_start, terms.term_months)
    yield KeyDate(day=terms.term_start, what="The term starts.")
    period = {"monthly": "month", "quarterly": "quarter", "annual": "year", "term": "term"}
    for p in range(1, terms.n_periods + 1):
        day = add_months(terms.term_start, p * terms.period_months)
        which = "the term" if terms.settlement == "term" else f"{period[terms.settlement]} {p}"
        yield KeyDate(day=day, what=f"Settlement of {which}.")
    yield KeyDate(day=end, what="The term is over.")
    yield from _ahead(terms)
    for right in terms.true_downs:
        day = add_months(terms.term_start, right.after_months)
        yield KeyDate(day=day, what="The commitment of later periods may be lowered from here on.")
        yield KeyDate(
            day=day - timedelta(days=right.notice_days),
            what="Last day to say that the commitment is lowered.",
            is_last_day_to_act=True,
        )
    for credit in terms.credits:
        last = add_months(terms.term_start, credit.expires_after_months) - timedelta(days=1)
        yield KeyDate(day=last, what=f"Last day to use: {credit.name}.", is_last_day_to_act=True)
    if terms.renewal is not None:
        what = (
            "Last day to give notice; without it the agreement renews by itself."
            if terms.renewal.is_automatic
            else "Last day to agree on a renewal."
        )
        day = end - timedelta(days=terms.renewal.notice_days)
        yield KeyDate(day=day, what=what, is_last_day_to_act=True)


def _ahead(terms: Terms) -> Iterator[KeyDate]:
    if terms.kind == "build_up":
        return
    step = terms.payment_months or terms.period_months
    for month in range(0, terms.term_months, step):
        day = add_months(terms.term_start, month) + timedelta(days=terms.payment_days)
        yield KeyDate(day=day, what="Commitment paid ahead is due.")
