"""Vendors' offers on our paths."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from sizing_contracts import contract

from forecast.errors import TermsError
from forecast.records.terms import Offer, Terms
from forecast.sizing.assessment import assess
from forecast.sizing.offers import score_offers
from forecast.sizing.search import best_commitment

OURS = [(0, 0.0), (250_000, 0.10), (1_000_000, 0.15)]


@pytest.fixture(scope="module")
def monthly() -> np.ndarray:
    rng = np.random.default_rng(14)
    return np.exp(rng.normal(11.4, 0.25, (500, 1)) + rng.normal(0, 0.1, (500, 12))).round(6)


def offer(name: str, tiers: list[tuple[Any, float]], usd: Any, **clauses: Any) -> Offer:
    terms = contract(tiers, **clauses).model_copy(update={"name": name})
    if isinstance(usd, list):
        return Offer(terms=terms, schedule_usd=tuple(Decimal(x) for x in usd))
    return Offer(terms=terms, commitment_usd=Decimal(usd))


def scored(terms: Terms, monthly: np.ndarray, *offers: Offer) -> list[Any]:
    return list(score_offers(terms, offers, monthly))


def test_an_offer_is_settled_under_its_own_terms(monthly: np.ndarray) -> None:
    terms = contract(OURS)
    their = offer("Q", [(0, 0.0), (500_000, 0.18)], 700_000, settlement="quarterly")
    (score,) = scored(terms, monthly, their)
    quarters = monthly.reshape(500, 4, 3).sum(axis=2)
    found = assess(their.terms, Decimal(700_000), quarters)
    assert score.expected_cost_usd == found.cost_risk.expected_usd
    assert score.p95_cost_usd == found.cost_risk.p95_usd
    assert score.waste_expected_usd == found.waste_risk.expected_usd
    assert score.discount_share == 0.18
    contracted = monthly.sum(axis=1) * 0.82
    assert score.percentile == pytest.approx((contracted <= 700_000).mean())
    best = best_commitment(terms, monthly.sum(axis=1, keepdims=True))
    assert float(score.regret_usd) == pytest.approx(
        found.expected_cost_usd - best.expected_cost_usd, abs=0.006
    )


def test_a_number_far_up_our_distribution_is_countered_with_a_smaller_one(
    monthly: np.ndarray,
) -> None:
    (score,) = scored(contract(OURS), monthly, offer("Big", [(0, 0.0), (300_000, 0.2)], 1_500_000))
    assert score.percentile > 0.9
    assert score.regret_usd > 100_000
    assert score.verdict.startswith("Counter with ")
    assert f"{100 * score.percentile:.1f}".removesuffix(".0") + " % point" in score.verdict


def test_the_counter_saves_what_it_says(monthly: np.ndarray) -> None:
    their = offer("Big", [(0, 0.0), (300_000, 0.2)], 1_500_000)
    (score,) = scored(contract(OURS), monthly, their)
    paths = monthly.sum(axis=1, keepdims=True)
    best = best_commitment(their.terms, paths)
    saved = assess(their.terms, Decimal(1_500_000), paths).expected_cost_usd - (
        best.expected_cost_usd
    )
    assert f"Counter with {best.commitment_usd:,.0f} USD" in score.verdict
    assert f"saves {saved:,.0f} USD on average" in score.verdict


def test_what_no_number_can_mend_is_walked_away_from(monthly: np.ndarray) -> None:
    (score,) = scored(
        contract(OURS), monthly, offer("Far", [(0, 0.0), (4_000_000, 0.3)], 4_000_000)
    )
    assert score.verdict.startswith("Walk away: it costs ")
    assert "no number under its clauses beats paying on demand" in score.verdict


def test_our_own_number_under_our_own_terms_is_accepted(monthly: np.ndarray) -> None:
    terms = contract(OURS)
    best = best_commitment(terms, monthly.sum(axis=1, keepdims=True))
    (score,) = scored(terms, monthly, offer("Same", OURS, best.commitment_usd))
    assert score.regret_usd == 0
    assert score.verdict.startswith("Accept: within 0.5 % of ")


def test_the_better_of_two_offers_is_the_alternative_to_the_other(monthly: np.ndarray) -> None:
    good = offer("Good", [(0, 0.0), (300_000, 0.25)], 600_000)
    fair = offer("Fair", [(0, 0.0), (300_000, 0.15)], 600_000)
    first, second = scored(contract(OURS), monthly, good, fair)
    assert first.verdict.startswith("Accept: ")
    assert "cheaper on average than" in first.verdict
    assert "'Good'" in second.verdict
    assert not second.verdict.startswith("Accept")


def test_when_no_other_number_helps_the_clauses_are_countered(monthly: np.ndarray) -> None:
    low = offer("Low", [(0, 0.0), (300_000, 0.05)], 300_000)
    best = best_commitment(low.terms, monthly.sum(axis=1, keepdims=True)).commitment_usd
    (score,) = scored(contract(OURS), monthly, offer("Low", [(0, 0.0), (300_000, 0.05)], best))
    assert score.verdict.startswith("Counter on the clauses: ")


def test_paying_on_demand_is_an_alternative(monthly: np.ndarray) -> None:
    terms = contract([(0, 0.0), (5_000_000, 0.15)], outside_discount_share=0.12)
    (score,) = scored(terms, monthly, offer("A", [(0, 0.0), (500_000, 0.10)], 500_000))
    assert score.verdict.startswith("Walk away: ")
    assert "paying on demand" in score.verdict


def test_what_tokens_cost_elsewhere_is_our_fact_not_the_offers(monthly: np.ndarray) -> None:
    terms = contract(OURS, outside_discount_share=0.08)
    silent = offer("Silent", [(0, 0.0), (300_000, 0.2)], 400_000)
    (score,) = scored(terms, monthly, silent)
    told = silent.terms.model_copy(update={"outside_discount_share": 0.08})
    found = assess(told, Decimal(400_000), monthly.sum(axis=1, keepdims=True))
    assert score.expected_cost_usd == found.cost_risk.expected_usd


def test_a_schedule_is_settled_as_it_stands(monthly: np.ndarray) -> None:
    ramp = offer(
        "Ramp",
        [(0, 0.0), (300_000, 0.2)],
        [50_000, 100_000, 150_000, 200_000],
        settlement="quarterly",
    )
    (score,) = scored(contract(OURS), monthly, ramp)
    quarters = monthly.reshape(500, 4, 3).sum(axis=2)
    found = assess(ramp.terms, list(ramp.schedule_usd or ()), quarters)
    assert score.commitment_usd == 500_000
    assert score.discount_share == 0.2
    assert score.expected_cost_usd == found.cost_risk.expected_usd
    level = assess(ramp.terms, Decimal(500_000), quarters)
    assert score.expected_cost_usd != level.cost_risk.expected_usd


def test_an_offer_of_nothing_costs_what_no_deal_costs(monthly: np.ndarray) -> None:
    (score,) = scored(contract(OURS), monthly, offer("None", OURS, 0))
    assert float(score.expected_cost_usd) == pytest.approx(monthly.sum(axis=1).mean(), abs=0.006)


@pytest.mark.parametrize("change", [{"term_months": 24}, {"term_start": "2028-01-01"}])
def test_another_term_cannot_be_compared(monthly: np.ndarray, change: dict[str, Any]) -> None:
    their = offer("Other", OURS, 500_000)
    terms = Terms.model_validate({**dict(their.terms), **change})
    with pytest.raises(TermsError, match="'Other' is for"):
        scored(contract(OURS), monthly, Offer(terms=terms, commitment_usd=Decimal(500_000)))


def test_no_offers_no_scores(monthly: np.ndarray) -> None:
    assert score_offers(contract(OURS), (), monthly) == ()


def test_what_makes_an_offer_acceptable_does(monthly: np.ndarray) -> None:
    terms = contract(OURS)
    asked = offer("Big", [(0, 0.0), (300_000, 0.14)], 950_000)
    (score,) = scored(terms, monthly, asked)
    assert score.answer in ("counter", "walk_away")
    paths = monthly.sum(axis=1, keepdims=True)
    limit = best_commitment(terms, paths).expected_cost_usd * 1.005
    by_clause = {change.clause: change for change in score.acceptable_with}
    assert {"commitment", "discount", "overage"} <= set(by_clause)
    for change in score.acceptable_with:
        assert float(change.expected_cost_usd) <= limit + 0.01
    smaller = Decimal(by_clause["commitment"].change.split()[1].replace(",", ""))
    assert assess(asked.terms, smaller, paths).expected_cost_usd <= limit + 1
    assert assess(asked.terms, smaller * Decimal("1.002"), paths).expected_cost_usd > limit
    share = float(by_clause["discount"].change.split()[0]) / 100
    less = asked.terms.model_copy(update={"tiers": contract([(0, share - 0.001)]).tiers})
    assert assess(less, Decimal(950_000), paths).expected_cost_usd > limit


def test_an_acceptable_offer_needs_no_change(monthly: np.ndarray) -> None:
    (score,) = scored(contract(OURS), monthly, offer("Good", [(0, 0.0), (300_000, 0.3)], 600_000))
    assert (score.answer, score.acceptable_with) == ("accept", ())
    assert score.p50_cost_usd <= score.p95_cost_usd <= score.cvar95_cost_usd


def test_a_schedule_is_scaled_and_keeps_its_shape(monthly: np.ndarray) -> None:
    their = offer(
        "Q",
        [(0, 0.0), (300_000, 0.14)],
        [200_000, 200_000, 250_000, 350_000],
        settlement="quarterly",
    )
    (score,) = scored(contract(OURS), monthly, their)
    assert score.answer != "accept"
    assert any(change.clause == "commitment" for change in score.acceptable_with)
