"""What the prices of a given usage rest on, beyond the published figures themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

import pandas as pd

from forecast.pricing.published import PACKAGE, VERSION, carried_mark
from forecast.pricing.published_windows import TIERS
from forecast.pricing.rate_cards import DERIVED, LISTED_ONLY, SHEET
from forecast.pricing.rating import rate_usage
from forecast.pricing.segments import retired_successors, successors
from forecast.records.base import Provenance
from forecast.records.rates import ModelFacts, ModelRates, RateCard, prompt_lengths
from forecast.records.recommendation import Assumption
from forecast.records.usage import TOKEN_COLUMNS, ServiceTier, Speed
from forecast.units import to_cents

RECENT_DAYS: Final = 28
"""A model counts as in use when it was used in the last four complete weeks."""

PUBLISHED_BATCH_FROM: Final = date(2026, 10, 14)
"""The package has batch prices from this day on, and only for models then on sale."""

_SOURCE: Final = f"{PACKAGE} {VERSION} and the reviewed overrides"


def pricing_assumptions(daily: pd.DataFrame, card: RateCard, as_of: date) -> tuple[Assumption, ...]:
    """List what was assumed to price this usage and to carry its models forward.

    Parameters
    ----------
    daily
        A daily usage table, rated or not; days after `as_of` are not read.

    Returns
    -------
    tuple of Assumption
        Only those that touch the given usage; empty without usage.

    Raises
    ------
    UnknownModelError
        As `rate_usage`, for a table that is not rated yet.
    """
    known = daily[daily["day"] <= pd.Timestamp(as_of)]
    if known.empty:
        return ()
    rated = known if "list_usd" in known.columns else rate_usage(known, card)
    first_recent = pd.Timestamp(as_of - timedelta(days=RECENT_DAYS - 1))
    recent = rated[rated["day"] >= first_recent]
    return (
        _price_history(rated, card),
        *_price_sheets(rated, card),
        *_partner_platforms(rated, card),
        *_bands(rated, card),
        *_priority(rated, card),
        *_batch(rated, card),
        *_carried_back(rated, card),
        *_other_units(rated, card),
        *_fast(recent),
        *_retirements(recent, card, as_of),
        *_tokenizers(rated, recent, card),
    )


def _price_history(rated: pd.DataFrame, card: RateCard) -> Assumption:
    first = rated["day"].min().date()
    checked = min(card.in_force(p, m, last).checked_on for p, m, last in _last_days(rated))
    return Assumption(
        name="price history",
        value=f"today's list prices since {first}, except where a dated change is on the card",
        provenance=Provenance.LIST_PRICE,
        source=f"{_SOURCE}; most prices are published without a first day",
        as_of=checked,
    )


def _price_sheets(rated: pd.DataFrame, card: RateCard) -> Iterator[Assumption]:
    """Say which usage is priced by the customer's own sheets."""
    used = {(p, m) for p, m, _ in _last_days(rated)}
    rows = pd.Series(False, index=rated.index)
    sheets: dict[str, date] = {}
    for rates in card.rates:
        own = re.findall(rf"(?:^|; ){SHEET}(.+?): ", rates.source)
        if own and (rates.platform, rates.model) in used:
            priced = _is_of(rated, {(rates.platform, rates.model)}) & _days_of(rated, rates)
            if priced.any():
                rows |= priced
                sheets |= dict.fromkeys(own, rates.checked_on)
    if sheets:
        yield Assumption(
            name="own prices",
            value=f"{', '.join(sorted(sheets))}: {_share(rated, rows)}; the discounts of the "
            "contract's tiers are taken off these prices",
            provenance=Provenance.CONTRACT,
            source="the price sheets given",
            as_of=min(sheets.values()),
        )


def _partner_platforms(rated: pd.DataFrame, card: RateCard) -> Iterator[Assumption]:
    derived = {
        p
        for p, m, last in _last_days(rated)
        if card.in_force(p, m, last).source.startswith(DERIVED)
    }
    for platform in sorted(derived):
        yield Assumption(
            name=f"prices on {platform}",
            value="first-party list prices, regional endpoints 1.1x for 4.5 and later; "
            f"{_share(rated, rated['platform'] == platform)}",
            provenance=Provenance.LIST_PRICE,
            source="derived, not read from the platform's own price list; its days of "
            "retirement are taken to be the first-party ones",
            as_of=card.as_of,
        )


