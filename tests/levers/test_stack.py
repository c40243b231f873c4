from datetime import date
from itertools import combinations, pairwise, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast.errors import UnknownModelError, WorkloadError
from forecast.levers.caching import poisson_hit_share
from forecast.levers.classification import classify
from forecast.levers.effects import draw_effects, mean_effects
from forecast.levers.prices import DayPrices
from forecast.levers.shares import expected_share
from forecast.levers.stack import (
    LEVER_ORDER,
    LeverChoice,
    apply_levers,
    choose,
    configuration_text,
)
from forecast.levers.turnaround import miss_probability
from forecast.mix import UNITS_PER_TOKEN, Floats, TokenMix
from forecast.records.rates import RateCard
from forecast.records.usage import MixKey
from forecast.records.workloads import Evidence, Workload

PLAIN = MixKey("anthropic", "big")
SETS = [frozenset(c) for size in range(4) for c in combinations(LEVER_ORDER, size)]

shares = st.floats(0, 1)


def mix_of(*rows: tuple[MixKey, list[float]]) -> TokenMix:
    mix = TokenMix.of([(key, np.array([tokens]), np.zeros(1)) for key, tokens in rows])
    return mix.times(1 / float((mix.tokens @ UNITS_PER_TOKEN).sum()))


def nightly(**more: object) -> Workload:
    return Workload.model_validate(
        {
            "name": "nightly",
            "owner_state": "accepted",
            "latency": {"needed_at_once": False, "evidence": "read later", "answered_by": "Ana"},
            "batch": {"share": 1.0, "evidence": "measured"},
            **more,
        }
    )


def cached(**more: object) -> dict[str, object]:
    return {"stable_prefix_tokens": 3600, "prompt_tokens": 4000, "evidence": "measured", **more}


@st.composite
def workloads(draw: st.DrawFn) -> Workload:
    evidence = st.sampled_from(["assumed", "piloted", "proven", "measured"])
    answer = draw(st.sampled_from([None, True, False]))
    fields: dict[str, object] = {"latency": {"needed_at_once": answer}}
    if draw(st.booleans()):
        fields["batch"] = {"share": draw(shares), "evidence": draw(evidence)}
    else:
        fields["batch"] = None
    if draw(st.booleans()):
        fields["routing"] = {
            "to_model": draw(st.sampled_from(["small", "odd", "big"])),
            "share": draw(shares),
            "pass_share": draw(shares),
            "retry_share": draw(st.floats(0, 2)),
            "evidence": draw(evidence),
        }
    if draw(st.booleans()):
        fields["caching"] = {
            "stable_prefix_tokens": draw(st.integers(1, 4000)),
            "prompt_tokens": 4000,
            "hit_share": draw(st.none() | shares),
            "arrivals_per_hour": draw(st.floats(0.01, 100)),
            "batch_hit_share": draw(st.none() | shares),
            "primed": draw(st.booleans()),
            "ttl": draw(st.sampled_from(["5m", "1h", "best"])),
            "evidence": draw(evidence),
        }
    return nightly(**fields)


@st.composite
def mixes(draw: st.DrawFn) -> TokenMix:
    keys = [
        MixKey("anthropic", model, tier, geography)
        for model in ("big", "small")
        for tier in ("standard", "batch")
        for geography in ("global", "us")
    ]
    chosen = draw(st.lists(st.sampled_from(keys), min_size=1, max_size=4, unique=True))
    count = st.one_of(st.just(0.0), st.floats(0.1, 100))
    rows = [(key, [draw(st.floats(1, 100)), *(draw(count) for _ in range(4))]) for key in chosen]
    return mix_of(*rows)


def unit_cost(mix: TokenMix, card: RateCard, day: date) -> Floats:
    return DayPrices(card, day).unit_cost(mix)


