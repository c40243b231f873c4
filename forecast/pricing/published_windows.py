"""One published model on one day: what the price package says, in the words of the rate card.

A tier variant of the package names only what differs from the standard price of the day. A tier
that is one multiple of every token rate in both bands is kept as that multiple, any other as
rates of its own (OpenAI's batch leaves some cached input at the full price, its priority tier
has no second band).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation
from typing import TYPE_CHECKING, Final

from forecast.errors import InputError
from forecast.records.rates import BandedRates, LongContext, TokenRates

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice, PriceVariant

TIERS: Final[Mapping[str, tuple[dict[str, str], ...]]] = {
    "batch": ({"processing": "batch"},),
    "flex": ({"service_tier": "flex"},),
    "priority": ({"service_tier": "priority"},),
    "fast": ({"speed": "fast"}, {"service_tier": "fast"}),
}
"""What a request is asked for, in the package's words, to be served in each way."""

_DEFAULT: Final = {"service_tier": "default"}

_KINDS: Final = {
    "input_mtok": "input",
    "cache_write_mtok": "cache_write_5m",
    "cache_write_1h_mtok": "cache_write_1h",
    "cache_read_mtok": "cache_read",
    "output_mtok": "output",
}
_WEB_SEARCH: Final = "web_searches_kcount"
_OTHER_UNITS: Final = {
    "input_audio_mtok": "audio input",
    "cache_audio_read_mtok": "cached audio",
    "output_audio_mtok": "audio output",
    "input_image_mtok": "image input",
    "cache_image_read_mtok": "cached images",
    "output_image_mtok": "image output",
    "input_video_mtok": "video input",
    "output_video_mtok": "video output",
    "audio_hours": "hours of audio",
    "input_audio_hours": "hours of audio",
    "input_mchars": "characters",
    "storage_searches_kcount": "file searches",
}
"""Prices of the package that no token kind of ours stands for."""

_WITHOUT_ROUNDING: Final = Context(traps=[Inexact, DivisionByZero, InvalidOperation])

Tier = tuple[BandedRates | None, Decimal | None]
"""A tier's own rates, or its one multiple; neither where it is not sold."""


@dataclass(frozen=True)
class PublishedPrice:
    """What one model costs on a day."""

    rates: BandedRates
    web_search_usd_per_1000: Decimal | None
    other_units: tuple[str, ...]
    tiers: Mapping[str, BandedRates]

    def tier(self, name: str) -> Tier:
        """Give a service tier as one multiple where it is one; the fast mode as it is."""
        own = self.tiers.get(name)
        if own is None or name == "fast":
            return own, None
        multiple = self.multiple_to(own)
        return (own, None) if multiple is None else (None, multiple)

    def multiple_to(self, other: BandedRates) -> Decimal | None:
        """Give the one multiple from these rates to others, in both bands; None without one."""
        multiple = _exact_ratio(other.input, self.rates.input)
        if multiple is None or not _are_times(other, self.rates, multiple):
            return None
        own, band = self.rates.long_context, other.long_context
        if own is None or band is None:
            return multiple if own is band else None
        same_length = own.above_prompt_tokens == band.above_prompt_tokens
        return multiple if same_length and _are_times(band.rates, own.rates, multiple) else None


def start_days(model: ModelInfo) -> Iterator[date]:
    """Give the days from which a price or a variant of a model holds.

    Raises
    ------
    InputError
        A price under another condition than a first day.
    """
    conditional = model.prices if isinstance(model.prices, list) else []
    for dated in (*conditional, *(model.price_variants or ())):
        if dated.constraint is not None:
            if not hasattr(dated.constraint, "start_date"):
                raise _unknown(model.id, f"a price under {dated.constraint}")
            yield dated.constraint.start_date


def published_tiers(model: ModelInfo) -> set[str]:
    """Give the tiers for which a model has a price on some day."""
    asked = [variant.when for variant in model.price_variants or ()]
    return {tier for tier, ways in TIERS.items() if any(when in asked for when in ways)}


def price_on(model: ModelInfo, day: date) -> PublishedPrice | None:
    """Give the price of a model on a day; None where it is not sold by the input token.

    Raises
    ------
    InputError
        A price of a shape that this reader does not know.
    """
    at = datetime.combine(day, time(12), UTC)
    variants = model.price_variants or []
    for variant in variants:
        if variant.when == _DEFAULT and not _set_prices(variant.prices):
            continue
        if not any(variant.when in asked for asked in TIERS.values()):
            raise _unknown(model.id, f"a price variant for {variant.when}")
    standard = model.get_prices(at)
    known = _set_prices(standard)
    others = {_OTHER_UNITS[name] for name in known if name in _OTHER_UNITS}
    if "input_mtok" not in known:
        if any(name in _KINDS for name in known):
            raise _unknown(model.id, "a token price without one for input")
        return None
    tiers = {
        tier: _banded(model.id, model.get_prices(at, when))
        for tier, asked in TIERS.items()
        for when in asked
        if any(variant.when == when and _active(variant, day) for variant in variants)
    }
    search = known.get(_WEB_SEARCH)
    if search is not None and not isinstance(search, Decimal):
        raise _unknown(model.id, "a web search that has bands")
    return PublishedPrice(_banded(model.id, standard), search, tuple(sorted(others)), tiers)


