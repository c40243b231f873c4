"""The migration plan in dollars: every step, and the whole beside the pass by volume.

A step is valued three times, each time as a mean over the scenarios:

    at list           what it takes off the list cost
    after signing     what the settled cost rises by when it does not come, under the recommended
                      commitment, which counts on it
    before signing    the same when the commitment is chosen anew without it

Before signing a step is worth no more than after: without it another commitment would be signed.
A step that is only proposed is not in the commitment; then it is what the settled cost falls by
when it comes on top, and a dollar saved inside an unexhausted pool is worth little.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Final

import numpy as np

from forecast.levers.plan.gates import gate_text
from forecast.levers.stack import LEVER_ORDER, configuration_text
from forecast.paths import DemandPaths, Floats
from forecast.pipeline.costing import CostPaths, cost_paths
from forecast.pipeline.schedule import Schedule, effort_weeks
from forecast.pipeline.workload_plans import WorkloadPlan
from forecast.records.base import Provenance
from forecast.records.capacity import Capacity
from forecast.records.migration import MigrationPlan
from forecast.records.rates import RateCard
from forecast.records.recommendation import Assumption, MigrationStep
from forecast.records.terms import Terms
from forecast.sizing.consumption import Consumed, for_settlement
from forecast.sizing.schedule import schedule_of
from forecast.sizing.search import best_commitment
from forecast.sizing.settlement import settle
from forecast.units import to_cents

MOST_RESIZED: Final = 50
"""Steps for which the commitment is chosen again without them; a search takes up to 0.13 s where
unused units roll over by month (scripts/benchmarks/sizing.py)."""


@dataclass(frozen=True)
class MigrationAccount:
    """What the plan rests on.

    Attributes
    ----------
    by_volume_usd
        [M, T] list saving of the workloads that the pass by volume treats otherwise.
    """

    terms: Terms
    schedule: Schedule
    costs: CostPaths
    by_volume_usd: Mapping[str, Floats]
    recommended_usd: Decimal
    capacity: Capacity

    def steps(self) -> tuple[MigrationStep, ...]:
        """List what is to be migrated, by month, then by saving."""
        found = [
            (plan.adoption_month, -float(saving.sum(axis=1).mean()), plan.name, plan, saving)
            for plan in self.schedule.plans
            if plan.adoption_month is not None
            and not plan.owner_state.has_shipped
            and (saving := self._saving(plan)) is not None
        ]
        found.sort(key=lambda step: step[:3])
        return tuple(
            self._step(i, plan, saving) for i, (*_, plan, saving) in enumerate(found, start=1)
        )

    def plan(self) -> MigrationPlan | None:
        """Hold the plan against the pass by volume; None where nothing was to be decided."""
        schedule = self.schedule
        if schedule.question is None or schedule.answer is None:
            return None
        names = {s.workload for s in schedule.answer.starts} | {p.name for p in schedule.by_volume}
        planned = {
            plan.name: saving
            for plan in schedule.plans
            if plan.name in names
            and plan.owner_state.counts
            and (saving := self._saving(plan)) is not None
        }
        nothing = np.zeros_like(self._optimised)
        gained = sum((planned.get(p.name, nothing) for p in schedule.by_volume), nothing)
        gained = gained - sum(self.by_volume_usd.values(), nothing)
        saved = to_cents(sum(float(s.sum(axis=1).mean()) for s in planned.values()))
        gain = to_cents(float(gained.sum(axis=1).mean()))
        return MigrationPlan(
            weeks_per_month=self.capacity.weeks_per_month,
            migrations_per_month=self.capacity.migrations_per_month,
            saving_usd=saved,
            volume_first_saving_usd=saved - gain,
            gain_usd=gain,
            settled_gain_usd=to_cents(self._settled(gained)),
            gap_share=min(1.0, schedule.answer.gap_share),
            volume_first=schedule.volume_order,
            not_planned=schedule.not_planned,
        )

    def _step(self, i: int, plan: WorkloadPlan, saving: Floats) -> MigrationStep:
        assert plan.workload is not None
        assert plan.adoption_month is not None
        levers = tuple(lever for lever in LEVER_ORDER if lever in plan.choice.active)
        texts = (configuration_text(plan.workload, plan.choice, lever) for lever in levers)
        usual = saving if plan.owner_state.counts else -saving
        sign = 1.0 if plan.owner_state.counts else -1.0
        return MigrationStep(
            order=i,
            workload=plan.name,
            levers=levers,
            start_month=plan.adoption_month,
            saving_usd=to_cents(float(saving.sum(axis=1).mean())),
            effort_weeks=effort_weeks(plan.workload, levers),
            gate=gate_text(plan.workload, levers),
            configuration="; ".join(text for text in texts if text),
            settled_saving_usd=to_cents(sign * self._settled(usual)),
            before_signing_saving_usd=(
                to_cents(sign * self._resized(usual)) if i <= MOST_RESIZED else None
            ),
        )

    def _saving(self, plan: WorkloadPlan) -> Floats | None:
        own = [s for (name, _), s in self.costs.lever_saving_usd.items() if name == plan.name]
        return sum(own[1:], own[0]) if own else None

    def _settled(self, dearer_usd: Floats) -> float:
        """Mean settled cost with another list cost [M, T], less today's."""
        return self._settled_usd(self._optimised + dearer_usd) - self._settled_today_usd

    def _resized(self, dearer_usd: Floats) -> float:
        """The same with the commitment chosen anew for both."""
        return self._best_usd(self._optimised + dearer_usd) - self._best_today_usd

    def _settled_usd(self, monthly_usd: Floats) -> float:
        schedule = schedule_of(self.terms, float(self.recommended_usd))
        tier = self.terms.tier_for(self.recommended_usd) if self.terms.is_core else None
        settled = settle(self.terms, schedule, self._consumed(monthly_usd), tier=tier)
        return float(settled.cost.mean())

    def _best_usd(self, monthly_usd: Floats) -> float:
        return best_commitment(self.terms, self._consumed(monthly_usd)).expected_cost_usd

    def _consumed(self, monthly_usd: Floats) -> Consumed:
        return for_settlement(self.terms, np.maximum(monthly_usd, 0.0))

    @cached_property
    def _optimised(self) -> Floats:
        return self.costs.decisions.optimised_total_usd

    @cached_property
    def _settled_today_usd(self) -> float:
        return self._settled_usd(self._optimised)

    @cached_property
    def _best_today_usd(self) -> float:
        return self._best_usd(self._optimised)


