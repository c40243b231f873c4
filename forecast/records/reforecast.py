"""What a quarterly re-forecast says of a running contract."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from forecast.records.base import NonNegativeUsd, Note, Record, Share, Usd
from forecast.records.contract import SignedContract
from forecast.records.recommendation import InputDigest, Quantile, ResultProvenance
from forecast.records.sizing_result import CostRisk, Headline, WasteRisk
from forecast.records.workloads import Decision, OwnerState

StepName = Literal[
    "restated usage",
    "forecast error",
    "volume",
    "model mix",
    "token mix",
    "price",
    "lever realisation",
    "new and retired workloads",
    "method change",
    "contract change",
]

REPLACED: tuple[StepName, ...] = (
    "restated usage",
    "forecast error",
    "volume",
    "model mix",
    "token mix",
    "price",
    "lever realisation",
    "new and retired workloads",
)
"""The inputs of a forecast in the order in which the new ones replace the old."""

STEPS: tuple[StepName, ...] = (*REPLACED, "method change", "contract change")


class WorkloadChange(Record):
    """What one workload adds to a step."""

    workload: str
    cost_change_usd: Usd
    commitment_change_usd: Usd


class AttributionStep(Record):
    """One step: its change of the expected term cost and of the recommended commitment."""

    step: StepName
    cost_change_usd: Usd
    commitment_change_usd: Usd
    workloads: tuple[WorkloadChange, ...] = ()
    """Those that change either; they add up to the step. Empty for a change of the contract."""


class Attribution(Record):
    """Why the expected term cost and the recommended commitment moved; sums to the cent."""

    before_cost_usd: Usd
    after_cost_usd: Usd
    before_commitment_usd: NonNegativeUsd
    after_commitment_usd: NonNegativeUsd
    steps: tuple[AttributionStep, ...]

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        cost = sum((s.cost_change_usd for s in self.steps), self.before_cost_usd)
        commitment = sum((s.commitment_change_usd for s in self.steps), self.before_commitment_usd)
        if cost != self.after_cost_usd or commitment != self.after_commitment_usd:
            raise ValueError("steps: do not add up to the change")
        for step in self.steps:
            parts = sum((w.cost_change_usd for w in step.workloads), Decimal(0))
            amounts = sum((w.commitment_change_usd for w in step.workloads), Decimal(0))
            whole = (step.cost_change_usd, step.commitment_change_usd)
            if step.step != "contract change" and (parts, amounts) != whole:
                raise ValueError(f"steps: the workloads of {step.step!r} do not add up to it")
        return self

    def step(self, name: StepName) -> AttributionStep:
        """Find a step by its name."""
        return next(s for s in self.steps if s.step == name)


FindingKind = Literal[
    "missing_quarter",
    "restated_usage",
    "rate_card_changed",
    "prices_protected",
    "renamed_workload",
    "new_workload",
    "silent_workload",
    "retired_workload",
    "history_carried_over",
    "part_month_left_out",
    "days_without_usage",
    "contract_amended",
    "package_changed",
    "rate_card_not_kept",
    "bands_widened",
    "anomaly",
    "workload_off_forecast",
]


class Finding(Record):
    """Something about the inputs that a reader has to know before the figures."""

    kind: FindingKind
    note: Note
    usd: Usd | None = None
    """List cost that it concerns."""


class PeriodStanding(Record):
    """Where one settlement period stands, in units of the commitment (dollars drawn down)."""

    period_start: date
    period_end: date
    commitment_usd: NonNegativeUsd
    rolled_in_usd: Usd
    """Mean of what earlier periods carry into it."""
    drawn_usd: Usd
    """Recorded drawdown so far, within and beyond the commitment."""
    state: Literal["settled", "running", "ahead"]
    landing: tuple[Quantile, ...]
    """Drawdown by the end of the period."""
    shortfall_probability: Share
    overage_probability: Share
    expected_unused_usd: Usd
    expected_overage_usd: Usd


class MonthDrawdown(Record):
    """Drawdown from the start of the term to the end of one month."""

    month: date
    recorded_usd: Usd | None
    """None for a month that lies ahead."""
    quantiles: tuple[Quantile, ...]
    """The fan; empty for a recorded month."""


class CertainDay(Record):
    """The day on which something is certain in this share of the scenarios; None when never."""

    probability: Share
    exhausted_on: date | None
    """The commitment of the period is drawn."""
    shortfall_certain_on: date | None
    """What is left of it can no longer be drawn, however the rest of the period goes."""


class PlatformDrawdown(Record):
    """What one platform draws from the commitment over the term."""

    platform: str
    counted_share: Share
    """Of a dollar used there that draws the commitment, by the contract."""
    drawn_usd: Usd
    """Recorded so far."""
    expected_usd: Usd
    """Mean of what is to come, by where the work runs today."""


class BurnDown(Record):
    """Actual drawdown against contract and forecast."""

    basis: Literal["contracted", "list"]
    discount_share: Share
    months: tuple[MonthDrawdown, ...]
    periods: tuple[PeriodStanding, ...]
    term_landing: tuple[Quantile, ...]
    certain: tuple[CertainDay, ...]
    """For the running period, or the first one; empty when the term is over."""
    platforms: tuple[PlatformDrawdown, ...] = ()
    """The largest first."""


class Remedy(Record):
    """Something that can be done about the rest of the term."""

    remedy: Literal[
        "bring_migrations_forward",
        "hold_migrations_back",
        "accept_proposed_levers",
        "raise_commitment",
        "move_spend_here",
        "move_platform_spend",
        "lower_commitment",
        "let_unused_roll_over",
    ]
    what: Note
    value_usd: Usd
    """Expected cost it saves over the term; below zero it costs money."""
    unused_change_usd: Usd
    """Change of what is expected to stay unused."""
    last_day_to_act: date


class MeasuredShare(Record):
    """What share of a workload a lever moves: as the inventory says, and as usage shows."""

    lever: Literal["batch", "routing", "caching"]
    stated: Share | None
    """Of demand. None for caching: what is read depends on the prompts."""
    measured: Share
    """Of demand; for caching, cached reads of the prompt's tokens."""


