"""The rate card: every dated list price, from the package, our overrides and price sheets.

    published prices ─► prices.toml, vendors.toml ─► partner platforms ─► price sheets, in order

A later source wins for the days it covers; past windows are split, never edited.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field

from forecast.pricing.model_ids import canonical_model, canonicalise_models, family_of
from forecast.pricing.published import PACKAGE, PLATFORM, VERSION, published_rates
from forecast.pricing.sheets import NamedSheet, PriceSheet, apply_sheet, read_override, read_sheet
from forecast.pricing.windows import Windows, Withdrawable, by_model, withdrawal
from forecast.records.base import Name, Note, Record
from forecast.records.rates import ModelFacts, ModelRates, RateCard

__all__ = ["DERIVED", "canonical_model", "canonicalise_models", "load_rate_card"]

DERIVED: Final = "derived: "
"""How the source of a partner platform's price begins."""

SHEET: Final = "price sheet "
"""How the source begins that a customer's sheet gives to a price."""

LISTED_ONLY: Final = "listed "
"""How the source of facts begins when nothing but a price is known of a model."""


class PartnerPlatform(Record):
    """A platform whose prices are those of the first-party card."""

    platform: Name
    withdraws: tuple[Withdrawable, ...] = ()
    """What is not sold there."""
    source: Note
    checked_on: date


class PartnerSheet(PriceSheet):
    """Which platforms are derived, and what differs there."""

    platforms: Annotated[tuple[PartnerPlatform, ...], Field(min_length=1)]


def load_rate_card(as_of: date, *, price_sheets: Sequence[Path | NamedSheet] = ()) -> RateCard:
    """Build the rate card.

    Parameters
    ----------
    as_of
        The day of the question, kept on the card. Announced later prices stay on it.
    price_sheets
        The customer's own prices, in TOML of the shape of `overrides/prices.toml`; a later
        sheet wins over an earlier one and over the list for the days it covers.

    Raises
    ------
    InputError
        A sheet that cannot be read, with file and the dotted path of the fault.

    Examples
    --------
    >>> card = load_rate_card(date(2026, 11, 22))
    >>> card.in_force("anthropic", "claude-sonnet-5-5", date(2026, 10, 6)).standard.cache_read
    Decimal('0.20')
    >>> card.facts("claude-sonnet-4-5").successor
    'claude-sonnet-5-5'
    """
    listed, list_facts = _list_prices()
    windows, facts = dict(listed), dict(list_facts)
    for given in price_sheets:
        named = given if isinstance(given, NamedSheet) else read_sheet(given)
        facts |= {f.model: f for f in map(_canonical_facts, named.sheet.models)}
        apply_sheet(
            windows,
            named.sheet,
            file=named.name,
            label=f"{SHEET}{named.name}: ",
            canonical=canonical_model,
            family=_family_by(facts),
            listed=listed,
        )
    return RateCard(
        as_of=as_of,
        rates=tuple(row for rows in windows.values() for row in rows),
        models=tuple(facts.values()),
    )


@cache
def _list_prices() -> tuple[Windows, dict[str, ModelFacts]]:
    """Give the list prices and facts that this package ships; callers copy before a change."""
    windows = by_model(published_rates())
    facts = {
        f.model: f
        for name in ("models.toml", "vendor_models.toml")
        for f in read_override(name, PriceSheet).models
    }
    for platform, model in windows:
        facts.setdefault(model, _listed_facts(platform, model))
    family = _family_by(facts)
    for name in ("prices.toml", "vendors.toml"):
        apply_sheet(
            windows,
            read_override(name, PriceSheet),
            file=f"overrides/{name}",
            canonical=canonical_model,
            family=family,
        )
    partners = read_override("platforms.toml", PartnerSheet)
    for partner in partners.platforms:
        _derive(windows, partner)
    apply_sheet(
        windows,
        partners,
        file="overrides/platforms.toml",
        canonical=canonical_model,
        family=family,
    )
    return windows, facts


def _family_by(facts: Mapping[str, ModelFacts]) -> Callable[[str], str]:
    return lambda model: facts[model].family if model in facts else family_of(model)


def _listed_facts(platform: str, model: str) -> ModelFacts:
    return ModelFacts(
        model=model,
        family=family_of(model),
        source=f"{LISTED_ONLY}by {PACKAGE} {VERSION} on {platform}; family as in its id, tokenizer "
        "and day of retirement are not on file",
    )


def _derive(windows: Windows, partner: PartnerPlatform) -> None:
    """Give the partner platform the first-party windows, less what it does not sell."""
    own = [row for (platform, _), rows in windows.items() if platform == PLATFORM for row in rows]
    missing = withdrawal(partner.withdraws)
    for row in own:
        derived: ModelRates = row.model_copy(
            update={
                **missing,
                "platform": partner.platform,
                "source": f"{DERIVED}{partner.source}; {row.source}",
                "checked_on": min(row.checked_on, partner.checked_on),
            }
        )
        windows.setdefault((partner.platform, row.model), []).append(derived)


def _canonical_facts(facts: ModelFacts) -> ModelFacts:
    return facts.model_copy(
        update={
            "model": canonical_model(PLATFORM, facts.model),
            "successor": facts.successor and canonical_model(PLATFORM, facts.successor),
        }
    )
