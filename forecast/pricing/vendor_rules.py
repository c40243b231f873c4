"""Rules that every price of a vendor other than Anthropic keeps.

Their prices hang together less tightly than Claude's: what holds for all of them is an order. A
cheaper tier is never dearer, a dearer one never cheaper, a cached token never costs more than a
fresh one, a long prompt never less than a short one. A row that breaks the order is a misread
page: a figure in the wrong column, cents for dollars, a thousand for a million.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from forecast.records.rates import TIERS_WITH_A_PRICE, BandedRates, ModelRates, TokenRates

CHEAPER: Final = ("batch", "flex")
DEARER: Final = ("priority", "fast")

Broken = tuple[str, str, str]
"""(rule, what was found, what was expected)."""


def broken_orders(row: ModelRates) -> Iterator[Broken]:
    """Give every order that a price breaks.

    Examples
    --------
    >>> from datetime import date
    >>> row = ModelRates(platform="openai", model="m", effective_from=date(2026, 1, 1),
    ...     standard=TokenRates(input=Decimal(1), cache_read=Decimal(2), output=Decimal(4)),
    ...     batch_multiple=Decimal("1.5"), source="misread", checked_on=date(2026, 1, 1))
    >>> for broken in broken_orders(row):
    ...     print(*broken, sep=" | ")
    cache_read | 2 | at most the input price 1
    batch | 1.5 x input | at most 1 x input
    """
    listed = BandedRates(**row.standard.by_kind(), long_context=row.long_context)
    yield from _cache(row.standard)
    if row.long_context is not None:
        for kind, (short, long) in _pairs(row.standard, row.long_context.rates):
            if short is None or long is None or long < short:
                yield "long_context", f"{kind} {long}", f"at least {short}"
    for tier in (*TIERS_WITH_A_PRICE, "fast"):
        rates = _tier(row, tier, listed)
        if rates is not None:
            yield from _tier_order(tier, rates, listed)


def _cache(rates: TokenRates) -> Iterator[Broken]:
    if rates.cache_read is not None and rates.cache_read > rates.input:
        yield "cache_read", str(rates.cache_read), f"at most the input price {rates.input}"
    for kind in ("cache_write_5m", "cache_write_1h"):
        rate = getattr(rates, kind)
        if rate is not None and rate < rates.input:
            yield kind, str(rate), f"at least the input price {rates.input}"


def _tier_order(tier: str, rates: BandedRates, listed: BandedRates) -> Iterator[Broken]:
    for kind, (standard, own) in _pairs(listed, rates):
        if standard is None or own is None:
            yield tier, f"{kind} {own}", f"the kinds of the standard price ({kind} {standard})"
            continue
        multiple = own / standard if standard else Decimal(1)
        if tier in CHEAPER and own > standard:
            yield tier, f"{multiple:f} x {kind}", f"at most 1 x {kind}"
            return
        if tier in DEARER and own < standard:
            yield tier, f"{multiple:f} x {kind}", f"at least 1 x {kind}"
            return


def _tier(row: ModelRates, tier: str, listed: BandedRates) -> BandedRates | None:
    own: BandedRates | None = getattr(row, tier)
    multiple: Decimal | None = getattr(row, f"{tier}_multiple", None)
    if own is not None or multiple is None:
        return own
    return BandedRates.model_validate(listed.times(multiple).model_dump())


def _pairs(
    one: TokenRates, other: TokenRates
) -> Iterator[tuple[str, tuple[Decimal | None, Decimal | None]]]:
    """Give (kind, rates) of the kinds that either has."""
    theirs = other.by_kind()
    for kind, rate in one.by_kind().items():
        if rate is not None or theirs[kind] is not None:
            yield kind, (rate, theirs[kind])
