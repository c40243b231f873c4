"""What callers send over HTTP, as records: the schema of a request is the record's own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from api.documents import OfferDocument
from api.limits import MAX_PATHS, MIN_PATHS
from api.store.organisations import Scope
from api.validation import DocumentError, Fault
from forecast.records.base import Name, Record, Share, Usd
from forecast.records.negotiation import RiskPreference
from forecast.records.rates import ModelRates
from forecast.records.sizing_result import OfferScore
from forecast.records.terms import Offer, Terms
from forecast.records.workloads import Portfolio

Label = Annotated[str, Field(max_length=500)]
Count = Annotated[int, Field(ge=0, le=10**15)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
PortfolioName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
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
    """Usage, inventory and terms in one JSON document, or the names of those stored before."""

    usage: Annotated[tuple[UsageRow, ...], Field(min_length=1, max_length=1_000_000)] | None = None
    dataset: Identifier | None = None
    """Id of a dataset, instead of `usage`."""
    workloads: Portfolio | None = None
    """The inventory: an object with the key `workloads`, as in workloads.toml."""
    terms: Terms | None = None
    portfolio: PortfolioName | None = None
    """Name of a portfolio, which brings `workloads` and `terms` where these are not given."""
    as_of: date | None = None
    """Usage after this day is not read; the default is the last complete day."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    paths: Annotated[int, Field(ge=MIN_PATHS, le=MAX_PATHS)] = 1000
    """Scenarios in the decision set."""

    def check_sources(self) -> None:
        """Refuse a document that lacks a part, or has one twice.

        Raises
        ------
        DocumentError
        """
        faults = []
        if self.usage is None and self.dataset is None:
            faults.append(Fault(("usage",), "is missing; or name a dataset"))
        if self.usage is not None and self.dataset is not None:
            faults.append(Fault(("dataset",), "stands beside usage; give one of them"))
        if self.portfolio is None:
            faults += [
                Fault((part,), "is missing; or name a portfolio")
                for part in ("workloads", "terms")
                if getattr(self, part) is None
            ]
        elif self.workloads is not None and self.terms is not None:
            faults.append(Fault(("portfolio",), "is not used: workloads and terms are given"))
        if faults:
            raise DocumentError(faults)


class PortfolioBody(Record):
    """An inventory and the terms."""

    workloads: Portfolio
    """The inventory: an object with the key `workloads`, as in workloads.toml."""
    terms: Terms


class PortfolioSummary(Record):
    """A portfolio in a list."""

    name: str
    etag: str
    created_at: datetime
    updated_at: datetime


class PortfolioList(Record):
    """A page of portfolios."""

    items: tuple[PortfolioSummary, ...]
    next_cursor: str | None


class PortfolioRecord(Record):
    """A portfolio; its ETag is in the header."""

    name: str
    created_at: datetime
    updated_at: datetime
    workloads: Portfolio
    terms: Terms


class StoredFile(Record):
    """A file of a dataset."""

    role: str
    """usage or invoice."""
    name: str
    sha256: str
    n_bytes: int


class DatasetRecord(Record):
    """Exports that were uploaded together."""

    id: str
    name: str
    created_at: datetime
    files: tuple[StoredFile, ...]


class DatasetList(Record):
    """A page of datasets."""

    items: tuple[DatasetRecord, ...]
    next_cursor: str | None


class JobStatus(Record):
    """Where a recommendation or a re-forecast is that is being made."""

    id: str
    state: Literal["queued", "running", "succeeded", "failed", "cancelled"]
    progress_share: Share
    step: str
    """What is being done, in words."""
    cancel_asked: bool
    created_at: datetime
    finished_at: datetime | None
    problem: dict[str, Any] | None
    """Why it failed: problem details (RFC 9457)."""


class RecommendationSummary(Record):
    """A recommendation or a refusal in a list."""

    id: str
    created_at: datetime
    status: Literal["recommended", "insufficient_evidence"]
    amount_usd: Usd
    """What to sign for; of a refusal, what not to exceed."""
    package_version: str


class RecommendationList(Record):
    """A page of recommendations."""

    items: tuple[RecommendationSummary, ...]
    next_cursor: str | None


class KeyBody(Record):
    """A key to make."""

    name: Name
    scope: Scope
    """read, size or admin; each allows what those before it allow."""
    days: Annotated[int, Field(ge=1, le=3650)] | None = None
    """How long it holds; null is until it is revoked."""


class RotationBody(Record):
    """How a key is replaced."""

    old_holds_hours: Annotated[int, Field(ge=0, le=720)] = 24
    """How long the old key still holds."""


class KeyRecord(Record):
    """A key without its secret."""

    id: str
    name: str
    scope: Scope
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    """Also the instant at which a replaced key ends."""


class NewKeyRecord(KeyRecord):
    """A key that was just made."""

    secret: str | None
    """Told once; null when the answer is given again."""


class KeyList(Record):
    """The keys of an organisation."""

    items: tuple[KeyRecord, ...]


class AuditEntry(Record):
    """One line of the audit log."""

    id: int
    at: datetime
    actor: str
    """Id of a key, `local`, or `operator` for the command line."""
    action: str
    path: str
    status: int


class AuditLog(Record):
    """A page of the audit log."""

    items: tuple[AuditEntry, ...]
    next_before: int | None


class PriceRecord(Record):
    """A price in force, with its neighbours in time."""

    rates: ModelRates
    unchanged_since: date | None
    """Null when the card knows no other price before."""
    next_change_on: date | None
    family: str
    retires_on: date | None
    successor: str | None


class RateCardRecord(Record):
    """The prices in force on a day."""

    on: date
    rates: tuple[PriceRecord, ...]


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
