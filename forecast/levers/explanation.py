"""What is said about a choice of levers, in sentences an owner can act on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from forecast.levers.batch import may_move
from forecast.levers.caching import PRIMED_BATCH_HIT_SHARE, Ttl, break_even_hit_share
from forecast.levers.hit_shares import BAND_EDGE, OBSERVED, STATED, Band, KnownHits
from forecast.levers.pass_shares import expected_pass_share
from forecast.levers.routing import display_name
from forecast.mix import TokenMix
from forecast.records.caching import HitBasis
from forecast.records.routing import CompletedTask
from forecast.records.usage import TOKEN_KINDS, TokenKind
from forecast.records.workloads import CachingLever, Evidence, RoutingLever, Workload

SAME_COST = 1e-9

_INPUT, _WRITE_5M, _WRITE_1H, _READ, _OUTPUT = range(len(TOKEN_KINDS))
assert TOKEN_KINDS[_READ] is TokenKind.CACHE_READ


@dataclass(frozen=True)
class CachingCase:
    """What the sentences on caching rest on.

    Attributes
    ----------
    rates
        USD per token of the key that carries most of the work.
    ttl, hits
        The lifetime that was chosen, and the expected hit share by place where the prefix is
        marked; no place where it is not.
    cost
        USD per unit of demand with the chosen levers.
    cost_by_ttl
        The same levers with every lifetime that may be bought.
    marked_cost, marked_hits
        By lifetime, with the prefix marked on every request, whether it pays or not.
    known
        What the real-time hit shares rest on, by lifetime; empty where nothing says them.
    """

    workload: Workload
    rates: tuple[float, ...]
    ttl: Ttl
    hits: Mapping[str, float]
    cost: float
    cost_by_ttl: Mapping[Ttl, float]
    marked_cost: Mapping[Ttl, float]
    marked_hits: Mapping[Ttl, Mapping[str, float]]
    known: Mapping[Ttl, KnownHits] = field(default_factory=dict)


def caching(case: CachingCase) -> list[str]:
    """Say which lifetime was chosen and why, and where caching would cost more."""
    lever = case.workload.caching
    assert lever is not None
    notes = []
    if case.hits:
        notes.append(
            f"caching with the {case.ttl} lifetime pays above {_needed(case.rates, case.ttl)}; "
            f"{hits_text(case.hits)} expected"
        )
        notes += [
            f"the {case.ttl} lifetime costs {_usd(case.cost)} USD per million units, "
            f"the {ttl} lifetime {_usd(cost)}"
            for ttl, cost in case.cost_by_ttl.items()
            if ttl != case.ttl
        ]
        if "real time" in case.hits:
            notes += _found_by(case.known.get(case.ttl), case.ttl)
            stated = all(hits.basis == STATED for hits in case.known.values())
            if lever.ttl == "best" and stated:
                notes.append("the stated hit share is taken for both lifetimes")
    notes += [
        f"usage already reads {100 * hits.mean:.0f} % of what it marks for {ttl}"
        for ttl, hits in case.known.items()
        if hits.basis == OBSERVED
    ]
    return notes + _where_it_costs_more(case, lever)


def _found_by(chosen: KnownHits | None, ttl: Ttl) -> list[str]:
    """Say what the hit share of a lifetime rests on, unless it is stated or observed."""
    if chosen is None or not isinstance(chosen.share, Band):
        return []
    rests_on = {
        HitBasis.REPLAY: "a replay of its requests",
        HitBasis.GAP_HISTOGRAM: "the gaps between its requests",
        HitBasis.HOURLY_ARRIVALS: "its requests an hour alone, an assumption",
    }[HitBasis(chosen.basis)]
    lower, upper = (100 * share for share in chosen.draw(np.array([BAND_EDGE, 1 - BAND_EDGE])))
    return [
        f"the {ttl} hit share rests on {rests_on}: {lower:.0f} to {upper:.0f} % in 4 of 5 draws"
    ]


def _where_it_costs_more(case: CachingCase, lever: CachingLever) -> list[str]:
    ttl = min(case.marked_cost, key=lambda t: case.marked_cost[t])
    unmarked = {p: h for p, h in case.marked_hits[ttl].items() if p not in case.hits}
    if not unmarked or not case.marked_cost[ttl] > case.cost * (1 + SAME_COST):
        return []
    what = "caching"
    if "batch" in unmarked:
        what = "caching a cold batch" if _is_cold(lever) else "caching in batch"
    elif case.hits:
        what = "caching what stays in real time"
    return [
        f"{what} costs more: {_usd(case.marked_cost[ttl])} against {_usd(case.cost)} USD per "
        f"million units at {hits_text(unmarked)} with the {ttl} lifetime, which pays above "
        f"{_needed(case.rates, ttl)}"
    ]


def hits_text(hits: Mapping[str, float]) -> str:
    """Say hit shares by place.

    >>> hits_text({"real time": 0.95, "batch": 0.3})
    '95 % hits and 30 % hits in batch'
    """
    where = {"real time": "", "batch": " in batch"}
    return " and ".join(f"{100 * share:.0f} % hits{where[p]}" for p, share in hits.items())


def routing(lever: RoutingLever, task: CompletedTask) -> str:
    """Compare the cost of a completed task.

    Parameters
    ----------
    task
        Its parts, in shares of what the task costs today.
    """
    passes = expected_pass_share(lever)
    text = (
        f"a try on {display_name(lever.to_model)} costs {100 * task.attempt_share:.1f} % of the "
        f"task today, so routing pays while more than {100 * task.break_even_pass_share:.1f} % of "
        f"the answers pass; {100 * passes:.0f} % expected"
    )
    extra = {
        "the router": task.router_share,
        "prefixes written again after an escalation": task.cache_rebuilt_share * task.tried_share,
    }
    for what, cost in extra.items():
        if cost > SAME_COST:
            text += f"; {what}: {100 * cost:.1f} %"
    if lever.evaluated is not None:
        return f"{text}; {lever.evaluated.file}: {lever.evaluated.reason}"
    if lever.evidence == Evidence.ASSUMED:
        text += ", which nobody has tested: evaluate pairs before it counts"
    elif lever.evidence == Evidence.PROVEN:
        text += "; it is called proven, and no evaluation is attached"
    return text


def lost_cache(mix: TokenMix, workload: Workload) -> list[str]:
    """Warn that what moves to batch leaves its cache behind."""
    rows = [i for i, key in enumerate(mix.keys) if may_move(key)]
    tokens = mix.tokens[:, rows, :].mean(axis=0).sum(axis=0)
    total = tokens[:_OUTPUT].sum()
    if total <= 0 or tokens[_READ] <= 0:
        return []
    remedy = "" if workload.caching else "; describe its prefix in a caching lever to keep it"
    return [
        f"{100 * tokens[_READ] / total:.0f} % of its real-time input is read from the cache "
        f"today, and a batch does not find that cache{remedy}"
    ]


def thinner_cache(split: TokenMix, rebuilt: TokenMix) -> list[str]:
    """Say how much of today's cache is lost because what uses it is split up."""
    before, after = (float(m.tokens[..., _READ].sum()) for m in (split, rebuilt))
    if after >= before * (1 - SAME_COST):
        return []
    return [
        f"routing and batch leave each cache fewer requests: {100 * (1 - after / before):.0f} % of "
        "what these would still read back of today's cache is sent or written again"
    ]


