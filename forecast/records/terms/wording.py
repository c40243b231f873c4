"""Amounts and shares as sentences about a contract write them."""

from __future__ import annotations

from decimal import Decimal


def usd(amount: Decimal) -> str:
    """Write an amount, without cents where it has none."""
    return f"{amount:,.2f}".removesuffix(".00") + " USD"


def per_cent(share: float) -> str:
    """Write a share in per cent."""
    return f"{100 * share:.2f}".rstrip("0").rstrip(".") + " %"
