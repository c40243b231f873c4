"""What `commitment replay-cache` answers: hits, costs and the evidence they make."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from forecast.records.base import Record, Share
from forecast.records.caching import CacheEvidence, HitBasis, PaidLifetime

Placing = Literal["every_block", "end", "end_and_parts", "parts"]
"""Where prompts are marked: every whole block an entry, their end, their end and up to three
fixed places, or up to four fixed places alone."""

Multiple = Annotated[float, Field(ge=0)]
"""Cost of the input side relative to sending all of it uncached in real time."""


class LifetimeOutcome(Record):
    """The trace against a cache of one lifetime."""

    ttl: Literal["none", "5m", "1h"]
    """`none` never expires: what could be reused at all."""
    hit_share_per_block: Share
    hit_share_per_input_token: Share
    hit_share_per_marked_token: Share
    """Reads of what is read or written, the share that break-even speaks of."""
    lower_share: Share | None
    upper_share: Share | None
    """80 % interval of the share per marked token, sessions redrawn; null with fewer than five."""
    read_tokens: int
    written_tokens: int
    uncached_tokens: int
    write_multiple: float | None = None
    read_multiple: float | None = None
    break_even_hit_share: float | None = None
    input_cost_multiple: Multiple | None = None
    """Null without expiry, and where no model says the prices."""


class MarkingOutcome(Record):
    """What another way of marking prompts would make of it."""

    placing: Placing
    n_breakpoints: int
    ttl: PaidLifetime
    hit_share_per_input_token: Share
    written_share: Share
    input_cost_multiple: Multiple | None = None


class PredictedHits(Record):
    """The hit share per marked token as weaker evidence of the same requests would say it."""

    ttl: PaidLifetime
    basis: HitBasis
    hit_share: Share
    lower_share: Share
    upper_share: Share
    replayed_share: Share | None
    """What the replay says, where there is one."""


class BatchChoice(Record):
    """One way to send the same prefix through the batch tier."""

    choice: Literal["uncached", "cold", "primed"]
    ttl: PaidLifetime | None
    hit_share: Share
    prefix_cost_multiple: Multiple
    """Cost of the prefix relative to uncached real time, the primer included."""
    break_even_hit_share: float | None
    pays_from_requests: int | None
    """Requests of a batch from which it is cheaper than no cache; null when it never is."""


class MinimumPrefix(Record):
    """The shortest prefix a model caches, and where that was read."""

    model: str
    tokens: int
    known: bool
    source: str


class CacheReplayReport(Record):
    """A replayed trace, or the hit shares of an arrival histogram."""

    n_requests: int
    n_sessions: int
    sessions_named: bool
    """False: sessions are told from the prefixes requests begin with."""
    days: float | None
    input_tokens: int | None
    models: tuple[str, ...]
    priced_on: date | None
    minimum_prefixes: tuple[MinimumPrefix, ...]
    placing: Placing
    lifetimes: tuple[LifetimeOutcome, ...]
    best: Literal["none", "5m", "1h"] | None
    """The cheapest choice for all of it; null where nothing says the prices."""
    best_by_session_multiple: Multiple | None
    best_by_session_shares: dict[str, Share] | None
    markings: tuple[MarkingOutcome, ...]
    """Compared on at most the first 20,000 requests."""
    predictions: tuple[PredictedHits, ...]
    batch: tuple[BatchChoice, ...]
    mean_prompt_tokens: float | None
    mean_marked_tokens: float | None
    evidence: CacheEvidence | None
    """For workloads.toml; null with too few sessions to say how sure it is."""
    notes: tuple[str, ...]
