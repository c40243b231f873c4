"""The stack of levers: routing, then batch, then caching, always composed in this order.

Which levers act is a set and the order of composition is fixed, so that the order in which a
waterfall adds them changes how the saving is split and never what it is in total.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import combinations
from typing import Final

import numpy as np

from forecast.errors import WorkloadError
from forecast.levers import explanation
from forecast.levers.availability import available, sold_in_batch
from forecast.levers.batch import move_to_batch
from forecast.levers.broken_cache import rebuilt
from forecast.levers.caching import (
    PRIMED_BATCH_HIT_SHARE,
    TTLS,
    Ttl,
    cache_prefix,
    cacheable,
    stable_share,
    thinned_hit_share,
)
from forecast.levers.classification import Classification
from forecast.levers.completed_task import completed_task
from forecast.levers.effects import LeverDraws, mean_effects
from forecast.levers.hit_shares import known_hits, observed_hits
from forecast.levers.prices import DayPrices
from forecast.levers.routing import display_name, routed_mix
from forecast.mix import UNITS_PER_TOKEN, Floats, TokenMix
from forecast.records.rates import RateCard
from forecast.records.usage import TOKEN_KINDS, MixKey, ServiceTier, TokenKind
from forecast.records.workloads import OwnerState, Workload

LEVER_ORDER: Final = ("routing", "batch", "caching")
"""The declared order of the stack."""

NO_LEVERS: Final[frozenset[str]] = frozenset()

WORTH_IT: Final = 1e-9
"""Relative saving below which a lever is left out: the rounding of float64, not a judgement."""

_N_INPUT_KINDS: Final = TOKEN_KINDS.index(TokenKind.OUTPUT)
_READ: Final = TOKEN_KINDS.index(TokenKind.CACHE_READ)


@dataclass(frozen=True)
class LeverChoice:
    """The levers that save, and why these.

    Attributes
    ----------
    active
        The cheapest set at the expected effects; no lever in it costs more than it saves.
    ttl
        Lifetime of the cached prefix; "5m" where nothing is cached.
    unit_cost_before, unit_cost_after
        USD per unit of demand today and with the active levers, at their expected effects.
    notes
        What was chosen, what was left out and what was refused, one sentence each.
    prefix_share
        Share of the prompt that is the stable prefix; None without a caching lever, or where
        the length of the prompt is unknown.
    cache_hits
        Expected hit share where the prefix is marked, in "real time", in "batch", or both.
    observed_hits
        Hit shares that the usage shows today, by lifetime.
    stacks
        Every set of levers that may act, with every lifetime that may be bought.
    """

    active: frozenset[str]
    ttl: Ttl
    unit_cost_before: float
    unit_cost_after: float
    notes: tuple[str, ...]
    prefix_share: float | None = None
    cache_hits: Mapping[str, float] = field(default_factory=dict)
    observed_hits: Mapping[Ttl, float] = field(default_factory=dict)
    stacks: tuple[tuple[frozenset[str], Ttl], ...] = ()


def apply_levers(
    mix: TokenMix,
    workload: Workload,
    active: frozenset[str],
    draws: LeverDraws,
    card: RateCard,
    day: date,
    *,
    ttl: Ttl,
    prefix_share: float | None = None,
) -> TokenMix:
    """Let a set of levers act on a mix.

    A row moves only where the card sells what it would become, and the prefix is marked only
    where that is cheaper at the mean of the draws. What moves to batch leaves its cache hits
    behind, unless caching is active and hits in batch too. Hits observed today and hits derived
    from arrivals fall when routing and batch thin the arrivals out.

    Parameters
    ----------
    mix
        Tokens per unit of demand today, [1 or n, K, 5].
    active
        Names from `LEVER_ORDER`.
    draws
        Effects in n scenarios.
    ttl
        Lifetime of the cached prefix.
    prefix_share
        φ; None takes it from the lever's own prompt length.

    Returns
    -------
    TokenMix
        One mix per scenario.

    Raises
    ------
    WorkloadError
        Caching without the length of the prompt.
    """
    return _compose(mix, workload, active, draws, DayPrices(card, day), ttl, prefix_share)


def choose(
    mix: TokenMix,
    workload: Workload | None,
    classification: Classification,
    card: RateCard,
    day: date,
    *,
    observed_prompt_tokens: float | None = None,
    settled: tuple[frozenset[str], Ttl] | None = None,
    withheld: Mapping[str, str] | None = None,
) -> LeverChoice:
    """Find the cheapest set of levers and cache lifetime at the expected effects.

    Every subset of the levers that may act is priced with every lifetime that may be bought.

    Parameters
    ----------
    mix
        Tokens per unit of demand today.
    workload
        None has no levers; nor does a workload whose owner declined.
    classification
        Batch acts only on asynchronous work without a veto.
    observed_prompt_tokens
        Input-side tokens a request in the usage; None where requests are not reported.
    settled
        One of the choice's `stacks`, taken in place of the cheapest.
    withheld
        Levers that are not considered, each with the sentence that says why.

    Raises
    ------
    WorkloadError
        A stable prefix longer than the prompts in the usage.
    UnknownModelError
        A routing target that is on no rate card.
    """
    prices = DayPrices(card, day)
    before = float(prices.unit_cost(mix).mean())
    if workload is None or not mix.keys:
        return LeverChoice(NO_LEVERS, "5m", before, before, ())
    phi = stable_share(workload, observed_prompt_tokens) if workload.caching else None
    if workload.owner_state == OwnerState.DECLINED:
        note = "its owner declined: no lever acts"
        return LeverChoice(NO_LEVERS, "5m", before, before, (note,), phi)
    offered, refused = available(mix, workload, classification, prices, phi)
    observed = observed_hits(mix, phi)
    offered -= (withheld or {}).keys()
    refused += (withheld or {}).values()
    effects = mean_effects(workload, observed)

    def stacked(active: frozenset[str], ttl: Ttl, *, mark_all: bool = False) -> TokenMix:
        return _compose(mix, workload, active, effects, prices, ttl, phi, mark_all=mark_all)

    def cost(active: frozenset[str], ttl: Ttl, *, mark_all: bool = False) -> float:
        return float(prices.unit_cost(stacked(active, ttl, mark_all=mark_all)).mean())

    def primed_cost() -> float:
        primed = dict.fromkeys(TTLS, np.array([PRIMED_BATCH_HIT_SHARE]))
        better = replace(effects, hit_share_batch=primed)
        everything = best | {"batch", "caching"}
        mixes = (_compose(mix, workload, everything, better, prices, t, phi) for t in lifetimes)
        return min(float(prices.unit_cost(m).mean()) for m in mixes)

    lifetimes = _lifetimes(workload)
    best, best_ttl, best_cost = NO_LEVERS, lifetimes[0], before
    stacks = tuple(_stacks(offered, lifetimes))
    for active, ttl in stacks if settled is None else (settled,):
        candidate = cost(active, ttl)
        if settled is not None or candidate < best_cost - WORTH_IT * before:
            best, best_ttl, best_cost = active, ttl, candidate
    hits: dict[str, float] = {}
    if "caching" in best:
        hits = _hits(stacked(best - {"caching"}, best_ttl), stacked(best, best_ttl), phi)
    notes = [*refused]
    if "routing" in best:
        assert workload.routing is not None
        task = completed_task(mix, workload.routing, prices)
        notes.append(explanation.routing(workload.routing, task))
    if "caching" in offered:
        assert workload.caching is not None
        everywhere = best | {"caching"}
        unmarked = stacked(best - {"caching"}, best_ttl)
        marked = {ttl: stacked(everywhere, ttl, mark_all=True) for ttl in lifetimes}
        notes += explanation.caching(
            explanation.CachingCase(
                workload=workload,
                rates=_main_rates(stacked(best, best_ttl), prices),
                ttl=best_ttl,
                hits=hits,
                cost=best_cost,
                cost_by_ttl={ttl: cost(best, ttl) for ttl in lifetimes},
                marked_cost={t: cost(everywhere, t, mark_all=True) for t in lifetimes},
                marked_hits={ttl: _hits(unmarked, m, phi) for ttl, m in marked.items()},
                known=known_hits(workload.caching, observed) or {},
            )
        )
    split = _split(mix, workload, best, effects, prices)
    notes += explanation.thinner_cache(split, rebuilt(mix, split, card, workload.caching))
    for lever in LEVER_ORDER:
        if lever in offered - best and lever != "caching":
            notes.append(explanation.left_out(lever, cost(best | {lever}, best_ttl), best_cost))
    if "batch" in offered:
        notes += explanation.lost_cache(mix, workload)
        if "caching" in offered and "batch" not in hits:
            notes += explanation.priming(workload, primed_cost(), best_cost)
    return LeverChoice(best, best_ttl, before, best_cost, tuple(notes), phi, hits, observed, stacks)


def configuration_text(workload: Workload | None, choice: LeverChoice, lever: str) -> str:
    """Say in a few words how a lever is set up; empty for one that does not act.

    >>> from forecast.records.workloads import BatchLever
    >>> nightly = Workload(name="nightly", batch=BatchLever(share=0.9))
    >>> chosen = LeverChoice(frozenset({"batch"}), "5m", 2.0, 1.1, ())
    >>> configuration_text(nightly, chosen, "batch")
    'batch 90 %'
    """
    if workload is None or lever not in choice.active:
        return ""
    if lever == "routing" and workload.routing is not None:
        routing = workload.routing
        text = f"{display_name(routing.to_model)} for {100 * routing.share:.0f} %"
        passes = f", {100 * routing.pass_share:.0f} % pass"
        return text + (passes if routing.pass_share < 1 else "")
    if lever == "batch" and workload.batch is not None:
        return f"batch {100 * workload.batch.share:.0f} %"
    if lever == "caching":
        return f"{choice.ttl} TTL, {explanation.hits_text(choice.cache_hits)}"
    return ""


def _compose(
    mix: TokenMix,
    workload: Workload,
    active: frozenset[str],
    draws: LeverDraws,
    prices: DayPrices,
    ttl: Ttl,
    prefix_share: float | None,
    *,
    mark_all: bool = False,
) -> TokenMix:
    """Apply the levers in `LEVER_ORDER`; `mark_all` caches even where that costs more."""
    assert active <= set(LEVER_ORDER), active
    result = _split(mix, workload, active, draws, prices)
    result = rebuilt(mix, result, prices.card, workload.caching)
    if "caching" in active and (lever := workload.caching):
        phi = prefix_share if prefix_share is not None else stable_share(workload)
        if phi is None:
            raise WorkloadError(
                "needs the mean prompt tokens a request: state them, or bring usage with "
                "request counts",
                column=f"workloads.{workload.name}.caching.prompt_tokens",
            )
        hits = draws.hit_share_real_time
        real_time = None if hits is None else hits[ttl]
        if real_time is not None and ttl in draws.thinning_ttls:
            kept = _arrivals_kept(mix, result, prices.card)
            real_time = thinned_hit_share(real_time[:, None], kept, draws.reusable_share)
        cached = cache_prefix(
            result,
            phi,
            real_time,
            draws.hit_share_batch[ttl],
            ttl=ttl,
            marks=lambda key: cacheable(lever, prices.card.facts(key.model)),
        )
        result = cached if mark_all else _cheaper_rows(result, cached, prices)
    return result


def _split(
    mix: TokenMix,
    workload: Workload,
    active: frozenset[str],
    draws: LeverDraws,
    prices: DayPrices,
) -> TokenMix:
    """Apply routing and batch, each part with the cache hits it has today."""
    result = mix
    if "routing" in active and (routing := workload.routing):
        result = routed_mix(
            result,
            routing,
            draws.routing_share,
            draws.pass_share,
            prices.card,
            sold=prices.sold,
        )
    if "batch" in active:
        sold = sold_in_batch(prices, workload.latency)
        result = move_to_batch(result, draws.batch_share, sold=sold, keeps_cache=False)
    return result


def _arrivals_kept(before: TokenMix, after: TokenMix, card: RateCard) -> Floats:
    """Share of the workload's requests that still meet in the cache of each key, [n, K].

    Caches are kept apart by platform, model, geography and speed, and batch does not share them.
    Requests are counted by the text they carry, at most all of them.
    """
    per_text = np.array([card.facts(key.model).tokens_per_text for key in after.keys])
    text = after.tokens @ UNITS_PER_TOKEN / per_text
    per_text = np.array([card.facts(key.model).tokens_per_text for key in before.keys])
    whole = (before.tokens @ UNITS_PER_TOKEN / per_text).sum(axis=1, keepdims=True)
    caches = [
        (k.platform, k.model, k.geography, k.speed, k.service_tier == ServiceTier.BATCH)
        for k in after.keys
    ]
    together = np.array([[float(a == b) for b in caches] for a in caches])
    return np.asarray(np.minimum(1.0, text @ together / np.where(whole > 0, whole, 1.0)))


def _cheaper_rows(plain: TokenMix, cached: TokenMix, prices: DayPrices) -> TokenMix:
    """Take from `cached` the rows whose input side costs less at the mean of the scenarios."""
    today, then = plain.tokens.mean(axis=0), cached.tokens.mean(axis=0)
    dearer = [
        i
        for i, key in enumerate(plain.keys)
        if not _input_usd(then[i], key, prices) < _input_usd(today[i], key, prices)
    ]
    tokens = cached.tokens.copy()
    tokens[:, dearer] = plain.tokens[:, dearer]
    return TokenMix(cached.keys, tokens, cached.web_searches)


def _input_usd(tokens: Floats, key: MixKey, prices: DayPrices) -> float:
    """USD of the input side of a row; NaN where a kind in use is not sold."""
    rates = prices.usd_per_token(key)[0]
    return sum(float(tokens[i]) * rates[i] for i in range(_N_INPUT_KINDS) if tokens[i] > 0)


def _lifetimes(workload: Workload) -> tuple[Ttl, ...]:
    lever = workload.caching
    if lever is None or lever.ttl == "best":
        return TTLS
    return (lever.ttl,)


def _stacks(
    offered: frozenset[str], lifetimes: tuple[Ttl, ...]
) -> Iterator[tuple[frozenset[str], Ttl]]:
    """Every non-empty set of levers with every lifetime, the smaller sets first."""
    names = [lever for lever in LEVER_ORDER if lever in offered]
    for size in range(1, len(names) + 1):
        for chosen in combinations(names, size):
            for ttl in lifetimes if "caching" in chosen else lifetimes[:1]:
                yield frozenset(chosen), ttl


def _hits(plain: TokenMix, cached: TokenMix, prefix_share: float | None) -> dict[str, float]:
    """Share of the prefix that is read from the cache, by place, over the rows that changed."""
    changed = (plain.tokens != cached.tokens).any(axis=(0, 2))
    in_batch = np.array([key.service_tier == ServiceTier.BATCH for key in cached.keys])
    found = {}
    for place, rows in (("real time", changed & ~in_batch), ("batch", changed & in_batch)):
        kinds = cached.tokens[:, rows, :_N_INPUT_KINDS].mean(axis=0).sum(axis=0)
        if prefix_share and kinds.sum() > 0:
            found[place] = min(1.0, float(kinds[_READ] / (prefix_share * kinds.sum())))
    return found


def _main_rates(mix: TokenMix, prices: DayPrices) -> tuple[float, ...]:
    """USD per token of the key that carries most of the work."""
    weight = (mix.tokens @ UNITS_PER_TOKEN).mean(axis=0)
    return prices.usd_per_token(mix.keys[int(np.argmax(weight))])[0]
