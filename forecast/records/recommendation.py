"""The answer: every name that a caller of the command line, the API or the workbook reads."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, Literal

from pydantic import Field

from forecast.records.base import Note, Provenance, Record, Share, Usd
from forecast.records.cleaning import CleaningEntry
from forecast.records.dossier import EfficiencyDossier
from forecast.records.guard import WorkloadEvidence
from forecast.records.migration import MigrationPlan
from forecast.records.negotiation import FlipValue
from forecast.records.outlook import Backtest, Outlook
from forecast.records.reconciliation import Reconciliation
from forecast.records.sizing_result import Sizing
from forecast.records.workloads import Decision, OwnerState

Level = Annotated[float, Field(gt=0, lt=1)]

QUANTILE_LEVELS = tuple(round(0.05 * i, 2) for i in range(1, 20))
"""Every distribution is reported at .05, .10 … .95."""


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


RUN_RATE_STEP: Final = "last quarter x"
"""How the name of a bridge's first step begins; how often a quarter goes into the term follows."""


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
    widening_factor: Annotated[float, Field(ge=1)] = 1.0
    """What the spread of the term was multiplied by, for misses of past forecasts."""
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
