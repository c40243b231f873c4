"""The search under every clause: never worse than a grid, and the laws of the clauses."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from clause_contracts import GROUPS, clause_contracts, consumption, usage_of
from hypothesis import given, settings
from hypothesis import strategies as st
from sizing_contracts import contract

from forecast.errors import PathsError
from forecast.records.terms import Credit, Fee, ListChange, Platform, PriceProtection, Terms, Tier
from forecast.sizing.assessment import assess
from forecast.sizing.consumption import Consumption, for_settlement
from forecast.sizing.search import best_commitment


def grid_best(terms: Terms, paths: Any, best: Decimal) -> float:
    """The cheapest of a fine grid, of the neighbourhood of `best`, and of every threshold."""
    total = float(assess(terms, Decimal(0), paths).cost.max()) + 1000
    floors = [terms.threshold_usd(t) for t in terms.tiers] + [terms.minimum_commitment_usd]
    points = [Decimal(str(round(x, 2))) for x in np.linspace(0.01, 1.5 * total, 60)]
    points += [best * Decimal(str(f)) for f in (0.9, 0.99, 0.999, 1.001, 1.01, 1.1)]
    points += [f + d for f in floors for d in (Decimal(0), Decimal("0.01"), Decimal("-0.01"))]
    least = terms.over_term_usd(terms.minimum_commitment_usd)
    usable = [p for p in points if p > 0 and p >= least]
    return min(assess(terms, p.quantize(Decimal("0.01")), paths).expected_cost_usd for p in usable)


@st.composite
def contracts_on_paths(draw: st.DrawFn) -> tuple[Terms, Any]:
    terms = draw(clause_contracts())
    return terms, for_settlement(terms, consumption(draw(usage_of(terms.term_months, 3))))


@given(contracts_on_paths())
@settings(max_examples=30, deadline=None)
def test_no_commitment_of_a_grid_is_cheaper(drawn: tuple[Terms, Any]) -> None:
    terms, paths = drawn
    best = best_commitment(terms, paths)
    found = assess(terms, best.commitment_usd, paths).expected_cost_usd
    assert found == pytest.approx(best.expected_cost_usd, abs=1e-6)
    # A cent of rounding moves every period by its part, at the dearest unit beyond.
    assert found <= grid_best(terms, paths, best.commitment_usd) + 0.05
    assert found <= best.no_deal_expected_cost_usd + 1e-6


def on_lognormal(terms: Terms, n: int = 200, seed: int = 5) -> Any:
    rng = np.random.default_rng(seed)
    level = rng.normal(0, 0.3, (n, 1))
    by_group = {
        g: np.exp(rng.normal(np.log(30_000), 0.2, (n, terms.term_months)) + level) for g in GROUPS
    }
    return for_settlement(terms, Consumption(by_group))


LADDER = [(0, 0.0), (300_000, 0.1), (700_000, 0.2)]


def best_cost(terms: Terms) -> float:
    return best_commitment(terms, on_lognormal(terms)).expected_cost_usd


CHANGES = (
    ListChange(month=4, change_share=-0.3, probability=0.4),
    ListChange(month=7, change_share=0.4, probability=0.4),
)


def test_the_lower_of_locked_and_list_never_costs_more() -> None:
    follow = contract(LADDER, expected_list_changes=CHANGES)
    lower = PriceProtection(cuts_pass_through=True)
    assert best_cost(follow.model_copy(update={"price_protection": lower})) <= best_cost(follow)
    capped = PriceProtection(list_prices="follow", cap_on_rises_share=0.1)
    assert best_cost(follow.model_copy(update={"price_protection": capped})) <= best_cost(follow)


@pytest.mark.parametrize(
    "friendlier",
    [
        {"on_exhaustion": "early_renewal"},
        {"credits": (Credit(usd=Decimal(9000), expires_after_months=6),)},
        {"overage": "committed_rate"},
        {"tiers": contract([(0, 0.0), (250_000, 0.1), (600_000, 0.2)]).tiers},
    ],
)
def test_a_friendlier_clause_never_costs_more(friendlier: dict[str, Any]) -> None:
    base = contract(LADDER, fees=(Fee(name="seats", usd_per_month=Decimal(500), counts=True),))
    assert best_cost(base.model_copy(update=friendlier)) <= best_cost(base) + 0.01


def test_no_path_is_cheaper_than_its_own_hindsight() -> None:
    terms = contract(
        LADDER,
        fees=(Fee(name="seats", usd_per_month=Decimal(900), counts=True),),
        platforms=(Platform(name="marketplace", counts_share=0.5),),
        monthly_minimum_share=0.02,
    )
    paths = on_lognormal(terms, 25)
    settled = assess(terms, best_commitment(terms, paths).commitment_usd, paths)
    for m, cost in enumerate(settled.cost):
        own = best_commitment(terms, paths.rows(slice(m, m + 1)))
        assert cost >= own.expected_cost_usd - 0.01


def test_two_halves_average_to_the_whole() -> None:
    terms = contract(LADDER, credits=(Credit(usd=Decimal(7000), expires_after_months=4),))
    paths = on_lognormal(terms, 40)
    for commitment in (Decimal(0), Decimal(250_000), Decimal(640_000)):
        halves = [
            assess(terms, commitment, paths.rows(part)).expected_cost_usd
            for part in (slice(0, 20), slice(20, 40))
        ]
        whole = assess(terms, commitment, paths).expected_cost_usd
        assert whole == pytest.approx(sum(halves) / 2)


def test_a_minimum_commitment_leaves_nothing_between_it_and_no_deal() -> None:
    free = contract(LADDER)
    best = best_commitment(free, on_lognormal(free))
    above = contract(LADDER, minimum_commitment_usd=best.commitment_usd * 2)
    found = best_commitment(above, on_lognormal(above))
    assert found.commitment_usd in (0, best.commitment_usd * 2)
    assert found.expected_cost_usd > best.expected_cost_usd
    below = contract(LADDER, minimum_commitment_usd=best.commitment_usd / 2)
    assert best_commitment(below, on_lognormal(below)).commitment_usd == best.commitment_usd


def test_usage_that_counts_for_a_quarter_asks_for_less_commitment() -> None:
    whole = contract([(0, 0.0), (1, 0.2)])
    quarter = contract(
        [(0, 0.0), (1, 0.2)], platforms=(Platform(name="marketplace", counts_share=0.25),)
    )
    ours = best_commitment(whole, on_lognormal(whole))
    theirs = best_commitment(quarter, on_lognormal(quarter))
    assert theirs.commitment_usd < ours.commitment_usd


def test_groups_that_a_clause_needs_are_asked_for() -> None:
    terms = contract(LADDER, platforms=(Platform(name="marketplace", counts_share=0.25),))
    with pytest.raises(PathsError, match=r"platforms need usage told apart.*usage_shares"):
        best_commitment(terms, np.ones((3, 12)))
    fees = contract(LADDER, fees=(Fee(name="seats"),))
    with pytest.raises(PathsError, match="fees needs one column for each of the 12 months"):
        best_commitment(fees, np.ones((3, 1)))


def test_scaling_all_dollars_scales_the_best_cost() -> None:
    def scaled(factor: int) -> Terms:
        return contract(
            [(floor * factor, d) for floor, d in LADDER],
            monthly_minimum_share=0.03,
            fees=(Fee(name="seats", usd_per_month=Decimal(400 * factor), counts=True),),
            credits=(Credit(usd=Decimal(5000 * factor), expires_after_months=5, counts=False),),
            expected_list_changes=CHANGES,
        )

    paths = on_lognormal(scaled(1))
    once = best_commitment(scaled(1), paths).expected_cost_usd
    assert best_commitment(scaled(3), paths.times(3.0)).expected_cost_usd == pytest.approx(
        3 * once, abs=0.05
    )


def test_a_family_discount_of_its_own_is_worth_what_the_family_uses() -> None:
    flat = contract([(0, 0.0), (1, 0.2)])
    tier = Tier.model_validate(
        {
            "from_commitment_usd": 1,
            "discount_share": 0.2,
            "families": [{"family": "haiku", "discount_share": 0.3}],
        }
    )
    own = flat.model_copy(update={"tiers": (flat.tiers[0], tier)})
    assert best_cost(own) < best_cost(flat)
