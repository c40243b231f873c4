"""The answer: every name that a caller of the command line, the API or the workbook reads."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from forecast.records.base import Name, Note, Provenance, Record, Share, Usd
from forecast.records.cleaning import CleaningEntry
from forecast.records.dossier import EfficiencyDossier
from forecast.records.guard import WorkloadEvidence
from forecast.records.migration import MigrationPlan
from forecast.records.negotiation import (
    CashMonth,
    Exchange,
    FlipValue,
    OfferChange,
    Position,
    ReachingUp,
    RiskChoice,
    ScheduleValue,
    StagingValue,
)
from forecast.records.outlook import Backtest, Outlook
from forecast.records.reconciliation import Reconciliation
from forecast.records.terms import Terms
from forecast.records.workloads import Decision, OwnerState

Level = Annotated[float, Field(gt=0, lt=1)]

QUANTILE_LEVELS = tuple(round(0.05 * i, 2) for i in range(1, 20))
"""Every distribution is reported at .05, .10 … .95."""


class Headline(Record):
    """The four numbers that are always shown together, in contracted dollars over the term."""

    sign_for_usd: Usd
    expect_to_pay_usd: Usd
    budget_p80_usd: Usd
    worst_case_unused_usd: Usd
    """P95 of what is committed and not used."""


class PeriodCommitment(Record):
    """The commitment of one settlement period, [period_start, period_end)."""

    period_start: date
    period_end: date
    commitment_usd: Usd


class Interval(Record):
    """Where the optimum moves when the evidence is resampled."""

    lower_usd: Usd
    upper_usd: Usd
    interval_mass: Share


class IndifferenceBand(Record):
    """Commitments whose expected cost is within the tolerance of the best."""

    lower_usd: Usd
    upper_usd: Usd
    tolerance_share: Share


class CostRisk(Record):
    """Everything paid over the term."""

    expected_usd: Usd
    p50_usd: Usd
    p80_usd: Usd
    p95_usd: Usd
    cvar95_usd: Usd


class WasteRisk(Record):
    """Committed and not used."""

    expected_usd: Usd
    p80_usd: Usd
    p95_usd: Usd
    cvar95_usd: Usd


class Commitment(Record):
    """The recommended commitment with its risks; zero is a recommendation."""

    recommended_usd: Usd
    schedule: tuple[PeriodCommitment, ...]
    tier_discount_share: Share
    percentile: Share
    """P(contracted term consumption at the tier in force ≤ recommended)."""
    closed_form_percentile: Share | None
    """What the one-tier formula says for the tier in force; None where it does not apply."""
    interval: Interval | None
    indifference_band: IndifferenceBand
    shortfall_probability: Share
    overage_probability: Share
    break_even_utilisation: float | None
    cost: CostRisk
    waste: WasteRisk
    no_deal_expected_cost_usd: Usd


class TierRow(Record):
    """The best commitment inside one tier."""

    from_commitment_usd: Usd
    """Term commitment from which the tier is in force."""
    discount_share: Share
    best_commitment_usd: Usd
    expected_cost_usd: Usd
    waste_expected_usd: Usd
    verdict: Note


class Move(Record):
    """What it costs to move from our number to another one."""

    commitment_usd: Usd
    discount_share: Share
    extra_expected_cost_usd: Usd
    expected_unused_usd: Usd
    indifference_discount_share: float | None
    """The discount at which we would not mind; None when no discount below 1 is enough."""
    to_justify: Note = ""
    """What capacity, support or the relationship would have to be worth."""


class CurvePoint(Record):
    """One commitment and what follows from it."""

    commitment_usd: Usd
    discount_share: Share
    expected_cost_usd: Usd
    p80_cost_usd: Usd
    waste_expected_usd: Usd
    shortfall_probability: Share
    overage_probability: Share


class ClauseValue(Record):
    """One clause moved one step, re-optimised on the same paths."""

    clause: str
    change: str
    value_usd: Usd
    """What the step saves us in expected cost."""
    standard_error_usd: Usd
    commitment_change_usd: Usd


class OfferScore(Record):
    """A vendor's offer settled on the same paths."""

    name: Name
    commitment_usd: Usd
    discount_share: Share
    percentile: Share
    expected_cost_usd: Usd
    p95_cost_usd: Usd
    waste_expected_usd: Usd
    regret_usd: Usd
    """Against the best commitment under our own terms."""
    verdict: Note
    answer: Literal["accept", "counter", "walk_away"] | None = None
    """What the verdict comes to; None in results of before."""
    p50_cost_usd: Usd | None = None
    cvar95_cost_usd: Usd | None = None
    waste_p95_usd: Usd | None = None
    acceptable_with: tuple[OfferChange, ...] = ()
    """Single changes that would make it acceptable, one of a kind; empty when it already is."""


