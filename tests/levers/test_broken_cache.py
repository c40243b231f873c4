"""What is left of today's cache once routing and batch have split a workload up."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pytest

from forecast.levers.broken_cache import rebuilt
from forecast.levers.classification import classify
from forecast.levers.stack import choose
from forecast.mix import TokenMix
from forecast.records.rates import RateCard
from forecast.records.usage import MixKey
from forecast.records.workloads import CachingLever, Workload

BIG = MixKey("anthropic", "big")
SMALL = MixKey("anthropic", "small")
BATCH = BIG._replace(service_tier="batch")


def mix_of(*rows: tuple[MixKey, list[float]]) -> TokenMix:
    return TokenMix.of([(key, np.array([tokens]), np.zeros(1)) for key, tokens in rows])


def known(arrivals: float | None = None, prefix: int = 2000) -> CachingLever:
    return CachingLever(
        stable_prefix_tokens=prefix, prompt_tokens=4000, hit_share=0.5, arrivals_per_hour=arrivals
    )


TODAY = mix_of((BIG, [0, 20, 0, 80, 0]))
"""Four in five requests find the prefix."""


def test_half_of_the_requests_miss_as_often_as_the_gaps_are_longer(card: RateCard) -> None:
    """h = .8 becomes 1 − .2^½ = .5528 in both halves; what misses is written at 5 minutes."""
    half = TODAY.times(0.5)
    split = mix_of((BIG, half.tokens[0, 0].tolist()), (SMALL, (half.tokens[0, 0] * 1.25).tolist()))
    found = rebuilt(TODAY, split, card, None)
    hit = 1 - math.sqrt(0.2)
    assert found.tokens[0, 0] == pytest.approx([0, 50 * (1 - hit), 0, 50 * hit, 0])
    assert found.tokens[0, 1] == pytest.approx([0, 62.5 * (1 - hit), 0, 62.5 * hit, 0])


def test_where_requests_are_many_a_smaller_part_still_meets(card: RateCard) -> None:
    """850 requests an hour: misses come from what is new in a prompt, not from gaps."""
    found = rebuilt(TODAY, TODAY.times(0.3), card, known(850))
    assert found.tokens[0, 0] == pytest.approx(TODAY.tokens[0, 0] * 0.3, rel=1e-6)
    rare = rebuilt(TODAY, TODAY.times(0.5), card, known(6))
    kept = (1 - math.exp(-0.25)) / (1 - math.exp(-0.5))
    assert rare.tokens[0, 0, 3] == pytest.approx(40 * kept)


def test_a_model_that_caches_no_prefix_so_short_reads_nothing_back(card: RateCard) -> None:
    """`small` caches from 512 tokens on, `odd` has no minimum on file and is taken high."""
    split = mix_of((BIG, [0, 10, 0, 40, 0]), (BIG._replace(model="odd"), [5, 10, 0, 40, 3]))
    found = rebuilt(TODAY, split, card, known(850, prefix=3000))
    assert found.tokens[0, 1].tolist() == [55, 0, 0, 0, 3]


def test_a_hit_without_a_write_on_file_becomes_plain_input(card: RateCard) -> None:
    """Writes that are free are not reported; then nothing says how long the cache lives."""
    today = mix_of((BIG, [20, 0, 0, 80, 0]))
    found = rebuilt(today, today.times(0.5), card, known(6))
    kept = (1 - math.exp(-0.25)) / (1 - math.exp(-0.5))
    assert found.tokens[0, 0] == pytest.approx([10 + 40 * (1 - kept), 0, 0, 40 * kept, 0])


def test_the_part_that_stays_in_real_time_meets_less_often(card: RateCard) -> None:
    split = mix_of((BIG, [0, 10, 0, 40, 0]), (BATCH, [50, 0, 0, 0, 0]))
    found = rebuilt(TODAY, split, card, None)
    assert found.tokens[0, 0, 3] == pytest.approx(50 * (1 - math.sqrt(0.2)))
    assert found.tokens[0, 1].tolist() == [50, 0, 0, 0, 0]


def test_a_cache_that_gains_requests_keeps_its_hits(card: RateCard) -> None:
    today = mix_of((BIG, [0, 20, 0, 80, 0]), (SMALL, [0, 50, 0, 50, 0]))
    split = mix_of((BIG, [0, 10, 0, 40, 0]), (SMALL, [0, 62.5, 0, 100, 0]))
    found = rebuilt(today, split, card, None)
    assert found.tokens[0, 1].tolist() == [0, 62.5, 0, 100, 0]
    assert found.tokens[0, 0, 3] < 40


def test_routing_pays_less_where_it_breaks_a_cache(card: RateCard, day: date) -> None:
    """Per 1,000 tokens read back at a tenth, half of them routed to a model a quarter as dear
    with 1.25 the tokens. One request in twenty misses today, √.05 or 22 % in both halves."""
    today = mix_of((BIG, [0, 50, 0, 950, 10]))
    workload = Workload.model_validate(
        {
            "name": "w",
            "latency": {"needed_at_once": True},
            "routing": {
                "to_model": "small",
                "share": 0.5,
                "evidence": "measured",
                "token_ratio": 1.25,
            },
        }
    )
    choice = choose(today, workload, classify(workload), card, day)
    miss = math.sqrt(0.05)
    prefix = 1000 * (miss * 1.25 + (1 - miss) * 0.1) + 10 * 5
    both = 4e-6 * 0.5 * prefix + 1e-6 * 0.5 * 1.25 * prefix
    assert choice.unit_cost_before == pytest.approx(4e-6 * (62.5 + 95 + 50))
    assert choice.active == frozenset(), "writing twice costs more than the lighter model saves"
    assert both > choice.unit_cost_before
    assert any(n.startswith("routing saves nothing here") for n in choice.notes)
