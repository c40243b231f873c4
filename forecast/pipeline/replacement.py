"""The new inputs of a forecast in the place of the old ones, one kind after the other.

For workload w, month t and scenario i of the months to come, with demand u, list price a of a unit
done as is with mix μ under rate card κ, and f what levers leave of it,

    old                     u₀ · a(μ₀, κ₀) · f₀
    volume                  u₁ · a(μ₀, κ₀) · f₀
    model mix               u₁ · a(μ_m, κ₀) · f₀
    token mix               u₁ · a(μ_t, κ₀) · f₀
    price                   u₁ · a(μ_t, κ₁) · f₀
    lever realisation       u₁ · a(μ₁, κ₁) · f₁

A lever that shipped is in the new mix and no longer in f. So whatever the levers of a workload's
inventory move (tiers, models, cached tokens) stays old in μ_m and μ_t and is replaced with f: what
was promised against what is seen. Random numbers are common to both sides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from forecast.mix import TokenMix
from forecast.paths import Floats
from forecast.pipeline.costing import UnitCosts
from forecast.pipeline.projection import Projection
from forecast.pipeline.workload_plans import WorkloadPlan
from forecast.records.rates import RateCard
from forecast.records.reforecast import StepName
from forecast.records.workloads import Workload
from forecast.review.mixes import model_mix, token_mix


@dataclass(frozen=True)
class Aligned:
    """Two projections of one term over the same workloads.

    Attributes
    ----------
    names
        W workloads: those of the old projection under their new names, then the others.
    before, after
        [M, T, W] optimised list cost.
    appeared, ended
        Workloads that one of them does not have, or that the inventory ends since.
    """

    old: Projection
    new: Projection
    old_name: Mapping[str, str]
    names: tuple[str, ...]
    before: Floats
    after: Floats
    appeared: frozenset[str]
    ended: frozenset[str]


def align(old: Projection, new: Projection, renamed: Mapping[str, str]) -> Aligned:
    """Lay two projections over one another.

    Parameters
    ----------
    renamed
        Old name → new name.
    """
    now = [renamed.get(name, name) for name in old.names]
    names = tuple(now) + tuple(n for n in new.names if n not in now)
    appeared = frozenset(n for n in names if n not in now or not _known(old, now, n))
    ended = frozenset(n for n in names if n not in new.names or _ends_now(old, new, now, n))
    return Aligned(
        old=old,
        new=new,
        old_name=dict(zip(now, old.names, strict=True)),
        names=names,
        before=_columns(old.decisions.optimised_usd, now, names),
        after=_columns(new.decisions.optimised_usd, new.names, names),
        appeared=appeared,
        ended=ended - appeared,
    )


def stored_columns(values: Floats, stored: tuple[str, ...], pair: Aligned) -> Floats:
    """Give a stored decision set of the old names in the order of the pair."""
    was = {old: new for new, old in pair.old_name.items()}
    return _columns(values, [was.get(n, n) for n in stored], pair.names)


def targets(pair: Aligned) -> list[tuple[StepName, Floats]]:
    """Give the decision set after each replacement, [M, T, W], in order."""
    old, new = pair.old, pair.new
    was, now = old.n_elapsed, new.n_elapsed
    common = [w for w, n in enumerate(pair.names) if n not in pair.appeared]
    steps: list[tuple[StepName, Floats]] = []
    current = pair.before.copy()
    current[:, :was, common] = pair.after[:, :was, common]
    steps.append(("restated usage", current.copy()))
    current[:, was:now, common] = pair.after[:, was:now, common]
    steps.append(("forecast error", current.copy()))
    names: tuple[StepName, ...] = ("volume", "model mix", "token mix", "price")
    walked = {name: current.copy() for name in names}
    for w in common:
        if pair.names[w] in pair.ended or now == current.shape[1]:
            continue
        for name, months in _walk(pair, pair.names[w]).items():
            walked[name][:, now:, w] = months
    steps += list(walked.items())
    kept = walked["price"].copy()
    running = [w for w in common if pair.names[w] not in pair.ended]
    kept[:, now:, running] = pair.after[:, now:, running]
    steps.append(("lever realisation", kept))
    steps.append(("new and retired workloads", pair.after.copy()))
    return steps


def _walk(pair: Aligned, name: str) -> dict[StepName, Floats]:
    """Months to come [M, T'] of one workload after volume, both mixes and price."""
    old, new = pair.old, pair.new
    now = new.n_elapsed
    before, after = old.plan(pair.old_name[name]), new.plan(name)
    assert before is not None
    assert after is not None
    demand = new.units[:, now:, new.names.index(name)]
    kept = _left_bylevers_of(old, pair.old_name[name], now)
    levers = levers_of(before.workload) | levers_of(after.workload)
    facts = new.card.facts
    by_model = model_mix(before.mix, after.mix, levers, facts)
    by_token = token_mix(by_model, after.mix, levers, facts)
    return {
        "volume": demand * _unit(before, before.mix, old.card, pair) * kept,
        "model mix": demand * _unit(before, by_model, old.card, pair) * kept,
        "token mix": demand * _unit(before, by_token, old.card, pair) * kept,
        "price": demand * _unit(before, by_token, new.card, pair) * kept,
    }


def _unit(plan: WorkloadPlan, mix: TokenMix, card: RateCard, pair: Aligned) -> Floats:
    """List price of a unit of demand as is in the months to come, [T']."""
    costs = UnitCosts(replace(plan, mix=mix), _with_models_of(card, pair.new.card))
    months = pair.new.decisions.months[pair.new.n_elapsed :]
    return np.array([float(costs.month(month, frozenset())[0]) for month in months])


def _with_models_of(card: RateCard, other: RateCard) -> RateCard:
    """Add the models that a card does not know: a new one has no old price to move from."""
    if card is other:
        return card
    known = {(row.platform, row.model) for row in card.rates}
    rates = tuple(row for row in other.rates if (row.platform, row.model) not in known)
    facts = {f.model for f in card.models}
    models = tuple(f for f in other.models if f.model not in facts)
    return card.model_copy(
        update={"rates": (*card.rates, *rates), "models": (*card.models, *models)}
    )


def _left_bylevers_of(old: Projection, name: str, now: int) -> Floats:
    """Share [M, T'] of the as-is cost that accepted levers leave; 1 without demand."""
    w = old.names.index(name)
    as_is = old.decisions.as_is_usd[:, now:, w]
    optimised = old.decisions.optimised_usd[:, now:, w]
    return np.divide(optimised, as_is, out=np.ones_like(as_is), where=as_is > 0)


def levers_of(workload: Workload | None) -> set[str]:
    """Levers of the inventory that count."""
    if workload is None or not workload.owner_state.counts:
        return set()
    given = {"batch": workload.batch, "caching": workload.caching, "routing": workload.routing}
    return {name for name, lever in given.items() if lever is not None}


def _known(old: Projection, now: list[str], name: str) -> bool:
    """Tell whether the old projection had the workload, with tokens or with a launch."""
    plan = old.plan(old.names[now.index(name)])
    return plan is not None and bool(plan.mix.keys)


def _ends_now(old: Projection, new: Projection, now: list[str], name: str) -> bool:
    if name not in now:
        return False
    after = new.plan(name)
    before = old.plan(old.names[now.index(name)])
    if after is None or before is None or not after.mix.keys:
        return True
    ends = after.workload.retires_month if after.workload else None
    ended = before.workload.retires_month if before.workload else None
    return ends is not None and ends != ended


def _columns(values: Floats, given: tuple[str, ...] | list[str], names: tuple[str, ...]) -> Floats:
    out = np.zeros((*values.shape[:2], len(names)))
    for i, name in enumerate(given):
        out[:, :, names.index(name)] = values[:, :, i]
    return out
