"""Traces and arrivals to hit shares, costs and evidence."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from forecast.errors import EvidenceError, UnknownModelError, UsageFormatError
from forecast.pipeline.cache_arrivals import replay_arrivals
from forecast.pipeline.cache_replay import replay_trace
from forecast.pipeline.cache_senders import ReplaySettings
from forecast.pricing.rate_cards import load_rate_card
from forecast.records.cache_replay import CacheReplayReport
from forecast.records.caching import HitBasis
from forecast.records.rates import RateCard
from forecast.tables import ARRIVALS, conform
from forecast.traces import RequestTrace, Sender

DAY = date(2026, 11, 22)
MINUTE = 60_000


@pytest.fixture(scope="module")
def card() -> RateCard:
    return load_rate_card(DAY)


def conversations(n_sessions: int, model: str, pause_ms: int = 2 * MINUTE) -> RequestTrace:
    """Sessions of five turns; a turn adds ten blocks of 100 tokens and five tokens on top."""
    turns = 5
    n = n_sessions * turns
    turn, session = np.divmod(np.arange(n), n_sessions)
    lengths = 10 * (turn + 1)
    blocks = [1000 * s + np.arange(k) for s, k in zip(session, lengths, strict=True)]
    return RequestTrace(
        time_ms=turn * pause_ms,
        input_tokens=100 * lengths + 5,
        block_tokens=np.full(n, 100),
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        blocks=np.concatenate(blocks),
        sender=np.zeros(n, dtype=np.int64),
        senders=(Sender("anthropic", "", model),),
        session=session,
        sessions_named=True,
        sender_places=(("sessions.json", 7),),
    )


def answered(trace: RequestTrace, card: RateCard, **settings: object) -> CacheReplayReport:
    chosen = ReplaySettings(DAY, **settings)  # type: ignore[arg-type]
    return replay_trace(trace, card, chosen, rng=np.random.default_rng(0))


def test_conversations_are_replayed_and_priced(card: RateCard) -> None:
    """Of 15,000 block tokens a session 10,000 are read at .05; 5,000 are written; 25 are sent."""
    report = answered(conversations(10, "claude-opus-5-5"), card)
    five = next(o for o in report.lifetimes if o.ttl == "5m")
    assert (five.read_tokens, five.written_tokens, five.uncached_tokens) == (100_000, 50_000, 250)
    assert five.hit_share_per_block == pytest.approx(2 / 3)
    assert five.hit_share_per_input_token == pytest.approx(100_000 / 150_250)
    assert five.break_even_hit_share == pytest.approx(0.25 / 1.2)
    assert five.input_cost_multiple == pytest.approx((5_000 + 62_500 + 250) / 150_250)
    assert report.best == "5m"
    assert report.best_by_session_shares == {"none": 0.0, "5m": 1.0, "1h": 0.0}
    assert report.evidence is not None
    assert {band.basis for band in report.evidence.bands} == set(HitBasis)
    assert report.mean_prompt_tokens == pytest.approx(3005)


def test_slow_conversations_need_the_longer_lifetime(card: RateCard) -> None:
    report = answered(conversations(10, "claude-opus-5-5", 20 * MINUTE), card)
    shares = {o.ttl: o.hit_share_per_marked_token for o in report.lifetimes}
    assert shares == pytest.approx({"none": 2 / 3, "5m": 0.0, "1h": 2 / 3})
    assert report.best == "1h"


def test_the_minimum_prefix_is_that_of_the_model(card: RateCard) -> None:
    """Opus 4.5 caches from 4,096 tokens: the fifth turn alone is long enough, and reads nothing."""
    report = answered(conversations(10, "claude-opus-4-5"), card)
    assert [(m.model, m.tokens, m.known) for m in report.minimum_prefixes] == [
        ("claude-opus-4-5", 4096, True)
    ]
    found = report.lifetimes[0]
    assert (found.read_tokens, found.written_tokens) == (0, 50_000)
    assert report.best == "none"
    lower = answered(conversations(10, "claude-opus-4-5"), card, min_prefix_tokens=0)
    assert lower.lifetimes[0].read_tokens == 100_000


def test_another_model_can_be_taken(card: RateCard) -> None:
    report = answered(conversations(10, "claude-opus-4-5"), card, model="claude-opus-5-5")
    assert report.models == ("claude-opus-5-5",)
    assert report.lifetimes[0].read_tokens == 100_000


def test_a_model_nobody_prices_is_refused_with_the_cell(card: RateCard) -> None:
    with pytest.raises(UnknownModelError, match="gpt-nine") as refused:
        answered(conversations(2, "gpt-nine"), card)
    error = refused.value
    assert (error.file, error.row, error.column) == ("sessions.json", 7, "model")
    with pytest.raises(UnknownModelError, match="column --model"):
        answered(conversations(2, "claude-opus-5-5"), card, model="gpt-nine")


def test_without_a_model_nothing_is_priced(card: RateCard) -> None:
    report = answered(conversations(10, ""), card)
    assert report.best is None
    assert report.batch == ()
    assert all(o.input_cost_multiple is None for o in report.lifetimes)
    assert report.lifetimes[1].read_tokens == 100_000
    assert any("names no model" in note for note in report.notes)


def test_few_sessions_make_no_evidence(card: RateCard) -> None:
    report = answered(conversations(7, "claude-opus-5-5"), card)
    assert report.evidence is None
    assert report.lifetimes[1].lower_share is None
    assert any("7 sessions cannot say how sure" in note for note in report.notes)


def test_ways_of_marking_are_compared_and_one_is_taken(card: RateCard) -> None:
    trace = conversations(10, "claude-opus-5-5")
    every = answered(trace, card)
    reads = {m.placing: m.hit_share_per_input_token for m in every.markings if m.ttl == "5m"}
    assert reads["end"] == pytest.approx(reads["every_block"])
    assert reads["parts"] <= reads["every_block"]
    parts = answered(trace, card, placing="parts")
    assert parts.lifetimes[1].hit_share_per_input_token == pytest.approx(reads["parts"])
    assert parts.evidence is not None
    assert parts.mean_marked_tokens is not None
    assert every.mean_marked_tokens is not None
    assert parts.mean_marked_tokens < every.mean_marked_tokens


def test_the_same_seed_gives_the_same_answer(card: RateCard) -> None:
    trace = conversations(12, "claude-opus-5-5")
    assert answered(trace, card) == answered(trace, card)


def histograms(*rows: tuple[str, str, int | None, int | None, int]) -> pd.DataFrame:
    """Rows of api_key, prefix, at_least, below, requests."""
    names = ["api_key", "prefix", "at_least", "below", "requests"]
    frame = pd.DataFrame(rows, columns=names).astype({"at_least": "Int64", "below": "Int64"})
    plain = {"workload": "", "workspace": "", "tag": "", "model": "claude-opus-5-5", "pooled": 0}
    return conform(frame.assign(measure="gap_seconds", **plain), ARRIVALS)


NIGHTLY = histograms(
    ("nightly", "p", None, None, 10),
    ("nightly", "p", 150, 300, 600),
    ("nightly", "p", 1800, 3600, 300),
    ("nightly", "p", 3600, 7200, 90),
    ("chat", "q", None, None, 50),
    ("chat", "q", 5, 10, 50),
)


def test_arrivals_give_the_hit_share_of_a_stable_prefix() -> None:
    """Of 1,000 nightly requests 600 come within five minutes, 900 within the hour."""
    report = replay_arrivals(
        NIGHTLY,
        ReplaySettings(DAY, source="arrivals.parquet"),
        only={"api_key": "night*"},
        reusable_share=0.9,
        rng=np.random.default_rng(0),
    )
    assert report.evidence is not None
    bands = {band.ttl: band for band in report.evidence.bands}
    assert bands["5m"].hit_share == pytest.approx(0.54)
    assert bands["1h"].hit_share == pytest.approx(0.81)
    assert {band.basis for band in bands.values()} == {HitBasis.GAP_HISTOGRAM}
    sampling = 0.9 * 1.2816 * (0.6 * 0.4 / 1000) ** 0.5
    assert bands["5m"].upper_share == pytest.approx(0.54 + 0.05 + sampling, abs=1e-5)
    assert report.n_sessions == 10


def test_arrivals_that_say_nothing_are_refused() -> None:
    terms = {"settings": ReplaySettings(DAY), "rng": np.random.default_rng(0)}
    with pytest.raises(EvidenceError, match="no gaps between requests"):
        replay_arrivals(NIGHTLY, only={"api_key": "nobody"}, **terms)  # type: ignore[arg-type]
    with pytest.raises(UsageFormatError, match="column colour: is no column of a sender"):
        replay_arrivals(NIGHTLY, only={"colour": "*"}, **terms)  # type: ignore[arg-type]
