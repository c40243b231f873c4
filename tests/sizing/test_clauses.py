"""Clauses priced one step at a time."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from sizing_contracts import contract, random_contract

from forecast.paths import period_totals
from forecast.records.terms import Terms
from forecast.sizing.assessment import assess
from forecast.sizing.clauses import clause_steps, clause_values
from forecast.sizing.consumption import for_settlement
from forecast.sizing.search import best_commitment

LADDER = [(0, 0.0), (250_000, 0.10), (2_000_000, 0.25)]


@pytest.fixture(scope="module")
def monthly() -> np.ndarray:
    rng = np.random.default_rng(12)
    level = rng.normal(11.3, 0.3, (400, 1))
    return np.exp(level + rng.normal(0, 0.25, (400, 12))).round(6)


def asked(terms: Terms) -> dict[str, list[str]]:
    steps: dict[str, list[str]] = {}
    for clause, change, _ in clause_steps(terms):
        steps.setdefault(clause, []).append(change)
    return steps


def test_values_are_differences_of_two_optima(monthly: np.ndarray) -> None:
    terms = contract(LADDER, settlement="quarterly")
    values = {v.change: v for v in clause_values(terms, monthly)}
    ours = best_commitment(terms, period_totals(monthly, 3))
    for _, change, changed in clause_steps(terms):
        other_paths = for_settlement(changed, monthly)
        theirs = best_commitment(changed, other_paths)
        told = values[change]
        assert float(told.value_usd) == pytest.approx(
            ours.expected_cost_usd - theirs.expected_cost_usd, abs=0.02
        )
        assert told.commitment_change_usd == theirs.commitment_usd - ours.commitment_usd
        difference = (
            assess(terms, ours.commitment_usd, period_totals(monthly, 3)).cost
            - assess(changed, theirs.commitment_usd, other_paths).cost
        )
        assert float(told.standard_error_usd) == pytest.approx(
            difference.std(ddof=1) / 20, abs=0.006
        )


def test_the_same_paths_make_the_error_of_a_difference_small(monthly: np.ndarray) -> None:
    terms = contract(LADDER)
    point = next(v for v in clause_values(terms, monthly) if v.clause == "discount")
    best = best_commitment(terms, period_totals(monthly, 12))
    alone = assess(terms, best.commitment_usd, period_totals(monthly, 12)).sampling_error_usd
    assert float(point.standard_error_usd) < 0.1 * alone


def test_a_friendlier_clause_is_never_worth_less_than_nothing(monthly: np.ndarray) -> None:
    rng = np.random.default_rng(13)
    n = 0
    for _ in range(25):
        terms = random_contract(rng, rolls_over=bool(rng.random() < 0.4))
        discounts = [t.discount_share for t in terms.tiers]
        if terms.term_months > 12 or discounts != sorted(discounts):
            continue
        for value in clause_values(terms, monthly[:40, : terms.term_months]):
            n += 1
            # Pooling periods moves what is left at the end of the term, so only the rest is law.
            if value.clause != "settlement" or terms.unused_value_share == 0:
                assert value.value_usd >= Decimal("-0.01"), (terms, value)
    assert n > 50


def test_values_are_sorted_by_worth(monthly: np.ndarray) -> None:
    worth = [v.value_usd for v in clause_values(contract(LADDER), monthly)]
    assert worth == sorted(worth, reverse=True)


def test_only_steps_that_change_something_are_offered() -> None:
    plain = asked(contract(LADDER))
    assert set(plain) == {"discount", "overage", "unused value", "thresholds"}
    assert plain["overage"] == ["from list to 5 % off list", "from list to the committed rate"]

    quarterly = asked(contract(LADDER, settlement="quarterly", rollover_share=0.25))
    assert quarterly["rollover"] == [
        "from 25 % to 50 % of the unused",
        "from 25 % to 100 % of the unused",
    ]
    assert quarterly["rollover periods"] == ["from 1 to 2"]
    assert quarterly["settlement"] == ["from quarterly to annual"]

    at_rate = asked(contract(LADDER, overage="committed_rate", unused_value_share=0.8))
    assert not {"overage", "unused value"} & set(at_rate)

    one_tier = asked(contract([(0, 0.1)]))
    assert not {"thresholds", "discount"} & set(one_tier)


def test_overage_that_is_cheaper_elsewhere_has_no_step() -> None:
    assert "overage" not in asked(contract(LADDER, outside_discount_share=0.3))
    fixed = asked(contract(LADDER, outside_discount_share=0.3, usage_is_portable=False))
    assert "overage" in fixed
    assert fixed["portability"] == [
        "usage beyond the commitment may go elsewhere, at 30 % off list"
    ]


def test_a_long_term_settles_year_by_year_before_it_settles_once() -> None:
    assert asked(contract(LADDER, term_months=24))["settlement"] == ["from annual to term"]
    odd = contract(LADDER, term_months=18, settlement="quarterly")
    assert asked(odd)["settlement"] == ["from quarterly to term"]


def test_the_list_basis_has_its_shortfall_price() -> None:
    steps = asked(contract(LADDER, drawdown_basis="list"))
    assert steps["shortfall price"] == ["from face to the discounted price"]
