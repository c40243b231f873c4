"""How amounts and shares are written inside a sentence."""

from __future__ import annotations

from decimal import Decimal


def usd_text(amount: Decimal | float) -> str:
    """Write an amount in whole dollars.

    >>> usd_text(1234567.8)
    '1,234,568 USD'
    """
    return f"{amount:,.0f} USD"


def share_text(share: float) -> str:
    """Write a share in per cent, with one decimal where it has one.

    >>> share_text(0.25), share_text(0.125), share_text(0.0004)
    ('25 %', '12.5 %', 'less than 0.1 %')
    """
    if 0 < share < 0.001:
        return "less than 0.1 %"
    if 0.999 < share < 1:
        return "more than 99.9 %"
    return f"{100 * share:.1f}".removesuffix(".0") + " %"
