"""Usage, inventory and terms in, a recommendation out: the front door of the domain.

usage rows ─► daily usage ─► demand paths ─► list-cost paths ─► settlement ─► Recommendation
                   │              ▲                ▲               ▲
              rate card ──► USD per unit      levers per path    terms
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd

from forecast import __version__
from forecast.demand.forecast import DemandForecast, forecast_demand
from forecast.errors import InputError, ShortHistoryError, TermsError, UsageFormatError
from forecast.paths import DecisionSet, DemandPaths, Floats, JointPaths, stratify
from forecast.pipeline.account import Account, assumptions_of
from forecast.pipeline.cleaned_usage import clean_usage
from forecast.pipeline.costing import as_is_unit_costs, cost_paths
from forecast.pipeline.evidence import InputEvidence
from forecast.pipeline.kept_rates import kept_card
from forecast.pipeline.launches import separate_launches
from forecast.pipeline.measured_shares import with_measured_shares
from forecast.pipeline.migration_account import volume_first_savings
from forecast.pipeline.migrations import with_migrations
from forecast.pipeline.reconciled import refuse_history
from forecast.pipeline.refusal import refuse
from forecast.pipeline.schedule import scheduled
from forecast.pipeline.substitution import substitution
from forecast.pipeline.workload_plans import WorkloadPlan, plan_workloads, unit_cost
from forecast.pricing.rate_cards import canonicalise_models, load_rate_card
from forecast.pricing.rating import rate_usage
from forecast.pricing.reconciliation import Limits, Statement, reconcile
from forecast.pricing.sheets import NamedSheet
from forecast.records.base import Provenance
from forecast.records.rates import RateCard
from forecast.records.recommendation import (
    Assumption,
    InputDigest,
    Recommendation,
    Refusal,
    ResultProvenance,
)
from forecast.records.reforecast import TrackRecord
from forecast.records.terms import Offer, Terms
from forecast.records.workloads import Portfolio
from forecast.review.track_record import spread_apart
from forecast.sizing.decision import size
from forecast.tables import USAGE_ROWS, check
from forecast.units import month_of, month_range
from forecast.usage.cleaning.ledger import day_to_decide
from forecast.usage.mapping import assign_workloads
from forecast.usage.reading import SourceReport

PATHS_PER_SCENARIO = 4
"""Demand paths drawn for each scenario kept; stratifying over four keeps the tails of the total
smoother than keeping every path that is drawn."""

LEARNT_SHARE = 0.5**0.5
"""How far a lever's effect would move with as much evidence again: drawing once more from the
same knowledge moves the mean by the spread times sqrt(1/2)."""

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Outcome:
    """What a run produced: the answer, and what it was decided on.

    Attributes
    ----------
    decisions
        None when the answer is a refusal.
    daily
        The daily usage table as recorded, up to `as_of`; the ledger says what was forecast from.
    card
        The prices of the models in use; None when the answer is a refusal.
    """

    result: Recommendation | Refusal
    decisions: DecisionSet | None
    daily: pd.DataFrame
    card: RateCard | None = None


def _silent(_stage: str, _done: float) -> None:
    return None


def recommend(
    usage: pd.DataFrame,
    portfolio: Portfolio,
    terms: Terms,
    *,
    as_of: date | None = None,
    seed: int = 0,
    n_scenarios: int = 1000,
    offers: Sequence[Offer] = (),
    inputs: Sequence[InputDigest] = (),
    price_sheets: Sequence[Path | NamedSheet] = (),
    bills: Sequence[Statement] = (),
    limits: Limits | None = None,
    sources: Sequence[SourceReport] = (),
    record: TrackRecord | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Name the commitment to sign.

    Parameters
    ----------
    usage
        The canonical usage table (`tables.USAGE_ROWS`).
    as_of
        Usage after this day is not read; the default is the last complete day.
    n_scenarios
        Size M of the decision set.
    price_sheets
        The customer's own prices; a sheet wins over the list, a later one over an earlier one.
    bills
        What usage is held against before anything is concluded from it.
    limits
        How far usage and bills may be apart before a warning and before a refusal.
    sources
        What the exports were read as: the evidence meter says what they could not tell.
    record
        How past forecasts of this buyer did; misses that go on widen the spread of the term.
    progress
        Called with a stage and the share of the whole that is done.

    Raises
    ------
    InputError
        Usage, inventory or terms that cannot be used.

    Returns
    -------
    Outcome
        With a `Refusal` when the history is shorter than 13 complete weeks, or does not reprice
        to the bills.
    """
    tell = progress or _silent
    tell("reading usage", 0.0)
    rows = canonicalise_models(check(usage, USAGE_ROWS))
    if rows.empty:
        raise UsageFormatError("holds no usage; give the exports of the months to size from")
    day, last_day = day_to_decide(rows, covered(as_of, rows), portfolio.cleaning)
    if terms.term_start < month_of(day):
        raise TermsError(
            f"the term starts on {terms.term_start}, before the month of the last usage "
            f"({day}); size the rest of a running contract with a re-forecast, or name the day to "
            "decide on (--as-of) where a later row is not meant",
            column="term_start",
        )
    assignment = assign_workloads(rows, portfolio)
    history = clean_usage(assignment.daily, portfolio, day, last_day)
    daily = history.cleaned
    tell("pricing", 0.05)
    card = load_rate_card(day, price_sheets=price_sheets)
    rated = rate_usage(history.recorded, card)
    checked = reconcile(
        rows[rows["day"] <= pd.Timestamp(day)],
        bills,
        card,
        last_day=day,
        limits=limits,
        agreed_discount_share=terms.tiers[0].discount_share,
        card_is_list=not price_sheets,
    )
    provenance = ResultProvenance(
        package_version=__version__,
        seed=seed,
        as_of=day,
        rate_card_day=card.as_of,
        n_scenarios=n_scenarios,
        sampling_error_usd=Decimal(0),
        inputs=tuple(inputs),
    )
    divided = assignment.divided[assignment.divided["day"] <= pd.Timestamp(day)]
    evidence = InputEvidence(rated, rate_usage(divided, card), tuple(sources))
    portfolio = separate_launches(portfolio, daily, card, day)
    names = tuple(sorted(set(history.recorded["workload"]) | {w.name for w in portfolio.workloads}))
    rng_demand, rng_pick, rng_levers, rng_replicates = np.random.default_rng(seed).spawn(4)
    drafts = plan_workloads(
        daily,
        portfolio,
        card,
        names=names,
        as_of=day,
        term_start=terms.term_start,
        n_scenarios=n_scenarios,
        rng=rng_levers,
    )
    today_usd = {plan.name: float(unit_cost(plan.mix, card, day)[0]) for plan in drafts}

    def refused(reason: str) -> Refusal:
        return refuse(
            reason,
            rated,
            drafts,
            terms,
            as_of=day,
            evidence=evidence.meter(drafts),
            assumptions=assumptions_of(daily, drafts, card, day),
            provenance=provenance,
        )

    if checked.status == "refused":
        return Outcome(
            refuse_history(checked, refused(checked.note), terms), None, history.recorded
        )
    try:
        demand = forecast_demand(
            daily,
            workloads=portfolio.workloads,
            facts=card.facts,
            usd_per_unit=today_usd,
            as_of=day,
            months=month_range(terms.term_start, terms.term_months),
            n_paths=PATHS_PER_SCENARIO * n_scenarios,
            rng=rng_demand,
            keep=history.kept,
            progress=lambda stage, done: tell(stage, 0.1 + 0.6 * done),
        )
    except ShortHistoryError as short:
        return Outcome(refused(str(short)), None, history.recorded)

    demand = with_migrations(demand, daily, card, day)
    tell("levers", 0.7)
    factor = record.widening_factor if record is not None else 1.0
    paths = scenario_paths(demand.paths, drafts, card, n_scenarios, widened=factor, rng=rng_pick)
    plan = scheduled(drafts, paths, portfolio, card, day)
    costs = cost_paths(paths, plan.plans, card)
    by_volume = volume_first_savings(paths, plan.by_volume, card)

    tell("sizing", 0.8)
    terms = with_measured_shares(terms, offers, costs.decisions, plan.plans, card)
    sizing = size(
        terms,
        costs.decisions.optimised_total_usd,
        replicates=_replicates(costs.decisions, demand, rng_replicates),
        offers=offers,
        preference=portfolio.risk,
        repriced=substitution(paths, plan.plans, card),
    )
    tell("accounting", 0.95)
    account = Account(
        terms=terms,
        sizing=sizing,
        demand=demand,
        schedule=plan,
        costs=costs,
        by_volume_usd=by_volume,
        capacity=portfolio.capacity,
        usage=history,
        rated=rated,
        card=card,
        as_of=day,
        today_usd=today_usd,
        checked=checked,
    )
    recommendation = account.recommendation(evidence, provenance)
    if record is not None and record.widening_factor > 1:
        recommendation = _with_widening(recommendation, record)
    tell("done", 1.0)
    kept = kept_card(card, history.recorded, portfolio)
    return Outcome(recommendation, costs.decisions, history.recorded, kept)


