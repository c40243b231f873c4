"""Batch, caching and routing as functions from mixes to mixes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.errors import WorkloadError
from forecast.levers.batch import move_to_batch
from forecast.levers.caching import (
    break_even_hit_share,
    cache_prefix,
    effective_multiple,
    min_prefix_tokens,
    poisson_hit_share,
    stable_share,
    thinned_hit_share,
)
from forecast.levers.routing import route, token_ratio
from forecast.mix import UNITS_PER_TOKEN, Floats, TokenMix
from forecast.records.rates import ModelFacts, RateCard
from forecast.records.usage import MixKey
from forecast.records.workloads import CachingLever, RoutingLever, Workload

KEYS = [
    MixKey("anthropic", model, tier, geography, speed)
    for model in ("big", "small")
    for tier in ("standard", "batch", "priority", "flex")
    for geography in ("global", "us")
    for speed in ("standard", "fast")
    if speed == "standard" or tier == "standard"
]

shares = st.floats(0, 1)
counts = st.one_of(st.just(0.0), st.floats(1e-3, 1e3))


@st.composite
def mixes(draw: st.DrawFn) -> TokenMix:
    keys = draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=6, unique=True))
    tokens = [[draw(counts) for _ in range(5)] for _ in keys]
    searches = [draw(counts) for _ in keys]
    return TokenMix(tuple(keys), np.array([tokens]), np.array([searches]))


def text(mix: TokenMix, card: RateCard) -> Floats:
    """Demand units in a mix, [n]."""
    per_text = np.array([card.facts(key.model).tokens_per_text for key in mix.keys])
    return (mix.tokens @ UNITS_PER_TOKEN / per_text).sum(axis=1)


def row(mix: TokenMix, key: MixKey) -> Floats:
    return mix.tokens[:, mix.keys.index(key)]


def batch_share(mix: TokenMix, group: MixKey) -> float:
    """Share of a group's movable units that is in batch."""
    units = {key: float((row(mix, key) @ UNITS_PER_TOKEN)[0]) for key in mix.keys}
    inside = units.get(group._replace(service_tier="batch"), 0.0)
    waiting = sum(units.get(group._replace(service_tier=t), 0.0) for t in ("standard", "priority"))
    return inside / (inside + waiting)


@given(mixes(), shares)
def test_batch_reaches_the_share_and_never_falls_below_the_observed(
    mix: TokenMix, share: float
) -> None:
    moved = move_to_batch(mix, share)
    for key in mix.keys:
        waits = key.service_tier in ("standard", "priority") and key.speed == "standard"
        if waits and row(mix, key).sum() > 0:
            expected = max(share, batch_share(mix, key))
            assert batch_share(moved, key) == pytest.approx(expected, abs=1e-9)


@given(mixes(), shares, st.booleans())
def test_batch_conserves_text_and_searches(mix: TokenMix, share: float, keeps: bool) -> None:
    moved = move_to_batch(mix, share, keeps_cache=keeps)
    assert (moved.tokens @ UNITS_PER_TOKEN).sum() == pytest.approx(
        (mix.tokens @ UNITS_PER_TOKEN).sum()
    )
    assert moved.web_searches.sum() == pytest.approx(mix.web_searches.sum())
    assert moved.tokens[..., 4].sum() == pytest.approx(mix.tokens[..., 4].sum())
    if keeps:
        assert moved.tokens.sum(axis=1) == pytest.approx(mix.tokens.sum(axis=1))


@given(mixes(), shares)
def test_fast_and_flex_rows_stay(mix: TokenMix, share: float) -> None:
    moved = move_to_batch(mix, share)
    for key in mix.keys:
        if key.speed == "fast" or key.service_tier == "flex":
            np.testing.assert_array_equal(row(moved, key), row(mix, key))


def test_what_moves_may_leave_its_cache_behind() -> None:
    key = MixKey("anthropic", "big")
    mix = TokenMix.of([(key, np.array([[10.0, 20.0, 30.0, 40.0, 5.0]]), np.array([2.0]))])
    moved = move_to_batch(mix, 0.5, keeps_cache=False)
    assert row(moved, key)[0].tolist() == [5, 10, 15, 20, 2.5]
    assert row(moved, key._replace(service_tier="batch"))[0].tolist() == [50, 0, 0, 0, 2.5]
    assert moved.web_searches[0].tolist() == [1, 1]


