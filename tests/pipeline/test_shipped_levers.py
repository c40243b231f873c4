"""What has shipped counts as far as it shows; what is late slips the longer."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from forecast.levers.effects import draw_slip, mean_slip_months, started_share
from forecast.mix import KEY_COLUMNS
from forecast.paths import DemandPaths
from forecast.pipeline.costing import cost_paths
from forecast.pipeline.schedule import scheduled
from forecast.pipeline.shipped_levers import months_late
from forecast.pipeline.workload_plans import WorkloadPlan, plan_workloads
from forecast.pricing.rate_cards import load_rate_card
from forecast.records.usage import TOKEN_COLUMNS, MixKey, ServiceTier
from forecast.records.workloads import (
    BatchLever,
    Latency,
    OwnerState,
    Portfolio,
    RoutingLever,
    Workload,
)
from forecast.tables import DAILY_USAGE, conform
from forecast.units import month_range

AS_OF = date(2026, 10, 31)
JANUARY = date(2027, 1, 1)
BIG, SMALL = "claude-opus-5-5", "claude-haiku-5-5"


def days(n: int, **input_tokens: dict[MixKey, int]) -> pd.DataFrame:
    """Usage of the last `n` days; `early` before the last week, `late` in it."""
    rows = []
    for i in range(n):
        parts = input_tokens["late"] if i < 7 else input_tokens["early"]
        for key, tokens in parts.items():
            day = {"day": pd.Timestamp(AS_OF) - pd.Timedelta(days=i), "workload": "nightly"}
            named = dict(zip(KEY_COLUMNS, key, strict=True))
            counts = dict.fromkeys(TOKEN_COLUMNS, 0) | {"input_tokens": tokens}
            rows.append(day | named | counts | {"requests": 10, "web_searches": 0})
    return conform(pd.DataFrame(rows), DAILY_USAGE)


def saved_share(daily: pd.DataFrame, workload: Workload) -> float:
    """Share of the as-is cost of 2027 that its levers leave out, mean over scenarios."""
    (plan,), card = planned(daily, workload)
    months = month_range(JANUARY, 12)
    demand = DemandPaths(months, ("nightly",), np.full((50, 12, 1), 1e9))
    found = cost_paths(demand, [plan], card).decisions
    return 1 - float(found.optimised_usd.sum() / found.as_is_usd.sum())


def planned(daily: pd.DataFrame, workload: Workload) -> tuple[tuple[WorkloadPlan, ...], object]:
    card = load_rate_card(AS_OF)
    inventory = Portfolio(workloads=(workload,))
    plans = plan_workloads(
        daily,
        inventory,
        card,
        names=("nightly",),
        as_of=AS_OF,
        term_start=JANUARY,
        n_scenarios=50,
        rng=np.random.default_rng(0),
    )
    demand = DemandPaths(month_range(JANUARY, 12), ("nightly",), np.full((1, 12, 1), 1e9))
    return scheduled(plans, demand, inventory, card, AS_OF).plans, card


def nightly(state: str, **levers: object) -> Workload:
    waits = Latency(needed_at_once=False, deadline_hours=1000)
    return Workload(name="nightly", owner_state=state, latency=waits, **levers)


def moved(share: float) -> dict[MixKey, int]:
    """A day of which this share runs in batch."""
    batch = MixKey("anthropic", BIG, ServiceTier.BATCH.value)
    parts = {MixKey("anthropic", BIG): 1 - share, batch: share}
    return {key: round(1_000_000 * part) for key, part in parts.items() if part}


BATCH = {"batch": BatchLever(share=0.9)}


def test_half_of_what_was_stated_is_carried_forward_once_it_shipped() -> None:
    daily = days(28, early=moved(0.45), late=moved(0.45))
    assert saved_share(daily, nightly("shipped", **BATCH)) == 0
    (plan,), _ = planned(daily, nightly("shipped", **BATCH))
    (note,) = (n for n in plan.choice.notes if "has shipped" in n)
    assert "45 %" in note
    assert "90 % is stated" in note


def test_the_same_usage_saves_more_where_it_has_not_shipped() -> None:
    # 10 of 55 real-time parts stay, the other 45 cost half: 22.5 of 77.5, late by two months.
    daily = days(28, early=moved(0.45), late=moved(0.45))
    assert 0.15 < saved_share(daily, nightly("accepted", **BATCH)) < 22.5 / 77.5


def test_the_days_before_it_shipped_are_not_carried_forward() -> None:
    daily = days(28, early=moved(0.0), late=moved(0.8))
    (plan,), _ = planned(daily, nightly("shipped", **BATCH))
    by_tier = {key.service_tier: tokens.sum() for key, tokens, _ in plan.mix.parts()}
    assert by_tier["batch"] / sum(by_tier.values()) == pytest.approx(0.8)
    (waiting,), _ = planned(daily, nightly("accepted", **BATCH))
    tiers = {key.service_tier: tokens.sum() for key, tokens, _ in waiting.mix.parts()}
    assert tiers["batch"] / sum(tiers.values()) == pytest.approx(0.2)


def test_what_shipped_and_shows_nowhere_keeps_its_share() -> None:
    daily = days(28, early=moved(0.0), late=moved(0.0))
    assert saved_share(daily, nightly("shipped", **BATCH)) == pytest.approx(0.45, abs=0.02)


def test_routing_that_shipped_is_not_routed_again() -> None:
    big, small = MixKey("anthropic", BIG), MixKey("anthropic", SMALL)
    daily = days(28, early={big: 300_000, small: 700_000}, late={big: 300_000, small: 700_000})
    routing = {"routing": RoutingLever(to_model=SMALL, share=0.7)}
    assert saved_share(daily, nightly("measured", **routing)) == 0
    assert saved_share(daily, nightly("accepted", **routing)) > 0.3


@pytest.mark.parametrize("state", [OwnerState.ACCEPTED, OwnerState.SCHEDULED])
def test_each_month_of_delay_adds_one_to_the_delay_to_come(state: OwnerState) -> None:
    uniforms = (np.arange(200_000) + 0.5) / 200_000
    for late in (0, 3, 12):
        slip = draw_slip(state, uniforms, late)
        assert slip.mean() == pytest.approx(mean_slip_months(state, 0) + late, rel=0.01)
        for months in (0, 2, 6):
            within = float((slip <= months).mean())
            assert within == pytest.approx(started_share(state, months, late), abs=1e-4)


def test_what_has_shipped_or_states_no_month_is_never_late() -> None:
    april = date(2026, 4, 1)
    waited = nightly("accepted", adoption_month=april, **BATCH)
    assert months_late(waited, AS_OF) == 7
    assert months_late(nightly("shipped", adoption_month=april, **BATCH), AS_OF) == 0
    assert months_late(nightly("accepted", **BATCH), AS_OF) == 0
    assert months_late(None, AS_OF) == 0


def test_a_migration_that_is_late_saves_less_and_says_by_how_much_it_slips() -> None:
    daily = days(28, early=moved(0.0), late=moved(0.0))
    on_time = nightly("accepted", adoption_month=date(2026, 11, 1), **BATCH)
    late = nightly("accepted", adoption_month=date(2026, 5, 1), **BATCH)
    assert saved_share(daily, late) < 0.8 * saved_share(daily, on_time)
