"""Cold and primed batches, against the worked nightly job."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.levers.batch_caching import batch_choices

OPUS = {"write_multiples": {"5m": 1.25, "1h": 2.0}, "read_multiple": 0.05, "batch_multiple": 0.5}


def test_the_nightly_job_comes_out_of_the_multiples() -> None:
    """A million requests of 4,000 shared and 500 own tokens, 100 out, at 4 and 20 USD a million.

    Own input and output cost 2,000 in batch; the prefix is 16,000 uncached in real time.
    """
    by = {(c.choice, c.ttl): c for c in batch_choices(1_000_000, **OPUS)}
    rest = 0.5 * (500 * 4 + 100 * 20)
    assert rest + 16_000 * by["uncached", None].prefix_cost_multiple == pytest.approx(10_000)
    assert rest + 16_000 * by["cold", "5m"].prefix_cost_multiple == pytest.approx(12_000)
    assert rest + 16_000 * by["cold", "1h"].prefix_cost_multiple == pytest.approx(13_320)


def test_the_best_primed_job_hits_98_of_100() -> None:
    by = {(c.choice, c.ttl): c for c in batch_choices(10**9, primed_hit_share=0.98, **OPUS)}
    assert 2_000 + 16_000 * by["primed", "1h"].prefix_cost_multiple == pytest.approx(2_712)


@given(
    st.integers(1, 10_000),
    st.floats(0.3, 0.98),
    st.sampled_from([0.025, 0.05, 0.1]),
)
def test_a_primer_pays_from_the_requests_it_says(n: int, hits: float, read: float) -> None:
    terms = {**OPUS, "read_multiple": read, "primed_hit_share": hits}
    for choice in batch_choices(n, **terms):
        if choice.choice == "uncached":
            continue
        cheaper = choice.prefix_cost_multiple < 0.5 - 1e-12
        from_n = choice.pays_from_requests
        assert cheaper == (from_n is not None and n >= from_n)
        if not cheaper and choice.choice == "cold":
            assert choice.hit_share <= (choice.break_even_hit_share or 0)


def test_choices_come_cheapest_first() -> None:
    costs = [c.prefix_cost_multiple for c in batch_choices(3, **OPUS)]
    assert costs == sorted(costs)