def test_rows_without_a_batch_price_stay(card: RateCard) -> None:
    keys = [MixKey("anthropic", "big"), MixKey("anthropic", "odd")]
    mix = TokenMix(tuple(keys), np.ones((1, 2, 5)), np.zeros((1, 2)))
    moved = move_to_batch(mix, 1.0, sold=lambda key: key.model != "odd")
    assert row(moved, keys[1]).sum() == 5
    assert row(moved, keys[0]).sum() == 0


def test_one_share_per_scenario() -> None:
    key = MixKey("anthropic", "big")
    mix = TokenMix.of([(key, np.ones((1, 5)), np.ones(1))])
    moved = move_to_batch(mix, np.array([0.0, 0.25, 1.0]))
    assert row(moved, key)[:, 0].tolist() == [1, 0.75, 0]
    assert moved.web_searches[:, 1].tolist() == [0, 0.25, 1]


@given(mixes(), shares, shares, shares, st.sampled_from(["5m", "1h"]))
def test_caching_touches_the_input_side_only(
    mix: TokenMix, phi: float, h: float, h_batch: float, ttl: str
) -> None:
    cached = cache_prefix(mix, phi, h, h_batch, ttl="5m" if ttl == "5m" else "1h")
    np.testing.assert_array_equal(cached.tokens[..., 4], mix.tokens[..., 4])
    np.testing.assert_array_equal(cached.web_searches, mix.web_searches)
    assert cached.tokens[..., :4].sum(axis=2) == pytest.approx(mix.tokens[..., :4].sum(axis=2))
    assert (cached.tokens[..., 3] >= mix.tokens[..., 3] - 1e-9).all(), "never fewer reads"
    assert (cached.tokens >= 0).all()


def test_a_row_that_reads_more_keeps_what_it_has() -> None:
    key = MixKey("anthropic", "big")
    reads = np.array([[100.0, 50.0, 0.0, 850.0, 10.0]])
    mix = TokenMix.of([(key, reads, np.zeros(1))])
    same = cache_prefix(mix, 0.9, np.array([0.5, 0.99]), None, ttl="1h")
    assert same.tokens[0, 0].tolist() == reads[0].tolist()
    assert same.tokens[1, 0] == pytest.approx([100, 0, 9, 891, 10])


def test_hits_by_tier_and_marks_by_key() -> None:
    keys = (
        MixKey("anthropic", "big"),
        MixKey("anthropic", "big", "batch"),
        MixKey("anthropic", "small"),
    )
    tokens = np.zeros((1, 3, 5))
    tokens[..., 0] = 100
    mix = TokenMix(keys, tokens, np.zeros((1, 3)))
    cached = cache_prefix(mix, 0.5, 0.8, 0.2, ttl="5m", marks=lambda k: k.model == "big")
    assert cached.tokens[0, :, 3].tolist() == pytest.approx([40, 10, 0])
    assert cached.tokens[0, :, 1].tolist() == pytest.approx([10, 40, 0])
    unmarked = cache_prefix(mix, 0.5, None, 0.2, ttl="5m")
    assert unmarked.tokens[0, :, 3].tolist() == pytest.approx([0, 10, 0])


@given(shares, st.floats(1.01, 3), st.floats(0, 0.99))
def test_caching_pays_exactly_above_break_even(h: float, w: float, r: float) -> None:
    needed = break_even_hit_share(w, r)
    multiple = effective_multiple(h, write_multiple=w, read_multiple=r)
    if h > needed + 1e-9:
        assert multiple < 1
    elif h < needed - 1e-9:
        assert multiple > 1


def test_break_even_at_the_edges() -> None:
    assert break_even_hit_share(1.0, 0.1) == 0.0
    assert break_even_hit_share(1.25, 1.25) == float("inf")


@given(st.floats(0.01, 500))
def test_poisson_hits_rise_with_the_lifetime(arrivals: float) -> None:
    short, long = poisson_hit_share(arrivals, "5m"), poisson_hit_share(arrivals, "1h")
    assert 0 < short <= long <= 1
    assert 1 - long == pytest.approx((1 - short) ** 12, abs=1e-12)


