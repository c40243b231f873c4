"""What times alone say of the hit share, and how sure a few sessions are."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.levers.cache_replay.evidence import hit_band, nested, predictions, with_model_error
from forecast.levers.cache_replay.gap_model import (
    Predicted,
    hits_from_gaps,
    hits_from_hours,
    request_gaps,
    requests_by_hour,
    share_within,
)
from forecast.levers.cache_replay.intervals import MIN_CLUSTERS, cluster_interval
from forecast.levers.cache_replay.prefixes import prefix_tree
from forecast.levers.cache_replay.replay import replay, touch_gaps
from forecast.records.caching import HitBasis
from forecast.traces import RequestTrace, Sender

MINUTE = 60_000
HOUR = 60 * MINUTE


def sessions(n_sessions: int, n_requests: int, rng: np.random.Generator) -> RequestTrace:
    """Conversations that grow by a few blocks a turn, quick turns with pauses between them."""
    times, lengths, owner = [], [], []
    for session in range(n_sessions):
        pauses = rng.lognormal(3.5, 1.6, n_requests) * 1000
        times += list(np.cumsum(pauses) + rng.uniform(0, 10 * HOUR))
        lengths += list(20 + np.cumsum(rng.integers(1, 6, n_requests)))
        owner += [session] * n_requests
    order = np.argsort(times, kind="stable")
    time_ms = np.array(times)[order].astype(np.int64)
    n_blocks, session = np.array(lengths)[order], np.array(owner)[order]
    blocks = [
        1000 * s + np.arange(n) for s, n in zip(session.tolist(), n_blocks.tolist(), strict=True)
    ]
    return RequestTrace(
        time_ms=time_ms,
        input_tokens=64 * n_blocks + 10,
        block_tokens=np.full(len(time_ms), 64),
        offsets=np.concatenate([[0], np.cumsum(n_blocks)]),
        blocks=np.concatenate(blocks),
        sender=np.zeros(len(time_ms), dtype=np.int64),
        senders=(Sender("anthropic", "", "m"),),
        session=session,
        sessions_named=True,
    )


def test_gaps_predict_the_replay_of_sessions_and_bands_hold_it() -> None:
    trace = sessions(40, 25, np.random.default_rng(5))
    least = np.zeros(len(trace), dtype=np.int64)
    gaps = touch_gaps(trace, prefix_tree(trace), least)
    reusable = replay(trace, gaps, least, "none").hit_share
    found = predictions(trace, trace.session, reusable)
    for ttl in ("5m", "1h"):
        true = replay(trace, gaps, least, ttl).hit_share
        assert found[ttl, HitBasis.GAP_HISTOGRAM].hit_share == pytest.approx(true, abs=0.02)
        hours = found[ttl, HitBasis.HOURLY_ARRIVALS]
        assert hours.lower <= true <= hours.upper
        assert hours.upper == pytest.approx(reusable)


def test_random_arrivals_miss_what_bursts_hit() -> None:
    """Three bursts of 20 in 24 hours: nearly all hit, where 60 at random would miss most."""
    bursts = np.concatenate([h * HOUR + 1000 * np.arange(20) for h in (1, 9, 20)])
    one = np.zeros(len(bursts), dtype=np.int64)
    within = share_within(request_gaps(bursts, one), 5 * MINUTE)
    assert within == pytest.approx(57 / 59)
    spread = hits_from_hours(np.full(24, 60 / 24), 5 / 60)
    assert spread.hit_share == pytest.approx(1 - np.exp(-2.5 / 12))
    assert spread.lower <= hits_from_gaps(1.0, within) <= spread.upper


@given(st.floats(0.01, 500), st.floats(1, 400), st.sampled_from([5 / 60, 1.0]))
def test_the_band_holds_bursts_of_any_size_and_even_intervals(
    rate: float, size: float, hours: float
) -> None:
    """Bursts of m at random, n an hour in all, miss exp(−nT/m)/m; even ones miss all or none."""
    found = hits_from_hours(np.array([rate]), hours)
    assert found.lower - 1e-12 <= 1 - np.exp(-rate * hours / size) / size <= found.upper
    even = 1.0 if rate * hours > 1 else 0.0
    assert found.lower <= even <= found.upper


@given(st.lists(st.integers(0, 500), min_size=1, max_size=30), st.floats(0, 1))
def test_the_mean_lies_in_its_band_and_a_longer_lifetime_hits_more(
    counts: list[int], reusable: float
) -> None:
    hours = np.array(counts)
    short, long = (hits_from_hours(hours, t, reusable) for t in (5 / 60, 1.0))
    assert short.lower <= short.hit_share + 1e-12
    assert short.hit_share <= short.upper == reusable
    assert short.hit_share <= long.hit_share + 1e-12
    assert short.lower <= long.lower + 1e-12


def test_one_request_has_no_gap() -> None:
    assert share_within(request_gaps(np.array([5]), np.array([0])), 300_000) is None
    assert hits_from_hours(np.array([0]), 1.0, 0.7) == Predicted(0.0, 0.0, 0.7)


def test_requests_are_counted_by_group_and_clock_hour() -> None:
    times = np.array([0, 10, HOUR, HOUR + 1, 5 * HOUR])
    assert requests_by_hour(times, np.array([0, 1, 0, 0, 1])).tolist() == [1, 2, 1, 1]


def test_weaker_evidence_of_the_same_requests_is_never_surer() -> None:
    """From the trace, from its gaps, from its hours: each band holds the one before it."""
    trace = sessions(12, 10, np.random.default_rng(1))
    least = np.zeros(len(trace), dtype=np.int64)
    gaps = touch_gaps(trace, prefix_tree(trace), least)
    found = replay(trace, gaps, least, "5m")
    marked = found.read_tokens + found.written_tokens
    interval = cluster_interval(
        found.read_tokens.astype(float),
        marked.astype(float),
        trace.session,
        rng=np.random.default_rng(0),
    )
    assert interval is not None
    replayed = hit_band("5m", HitBasis.REPLAY, Predicted(found.hit_share, *interval))
    weaker = {
        basis: share
        for (ttl, basis), share in predictions(trace, trace.session, 0.9).items()
        if ttl == "5m"
    }
    bands = nested("5m", weaker, replayed)
    assert [band.basis for band in bands] == list(HitBasis)
    for stronger, other in pairwise(bands):
        assert other.lower_share <= stronger.lower_share
        assert stronger.upper_share <= other.upper_share


@given(st.floats(0, 1), st.floats(0, 0.3), st.lists(st.floats(0, 1), min_size=3, max_size=3))
def test_bands_nest_whatever_they_are_made_of(
    share: float, error: float, shares: list[float]
) -> None:
    lower, middle, upper = sorted(shares)
    found = {
        HitBasis.GAP_HISTOGRAM: with_model_error(share, error),
        HitBasis.HOURLY_ARRIVALS: Predicted(middle, lower, upper),
    }
    gaps, hours = nested("1h", found, None)
    assert hours.lower_share <= gaps.lower_share
    assert gaps.upper_share <= hours.upper_share


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    """Sessions of unequal length and luck: 80 % is promised."""
    rng = np.random.default_rng(7)
    held = 0
    for _ in range(300):
        whole = rng.lognormal(3, 0.7, 20)
        part = whole * rng.beta(6, 2, 20)
        found = cluster_interval(part, whole, np.arange(20), rng=rng)
        assert found is not None
        held += found[0] <= 0.75 <= found[1]
    assert 0.72 <= held / 300 <= 0.88


def test_more_sessions_are_surer_and_few_say_nothing() -> None:
    rng = np.random.default_rng(3)
    part = rng.beta(8, 2, 400)
    widths = []
    for k in (20, 100, 400):
        found = cluster_interval(part[:k], np.ones(k), np.arange(k), rng=rng)
        assert found is not None
        widths.append(found[1] - found[0])
    assert widths[0] > widths[1] > widths[2]
    few = MIN_CLUSTERS - 1
    assert cluster_interval(part[:few], np.ones(few), np.arange(few), rng=rng) is None
    assert cluster_interval(part, np.ones(400), np.zeros(400, dtype=int), rng=rng) is None


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_all_or_nothing_is_still_doubted(share: float) -> None:
    found = cluster_interval(
        np.full(10, share), np.ones(10), np.arange(10), rng=np.random.default_rng(0)
    )
    assert found is not None
    assert found[0] <= share <= found[1]
    assert found[1] - found[0] > 0.05


def test_a_gap_model_carries_its_error() -> None:
    assert with_model_error(0.5) == Predicted(0.5, 0.45, 0.55)
    assert with_model_error(0.02, 0.1).lower == 0.0
