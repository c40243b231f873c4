"""The concession exchange table: what each clause is worth in points of discount.

A point is one per cent of list more in every tier that a commitment earns, re-optimised like any
step (see `clauses`). With V the value of a step and P that of a point, a step is worth V / P
points; its standard error is that of the ratio of two paired means, by the delta method:

    sd(v_m − (V / P) p_m) / (P sqrt(M))

A ratio of steps is an exchange rate at today's terms, not a law: values of large steps bend.
"""

from __future__ import annotations

from collections.abc import Sequence

from forecast.paths import Floats
from forecast.records.negotiation import Exchange
from forecast.records.sizing_result import ClauseValue
from forecast.sizing.wording import usd_text

LEAST_POINT_USD = 1.0
"""A point worth less than a dollar over the term is no currency to trade in."""


def exchange_table(
    values: Sequence[ClauseValue], saved_usd: Sequence[Floats]
) -> tuple[Exchange, ...]:
    """Give the exchange rates of all clauses against the discount.

    Parameters
    ----------
    values
        What `clause_values` gave.
    saved_usd
        [M] saving of every step on every path, in the same order.

    Examples
    --------
    >>> import numpy as np
    >>> from decimal import Decimal
    >>> def value(clause, usd):
    ...     return ClauseValue(clause=clause, change="a step", value_usd=Decimal(usd),
    ...         standard_error_usd=Decimal(0), commitment_change_usd=Decimal(0))
    >>> rows = exchange_table([value("discount", 400), value("rollover", 600)],
    ...     [np.full(9, 400.0), np.full(9, 600.0)])
    >>> rows[0].sentence
    'rollover, a step: 600 USD, as good as 1.50 points of discount'
    """
    point = next((i for i, v in enumerate(values) if v.clause == "discount"), None)
    if point is None or saved_usd[point].mean() < LEAST_POINT_USD:
        return ()
    per_point = float(saved_usd[point].mean())
    found = []
    for i, (value, saved) in enumerate(zip(values, saved_usd, strict=True)):
        if i == point:
            continue
        points = float(saved.mean()) / per_point
        apart = saved - points * saved_usd[point]
        error = float(apart.std(ddof=1)) / len(apart) ** 0.5 / per_point if len(apart) > 1 else 0.0
        found.append(
            Exchange(
                clause=value.clause,
                change=value.change,
                value_usd=value.value_usd,
                discount_points=round(points, 6),
                points_standard_error=round(error, 6),
                sentence=f"{value.clause}, {value.change}: {usd_text(value.value_usd)}, as good as "
                f"{points:.2f} points of discount",
            )
        )
    return tuple(found)
