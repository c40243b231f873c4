"""The decision as a whole, and the paths it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from sizing_contracts import contract

from forecast.errors import PathsError
from forecast.paths import period_totals, quantile
from forecast.records.sizing_result import Sizing
from forecast.sizing.assessment import assess
from forecast.sizing.decision import size
from forecast.units import to_cents

LADDER = [(0, 0.0), (250_000, 0.08), (500_000, 0.12), (1_000_000, 0.20)]


@pytest.fixture(scope="module")
def monthly() -> np.ndarray:
    rng = np.random.default_rng(15)
    return np.exp(rng.normal(11.4, 0.3, (500, 1)) + rng.normal(0, 0.15, (500, 12))).round(6)


@pytest.fixture(scope="module")
def sizing(monthly: np.ndarray) -> Sizing:
    factors = np.exp(np.random.default_rng(16).normal(0, 0.1, 60))
    return size(contract(LADDER), monthly, replicates=(f * monthly for f in factors))


def test_the_four_numbers_stand_in_one_basis(sizing: Sizing, monthly: np.ndarray) -> None:
    total = monthly.sum(axis=1)
    c, d = float(sizing.commitment.recommended_usd), sizing.commitment.tier_discount_share
    cost = c + np.maximum(0, total - c / (1 - d))
    unused = np.maximum(0, c - total * (1 - d))
    assert sizing.headline.sign_for_usd == sizing.commitment.recommended_usd
    assert sizing.headline.expect_to_pay_usd == to_cents(float(cost.mean()))
    assert sizing.headline.budget_p80_usd == to_cents(quantile(cost, 0.8))
    assert sizing.headline.worst_case_unused_usd == to_cents(quantile(unused, 0.95))


def test_the_two_risks_are_apart(sizing: Sizing, monthly: np.ndarray) -> None:
    found = assess(sizing.terms, sizing.commitment.recommended_usd, period_totals(monthly, 12))
    cost, waste = sizing.commitment.cost, sizing.commitment.waste
    assert cost.p50_usd <= cost.p80_usd <= cost.p95_usd <= cost.cvar95_usd
    assert waste.p80_usd <= waste.p95_usd <= waste.cvar95_usd
    worst = np.sort(found.cost)[475:]
    assert cost.cvar95_usd == to_cents(float(worst.mean()))


def test_probabilities_and_percentile_count_paths(sizing: Sizing, monthly: np.ndarray) -> None:
    commitment = sizing.commitment
    contracted = monthly.sum(axis=1) * (1 - commitment.tier_discount_share)
    at_most = (contracted <= float(commitment.recommended_usd) + 0.005).mean()
    assert commitment.percentile == pytest.approx(at_most)
    assert commitment.shortfall_probability + commitment.overage_probability >= 0.99
    assert commitment.closed_form_percentile == commitment.tier_discount_share
    assert commitment.break_even_utilisation == pytest.approx(1 - commitment.tier_discount_share)


def test_the_schedule_adds_up_and_covers_the_term(monthly: np.ndarray) -> None:
    terms = contract(LADDER, settlement="monthly")
    commitment = size(terms, monthly).commitment
    schedule = commitment.schedule
    assert sum(p.commitment_usd for p in schedule) == commitment.recommended_usd
    assert schedule[0].period_start == terms.term_start
    assert [p.period_end for p in schedule[:-1]] == [p.period_start for p in schedule[1:]]
    assert str(schedule[-1].period_end) == "2028-01-01"
    assert commitment.closed_form_percentile is None


def test_the_interval_holds_the_recommendation_here(sizing: Sizing) -> None:
    interval = sizing.commitment.interval
    assert interval is not None
    assert interval.lower_usd < interval.upper_usd
    assert interval.lower_usd <= sizing.commitment.recommended_usd <= interval.upper_usd


def test_own_paths_have_no_interval(monthly: np.ndarray) -> None:
    assert size(contract(LADDER), monthly).commitment.interval is None


def test_recommending_nothing_is_a_whole_answer(monthly: np.ndarray) -> None:
    sizing = size(contract([(0, 0.05), (50_000_000, 0.3)]), monthly)
    commitment = sizing.commitment
    assert commitment.recommended_usd == 0
    assert commitment.tier_discount_share == 0.05
    assert commitment.break_even_utilisation is None
    assert commitment.closed_form_percentile is None
    assert commitment.waste.cvar95_usd == 0
    assert commitment.cost.expected_usd == commitment.no_deal_expected_cost_usd
    assert commitment.no_deal_expected_cost_usd == to_cents(
        0.95 * float(monthly.sum(axis=1).mean())
    )
    assert (commitment.shortfall_probability, commitment.overage_probability) == (0, 1)


def test_the_same_paths_give_the_same_bytes(monthly: np.ndarray) -> None:
    terms = contract(LADDER, settlement="quarterly", rollover_share=0.5)
    one, other = (size(terms, monthly.copy()).model_dump_json() for _ in range(2))
    assert one == other


def test_a_single_path_is_decided_like_any_other(monthly: np.ndarray) -> None:
    sizing = size(contract(LADDER), monthly[:1])
    d = sizing.commitment.tier_discount_share
    assert sizing.headline.sign_for_usd == to_cents(float(monthly[0].sum()) * (1 - d))
    assert sizing.commitment.shortfall_probability == 0
    assert all(clause.standard_error_usd == 0 for clause in sizing.clauses)


@pytest.mark.parametrize(
    ("spoil", "row", "column", "told"),
    [
        (lambda p: p.__setitem__((3, 4), -1.0), 4, "month 5", "is -1.0"),
        (lambda p: p.__setitem__((0, 11), np.nan), 1, "month 12", "is nan"),
        (lambda p: p.__setitem__((499, 0), np.inf), 500, "month 1", "is inf"),
    ],
)
def test_amounts_that_are_none_are_refused_where_they_stand(
    monthly: np.ndarray, spoil: object, row: int, column: str, told: str
) -> None:
    paths = monthly.copy()
    spoil(paths)  # type: ignore[operator]
    with pytest.raises(PathsError, match=told) as refused:
        size(contract(LADDER), paths)
    assert (refused.value.row, refused.value.column) == (row, column)


def test_spoilt_replicates_are_refused_too(monthly: np.ndarray) -> None:
    with pytest.raises(PathsError):
        size(contract(LADDER), monthly, replicates=[-monthly])


@pytest.mark.parametrize("shape", [(0, 12), (12,), (5, 11), (5, 24)])
def test_paths_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(PathsError):
        size(contract(LADDER), np.ones(shape))
