"""The inventory a buyer keeps: workloads, the one question, levers, and who said yes."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from forecast.records.base import Name, Note, Provenance, Record, Share
from forecast.records.batch import BatchLever as BatchLever
from forecast.records.caching import CacheEvidence
from forecast.records.capacity import Capacity, LeverEffort, QualityGate
from forecast.records.cleaning import CleaningDecision
from forecast.records.evidence_states import Evidence as Evidence
from forecast.records.latency import Latency as Latency
from forecast.records.migration_checks import check_blackouts, check_dependencies, check_gates
from forecast.records.negotiation import RiskPreference
from forecast.records.routing import RoutingLever as RoutingLever
from forecast.records.usage import UNASSIGNED
from forecast.units import month_of

Tokens = Annotated[int, Field(ge=0, le=10**15)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


HOURS: Final = (24, 24 * 7)
"""Hours of a day and of a week."""


class OwnerState(StrEnum):
    """Who has said yes to the levers of a workload; a saving is nobody's before `accepted`."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    SCHEDULED = "scheduled"
    SHIPPED = "shipped"
    MEASURED = "measured"
    DECLINED = "declined"

    @property
    def counts(self) -> bool:
        """Tell whether levers in this state enter the recommendation."""
        return self not in (OwnerState.PROPOSED, OwnerState.DECLINED)

    @property
    def has_shipped(self) -> bool:
        """Tell whether the levers act already."""
        return self in (OwnerState.SHIPPED, OwnerState.MEASURED)


class Archetype(StrEnum):
    """The seven kinds of asynchronous work, and the one that is not."""

    OVERNIGHT_ENRICHMENT = "overnight_enrichment"
    BULK_CLASSIFICATION = "bulk_classification"
    REVIEWED_CONTENT = "reviewed_content"
    QUEUED_DOCUMENTS = "queued_documents"
    HISTORICAL_BACKFILL = "historical_backfill"
    EVALUATION_RUNS = "evaluation_runs"
    SCHEDULED_REPORTING = "scheduled_reporting"
    INTERACTIVE = "interactive"


class Decision(StrEnum):
    """The answer to the one question."""

    REAL_TIME = "real_time"
    ASYNCHRONOUS = "asynchronous"
    NEEDS_REVIEW = "needs_review"


