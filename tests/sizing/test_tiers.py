"""Tiers side by side, what a move costs, and the curve."""

from __future__ import annotations

import itertools
import re
from decimal import Decimal

import numpy as np
import pytest
from sizing_contracts import contract, random_contract, random_paths

from forecast.sizing.assessment import assess
from forecast.sizing.curve import commitment_curve
from forecast.sizing.moves import indifference_discount, moves
from forecast.sizing.search import best_commitment
from forecast.sizing.tiers import break_even_consumption, share_reaching, tier_rows

LADDER = [(0, 0.0), (250_000, 0.08), (700_000, 0.12), (1_000_000, 0.20)]


@pytest.fixture(scope="module")
def paths() -> np.ndarray:
    return np.random.default_rng(6).lognormal(13.75, 0.3, (800, 1)).round(6)


def test_every_tier_has_its_row_and_only_one_is_recommended(paths: np.ndarray) -> None:
    terms = contract(LADDER)
    best = best_commitment(terms, paths)
    rows = tier_rows(terms, paths, best)
    assert [row.discount_share for row in rows] == [0.0, 0.08, 0.12, 0.20]
    assert [row.from_commitment_usd for row in rows] == [0, 250_000, 700_000, 1_000_000]
    recommended = [row for row in rows if row.verdict.startswith("Recommended")]
    assert [row.best_commitment_usd for row in recommended] == [best.commitment_usd]
    for row in rows:
        found = assess(terms, row.best_commitment_usd, paths)
        assert row.expected_cost_usd == found.cost_risk.expected_usd
        assert row.waste_expected_usd == found.waste_risk.expected_usd


def test_a_cent_below_a_threshold_is_not_called_the_threshold() -> None:
    demand = np.linspace(900_000, 1_500_000, 200)[:, None]
    terms = contract([(0, 0.0), (250_000, 0.10), (500_000, 0.14)])
    rows = tier_rows(terms, demand, best_commitment(terms, demand))
    assert rows[1].best_commitment_usd == Decimal("499999.99")
    assert rows[1].verdict.startswith("Stopping just below 500,000 USD costs ")


def test_reaching_up_says_what_it_loses_and_how_likely_it_pays(paths: np.ndarray) -> None:
    terms = contract(LADDER)
    best = best_commitment(terms, paths)
    top = tier_rows(terms, paths, best)[-1]
    told = re.fullmatch(
        r"Reaching up to 1,000,000 USD for 20 % off costs ([\d,]+) USD more on average\. It breaks "
        r"even at ([\d,]+) USD of list consumption over the term, which ([\d.]+) % of the paths "
        r"reach\.",
        top.verdict,
    )
    assert told is not None, top.verdict
    loss, even, share = (float(x.replace(",", "")) for x in told.groups())
    cheaper = (
        assess(terms, Decimal(1_000_000), paths).cost
        < assess(terms, best.commitment_usd, paths).cost
    )
    assert share == pytest.approx(100 * cheaper.mean(), abs=0.06)
    assert (paths[cheaper] >= even - 1).all()
    assert (paths[~cheaper] <= even + 1).all()
    assert loss == pytest.approx(
        assess(terms, Decimal(1_000_000), paths).expected_cost_usd - best.expected_cost_usd, abs=1
    )


def test_a_tier_that_never_pays_says_so(paths: np.ndarray) -> None:
    terms = contract([(0, 0.0), (1, 0.2), (5_000_000, 0.2)], overage="committed_rate")
    rows = tier_rows(terms, paths, best_commitment(terms, paths))
    assert rows[-1].verdict.endswith("It does not break even at any consumption.")


def test_when_nothing_pays_on_demand_is_recommended(paths: np.ndarray) -> None:
    terms = contract([(0, 0.0), (9_000_000, 0.2)])
    rows = tier_rows(terms, paths, best_commitment(terms, paths))
    assert rows[0].best_commitment_usd == 0
    assert rows[0].verdict.startswith("Recommended: commit nothing and pay on demand")


def test_break_even_is_where_both_cost_the_same() -> None:
    rng = np.random.default_rng(8)
    n_found = 0
    for _ in range(60):
        terms = random_contract(rng, rolls_over=bool(rng.random() < 0.3))
        drawn = random_paths(rng, terms, 20)
        best = best_commitment(terms, drawn)
        for found in best.per_tier:
            lower, higher = sorted((best.as_tier_optimum(), found), key=lambda t: t.commitment_usd)
            if lower.commitment_usd == higher.commitment_usd:
                continue
            even = break_even_consumption(terms, drawn, lower, higher)
            if even is None:
                continue
            n_found += 1
            path = even * drawn.mean(axis=0)[None, :] / drawn.mean(axis=0).sum()
            costs = [assess(terms, t.commitment_usd, path).cost[0] for t in (lower, higher)]
            assert costs[0] == pytest.approx(costs[1], abs=1e-3)
            below = [assess(terms, t.commitment_usd, 0.5 * path).cost[0] for t in (lower, higher)]
            assert below[0] <= below[1] + 1e-6
    assert n_found > 40


