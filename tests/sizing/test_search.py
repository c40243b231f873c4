"""The exact search: against the closed form, brute force and a linear program; and its laws."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import csr_matrix, hstack, identity, vstack
from sizing_contracts import brute_costs, contract, random_contract, random_paths

from forecast.paths import Floats
from forecast.records.terms import Terms
from forecast.sizing.assessment import assess
from forecast.sizing.closed_form import optimal_quantile
from forecast.sizing.consumption import Consumed, Consumption, Group
from forecast.sizing.search import best_commitment, cheapest_commitment, tier_ranges
from forecast.units import quantile_rank, to_cents

N_GRID = 20_000


@pytest.fixture(scope="module")
def totals() -> Floats:
    return np.random.default_rng(20_261_122).lognormal(13.8, 0.35, (100_000, 1)).round(6)


@pytest.mark.parametrize(
    ("d", "o", "r"), [(0.15, 0.0, 0.0), (0.25, 0.0, 0.0), (0.25, 0.10, 0.0), (0.25, 0.0, 0.5)]
)
def test_the_search_finds_the_closed_form(totals: Floats, d: float, o: float, r: float) -> None:
    terms = contract(
        [(0, 0.0), (1, d)],
        overage="discounted" if o else "list",
        overage_discount_share=o,
        unused_value_share=r,
    )
    best = best_commitment(terms, totals)
    level = optimal_quantile(d, o, r)
    contracted = np.sort(totals[:, 0]) * (1 - d)
    named = to_cents(float(contracted[quantile_rank(level, len(contracted)) - 1]))
    assert assess(terms, best.commitment_usd, totals).percentile == pytest.approx(level, abs=1e-4)
    by_formula = assess(terms, named, totals).expected_cost_usd
    # A hundred-thousandth of a dollar in a million is what summing in another order moves.
    assert best.expected_cost_usd <= by_formula + 1e-5


@pytest.mark.parametrize("shortfall", ["face", "discounted"])
@pytest.mark.parametrize(("d", "o", "r"), [(0.15, 0.0, 0.0), (0.25, 0.10, 0.0), (0.3, 0.0, 0.4)])
def test_the_search_finds_the_closed_form_where_list_usage_retires_the_commitment(
    totals: Floats, d: float, o: float, r: float, shortfall: str
) -> None:
    terms = contract(
        [(0, 0.0), (1, d)],
        drawdown_basis="list",
        shortfall_price=shortfall,
        overage="discounted" if o else "list",
        overage_discount_share=o,
        unused_value_share=r,
    )
    best = best_commitment(terms, totals)
    level = optimal_quantile(d, o, r, "list", shortfall_price=shortfall)
    assert assess(terms, best.commitment_usd, totals).percentile == pytest.approx(level, abs=1e-4)


def brute_best(terms: Terms, paths: Floats, n_grid: int = N_GRID) -> float:
    """Search a grid, every threshold and no deal, by an independent settlement."""
    top = 1.2 * float(paths.sum(axis=1).max())
    grid = np.linspace(0, top, n_grid)
    floors = [float(terms.threshold_usd(t)) for t in terms.tiers]
    points = np.concatenate((grid, [f for f in floors if f <= top]))
    chunks = np.array_split(points, max(1, points.size * len(paths) // 200_000))
    return min(float(brute_costs(terms, chunk, paths).min()) for chunk in chunks)


def monthly(terms: Terms, paths: Floats) -> Consumed:
    """Spread the periods over their months, where the terms need months."""
    if terms.is_core:
        return paths
    return Consumption({Group(): np.repeat(paths / terms.period_months, terms.period_months, 1)})


def never_worse(terms: Terms, paths: Floats, n_grid: int = N_GRID) -> None:
    best = best_commitment(terms, monthly(terms, paths))
    exact = brute_costs(terms, np.array([float(best.commitment_usd)]), paths)[0]
    assert best.expected_cost_usd == pytest.approx(exact, rel=1e-9, abs=1e-6)
    # Half a cent of rounding, at a slope of at most the dearest unit of overage.
    assert exact <= brute_best(terms, paths, n_grid) + 0.01, terms
    assert cheapest_commitment(terms, monthly(terms, paths)) == best.commitment_usd
    assert terms.tier_for(best.commitment_usd) == best.tier
    for found in best.per_tier:
        assert terms.tier_for(found.commitment_usd) == found.tier


@pytest.mark.parametrize("seed", range(10))
def test_no_commitment_of_a_fine_grid_is_cheaper(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(20):
        terms = random_contract(rng)
        never_worse(terms, random_paths(rng, terms, int(rng.integers(1, 40))))


@pytest.mark.parametrize("seed", range(5))
def test_no_commitment_of_a_fine_grid_is_cheaper_with_rollover(seed: int) -> None:
    rng = np.random.default_rng(100 + seed)
    for _ in range(6):
        terms = random_contract(rng, rolls_over=True)
        never_worse(terms, random_paths(rng, terms, int(rng.integers(1, 25))))


@pytest.mark.parametrize("seed", range(5))
def test_no_commitment_of_a_fine_grid_is_cheaper_on_a_ramp(seed: int) -> None:
    rng = np.random.default_rng(200 + seed)
    for _ in range(6):
        terms = random_contract(rng, rolls_over=bool(rng.random() < 0.5), ramps=True)
        never_worse(terms, random_paths(rng, terms, int(rng.integers(1, 25))))


@pytest.mark.slow
def test_two_thousand_random_contracts() -> None:
    """Tiers, overage, rollover and ramps: never worse than a grid of 4,000 amounts."""
    rng = np.random.default_rng(2000)
    for _ in range(2000):
        ramps, rolls = rng.random() < 0.3, rng.random() < 0.4
        terms = random_contract(rng, rolls_over=bool(rolls), ramps=bool(ramps))
        never_worse(terms, random_paths(rng, terms, int(rng.integers(1, 20))), n_grid=4000)


def test_the_kinks_with_rollover_give_the_cost_everywhere_between() -> None:
    rng = np.random.default_rng(7)
    for _ in range(25):
        terms = random_contract(rng, rolls_over=True)
        paths = random_paths(rng, terms, 15)
        for tier in tier_ranges(terms, paths):
            at = tier.expected.at_usd
            some = rng.uniform(max(at[0], 1.0), at[-1], 5)
            settled = [assess(terms, float(c), paths, tier=tier.tier) for c in some]
            assert [tier.expected.cost_at(float(to_cents(float(c)))) for c in some] == (
                pytest.approx([s.expected_cost_usd for s in settled], abs=1e-4)
            )


def linear_program(terms: Terms, paths: Floats) -> float:
    """Cheapest expected cost of one flat tier over several periods, by HiGHS.

    min C + w/M Σ z   subject to   C/P + z_mp ≥ D_mp (1 − d),  C, z ≥ 0
    """
    m, p = paths.shape
    d = terms.tiers[-1].discount_share
    need = (paths * (1 - d)).ravel()
    matrix = hstack([csr_matrix(np.full((need.size, 1), 1 / p)), identity(need.size)])
    cost = np.concatenate(([1.0], np.full(need.size, 1 / (1 - d) / m)))
    solved = linprog(cost, A_ub=-vstack([matrix]), b_ub=-need, method="highs")
    assert solved.status == 0
    return float(solved.fun)


def test_a_linear_program_comes_to_the_same() -> None:
    rng = np.random.default_rng(2)
    terms = contract([(0, 0.0), (1, 0.22)], settlement="quarterly")
    paths = random_paths(rng, terms, 300)
    best = best_commitment(terms, paths)
    assert best.expected_cost_usd == pytest.approx(linear_program(terms, paths), rel=1e-9)


def test_of_equally_good_commitments_the_smallest_is_taken() -> None:
    """A level that is a whole number of paths makes the cost flat up to the next path."""
    rng = np.random.default_rng(9)
    for d in (0.1, 0.15, 0.2, 0.25, 0.3):
        terms = contract([(0, 0.0), (1, d)])
        paths = rng.lognormal(13, 0.4, (1000, 1)).round(6)
        named = np.sort(paths[:, 0])[quantile_rank(d, 1000) - 1] * (1 - d)
        best = best_commitment(terms, paths)
        assert best.commitment_usd == to_cents(float(named))
        assert assess(terms, best.commitment_usd, paths).percentile == d


def test_reaching_up_to_a_threshold_can_pay_and_can_lose_money() -> None:
    paths = np.linspace(600_000, 1_400_000, 801)[:, None]
    flat = best_commitment(contract([(0, 0.0), (1, 0.10)]), paths)
    near = best_commitment(contract([(0, 0.0), (1, 0.10), (750_000, 0.20)]), paths)
    far = best_commitment(contract([(0, 0.0), (1, 0.10), (1_500_000, 0.20)]), paths)
    assert near.commitment_usd == 750_000
    assert near.expected_cost_usd < flat.expected_cost_usd
    assert far.commitment_usd == flat.commitment_usd
    assert far.per_tier[2].commitment_usd == 1_500_000
    assert far.per_tier[2].expected_cost_usd > far.expected_cost_usd


def test_no_deal_is_always_a_candidate() -> None:
    paths = np.full((10, 1), 100.0)
    outside = contract([(0, 0.0), (50, 0.1)], outside_discount_share=0.15)
    best = best_commitment(outside, paths)
    assert (best.commitment_usd, best.expected_cost_usd) == (0, pytest.approx(85.0))
    fixed = outside.model_copy(update={"usage_is_portable": False})
    assert best_commitment(fixed, paths).commitment_usd == 0


def test_the_best_below_a_threshold_ends_a_cent_below_it() -> None:
    paths = np.full((3, 1), 1000.0)
    best = best_commitment(contract([(0, 0.0), (10, 0.2), (500, 0.1)]), paths)
    assert [str(t.commitment_usd) for t in best.per_tier] == ["0.00", "499.99", "900.00"]


def test_thresholds_between_cents_are_reached_by_the_next_cent() -> None:
    terms = contract([(0, 0.0), ("100.001", 0.3)], term_months=7, settlement="term")
    best = best_commitment(terms, np.full((2, 1), 60.0))
    assert terms.threshold_usd(terms.tiers[1]) == Decimal("100.001") * 7 / 12
    assert str(best.commitment_usd) == "58.34"
    assert terms.tier_for(best.commitment_usd) == terms.tiers[1]
    assert terms.tier_for(best.commitment_usd - Decimal("0.01")) == terms.tiers[0]


def test_nothing_consumed_is_nothing_committed() -> None:
    best = best_commitment(contract([(0, 0.0), (10, 0.2)]), np.zeros((5, 1)))
    assert (best.commitment_usd, best.expected_cost_usd) == (0, 0.0)


def laws_of(rng: np.random.Generator) -> tuple[Terms, Floats]:
    terms = random_contract(rng, rolls_over=bool(rng.random() < 0.3))
    return terms, random_paths(rng, terms, 25)


def test_friendlier_clauses_never_raise_the_best_cost() -> None:
    rng = np.random.default_rng(21)
    for _ in range(40):
        terms, paths = laws_of(rng)
        best = best_commitment(terms, paths).expected_cost_usd
        lower = tuple(
            t.model_copy(update={"from_commitment_usd": t.from_commitment_usd * Decimal("0.8")})
            for t in terms.tiers
        )
        discounts = [t.discount_share for t in terms.tiers]
        for update in (
            {"overage": "committed_rate", "overage_discount_share": 0.0},
            {"rollover_share": 1.0, "rollover_periods": 5},
            {"unused_value_share": 0.9},
            {"usage_is_portable": True},
            # A lower threshold also ends the tier below it: a loss if that had the better price.
            {"tiers": lower} if discounts == sorted(discounts) else {},
        ):
            friendlier = best_commitment(terms.model_copy(update=update), paths)
            assert friendlier.expected_cost_usd <= best + 0.01, (terms, update)


def test_scaling_all_dollars_scales_the_best_cost() -> None:
    rng = np.random.default_rng(22)
    for _ in range(40):
        terms, paths = laws_of(rng)
        tripled = tuple(
            t.model_copy(update={"from_commitment_usd": t.from_commitment_usd * 3})
            for t in terms.tiers
        )
        once = best_commitment(terms, paths).expected_cost_usd
        more = best_commitment(terms.model_copy(update={"tiers": tripled}), 3 * paths)
        assert more.expected_cost_usd == pytest.approx(3 * once, abs=0.05)


def test_no_path_is_cheaper_than_its_own_hindsight() -> None:
    rng = np.random.default_rng(23)
    for _ in range(15):
        terms, paths = laws_of(rng)
        settled = assess(terms, best_commitment(terms, paths).commitment_usd, paths)
        for cost, path in zip(settled.cost, paths, strict=True):
            assert cost >= best_commitment(terms, path[None, :]).expected_cost_usd - 0.01


def test_two_halves_average_to_the_whole() -> None:
    rng = np.random.default_rng(24)
    for _ in range(15):
        terms, _ = laws_of(rng)
        paths = random_paths(rng, terms, 30)
        half = [tier_ranges(terms, part) for part in (paths[:15], paths[15:])]
        for whole, a, b in zip(tier_ranges(terms, paths), *half, strict=True):
            at = rng.uniform(float(whole.lower_usd), whole.expected.at_usd[-1], 4)
            for c in at:
                halves = [assess(terms, c, part, tier=whole.tier) for part in np.split(paths, 2)]
                mean = sum(h.expected_cost_usd for h in halves) / 2
                every = assess(terms, c, paths, tier=whole.tier).expected_cost_usd
                assert every == pytest.approx(mean)
            assert a.tier == b.tier == whole.tier
        separate = [best_commitment(terms, part).expected_cost_usd for part in np.split(paths, 2)]
        joint = best_commitment(terms, paths).expected_cost_usd
        assert joint >= sum(separate) / 2 - 0.01


def test_the_order_of_the_paths_does_not_matter() -> None:
    rng = np.random.default_rng(25)
    for _ in range(20):
        terms, paths = laws_of(rng)
        shuffled = paths[rng.permutation(len(paths))]
        one, other = best_commitment(terms, paths), best_commitment(terms, shuffled)
        assert one.commitment_usd == other.commitment_usd
        assert one.expected_cost_usd == pytest.approx(other.expected_cost_usd, rel=1e-12)
