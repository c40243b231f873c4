"""The clause that a retired model's successor costs no more for the same text.

A twelve-month forecast moves the work of every model that retires to its successor, whose tokens
may be more for the same text and whose price may be higher. With the clause, work stays at the last
price of the retired model where its successor is dearer. Only prices know this, so the same demand
paths and lever draws are priced again and settled like any other step.
"""

from __future__ import annotations

from collections.abc import Sequence

from forecast.paths import DemandPaths
from forecast.pipeline.costing import cost_paths
from forecast.pipeline.workload_plans import WorkloadPlan, living_mix, substituted_mix
from forecast.pricing.segments import retired_successors
from forecast.records.rates import RateCard
from forecast.sizing.clauses import Repriced
from forecast.units import add_months

CLAUSE = "model substitution"
CHANGE = "a retired model's successor costs no more for the same text"


def substitution(
    paths: DemandPaths, plans: Sequence[WorkloadPlan], card: RateCard
) -> tuple[Repriced, ...]:
    """Price the paths with the clause; nothing where no successor in the term is dearer."""
    end = add_months(paths.months[-1], 1)
    retiring = [
        plan
        for plan in plans
        if retired_successors(card, {key.model for key in plan.mix.keys}, end)
    ]
    if all(
        living_mix(p.mix, card, end).keys == substituted_mix(p.mix, card, end).keys
        for p in retiring
    ):
        return ()
    costs = cost_paths(paths, plans, card, moved=substituted_mix)
    return ((CLAUSE, CHANGE, costs.decisions.optimised_usd.sum(axis=2)),)