def _bands(rated: pd.DataFrame, card: RateCard) -> Iterator[Assumption]:
    """Say how much of the usage of a banded model may lie above the band, and what that costs."""
    unclear = pd.Series(False, index=rated.index)
    threshold: dict[str, int] = {}
    used = {(p, m) for p, m, _ in _last_days(rated)}
    reported = [str(text) for text in rated["context_window"].unique()]
    for rates in card.rates:
        if rates.long_context is None or (rates.platform, rates.model) not in used:
            continue
        above = rates.long_context.above_prompt_tokens
        unclear |= (
            _days_of(rated, rates)
            & (rated["platform"] == rates.platform)
            & (rated["model"] == rates.model)
            & (rated["speed"] != Speed.FAST)
            & rated["context_window"].isin([t for t in reported if not _tells_band(t, above)])
        )
        threshold[rates.model] = above
    for model, rows in rated[unclear].groupby("model", sort=True):
        above = threshold[str(model)]
        base = sum(rows["list_usd"], Decimal(0))
        long = rate_usage(rows.assign(context_window=f"> {above}"), card)
        extra = to_cents(sum(long["list_usd"], Decimal(0)) - base)
        tokens = int(rows[list(TOKEN_COLUMNS)].to_numpy().sum())
        yield Assumption(
            name=f"share above {above:,} prompt tokens, {model}",
            value=f"0 of {tokens:,} tokens whose prompt length is not reported; "
            f"all of them above would add {extra:,} USD to {to_cents(base):,}",
            provenance=Provenance.CLAIM,
            source="usage exports report daily sums, the price depends on each request",
            as_of=None,
        )


def _priority(rated: pd.DataFrame, card: RateCard) -> Iterator[Assumption]:
    rows = rated["service_tier"] == ServiceTier.PRIORITY
    as_standard = {
        (p, m)
        for p, m, last in _last_days(rated[rows])
        if card.in_force(p, m, last).priority_multiple == 1
    }
    rows &= _is_of(rated, as_standard)
    if rows.any():
        yield Assumption(
            name="priority tier",
            value=f"charged as standard; {_share(rated, rows)}",
            provenance=Provenance.CLAIM,
            source="priority capacity is sold by contract and has no list price per token",
        )


def _batch(rated: pd.DataFrame, card: RateCard) -> Iterator[Assumption]:
    batch = rated["service_tier"] == ServiceTier.BATCH
    batch &= rated["model"].str.startswith("claude-")
    retired = {m for m in rated["model"].unique() if card.facts(str(m)).retires_on is not None}
    early = (rated["day"] < pd.Timestamp(PUBLISHED_BATCH_FROM)) | rated["model"].isin(retired)
    if (batch & early).any():
        yield Assumption(
            name="batch price before 2026-10-14 or on retired models",
            value=f"half of every token rate since 2024-10-08; {_share(rated, batch & early)}",
            provenance=Provenance.LIST_PRICE,
            source="claude.com/blog/message-batches-api; the price package lists batch only "
            "from 2026-10-14 on, for models then on sale",
        )


def _carried_back(rated: pd.DataFrame, card: RateCard) -> Iterator[Assumption]:
    """Say which tiers of other vendors are priced by a price that was published later."""
    used = {(p, m) for p, m, _ in _last_days(rated)}
    for tier in TIERS:
        column, word = ("speed", Speed.FAST) if tier == "fast" else ("service_tier", tier)
        asked = rated[column] == word
        rows = pd.Series(False, index=rated.index)
        for rates in card.rates if asked.any() else ():
            if (rates.platform, rates.model) in used and carried_mark(tier) in rates.source:
                rows |= (
                    asked & _is_of(rated, {(rates.platform, rates.model)}) & _days_of(rated, rates)
                )
        if rows.any():
            yield Assumption(
                name=f"{tier} price of other vendors before it was published",
                value=f"the tier's first published price, carried back; {_share(rated, rows)}",
                provenance=Provenance.LIST_PRICE,
                source=f"{PACKAGE} {VERSION}, overrides/tiers.toml",
                as_of=card.as_of,
            )


def _other_units(rated: pd.DataFrame, card: RateCard) -> Iterator[Assumption]:
    """Say where audio, images or video may hide among the tokens of a model."""
    units: dict[tuple[str, str], set[str]] = {}
    for platform, model, last in _last_days(rated):
        hidden = set(card.in_force(platform, model, last).other_units) - {"file searches"}
        if hidden:
            units[platform, model] = hidden
    if units:
        models = ", ".join(sorted({model for _, model in units}))
        yield Assumption(
            name="tokens that are not text",
            value=f"charged as text on {models}, which are also sold by "
            f"{', '.join(sorted(set().union(*units.values())))}; "
            f"{_share(rated, _is_of(rated, set(units)))}",
            provenance=Provenance.CLAIM,
            source="usage exports count tokens of text, audio and images together",
        )


