"""What the caches of a trace's senders cost, and which prefixes they take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from forecast.errors import UnknownModelError
from forecast.levers.batch_caching import batch_choices
from forecast.levers.cache_replay.economics import InputRates
from forecast.levers.caching import min_prefix_tokens
from forecast.pricing.rate_cards import canonical_model
from forecast.records.cache_replay import BatchChoice, MinimumPrefix, Placing
from forecast.records.rates import RateCard
from forecast.records.usage import MixKey, ServiceTier
from forecast.traces import Integers, RequestTrace

BATCH_REQUESTS: Final = 1000
"""Requests of a batch for which the ways to send its prefix are compared."""


@dataclass(frozen=True)
class ReplaySettings:
    """How a trace is replayed.

    Attributes
    ----------
    day
        The day whose prices and minimum prefixes hold.
    model
        Replay and price everything as this model, whatever the trace says.
    min_prefix_tokens
        Take this instead of the minimum of each model; 0 caches any prefix.
    visible_after_seconds
        How long a write stays unseen.
    placing
        Where prompts are marked, for the evidence and the lifetimes.
    source
        What the evidence says of where it comes from.
    """

    day: date
    model: str | None = None
    min_prefix_tokens: int | None = None
    visible_after_seconds: float = 0.0
    placing: Placing = "every_block"
    source: str = ""


def models_of(
    trace: RequestTrace, card: RateCard, settings: ReplaySettings
) -> list[tuple[str, str]]:
    """Platform and model of the card for every sender; an empty model where nothing says it."""
    found = []
    for i, sender in enumerate(trace.senders):
        raw = settings.model or sender.model
        model = canonical_model(sender.platform, raw) if raw else ""
        if model:
            try:
                card.in_force(sender.platform, model, settings.day)
            except UnknownModelError as error:
                named = settings.model is not None
                file, row = trace.sender_places[i] if trace.sender_places else (None, None)
                raise UnknownModelError(
                    f"{error.problem}; --model replays the trace as another model, --on prices it "
                    "on another day",
                    file=None if named else file,
                    row=None if named else row,
                    column="--model" if named else "model",
                ) from None
        found.append((sender.platform, model))
    return found


def minimum_by_request(
    trace: RequestTrace,
    models: Sequence[tuple[str, str]],
    card: RateCard,
    settings: ReplaySettings,
) -> Integers:
    """Shortest prefix that the model of each request caches, [n]; 0 where no model is named."""
    least = [
        settings.min_prefix_tokens
        if settings.min_prefix_tokens is not None
        else (min_prefix_tokens(card.facts(model)) if model else 0)
        for _, model in models
    ]
    return np.array(least, dtype=np.int64)[trace.sender]


def minimum_prefixes(
    models: Sequence[tuple[str, str]], card: RateCard, settings: ReplaySettings
) -> tuple[MinimumPrefix, ...]:
    """List the shortest prefixes that were applied, by model, with their sources."""
    found = []
    for model in sorted({model for _, model in models if model}):
        facts = card.facts(model)
        tokens = facts.min_cacheable_prefix_tokens
        stated = settings.min_prefix_tokens
        found.append(
            MinimumPrefix(
                model=model,
                tokens=min_prefix_tokens(facts) if stated is None else stated,
                known=tokens is not None or stated is not None,
                source="stated" if stated is not None else facts.source,
            )
        )
    return tuple(found)


def input_rates(
    trace: RequestTrace, models: Sequence[tuple[str, str]], card: RateCard, day: date
) -> InputRates | None:
    """Give every request the rates of its model on a day; None where a model is not named."""
    if any(not model for _, model in models):
        return None
    by_sender = [card.usd_per_token(MixKey(p, m), day)[0] for p, m in models]
    return InputRates(np.array(by_sender, dtype=np.float64)[trace.sender])


def ways_through_batch(
    models: Sequence[tuple[str, str]], card: RateCard, day: date
) -> tuple[BatchChoice, ...]:
    """Compare the ways through the batch tier at the rates of the trace's only model."""
    distinct = sorted(set(models))
    if len(distinct) != 1 or not distinct[0][1]:
        return ()
    platform, model = distinct[0]
    real_time = card.usd_per_token(MixKey(platform, model), day)[0]
    try:
        batch = card.usd_per_token(MixKey(platform, model, ServiceTier.BATCH), day)[0]
    except UnknownModelError:
        return ()
    plain, write_5m, write_1h, read, _ = real_time
    return batch_choices(
        BATCH_REQUESTS,
        write_multiples={"5m": write_5m / plain, "1h": write_1h / plain},
        read_multiple=read / plain,
        batch_multiple=batch[0] / plain,
    )
