"""The answer with its account: bridge, levers, migration, scenarios, evidence, assumptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd

from forecast.demand.forecast import DemandForecast
from forecast.levers.acceptance import acceptance
from forecast.levers.effects import effect_assumptions
from forecast.levers.stack import LEVER_ORDER, configuration_text
from forecast.mix import demand_units
from forecast.paths import Floats
from forecast.pipeline.bridge import BridgeFigures, bridge, waterfall
from forecast.pipeline.cleaned_usage import CleanedUsage
from forecast.pipeline.costing import CostPaths
from forecast.pipeline.distributions import cost_outlook
from forecast.pipeline.evidence import InputEvidence
from forecast.pipeline.ledger import LedgerFigures, undecided_factors
from forecast.pipeline.migration_account import MigrationAccount, capacity_assumptions
from forecast.pipeline.reconciled import discount_assumptions, warnings_of
from forecast.pipeline.scenarios import flip_values, scenarios
from forecast.pipeline.schedule import Schedule
from forecast.pipeline.workload_evidence import LeverGround
from forecast.pipeline.workload_plans import MIX_WINDOW_DAYS, WorkloadPlan
from forecast.pricing.assumptions import pricing_assumptions
from forecast.pricing.rating import monthly_list_cost
from forecast.records.base import Provenance
from forecast.records.capacity import Capacity
from forecast.records.rates import RateCard
from forecast.records.recommendation import (
    Assumption,
    AvoidedOverCommitment,
    LeverSaving,
    Recommendation,
    ResultProvenance,
    WorkloadResult,
)
from forecast.records.reconciliation import Reconciliation
from forecast.records.sizing_result import Sizing
from forecast.records.terms import Terms
from forecast.sizing.assessment import assess, at_contract_list
from forecast.sizing.consumption import for_settlement
from forecast.sizing.schedule import schedule_of
from forecast.sizing.settlement import settle
from forecast.units import to_cents

QUARTER_DAYS = 91
"""13 complete weeks."""

VENDOR_FACTOR = 1.225
"""What a vendor's forecast is taken to be over run-rate: the middle of the 15 to 30 % above it
that AWS buyers report of proposals."""


def assumptions_of(
    daily: pd.DataFrame, plans: Sequence[WorkloadPlan], card: RateCard, as_of: date
) -> tuple[Assumption, ...]:
    """List every number that nobody measured and the result rests on."""
    general: tuple[Assumption, ...] = (
        Assumption(
            name="token mix carried forward",
            value=f"last {MIX_WINDOW_DAYS} days of usage",
            provenance=Provenance.MEASURED,
            source="usage exports",
            as_of=as_of,
        ),
    )
    levers = [
        assumption
        for plan in plans
        if plan.workload is not None and plan.choice.active
        for assumption in effect_assumptions(
            plan.workload, plan.choice.observed_hits, plan.late_months
        )
    ]
    shares = [
        Assumption(
            name=f"{plan.name}: share of {rule.described}",
            value=f"{rule.share:g}",
            provenance=rule.share_source,
            source=rule.share_note or "workload inventory, match rule",
        )
        for plan in plans
        if plan.workload is not None
        for rule in plan.workload.match
        if rule.share is not None
    ]
    general = (*general, *shares)
    return tuple(dict.fromkeys((*general, *pricing_assumptions(daily, card, as_of), *levers)))


@dataclass(frozen=True)
class Account:
    """Everything a finished run knows; `recommendation` writes it down."""

    terms: Terms
    sizing: Sizing
    demand: DemandForecast
    schedule: Schedule
    costs: CostPaths
    by_volume_usd: Mapping[str, Floats]
    capacity: Capacity
    usage: CleanedUsage
    rated: pd.DataFrame
    card: RateCard
    as_of: date
    today_usd: dict[str, float]
    checked: Reconciliation

    @property
    def plans(self) -> tuple[WorkloadPlan, ...]:
        """Every workload as planned."""
        return self.schedule.plans

    def recommendation(self, inputs: InputEvidence, provenance: ResultProvenance) -> Recommendation:
        """Write the whole answer."""
        decisions = self.costs.decisions
        d = self.sizing.commitment.tier_discount_share
        states = {
            name: cost_outlook(self.terms, decisions.months, values.sum(axis=2), discount_share=d)
            for name, values in (
                ("as_is", decisions.as_is_usd),
                ("optimised", decisions.optimised_usd),
                ("potential", decisions.potential_usd),
            )
        }
        recommended = self.sizing.commitment.recommended_usd
        as_is_number = states["as_is"].commitment_usd
        optimised = decisions.optimised_total_usd
        settled_on = for_settlement(self.terms, optimised)
        signed = assess(self.terms, recommended, settled_on)
        too_much = assess(self.terms, as_is_number, settled_on)
        counted = self._lever_means(counted_only=True)
        figures = self._bridge_figures(counted, at_contract_list(self.terms, settled_on))
        migration = MigrationAccount(
            terms=self.terms,
            schedule=self.schedule,
            costs=self.costs,
            by_volume_usd=self.by_volume_usd,
            recommended_usd=recommended,
            capacity=self.capacity,
        )
        ledger = LedgerFigures(
            usage=self.usage,
            rated=self.rated,
            card=self.card,
            demand=self.demand,
            today_usd=self.today_usd,
            decisions=decisions,
            seed=provenance.seed,
        ).entries()
        ground = LeverGround(
            self.usage.cleaned, self.card, self.as_of, self.terms.term_start, decisions
        )
        return Recommendation(
            **dict(self.sizing) | {"warnings": warnings_of(self.checked, self.terms)},
            bridge=bridge(figures, self.terms.term_months),
            **states,
            avoided_over_commitment=AvoidedOverCommitment(
                commitment_usd=as_is_number - recommended,
                cost_usd=to_cents(too_much.expected_cost_usd - signed.expected_cost_usd),
            ),
            workloads=self._workloads(optimised),
            waterfall=waterfall(
                float(decisions.as_is_usd.sum(axis=(1, 2)).mean()),
                list(counted.items()),
                float(decisions.optimised_total_usd.sum(axis=1).mean()),
            ),
            migration=migration.steps(),
            migration_plan=migration.plan(),
            scenarios=scenarios(
                self.terms,
                decisions,
                recommended,
                to_come=self._to_come(),
                undecided=undecided_factors(ledger, decisions.workloads),
                vendor_forecast_usd=VENDOR_FACTOR * figures.last_quarter_usd,
            ),
            flips=flip_values(self.terms, decisions, recommended, to_come=self._to_come()),
            history=monthly_list_cost(self.rated, self.as_of),
            outlook=self.demand.outlook,
            backtest=self.demand.backtest,
            evidence=inputs.meter(self.plans, self._lever_usd()),
            workload_evidence=ground.evidence(self.plans),
            dossier=ground.dossier(self.plans),
            reconciliation=self.checked,
            cleaning=ledger,
            assumptions=(
                *assumptions_of(self.rated, self.plans, self.card, self.as_of),
                *capacity_assumptions(self.capacity),
                *discount_assumptions(self.checked, self.terms, self.as_of),
            ),
            provenance=provenance.model_copy(
                update={"sampling_error_usd": to_cents(signed.sampling_error_usd)}
            ),
        )

    @property
    def _draws_contracted(self) -> bool:
        return self.terms.drawdown_basis == "contracted"

    def _lever_usd(self) -> dict[tuple[str, str], Decimal]:
        """Mean list saving over the term by workload and lever."""
        return {
            key: to_cents(float(saving.sum(axis=1).mean()))
            for key, saving in self.costs.lever_saving_usd.items()
        }

    def _lever_means(self, *, counted_only: bool) -> dict[str, float]:
        """Mean list saving over the term by lever, in the order of the stack."""
        means: dict[str, float] = {}
        for lever in LEVER_ORDER:
            for plan in self.plans:
                saving = self.costs.lever_saving_usd.get((plan.name, lever))
                if saving is None or (counted_only and not plan.owner_state.counts):
                    continue
                means[lever] = means.get(lever, 0.0) + float(saving.sum(axis=1).mean())
        return means

    def _bridge_figures(self, savings: dict[str, float], at_contract: Floats) -> BridgeFigures:
        years = self.terms.term_months / 12
        cut = pd.Timestamp(self.as_of - timedelta(days=QUARTER_DAYS))
        quarter = float(sum(self.rated.loc[self.rated["day"] > cut, "list_usd"], Decimal(0)))
        last = quarter * 4 * years
        raw, fitted = self.demand.last_quarter_units(self.today_usd)
        raw *= self._recorded_over_cleaned(cut)
        expected = sum(
            line.term_mean_units * self.today_usd.get(line.workload, 0.0)
            for line in self.demand.outlook.workloads
        )
        steady = last * fitted / raw if raw > 0 else last
        decisions = self.costs.decisions
        optimised = float(decisions.optimised_total_usd.sum(axis=1).mean())
        d = self.sizing.commitment.tier_discount_share
        changed = float(at_contract.mean()) if self._draws_contracted else optimised
        return BridgeFigures(
            last_quarter_usd=last,
            without_one_offs_usd=steady,
            at_expected_volume_usd=(
                steady * expected / (fitted * 4 * years) if fitted > 0 else expected
            ),
            at_todays_mix_usd=expected,
            as_is_usd=float(decisions.as_is_usd.sum(axis=(1, 2)).mean()),
            optimised_usd=optimised,
            lever_saving_usd=savings,
            changed_list_usd=changed,
            contracted_usd=changed * (1 - d) if self._draws_contracted else changed,
            commitment_usd=self.sizing.commitment.recommended_usd,
        )

    def _recorded_over_cleaned(self, after: pd.Timestamp) -> float:
        """Demand since a day as recorded, over what was forecast from, at today's unit costs."""
        recorded, cleaned = (
            float(
                demand_units(rows, self.card.facts)
                @ rows["workload"].map(self.today_usd).fillna(0.0).to_numpy(dtype=np.float64)
            )
            for rows in (
                table[table["day"] > after] for table in (self.usage.recorded, self.usage.cleaned)
            )
        )
        return recorded / cleaned if cleaned > 0 else 1.0

    def _workloads(self, optimised: Floats) -> tuple[WorkloadResult, ...]:
        """One row a workload; the settled saving is what dropping that lever alone would cost."""
        base = self._settled_mean(optimised)
        decisions = self.costs.decisions
        rows = []
        for w, plan in enumerate(self.plans):
            levers = []
            for lever in LEVER_ORDER:
                saving = self.costs.lever_saving_usd.get((plan.name, lever))
                if saving is None:
                    continue
                if plan.owner_state.counts:
                    settled = self._settled_mean(optimised + saving) - base
                else:
                    settled = base - self._settled_mean(np.maximum(optimised - saving, 0.0))
                levers.append(
                    LeverSaving(
                        lever=lever,
                        list_saving_usd=to_cents(float(saving.sum(axis=1).mean())),
                        settled_saving_usd=to_cents(settled),
                        configuration=configuration_text(plan.workload, plan.choice, lever),
                    )
                )
            totals = [
                to_cents(float(values[:, :, w].sum(axis=1).mean()))
                for values in (
                    decisions.as_is_usd,
                    decisions.optimised_usd,
                    decisions.potential_usd,
                )
            ]
            rows.append(
                WorkloadResult(
                    name=plan.name,
                    decision=plan.classification.decision,
                    owner_state=plan.owner_state,
                    reasons=(
                        *plan.classification.reasons,
                        *plan.choice.notes,
                        *(f"not in the migration plan: {r}" for r in self._not_planned(plan)),
                        *(acceptance(plan.workload).missing if plan.workload else ()),
                    ),
                    as_is_usd=totals[0],
                    optimised_usd=totals[1],
                    potential_usd=totals[2],
                    adoption_month=plan.adoption_month,
                    levers=tuple(levers),
                )
            )
        return tuple(rows)

    def _not_planned(self, plan: WorkloadPlan) -> tuple[str, ...]:
        found = self.schedule.not_planned
        return tuple(other.reason for other in found if other.workload == plan.name)

    def _settled_mean(self, monthly: Floats) -> float:
        """Mean cost of [M, T] list cost under the recommended commitment."""
        commitment = self.sizing.commitment.recommended_usd
        schedule = schedule_of(self.terms, float(commitment))
        tier = self.terms.tier_for(commitment) if self.terms.is_core else None
        list_usd = for_settlement(self.terms, monthly)
        return float(settle(self.terms, schedule, list_usd, tier=tier).cost.mean())

    def _to_come(self) -> tuple[str, ...]:
        """Workloads whose levers count and have not shipped."""
        return tuple(
            p.name for p in self.plans if p.owner_state.counts and not p.owner_state.has_shipped
        )
