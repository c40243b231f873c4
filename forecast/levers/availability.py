"""Which levers may act on a workload, and why the others may not."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from forecast.errors import UnknownModelError
from forecast.levers.batch import batch_key, may_move
from forecast.levers.caching import cacheable, min_prefix_tokens
from forecast.levers.classification import Classification
from forecast.levers.guard import NO_TOOLS_IN_BATCH, batch_takes, platform_limits
from forecast.levers.prices import DayPrices
from forecast.levers.routing import display_name
from forecast.mix import TokenMix
from forecast.records.latency import Latency
from forecast.records.rates import ModelFacts
from forecast.records.routing import NonInferiority
from forecast.records.usage import MixKey
from forecast.records.workloads import CachingLever, RoutingLever, Workload


def available(
    mix: TokenMix,
    workload: Workload,
    classification: Classification,
    prices: DayPrices,
    prefix_share: float | None,
) -> tuple[frozenset[str], list[str]]:
    """Give the names of the levers that may act, and sentences on what may not.

    Parameters
    ----------
    prefix_share
        None when the length of the prompt is unknown, which rules caching out.

    Raises
    ------
    UnknownModelError
        A routing target that is on no rate card.
    """
    names, notes = set(), []
    models = sorted({key.model for key in mix.keys})
    if workload.routing:
        routable, refused = _routing(mix, workload.name, workload.routing, prices)
        notes += refused
        if routable:
            names.add("routing")
            models = sorted({*models, workload.routing.to_model})
    if workload.batch:
        movable, refused = _batch(mix, workload.latency, classification, prices)
        notes += refused
        if movable:
            names.add("batch")
    if workload.caching:
        marked, refused = _caching(workload.caching, models, prices, prefix_share)
        notes += refused
        if marked:
            names.add("caching")
    return frozenset(names), notes


def _routing(
    mix: TokenMix, workload: str, lever: RoutingLever, prices: DayPrices
) -> tuple[bool, list[str]]:
    if all(rates.model != lever.to_model for rates in prices.card.rates):
        raise UnknownModelError(
            f"{lever.to_model!r} is on no rate card; mend the id or add a price sheet",
            column=f"workloads.{workload}.routing.to_model",
        )
    if lever.router and all(rates.model != lever.router.model for rates in prices.card.rates):
        raise UnknownModelError(
            f"{lever.router.model!r} is on no rate card; mend the id or add a price sheet",
            column=f"workloads.{workload}.routing.router.model",
        )
    others = [key for key in mix.keys if key.model != lever.to_model]
    lacking = [key for key in others if not prices.sold(key._replace(model=lever.to_model))]
    name = display_name(lever.to_model)
    seen = lever.evaluated
    if seen is not None and seen.verdict is NonInferiority.WORSE:
        return False, [f"{name} is worse than its declared margin allows ({seen.reason})"]
    if not others:
        return False, [f"all of it runs on {name} already"]
    if lacking:
        note = f"{name} is not sold as {_forms(lacking)}: that part is not routed"
        return len(lacking) < len(others), [note]
    return True, []


def sold_in_batch(prices: DayPrices, latency: Latency) -> Callable[[MixKey], bool]:
    """Tell of batch keys whether they have a price and their platform takes the requests."""
    return lambda key: prices.sold(key) and batch_takes(key.platform, latency)


def _batch(
    mix: TokenMix, latency: Latency, classification: Classification, prices: DayPrices
) -> tuple[bool, list[str]]:
    if classification.batch_vetoes:
        return False, ["batch is ruled out by a veto"]
    if not classification.allows_batch:
        decision = classification.decision.value
        return False, [f"batch needs asynchronous work, and this is {decision}"]
    movable = [key for key in mix.keys if may_move(key)]
    lacking = [key for key in movable if not prices.sold(batch_key(key))]
    limited = any(key.platform in NO_TOOLS_IN_BATCH for key in movable)
    notes = []
    if lacking:
        models = ", ".join(sorted({display_name(key.model) for key in lacking}))
        notes.append(f"no batch price for {models} as {_forms(lacking)}: that part stays")
    if limited:
        notes.append(platform_limits(latency, {key.platform for key in movable}).reason)
    sold = sold_in_batch(prices, latency)
    return any(sold(batch_key(key)) for key in movable), notes


def _caching(
    lever: CachingLever, models: Sequence[str], prices: DayPrices, prefix_share: float | None
) -> tuple[bool, list[str]]:
    if prefix_share is None:
        return False, [
            "caching needs the mean prompt tokens a request: state prompt_tokens, or bring usage "
            "with request counts"
        ]
    facts = [prices.card.facts(model) for model in models]
    short = [f for f in facts if not cacheable(lever, f)]
    return len(short) < len(facts), [_too_short(lever, f) for f in short]


def _too_short(lever: CachingLever, facts: ModelFacts) -> str:
    known = "" if facts.min_cacheable_prefix_tokens is not None else " (not on file, taken high)"
    return (
        f"{display_name(facts.model)} caches no prefix under {min_prefix_tokens(facts)} tokens"
        f"{known}, and this one has {lever.stable_prefix_tokens}"
    )


def _forms(keys: Sequence[MixKey]) -> str:
    forms = {f"{k.platform} {k.service_tier} {k.geography} {k.speed}" for k in keys}
    return ", ".join(sorted(forms))