class Rule(Record):
    """Which usage belongs to the workload: every given field must match (shell wildcards)."""

    api_key: str | None = None
    workspace: str | None = None
    tag: str | None = None
    model: str | None = None
    share: Annotated[float, Field(gt=0, le=1)] | None = None
    """Share of what the rule matches that belongs to this workload: the rest is left to the
    other workloads whose rules share it, and what nobody takes stays unassigned."""
    share_source: Provenance = Provenance.USER
    """Where the share comes from; tokens counted by workload are `measured`."""
    share_note: Annotated[str, Field(max_length=500)] = ""
    """What the share rests on."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.api_key is None and self.workspace is None and self.tag is None:
            raise ValueError("a rule needs an api_key, a workspace or a tag")
        sourced = self.share_note or self.share_source is not Provenance.USER
        if self.share is None and sourced:
            raise ValueError("share: is missing beside its source; give 0.4 for two fifths")
        return self

    @property
    def described(self) -> str:
        """What the rule matches, in words.

        >>> Rule(api_key="shared-*", model="*opus*").described
        'API key shared-*, model *opus*'
        """
        words = {"api_key": "API key", "workspace": "workspace", "tag": "tag", "model": "model"}
        given = {field: getattr(self, field) for field in words}
        return ", ".join(f"{words[f]} {value}" for f, value in given.items() if value is not None)


class CachingLever(Record):
    """Mark the stable part of the prompt as cacheable."""

    stable_prefix_tokens: Annotated[int, Field(gt=0, le=10**7)]
    """Tokens at the start of the prompt that are the same in every request."""
    prompt_tokens: Annotated[int, Field(gt=0, le=10**7)] | None = None
    """Mean prompt tokens a request; None takes it from usage, which then needs request counts."""
    arrivals_per_hour: Positive | None = None
    """Requests an hour that share one prefix, while the workload runs."""
    arrivals_by_hour: tuple[Annotated[float, Field(ge=0, le=10**9)], ...] | None = None
    """The same by hour of the day (24 values) or of the week (168 from Monday 0:00), UTC."""
    hit_share: Share | None = None
    """Stated hit share in real time, for both lifetimes; None takes the evidence."""
    replay: CacheEvidence | None = None
    """Hit shares by lifetime with their bands, as `commitment replay-cache --out` writes them."""
    batch_hit_share: Share | None = None
    """Hit share inside a batch; None takes the low end for a cold batch, or `primed`."""
    primed: bool = False
    """A first request writes the prefix before the batch is submitted."""
    ttl: Literal["5m", "1h", "best"] = "best"
    evidence: Evidence = Evidence.ASSUMED

    @model_validator(mode="after")
    def _prefix_fits(self) -> Self:
        if self.prompt_tokens is not None and self.stable_prefix_tokens > self.prompt_tokens:
            raise ValueError("stable_prefix_tokens is longer than prompt_tokens")
        by_hour = self.arrivals_by_hour
        if by_hour is not None and (len(by_hour) not in HOURS or not any(by_hour)):
            raise ValueError("arrivals_by_hour has 24 or 168 values, not all of them 0")
        if by_hour is not None and self.arrivals_per_hour is not None:
            raise ValueError("arrivals_by_hour stands beside arrivals_per_hour; drop one")
        derived = ("hit_share", "arrivals_per_hour", "arrivals_by_hour")
        given = [name for name in derived if getattr(self, name) is not None]
        if self.replay is not None and given:
            raise ValueError(f"{given[0]} stands beside a replay, which says it better; drop it")
        if self.replay is None and not given and not self.primed:
            raise ValueError(
                "give hit_share (measured), a replay table (commitment replay-cache --out), or "
                "arrivals_per_hour or arrivals_by_hour (to derive it)"
            )
        return self


class AdoptionCurve(StrEnum):
    """How traffic grows from a launch to full adoption."""

    LOGISTIC = "logistic"
    """Slow, fast, slow; from 5 % at the launch to 95 % when full."""
    BASS = "bass"
    """From nothing; those who adopt draw others in (Bass 1969, doi:10.1287/mnsc.15.5.215)."""


class AnalystAdjustment(Record):
    """What somebody knows of a workload's volume and history cannot show, with whose word it is."""

    month: date
    """First month it acts in."""
    until: date | None = None
    """Last month it acts in; None for the rest of the forecast."""
    change_share: Annotated[float, Field(gt=-1, le=100, allow_inf_nan=False)]
    """Relative change of the volume: 0.25 is a quarter more, -0.4 two fifths less."""
    uncertainty: Annotated[float, Field(ge=0, le=3)] = 0.0
    """Standard deviation of the log of the changed volume."""
    reason: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    decided_by: Name
    decided_on: date

    @model_validator(mode="after")
    def _months_are_months(self) -> Self:
        for name, month in (("month", self.month), ("until", self.until)):
            if month is not None and month != month_of(month):
                raise ValueError(f"{name} is the first day of a month, not {month}")
        if self.until is not None and self.until < self.month:
            raise ValueError(f"until {self.until} lies before month {self.month}")
        return self


