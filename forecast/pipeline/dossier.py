"""The efficiency dossier of a run: batch, cache and model mix, before and after."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from forecast.levers.effects import mean_effects
from forecast.levers.prices import DayPrices
from forecast.levers.routing import display_name
from forecast.levers.stack import apply_levers, configuration_text
from forecast.mix import UNITS_PER_TOKEN, Floats, TokenMix
from forecast.paths import DecisionSet
from forecast.pipeline.workload_plans import MIX_WINDOW_DAYS, WorkloadPlan, living_mix
from forecast.records.base import Provenance
from forecast.records.dossier import (
    ClaimEvidence,
    DossierClaim,
    EfficiencyDossier,
    ModelShare,
)
from forecast.records.rates import RateCard
from forecast.records.usage import TOKEN_KINDS, MixKey, ServiceTier, TokenKind
from forecast.records.workloads import Evidence, OwnerState

_OUTPUT = TOKEN_KINDS.index(TokenKind.OUTPUT)
_READ = TOKEN_KINDS.index(TokenKind.CACHE_READ)

Lever = Literal["batch", "caching", "routing"]

Weigh = Callable[[MixKey, Floats], tuple[float, float]]
"""Part and whole that some tokens of a key add to a share."""


@dataclass(frozen=True)
class _Work:
    """The work of one workload over the term, done as today and with its accepted levers."""

    plan: WorkloadPlan
    before: TokenMix
    after: TokenMix
    usd: float


def efficiency_dossier(
    plans: Sequence[WorkloadPlan], decisions: DecisionSet, card: RateCard, day: date
) -> EfficiencyDossier:
    """Say how the tokens are used today, and with every accepted lever in force.

    Parameters
    ----------
    day
        Whose prices both states are held at: a price cut is no efficiency.
    """
    prices = DayPrices(card, day)
    as_is = decisions.as_is_usd.sum(axis=1).mean(axis=0)
    works = [
        work
        for plan, usd in sorted(zip(plans, as_is, strict=True), key=lambda item: -item[1])
        if (work := _work(plan, float(usd), prices)) is not None
    ]
    waiting = [w for w in works if w.plan.classification.allows_batch]
    before, after = (_cost_by_model(works, prices, then=then) for then in (False, True))
    totals = [sum(costs.values()) for costs in (before, after)]
    models = sorted({*before, *after}, key=lambda m: -before.get(m, 0.0))
    return EfficiencyDossier(
        claims=(
            _claim("work that may wait, at batch rates", waiting, _in_batch, "batch"),
            _claim("input read from the cache", works, _read, "caching"),
            _claim("work that a lighter model answers", works, _lighter(works), "routing"),
        ),
        models=tuple(
            ModelShare(
                model=display_name(model),
                before_share=min(1.0, before.get(model, 0.0) / totals[0]),
                after_share=min(1.0, after.get(model, 0.0) / totals[1]),
            )
            for model in models
            if min(totals) > 0
        ),
        same_work_costs_share=totals[1] / totals[0] if totals[0] > 0 else None,
    )


def _work(plan: WorkloadPlan, usd: float, prices: DayPrices) -> _Work | None:
    """Scale the mix of a workload to its term; None without any."""
    mix = living_mix(plan.mix, prices.card, prices.day)
    unit = float(prices.unit_cost(mix).mean()) if mix.keys else 0.0
    if unit <= 0 or usd <= 0:
        return None
    after = mix
    if plan.workload is not None and plan.choice.active and plan.owner_state.counts:
        after = apply_levers(
            mix,
            plan.workload,
            plan.choice.active,
            mean_effects(plan.workload, plan.choice.observed_hits),
            prices.card,
            prices.day,
            ttl=plan.choice.ttl,
            prefix_share=plan.choice.prefix_share,
        )
    return _Work(plan, mix.times(usd / unit), after.times(usd / unit), usd)


def _share(works: Sequence[_Work], weigh: Weigh, *, then: bool) -> float | None:
    part = whole = 0.0
    for work in works:
        for key, tokens, _ in (work.after if then else work.before).parts():
            more, of = weigh(key, tokens.mean(axis=0))
            part, whole = part + more, whole + of
    return min(1.0, part / whole) if whole > 0 else None


def _claim(claim: str, works: Sequence[_Work], weigh: Weigh, lever: Lever) -> DossierClaim:
    return DossierClaim(
        claim=claim,
        before_share=_share(works, weigh, then=False),
        after_share=_share(works, weigh, then=True),
        measured_on=f"usage of the last {MIX_WINDOW_DAYS} days",
        evidence=tuple(_evidence(works, lever)),
        lever=lever,
    )


def _evidence(works: Sequence[_Work], lever: Lever) -> Iterator[ClaimEvidence]:
    for work in works:
        plan, workload = work.plan, work.plan.workload
        if workload is None or not plan.owner_state.counts or lever not in plan.choice.active:
            continue
        stated = {
            "batch": workload.batch,
            "caching": workload.caching,
            "routing": workload.routing,
        }[lever]
        assert stated is not None
        change = configuration_text(workload, plan.choice, lever)
        said = f"{change}; {stated.evidence.value}"
        if workload.routing is not None and lever == "routing" and workload.routing.evaluated:
            said += f", {workload.routing.evaluated.file}: {workload.routing.evaluated.reason}"
        measured = stated.evidence is Evidence.MEASURED or (plan.owner_state is OwnerState.MEASURED)
        yield ClaimEvidence(
            workload=plan.name,
            said=f"{said}; {plan.owner_state.value}"[:2000],
            provenance=Provenance.MEASURED if measured else Provenance.USER,
            change=change,
            rests_on=stated.evidence,
            state=plan.owner_state,
        )


def _in_batch(key: MixKey, tokens: Floats) -> tuple[float, float]:
    work = float(tokens @ UNITS_PER_TOKEN)
    return (work if key.service_tier == ServiceTier.BATCH else 0.0), work


def _read(_key: MixKey, tokens: Floats) -> tuple[float, float]:
    return float(tokens[_READ]), float(tokens[:_OUTPUT].sum())


def _lighter(works: Sequence[_Work]) -> Weigh:
    targets = {
        w.plan.workload.routing.to_model
        for w in works
        if w.plan.workload and w.plan.workload.routing
    }

    def weigh(key: MixKey, tokens: Floats) -> tuple[float, float]:
        work = float(tokens @ UNITS_PER_TOKEN)
        return (work if key.model in targets else 0.0), work

    return weigh


def _cost_by_model(works: Sequence[_Work], prices: DayPrices, *, then: bool) -> dict[str, float]:
    """List cost by model over the term, USD."""
    found: dict[str, float] = {}
    for work in works:
        for part in (work.after if then else work.before).parts():
            cost = float(prices.unit_cost(TokenMix.of([part])).mean())
            found[part[0].model] = found.get(part[0].model, 0.0) + cost
    return found