def covered(as_of: date | None, rows: pd.DataFrame) -> date | None:
    """Refuse a day outside the usage: days without an export would count as days unused."""
    if as_of is None:
        return None
    first, last = rows["day"].min().date(), rows["day"].max().date()
    if not first <= as_of <= last:
        raise InputError(
            f"{as_of} lies outside the usage, which is from {first} to {last}; add the exports "
            "up to that day, or name an earlier one",
            column="as_of",
        )
    return as_of


def scenario_paths(
    paths: JointPaths,
    plans: Sequence[WorkloadPlan],
    card: RateCard,
    n_scenarios: int,
    *,
    widened: float = 1.0,
    rng: np.random.Generator,
) -> DemandPaths:
    """Choose the paths that become scenarios, by what demand costs as is over the term.

    Parameters
    ----------
    plans
        W workloads, in the order that the scenarios are to have.
    widened
        How much wider that cost is to be spread than the forecast has it.
    """
    unit_usd = as_is_unit_costs(plans, card, paths.months)
    names = tuple(plan.name for plan in plans)
    totals = paths.list_usd(dict(zip(names, unit_usd.T, strict=True))).sum(axis=1)
    rows = stratify(totals, n_scenarios, rng=rng)
    some = paths.chosen(rows, names)
    if widened == 1.0:
        return some
    change = spread_apart(totals, widened)[rows]
    return DemandPaths(some.months, some.workloads, some.units * change[:, None, None])


