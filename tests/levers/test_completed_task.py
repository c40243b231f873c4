"""The cost of a completed task, part by part."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.errors import UnknownModelError
from forecast.levers.classification import classify
from forecast.levers.completed_task import completed_task
from forecast.levers.effects import mean_effects
from forecast.levers.evaluation import PairedCases, evaluate, with_evaluation
from forecast.levers.prices import DayPrices
from forecast.levers.routing import route, routed_mix
from forecast.levers.stack import apply_levers, choose
from forecast.mix import TokenMix
from forecast.records.rates import RateCard
from forecast.records.routing import DeclaredMargin, Router, RoutingLever
from forecast.records.usage import MixKey
from forecast.records.workloads import Workload

BIG = MixKey("anthropic", "big")


def mix_of(*tokens: float) -> TokenMix:
    return TokenMix.of([(BIG, np.array([tokens]), np.zeros(1))])


def lever(**fields: object) -> RoutingLever:
    return RoutingLever.model_validate({"to_model": "small", "evidence": "measured"} | fields)


def test_every_part_of_a_worked_task(card: RateCard, day: date) -> None:
    """1,000 input and 100 output tokens on `big`: 0.0040 + 0.0020 = 0.0060 USD a task.

    `small` costs a quarter and takes 1.25 times the tokens; one try in five is repeated: 0.375.
    A router on `odd` reads the prompt: 1,000 tokens at 1 USD a million, 0.0010 / 0.0060.
    """
    stated = lever(share=0.5, pass_share=0.8, retry_share=0.2, router=Router(model="odd"))
    found = completed_task(mix_of(1000, 0, 0, 0, 100), stated, DayPrices(card, day))
    assert found.price_ratio == pytest.approx(0.25)
    assert found.token_ratio == pytest.approx(1.25)
    assert found.attempts == pytest.approx(1.2)
    assert found.attempt_share == pytest.approx(0.375)
    assert found.escalation_share == pytest.approx(0.2)
    assert found.cache_rebuilt_share == 0
    assert found.router_share == pytest.approx(1 / 6)
    assert found.total_share == pytest.approx(0.5 + 0.5 * (0.375 + 0.2) + 1 / 6)
    assert found.break_even_pass_share == pytest.approx(0.375 + (1 / 6) / 0.5)


def test_the_cache_that_an_escalation_writes_again(card: RateCard, day: date) -> None:
    """900 of 1,000 prompt tokens are read at 0.1; written again they cost 1.25 instead.

    Today: 0.9·0.1 + 0.1·1.25 = 0.215 of the input price per prompt token. Written again:
    0.9 · (1.25 − 0.1) = 1.035 more, 481 % of the task.
    """
    found = completed_task(mix_of(0, 100, 0, 900, 0), lever(pass_share=0.9), DayPrices(card, day))
    k = 1.035 / 0.215
    assert found.cache_rebuilt_share == pytest.approx(0.1 * k)
    assert found.attempt_share == pytest.approx(0.25 * 1.25)
    assert found.total_share == pytest.approx(0.3125 + 0.1 * (1 + k))
    assert found.break_even_pass_share == pytest.approx(1 - (1 - 0.3125) / (1 + k))


def test_reads_without_writes_become_plain_input() -> None:
    routed = route(
        mix_of(0, 0, 0, 10, 0), "small", 1.0, 0.5, 0.0, lambda _: 1.0, cache_rebuilt_share=1.0
    )
    assert routed.tokens[0, routed.keys.index(BIG)].tolist() == [5.0, 0, 0, 0, 0]
    hour = route(
        mix_of(0, 0, 2, 10, 0), "small", 1.0, 0.5, 0.0, lambda _: 1.0, cache_rebuilt_share=0.5
    )
    assert hour.tokens[0, hour.keys.index(BIG)].tolist() == [0, 0, 1 + 2.5, 2.5, 0]


@given(
    s=st.floats(0.01, 1),
    p=st.floats(0, 1),
    retries=st.floats(0, 3),
    rebuilt=st.floats(0, 1),
    router=st.sampled_from([None, Router(model="odd"), Router(model="odd", input_share=0.2)]),
    tokens=st.tuples(*[st.floats(0.1, 1000)] * 5),
)
def test_the_parts_add_up_to_what_the_stack_does(
    card: RateCard,
    day: date,
    s: float,
    p: float,
    retries: float,
    rebuilt: float,
    router: Router | None,
    tokens: tuple[float, ...],
) -> None:
    stated = lever(
        share=s, pass_share=p, retry_share=retries, cache_rebuilt_share=rebuilt, router=router
    )
    workload = Workload(name="w", routing=stated)
    mix, prices = mix_of(*tokens), DayPrices(card, day)
    draws = mean_effects(workload)
    apart = routed_mix(mix, stated, draws.routing_share, draws.pass_share, card, sold=prices.sold)
    stack = apply_levers(mix, workload, frozenset({"routing"}), draws, card, day, ttl="5m")
    today = prices.unit_cost(mix)[0]
    found = completed_task(mix, stated, prices)
    assert found.total_share == pytest.approx(prices.unit_cost(apart)[0] / today)
    # The stack adds what no single task shows: thinner arrivals find the cache expired.
    assert prices.unit_cost(stack)[0] / today >= found.total_share * (1 - 1e-9)
    at_break_even = stated.model_copy(
        update={"pass_share": min(1.0, max(0.0, found.break_even_pass_share))}
    )
    if 0 <= found.break_even_pass_share <= 0.999:
        assert completed_task(mix, at_break_even, prices).total_share == pytest.approx(1.0)


@given(p=st.floats(0, 1), rebuilt=st.floats(0, 1), tokens=st.tuples(*[st.floats(0, 99)] * 5))
def test_an_escalation_moves_input_and_loses_none(
    p: float, rebuilt: float, tokens: tuple[float, ...]
) -> None:
    mix = mix_of(*tokens)
    warm = route(mix, "small", 1.0, p, 0.0, lambda _: 1.0)
    cold = route(mix, "small", 1.0, p, 0.0, lambda _: 1.0, cache_rebuilt_share=rebuilt)
    assert cold.keys == warm.keys
    assert cold.tokens.sum() == pytest.approx(warm.tokens.sum())
    assert (cold.tokens[:, :, 3] <= warm.tokens[:, :, 3] + 1e-12).all()
    assert np.array_equal(cold.tokens[:, :, 4], warm.tokens[:, :, 4])


def test_a_router_can_eat_the_saving(card: RateCard, day: date) -> None:
    mix = mix_of(1000, 0, 0, 0, 10)
    dear = Workload(name="w", routing=lever(share=0.2, router=Router(model="big")))
    choice = choose(mix, dear, classify(dear), card, day)
    assert choice.active == frozenset()
    cheap = Workload(name="w", routing=lever(share=0.2))
    assert choose(mix, cheap, classify(cheap), card, day).active == {"routing"}


def test_an_unknown_router_is_an_error(card: RateCard, day: date) -> None:
    workload = Workload(name="w", routing=lever(router=Router(model="tiny")))
    with pytest.raises(UnknownModelError, match="on no rate card") as raised:
        choose(mix_of(1, 0, 0, 0, 1), workload, classify(workload), card, day)
    assert raised.value.column == "workloads.w.routing.router.model"


def test_the_reason_names_the_router_and_the_cache(card: RateCard, day: date) -> None:
    workload = Workload(
        name="w",
        routing=lever(pass_share=0.9, router=Router(model="small", input_share=0.01)),
    )
    choice = choose(mix_of(500, 100, 0, 400, 100), workload, classify(workload), card, day)
    assert choice.active == {"routing"}
    assert "the router: " in choice.notes[0]
    assert "prefixes written again after an escalation: " in choice.notes[0]


def test_a_model_that_is_shown_to_be_worse_is_not_routed_to(card: RateCard, day: date) -> None:
    """150 of 900 cases only today's model passes, and the margin is 3 points."""
    n = 900
    today = np.ones(n)
    lighter = np.concatenate([np.zeros(150), np.ones(750)])
    cases = PairedCases("big", "small", today, lighter, np.arange(n), 2 * n)
    margin = DeclaredMargin(margin_share=0.03, declared_by="Ana", declared_on=day)
    found = evaluate(
        cases, margin, evaluated_on=day, file="a.csv", sha256="", rng=np.random.default_rng(0)
    )
    stated = RoutingLever(to_model="small", evaluation="a.csv", evaluated_on=day, margin=margin)
    measured = with_evaluation(stated, found, column="workloads.w.routing")
    mix = mix_of(1000, 0, 0, 0, 100)
    worse = Workload(name="w", routing=measured)
    choice = choose(mix, worse, classify(worse), card, day)
    assert choice.active == frozenset()
    assert "worse than its declared margin allows" in choice.notes[0]
    unjudged = Workload(name="w", routing=RoutingLever(to_model="small", pass_share=750 / 900))
    assert choose(mix, unjudged, classify(unjudged), card, day).active == {"routing"}


@pytest.mark.parametrize(
    ("today", "successor", "price", "text"),
    [
        ("claude-sonnet-4-6", "claude-sonnet-5-5", 2 / 3, 0.867),
        ("claude-opus-4-6", "claude-opus-5-5", 0.8, 1.04),
    ],
)
def test_a_cheaper_token_is_not_a_cheaper_text(
    list_card: RateCard, day: date, today: str, successor: str, price: float, text: float
) -> None:
    """Newer models take about 30 % more tokens for the same text: -33 % a token is -13 % a text."""
    key = MixKey("anthropic", today)
    mix = TokenMix.of([(key, np.array([[5000.0, 0, 0, 0, 500.0]]), np.zeros(1))])
    found = completed_task(mix, lever(to_model=successor), DayPrices(list_card, day))
    assert found.price_ratio == pytest.approx(price)
    assert found.attempt_share == pytest.approx(text, abs=0.001)