class Scenario(Record):
    """The decision under a named shock."""

    name: str
    commitment_usd: Usd
    expected_cost_usd: Usd
    breaks: bool
    """Whether signing today's number would then cost more than the indifference tolerance."""
    kept_expected_cost_usd: Usd | None = None
    """What today's number would then cost; None in results of before."""
    regret_usd: Usd | None = None
    """That, less the cost of the best number: the length of the scenario's bar in a tornado."""


class BridgeStep(Record):
    """One step from last quarter's bill to the commitment."""

    step: str
    usd: Usd


class Quantile(Record):
    """One quantile of a distribution."""

    quantile_level: Level
    usd: Usd


class Distribution(Record):
    """Mean and quantiles of a total."""

    mean_usd: Usd
    quantiles: tuple[Quantile, ...]


class MonthlyDistribution(Record):
    """Mean and quantiles of one month's list cost."""

    month: date
    mean_usd: Usd
    quantiles: tuple[Quantile, ...]


class CostOutlook(Record):
    """The term's cost in one state of the levers."""

    term_list_cost: Distribution
    term_contracted_cost: Distribution
    """At the discount of the recommended tier."""
    monthly: tuple[MonthlyDistribution, ...]
    commitment_usd: Usd
    """The best commitment if this state were the whole truth."""


class AvoidedOverCommitment(Record):
    """What signing the as-is number would have cost, on the optimised paths."""

    commitment_usd: Usd
    """As-is commitment less the recommended one."""
    cost_usd: Usd


class LeverSaving(Record):
    """What one lever is worth over the term, in the declared order of the stack."""

    lever: Literal["routing", "batch", "caching"]
    list_saving_usd: Usd
    settled_saving_usd: Usd
    """After settlement under the recommended commitment."""
    configuration: Note = ""
    """What was chosen: TTL, target model, share."""


class WorkloadResult(Record):
    """One workload: the answer to the one question, and its levers over the term."""

    name: str
    decision: Decision
    owner_state: OwnerState
    reasons: tuple[Note, ...]
    as_is_usd: Usd
    optimised_usd: Usd
    potential_usd: Usd
    adoption_month: date | None
    levers: tuple[LeverSaving, ...]


class MigrationStep(Record):
    """One workload to migrate, in order."""

    order: int
    workload: str
    levers: tuple[str, ...]
    start_month: date
    saving_usd: Usd
    """Predicted list saving over the term, the mean over the scenarios."""
    effort_weeks: float
    gate: Note
    configuration: Note = ""
    """Model, share, tier and cache lifetime, in words."""
    settled_saving_usd: Usd | None = None
    """The same after settlement, once the recommended commitment is signed."""
    before_signing_saving_usd: Usd | None = None
    """The same while the commitment can still be chosen with or without it; None where it was
    not worked out."""
    measured_saving_usd: Usd | None = None
    """Waits for the figure that is measured once it has shipped."""


class Assumption(Record):
    """A number nobody measured, or whose source should be seen."""

    name: str
    value: str
    provenance: Provenance
    source: Note
    as_of: date | None = None


class EvidenceItem(Record):
    """One thing that the inputs do not tell, and what rests on it."""

    item: str
    """What is not known."""
    share: Share | None = None
    """Share of the recorded list cost that it concerns."""
    note: Note
    list_usd: Usd | None = None
    """The same in dollars; items stand in its order, the largest first."""
    is_at_most: bool = False
    """Another export of the same days can tell, and usage is not told apart by export."""
    sources: tuple[str, ...] = ()
    """Exports that cannot tell it."""
    rests_on_it: tuple[str, ...] = ()
    """Levers, as "workload: lever", that take an assumption instead."""
    saving_usd: Usd | None = None
    """List saving of these levers over the term; None before they were priced."""
    improve: Note = ""
    """What would make it known."""