def priming(workload: Workload, primed_cost: float, cost: float) -> list[str]:
    """Say what priming a cold batch would make of the choice."""
    lever = workload.caching
    if lever is None or not _is_cold(lever) or not primed_cost < cost * (1 - SAME_COST):
        return []
    return [
        f"prime the batch first: {_usd(primed_cost)} instead of {_usd(cost)} USD per million "
        f"units if {100 * PRIMED_BATCH_HIT_SHARE:.0f} % of its requests then hit"
    ]


def left_out(lever: str, with_it: float, without: float) -> str:
    """Say what a lever that does not save would cost."""
    if abs(with_it - without) <= SAME_COST * without:
        return f"{lever} is as far as it should go already"
    return (
        f"{lever} saves nothing here: {_usd(with_it)} with it against {_usd(without)} USD per "
        "million units"
    )


def _is_cold(lever: CachingLever) -> bool:
    return lever.batch_hit_share is None and not lever.primed


def _needed(rates: tuple[float, ...], ttl: Ttl) -> str:
    """Break-even hit share at these rates."""
    write = rates[_WRITE_5M if ttl == "5m" else _WRITE_1H] / rates[_INPUT]
    share = break_even_hit_share(write, rates[_READ] / rates[_INPUT])
    return f"{100 * share:.1f} % hits"


def _usd(per_unit: float) -> str:
    return f"{per_unit * 1e6:.4g}"