@settings(deadline=None)
@given(mixes(), workloads(), st.data())
def test_the_choice_is_the_cheapest_and_no_lever_in_it_costs_more(
    card: RateCard, day: date, mix: TokenMix, workload: Workload, data: st.DataObject
) -> None:
    choice = choose(mix, workload, classify(workload), card, day)
    assert choice.unit_cost_after <= choice.unit_cost_before

    def cost(active: frozenset[str], ttl: str) -> float:
        done = apply_levers(
            mix,
            workload,
            active,
            mean_effects(workload),
            card,
            day,
            ttl="5m" if ttl == "5m" else "1h",
            prefix_share=choice.prefix_share,
        )
        return float(unit_cost(done, card, day)[0])

    assert cost(choice.active, choice.ttl) == pytest.approx(choice.unit_cost_after)
    for lever in choice.active:
        assert cost(choice.active - {lever}, choice.ttl) > choice.unit_cost_after
    if not classify(workload).allows_batch:
        assert "batch" not in choice.active
    declared = {lever for lever in LEVER_ORDER if getattr(workload, lever) is not None}
    assert choice.active <= declared
    allowed = declared if classify(workload).allows_batch else declared - {"batch"}
    stated = workload.caching.ttl if workload.caching else "5m"
    for active in SETS:
        if active <= allowed:
            ttl = data.draw(st.sampled_from(["5m", "1h"])) if stated == "best" else stated
            tolerance = 1e-9 * choice.unit_cost_before
            assert choice.unit_cost_after <= cost(active, ttl) + 2 * tolerance


def test_the_order_of_a_waterfall_changes_the_split_never_the_total(
    card: RateCard, day: date
) -> None:
    """Per 4,500 units: 4,000 in and 100 out, on a model a quarter as dear with 1.25 the tokens,
    in batch, 90 % of the prompt at .95 x 0.1 + .05 x 1.25 = 0.1575."""
    mix = mix_of((PLAIN, [4000, 0, 0, 0, 100]))
    workload = nightly(
        routing={"to_model": "small", "evidence": "measured"},
        caching=cached(hit_share=0.95, batch_hit_share=0.95),
    )

    def cost(active: frozenset[str]) -> float:
        done = apply_levers(mix, workload, active, mean_effects(workload), card, day, ttl="5m")
        return float(unit_cost(done, card, day)[0])

    before = 4e-6
    after = 1.25 * 1e-6 * 0.5 * (4000 * (0.1 + 0.9 * 0.1575) + 5 * 100) / 4500
    savings = set()
    for order in permutations(LEVER_ORDER):
        levels = [cost(frozenset(order[:i])) for i in range(len(order) + 1)]
        split = {lever: a - b for lever, (a, b) in zip(order, pairwise(levels), strict=True)}
        assert sum(split.values()) == pytest.approx(before - after)
        savings.add(round(split["batch"] * 1e6, 6))
    assert len(savings) > 1


@settings(deadline=None)
@given(mixes(), workloads())
def test_real_time_work_never_reaches_batch(
    card: RateCard, day: date, mix: TokenMix, workload: Workload
) -> None:
    real_time = workload.model_copy(
        update={"latency": workload.latency.model_copy(update={"needed_at_once": True})}
    )
    choice = choose(mix, real_time, classify(real_time), card, day)
    done = apply_levers(
        mix, real_time, choice.active, mean_effects(real_time), card, day, ttl=choice.ttl
    )
    assert "batch" not in choice.active
    before = {k.service_tier for k in mix.keys}
    assert {k.service_tier for k in done.keys} == before


@settings(deadline=None)
@given(mixes(), workloads())
def test_caching_and_batch_conserve_text(
    card: RateCard, day: date, mix: TokenMix, workload: Workload
) -> None:
    draws = draw_effects(workload, 5, rng=np.random.default_rng(1))
    active = frozenset({"batch", "caching"})
    done = apply_levers(mix, workload, active, draws, card, day, ttl="1h")
    assert (done.tokens @ UNITS_PER_TOKEN).sum(axis=1) == pytest.approx(1.0)
    output = (done.tokens[..., 4]).sum(axis=1)
    assert output == pytest.approx(mix.tokens[..., 4].sum())


