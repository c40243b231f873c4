"""The term of a running contract as scenarios: recorded months as they were, the rest forecast.

Before the term it draws what `recommend` draws from the same inputs, in the same order: that is
what makes a change of the method visible when old inputs are put through it again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from forecast.demand.forecast import DemandForecast, forecast_demand
from forecast.paths import DecisionSet, Floats
from forecast.pipeline.cleaned_usage import CleanedUsage, clean_usage
from forecast.pipeline.costing import cost_paths
from forecast.pipeline.launches import separate_launches
from forecast.pipeline.recommend import PATHS_PER_SCENARIO, scenario_paths
from forecast.pipeline.schedule import scheduled
from forecast.pipeline.workload_plans import WorkloadPlan, plan_workloads, unit_cost
from forecast.pricing.rating import rate_usage
from forecast.records.rates import RateCard
from forecast.records.terms import Terms
from forecast.records.workloads import Portfolio
from forecast.units import add_months, month_of, month_range

Tell = Callable[[str, float], None]


@dataclass(frozen=True)
class Projection:
    """A term, partly recorded and partly forecast.

    Attributes
    ----------
    n_elapsed
        Months of the term that are recorded; alike in every scenario.
    units
        [M, T, W] demand of the months to come; zero in recorded ones.
    decisions
        List cost of the term. Recorded months are the same in all three states of the levers.
    demand
        None when the term is over.
    rated
        Recorded usage at list prices.
    """

    as_of: date
    n_elapsed: int
    inventory: Portfolio
    plans: tuple[WorkloadPlan, ...]
    units: Floats
    decisions: DecisionSet
    demand: DemandForecast | None
    usage: CleanedUsage
    rated: pd.DataFrame
    card: RateCard

    @property
    def names(self) -> tuple[str, ...]:
        """W workloads."""
        return self.decisions.workloads

    def plan(self, name: str) -> WorkloadPlan | None:
        """Find how a workload is done."""
        return next((p for p in self.plans if p.name == name), None)


def elapsed_months(terms: Terms, as_of: date) -> int:
    """Count the whole months of the term that lie behind `as_of`, itself included.

    >>> from decimal import Decimal
    >>> from forecast.records.terms import Tier
    >>> terms = Terms(term_start=date(2027, 1, 1), term_months=12,
    ...     tiers=(Tier(from_commitment_usd=Decimal(0), discount_share=0),))
    >>> [elapsed_months(terms, date.fromisoformat(d)) for d in ("2026-12-31", "2027-03-31")]
    [0, 3]
    """
    through = month_of(as_of + timedelta(days=1))
    months = (through.year - terms.term_start.year) * 12 + through.month - terms.term_start.month
    return min(max(months, 0), terms.term_months)


def project(
    daily: pd.DataFrame,
    portfolio: Portfolio,
    terms: Terms,
    card: RateCard,
    *,
    as_of: date,
    seed: int,
    n_scenarios: int,
    order: Sequence[str] = (),
    progress: Tell | None = None,
) -> Projection:
    """Forecast the months of a term that lie ahead of `as_of`, beside those behind it.

    Parameters
    ----------
    daily
        `tables.DAILY_USAGE`.
    as_of
        The end of a month, or a day before the second month of the term.
    order
        Workloads in the order in which an earlier projection drew them; they draw the same
        random numbers again, new ones draw after them.

    Raises
    ------
    ShortHistoryError
        Fewer than 13 complete weeks.
    InputError
        Usage or inventory that cannot be used.
    """
    tell = progress or (lambda _stage, _done: None)
    portfolio = _in_order(portfolio, order)
    history = clean_usage(daily, portfolio, as_of, None)
    rated = rate_usage(history.recorded, card)
    inventory = separate_launches(portfolio, history.cleaned, card, as_of)
    known = set(history.recorded["workload"]) | {w.name for w in inventory.workloads}
    names = tuple([n for n in order if n in known] + sorted(known - set(order)))
    months = month_range(terms.term_start, terms.term_months)
    n_elapsed = elapsed_months(terms, as_of)
    rng_demand, rng_pick, rng_levers, _ = np.random.default_rng(seed).spawn(4)
    drafts = plan_workloads(
        history.cleaned,
        inventory,
        card,
        names=names,
        as_of=as_of,
        term_start=terms.term_start,
        n_scenarios=n_scenarios,
        rng=rng_levers,
    )
    shape = (n_scenarios, len(months), len(names))
    as_is, optimised, potential, units = (np.zeros(shape) for _ in range(4))
    demand, plans = None, drafts
    if n_elapsed < len(months):
        tell("forecasting", 0.2)
        ahead = months[n_elapsed:]
        demand = forecast_demand(
            history.cleaned,
            workloads=inventory.workloads,
            facts=card.facts,
            usd_per_unit={p.name: float(unit_cost(p.mix, card, as_of)[0]) for p in drafts},
            as_of=as_of,
            months=ahead,
            n_paths=PATHS_PER_SCENARIO * n_scenarios,
            rng=rng_demand,
            keep=history.kept,
            draw_order=order,
        )
        tell("levers", 0.7)
        paths = scenario_paths(demand.paths, drafts, card, n_scenarios, rng=rng_pick)
        plans = scheduled(drafts, paths, inventory, card, as_of).plans
        costs = cost_paths(paths, plans, card).decisions
        units[:, n_elapsed:] = paths.units
        as_is[:, n_elapsed:] = costs.as_is_usd
        optimised[:, n_elapsed:] = costs.optimised_usd
        potential[:, n_elapsed:] = costs.potential_usd
    recorded = recorded_usd(rated, months[:n_elapsed], names)
    for state in (as_is, optimised, potential):
        state[:, :n_elapsed] = recorded
    return Projection(
        as_of=as_of,
        n_elapsed=n_elapsed,
        inventory=inventory,
        plans=plans,
        units=units,
        decisions=DecisionSet(months, names, as_is, optimised, potential),
        demand=demand,
        usage=history,
        rated=rated,
        card=card,
    )


def recorded_usd(rated: pd.DataFrame, months: Sequence[date], names: Sequence[str]) -> Floats:
    """List cost [len(months), W] of recorded usage."""
    found = np.zeros((len(months), len(names)))
    if not len(months):
        return found
    inside = rated[
        (rated["day"] >= pd.Timestamp(months[0]))
        & (rated["day"] < pd.Timestamp(add_months(months[-1], 1)))
    ]
    month = inside["day"].dt.to_period("M").dt.to_timestamp()
    sums = inside["list_usd"].astype(np.float64).groupby([month, inside["workload"]]).sum()
    for (start, name), usd in sums.items():
        found[months.index(pd.Timestamp(start).date()), list(names).index(str(name))] = usd
    return found


def _in_order(portfolio: Portfolio, order: Sequence[str]) -> Portfolio:
    """Put the workloads that were drawn before in the order in which they were drawn."""
    if not order:
        return portfolio
    place = {name: i for i, name in enumerate(order)}
    ranked = sorted(portfolio.workloads, key=lambda w: (place.get(w.name, len(place)), w.name))
    return portfolio.model_copy(update={"workloads": tuple(ranked)})
