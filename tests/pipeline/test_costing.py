"""Pricing a mix forward, against arithmetic that a buyer can repeat."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from forecast.errors import WorkloadError
from forecast.mix import KEY_COLUMNS
from forecast.paths import DemandPaths
from forecast.pipeline.costing import UnitCosts, cost_paths
from forecast.pipeline.launches import separate_launches
from forecast.pipeline.schedule import scheduled
from forecast.pipeline.workload_plans import plan_workloads
from forecast.pricing.rate_cards import load_rate_card
from forecast.records.usage import TOKEN_COLUMNS, MixKey
from forecast.records.workloads import (
    BatchLever,
    Latency,
    Launch,
    OwnerState,
    Portfolio,
    RoutingLever,
    Rule,
    Workload,
)
from forecast.tables import DAILY_USAGE, conform
from forecast.units import month_range

AS_OF = date(2026, 10, 31)
JANUARY = date(2027, 1, 1)


def _daily(model: str = "claude-opus-5-5", **tokens: int) -> pd.DataFrame:
    day = {"day": pd.Timestamp(AS_OF), "workload": "nightly", "requests": 10, "web_searches": 0}
    key = dict(zip(KEY_COLUMNS, MixKey("anthropic", model), strict=True))
    return conform(
        pd.DataFrame([day | key | dict.fromkeys(TOKEN_COLUMNS, 0) | tokens]), DAILY_USAGE
    )


def _plans(daily: pd.DataFrame, *workloads: Workload, n: int = 4):
    card = load_rate_card(AS_OF)
    plans = plan_workloads(
        daily,
        Portfolio(workloads=workloads),
        card,
        names=("nightly",),
        as_of=AS_OF,
        term_start=JANUARY,
        n_scenarios=n,
        rng=np.random.default_rng(0),
    )
    demand = DemandPaths(month_range(JANUARY, 12), ("nightly",), np.full((1, 12, 1), 1e8))
    return scheduled(plans, demand, Portfolio(workloads=workloads), card, AS_OF).plans, card


def test_a_unit_costs_what_its_tokens_cost():
    plans, card = _plans(_daily(input_tokens=1_000_000, output_tokens=200_000))
    # 1,000,000 x 4 + 200,000 x 20 USD per million over 2,000,000 / 1.3 input-equivalent tokens
    expected = (4 + 4) / (2_000_000 / 1.3)
    assert UnitCosts(plans[0], card).month(JANUARY, frozenset())[0] == pytest.approx(expected)


def test_a_retirement_inside_a_month_is_weighted_by_days():
    plans, card = _plans(_daily("claude-sonnet-4-5", input_tokens=1_000_000))
    before, after = 3e-6, 2e-6 * 1.3
    november = UnitCosts(plans[0], card).month(date(2026, 11, 1), frozenset())[0]
    assert november == pytest.approx((29 * before + 1 * after) / 30)
    december = UnitCosts(plans[0], card).month(date(2026, 12, 1), frozenset())[0]
    assert december == pytest.approx(after)


def test_batch_halves_from_the_adoption_month_on():
    nightly = Workload(
        name="nightly",
        owner_state=OwnerState.SHIPPED,
        adoption_month=date(2027, 3, 1),
        latency=Latency(needed_at_once=False, deadline_hours=1000),
        batch=BatchLever(share=1.0, evidence="measured"),
    )
    plans, card = _plans(_daily(input_tokens=1_000_000), nightly)
    months = (date(2027, 2, 1), date(2027, 3, 1))
    demand = DemandPaths(months, ("nightly",), np.full((4, 2, 1), 1e9))
    costs = cost_paths(demand, plans, card)
    as_is = 1e9 * 4 / 1e6 * 1.3
    assert costs.decisions.as_is_usd == pytest.approx(as_is)
    assert costs.decisions.optimised_usd[:, 0, 0] == pytest.approx(as_is)
    assert costs.decisions.optimised_usd[:, 1, 0] == pytest.approx(as_is / 2, rel=1e-3)


def test_a_proposed_lever_is_potential_only():
    proposed = Workload(
        name="nightly",
        latency=Latency(needed_at_once=False, deadline_hours=48),
        batch=BatchLever(),
        adoption_month=JANUARY,
    )
    plans, card = _plans(_daily(input_tokens=1_000_000), proposed, n=300)
    demand = DemandPaths((JANUARY, date(2027, 9, 1)), ("nightly",), np.full((300, 2, 1), 1e9))
    found = cost_paths(demand, plans, card).decisions
    assert np.array_equal(found.optimised_usd, found.as_is_usd)
    assert found.potential_usd.mean() < found.as_is_usd.mean()
    assert found.potential_usd[:, 1].std() > 0  # slips and uncertain shares widen the band


def test_a_workload_without_demand_costs_nothing():
    plans, card = _plans(_daily())
    demand = DemandPaths((JANUARY,), ("nightly",), np.zeros((4, 1, 1)))
    found = cost_paths(demand, plans, card).decisions
    assert not found.as_is_usd.any()
    assert not found.optimised_usd.any()


def _idle_then_busy() -> pd.DataFrame:
    busy = _daily(input_tokens=1_000_000)
    idle = _daily()
    busy["day"] = pd.Timestamp(date(2026, 9, 30))
    return pd.concat([busy, idle], ignore_index=True)


def test_idle_days_with_rows_of_zeros_do_not_make_work_free():
    plans, card = _plans(_idle_then_busy())
    assert UnitCosts(plans[0], card).month(JANUARY, frozenset())[0] == pytest.approx(4e-6 * 1.3)


def test_demand_without_anything_to_price_it_by_is_refused():
    plans, card = _plans(_daily())
    demand = DemandPaths((JANUARY,), ("nightly",), np.ones((4, 1, 1)))
    with pytest.raises(WorkloadError, match="no usage with tokens"):
        cost_paths(demand, plans, card)


def test_a_stated_month_that_has_passed_starts_next_month():
    late = Workload(
        name="nightly",
        owner_state=OwnerState.ACCEPTED,
        adoption_month=date(2025, 1, 1),
        latency=Latency(needed_at_once=False, deadline_hours=1000),
        batch=BatchLever(),
    )
    plans, _ = _plans(_daily(input_tokens=1_000_000), late)
    assert plans[0].adoption_month == date(2026, 11, 1)


def test_a_routing_target_that_retires_is_followed_to_its_successor():
    routed = Workload(
        name="nightly",
        owner_state=OwnerState.MEASURED,
        routing=RoutingLever(to_model="claude-sonnet-4-5", evidence="measured"),
    )
    plans, card = _plans(_daily("claude-opus-4-6", input_tokens=1_000_000), routed)
    costs = UnitCosts(plans[0], card)
    levers = frozenset({"routing"})
    assert costs.month(date(2026, 10, 1), levers)[0] == pytest.approx(3e-6)
    assert costs.month(date(2026, 12, 1), levers)[0] == pytest.approx(2e-6 * 1.3)


def test_a_mix_that_changes_inside_the_window_is_said():
    before, after = _daily(input_tokens=1_000_000), _daily(input_tokens=1_000_000)
    before["day"] = pd.Timestamp(date(2026, 10, 10))
    after["service_tier"] = "batch"
    plans, _ = _plans(pd.concat([before, after], ignore_index=True))
    assert any("-50% in the last 14 days" in note for note in plans[0].choice.notes)


def test_a_launch_beside_running_traffic_is_priced_by_its_own_model():
    launch = Launch(
        month=date(2027, 1, 1),
        monthly_requests=1000,
        input_tokens_per_request=4500,
        output_tokens_per_request=100,
        model="claude-opus-5-5",
    )
    chat = Workload(name="nightly", launch=launch, match=(Rule(api_key="k"),))
    card = load_rate_card(AS_OF)
    daily = _daily("claude-haiku-4-5", input_tokens=1_000_000)
    split = separate_launches(Portfolio(workloads=(chat,)), daily, card, AS_OF)
    assert [w.name for w in split.workloads] == ["nightly", "nightly (launch)"]
    assert split.workloads[0].launch is None
    begun = chat.model_copy(
        update={"launch": launch.model_copy(update={"month": date(2026, 10, 1)})}
    )
    kept = separate_launches(Portfolio(workloads=(begun,)), daily, card, AS_OF)
    assert kept.workloads == (begun,)


@pytest.mark.parametrize(("orchestration", "active"), [("15", True), ("17", False)])
def test_batch_that_costs_more_to_run_than_it_saves_is_left_out(orchestration, active):
    """1,000,000 input tokens at 4 USD a million in four weeks: batch saves 2.17 USD a month."""
    later = Latency(needed_at_once=False)
    lever = BatchLever(
        evidence="measured", orchestration_usd_per_month=str(float(orchestration) * 2.174 / 16)
    )
    plans, _ = _plans(
        _daily(input_tokens=1_000_000), Workload(name="nightly", latency=later, batch=lever)
    )
    assert ("batch" in plans[0].choice.active) == active
    assert any("running it costs" in note for note in plans[0].choice.notes) != active
