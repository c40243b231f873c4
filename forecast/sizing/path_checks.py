"""Refuses list-cost paths that cannot be settled."""

from __future__ import annotations

import numpy as np

from forecast.errors import PathsError
from forecast.records.terms import Terms
from forecast.sizing.consumption import Consumed, Consumption, for_settlement


def by_settlement_period(terms: Terms, list_usd_monthly: Consumed) -> Consumed:
    """Give what terms are settled on from monthly paths [M, T], refusing what cannot be settled.

    Settlement periods [M, P] for core clauses; months and groups where a clause needs them.

    Raises
    ------
    PathsError
        No path, another number of months than the term, or an amount that is negative or not a
        number, with its row and column.

    Examples
    --------
    >>> from datetime import date
    >>> from decimal import Decimal
    >>> from forecast.records.terms import Tier
    >>> terms = Terms(term_start=date(2027, 1, 1), term_months=3, settlement="term",
    ...     tiers=(Tier(from_commitment_usd=Decimal(0), discount_share=0),))
    >>> by_settlement_period(terms, np.array([[1.0, 2.0, 3.0]])).tolist()
    [[6.0]]
    >>> by_settlement_period(terms, np.array([[1.0, -2.0, 3.0]]))
    Traceback (most recent call last):
    ...
    forecast.errors.PathsError: row 1, column month 2: is -2.0; list cost is zero or more USD
    """
    whole = list_usd_monthly
    total = whole.total if isinstance(whole, Consumption) else whole
    paths = np.asarray(total, dtype=np.float64)
    if paths.ndim != 2 or not len(paths):
        raise PathsError(
            f"the paths have shape {paths.shape}; give at least one row, with one column per month"
        )
    if paths.shape[1] != terms.term_months:
        raise PathsError(
            f"has {paths.shape[1]} months, the term has {terms.term_months}; give one column for "
            "each month of the term, or change term_months"
        )
    wrong = ~(np.isfinite(paths) & (paths >= 0))
    if wrong.any():
        row, column = (int(i) for i in np.argwhere(wrong)[0])
        raise PathsError(
            f"is {paths[row, column]}; list cost is zero or more USD",
            row=row + 1,
            column=f"month {column + 1}",
        )
    return for_settlement(terms, whole if isinstance(whole, Consumption) else paths)
