"""From the inventory to the month and the configuration in which each workload's levers start.

For workload w, configuration k and month t of the plan,

    v[w,k,t] = Σ_{m ≥ t} P(slip ≤ m − t) · E u[m,w] · (a[m,w] − o_k[m,w])

with u the demand, a and o_k the list price of one unit as is and in configuration k at the
expected effects, over the months m of the term: what the integer program in `levers.plan` adds
up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import numpy as np

from forecast.levers.effects import mean_effects, started_share
from forecast.levers.plan.constraints import choices
from forecast.levers.plan.gates import opens
from forecast.levers.plan.program import RELAX_FROM, counted, planned
from forecast.levers.plan.reasons import why_not
from forecast.levers.plan.volume_first import volume_first
from forecast.paths import DemandPaths, Floats
from forecast.pipeline.costing import UnitCosts
from forecast.pipeline.workload_plans import WorkloadPlan, chosen_again
from forecast.records.capacity import LeverName, hours
from forecast.records.migration import (
    Candidate,
    Configuration,
    FirstByVolume,
    MigrationAnswer,
    MigrationQuestion,
    NotPlanned,
)
from forecast.records.rates import RateCard
from forecast.records.workloads import Portfolio, Workload
from forecast.units import add_months, month_of, month_range, months_between

EXACT_UP_TO: Final = 500
"""Choices up to which the best order is proven: 400 of a portfolio with more work than engineers
take 0.7 s in the median and 2.4 s at most, and half a per cent of gap saves no time there
(scripts/benchmarks/migration_plan.py)."""

GAP_SHARE: Final = 0.005
"""Beyond, half a per cent below the best is good enough (assumed: no saving is predicted that
well)."""

LARGE_GAP_SHARE: Final = 0.01
"""The same where the program is so large that its relaxation is solved first."""

LEVERS: Final[tuple[LeverName, ...]] = ("routing", "batch", "caching")
"""In the declared order of the stack."""

SMALLEST_USD: Final = 0.005
"""A saving below half a cent over the term is none: no engineer is sent for it."""


@dataclass(frozen=True)
class Schedule:
    """The workloads with their months, and what the months were chosen from.

    Attributes
    ----------
    plans
        Every workload as planned.
    by_volume
        Those whose owner has accepted and that the pass by volume treats otherwise, as it does.
    question, answer
        The program and its solution; None when no month of the term is left to start in.
    volume_order
        The pass by volume.
    not_planned
        Workloads with a lever that saves and no month, and why.
    """

    plans: tuple[WorkloadPlan, ...]
    by_volume: tuple[WorkloadPlan, ...] = ()
    question: MigrationQuestion | None = None
    answer: MigrationAnswer | None = None
    volume_order: tuple[FirstByVolume, ...] = ()
    not_planned: tuple[NotPlanned, ...] = ()


def scheduled(
    plans: Sequence[WorkloadPlan],
    demand: DemandPaths,
    portfolio: Portfolio,
    card: RateCard,
    as_of: date,
) -> Schedule:
    """Give every workload with a lever that saves its configuration and its first month.

    Nothing starts before the second month after `as_of`, so that none is assumed before it could
    be built. A stated month is kept; one that has passed becomes the month after `as_of`: what
    usage does not show yet starts then at the earliest, slips from there, and saves nothing on
    days that are billed. What has shipped needs no engineer and no place.
    """
    next_month, last = add_months(month_of(as_of), 1), demand.months[-1]
    placed = {p.name: _placed(p, next_month, last) for p in plans}
    question = _question(plans, placed, demand, portfolio, card, as_of)
    settled = tuple(replace(p, adoption_month=placed[p.name]) for p in plans)
    if question is None:
        return Schedule(settled)
    n = len(choices(question))
    gap = 0.0 if n <= EXACT_UP_TO else GAP_SHARE if n <= RELAX_FROM else LARGE_GAP_SHARE
    answer = planned(question, gap_share=gap)
    candidates = {c.name: c for c in question.candidates}
    starts = {s.workload: (s.configuration, s.month) for s in answer.starts}
    by_volume = {question.candidates[c.w].name: (c.k, c.t) for c in volume_first(counted(question))}

    def started(plan: WorkloadPlan, start: tuple[int, int] | None) -> WorkloadPlan:
        if start is None:
            return plan
        option, month = candidates[plan.name].configurations[start[0]], question.months[start[1]]
        levers = frozenset(option.levers)
        day = max(as_of, demand.months[0])
        again = chosen_again(plan, levers, option.cache_lifetime, card, day)
        return replace(again, adoption_month=month)

    return Schedule(
        plans=tuple(started(p, starts.get(p.name)) for p in settled),
        by_volume=tuple(
            started(p, by_volume.get(p.name))
            for p in settled
            if p.owner_state.counts
            and p.name in candidates
            and starts.get(p.name) != by_volume.get(p.name)
        ),
        question=question,
        answer=answer,
        volume_order=tuple(
            FirstByVolume(
                workload=name,
                levers=candidates[name].configurations[k].levers,
                start_month=question.months[t],
            )
            for name, (k, t) in sorted(by_volume.items(), key=lambda item: (item[1][1], item[0]))
        ),
        not_planned=why_not(question, answer),
    )


def _placed(plan: WorkloadPlan, next_month: date, last: date) -> date | None:
    """Month of what the program does not decide: what has shipped, or is stated past the term."""
    workload = plan.workload
    if workload is None or not plan.choice.active:
        return None
    stated = workload.adoption_month
    if plan.owner_state.has_shipped:
        return max(stated or add_months(next_month, 1), next_month)
    return stated if stated is not None and stated > last else None


def _question(
    plans: Sequence[WorkloadPlan],
    placed: Mapping[str, date | None],
    demand: DemandPaths,
    portfolio: Portfolio,
    card: RateCard,
    as_of: date,
) -> MigrationQuestion | None:
    """Put the question of the program; None where no month or no lever is left to place."""
    next_month = add_months(month_of(as_of), 1)
    months = month_range(next_month, months_between(next_month, demand.months[-1]) + 1)
    free = {
        p.name: p
        for p in plans
        if p.workload is not None and p.choice.stacks and placed[p.name] is None
    }
    if not months or not free:
        return None
    capacity = portfolio.capacity
    units = demand.units.mean(axis=0)
    candidates = [
        _candidate(
            p,
            p.workload,
            units[:, demand.workloads.index(p.name)],
            demand.months,
            months,
            portfolio,
            card,
            as_of,
        )
        for p in free.values()
        if p.workload is not None
    ]
    waited_for = sorted({name for c in candidates for name in c.after} - free.keys())
    return MigrationQuestion(
        months=months,
        hours=(0, *(capacity.hours_in(m) for m in months[:-1])),
        starts=tuple(
            0 if m == next_month or capacity.blackout_of(m) else capacity.migrations_per_month
            for m in months
        ),
        candidates=(*candidates, *(Candidate(name=name) for name in waited_for)),
    )


def _candidate(
    plan: WorkloadPlan,
    workload: Workload,
    units: Floats,
    term: Sequence[date],
    months: Sequence[date],
    portfolio: Portfolio,
    card: RateCard,
    as_of: date,
) -> Candidate:
    """Price every configuration of a workload in every month.

    Parameters
    ----------
    units
        [T] expected demand in the months of the term.
    months
        Those in which something may start.
    """
    stated = workload.adoption_month
    expected = replace(plan, draws=mean_effects(workload, plan.choice.observed_hits))
    by_ttl = {
        ttl: UnitCosts(replace(expected, choice=replace(plan.choice, ttl=ttl)), card)
        for ttl in dict.fromkeys(ttl for _, ttl in plan.choice.stacks)
    }
    before = np.array([float(next(iter(by_ttl.values())).month(m, frozenset())[0]) for m in term])
    acting = np.array(
        [
            [started_share(plan.owner_state, months_between(t, m), plan.late_months) for m in term]
            for t in months
        ]
    )
    configurations = []
    for active, ttl in plan.choice.stacks:
        levers = tuple(lever for lever in LEVERS if lever in active)
        opened = opens(
            workload,
            levers,
            as_of=as_of,
            earliest=months[min(1, len(months) - 1)],
            evaluation=portfolio.capacity.evaluation_months,
        )
        after = np.array([float(by_ttl[ttl].month(m, active)[0]) for m in term])
        saving = acting @ (units * (before - after))
        configurations.append(
            Configuration(
                levers=levers,
                cache_lifetime=ttl,
                effort_hours=hours(effort_weeks(workload, levers)),
                first_month=_position(opened, months),
                saving_usd=tuple(np.where(saving > SMALLEST_USD, saving, 0.0).tolist()),
            )
        )
    shipped = {w.name for w in portfolio.workloads if w.owner_state.has_shipped}
    return Candidate(
        name=plan.name,
        volume_usd=float(units @ before),
        counts=plan.owner_state.counts,
        configurations=tuple(configurations),
        after=tuple(name for name in workload.after if name not in shipped),
        fixed_month=None if stated is None else _position(max(stated, months[0]), months),
    )


def effort_weeks(workload: Workload, levers: Sequence[str]) -> float:
    """Engineering weeks of a configuration: of its levers where these are given.

    >>> from forecast.records.capacity import LeverEffort
    >>> from forecast.records.workloads import BatchLever, RoutingLever
    >>> both = Workload(name="w", batch=BatchLever(), routing=RoutingLever(to_model="small"),
    ...     lever_effort_weeks=LeverEffort(batch=1, routing=4))
    >>> effort_weeks(both, ("batch",)), effort_weeks(both, ("routing", "batch"))
    (1.0, 5.0)
    """
    by_lever = workload.lever_effort_weeks
    return workload.effort_weeks if by_lever is None else by_lever.of(levers)


def _position(month: date | None, months: Sequence[date]) -> int:
    """Position of the first month at or after one; past the last where there is none."""
    if month is None:
        return len(months)
    return min(max(0, months_between(months[0], month)), len(months))