class EvidenceMeter(Record):
    """How much of the spend is understood."""

    attributed_share: Share
    items: tuple[EvidenceItem, ...]
    list_usd: Usd | None = None
    """Recorded list cost that the shares are of."""


class HistoryMonth(Record):
    """Observed list cost of one month."""

    month: date
    list_usd: Usd
    complete: bool


class InputDigest(Record):
    """A file that the result rests on."""

    name: str
    sha256: str


class ResultProvenance(Record):
    """Enough to make the same result again."""

    package_version: str
    seed: int
    as_of: date
    rate_card_day: date
    n_scenarios: int
    sampling_error_usd: Usd
    """Standard error of the expected cost at the recommendation, from the stored scenarios."""
    inputs: tuple[InputDigest, ...]


class Sizing(Record):
    """A decision on a decision set, wherever its paths came from."""

    status: Literal["recommended"] = "recommended"
    warnings: tuple[Note, ...] = ()
    """What has to be known before the first number; shown above it everywhere."""
    headline: Headline
    terms: Terms
    """The contract that was sized, as read."""
    commitment: Commitment
    tiers: tuple[TierRow, ...]
    moves: tuple[Move, ...]
    curve: tuple[CurvePoint, ...]
    clauses: tuple[ClauseValue, ...]
    offers: tuple[OfferScore, ...] = ()
    reaching_up: tuple[ReachingUp, ...] = ()
    """Every tier above the recommendation."""
    exchange: tuple[Exchange, ...] = ()
    """What the clauses are worth in points of discount, the most valuable first."""
    schedule_value: ScheduleValue | None = None
    """A commitment of its own a period; None where there is one period, too many to search, or a
    clause beyond the core."""
    positions: tuple[Position, ...] = ()
    staging: tuple[StagingValue, ...] = ()
    """What waiting and a right to add are worth; empty where it is not simulated."""
    cash: tuple[CashMonth, ...] = ()
    """What falls due and what is expensed under the recommendation, by calendar month."""
    risk_choice: RiskChoice | None = None
    """The best commitment under the preference that was asked for; None without one."""


class Recommendation(Sizing):
    """The whole answer of `commitment recommend`."""

    bridge: tuple[BridgeStep, ...]
    as_is: CostOutlook
    optimised: CostOutlook
    potential: CostOutlook
    avoided_over_commitment: AvoidedOverCommitment
    workloads: tuple[WorkloadResult, ...]
    waterfall: tuple[BridgeStep, ...]
    """List cost as is, less each lever in turn, to list cost optimised (means over the term)."""
    migration: tuple[MigrationStep, ...]
    migration_plan: MigrationPlan | None = None
    """How their order was found; None where nothing was to be decided."""
    scenarios: tuple[Scenario, ...]
    """The one with the largest regret first, as in a tornado."""
    flips: tuple[FlipValue, ...] = ()
    history: tuple[HistoryMonth, ...]
    outlook: Outlook
    backtest: Backtest
    evidence: EvidenceMeter
    workload_evidence: tuple[WorkloadEvidence, ...] = ()
    """What stands behind the levers: the latency guard, what batch takes, evaluations."""
    dossier: EfficiencyDossier | None = None
    """What may be shown to the vendor of how well the tokens are used."""
    reconciliation: Reconciliation
    cleaning: tuple[CleaningEntry, ...]
    """The ledger: what looks odd in the history, what acts, and what the forecast did itself."""
    assumptions: tuple[Assumption, ...]
    provenance: ResultProvenance


class MissingEvidence(Record):
    """What would make an answer possible, the most valuable first."""

    what: Note
    why: Note


class Refusal(Record):
    """No number, but a safe action."""

    status: Literal["insufficient_evidence"] = "insufficient_evidence"
    reason: Note
    do_not_exceed_usd: Usd
    """A term commitment that even the weakest observed weeks would have used up."""
    safe_structure: Note
    missing_evidence: tuple[MissingEvidence, ...]
    reconciliation: Reconciliation | None = None
    """The bills that the history does not reprice to; None where they are not the reason."""
    evidence: EvidenceMeter
    assumptions: tuple[Assumption, ...]
    provenance: ResultProvenance
