"""Dated prices and the facts about a model that move tokens or prices."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from forecast.errors import UnknownModelError
from forecast.records.base import Name, Note, Record

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

    def facts(self, model: str) -> ModelFacts:
        """Give the facts of `model`; without any it is taken as an unremarkable model."""
        for facts in self.models:
            if facts.model == model:
                return facts
        return ModelFacts(model=model, family="other", source="no facts on file")
