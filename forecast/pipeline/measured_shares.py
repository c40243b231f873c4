"""How much of what is consumed runs on which platform, in which model family.

Contracts with discounts by family, or platforms that count in part, are settled by group. Where
the terms do not state the split, it is measured: list cost over the term as work runs today, with
models that retire in the term migrated. It then stands in the terms of the result, so that offers
and replays meet the same split. Levers are taken to save in every group alike: where one moves
work to another family, state `usage_shares` in the terms instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from forecast.mix import TokenMix, migrate_models, price_mix
from forecast.paths import DecisionSet
from forecast.pipeline.workload_plans import WorkloadPlan
from forecast.pricing.segments import retired_successors
from forecast.records.rates import RateCard
from forecast.records.terms import Offer, Terms, UsageShare
from forecast.records.usage import MixKey

GROUPED = frozenset({"platforms", "families"})
"""Clauses that tell groups apart."""


def with_measured_shares(
    terms: Terms,
    offers: Sequence[Offer],
    decisions: DecisionSet,
    plans: Sequence[WorkloadPlan],
    card: RateCard,
) -> Terms:
    """State the measured split in the terms, where any contract needs it and none is stated."""
    contracts = (terms, *(offer.terms for offer in offers))
    if terms.usage_shares or not any(GROUPED & set(each.beyond_core) for each in contracts):
        return terms
    shares = measured_shares(decisions, plans, card)
    return terms.model_copy(update={"usage_shares": shares})


def measured_shares(
    decisions: DecisionSet, plans: Sequence[WorkloadPlan], card: RateCard
) -> tuple[UsageShare, ...]:
    """Give the share of mean optimised list cost of every platform and family.

    Shares are written with six decimals and sum to 1.
    """
    by_name = {plan.name: plan for plan in plans}
    mean = decisions.optimised_usd.mean(axis=0)
    usd: dict[tuple[str, str], float] = {}
    for w, name in enumerate(decisions.workloads):
        for t, month in enumerate(decisions.months):
            for group, share in shares_by_group(by_name[name].mix, card, month).items():
                usd[group] = usd.get(group, 0.0) + share * float(mean[t, w])
    whole = sum(usd.values())
    if whole <= 0:
        return (UsageShare(share=1.0),)
    found = {g: round(x / whole, 6) for g, x in sorted(usd.items()) if x / whole >= 1e-6}
    largest = max(found, key=lambda g: found[g])
    found[largest] = round(found[largest] + 1 - sum(found.values()), 6)
    return tuple(UsageShare(platform=p, family=f, share=s) for (p, f), s in found.items())


def shares_by_group(mix: TokenMix, card: RateCard, month: date) -> dict[tuple[str, str], float]:
    """Shares of one workload's list cost on the first day of a month, by platform and family."""
    successors = retired_successors(card, {key.model for key in mix.keys}, month)
    living = migrate_models(mix, successors, card.facts) if successors else mix

    def price(key: MixKey) -> tuple[Sequence[float], float]:
        return card.usd_per_token(key, month)

    usd: dict[tuple[str, str], float] = {}
    for key, tokens, searches in living.parts():
        group = (key.platform, card.facts(key.model).family)
        alone = price_mix(TokenMix.of([(key, tokens, searches)]), price)
        usd[group] = usd.get(group, 0.0) + float(alone.mean())
    whole = sum(usd.values())
    return {group: part / whole for group, part in usd.items()} if whole > 0 else {}