def capacity_assumptions(capacity: Capacity) -> tuple[Assumption, ...]:
    """Say what engineering is taken to do for migrations, and whose word that is."""
    stated = {"weeks_per_month", "migrations_per_month"} & capacity.model_fields_set
    return (
        Assumption(
            name="engineering capacity for migrations",
            value=f"{capacity.weeks_per_month:g} weeks and {capacity.migrations_per_month} "
            f"start{'s' * (capacity.migrations_per_month != 1)} a month",
            provenance=Provenance.USER if stated else Provenance.CLAIM,
            source="workload inventory, [capacity]"
            if stated
            else "assumption of this package: one engineer, one workload after the other",
        ),
    )


def volume_first_savings(
    demand: DemandPaths,
    by_volume: Sequence[WorkloadPlan],
    card: RateCard,
) -> dict[str, Floats]:
    """List saving [M, T] by workload as the pass by volume would have it, on the same scenarios."""
    if not by_volume:
        return {}
    columns = [demand.workloads.index(plan.name) for plan in by_volume]
    some = DemandPaths(demand.months, tuple(p.name for p in by_volume), demand.units[:, :, columns])
    costs = cost_paths(some, by_volume, card)
    saving = costs.decisions.as_is_usd - costs.decisions.optimised_usd
    return {plan.name: saving[:, :, i] for i, plan in enumerate(by_volume)}