def test_the_share_that_reaches_counts_paths() -> None:
    assert share_reaching(np.array([[1.0], [2.0], [3.0], [4.0]]), 3.0) == 0.5


def test_moves_cost_what_settling_them_costs(paths: np.ndarray) -> None:
    terms = contract(LADDER)
    best = best_commitment(terms, paths)
    rows = moves(terms, paths, best)
    assert len({(m.commitment_usd, m.discount_share) for m in rows}) == len(rows)
    here = [
        m
        for m in rows
        if m.commitment_usd == best.commitment_usd and m.discount_share == best.tier.discount_share
    ]
    assert [m.extra_expected_cost_usd for m in here] == [0]
    by_contract = [
        m for m in rows if terms.tier_for(m.commitment_usd).discount_share == m.discount_share
    ]
    assert {m.commitment_usd for m in by_contract} == {m.commitment_usd for m in rows}
    for move in by_contract:
        found = assess(terms, move.commitment_usd, paths)
        assert float(move.extra_expected_cost_usd) == pytest.approx(
            found.expected_cost_usd - best.expected_cost_usd, abs=0.006
        )
        assert move.expected_unused_usd == found.waste_risk.expected_usd


def test_at_the_indifference_discount_we_do_not_mind(paths: np.ndarray) -> None:
    for clauses in ({}, {"drawdown_basis": "list"}, {"settlement": "term"}):
        terms = contract(LADDER, **clauses)
        best = best_commitment(terms, paths)
        for move in moves(terms, paths, best):
            d = move.indifference_discount_share
            if d is None or d == 0:
                continue
            at = terms.tiers[0].model_copy(update={"discount_share": d})
            cost = assess(terms, move.commitment_usd, paths, tier=at).expected_cost_usd
            assert cost == pytest.approx(best.expected_cost_usd, abs=0.01)
            # A better discount is a better deal, a worse one is not.
            if abs(move.discount_share - d) > 1e-6:
                assert (move.extra_expected_cost_usd <= 0) == (move.discount_share > d)


def test_a_commitment_above_our_whole_cost_is_never_made_good() -> None:
    drawn = np.full((4, 1), 100.0)
    terms = contract([(0, 0.0), (10, 0.2)])
    assert indifference_discount(terms, drawn, Decimal("80.01"), 80.0) is None
    assert indifference_discount(terms, drawn, Decimal(1), 100.0) == 0.0


def test_moves_have_a_number_to_start_from_when_nothing_is_recommended(
    paths: np.ndarray,
) -> None:
    terms = contract([(0, 0.0), (9_000_000, 0.2)])
    rows = moves(terms, paths, best_commitment(terms, paths))
    assert rows
    assert all(m.commitment_usd > 0 for m in rows)
    assert all(m.extra_expected_cost_usd >= 0 for m in rows if m.discount_share == 0.0), (
        "without a discount no commitment is better than none"
    )


def test_the_curve_holds_what_is_asked_about(paths: np.ndarray) -> None:
    terms = contract([*LADDER, (90_000_000, 0.5)])
    best = best_commitment(terms, paths)
    curve = commitment_curve(terms, paths, best)
    at = [p.commitment_usd for p in curve]
    assert at == sorted(set(at))
    assert at[0] == 0
    assert float(at[-1]) > np.quantile(paths[:, 0], 0.95)
    assert {best.commitment_usd, Decimal(250_000), Decimal("249999.99")} <= set(at)
    assert Decimal(90_000_000) not in at
    assert 35 <= len(curve) <= 45
    assert min(p.expected_cost_usd for p in curve) == next(
        p.expected_cost_usd for p in curve if p.commitment_usd == best.commitment_usd
    )


def test_waste_rises_and_overage_falls_along_the_curve(paths: np.ndarray) -> None:
    terms = contract([(0, 0.0), (1, 0.2)])
    curve = commitment_curve(terms, paths, best_commitment(terms, paths))
    for a, b in itertools.pairwise(curve):
        assert a.waste_expected_usd <= b.waste_expected_usd
        assert a.shortfall_probability <= b.shortfall_probability
        assert a.overage_probability >= b.overage_probability
    assert curve[0].shortfall_probability == 0
    assert curve[0].overage_probability == 1
    assert curve[-1].shortfall_probability > 0.95
