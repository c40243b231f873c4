"""The one-tier formulas: which quantile to commit to, and how much must be used to break even.

One flat discount d, one settlement period, overage discount o in force, an unused dollar worth
r. Committing one more dollar loses (1 − r) on the paths that do not use it and gains
(1 − o)/(1 − d) − 1 on the others, so the cheapest commitment is the quantile

    F* = 1 − (1 − r) / ((1 − o)/(1 − d) − r)        of contracted consumption D(1 − d)

with F* = d for list overage and nothing left over. When list usage retires the commitment,

    F* = (d − o) / (d − o + s (1 − r))              of list consumption D

where s is the price of a list dollar of shortfall: 1 at face, 1 − d discounted.

Conditions: one flat discount, no thresholds to reach, no care for budget certainty. Under tiers
the cost is not convex and this is an explanation, not the answer (see `search`).
"""

from __future__ import annotations

from typing import Literal


def optimal_quantile(
    discount_share: float,
    overage_discount_share: float = 0.0,
    unused_value_share: float = 0.0,
    basis: Literal["contracted", "list"] = "contracted",
    *,
    outside_discount_share: float = 0.0,
    shortfall_price: Literal["face", "discounted"] = "face",
) -> float:
    """Give the level F* of consumption that is the cheapest commitment under one tier.

    Parameters
    ----------
    discount_share, overage_discount_share, unused_value_share
        d, o and r.
    basis
        Whether the quantile is of contracted or of list consumption.
    outside_discount_share
        What portable usage beyond the commitment gets elsewhere; overage costs no more.
    shortfall_price
        Basis `list` only.

    Returns
    -------
    float
        From 0 to 1; 0 when a commitment gains nothing.

    Examples
    --------
    >>> round(optimal_quantile(0.15), 3), round(optimal_quantile(0.25, 0.10), 3)
    (0.15, 0.167)
    >>> round(optimal_quantile(0.25, 0, 0.5), 3)
    0.4
    >>> round(optimal_quantile(0.25, outside_discount_share=0.10), 3)
    0.167
    >>> round(optimal_quantile(0.25, basis="list"), 3)
    0.2
    """
    d, r = discount_share, unused_value_share
    o = max(overage_discount_share, outside_discount_share)
    gain = d - o
    if gain <= 0:
        return 0.0
    if basis == "contracted":
        return gain / (1 - o - r * (1 - d))
    s = 1.0 if shortfall_price == "face" else 1 - d
    return gain / (gain + s * (1 - r))


def break_even_utilisation(
    discount_share: float,
    no_deal_discount_share: float = 0.0,
    unused_value_share: float = 0.0,
    basis: Literal["contracted", "list"] = "contracted",
    *,
    shortfall_price: Literal["face", "discounted"] = "face",
) -> float | None:
    """Give the share of a commitment that must be used for it to cost no more than no deal.

        u = (1 − r) / ((1 − d₀)/(1 − d) − r)        contracted
        u = s (1 − r) / (s (1 − r) + d − d₀)        list

    Parameters
    ----------
    discount_share, no_deal_discount_share, unused_value_share
        d, d₀ and r.

    Returns
    -------
    float or None
        None when even a commitment used to the last dollar costs more than no deal.

    Examples
    --------
    >>> break_even_utilisation(0.25), break_even_utilisation(0.25, basis="list")
    (0.75, 0.8)
    >>> round(break_even_utilisation(0.25, 0.10), 3)
    0.833
    >>> break_even_utilisation(0.05, 0.10) is None
    True
    """
    d, d0, r = discount_share, no_deal_discount_share, unused_value_share
    if d < d0:
        return None
    s = 1 - d if basis == "contracted" or shortfall_price == "discounted" else 1.0
    return s * (1 - r) / (s * (1 - r) + d - d0)
