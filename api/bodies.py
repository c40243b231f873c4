"""What callers send over HTTP, as records: the schema of a request is the record's own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated

from pydantic import Field

from api.documents import OfferDocument
from api.limits import MAX_PATHS, MIN_PATHS
from api.validation import DocumentError, Fault
from forecast.records.base import Name, Record
from forecast.records.negotiation import RiskPreference
from forecast.records.recommendation import OfferScore
from forecast.records.terms import Offer, Terms
from forecast.records.workloads import Portfolio

Label = Annotated[str, Field(max_length=500)]
Count = Annotated[int, Field(ge=0, le=10**15)]
ListUsd = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class UsageRow(Record):
    """One row of the canonical usage table; only `day` and `model` are required."""

    day: Label
    """UTC day (2026-10-31), or an instant with a time zone."""
    model: Label
    """The id the vendor bills."""
    platform: Label = "anthropic"
    """anthropic, bedrock, vertex, …"""
    service_tier: Label = "standard"
    """standard, batch, priority, flex."""
    geography: Label = "global"
    """global, us, regional."""
    speed: Label = "standard"
    """standard, fast."""
    context_window: Label = ""
    """As reported by the vendor; empty when unknown."""
    workload: Label = ""
    """Named by the source; rules assign the rest."""
    api_key: Label = ""
    workspace: Label = ""
    tag: Label = ""
    input_tokens: Count = 0
    """Uncached input only; cache writes and reads are counted apart."""
    cache_write_5m_tokens: Count = 0
    cache_write_1h_tokens: Count = 0
    cache_read_tokens: Count = 0
    output_tokens: Count = 0
    requests: Count | None = None
    """Null when the source cannot tell."""
    web_searches: Count = 0


class RecommendationBody(Record):
    """Usage, inventory and terms in one JSON document."""

    usage: Annotated[tuple[UsageRow, ...], Field(min_length=1, max_length=1_000_000)]
    workloads: Portfolio
    """The inventory: an object with the key `workloads`, as in workloads.toml."""
    terms: Terms
    as_of: date | None = None
    """Usage after this day is not read; the default is the last complete day."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    paths: Annotated[int, Field(ge=MIN_PATHS, le=MAX_PATHS)] = 1000
    """Scenarios in the decision set."""


class SizingBody(Record):
    """Somebody's own forecast, and the contract to size on it."""

    paths: Annotated[
        tuple[Annotated[tuple[ListUsd, ...], Field(min_length=1, max_length=120)], ...],
        Field(min_length=1, max_length=200_000),
    ]
    """One row a path, one number a month of the term: list-price USD."""
    terms: Terms
    offers: Annotated[tuple[OfferDocument, ...], Field(max_length=50)] = ()
    preference: RiskPreference | None = None
    """How much waste and budget risk count; the choice is given beside the cheapest."""

    def stated_offers(self) -> list[Offer]:
        """Give the offers."""
        return _offers(self.offers)

    def check_shape(self) -> None:
        """Refuse paths that do not all have the months of the term.

        Raises
        ------
        DocumentError
            With every such row.
        """
        months = self.terms.term_months
        faults = [
            Fault(("paths", i), f"has {len(row)} months where the term has {months}")
            for i, row in enumerate(self.paths)
            if len(row) != months
        ]
        if faults:
            raise DocumentError(faults)


class OffersBody(Record):
    """Offers to settle on the paths of a recommendation."""

    offers: Annotated[tuple[OfferDocument, ...], Field(min_length=1, max_length=50)]

    def stated_offers(self) -> list[Offer]:
        """Give the offers."""
        return _offers(self.offers)


def _offers(documents: Sequence[OfferDocument]) -> list[Offer]:
    return [document.to_offer(at=("offers", i)) for i, document in enumerate(documents)]


class OfferScores(Record):
    """Offers on the same paths, in the order they were sent."""

    offers: tuple[OfferScore, ...]


class Health(Record):
    """The service answers."""

    status: Name
    version: Name