def test_a_cold_batch_is_not_cached_but_its_real_time_rest_is(card: RateCard, day: date) -> None:
    mix = mix_of((PLAIN, [4000, 0, 0, 0, 1000]))
    half = nightly(
        batch={"share": 0.5, "evidence": "measured"}, caching=cached(hit_share=0.95, ttl="5m")
    )
    choice = choose(mix, half, classify(half), card, day)
    assert choice.active == {"batch", "caching"}
    assert list(choice.cache_hits) == ["real time"]
    assert any(n.startswith("caching a cold batch costs more") for n in choice.notes)
    assert any(n.startswith("prime the batch first") for n in choice.notes)
    done = apply_levers(mix, half, choice.active, mean_effects(half), card, day, ttl=choice.ttl)
    in_batch = done.tokens[0, done.keys.index(PLAIN._replace(service_tier="batch"))]
    assert in_batch[1:4].tolist() == [0, 0, 0]
    assert configuration_text(half, choice, "caching") == "5m TTL, 95 % hits"


def test_batch_loses_to_a_cache_it_would_break(card: RateCard, day: date) -> None:
    """90 % of the input is read back today at a tenth of the price: half price is no bargain."""
    mix = mix_of((PLAIN, [200, 200, 0, 3600, 100]))
    choice = choose(mix, nightly(), classify(nightly()), card, day)
    assert choice.active == frozenset()
    assert any(n.startswith("batch saves nothing here") for n in choice.notes)
    assert any("90 % of its real-time input is read from the cache" in n for n in choice.notes)
    primed = nightly(caching=cached(batch_hit_share=0.95, primed=True))
    choice = choose(mix, primed, classify(primed), card, day)
    assert choice.active == {"batch", "caching"}
    assert choice.unit_cost_after < choice.unit_cost_before


@pytest.mark.parametrize(
    ("arrivals", "ttl"),
    [(100.0, "5m"), (2.5, "1h")],
)
def test_the_lifetime_follows_the_arrivals(
    card: RateCard, day: date, arrivals: float, ttl: str
) -> None:
    mix = mix_of((PLAIN, [4000, 0, 0, 0, 100]))
    chat = nightly(
        latency={"needed_at_once": True}, batch=None, caching=cached(arrivals_per_hour=arrivals)
    )
    choice = choose(mix, chat, classify(chat), card, day)
    assert choice.ttl == ttl
    assert list(choice.cache_hits) == ["real time"]
    needed = {"5m": "21.7 %", "1h": "52.6 %"}[ttl]
    assert any(needed in n for n in choice.notes)
    assert sum("USD per million units, the " in n for n in choice.notes) == 1


def test_rare_arrivals_are_not_cached_and_said(card: RateCard, day: date) -> None:
    mix = mix_of((PLAIN, [4000, 0, 0, 0, 100]))
    chat = nightly(
        latency={"needed_at_once": True}, batch=None, caching=cached(arrivals_per_hour=0.1)
    )
    choice = choose(mix, chat, classify(chat), card, day)
    assert choice.active == frozenset()
    assert any(n.startswith("caching costs more") for n in choice.notes)


def test_routing_thins_the_arrivals_of_a_prefix(card: RateCard, day: date) -> None:
    mix = mix_of((PLAIN, [4000, 0, 0, 0, 100]))
    routing = {"to_model": "small", "share": 0.5, "evidence": "measured", "token_ratio": 1.25}
    workload = nightly(batch=None, routing=routing, caching=cached(arrivals_per_hour=12))
    active = frozenset({"routing", "caching"})
    done = apply_levers(mix, workload, active, mean_effects(workload), card, day, ttl="5m")
    expected = 0.9 * -np.expm1(-0.5)  # half of one arrival a lifetime
    for i in range(2):
        tokens = done.tokens[0, i]
        assert tokens[3] / tokens[:4].sum() == pytest.approx(expected)