class Promise(Record):
    """What the levers of a workload were expected to save since the last forecast, and did."""

    workload: str
    owner_state: OwnerState
    promised_usd: Usd
    """List cost, by the last forecast."""
    measured_usd: Usd
    """List cost, by what the levers move in recorded usage."""
    shares: tuple[MeasuredShare, ...]
    verdict: Note


class BalanceLine(Record):
    """One line of the vendor's balance statement."""

    as_of: date
    period_start: date
    committed_usd: NonNegativeUsd
    drawn_usd: NonNegativeUsd
    remaining_usd: Usd


class BalanceCheck(Record):
    """The vendor's drawdown of a period against our own, through the same day."""

    line: BalanceLine
    our_drawn_usd: Usd
    difference_usd: Usd
    """The vendor's less ours."""
    difference_share: float | None
    """Of ours; None where we have none."""
    agrees: bool
    note: Note


class KeptForecast(Record):
    """A past forecast of the list cost of [first_month, first_month + n_months)."""

    as_of: date
    first_month: date
    n_months: Annotated[int, Field(ge=1, le=120)]
    mean_usd: Usd
    quantiles: tuple[Quantile, ...]
    widening_factor: Annotated[float, Field(ge=1)] = 1.0
    """What its spread had been multiplied by."""


class ForecastScore(Record):
    """A past forecast against what happened."""

    horizon: Literal["until next forecast", "rest of term"]
    forecast: KeptForecast
    realised_usd: Usd
    inside_80: bool
    pinball_usd: Annotated[float, Field(ge=0)]
    """Mean pinball loss over the levels kept."""
    bias_share: float | None
    """Mean forecast over realised, less 1; None where nothing was realised."""


class TermOutcome(Record):
    """What a finished term came to."""

    term_start: date
    term_months: int
    signed_usd: NonNegativeUsd
    list_usd: Usd
    paid_usd: Usd
    best_commitment_usd: NonNegativeUsd
    """What should have been signed, known afterwards."""
    best_cost_usd: Usd
    no_deal_cost_usd: Usd
    savings_capture: float | None
    """Share of hindsight's saving; None where no commitment could have saved anything."""


class TrackRecord(Record):
    """Every past forecast, scored as it becomes history."""

    forecasts: tuple[KeptForecast, ...] = ()
    """Of the rest of each term, not yet scored over it."""
    scores: tuple[ForecastScore, ...] = ()
    terms: tuple[TermOutcome, ...] = ()
    n_scored: int = 0
    """Forecasts until the next one; their windows do not overlap."""
    interval_coverage_80: Share | None = None
    mean_pinball_usd: float | None = None
    mean_bias_share: float | None = None
    widening_factor: Annotated[float, Field(ge=1)] = 1.0
    """What the spread of the rest of the term is multiplied by."""
    note: Note = ""


class Reclassification(Record):
    """A workload whose one question should be asked again, because what it rests on changed."""

    workload: str
    stands_as: Decision
    """How it is classified today."""
    now: Note
    """What it looks like since the last forecast."""
    before: Note
    """What it looked like until then."""
    ask: Note
    """What its owner should be asked."""


class BestCommitment(Record):
    """What would be signed for the whole term, knowing what is known now."""

    commitment_usd: NonNegativeUsd
    discount_share: Share
    expected_cost_usd: Usd


class WorkloadStanding(Record):
    """One workload over the term, at list."""

    name: str
    recorded_usd: Usd
    """Elapsed months."""
    expected_usd: Usd
    """Mean of the remaining months, with accepted levers."""


class Reforecast(Record):
    """The whole answer of `commitment reforecast`."""

    status: Literal["reforecast"] = "reforecast"
    findings: tuple[Finding, ...]
    contract: SignedContract
    months_elapsed: int
    headline: Headline
    """Of the signed contract."""
    headline_before: Headline | None = None
    """As the last forecast had it: of the advice, or of the contract as it stood then."""
    cost: CostRisk
    waste: WasteRisk
    shortfall_probability: Share
    overage_probability: Share
    recommended: BestCommitment
    attribution: Attribution
    burn_down: BurnDown
    remedies: tuple[Remedy, ...]
    """The most valuable first."""
    promises: tuple[Promise, ...]
    """Of the elapsed months since the last forecast."""
    balance: tuple[BalanceCheck, ...]
    track_record: TrackRecord
    workloads: tuple[WorkloadStanding, ...]
    reclassifications: tuple[Reclassification, ...] = ()
    previous: InputDigest
    provenance: ResultProvenance
