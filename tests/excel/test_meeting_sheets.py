"""Offers, ramp, concessions, talk track and alternatives, against the service's code."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import opened
import pytest
import workbook_example as example
from openpyxl.workbook import Workbook

from excel_templates.fill import build_workbook
from excel_templates.sheets.settled_offers import STEPS_ABOVE
from forecast.paths import DecisionSet
from forecast.records.recommendation import Recommendation
from forecast.records.terms import Terms
from forecast.sizing.assessment import assess
from forecast.sizing.consumption import for_settlement
from forecast.whatif import WhatIf, apply

CENT = 0.0051
CONTRACTS: dict[str, dict[str, Any]] = {
    "quarterly": {"settlement": "quarterly"},
    "annual, committed overage": {"overage": "committed_rate", "unused_value_share": 0.3},
    "list basis": {"drawdown_basis": "list", "settlement": "quarterly",
                   "overage": "discounted", "overage_discount_share": 0.05},
}  # fmt: skip
Built = tuple[Terms, Recommendation, DecisionSet, Workbook]


@pytest.fixture(scope="module", params=CONTRACTS)
def built(request: pytest.FixtureRequest) -> Built:
    terms = example.terms(**CONTRACTS[request.param])
    recommendation, decisions = example.recommendation(
        terms, example.paths(60, 12, example.WORKLOADS[:4])
    )
    return (
        terms, recommendation, decisions,
        opened.formulas(build_workbook(recommendation, decisions)),
    )  # fmt: skip


def _rows(book: opened.Worked, workbook: Workbook, name: str) -> list[list[Any]]:
    """What a table of formulas shows; cells that are no formula as they are."""
    return [
        [book.calculator.cell(c.parent.title, c.row, c.column) for c in row]
        for row in opened.cells(workbook, name)
    ]


@pytest.mark.parametrize(("commitment", "discount"), [(812_345.67, 0.185), (300_000.0, 0.02)])
def test_a_typed_offer_is_settled_as_the_service_would(
    built: Built, commitment: float, discount: float
) -> None:
    terms, _, decisions, workbook = built
    typed = {
        ("in_offer_commitment", 3): commitment,
        ("in_offer_discount", 3): discount,
        "in_growth_shock": -0.1,
    }
    with opened.typed_in(workbook, typed) as book:
        row = _rows(book, workbook, "offer_table")[5]
        assert book["inputs_changed"] == 2
        assert book["basis_changed"] == 1
        assert book["checks_failed"] == 0
        no_deal = book["no_deal_expected_cost"]
    _, list_usd = apply(
        decisions, WhatIf(growth_shock_share=-0.1), period_months=terms.period_months
    )
    found = opened.offered(terms, Decimal(str(commitment)), discount, list_usd)
    assert row[1:3] == [commitment, discount]
    assert row[3] == pytest.approx(found.percentile, abs=1e-9)
    assert row[4] == pytest.approx(float(found.cost_risk.expected_usd), abs=CENT)
    assert row[5] == pytest.approx(float(found.waste_risk.expected_usd), abs=CENT)
    assert row[6] == pytest.approx(found.shortfall_probability, abs=1e-9)
    assert row[7] == pytest.approx(found.overage_probability, abs=1e-9)
    assert row[8].startswith("■ worse than no deal") == (row[4] > no_deal)


def test_an_offer_needs_both_numbers(built: Built) -> None:
    workbook = built[3]
    with opened.typed_in(workbook, {("in_offer_commitment", 3): 500_000}) as book:
        assert _rows(book, workbook, "offer_table")[5][1:9] == [""] * 8
        assert book["checks_failed"] == 1


def test_moves_follow_the_inputs(built: Built) -> None:
    terms, recommendation, decisions, workbook = built
    settings = WhatIf(growth_shock_share=0.15, realisation_share=0.5)
    with opened.typed_in(workbook, {"in_growth_shock": 0.15, "in_realisation": 0.5}) as book:
        rows = _rows(book, workbook, "move_rows")
        best = book["best_expected_cost"]
        assert book["checks_failed"] == 0
    _, list_usd = apply(decisions, settings, period_months=terms.period_months)
    assert len(rows) == len(recommendation.moves) > 20
    for row in rows[::5]:
        found = opened.offered(terms, Decimal(str(row[1])), row[2], list_usd)
        assert row[3] == pytest.approx(found.expected_cost_usd - best, abs=CENT)
        assert row[4] == pytest.approx(float(found.waste_risk.expected_usd), abs=CENT)


def test_every_step_of_the_ladder_is_paid_for(built: Built) -> None:
    terms, recommendation, decisions, workbook = built
    book = opened.Worked(workbook)
    list_usd = for_settlement(terms, decisions.optimised_usd.sum(axis=2))
    best = recommendation.commitment.recommended_usd
    ours = assess(terms, best, list_usd).expected_cost_usd
    values = [
        row[2].value for row in opened.cells(workbook, "get_rows") if row[2].value is not None
    ]
    assert values == sorted(values)
    assert values
    for row, above in zip(_rows(book, workbook, "ladder"), STEPS_ABOVE, strict=True):
        assert row[0] == pytest.approx(float(best) * (1 + above), abs=CENT)
        extra = assess(terms, round(row[0], 2), list_usd).expected_cost_usd - ours
        assert row[2] == pytest.approx(extra, abs=2 * CENT)
        if extra < CENT:
            assert row[5:] == ["nothing: this is our number", ""]
        elif extra < values[-1]:
            assert row[6] == min(v for v in values if v > row[2])
        else:
            assert row[5].startswith("several of the clauses")


def test_own_amounts_save_what_the_service_finds(built: Built) -> None:
    terms, recommendation, _, workbook = built
    book = opened.Worked(workbook)
    rows = _rows(book, workbook, "ramp_rows")
    assert len(rows) == terms.n_periods
    flat = float(recommendation.commitment.recommended_usd)
    assert sum(row[4] for row in rows) == pytest.approx(flat, abs=1e-6)
    assert all(row[5] <= row[6] <= row[7] for row in rows)
    assert all(row[11] >= -1e-6 for row in rows)
    found = recommendation.schedule_value
    threshold = np.asarray(book["tier_threshold"]).ravel()[int(book["best_tier"]) - 1]
    own, saved = sum(row[10] for row in rows), sum(row[11] for row in rows)
    note = opened.cells(workbook, "ramp_verdict")[0][0]
    verdict = book.calculator.cell(note.parent.title, note.row, note.column)
    divisible = terms.n_periods > 1
    assert verdict.startswith("▲" if divisible and own + 0.005 < threshold else "●")
    assert ("nothing to divide" in verdict) == (not divisible)
    if own >= threshold:
        expected = 0.0 if found is None else float(found.value_usd)
        assert saved == pytest.approx(expected, abs=0.02)


def test_sentences_carry_the_numbers_of_now(built: Built) -> None:
    workbook = built[3]
    with opened.typed_in(workbook, {"in_commitment": 2_000_000}) as book:
        said = " ".join(row[1] for row in _rows(book, workbook, "talk_rows"))
        alternatives = _rows(book, workbook, "alternative_rows")
        percentile = 100 * book["typed_percentile"]
        no_deal, typed = book["no_deal_expected_cost"], book["typed_expected_cost"]
    assert f"Your $2,000,000 is percentile {percentile:.0f} of our consumption" in said
    assert "something worth as much has to come back" in said
    assert alternatives[0][1:3] == pytest.approx([no_deal, no_deal - typed])


def test_a_contract_that_is_not_live_says_nothing_wrong() -> None:
    terms = example.terms(settlement="quarterly", rollover_share=0.5)
    recommendation, decisions = example.recommendation(
        terms, example.paths(20, 12, example.WORKLOADS[:2])
    )
    workbook = opened.formulas(build_workbook(recommendation, decisions))
    book = opened.Worked(workbook)
    assert all(row[1:9] == [""] * 8 for row in _rows(book, workbook, "offer_table"))
    assert all(row[1] == "" for row in _rows(book, workbook, "talk_rows"))
    assert all(set(row) == {""} for row in _rows(book, workbook, "ladder"))
    service = [row[3] for row in _rows(book, workbook, "ramp_rows")]
    assert sum(service) == pytest.approx(float(recommendation.commitment.recommended_usd))