def _fast(recent: pd.DataFrame) -> Iterator[Assumption]:
    rows = recent["speed"] == Speed.FAST
    if rows.any():
        yield Assumption(
            name="fast mode",
            value="carried forward at its own price on the models that use it today; "
            f"{_share(recent, rows)} of the last {RECENT_DAYS} days",
            provenance=Provenance.LIST_PRICE,
            source="a fast mode can be withdrawn at a month's notice (Opus 4.8: 2026-11-30)",
        )


def _retirements(recent: pd.DataFrame, card: RateCard, as_of: date) -> Iterator[Assumption]:
    models = sorted(str(model) for model in recent["model"].unique())
    unannounced = [m for m in models if card.facts(m).retires_on is None]
    for model in (m for m in models if m not in unannounced):
        facts = card.facts(model)
        assert facts.retires_on is not None
        target = retired_successors(card, [model], max(facts.retires_on, as_of)).get(model)
        yield Assumption(
            name=f"retirement of {model}",
            value=f"on {facts.retires_on} its traffic moves to {target}, "
            f"{card.facts(target).tokens_per_text / facts.tokens_per_text:.2f} tokens for each"
            if target
            else f"on {facts.retires_on}; no successor is known, so it stays at its last price",
            provenance=Provenance.LIST_PRICE,
            source=facts.source,
        )
    not_on_file = [m for m in unannounced if card.facts(m).source.startswith(LISTED_ONLY)]
    for name, staying, source in (
        (
            "models without an announced retirement",
            [m for m in unannounced if m not in not_on_file],
            "models live about a year and notice is 60 days; none is announced for these",
        ),
        (
            "models whose day of retirement is not on file",
            not_on_file,
            "models live about a year; give an announced day in a price sheet ([[models]])",
        ),
    ):
        if staying:
            yield Assumption(
                name=name,
                value=f"on sale through the whole term: {', '.join(staying)}",
                provenance=Provenance.CLAIM,
                source=source,
            )


def _tokenizers(rated: pd.DataFrame, recent: pd.DataFrame, card: RateCard) -> Iterator[Assumption]:
    used = {str(m) for m in rated["model"].unique()}
    used |= {s for m in recent["model"].unique() for s in successors(card, str(m))}
    facts: list[ModelFacts] = [card.facts(model) for model in sorted(used)]
    ratios = sorted({f.tokens_per_text for f in facts})
    if len(ratios) > 1:
        newest = [f for f in facts if f.tokens_per_text == ratios[-1]]
        yield Assumption(
            name="tokens for the same text",
            value=f"{ratios[-1]:g} against {ratios[0]:g} on older models: "
            f"{', '.join(f.model for f in newest)}",
            provenance=Provenance.CLAIM,
            source=newest[0].source.split(";")[0],
        )


def _last_days(rated: pd.DataFrame) -> list[tuple[str, str, date]]:
    last = rated.groupby(["platform", "model"], sort=True)["day"].max()
    return [(str(p), str(m), day.date()) for (p, m), day in last.items()]


def _is_of(rated: pd.DataFrame, pairs: set[tuple[str, str]]) -> pd.Series:
    """Tell which rows are of some (platform, model) pairs."""
    found = [pair in pairs for pair in zip(rated["platform"], rated["model"], strict=True)]
    return pd.Series(found, index=rated.index, dtype=bool)


def _days_of(rated: pd.DataFrame, rates: ModelRates) -> pd.Series:
    """Tell which rows are of the days of a price."""
    days = rated["day"] >= pd.Timestamp(rates.effective_from)
    if rates.effective_to is not None:
        days &= rated["day"] < pd.Timestamp(rates.effective_to)
    return days


def _share(rated: pd.DataFrame, rows: pd.Series) -> str:
    usd = sum(rated.loc[rows, "list_usd"], Decimal(0))
    total = sum(rated["list_usd"], Decimal(0))
    share = usd / total if total else Decimal(0)
    return f"{to_cents(usd):,} USD, {share:.1%} of the list cost"


def _tells_band(context_window: str, threshold: int) -> bool:
    """Tell whether a reported window lies wholly on one side of a threshold.

    >>> _tells_band("0-200k", 200_000), _tells_band("200k-1M", 100_000)
    (True, True)
    >>> _tells_band("0-200k", 100_000), _tells_band("≤ 100k", 100_000), _tells_band("", 200_000)
    (False, True, False)
    """
    lengths = prompt_lengths(context_window)
    return lengths is not None and (lengths[0] >= threshold or lengths[1] <= threshold)
