"""Both errors about latency in money and experience, and what batch takes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.levers.batch import move_to_batch
from forecast.levers.batch_economics import (
    MAX_BYTES,
    MAX_REQUESTS,
    BatchVolume,
    batch_economics,
    batches_per_day,
)
from forecast.levers.classification import classify
from forecast.levers.latency_errors import AtStake, latency_guard
from forecast.levers.prices import DayPrices
from forecast.levers.turnaround import miss_probability
from forecast.mix import TokenMix
from forecast.records.batch import BatchLever
from forecast.records.guard import ErrorCell, LatencyGuard
from forecast.records.latency import Latency
from forecast.records.rates import RateCard
from forecast.records.usage import MixKey
from forecast.records.workloads import Workload

STAKE = AtStake(saving_usd=120_000.0, requests_per_month=30_000.0, term_months=12)


def guarded(stake: AtStake = STAKE, **latency: object) -> LatencyGuard:
    workload = Workload(name="w", latency=Latency.model_validate(latency), batch=BatchLever())
    return latency_guard(workload, classify(workload), stake)


def cells(guard: LatencyGuard) -> dict[tuple[str, str], ErrorCell]:
    return {(c.truth, c.tier): c for c in guard.errors}


def test_a_worked_two_by_two() -> None:
    """120,000 USD to save, 4.8 % of 30,000 results a month late at a deadline of eight hours."""
    late = miss_probability(8)
    guard = guarded(needed_at_once=False, deadline_hours=8, answered_by="Ana")
    assert guard.late_share == pytest.approx(late)
    assert guard.batch_saving_usd == Decimal("120000.00")
    assert float(guard.fallback_usd) == pytest.approx(120_000 * late, abs=0.01)
    assert guard.late_requests_per_month == pytest.approx(30_000 * late)
    worth = 120_000 * (1 - late) / (30_000 * late * 12)
    assert guard.break_even_usd_per_late_result is not None
    assert float(guard.break_even_usd_per_late_result) == pytest.approx(worth, abs=0.01)
    four = cells(guard)
    assert len(four) == 4
    wasted = four["consumed_later", "real_time"]
    assert float(wasted.list_usd) == pytest.approx(120_000 * (1 - late), abs=0.01)
    broken = four["needed_at_once", "batch"]
    assert broken.list_usd == Decimal("-120000.00")
    assert broken.wait_hours_p50 == pytest.approx(0.38, abs=0.01)
    assert broken.wait_hours_p95 == pytest.approx(7.8, abs=0.1)
    assert broken.late_share == pytest.approx(0.957, abs=0.001)
    assert [c.is_ours for c in guard.errors] == [False, True, False, False]


@pytest.mark.parametrize(
    ("latency", "ours"),
    [
        ({}, {("consumed_later", "real_time"), ("needed_at_once", "real_time")}),
        ({"needed_at_once": True}, {("needed_at_once", "real_time")}),
        ({"needed_at_once": False}, {("consumed_later", "batch")}),
        ({"needed_at_once": False, "deadline_hours": 1}, {("consumed_later", "real_time")}),
        ({"needed_at_once": False, "agent_loop": True}, {("consumed_later", "real_time")}),
    ],
)
def test_the_inventory_stands_in_its_cell(
    latency: dict[str, object], ours: set[tuple[str, str]]
) -> None:
    found = {place for place, cell in cells(guarded(**latency)).items() if cell.is_ours}
    assert found == ours


def test_without_a_deadline_nothing_is_late_and_nothing_is_guessed() -> None:
    guard = guarded(needed_at_once=False)
    assert (guard.late_share, guard.fallback_usd) == (0.0, Decimal("0.00"))
    assert guard.break_even_usd_per_late_result is None


def test_without_request_counts_the_late_ones_are_unknown() -> None:
    stake = AtStake(saving_usd=1000.0, requests_per_month=None, term_months=12)
    guard = guarded(stake, needed_at_once=False, deadline_hours=8)
    assert guard.late_requests_per_month is None
    assert guard.break_even_usd_per_late_result is None


def test_where_batch_costs_more_real_time_is_right() -> None:
    stake = AtStake(saving_usd=-500.0, requests_per_month=10.0, term_months=12)
    four = cells(guarded(stake, needed_at_once=False, deadline_hours=24))
    assert four["consumed_later", "real_time"].said.startswith("right")
    assert four["consumed_later", "batch"].list_usd > 0


@given(st.floats(0.5, 100), st.floats(0, 1e7))
def test_money_of_the_right_answers_adds_up(deadline: float, saving: float) -> None:
    stake = AtStake(saving_usd=saving, requests_per_month=1.0, term_months=12)
    guard = guarded(stake, needed_at_once=False, deadline_hours=deadline)
    wasted = cells(guard)["consumed_later", "real_time"].list_usd
    assert abs(wasted + guard.fallback_usd - guard.batch_saving_usd) <= Decimal("0.02")


@given(st.floats(0, 1e7), st.floats(1, 1e6), st.integers(1, 48), st.floats(0, 1))
def test_every_batch_keeps_both_limits(
    requests: float, size: float, submissions: int, share: float
) -> None:
    lever = BatchLever(request_bytes=size, submissions_per_day=submissions, share=share)
    n, _ = batches_per_day(lever, BatchVolume(requests, None))
    assert n is not None
    if requests * share == 0:
        assert n == 0
        return
    assert n % submissions == 0
    per_batch = requests * share / n
    assert per_batch <= MAX_REQUESTS * (1 + 1e-9)
    assert per_batch * size <= MAX_BYTES * (1 + 1e-9)
    fewer = n - submissions
    if fewer > 0:
        per_batch = requests * share / fewer
        assert per_batch > MAX_REQUESTS or per_batch * size > MAX_BYTES


def test_unknown_requests_make_an_unknown_number_of_batches() -> None:
    assert batches_per_day(BatchLever(), BatchVolume(None, None))[0] is None


def economics(card: RateCard, day: date, **lever: object):
    """A million units a month of 4 USD input each, half of it searches that do not get cheaper."""
    key = MixKey("anthropic", "big")
    fast = key._replace(speed="fast")
    mix = TokenMix.of(
        [
            (key, np.array([[0.8, 0, 0, 0, 0.0]]), np.array([1e-5])),
            (fast, np.array([[0.1, 0, 0, 0, 0.0]]), np.zeros(1)),
        ]
    )
    moved = move_to_batch(mix, 1.0)
    return batch_economics(
        BatchLever.model_validate(lever),
        BatchVolume(1000.0, 1000.0),
        mix,
        moved,
        DayPrices(card, day),
        as_is_usd_per_month=4100.0,
    )


def test_web_searches_are_not_halved_and_fast_mode_stays(card: RateCard, day: date) -> None:
    """Per unit: 3.2 in tokens, 0.1 in searches and 0.8 in fast mode, millionths of a dollar."""
    found = economics(card, day)
    assert found.list_saving_usd_per_month == Decimal("1600.00")
    assert found.web_search_usd_per_month == Decimal("100.00")
    assert found.fast_mode_share == pytest.approx(0.8 / 4.1)
    assert "is not stated" in found.verdict


def test_pay_back(card: RateCard, day: date) -> None:
    found = economics(card, day, build_usd="5600", orchestration_usd_per_month="200")
    assert found.net_saving_usd_per_month == Decimal("1400.00")
    assert found.pay_back_months == pytest.approx(4.0)
    never = economics(card, day, orchestration_usd_per_month="1600")
    assert never.pay_back_months is None
    assert "leave it in real time" in never.verdict
