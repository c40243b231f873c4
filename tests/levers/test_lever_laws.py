"""Laws of the stack, in dollars and for every set of levers."""

from __future__ import annotations

from datetime import date
from itertools import combinations, pairwise, permutations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from test_stack import mixes, workloads

from forecast.levers.batch import MOVABLE_TIERS
from forecast.levers.broken_cache import rebuilt
from forecast.levers.classification import classify
from forecast.levers.effects import LeverDraws, draw_effects, mean_effects
from forecast.levers.prices import DayPrices
from forecast.levers.stack import LEVER_ORDER, apply_levers, choose
from forecast.mix import UNITS_PER_TOKEN, Floats, TokenMix
from forecast.records.rates import ModelFacts, RateCard
from forecast.records.usage import TOKEN_KINDS, MixKey, TokenKind
from forecast.records.workloads import CachingLever, Workload

SETS = [frozenset(c) for size in range(4) for c in combinations(LEVER_ORDER, size)]
_OUTPUT = TOKEN_KINDS.index(TokenKind.OUTPUT)
_READ = TOKEN_KINDS.index(TokenKind.CACHE_READ)
BIG = MixKey("anthropic", "big")


def declared(workload: Workload) -> frozenset[str]:
    return frozenset(lever for lever in LEVER_ORDER if getattr(workload, lever) is not None)


def applied(
    mix: TokenMix,
    workload: Workload,
    active: frozenset[str],
    card: RateCard,
    day: date,
    draws: LeverDraws | None = None,
) -> TokenMix:
    effects = mean_effects(workload) if draws is None else draws
    return apply_levers(mix, workload, active, effects, card, day, ttl="1h")


def usd_by_kind(mix: TokenMix, card: RateCard, day: date) -> dict[MixKey, Floats]:
    """USD of every token kind, and of web searches last, by key."""
    prices = DayPrices(card, day)
    found = {}
    for i, key in enumerate(mix.keys):
        rates, search = prices.usd_per_token(key)
        tokens = mix.tokens[0, i]
        usd = [float(n) * rate if n else 0.0 for n, rate in zip(tokens, rates, strict=True)]
        found[key] = np.array([*usd, mix.web_searches[0, i] * search])
    return found


@settings(deadline=None)
@given(mixes(), workloads())
def test_the_order_of_levers_changes_the_split_never_the_total(
    card: RateCard, day: date, mix: TokenMix, workload: Workload
) -> None:
    levers = declared(workload)

    def cost(active: frozenset[str]) -> float:
        return float(DayPrices(card, day).unit_cost(applied(mix, workload, active, card, day))[0])

    totals = []
    for order in permutations(sorted(levers)):
        levels = [cost(frozenset(order[:i])) for i in range(len(order) + 1)]
        totals.append(sum(before - after for before, after in pairwise(levels)))
    assert totals == pytest.approx([cost(frozenset()) - cost(levers)] * len(totals))


@settings(deadline=None)
@given(mixes(), workloads())
def test_caching_makes_no_output_and_no_search_cheaper(
    card: RateCard, day: date, mix: TokenMix, workload: Workload
) -> None:
    assume(workload.caching is not None)
    before = usd_by_kind(mix, card, day)
    after = usd_by_kind(applied(mix, workload, frozenset({"caching"}), card, day), card, day)
    for key, usd in before.items():
        assert after[key][_OUTPUT:].tolist() == usd[_OUTPUT:].tolist()


@settings(deadline=None)
@given(mixes(), workloads())
def test_batch_makes_no_search_cheaper_and_leaves_other_tiers_alone(
    card: RateCard, day: date, mix: TokenMix, workload: Workload
) -> None:
    assume(workload.batch is not None)
    before = usd_by_kind(mix, card, day)
    after = usd_by_kind(applied(mix, workload, frozenset({"batch"}), card, day), card, day)
    searches = [sum(usd[-1] for usd in side.values()) for side in (before, after)]
    assert searches[0] == pytest.approx(searches[1])
    for key, usd in before.items():
        if key.service_tier not in MOVABLE_TIERS and key.service_tier != "batch":
            assert after[key].tolist() == usd.tolist()


@settings(deadline=None)
@given(mixes(), workloads())
def test_routing_leaves_the_lighter_model_and_what_it_cannot_serve_alone(
    card: RateCard, day: date, mix: TokenMix, workload: Workload
) -> None:
    assume(workload.routing is not None)
    target = workload.routing.to_model
    prices = DayPrices(card, day)
    routed = applied(mix, workload, frozenset({"routing"}), card, day)
    for i, key in enumerate(mix.keys):
        now = routed.tokens[0, routed.keys.index(key)]
        if key.model == target:
            assert (now >= mix.tokens[0, i] - 1e-12).all(), "it only gains"
        elif not prices.sold(key._replace(model=target)) and len(set(mix.keys)) == 1:
            assert now.tolist() == mix.tokens[0, i].tolist()