def test_a_stated_hit_share_is_taken_at_its_word(card: RateCard, day: date) -> None:
    mix = mix_of((PLAIN, [4000, 0, 0, 0, 100]))
    routing = {"to_model": "small", "share": 0.5, "evidence": "measured"}
    workload = nightly(batch=None, routing=routing, caching=cached(hit_share=0.8))
    active = frozenset({"routing", "caching"})
    done = apply_levers(mix, workload, active, mean_effects(workload), card, day, ttl="5m")
    assert done.tokens[0, :, 3] / done.tokens[0, :, :4].sum(axis=1) == pytest.approx([0.72, 0.72])


def test_a_prefix_under_the_minimum_is_not_cached(card: RateCard, day: date) -> None:
    mix = mix_of((PLAIN, [800, 0, 0, 0, 100]))
    short = nightly(
        batch=None,
        caching={"stable_prefix_tokens": 600, "prompt_tokens": 800, "hit_share": 0.99},
    )
    choice = choose(mix, short, classify(short), card, day)
    assert choice.active == frozenset()
    assert "big caches no prefix under 1024 tokens, and this one has 600" in choice.notes


def test_the_prompt_comes_from_usage_or_caching_is_refused(card: RateCard, day: date) -> None:
    mix = mix_of((PLAIN, [4000, 0, 0, 0, 100]))
    lever = {"stable_prefix_tokens": 3000, "hit_share": 0.9, "evidence": "measured"}
    workload = nightly(batch=None, caching=lever)
    blind = choose(mix, workload, classify(workload), card, day)
    assert blind.active == frozenset()
    assert blind.prefix_share is None
    assert any("mean prompt tokens" in n for n in blind.notes)
    seen = choose(mix, workload, classify(workload), card, day, observed_prompt_tokens=4000.0)
    assert seen.active == {"caching"}
    assert seen.prefix_share == 0.75
    with pytest.raises(WorkloadError, match="mean prompt tokens"):
        apply_levers(mix, workload, seen.active, mean_effects(workload), card, day, ttl="5m")
    with pytest.raises(WorkloadError, match="correct the prefix"):
        choose(mix, workload, classify(workload), card, day, observed_prompt_tokens=2999.0)


def test_a_target_without_the_tier_is_refused_with_the_reason(card: RateCard, day: date) -> None:
    us = PLAIN._replace(geography="us")
    routing = {"to_model": "odd", "share": 0.5, "evidence": "measured"}
    workload = nightly(batch=None, routing=routing)
    choice = choose(mix_of((us, [10, 0, 0, 0, 1])), workload, classify(workload), card, day)
    assert choice.active == frozenset()
    assert choice.notes == (
        "odd is not sold as anthropic standard us standard: that part is not routed",
    )
    both = mix_of((us, [10, 0, 0, 0, 1]), (PLAIN, [10, 0, 0, 0, 1]))
    choice = choose(both, workload, classify(workload), card, day)
    assert choice.active == {"routing"}
    assert any("that part is not routed" in n for n in choice.notes)


def test_an_unknown_target_is_an_error(card: RateCard, day: date) -> None:
    workload = nightly(routing={"to_model": "smal"})
    with pytest.raises(UnknownModelError, match="on no rate card") as raised:
        choose(mix_of((PLAIN, [1, 0, 0, 0, 1])), workload, classify(workload), card, day)
    assert raised.value.column == "workloads.nightly.routing.to_model"


def test_routing_says_what_a_completed_task_costs(card: RateCard, day: date) -> None:
    """A quarter of the price times 1.25 tokens and one retry in five: 37.5 % of today's task."""
    routing = {"to_model": "small", "pass_share": 0.8, "retry_share": 0.2, "share": 0.5}
    workload = nightly(batch=None, routing=routing)
    choice = choose(mix_of((PLAIN, [10, 0, 0, 0, 1])), workload, classify(workload), card, day)
    (note,) = choice.notes
    assert "a try on small costs 37.5 % of the task today" in note
    assert "nobody has tested" in note
    ratio = choice.unit_cost_after / choice.unit_cost_before
    assert ratio == pytest.approx(0.5 + 0.5 * (0.375 + 0.2))
    assert configuration_text(workload, choice, "routing") == "small for 50 %, 80 % pass"


