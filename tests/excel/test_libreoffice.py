"""LibreOffice calculates the workbook: no error, every check passes, the service to the cent."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import opened
import pytest
import workbook_example as example
from openpyxl.workbook import Workbook

from excel_templates.fill import build_workbook
from forecast.whatif import WhatIf

pytestmark = pytest.mark.libreoffice
Convert = Callable[[Path, str], Path]

CONTRACTS: dict[str, dict[str, Any]] = {
    "annual": {},
    "monthly": {"settlement": "monthly"},
    "quarterly, unused is worth something": {"settlement": "quarterly", "unused_value_share": 0.5},
    "list basis, discounted overage": {
        "drawdown_basis": "list",
        "overage": "discounted",
        "overage_discount_share": 0.05,
    },
    "two years, outside price": {"term_months": 24, "outside_discount_share": 0.08},
    "not live": {"settlement": "quarterly", "rollover_share": 0.5},
}


def _built(terms: Any, m: int = 200) -> tuple[Any, Any, bytes]:
    recommendation, decisions = example.recommendation(terms, example.paths(m, terms.term_months))
    return recommendation, decisions, build_workbook(recommendation, decisions)


def _assert_same_values(ours: Workbook, theirs: Workbook, formulas: Workbook) -> int:
    n = 0
    for sheet in formulas.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type != "f":
                    continue
                n += 1
                a, b = (w[sheet.title][cell.coordinate].value for w in (ours, theirs))
                if isinstance(a, (int, float)) and not isinstance(a, bool):
                    assert b == pytest.approx(a, rel=1e-9, abs=1e-6), (sheet.title, cell.coordinate)
                else:
                    assert (a or "") == (b or ""), (sheet.title, cell.coordinate)
    return n


@pytest.mark.parametrize("name", CONTRACTS)
def test_untouched_workbook(name: str, tmp_path: Path, convert: Convert) -> None:
    # Few scenarios are no easier: LibreOffice calculates in another order below about 200.
    m = 150 if name == "annual" else 200
    recommendation, _, content = _built(example.terms(**CONTRACTS[name]), m)
    file = tmp_path / "negotiation.xlsx"
    file.write_bytes(content)
    theirs = opened.values(convert(file, "xlsx"))
    # Every formula: what stands in the file is what LibreOffice makes of it, errors included.
    n = _assert_same_values(opened.values(content), theirs, opened.formulas(content))
    assert n > 4000
    assert opened.read(theirs, "checks_failed") == 0
    assert opened.read(theirs, "checks_passed") >= (13 if name == "not live" else 38)
    shown = recommendation.headline
    for key, value in (
        ("sign_for", shown.sign_for_usd),
        ("expect_to_pay", shown.expect_to_pay_usd),
        ("budget_p80", shown.budget_p80_usd),
        ("worst_case_unused", shown.worst_case_unused_usd),
    ):
        assert Decimal(str(round(opened.read(theirs, f"decision_{key}"), 6))) == value


TYPED: tuple[tuple[dict[Any, Any], dict[str, Any], dict[str, Any]], ...] = (
    (
        {
            "in_commitment": 700_000.01,
            ("in_tier_discount", 2): 0.14,
            "in_overage": "committed_rate",
        },
        {
            "tiers": [(0, 0.0), (250_000, 0.14), (600_000, 0.15), (1_000_000, 0.22)],
            "overage": "committed_rate",
        },
        {},
    ),
    (
        {
            "in_overage": "discounted",
            "in_overage_discount": 0.07,
            "in_unused_value": 0.3,
            "in_growth_shock": -0.2,
            "in_price_change": 0.05,
        },
        {
            "overage": "discounted",
            "overage_discount_share": 0.07,
            "unused_value_share": 0.3,
        },
        {"growth_shock_share": -0.2, "price_change_share": 0.05},
    ),
)


@pytest.mark.parametrize("settlement", ["annual", "quarterly"])
@pytest.mark.parametrize("case", range(len(TYPED)))
def test_typed_workbook(case: int, settlement: str, tmp_path: Path, convert: Convert) -> None:
    typed, clauses, shocks = TYPED[case]
    terms = example.terms(settlement=settlement)
    recommendation, decisions, content = _built(terms)
    workbook = opened.formulas(content)
    off, late = "bulk tagging", "document queue"
    opened.type_in(
        workbook,
        typed
        | {
            ("in_line_on", opened.line(workbook, off)): 0,
            ("in_line_slip", opened.line(workbook, late)): 3,
        },
    )
    theirs = opened.values(convert(opened.saved(workbook, tmp_path / "typed.xlsx"), "xlsx"))
    commitment = typed.get("in_commitment", recommendation.commitment.recommended_usd)
    twin = opened.Twin(
        opened.changed_terms(terms, **clauses),
        decisions,
        WhatIf(switched_off=frozenset({off}), slip_months={late: 3}, **shocks),
        Decimal(str(commitment)),
    )
    for key, expected in twin.expected().items():
        assert opened.read(theirs, key) == pytest.approx(expected, abs=0.0051), key
    assert opened.read(theirs, "checks_failed") == 0
    assert opened.read(theirs, "light_level") == 1
    assert opened.read(theirs, "inputs_changed") == len(typed) + 2


def test_switched_cleaning_entries(tmp_path: Path, convert: Convert) -> None:
    terms = example.terms(settlement="quarterly")
    recommendation, decisions, content = _built(terms)
    workbook = opened.formulas(content)
    labels = [row[0].value for row in opened.cells(workbook, "entry_label")]
    states = {"load-test-one": 1, "repeated-day-two": 0, "retired-three": 1, "missing-four": 0}
    opened.type_in(
        workbook,
        {("in_entry_on", labels.index(entry) + 1): on for entry, on in states.items()}
        | {("in_line_slip", opened.line(workbook, "nightly enrichment")): 2},
    )
    theirs = opened.values(convert(opened.saved(workbook, tmp_path / "switched.xlsx"), "xlsx"))
    factors = dict.fromkeys(decisions.workloads, 0.99)
    factors["nightly enrichment"] *= 0.9 * 1.02
    factors["support chat"] = 0.0
    twin = opened.Twin(
        terms,
        decisions,
        WhatIf(demand_factors=factors, slip_months={"nightly enrichment": 2}),
        recommendation.commitment.recommended_usd,
    )
    for key, expected in twin.expected().items():
        assert opened.read(theirs, key) == pytest.approx(expected, abs=0.0051), key
    assert opened.read(theirs, "checks_failed") == 0
    assert opened.read(theirs, "entries_switched") == 4


def test_the_printed_workbook_hides_nothing(tmp_path: Path, convert: Convert) -> None:
    pdftotext = shutil.which("pdftotext")
    assert pdftotext, "pdftotext (poppler-utils) is not on the path"
    _, _, content = _built(example.terms())
    file = tmp_path / "negotiation.xlsx"
    file.write_bytes(content)
    printed = convert(file, "pdf")
    text = subprocess.run(
        [pdftotext, "-layout", str(printed), "-"], capture_output=True, text=True, check=True
    ).stdout
    assert "###" not in text
    assert "#VALUE!" not in text
    assert "#NAME?" not in text
    assert "Err:" not in text
    for heading in (
        "What to sign, and why",
        "Inputs",
        "Had you used this",
        "Commitment curve",
        "Checks",
        "Sources",
    ):
        assert heading in text


def test_the_empty_template_shows_no_error(convert: Convert) -> None:
    from excel_templates.design import TEMPLATE

    workbook = opened.values(convert(TEMPLATE, "xlsx"))
    bad = [
        (sheet.title, cell.coordinate, cell.value)
        for sheet in workbook.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if isinstance(cell.value, str) and cell.value.startswith(("#", "Err:"))
    ]
    assert bad == []
