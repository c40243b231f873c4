"""Dated prices and the facts about a model that move tokens or prices."""

from __future__ import annotations

import math
import re
from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from forecast.errors import UnknownModelError
from forecast.records.base import Name, Note, Record
from forecast.records.usage import TOKEN_KINDS, Geography, MixKey, ServiceTier, Speed
from forecast.units import TOKENS_PER_RATE_UNIT

Rate = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]
"""USD per million tokens (or per thousand web searches)."""


class TokenRates(Record):
    """One rate per token kind, USD per million tokens; None where the kind is not sold."""

    input: Rate
    cache_write_5m: Rate | None = None
    cache_write_1h: Rate | None = None
    cache_read: Rate | None = None
    output: Rate

    def times(self, multiple: Decimal) -> TokenRates:
        """Multiply every rate, exactly."""
        scaled = {
            name: None if rate is None else rate * multiple
            for name, rate in self.model_dump().items()
        }
        return TokenRates.model_validate(scaled)


class LongContext(Record):
    """The second band of a model whose price depends on the length of the prompt."""

    above_prompt_tokens: Annotated[int, Field(gt=0)]
    """A request with more prompt tokens than this pays `rates` on every one of its tokens."""
    rates: TokenRates


class ModelRates(Record):
    """List prices of one model on one platform over [effective_from, effective_to)."""

    platform: str
    model: str
    effective_from: date
    effective_to: date | None = None
    standard: TokenRates
    long_context: LongContext | None = None
    fast: TokenRates | None = None
    """Rates of the fast mode; it never stacks with batch."""
    batch_multiple: Rate | None = None
    """What batch multiplies every token rate by; None where there is no batch."""
    flex_multiple: Rate | None = None
    """What the synchronous flex tier multiplies every token rate by; None where not sold."""
    us_multiple: Rate | None = None
    """What US-only inference multiplies every token rate by; None where it is not sold."""
    regional_multiple: Rate | None = None
    """What a regional endpoint multiplies every token rate by; None where it is not sold."""
    web_search_usd_per_1000: Rate | None = None
    source: Note
    """Where the price was read."""
    checked_on: date
    """The last day a person or a check compared it with the source."""

    def in_force(self, day: date) -> bool:
        """Tell whether these rates apply on `day`."""
        return self.effective_from <= day and (self.effective_to is None or day < self.effective_to)

    def charged(self, key: MixKey) -> TokenRates:
        """Give the rates of a row: band, then fast mode or batch, then geography.

        charged = base(band) x batch multiple x geography multiple; the fast mode has rates of
        its own and takes no batch multiple.

        Raises
        ------
        UnknownModelError
            When the card does not sell that tier, speed or geography; nothing is priced at
            the standard rate in silence. `priority` is charged as `standard`.
        """

        def sold(multiple: Decimal | None, what: str) -> Decimal:
            if multiple is None:
                raise UnknownModelError(
                    f"{self.model!r} on {self.platform!r} has no {what} price from "
                    f"{self.effective_from}; add it to a price sheet or mend the usage row"
                )
            return multiple

        rates = self.standard
        if self.long_context and _above(key.context_window, self.long_context.above_prompt_tokens):
            rates = self.long_context.rates
        if key.speed == Speed.FAST:
            if self.fast is None or key.service_tier == ServiceTier.BATCH:
                raise UnknownModelError(f"{self.model!r} sells no fast mode for {key.service_tier}")
            rates = self.fast
        if key.service_tier == ServiceTier.BATCH:
            rates = rates.times(sold(self.batch_multiple, "batch"))
        elif key.service_tier == ServiceTier.FLEX:
            rates = rates.times(sold(self.flex_multiple, "flex"))
        if key.geography == Geography.US:
            rates = rates.times(sold(self.us_multiple, "US-only"))
        elif key.geography == Geography.REGIONAL:
            rates = rates.times(sold(self.regional_multiple, "regional"))
        return rates


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
        for rates in reversed(self.rates):
            if rates.model == model and rates.platform == platform and rates.in_force(day):
                return rates
        known = sorted({r.model for r in self.rates if r.platform == platform})
        raise UnknownModelError(
            f"no price in force for model {model!r} on platform {platform!r} on {day}; "
            f"add it to a price sheet, or mend the id (known: {', '.join(known[:8])}, …)"
        )

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
        for facts in self.models:
            if facts.model == model:
                return facts
        return ModelFacts(model=model, family="other", source="no facts on file")


def _above(context_window: str, threshold: int) -> bool:
    """Tell whether a reported window ("200k-1M", "> 200k") lies above a band's threshold.

    >>> _above("200k-1M", 200_000), _above("0-200k", 200_000), _above("", 100_000)
    (True, False, False)
    """
    window = context_window.strip().lower()
    number = re.match(r"^>?\s*(\d+)\s*([km]?)", window)
    if number is None or window.startswith(("≤", "<")):
        return False
    scale = {"": 1, "k": 1_000, "m": 1_000_000}[number.group(2)]
    return int(number.group(1)) * scale >= threshold