def test_batch_that_is_in_place_is_said(card: RateCard, day: date) -> None:
    mix = mix_of((PLAIN._replace(service_tier="batch"), [10, 0, 0, 0, 1]), (PLAIN, [1, 0, 0, 0, 0]))
    shipped = nightly(batch={"share": 0.5})
    choice = choose(mix, shipped, classify(shipped), card, day)
    assert choice.active == frozenset()
    assert choice.notes == ("batch is as far as it should go already",)


def test_expected_hits_are_those_of_the_thinned_arrivals(card: RateCard, day: date) -> None:
    mix = mix_of((PLAIN, [4000, 0, 0, 0, 100]))
    workload = nightly(
        latency={"needed_at_once": False, "deadline_hours": 10},
        caching=cached(arrivals_per_hour=60, batch_hit_share=0.9),
    )
    choice = choose(mix, workload, classify(workload), card, day)
    late = miss_probability(10)
    assert choice.active == {"batch", "caching"}
    assert choice.cache_hits["batch"] == pytest.approx(0.9)
    whole = expected_share(poisson_hit_share(60, "5m"), Evidence.ASSUMED)
    kept = 1 - (1 - whole) ** late
    said = [n for n in choice.notes if n.startswith("caching what stays in real time costs more")]
    assert len(said) == 1
    assert f"at {100 * kept:.0f} % hits with" in said[0]


def test_routing_that_fails_too_often_is_left_out(card: RateCard, day: date) -> None:
    routing = {"to_model": "small", "pass_share": 0.3, "share": 0.5, "evidence": "proven"}
    workload = nightly(batch=None, routing=routing)
    choice = choose(mix_of((PLAIN, [10, 0, 0, 0, 1])), workload, classify(workload), card, day)
    assert choice.active == frozenset()
    assert choice.notes[0].startswith("routing saves nothing here")


def test_a_veto_keeps_batch_out(card: RateCard, day: date) -> None:
    loop = nightly(latency={"needed_at_once": False, "agent_loop": True})
    choice = choose(mix_of((PLAIN, [10, 0, 0, 0, 1])), loop, classify(loop), card, day)
    assert choice == LeverChoice(
        frozenset(),
        "5m",
        choice.unit_cost_before,
        choice.unit_cost_before,
        ("batch is ruled out by a veto",),
    )


def test_nobody_and_declined_owners_have_no_levers(card: RateCard, day: date) -> None:
    mix = mix_of((PLAIN, [10, 0, 0, 0, 1]))
    declined = nightly(owner_state="declined")
    for workload in (None, declined):
        choice = choose(mix, workload, classify(workload), card, day)
        assert choice.active == frozenset()
        assert choice.unit_cost_after == choice.unit_cost_before
    assert choose(mix, declined, classify(declined), card, day).notes == (
        "its owner declined: no lever acts",
    )


def test_a_workload_without_demand_has_no_levers(card: RateCard, day: date) -> None:
    nothing = TokenMix((), np.zeros((1, 0, 5)), np.zeros((1, 0)))
    choice = choose(nothing, nightly(), classify(nightly()), card, day)
    assert (choice.active, choice.unit_cost_before) == (frozenset(), 0.0)


def test_the_batch_limits_of_bedrock_are_said(list_card: RateCard, day: date) -> None:
    mix = mix_of((MixKey("bedrock", "claude-sonnet-5"), [10, 0, 0, 0, 1]))
    choice = choose(mix, nightly(), classify(nightly()), list_card, day)
    assert any("Bedrock" in n for n in choice.notes)


def test_web_searches_are_not_halved_by_batch(card: RateCard, day: date) -> None:
    tokens, searches = np.array([[10.0, 0, 0, 0, 1.0]]), np.array([0.01])
    mix = TokenMix.of([(PLAIN, tokens, searches)])
    choice = choose(mix, nightly(), classify(nightly()), card, day)
    of_searches = 0.01 * 10 / 1000
    assert choice.unit_cost_after - of_searches == pytest.approx(
        (choice.unit_cost_before - of_searches) / 2
    )