class Launch(Record):
    """A workload that has no history yet, or new traffic on an old one."""

    month: date
    """First month of traffic."""
    monthly_requests: Positive
    """Requests a month once fully adopted."""
    input_tokens_per_request: Positive
    output_tokens_per_request: Positive
    model: Name
    platform: str = "anthropic"
    months_to_full: Annotated[int, Field(ge=0, le=60)] = 6
    """Months from the first to full adoption (95 %)."""
    curve: AdoptionCurve = AdoptionCurve.LOGISTIC
    imitation_ratio: Positive = 10.0
    """Bass curve only: how much stronger imitation (q) is than innovation (p). Assumed: 0.03 and
    0.38 are the means over 213 studies (Sultan, Farley and Lehmann 1990,
    doi:10.1177/002224379002700107), a ratio of 13."""
    volume_uncertainty: Annotated[float, Field(ge=0, le=3)] = 0.5
    """Standard deviation of the log of the adopted volume."""
    source: Note = ""


class Workload(Record):
    """One line of the inventory."""

    name: Name
    description: Note = ""
    owner: str | None = None
    owner_state: OwnerState = OwnerState.PROPOSED
    accepted_on: date | None = None
    service_level: Note = ""
    """What has to hold once its levers act, as its owner accepted it."""
    rollback_trigger: Note = ""
    """What has to happen for the change to be taken back."""
    declined_reason: Note = ""
    """Why its owner said no."""
    adoption_month: date | None = None
    """Month in which its levers start to act; None leaves it to the migration plan."""
    effort_weeks: Annotated[float, Field(ge=0, le=520)] = 2.0
    """Engineering weeks to migrate it."""
    lever_effort_weeks: LeverEffort | None = None
    """Engineering weeks by lever, instead of `effort_weeks`."""
    after: tuple[Name, ...] = ()
    """Workloads that have to be migrated in an earlier month."""
    gates: Annotated[tuple[QualityGate, ...], Field(max_length=3)] = ()
    archetype: Archetype | None = None
    match: tuple[Rule, ...] = ()
    latency: Latency = Latency()
    batch: BatchLever | None = None
    caching: CachingLever | None = None
    routing: RoutingLever | None = None
    launch: Launch | None = None
    adjustments: tuple[AnalystAdjustment, ...] = ()
    retires_month: date | None = None
    """First month without traffic."""

    @model_validator(mode="after")
    def _is_usable(self) -> Self:
        if self.name == UNASSIGNED:
            raise ValueError(f"the name {UNASSIGNED!r} is kept for usage that no rule catches")
        for name, month in (
            ("adoption_month", self.adoption_month),
            ("retires_month", self.retires_month),
            ("launch.month", self.launch.month if self.launch else None),
        ):
            if month is not None and month != month_of(month):
                raise ValueError(f"{name} is the first day of a month, not {month}")
        check_gates(self)
        return self


class Portfolio(Record):
    """The whole inventory, as it stands in workloads.toml."""

    workloads: Annotated[tuple[Workload, ...], Field(max_length=2000)]
    shared_key_note: Note = ""
    """What a reader should know about keys that nobody divides; `share` of a rule divides one."""
    cleaning: Annotated[tuple[CleaningDecision, ...], Field(max_length=1000)] = ()
    """Decisions on the cleaning ledger, and entries of the buyer's own."""
    capacity: Capacity = Capacity()
    risk: RiskPreference = RiskPreference()
    """How much waste and budget risk count for this company; the choice under it stands beside
    the commitment with the lowest expected cost."""

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [w.name for w in self.workloads]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise ValueError(f"workload names stand twice: {', '.join(twice)}")
        return self

    @model_validator(mode="after")
    def _decisions_are_unique(self) -> Self:
        ids = [d.id for d in self.cleaning if d.id is not None]
        twice = sorted({i for i in ids if ids.count(i) > 1})
        if twice:
            raise ValueError(f"cleaning: decides twice on {', '.join(twice)}")
        return self

    @model_validator(mode="after")
    def _migrations_agree(self) -> Self:
        check_dependencies(self.workloads)
        check_blackouts(self.workloads, self.capacity)
        return self

    def by_name(self, name: str) -> Workload | None:
        """Find a workload; None for `unassigned` and anything else that is not listed."""
        return next((w for w in self.workloads if w.name == name), None)