@settings(deadline=None)
@given(mixes(), workloads(), st.sampled_from(SETS))
def test_no_set_of_levers_loses_text(
    card: RateCard, day: date, mix: TokenMix, workload: Workload, active: frozenset[str]
) -> None:
    """Routing may repeat work, and nothing else may change how much of it is done."""
    active &= declared(workload)
    done = applied(mix, workload, active, card, day)
    per_text = np.array([card.facts(key.model).tokens_per_text for key in done.keys])
    old = np.array([card.facts(key.model).tokens_per_text for key in mix.keys])
    text = float((done.tokens[0] @ UNITS_PER_TOKEN / per_text).sum())
    before = float((mix.tokens[0] @ UNITS_PER_TOKEN / old).sum())
    if "routing" not in active:
        assert text == pytest.approx(before)
    ratio = workload.routing.token_ratio if workload.routing else None
    if ratio is None:
        assert text >= before * (1 - 1e-9)


@settings(deadline=None)
@given(mixes(), workloads())
def test_real_time_work_never_gets_batch(
    card: RateCard, day: date, mix: TokenMix, workload: Workload
) -> None:
    latency = workload.latency.model_copy(update={"needed_at_once": True})
    real_time = workload.model_copy(update={"latency": latency})
    choice = choose(mix, real_time, classify(real_time), card, day)
    assert all("batch" not in levers for levers, _ in choice.stacks)
    assert "batch" not in choice.active


@settings(deadline=None)
@given(mixes(), workloads())
def test_a_lever_with_negative_value_is_never_chosen(
    card: RateCard, day: date, mix: TokenMix, workload: Workload
) -> None:
    choice = choose(mix, workload, classify(workload), card, day)
    assert choice.unit_cost_after <= choice.unit_cost_before
    for lever in choice.active:
        less = choice.active - {lever}
        without = apply_levers(
            mix,
            workload,
            less,
            mean_effects(workload),
            card,
            day,
            ttl=choice.ttl,
            prefix_share=choice.prefix_share,
        )
        assert float(DayPrices(card, day).unit_cost(without)[0]) > choice.unit_cost_after


LADDER = ["measured", "proven", "piloted", "assumed"]


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(["batch", "routing"]),
    st.floats(0.05, 0.9),
    st.integers(0, 2),
    st.integers(1, 3),
    st.sampled_from(["5m", "1h"]),
)
def test_weaker_evidence_never_narrows_the_band_of_the_cost(
    card: RateCard, day: date, lever: str, share: float, i: int, step: int, ttl: str
) -> None:
    """The share is one that every evidence is believed at, so that only the band can move."""
    mix = TokenMix.of([(BIG, np.array([[300.0, 0, 0, 0, 20.0]]), np.zeros(1))])

    def band(evidence: str) -> float:
        fields = {"share": share, "evidence": evidence}
        if lever == "routing":
            fields |= {"to_model": "small"}
        other = {
            "caching": {
                "stable_prefix_tokens": 2000,
                "prompt_tokens": 3000,
                "hit_share": 0.6,
                "batch_hit_share": 0.6,
                "evidence": "piloted",
            }
        }
        later = {"needed_at_once": False}
        workload = Workload.model_validate({"name": "w", "latency": later, lever: fields, **other})
        draws = draw_effects(workload, 4000, rng=np.random.default_rng(11))
        done = apply_levers(mix, workload, frozenset({lever, "caching"}), draws, card, day, ttl=ttl)
        return float(DayPrices(card, day).unit_cost(done).std())

    stronger, weaker = LADDER[i], LADDER[min(3, i + step)]
    assert band(weaker) >= band(stronger) * (1 - 0.02)


@settings(deadline=None)
@given(mixes(), st.floats(0, 1), st.none() | st.floats(0.01, 1000))
def test_thinner_arrivals_only_turn_reads_into_writes_or_plain_input(
    card: RateCard, mix: TokenMix, share: float, arrivals: float | None
) -> None:
    lever = CachingLever(
        stable_prefix_tokens=2000, prompt_tokens=4000, hit_share=0.5, arrivals_per_hour=arrivals
    )
    less = mix.times(share)
    found = rebuilt(mix, less, card, lever)
    assert found.tokens.sum(axis=2) == pytest.approx(less.tokens.sum(axis=2))
    assert (found.tokens[..., _READ] <= less.tokens[..., _READ] + 1e-12).all()
    assert found.tokens[..., _OUTPUT].tolist() == less.tokens[..., _OUTPUT].tolist()
    np.testing.assert_array_equal(rebuilt(mix, mix, card, lever).tokens, mix.tokens)


@given(st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_more_of_the_arrivals_keep_more_of_the_hits(q: float, h: float) -> None:
    known = (ModelFacts(model="big", family="x"),)
    card = RateCard(as_of="2026-11-22", rates=(), models=known)
    row = np.array([[0.0, 1 - h, 0.0, h, 0.0]])
    mix = TokenMix.of([(BIG, row, np.zeros(1))])
    some, more = (rebuilt(mix, mix.times(x), card, None) for x in (q * 0.9, q))
    hits = [m.tokens[0, 0, _READ] / m.tokens[0, 0].sum() for m in (some, more)]
    assert hits[0] <= hits[1] <= h + 1e-12
    assert hits[1] == pytest.approx(1 - (1 - h) ** q)
