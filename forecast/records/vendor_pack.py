"""What a buyer hands to the vendor: an allow-list. What has no field here cannot reach the file.

No forecast, no scenario, no cost, no other offer and no amount that the buyer did not state has a
field; names of workloads have one, and it stays anonymous unless a person chose the name.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from forecast.records.base import Name, NonNegativeUsd, Note, Record, Share
from forecast.records.terms import DiscountShare
from forecast.units import month_of

LeverName = Literal["batch", "caching", "routing"]

Ask = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]


class ClauseAsk(Record):
    """One clause, and what the buyer asks for in it."""

    clause: Name
    ask: Ask


class CounterProposal(Record):
    """What the buyer asks for, stated by the buyer; nothing is filled in from a recommendation."""

    title: Name = "Counter-proposal"
    term_start: date | None = None
    term_months: Annotated[int, Field(ge=1, le=120)]
    commitment_usd: NonNegativeUsd
    """Over the whole term."""
    discount_share: DiscountShare
    """Off list, asked for at this commitment."""
    settlement: Literal["monthly", "quarterly", "annual", "term"] | None = None
    """None leaves the word out of the proposal, as every None below does."""
    overage: Literal["list", "committed_rate", "discounted"] | None = None
    overage_discount_share: DiscountShare | None = None
    """Off list, with `overage = "discounted"`."""
    rollover_share: Share | None = None
    """Share of the unused that is carried into the next period."""
    unused_credit_share: Share | None = None
    """Share of what is unused at the end that is credited at renewal."""
    valid_until: date | None = None
    asks: Annotated[tuple[ClauseAsk, ...], Field(max_length=40)] = ()

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.term_start is not None and self.term_start != month_of(self.term_start):
            raise ValueError(f"term_start is the first day of a month, not {self.term_start}")
        if (self.overage == "discounted") != (self.overage_discount_share is not None):
            raise ValueError(
                "overage_discount_share goes with overage = 'discounted', and only with it"
            )
        return self


class PackEvidence(Record):
    """What one workload adds to a claim, in words of a fixed set."""

    workload: Name
    """Its name where a person chose to show it, else a letter."""
    change: Note
    stage: Note
    """How far it is: what it rests on, and the owner's state."""


class PackClaim(Record):
    """One share before and after."""

    claim: Name
    before_share: Share | None
    after_share: Share | None
    measured_on: Note
    evidence: tuple[PackEvidence, ...] = ()


class PackModel(Record):
    """Share of one model in the list cost of the same work."""

    model: Name
    before_share: Share
    after_share: Share


class VendorPack(Record):
    """Everything that stands in the file for the vendor, and nothing else does."""

    buyer: Name | None = None
    usage_until: date
    claims: tuple[PackClaim, ...]
    models: tuple[PackModel, ...]
    proposal: CounterProposal
