"""The formulas against the service's own code, for many contracts and many typed inputs."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Any

import numpy as np
import opened
import pytest
import workbook_example as example
from openpyxl.workbook import Workbook

from excel_templates.fill import build_workbook
from excel_templates.sheets.cleaning_switches import switches_of
from forecast.paths import DecisionSet
from forecast.records.recommendation import Recommendation
from forecast.records.terms import Terms
from forecast.whatif import WhatIf

CENT = 0.0051
SMALL = ("support chat", "nightly enrichment", "bulk tagging", "monthly reports")

CONTRACTS: dict[str, dict[str, Any]] = {
    "annual": {},
    "quarterly": {"settlement": "quarterly"},
    "monthly": {"settlement": "monthly"},
    "quarterly, unused is worth something": {
        "settlement": "quarterly",
        "unused_value_share": 0.6,
    },
    "unused is worth something": {"unused_value_share": 0.5},
    "overage at the committed rate": {"overage": "committed_rate"},
    "overage discounted": {"overage": "discounted", "overage_discount_share": 0.12},
    "outside price": {"outside_discount_share": 0.12},
    "outside price, not portable": {"outside_discount_share": 0.12, "usage_is_portable": False},
    "outside price beats every tier": {"outside_discount_share": 0.3},
    "list basis": {"drawdown_basis": "list"},
    "list basis, discounted shortfall": {
        "drawdown_basis": "list",
        "shortfall_price": "discounted",
        "settlement": "quarterly",
        "unused_value_share": 0.3,
    },
    "two years": {"term_months": 24},
    "eighteen months, once": {"term_months": 18, "settlement": "term"},
    "tiers of the term": {"term_months": 24, "tier_basis": "term", "settlement": "quarterly"},
    "one tier": {"tiers": ((0, 0.2),)},
    "thresholds out of reach": {"tiers": ((0, 0.0), (90_000_000, 0.4))},
    "six tiers": {
        "tiers": ((0, 0.02), (100_000, 0.06), (200_000, 0.09), (400_000, 0.13), (800_000, 0.18),
                  (1_600_000, 0.3)),
    },
}  # fmt: skip


def _decisions(terms: Terms, m: int = 60) -> Any:
    return example.paths(m, terms.term_months, SMALL, annual_usd=900_000)


LEFT_TO_THE_SLOW_RUN = (
    "monthly", "unused is worth something", "outside price, not portable", "two years",
    "overage discounted", "outside price beats every tier", "list basis",
    "eighteen months, once", "tiers of the term", "one tier", "thresholds out of reach",
)  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow) if name in LEFT_TO_THE_SLOW_RUN else name
        for name in CONTRACTS
    ],
)
def test_untouched_inputs_give_the_service_to_the_cent(name: str) -> None:
    terms = example.terms(**CONTRACTS[name])
    recommendation, decisions = example.recommendation(terms, _decisions(terms))
    book = opened.Worked(opened.formulas(build_workbook(recommendation, decisions)))
    assert book["checks_failed"] == 0
    assert book["inputs_changed"] == 0
    assert book["live"] == 1
    assert book["light_level"] == 0
    found = recommendation.commitment
    assert book["decision_sign_for"] == pytest.approx(float(found.recommended_usd), abs=1e-9)
    assert book["decision_expect_to_pay"] == pytest.approx(float(found.cost.expected_usd), abs=1e-9)
    twin = opened.Twin(terms, decisions, WhatIf(), found.recommended_usd)
    _compare(book, twin)


def _compare(book: opened.Worked, twin: opened.Twin) -> None:
    for key, expected in twin.expected().items():
        tolerance = 1e-9 if key.endswith(("probability", "percentile", "discount")) else CENT
        assert book[key] == pytest.approx(expected, abs=tolerance), key
    per_tier = np.asarray(book["tier_row_commitment"]).ravel()
    costs = np.asarray(book["tier_row_expected_cost"]).ravel()
    for i, tier in enumerate(twin.best.per_tier):
        assert per_tier[i] == pytest.approx(float(tier.commitment_usd), abs=1e-6)
        assert costs[i] == pytest.approx(tier.expected_cost_usd, abs=1e-6)


Z, A, B, C = example.TIERS

TYPED: dict[str, tuple[dict[Any, Any], dict[str, Any], dict[str, Any]]] = {
    # what is typed; the same as clauses of the contract; the same as a what-if
    "the commitment": ({"in_commitment": 431_234.56}, {}, {}),
    "a commitment of nothing": ({"in_commitment": 0}, {}, {}),
    "a better discount": (
        {("in_tier_discount", 3): 0.19},
        {"tiers": [Z, A, (B[0], 0.19), C]},
        {},
    ),
    "a lower threshold": (
        {("in_tier_from", 3): 480_000},
        {"tiers": [Z, A, (480_000, B[1]), C]},
        {},
    ),
    "a tier taken away": (
        {("in_tier_from", 4): None, ("in_tier_discount", 4): None},
        {"tiers": [Z, A, B]},
        {},
    ),
    "a tier more": (
        {("in_tier_from", 5): 1_200_000, ("in_tier_discount", 5): 0.4},
        {"tiers": [*example.TIERS, (1_200_000, 0.4)]},
        {},
    ),
    "overage at the committed rate": (
        {"in_overage": "committed_rate"},
        {"overage": "committed_rate"},
        {},
    ),
    "overage discounted": (
        {"in_overage": "discounted", "in_overage_discount": 0.08},
        {"overage": "discounted", "overage_discount_share": 0.08},
        {},
    ),
    "unused is credited": ({"in_unused_value": 0.4}, {"unused_value_share": 0.4}, {}),
    "an outside price": ({"in_outside_discount": 0.13}, {"outside_discount_share": 0.13}, {}),
    "more demand": ({"in_growth_shock": 0.37}, {}, {"growth_shock_share": 0.37}),
    "lower prices": ({"in_price_change": -0.25}, {}, {"price_change_share": -0.25}),
    "half of the savings": ({"in_realisation": 0.5}, {}, {"realisation_share": 0.5}),
}


@lru_cache(maxsize=2)
def _built(settlement: str) -> tuple[Recommendation, DecisionSet, Workbook]:
    """One workbook for many tests, each of which takes back what it types."""
    terms = example.terms(settlement=settlement)
    recommendation, decisions = example.recommendation(terms, _decisions(terms, 40))
    return recommendation, decisions, opened.formulas(build_workbook(recommendation, decisions))


ALSO_QUARTERLY = ("a better discount", "overage discounted", "unused is credited", "more demand")


@pytest.mark.parametrize(
    ("name", "settlement"),
    [
        *((name, "annual") for name in TYPED),
        *(pytest.param(name, "quarterly", marks=pytest.mark.slow) for name in ALSO_QUARTERLY),
    ],
)
def test_typing_recomputes_the_decision(name: str, settlement: str) -> None:
    typed, clauses, shocks = TYPED[name]
    recommendation, decisions, workbook = _built(settlement)
    commitment = typed.get("in_commitment", recommendation.commitment.recommended_usd)
    twin = opened.Twin(
        opened.changed_terms(recommendation.terms, **clauses),
        decisions,
        WhatIf(**shocks),
        Decimal(str(commitment)),
    )
    with opened.typed_in(workbook, typed) as book:
        _compare(book, twin)
        assert book["checks_failed"] == 0
        rows = {key if isinstance(key, str) else key[1] for key in typed}
        assert book["inputs_changed"] == len(rows)
        assert book["light_level"] == 1
        assert book["stale_level"] == (0 if name.endswith(("commitment", "nothing")) else 1)


def test_switches_and_slips_are_the_what_if_module() -> None:
    recommendation, decisions, workbook = _built("quarterly")
    off, late = "bulk tagging", "nightly enrichment"
    settings = WhatIf(
        growth_shock_share=0.1,
        realisation_share=0.8,
        switched_off=frozenset({off}),
        slip_months={late: 4},
    )
    twin = opened.Twin(
        recommendation.terms, decisions, settings, recommendation.commitment.recommended_usd
    )
    typed = {
        ("in_line_on", opened.line(workbook, off)): 0,
        ("in_line_slip", opened.line(workbook, late)): 4,
        "in_realisation": 0.8,
        "in_growth_shock": 0.1,
    }
    with opened.typed_in(workbook, typed) as book:
        np.testing.assert_allclose(np.asarray(book["period_list"]), twin.list_usd, rtol=1e-12)
        _compare(book, twin)
        changed = [book.calculator.cell("Checks", 12 + i, 7) for i in range(5)]
    assert changed[:2] == ["Growth shock", "Realised lever savings"]
    assert set(changed[2:]) == {off, late, ""}


ENTRIES = {
    "load-test-one": {"nightly enrichment": 0.9},
    "repeated-day-two": {"nightly enrichment": 1.02},
    "retired-three": {"support chat": 0.0},
    "missing-four": dict.fromkeys(SMALL, 0.99),
}
"""What every entry of the example multiplies when it is switched."""


@pytest.mark.parametrize(
    "switched",
    [
        ("load-test-one",),
        ("missing-four",),
        ("load-test-one", "repeated-day-two", "missing-four"),
        ("retired-three", "load-test-one"),
    ],
)
def test_cleaning_switches_are_the_what_if_module(switched: tuple[str, ...]) -> None:
    recommendation, decisions, workbook = _built("quarterly")
    factors = dict.fromkeys(SMALL, 1.0)
    for entry in switched:
        for name, factor in ENTRIES[entry].items():
            factors[name] *= factor
    settings = WhatIf(
        growth_shock_share=0.1,
        demand_factors=factors,
        slip_months={"nightly enrichment": 2},
        switched_off=frozenset({"bulk tagging"}),
    )
    twin = opened.Twin(
        recommendation.terms, decisions, settings, recommendation.commitment.recommended_usd
    )
    typed: dict[Any, Any] = {
        "in_growth_shock": 0.1,
        ("in_line_slip", opened.line(workbook, "nightly enrichment")): 2,
        ("in_line_on", opened.line(workbook, "bulk tagging")): 0,
    }
    labels = [row[0].value for row in opened.cells(workbook, "entry_label")]
    for entry in switched:
        line = labels.index(entry) + 1
        typed["in_entry_on", line] = 1 - opened.cells(workbook, "in_entry_on")[line - 1][0].value
    with opened.typed_in(workbook, typed) as book:
        np.testing.assert_allclose(np.asarray(book["period_list"]), twin.list_usd, rtol=1e-12)
        as_is = book["demand_factor"] * np.asarray(book["as_is_period"])
        np.testing.assert_allclose(as_is, twin.as_is_list, rtol=1e-12)
        _compare(book, twin)
        assert book["checks_failed"] == 0
        assert book["stale_level"] == 1
        assert book["inputs_changed"] == len(typed)


def test_the_ledger_says_how_an_entry_is_switched_now() -> None:
    _, _, workbook = _built("annual")
    labels = [row[0].value for row in opened.cells(workbook, "entry_label")]
    rows = opened.cells(workbook, "finding_rows")
    now = {row[0].value: (row[0].parent.title, row[-1].row, row[-1].column) for row in rows}
    with opened.typed_in(workbook, {("in_entry_on", labels.index("load-test-one") + 1): 1}) as book:
        said = {name: book.calculator.cell(*at) for name, at in now.items() if name}
    assert said == {
        "load-test-one": "on",
        "repeated-day-two": "on",
        "retired-three": "off",
        "missing-four": "on",
        "burst-small": "off",
        "one off removed": "by the forecast",
    }


def test_entries_of_many_workloads_leave_room_for_the_scenarios() -> None:
    workloads = [f"job {i:02d}" for i in range(60)]
    decisions = example.paths(30, 12, workloads, annual_usd=900_000)
    base, _ = example.recommendation(example.terms(), decisions)
    first = base.cleaning[0]
    many = tuple(
        first.model_copy(
            update={"id": f"burst-{name}", "workload": name, "yearly_usd": Decimal(-1000 + i)}
        )
        for i, name in enumerate(workloads)
    )
    recommendation = base.model_copy(update={"cleaning": many})
    workbook = opened.formulas(build_workbook(recommendation, decisions))
    labels = [row[0].value for row in opened.cells(workbook, "entry_label")]
    assert labels == [f"burst-job {i:02d}" for i in range(20)]
    names = [row[0].value for row in opened.cells(workbook, "in_line_name")]
    assert {f"job {i:02d}" for i in range(1, 20)} <= set(names)  # the first has no lever
    opened.type_in(workbook, {("in_entry_on", 20): 1})
    twin = opened.Twin(
        example.terms(),
        decisions,
        WhatIf(demand_factors={"job 19": 0.9}),
        recommendation.commitment.recommended_usd,
    )
    _compare(opened.Worked(workbook), twin)


def test_workloads_beyond_the_room_of_the_decision_set_have_no_switch() -> None:
    workloads = [f"job {i:02d}" for i in range(15)]
    decisions = example.paths(1000, 12, workloads, annual_usd=900_000)
    base, _ = example.recommendation(example.terms(settlement="monthly"), decisions)
    many = tuple(
        base.cleaning[0].model_copy(
            update={"id": f"burst-{name}", "workload": name, "yearly_usd": Decimal(-1000 + i)}
        )
        for i, name in enumerate(workloads)
    )
    found = switches_of(base.model_copy(update={"cleaning": many}), decisions, period_months=1)
    assert found.workloads == tuple(workloads[:10])  # 1,000 x 12 x 10 = 120,000 cells
    assert [e.workload for e in found.entries] == workloads[:10]
    assert found.line_of(many[10]) is None


def test_a_large_inventory_keeps_its_largest_savings_apart() -> None:
    workloads = [f"job {i:02d}" for i in range(60)]
    decisions = example.paths(30, 12, workloads, annual_usd=900_000)
    recommendation, decisions = example.recommendation(example.terms(), decisions)
    workbook = opened.formulas(build_workbook(recommendation, decisions))
    names = [row[0].value for row in opened.cells(workbook, "in_line_name")]
    assert len(names) == 40
    assert names[-1] == "all other workloads"
    opened.type_in(workbook, {("in_line_on", 40): 0})
    rest = frozenset(workloads) - set(names)
    twin = opened.Twin(
        example.terms(),
        decisions,
        WhatIf(switched_off=rest),
        recommendation.commitment.recommended_usd,
    )
    _compare(opened.Worked(workbook), twin)


@pytest.mark.parametrize(
    ("clauses", "why"),
    [
        ({"settlement": "quarterly", "rollover_share": 0.5}, "roll into the next period"),
        (
            {"tiers": tuple((100_000 * i, 0.03 * i) for i in range(8))},
            "8 tiers, and there is room for 6",
        ),
        ({"on_exhaustion": "early_renewal"}, "renews early"),
        ({"minimum_commitment_usd": 100_000}, "minimum commitment"),
        ({"term_months": 24, "ramp_weights": (1, 2)}, "ramp_weights"),
        ({"fees": ({"name": "seats", "usd_per_month": 900},), "time_discount_rate": 0.05}, "fees"),
    ],
)
def test_a_clause_that_formulas_cannot_carry_shows_the_service(
    clauses: dict[str, Any], why: str
) -> None:
    terms = example.terms(**clauses)
    recommendation, decisions = example.recommendation(terms, _decisions(terms))
    book = opened.Worked(opened.formulas(build_workbook(recommendation, decisions)))
    assert book["live"] == 0
    assert why in book["live_text"]
    assert book["checks_failed"] == 0
    assert book["decision_sign_for"] == float(recommendation.headline.sign_for_usd)
    assert book["decision_expect_to_pay"] == float(recommendation.headline.expect_to_pay_usd)
    assert book["typed_decision_expect_to_pay"] == "not live"


def test_rollover_over_one_period_is_live() -> None:
    terms = example.terms(rollover_share=0.5)
    recommendation, decisions = example.recommendation(terms, _decisions(terms))
    book = opened.Worked(opened.formulas(build_workbook(recommendation, decisions)))
    assert book["live"] == 1
    assert book["checks_failed"] == 0


@pytest.mark.parametrize("typed", [
    {("in_tier_from", 3): 200_000},
    {("in_tier_discount", 2): 1.5},
    {("in_tier_from", 2): None},
    {"in_overage": "free"},
    {"in_growth_shock": -1.0},
    {"in_realisation": 1.2},
    {"in_commitment": "a million"},
    {("in_line_on", 1): 0.5},
    {("in_entry_on", 1): 2},
    {("in_line_slip", 1): -1},
    {("in_line_slip", 1): 13},
    {("in_tier_from", 1): None, ("in_tier_discount", 1): None},
    {("in_tier_from", 1): 100},
    {("in_tier_from", 4): "a million"},
    {("in_tier_discount", 5): 0.3},
    {"in_commitment": -1},
])  # fmt: skip
def test_an_impossible_input_turns_the_light(typed: dict[str, Any]) -> None:
    with opened.typed_in(_built("annual")[2], typed) as book:
        assert book["light_level"] == 2
        assert book["checks_failed"] >= 1
