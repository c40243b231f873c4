"""Dated prices and the facts about a model that move tokens or prices."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any, Final, Self

from pydantic import Field, model_validator

from forecast.errors import UnknownModelError
from forecast.records.base import Name, Note, Record
from forecast.records.usage import TOKEN_KINDS, Geography, MixKey, ServiceTier, Speed
from forecast.units import TOKENS_PER_RATE_UNIT

Rate = Annotated[Decimal, Field(ge=0, le=10**9, allow_inf_nan=False)]
"""USD per million tokens (or per thousand web searches)."""


_KIND_NAMES: Final = tuple(kind.value for kind in TOKEN_KINDS)


class TokenRates(Record):
    """One rate per token kind, USD per million tokens; None where the kind is not sold.

    A vendor that bills one kind of cache write, whatever it is kept for, has it as
    `cache_write_5m`; an embedding model has no output.
    """

    input: Rate
    cache_write_5m: Rate | None = None
    cache_write_1h: Rate | None = None
    cache_read: Rate | None = None
    output: Rate | None = None

    def by_kind(self) -> dict[str, Decimal | None]:
        """Give the rate of every token kind, in the order of `TOKEN_KINDS`."""
        return {kind: getattr(self, kind) for kind in _KIND_NAMES}

    def times(self, multiple: Decimal) -> TokenRates:
        """Multiply every rate, exactly."""
        return self.times_by_kind({kind.value: multiple for kind in TOKEN_KINDS})

    def times_by_kind(self, multiples: Mapping[str, Decimal]) -> TokenRates:
        """Multiply the rates of the kinds named, exactly; the others stay."""
        return TokenRates(**_scaled(self, multiples))


def _scaled(rates: TokenRates, multiples: Mapping[str, Decimal]) -> dict[str, Any]:
    return {
        kind: rate if rate is None or kind not in multiples else rate * multiples[kind]
        for kind, rate in rates.by_kind().items()
    }


class LongContext(Record):
    """The second band of a model whose price depends on the length of the prompt."""

    above_prompt_tokens: Annotated[int, Field(gt=0)]
    """A request with more prompt tokens than this pays `rates` on every one of its tokens."""
    rates: TokenRates


class BandedRates(TokenRates):
    """The rates of one way of being served, with the band of long prompts where there is one."""

    long_context: LongContext | None = None

    @model_validator(mode="before")
    @classmethod
    def _without_a_band(cls, given: object) -> object:
        if isinstance(given, TokenRates) and not isinstance(given, BandedRates):
            return given.by_kind()
        return given

    def for_prompts(self, context_window: str) -> TokenRates:
        """Give the rates of prompts of a reported length; an unknown length pays the first band."""
        if self.long_context and _above(context_window, self.long_context.above_prompt_tokens):
            return self.long_context.rates
        return TokenRates(**self.by_kind())

    def times_by_kind(self, multiples: Mapping[str, Decimal]) -> BandedRates:
        """Multiply the rates of the kinds named in both bands, exactly; the others stay."""
        band = self.long_context and self.long_context.model_copy(
            update={"rates": self.long_context.rates.times_by_kind(multiples)}
        )
        return BandedRates(**_scaled(self, multiples), long_context=band)


TIERS_WITH_A_PRICE: Final = ("batch", "flex", "priority")
"""The service tiers that are priced by a multiple or by rates of their own."""


class ModelRates(Record):
    """List prices of one model on one platform over [effective_from, effective_to).

    A service tier is sold at one multiple of every token rate (`batch_multiple`), or at rates of
    its own (`batch`) where the vendor rounds, exempts a kind or has no second band; never both.
    """

    platform: str
    model: str
    effective_from: date
    effective_to: date | None = None
    standard: TokenRates
    long_context: LongContext | None = None
    fast: BandedRates | None = None
    """Rates of the fast mode; it stacks with geography, not with a service tier."""
    batch_multiple: Rate | None = None
    """What batch multiplies every token rate by; None where there is no batch."""
    batch: BandedRates | None = None
    """Rates of the batch tier that are not one multiple."""
    flex_multiple: Rate | None = None
    """What the synchronous flex tier multiplies every token rate by; None where not sold."""
    flex: BandedRates | None = None
    """Rates of the flex tier that are not one multiple."""
    priority_multiple: Rate | None = None
    """What the priority tier multiplies every token rate by; None where it has no price."""
    priority: BandedRates | None = None
    """Rates of the priority tier that are not one multiple."""
    us_multiple: Rate | None = None
    """What US-only inference multiplies every token rate by; None where it is not sold."""
    regional_multiple: Rate | None = None
    """What a regional endpoint multiplies every token rate by; None where it is not sold."""
    web_search_usd_per_1000: Rate | None = None
    other_units: tuple[str, ...] = ()
    """What the vendor also bills this model by and this card does not carry (audio, images)."""
    source: Note
    """Where the price was read."""
    checked_on: date
    """The last day a person or a check compared it with the source."""

    @model_validator(mode="after")
    def _one_price_a_tier(self) -> Self:
        for tier in TIERS_WITH_A_PRICE:
            if getattr(self, tier) is not None and getattr(self, f"{tier}_multiple") is not None:
                raise ValueError(f"give {tier} or {tier}_multiple, not both")
        return self

    def in_force(self, day: date) -> bool:
        """Tell whether these rates apply on `day`."""
        return self.effective_from <= day and (self.effective_to is None or day < self.effective_to)

    def charged(self, key: MixKey) -> TokenRates:
        """Give the rates of a row: band and service tier, or the fast mode; then geography.

        charged = base(band) x tier multiple x geography multiple; the fast mode and some tiers
        have rates of their own, by band.

        Raises
        ------
        UnknownModelError
            When the card does not sell that tier, speed or geography; nothing is priced at
            the standard rate in silence.
        """
        rates = self._fast(key) if key.speed == Speed.FAST else self._of_tier(key)
        if key.geography == Geography.US:
            return rates.times(self._sold(self.us_multiple, "US-only"))
        if key.geography == Geography.REGIONAL:
            return rates.times(self._sold(self.regional_multiple, "regional"))
        return rates

    def _of_tier(self, key: MixKey) -> TokenRates:
        rates = self.standard
        if self.long_context and _above(key.context_window, self.long_context.above_prompt_tokens):
            rates = self.long_context.rates
        tier = key.service_tier
        if tier == ServiceTier.STANDARD:
            return rates
        if tier not in TIERS_WITH_A_PRICE:
            raise self._unsold(tier)
        own: BandedRates | None = getattr(self, tier)
        if own is not None:
            return own.for_prompts(key.context_window)
        return rates.times(self._sold(getattr(self, f"{tier}_multiple"), tier))

    def _fast(self, key: MixKey) -> TokenRates:
        if self.fast is None or key.service_tier in (ServiceTier.BATCH, ServiceTier.FLEX):
            raise UnknownModelError(f"{self.model!r} sells no fast mode for {key.service_tier}")
        return self.fast.for_prompts(key.context_window)

    def _sold(self, multiple: Decimal | None, what: str) -> Decimal:
        if multiple is None:
            raise self._unsold(what)
        return multiple

    def _unsold(self, what: str) -> UnknownModelError:
        return UnknownModelError(
            f"{self.model!r} on {self.platform!r} has no {what} price from "
            f"{self.effective_from}; add it to a price sheet or mend the usage row"
        )


class ModelFacts(Record):
    """What is known of a model besides its price; every figure has a source."""

    model: str
    family: Name
    """fable, opus, sonnet, haiku, …"""
    tokens_per_text: Annotated[float, Field(gt=0)] = 1.0
    """Tokens for the same text, relative to the tokenizer before 4.7."""
    min_cacheable_prefix_tokens: Annotated[int, Field(ge=0)] | None = None
    """A shorter prefix is silently not cached; None where unknown."""
    retires_on: date | None = None
    """From this day on the model answers no more."""
    successor: str | None = None
    """Where its traffic goes on that day unless the workload says otherwise."""
    source: Note = ""


class RateCard(Record):
    """Every dated price the package knows, as of a day."""

    as_of: date
    rates: tuple[ModelRates, ...]
    models: tuple[ModelFacts, ...]

    def in_force(self, platform: str, model: str, day: date) -> ModelRates:
        """Give the prices of `model` on `day`.

        Raises
        ------
        UnknownModelError
            When no price is in force; it is never taken as zero.
        """
        for rates in reversed(self.dated(platform, model)):
            if rates.in_force(day):
                return rates
        known = sorted({r.model for r in self.rates if r.platform == platform})
        raise UnknownModelError(
            f"no price in force for model {model!r} on platform {platform!r} on {day}; "
            f"add it to a price sheet, or mend the id (known: {', '.join(known[:8])}, …)"
        )

    def dated(self, platform: str, model: str) -> Sequence[ModelRates]:
        """Give every price a model ever had on a platform, in the order of the card."""
        return self._by_model.get((platform, model), ())

    def usd_per_token(self, key: MixKey, day: date) -> tuple[tuple[float, ...], float]:
        """Give float USD per token of each kind, in the order of TOKEN_KINDS, and per web search.

        A kind the model does not sell costs NaN, so that using it cannot pass unseen.
        """
        rates = self.in_force(key.platform, key.model, day)
        charged = rates.charged(key)
        per_token = tuple(
            math.nan if rate is None else float(rate) / TOKENS_PER_RATE_UNIT
            for rate in (getattr(charged, kind.value) for kind in TOKEN_KINDS)
        )
        search = rates.web_search_usd_per_1000
        return per_token, math.nan if search is None else float(search) / 1000

    def facts(self, model: str) -> ModelFacts:
        """Give the facts of `model`; without any it is taken as an unremarkable model."""
        known = self._facts_by_model.get(model)
        return known or ModelFacts(model=model, family="other", source="no facts on file")

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Copy without the indexes, which a change of `rates` or `models` would leave stale."""
        copied = super().model_copy(update=update, deep=deep)
        for index in ("_by_model", "_facts_by_model"):
            copied.__dict__.pop(index, None)
        return copied

    @cached_property
    def _by_model(self) -> dict[tuple[str, str], list[ModelRates]]:
        found: dict[tuple[str, str], list[ModelRates]] = {}
        for rates in self.rates:
            found.setdefault((rates.platform, rates.model), []).append(rates)
        return found

    @cached_property
    def _facts_by_model(self) -> dict[str, ModelFacts]:
        return {facts.model: facts for facts in reversed(self.models)}


