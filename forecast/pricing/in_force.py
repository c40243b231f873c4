"""The prices of a day, as a person asks for them: by platform, by model or by family."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches

from forecast.errors import UnknownModelError
from forecast.pricing.model_ids import canonical_model
from forecast.pricing.published import FIRST_DAY
from forecast.records.rates import ModelFacts, ModelRates, RateCard


@dataclass(frozen=True)
class PriceInForce:
    """A price with its neighbours in time.

    Attributes
    ----------
    since
        The first day of these standard rates, in both bands; None when the card knows none before.
    next_change
        The first later row with another price; None when none is announced.
    """

    rates: ModelRates
    since: date | None
    next_change: ModelRates | None
    facts: ModelFacts


def prices_in_force(
    card: RateCard, on: date, *, platforms: Collection[str] = (), models: Collection[str] = ()
) -> tuple[PriceInForce, ...]:
    """Give every price in force on a day, by platform and model.

    Parameters
    ----------
    platforms, models
        Only these; a model is named by an id, in any spelling that exports bring, or by its
        family. Without any, all of them.

    Raises
    ------
    UnknownModelError
        A platform or model that has no price on the day.

    Examples
    --------
    >>> from forecast.pricing.rate_cards import load_rate_card
    >>> card = load_rate_card(date(2026, 11, 22))
    >>> found = prices_in_force(card, date(2026, 11, 22), platforms=["google"],
    ...     models=["gemini-4-argon"])[0]
    >>> found.rates.standard.input, found.next_change.effective_from
    (Decimal('2'), datetime.date(2026, 12, 1))
    """
    windows: dict[tuple[str, str], list[ModelRates]] = {}
    for row in card.rates:
        if not platforms or row.platform in platforms:
            windows.setdefault((row.platform, row.model), []).append(row)
    found = [
        _placed(card, rows, on)
        for _, rows in sorted(windows.items())
        if any(row.in_force(on) for row in rows)
    ]
    if not found and not platforms:
        raise UnknownModelError(f"no price is in force on {on}; the first begin on {FIRST_DAY}")
    _refuse_unknown("platform", platforms, {p.rates.platform for p in found}, on)
    if not models:
        return tuple(found)
    known = {word for price in found for word in (price.rates.model, price.facts.family)}
    wanted = {m: {canonical_model(p.rates.platform, m) for p in found} | {m} for m in models}
    _refuse_unknown("model", [m for m in models if not wanted[m] & known], known, on)
    named = set().union(*wanted.values())
    return tuple(p for p in found if p.rates.model in named or p.facts.family in named)


def _refuse_unknown(what: str, asked: Collection[str], known: Collection[str], on: date) -> None:
    unknown = sorted(set(asked) - set(known))
    if unknown:
        near = get_close_matches(unknown[0], known, n=6, cutoff=0.5) or sorted(known)[:12]
        raise UnknownModelError(
            f"no {what} {unknown[0]!r} has a price in force on {on} (known: {', '.join(near)}, …)"
        )


def _placed(card: RateCard, rows: Sequence[ModelRates], on: date) -> PriceInForce:
    ordered = sorted(rows, key=lambda row: row.effective_from)
    at = next(i for i, row in enumerate(ordered) if row.in_force(on))
    first = at
    while first > 0 and _same_rates(ordered[first - 1], ordered[at]):
        first -= 1
    since = ordered[first].effective_from
    return PriceInForce(
        rates=ordered[at],
        since=None if since == FIRST_DAY else since,
        next_change=next(
            (row for row in ordered[at + 1 :] if not _same_price(row, ordered[at])), None
        ),
        facts=card.facts(ordered[at].model),
    )


_NOT_PRICE = {"effective_from", "effective_to", "source", "checked_on"}


def _same_rates(one: ModelRates, other: ModelRates) -> bool:
    return (one.standard, one.long_context) == (other.standard, other.long_context)


def _same_price(one: ModelRates, other: ModelRates) -> bool:
    return one.model_dump(exclude=_NOT_PRICE) == other.model_dump(exclude=_NOT_PRICE)
