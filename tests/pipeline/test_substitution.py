"""The clause that a retired model's successor costs no more for the same text."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from test_costing import AS_OF, JANUARY, _daily

from forecast.paths import DemandPaths
from forecast.pipeline.costing import UnitCosts
from forecast.pipeline.schedule import scheduled
from forecast.pipeline.substitution import CHANGE, CLAUSE, substitution
from forecast.pipeline.workload_plans import plan_workloads, substituted_mix
from forecast.pricing.rate_cards import load_rate_card
from forecast.records.rates import RateCard
from forecast.records.terms import Terms, Tier
from forecast.records.workloads import BatchLever, Latency, OwnerState, Portfolio, Workload
from forecast.sizing.decision import size
from forecast.units import month_range

APRIL = date(2027, 4, 1)


def card_retiring(model: str, successor: str) -> RateCard:
    card = load_rate_card(AS_OF)
    facts = card.facts(model).model_copy(update={"retires_on": APRIL, "successor": successor})
    others = tuple(f for f in card.models if f.model != model)
    return card.model_copy(update={"models": (*others, facts)})


def priced(card: RateCard, model: str, *workloads: Workload):
    portfolio = Portfolio(workloads=workloads)
    plans = plan_workloads(
        _daily(model, input_tokens=1_000_000),
        portfolio,
        card,
        names=("nightly",),
        as_of=AS_OF,
        term_start=JANUARY,
        n_scenarios=4,
        rng=np.random.default_rng(0),
    )
    demand = DemandPaths(month_range(JANUARY, 12), ("nightly",), np.full((4, 12, 1), 1e9))
    plans = scheduled(plans, demand, portfolio, card, AS_OF).plans
    return demand, plans, substitution(demand, plans, card)


def test_a_dearer_successor_leaves_the_work_at_the_retired_price() -> None:
    card = card_retiring("claude-haiku-4-5", "claude-sonnet-5-5")
    _, plans, found = priced(card, "claude-haiku-4-5")
    before, after = 1e-6, 2e-6 * 1.3  # Haiku 4.5, then Sonnet 5.5 with 30 % more tokens
    as_is = UnitCosts(plans[0], card)
    assert as_is.month(date(2027, 3, 1), frozenset())[0] == pytest.approx(before)
    assert as_is.month(APRIL, frozenset())[0] == pytest.approx(after)
    assert UnitCosts(plans[0], card, substituted_mix).month(APRIL, frozenset())[0] == pytest.approx(
        before
    )
    ((clause, change, monthly),) = found
    assert (clause, change) == (CLAUSE, CHANGE)
    assert monthly == pytest.approx(1e9 * before)


def test_a_cheaper_successor_is_taken_and_the_clause_is_worth_nothing() -> None:
    card = card_retiring("claude-sonnet-4-5", "claude-sonnet-5-5")  # 3 against 2 x 1.3
    _, plans, found = priced(card, "claude-sonnet-4-5")
    assert found == ()
    assert UnitCosts(plans[0], card, substituted_mix).month(APRIL, frozenset())[0] == pytest.approx(
        2e-6 * 1.3
    )


def test_levers_act_on_what_the_clause_leaves() -> None:
    batched = Workload(
        name="nightly",
        owner_state=OwnerState.SHIPPED,
        adoption_month=JANUARY,
        latency=Latency(needed_at_once=False, deadline_hours=1000),
        batch=BatchLever(share=1.0, evidence="measured"),
    )
    card = card_retiring("claude-haiku-4-5", "claude-sonnet-5-5")
    _, _, ((_, _, monthly),) = priced(card, "claude-haiku-4-5", batched)
    assert monthly == pytest.approx(1e9 * 1e-6 / 2, rel=1e-3)


def test_its_value_is_what_the_nine_months_after_cost_less() -> None:
    card = card_retiring("claude-haiku-4-5", "claude-sonnet-5-5")
    demand, plans, found = priced(card, "claude-haiku-4-5")
    units = UnitCosts(plans[0], card)
    monthly = np.array([[1e9 * units.month(m, frozenset())[0] for m in demand.months]] * 4)
    terms = Terms(
        term_start=JANUARY,
        term_months=12,
        tiers=(Tier(from_commitment_usd=0, discount_share=0.0),),
    )
    values = size(terms, monthly, repriced=found).clauses
    told = next(v for v in values if v.clause == CLAUSE)
    assert float(told.value_usd) == pytest.approx(9 * 1e9 * (2e-6 * 1.3 - 1e-6), abs=0.01)