def _with_widening(result: Recommendation, record: TrackRecord) -> Recommendation:
    widening = Assumption(
        name="spread of the term after past forecasts",
        value=f"{record.widening_factor:.2f} times",
        provenance=Provenance.MEASURED,
        source=record.note,
    )
    told = {"assumptions": (*result.assumptions, widening)}
    return result.model_copy(update={**told, "widening_factor": record.widening_factor})


def _replicates(
    decisions: DecisionSet, demand: DemandForecast, rng: np.random.Generator
) -> Iterator[Floats]:
    """Optimised list cost [M, T] as other evidence would have it, one array a replicate.

    Demand moves by the replicate's shift and scale. Every workload's saving moves to
    1 + sqrt(1/2) (s_j / mean s − 1) of itself, where s_j is its saving share in a scenario j
    drawn at random.
    """
    as_is = decisions.as_is_usd
    saving = as_is - decisions.optimised_usd
    base = as_is.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(base > 0, saving.sum(axis=1) / base, 0.0)
        mean = share.mean(axis=0)
        relative = np.where(mean != 0, share / mean, 1.0)
    total = as_is.sum(axis=2)
    for b in range(len(demand.replicates.shift)):
        keep = 1 + LEARNT_SHARE * (relative[rng.integers(len(relative))] - 1)
        yield demand.replicates.apply(np.maximum(total - saving @ keep, 0.0), b)