def carry_back(
    starts: Sequence[date], prices: Sequence[PublishedPrice | None], since: Mapping[str, date]
) -> list[dict[str, Tier]]:
    """Give the tiers that were sold in a window before the package has their price.

    Parameters
    ----------
    since
        The first day of each tier.

    Returns
    -------
    list of dict
        For each window, the tiers that the window's own price lacks: as on the first day they
        are published, or by their exact multiple of each kind where the standard price moved.
    """
    carried: list[dict[str, Tier]] = []
    for i, (start, price) in enumerate(zip(starts, prices, strict=True)):
        found: dict[str, Tier] = {}
        for tier, first in since.items():
            if price is None or tier in price.tiers or start < first:
                continue
            later = next((p for p in prices[i + 1 :] if p is not None and tier in p.tiers), None)
            if later is None:
                continue
            rates = _in_proportion(later.tiers[tier], later.rates, price.rates)
            if rates is not None:
                with_tier = PublishedPrice(
                    price.rates, price.web_search_usd_per_1000, price.other_units, {tier: rates}
                )
                found[tier] = with_tier.tier(tier)
        carried.append(found)
    return carried


def _in_proportion(tier: BandedRates, then: BandedRates, now: BandedRates) -> BandedRates | None:
    """Scale a tier's rates from one standard price to another, kind by kind; None if inexact."""
    if then == now:
        return tier
    base = _scaled_kinds(tier, then, now)
    if base is None:
        return None
    if tier.long_context is None or now.long_context is None or then.long_context is None:
        return BandedRates.model_validate(base)
    upper = _scaled_kinds(tier.long_context.rates, then.long_context.rates, now.long_context.rates)
    if upper is None:
        return None
    band = now.long_context.model_copy(update={"rates": TokenRates.model_validate(upper)})
    return BandedRates.model_validate({**base, "long_context": band})


def _scaled_kinds(
    tier: TokenRates, then: TokenRates, now: TokenRates
) -> dict[str, Decimal | None] | None:
    scaled: dict[str, Decimal | None] = {}
    for kind, rate in tier.by_kind().items():
        standard, wanted = getattr(then, kind), getattr(now, kind)
        if rate is None or wanted is None:
            scaled[kind] = None
            continue
        ratio = None if standard is None else _exact_ratio(rate, standard)
        if ratio is None:
            return None
        scaled[kind] = wanted * ratio
    return scaled


def _are_times(above: TokenRates, below: TokenRates, multiple: Decimal) -> bool:
    return all(
        a == (None if b is None else b * multiple)
        for a, b in zip(above.by_kind().values(), below.by_kind().values(), strict=True)
    )


def _exact_ratio(above: Decimal, below: Decimal) -> Decimal | None:
    """Divide; None where the ratio has no end (0.25 is not a multiple of 0.15)."""
    try:
        return _WITHOUT_ROUNDING.divide(above, below)
    except ArithmeticError:
        return None


def _active(variant: PriceVariant, day: date) -> bool:
    start = getattr(variant.constraint, "start_date", None)
    return start is None or start <= day


def _set_prices(price: ModelPrice) -> dict[str, object]:
    return {name: value for name, value in vars(price).items() if value is not None}


def _banded(model: str, price: ModelPrice) -> BandedRates:
    from genai_prices.types import TieredPrices

    base: dict[str, Decimal] = {}
    above: dict[str, Decimal] = {}
    thresholds: set[int] = set()
    for name, value in _set_prices(price).items():
        if name == _WEB_SEARCH or name in _OTHER_UNITS:
            continue
        if name not in _KINDS:
            raise _unknown(model, f"the price {name!r}")
        if isinstance(value, TieredPrices):
            if len(value.tiers) != 1:
                raise _unknown(model, f"{len(value.tiers)} bands of {name!r}")
            base[_KINDS[name]] = value.base
            above[_KINDS[name]] = value.tiers[0].price
            thresholds.add(value.tiers[0].start)
        else:
            assert isinstance(value, Decimal), (model, name, value)
            base[_KINDS[name]] = value
    if not above:
        return BandedRates.model_validate(base)
    if len(thresholds) != 1:
        raise _unknown(model, "bands of several lengths")
    band = LongContext(
        above_prompt_tokens=thresholds.pop(), rates=TokenRates.model_validate(base | above)
    )
    return BandedRates.model_validate({**base, "long_context": band})


def _unknown(model: str, what: str) -> InputError:
    return InputError(
        f"has {what}, which this reader does not know; price it in an override",
        file="genai-prices",
        column=model,
    )
