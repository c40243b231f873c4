"""From demand paths to list-cost paths: as is, optimised, and potential.

For workload w, month t and scenario i, with demand u[i,t,w] in input-equivalent tokens,

    as_is[i,t,w]     = u[i,t,w] · a[t,w]
    optimised[i,t,w] = u[i,t,w] · (a[t,w]  before adoption,  o[i,t,w]  from adoption + slip_i)

a is the list price of one unit of demand done the way it is done today, o the same after the
levers with the effects drawn for scenario i. Both are averaged over the days of the month where
a price changes or a model retires inside it. Optimised counts levers whose owner has accepted,
potential those still proposed as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from forecast.errors import WorkloadError
from forecast.levers.stack import LEVER_ORDER, apply_levers
from forecast.mix import Floats, TokenMix, price_mix
from forecast.paths import DecisionSet, DemandPaths
from forecast.pipeline.workload_plans import WorkloadPlan, living_mix
from forecast.pricing.segments import month_segments, retired_successors
from forecast.records.rates import RateCard
from forecast.records.workloads import OwnerState

Moved = Callable[[TokenMix, RateCard, date], TokenMix]
"""Where the work of models that are retired on a day goes."""


class UnitCosts:
    """List price of one unit of demand by month, for any set of active levers.

    The same prices hold for many months, so each distinct regime is priced once.
    """

    def __init__(self, plan: WorkloadPlan, card: RateCard, moved: Moved = living_mix) -> None:
        self._plan = plan
        self._card = card
        self._moved = moved
        self._known: dict[tuple[object, ...], Floats] = {}
        self._segments: dict[date, tuple[tuple[date, float], ...]] = {}

    def month(self, month: date, active: frozenset[str]) -> Floats:
        """Mean over the days of `month` in USD per unit: [1] without levers, [n] with."""
        if month not in self._segments:
            models = {(key.platform, key.model) for key in self._plan.mix.keys}
            models |= self._targets()
            self._segments[month] = month_segments(self._card, models, month)
        total: Floats = np.zeros(1)
        for day, share in self._segments[month]:
            total = total + share * self._on(day, active)
        return total

    def _targets(self) -> set[tuple[str, str]]:
        workload = self._plan.workload
        if workload is None or workload.routing is None:
            return set()
        models = {workload.routing.to_model}
        if workload.routing.router is not None:
            models.add(workload.routing.router.model)
        return {(key.platform, model) for key in self._plan.mix.keys for model in models}

    def _on(self, day: date, active: frozenset[str]) -> Floats:
        living = self._moved(self._plan.mix, self._card, day)
        targets = self._targets() if "routing" in active else set()
        retired = retired_successors(self._card, {model for _, model in targets}, day)
        targets = targets | {(p, retired[m]) for p, m in targets if m in retired}
        in_force = sorted({(k.platform, k.model) for k in living.keys} | targets)
        regime = (
            active,
            living.keys,
            tuple(sorted(retired.items())),
            tuple(self._card.in_force(p, m, day).effective_from for p, m in in_force),
        )
        if regime not in self._known:
            mix = living
            if active:
                assert self._plan.workload is not None
                mix = apply_levers(
                    living,
                    self._plan.workload,
                    active,
                    self._plan.draws,
                    self._card,
                    day,
                    ttl=self._plan.choice.ttl,
                    prefix_share=self._plan.choice.prefix_share,
                )
                mix = self._moved(mix, self._card, day)
            self._known[regime] = price_mix(mix, lambda key: self._card.usd_per_token(key, day))
        return self._known[regime]


@dataclass(frozen=True)
class CostPaths:
    """The decision set with what each lever saved in it.

    Attributes
    ----------
    lever_saving_usd
        (workload, lever) → [M, T] list saving in the declared order of the stack, of every
        lever that is not declined.
    as_is_unit_usd
        [T, W] list price of one unit of demand as is.
    """

    decisions: DecisionSet
    lever_saving_usd: Mapping[tuple[str, str], Floats]
    as_is_unit_usd: Floats


def as_is_unit_costs(
    plans: Sequence[WorkloadPlan], card: RateCard, months: Sequence[date]
) -> Floats:
    """List price of one unit of demand as is, [T, W]."""
    units = [UnitCosts(plan, card) for plan in plans]
    return np.array([[float(u.month(m, frozenset())[0]) for u in units] for m in months])


def cost_paths(
    demand: DemandPaths,
    plans: Sequence[WorkloadPlan],
    card: RateCard,
    *,
    moved: Moved = living_mix,
) -> CostPaths:
    """Price the demand of the scenarios in all three states of the levers.

    Parameters
    ----------
    demand
        M scenarios; the m-th takes the m-th lever draw.
    moved
        Where the work of retired models goes: to their successors, or as a clause has it.
    """
    units = demand.units
    n_scenarios, n_months, n_workloads = units.shape
    as_is = np.empty_like(units)
    optimised = np.empty_like(units)
    potential = np.empty_like(units)
    as_is_unit = np.empty((n_months, n_workloads))
    by_lever: dict[tuple[str, str], Floats] = {}
    for w, plan in enumerate(plans):
        if not plan.mix.keys and units[:, :, w].any():
            raise WorkloadError(
                f"{plan.name!r} has demand to come, but no usage with tokens to price it by; give "
                "it a launch with a model and tokens a request"
            )
        costs = UnitCosts(plan, card, moved)
        stack = [lever for lever in LEVER_ORDER if lever in plan.choice.active]
        savings = {lever: np.zeros((n_scenarios, n_months)) for lever in stack}
        for t, month in enumerate(demand.months):
            unit = costs.month(month, frozenset())
            as_is_unit[t, w] = unit[0]
            as_is[:, t, w] = units[:, t, w] * unit[0]
            adopted = _adopted(plan, month)
            if not adopted.any():
                continue
            before = unit
            for i, lever in enumerate(stack):
                after = costs.month(month, frozenset(stack[: i + 1]))
                savings[lever][:, t] = units[:, t, w] * adopted * (before - after)
                before = after
        saved = sum(savings.values(), np.zeros((n_scenarios, n_months)))
        state = plan.owner_state
        potential[:, :, w] = as_is[:, :, w] - (saved if state != OwnerState.DECLINED else 0.0)
        optimised[:, :, w] = as_is[:, :, w] - (saved if state.counts else 0.0)
        if state != OwnerState.DECLINED:
            by_lever |= {(plan.name, lever): saving for lever, saving in savings.items()}
    decisions = DecisionSet(demand.months, demand.workloads, as_is, optimised, potential)
    return CostPaths(decisions, by_lever, as_is_unit)


def _adopted(plan: WorkloadPlan, month: date) -> NDArray[np.bool_]:
    """Whether the levers act in `month`, per scenario: from the adoption month plus the slip."""
    slip = plan.draws.slip_months
    if plan.adoption_month is None:
        return np.zeros(len(slip), dtype=bool)
    behind = (month.year - plan.adoption_month.year) * 12 + month.month - plan.adoption_month.month
    return slip <= behind
