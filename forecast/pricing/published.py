"""Dated prices as the pinned price package publishes them, platform by platform.

Only its data are used. Its own calculation trips over aggregated usage (a day's tokens pass a
per-request threshold) and gives batch before 2026-10-14 the full price in silence.

Bedrock is listed there once for global endpoints (`global.`) and once for the others
(`regional.`): one price here, with the regional multiple. Claude on Bedrock and Vertex is derived
from the first party instead (`rate_cards`): the package has neither its batch nor its history.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Final

from forecast.pricing.published_windows import (
    TIERS,
    PublishedPrice,
    carry_back,
    price_on,
    published_tiers,
    start_days,
)
from forecast.pricing.sheets import TierHistories, TierHistory, read_override
from forecast.records.rates import TIERS_WITH_A_PRICE, ModelRates, TokenRates

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, Provider

PACKAGE: Final = "genai-prices"
VERSION: Final = "0.2.3"

CHECKED_ON: Final = date(2026, 11, 22)
"""The day on which the first-party Claude rows of this version were compared with the vendor's
price table."""

LISTED_ON: Final = date(2026, 11, 4)
"""The latest day that the data of this version mention. The other vendors' rows are taken as the
package listed them then; nobody compared them with the vendors' pages for this card."""

FIRST_DAY: Final = date(2023, 1, 1)
"""Most published prices have no first day; they are taken to hold from here. A price that is
known to have changed is mended by an override."""

PLATFORM: Final = "anthropic"
"""Where Claude's own prices come from."""

BEDROCK: Final = "bedrock"

PROVIDERS: Final = {
    PLATFORM: "anthropic",
    "openai": "openai",
    "azure": "azure",
    "google": "google",
    "vertex": "google",
    BEDROCK: "aws",
}
"""The package's provider of each platform. Google lists one price for its own API and Vertex."""

GLOBAL: Final = "global."
REGIONAL: Final = "regional."


def providers() -> dict[str, Provider]:
    """Give the package's providers by id. It takes up to a second to import, hence here."""
    from genai_prices.data_snapshot import get_snapshot

    return {provider.id: provider for provider in get_snapshot().providers}


@cache
def published_rates() -> tuple[ModelRates, ...]:
    """Give every dated price of the package for the platforms of `PROVIDERS`, without overlaps.

    Models that are not sold by the token (transcription by the hour, speech by the character) or
    have no price at all are left out: using one is an error, as it is for an unknown model.

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
    listed = providers()
    return tuple(
        row
        for platform, provider in PROVIDERS.items()
        for row in platform_rates(platform, listed[provider].models)
    )


def platform_rates(
    platform: str, models: Iterable[ModelInfo], *, partner_claude: bool = False
) -> Iterator[ModelRates]:
    """Give the dated prices of one platform from the package's models.

    Parameters
    ----------
    partner_claude
        With what the package lists for Claude on partner platforms, which the card derives.
    """
    by_id = {model.id: model for model in models}
    for model_id, model in by_id.items():
        if platform != PLATFORM and "claude" in model_id and not partner_claude:
            continue
        if model_id.startswith(REGIONAL) and GLOBAL + model_id[len(REGIONAL) :] in by_id:
            continue
        name = card_id(model_id)
        yield from _windows(platform, name, model, by_id.get(REGIONAL + name))


def carried_mark(tier: str) -> str:
    """Give what stands in a source before where a tier's carried price comes from.

    >>> carried_mark("batch")
    '; batch carried back: '
    """
    return f"; {tier} carried back: "


def card_id(model_id: str) -> str:
    """Give the card's id of a published model: without the endpoint's prefix.

    >>> card_id("global.openai.gpt-6-sol"), card_id("amazon.nova-pro-v1:0")
    ('openai.gpt-6-sol', 'amazon.nova-pro-v1:0')
    """
    return model_id.removeprefix(GLOBAL).removeprefix(REGIONAL)


def _windows(
    platform: str, name: str, model: ModelInfo, regional: ModelInfo | None
) -> Iterator[ModelRates]:
    tiers = published_tiers(model)
    histories = [
        h for h in _tier_histories().carried_back if platform in h.platforms and h.tier in tiers
    ]
    changes_on = {FIRST_DAY, *start_days(model), *(start_days(regional) if regional else ())}
    starts = sorted(changes_on | {h.since for h in histories})
    prices = _prices_from(model, starts, changes_on)
    elsewhere = _prices_from(regional, starts, changes_on) if regional else None
    carried = carry_back(starts, prices, {h.tier: h.since for h in histories})
    sources: dict[str, TierHistory] = {h.tier: h for h in histories}
    for i, start in enumerate(starts):
        price = prices[i]
        if price is None:
            continue
        row = _row(platform, name, start, price)
        changes: dict[str, object] = {
            "effective_to": starts[i + 1] if i + 1 < len(starts) else None,
            "source": f"{PACKAGE} {VERSION}, {PROVIDERS[platform]}/{model.id}",
        }
        for tier, (rates, multiple) in carried[i].items():
            changes |= {tier: rates}
            if tier in TIERS_WITH_A_PRICE:
                changes |= {f"{tier}_multiple": multiple}
            history = sources[tier]
            changes["source"] = f"{changes['source']}{carried_mark(tier)}{history.source}"
            changes["checked_on"] = min(row.checked_on, history.checked_on)
        if platform == BEDROCK:
            changes |= _of_endpoints(price, elsewhere[i] if elsewhere else None)
        yield row.model_copy(update=changes)


def _prices_from(
    model: ModelInfo, starts: Sequence[date], changes_on: Collection[date]
) -> list[PublishedPrice | None]:
    """Give the price from each start; where nothing changes it is the one before."""
    prices: list[PublishedPrice | None] = []
    for start in starts:
        prices.append(price_on(model, start) if start in changes_on else prices[-1])
    return prices


def _row(platform: str, name: str, start: date, price: PublishedPrice) -> ModelRates:
    tiers: dict[str, object] = {}
    for tier in TIERS:
        rates, multiple = price.tier(tier)
        tiers[tier] = rates
        if tier in TIERS_WITH_A_PRICE:
            tiers[f"{tier}_multiple"] = multiple
    return ModelRates.model_validate(
        {
            "platform": platform,
            "model": name,
            "effective_from": start,
            "standard": price.rates.for_prompts(""),
            "long_context": price.rates.long_context,
            **tiers,
            "web_search_usd_per_1000": price.web_search_usd_per_1000,
            "other_units": price.other_units,
            "source": PACKAGE,
            "checked_on": CHECKED_ON if platform == PLATFORM else LISTED_ON,
        }
    )


def _of_endpoints(price: PublishedPrice, regional: PublishedPrice | None) -> dict[str, object]:
    """Give the regional multiple, or the regional price where the global one came later.

    A model that is listed once has one price, whatever the endpoint.

    Two prices that are not one multiple of each other are not of the same days: the package
    dates the global endpoint from its first price, not from its launch.
    """
    multiple = Decimal(1) if regional is None else price.multiple_to(regional.rates)
    if regional is None or multiple is not None:
        return {"us_multiple": multiple, "regional_multiple": multiple}
    return {
        "standard": TokenRates.model_validate(regional.rates.by_kind()),
        "long_context": regional.rates.long_context,
        "us_multiple": Decimal(1),
        "regional_multiple": Decimal(1),
    }


@cache
def _tier_histories() -> TierHistories:
    return read_override("tiers.toml", TierHistories)
