"""Dated first-party prices as the pinned price package publishes them.

Only its data are used. Its own calculation trips over aggregated usage (a day's tokens pass a
per-request threshold) and gives batch before 2026-10-14 the full price in silence.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from forecast.errors import InputError
from forecast.records.rates import LongContext, ModelRates, TokenRates

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice, PriceVariant

PACKAGE: Final = "genai-prices"
VERSION: Final = "0.2.3"
CHECKED_ON: Final = date(2026, 11, 22)
"""The day on which the rows of this version were compared with the vendor's price table."""

FIRST_DAY: Final = date(2023, 1, 1)
"""Most published prices have no first day; they are taken to hold from here, before any of
these models was sold. A price that is known to have changed is mended by an override."""

PLATFORM: Final = "anthropic"

_KINDS: Final = {
    "input_mtok": "input",
    "cache_write_mtok": "cache_write_5m",
    "cache_write_1h_mtok": "cache_write_1h",
    "cache_read_mtok": "cache_read",
    "output_mtok": "output",
}
_WEB_SEARCH: Final = "web_searches_kcount"
_BATCH: Final = {"processing": "batch"}
_FAST: Final = {"speed": "fast"}


def published_rates() -> tuple[ModelRates, ...]:
    """Give every dated first-party price of the package, without overlaps.

    The package is imported here, not with this module: it takes up to a second.

    Raises
    ------
    InputError
        A price of a shape that this reader does not know; nothing is dropped in silence.

    Examples
    --------
    >>> rows = [r for r in published_rates() if r.model == "claude-opus-5-5"]
    >>> rows[-1].standard.input, rows[-1].standard.output
    (Decimal('4'), Decimal('20'))
    """
    from genai_prices.data_snapshot import get_snapshot

    provider = next(p for p in get_snapshot().providers if p.id == PLATFORM)
    return tuple(row for model in provider.models for row in _rows(model))


def _rows(model: ModelInfo) -> Iterable[ModelRates]:
    starts = sorted({FIRST_DAY, *_start_days(model)})
    ends = [*starts[1:], None]
    for start, end in zip(starts, ends, strict=True):
        price = model.get_prices(datetime.combine(start, time(12), UTC))
        standard, long_context, search = _rates(model.id, price)
        batch = _variant(model, _BATCH, start)
        fast = _variant(model, _FAST, start)
        yield ModelRates(
            platform=PLATFORM,
            model=model.id,
            effective_from=start,
            effective_to=end,
            standard=standard,
            long_context=long_context,
            fast=None if fast is None else _rates(model.id, fast)[0],
            batch_multiple=None if batch is None else _multiple(model.id, price, batch),
            web_search_usd_per_1000=search,
            source=f"{PACKAGE} {VERSION}, {PLATFORM}/{model.id}",
            checked_on=CHECKED_ON,
        )


def _start_days(model: ModelInfo) -> Iterable[date]:
    conditional = model.prices if isinstance(model.prices, list) else []
    for dated in (*conditional, *(model.price_variants or ())):
        if dated.constraint is not None:
            if not hasattr(dated.constraint, "start_date"):
                raise _unknown(model.id, f"a price under {dated.constraint}")
            yield dated.constraint.start_date


def _variant(model: ModelInfo, when: dict[str, str], day: date) -> ModelPrice | None:
    """Give the prices of a variant on `day`; None when it has none (never the full price)."""

    def active(variant: PriceVariant) -> bool:
        start = getattr(variant.constraint, "start_date", None)
        return variant.when == when and (start is None or start <= day)

    known = model.price_variants or []
    for variant in known:
        if variant.when not in (_BATCH, _FAST):
            raise _unknown(model.id, f"a price variant for {variant.when}")
    return next((variant.prices for variant in known if active(variant)), None)


def _rates(model: str, price: ModelPrice) -> tuple[TokenRates, LongContext | None, Decimal | None]:
    from genai_prices.types import TieredPrices

    base: dict[str, Decimal] = {}
    above: dict[str, Decimal] = {}
    thresholds: set[int] = set()
    search: Decimal | None = None
    for name, value in vars(price).items():
        if value is None:
            continue
        if name == _WEB_SEARCH and isinstance(value, Decimal):
            search = value
        elif name not in _KINDS:
            raise _unknown(model, f"the price {name!r}")
        elif isinstance(value, TieredPrices):
            if len(value.tiers) != 1:
                raise _unknown(model, f"{len(value.tiers)} bands of {name!r}")
            base[_KINDS[name]] = value.base
            above[_KINDS[name]] = value.tiers[0].price
            thresholds.add(value.tiers[0].start)
        else:
            base[_KINDS[name]] = value
    standard = TokenRates.model_validate(base)
    if not above:
        return standard, None, search
    if above.keys() != base.keys() or len(thresholds) != 1:
        raise _unknown(model, "a band that does not cover every token kind")
    band = LongContext(above_prompt_tokens=thresholds.pop(), rates=TokenRates.model_validate(above))
    return standard, band, search


def _multiple(model: str, price: ModelPrice, batch: ModelPrice) -> Decimal:
    """Give the one multiple that batch applies to every token kind and band."""
    plain, plain_band, _ = _rates(model, price)
    cheap, cheap_band, _ = _rates(model, batch)
    multiple = cheap.input / plain.input
    banded = None if plain_band is None else plain_band.rates.times(multiple)
    if cheap != plain.times(multiple) or banded != (cheap_band and cheap_band.rates):
        raise _unknown(model, "a batch price that is not one multiple of every token kind")
    return multiple


def _unknown(model: str, what: str) -> InputError:
    return InputError(
        f"has {what}, which this reader does not know; price it in an override",
        file=f"{PACKAGE} {VERSION}",
        column=model,
    )