def prompt_lengths(context_window: str) -> tuple[float, float] | None:
    """Read the prompt tokens that a reported window spans; None where it does not say.

    A bare number is the size of a window, not the length of a prompt.

    >>> prompt_lengths("0-200k"), prompt_lengths("200k-1M"), prompt_lengths("≤ 100,000 tokens")
    ((0.0, 200000.0), (200000.0, 1000000.0), (0.0, 100000.0))
    >>> prompt_lengths(">=272K"), prompt_lengths("200k+")
    ((272000.0, inf), (200000.0, inf))
    >>> prompt_lengths("") is prompt_lengths("1M") is prompt_lengths("long") is None
    True
    """
    text = re.sub(r"[\s,_]|tokens?", "", context_window.lower())
    span = _SPAN.fullmatch(text)
    if span is not None:
        unit = span["low_unit"] or (span["high_unit"] if float(span["low"]) else "")
        return float(span["low"]) * _UNITS[unit], float(span["high"]) * _UNITS[span["high_unit"]]
    bound = _BOUND.fullmatch(text)
    if bound is None or bool(bound["sign"]) == bool(bound["plus"]):
        return None
    edge = float(bound["edge"]) * _UNITS[bound["unit"]]
    return (0.0, edge) if bound["sign"] in ("<", "<=", "≤") else (edge, math.inf)


_UNITS: Final = {"": 1, "k": 1_000, "m": 1_000_000}
_NUMBER: Final = r"\d+(?:\.\d+)?"
_SPAN: Final = re.compile(
    rf"(?P<low>{_NUMBER})(?P<low_unit>[km]?)[-–](?P<high>{_NUMBER})(?P<high_unit>[km]?)"
)
_BOUND: Final = re.compile(
    rf"(?P<sign>[<>]=?|[≤≥])?(?P<edge>{_NUMBER})(?P<unit>[km]?)(?P<plus>\+)?"
)


def _above(context_window: str, threshold: int) -> bool:
    """Tell whether a reported window lies wholly above a band's threshold.

    >>> _above("200k-1M", 200_000), _above("0-200k", 200_000), _above("", 100_000)
    (True, False, False)
    """
    lengths = prompt_lengths(context_window)
    return lengths is not None and lengths[0] >= threshold
