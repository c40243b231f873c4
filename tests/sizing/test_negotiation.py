"""Reaching up, exchange rates and the value of a schedule, in a whole sizing."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from sizing_contracts import contract

from forecast.records.negotiation import RiskPreference
from forecast.records.terms import Fee, ListChange, Platform, UsageShare
from forecast.sizing.assessment import assess
from forecast.sizing.decision import size

LADDER = [(0, 0.0), (250_000, 0.10), (1_000_000, 0.15), (2_000_000, 0.25)]


def monthly_paths(n: int = 300, growth: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(21)
    trend = growth * np.arange(12) / 12
    return np.exp(rng.normal(11.4, 0.25, (n, 1)) + rng.normal(0, 0.1, (n, 12)) + trend).round(6)


def test_every_tier_above_says_what_reaching_for_it_costs() -> None:
    paths = monthly_paths()
    found = size(contract(LADDER), paths)
    above = [t for t in found.tiers if t.best_commitment_usd > found.commitment.recommended_usd]
    assert [r.commitment_usd for r in found.reaching_up] == [t.best_commitment_usd for t in above]
    assert len(found.reaching_up) == 2
    total = paths.sum(axis=1)
    for reach in found.reaching_up:
        theirs = assess(contract(LADDER), reach.commitment_usd, total[:, None])
        assert float(reach.expected_loss_usd) == pytest.approx(
            theirs.expected_cost_usd - float(found.commitment.cost.expected_usd), abs=0.02
        )
        assert reach.expected_loss_usd > 0
        assert reach.break_even_list_usd is not None
        even = float(reach.break_even_list_usd)
        assert reach.reach_probability == pytest.approx((total >= even).mean(), abs=0.004)
        at = np.array([[even]])
        ours = assess(contract(LADDER), found.commitment.recommended_usd, at).expected_cost_usd
        same = assess(contract(LADDER), reach.commitment_usd, at).expected_cost_usd
        assert ours == pytest.approx(same, abs=0.02)
        assert "breaks even at" in reach.sentence


def test_exchange_rates_are_ratios_of_the_clause_values() -> None:
    found = size(contract(LADDER, settlement="quarterly"), monthly_paths())
    values = {(v.clause, v.change): v.value_usd for v in found.clauses}
    point = next(v.value_usd for v in found.clauses if v.clause == "discount")
    assert {e.clause for e in found.exchange} >= {"rollover", "overage", "thresholds"}
    for row in found.exchange:
        assert row.discount_points == pytest.approx(
            float(values[row.clause, row.change] / point), abs=1e-3
        )
        assert row.points_standard_error >= 0
    assert "discount" not in {e.clause for e in found.exchange}


def test_a_growing_year_is_worth_its_own_schedule() -> None:
    found = size(contract([(0, 0.0), (1, 0.2)], settlement="quarterly"), monthly_paths(growth=0.9))
    assert found.schedule_value is not None
    amounts = found.schedule_value.amounts_usd
    assert list(amounts) == sorted(amounts)
    assert found.schedule_value.value_usd > 3 * found.schedule_value.standard_error_usd > 0
    cost = found.commitment.cost.expected_usd - found.schedule_value.value_usd
    assert abs(found.schedule_value.expected_cost_usd - cost) <= Decimal("0.02")


def test_a_preference_is_answered_beside_the_cheapest() -> None:
    plain = size(contract(LADDER), monthly_paths())
    found = size(contract(LADDER), monthly_paths(), preference=RiskPreference(waste_weight=2.0))
    assert plain.risk_choice is None
    assert found.risk_choice is not None
    assert found.headline == plain.headline
    assert found.risk_choice.commitment_usd < found.commitment.recommended_usd


def test_a_whole_order_form_is_sized_and_its_clauses_priced() -> None:
    terms = contract(
        LADDER,
        settlement="quarterly",
        fees=(Fee(name="seats", usd_per_month=Decimal(2000)),),
        platforms=(Platform(name="marketplace", counts_share=0.25),),
        usage_shares=(
            UsageShare(share=0.8),
            UsageShare(platform="marketplace", share=0.2),
        ),
        expected_list_changes=(ListChange(month=6, change_share=0.2, probability=0.5),),
        minimum_commitment_usd=Decimal(100_000),
        time_discount_rate=0.06,
    )
    found = size(terms, monthly_paths(150))
    by_clause = {v.clause: v.value_usd for v in found.clauses}
    for clause in ("price protection", "fees", "true-down", "payment days"):
        assert by_clause[clause] > 0, clause
    assert "eligible platforms" in by_clause
    assert by_clause["minimum commitment"] >= 0
    assert found.commitment.closed_form_percentile is None
    assert found.schedule_value is None


def test_positions_follow_from_the_values() -> None:
    paths = monthly_paths()
    terms = contract(LADDER)
    found = size(terms, paths)
    by_issue = {p.issue: p for p in found.positions}
    total = paths.sum(axis=1, keepdims=True)
    no_deal = float(found.commitment.no_deal_expected_cost_usd)

    def cost(amount: float) -> float:
        return assess(terms, amount, total).expected_cost_usd

    walk = float(by_issue["commitment"].walk_away.split()[0].replace(",", ""))
    assert cost(walk - 2) <= no_deal <= cost(walk + 2)
    amount = found.commitment.recommended_usd
    assert by_issue["commitment"].target == f"{amount:,.0f} USD"
    share = float(by_issue["discount"].walk_away.split()[0]) / 100
    at = contract([(0, share)])
    even = assess(at, amount, total).expected_cost_usd
    assert even == pytest.approx(no_deal, rel=2e-3)
    for value in found.clauses:
        is_asked = value.value_usd > 2 * value.standard_error_usd and value.value_usd > 0
        if value.clause != "discount" and is_asked:
            assert value.clause in by_issue


def test_a_dearer_number_says_what_it_would_have_to_bring() -> None:
    for move in size(contract(LADDER), monthly_paths()).moves:
        said = f"{move.extra_expected_cost_usd:,.0f} USD over the term"
        assert (move.extra_expected_cost_usd >= 1) == (said in move.to_justify)