@given(st.floats(0.01, 10), shares)
def test_thinning_is_poisson_at_the_lower_rate(arrivals: float, kept: float) -> None:
    thinned = thinned_hit_share(np.array([poisson_hit_share(arrivals, "1h")]), np.array([kept]))
    assert thinned[0] == pytest.approx(-np.expm1(-arrivals * kept), abs=1e-9)


def with_prefix(prefix: int, prompt: int | None) -> Workload:
    lever = CachingLever(stable_prefix_tokens=prefix, prompt_tokens=prompt, hit_share=0.9)
    return Workload(name="w", caching=lever)


def test_stable_share_prefers_what_is_stated() -> None:
    assert stable_share(with_prefix(600, 1000), 2000.0) == 0.6
    assert stable_share(with_prefix(600, None), 2000.0) == 0.3
    assert stable_share(with_prefix(600, None)) is None


def test_a_prefix_longer_than_the_observed_prompt_is_refused() -> None:
    with pytest.raises(WorkloadError, match="599 prompt tokens a request") as raised:
        stable_share(with_prefix(600, 1000), 599.0)
    assert raised.value.column == "workloads.w.caching.stable_prefix_tokens"


def test_an_unknown_minimum_is_taken_high() -> None:
    assert min_prefix_tokens(ModelFacts(model="m", family="x")) == 4096


@given(mixes(), shares)
def test_routing_what_always_passes_conserves_text(mix: TokenMix, share: float) -> None:
    card = RateCard(
        as_of="2026-11-22",
        rates=(),
        models=(ModelFacts(model="small", family="x", tokens_per_text=1.25),),
    )
    lever = RoutingLever(to_model="small")
    routed = route(mix, "small", share, 1.0, 0.0, token_ratio(card, lever))
    assert text(routed, card) == pytest.approx(text(mix, card))
    assert routed.web_searches.sum() == pytest.approx(mix.web_searches.sum())


@given(mixes(), shares, shares, st.floats(0, 3), st.floats(0.1, 3))
def test_routing_row_by_row(
    mix: TokenMix, share: float, passes: float, retries: float, ratio: float
) -> None:
    routed = route(mix, "small", share, passes, retries, lambda model: ratio)
    for key in mix.keys:
        lighter = key._replace(model="small")
        if key.model == "small":
            continue
        there = row(mix, lighter) if lighter in mix.keys else np.zeros((1, 5))
        assert row(routed, key) == pytest.approx(row(mix, key) * (1 - share * passes))
        tried = row(mix, key) * share * ratio * (1 + retries)
        assert row(routed, lighter) == pytest.approx(there + tried)


def test_tier_and_geography_carry_over_and_unsold_rows_stay() -> None:
    us = MixKey("anthropic", "big", "batch", "us")
    plain = MixKey("anthropic", "big")
    mix = TokenMix((us, plain), np.ones((1, 2, 5)), np.zeros((1, 2)))
    routed = route(mix, "small", 1.0, 1.0, 0.0, lambda _: 1.0, sold=lambda k: k.geography == "us")
    assert us._replace(model="small") in routed.keys
    assert plain._replace(model="small") not in routed.keys
    assert row(routed, plain).sum() == 5


@given(mixes(), shares, shares, shares)
def test_routing_and_batch_commute_on_real_time_work(
    mix: TokenMix, share: float, passes: float, in_batch: float
) -> None:
    rows = [i for i, key in enumerate(mix.keys) if key.service_tier == "standard"]
    keys = tuple(mix.keys[i] for i in rows)
    mix = TokenMix(keys, mix.tokens[:, rows], mix.web_searches[:, rows])

    def routed(m: TokenMix) -> TokenMix:
        return route(m, "small", share, passes, 0.2, lambda model: 1.25)

    one = move_to_batch(routed(mix), in_batch)
    two = routed(move_to_batch(mix, in_batch))
    for key in {*one.keys, *two.keys}:
        found = [row(m, key) if key in m.keys else np.zeros((1, 5)) for m in (one, two)]
        assert found[0] == pytest.approx(found[1], abs=1e-9)
