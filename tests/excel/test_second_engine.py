"""A second engine, the package `formulas`, reads the finished file and works every formula out.

It shares no code with the package's own calculator, which puts the values beside the formulas, and
none with LibreOffice. No sheet and no function had to be left out. It takes about a second per
hundred formulas, so the decision set here is small.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import opened
import pytest
import workbook_example as example
from openpyxl.workbook import Workbook

from excel_templates.fill import build_workbook
from forecast.paths import DecisionSet
from forecast.records.recommendation import Recommendation
from forecast.whatif import WhatIf

pytestmark = pytest.mark.slow
FILE = "negotiation.xlsx"
TERMS = example.terms(settlement="quarterly", unused_value_share=0.25)


class Engine:
    """A workbook as `formulas` has it: cells are keyed by file, sheet and address."""

    def __init__(self, path: Path) -> None:
        import formulas

        self.model = formulas.ExcelModel().loads(str(path)).finish(circular=False)
        self.found: Any = None

    def calculate(self, typed: dict[tuple[str, str], Any]) -> None:
        self.found = self.model.calculate(
            inputs={_key(sheet, at): value for (sheet, at), value in typed.items()}
        )

    def value(self, sheet: str, at: str) -> Any:
        return self.found[_key(sheet, at)].value[0, 0]


def _key(sheet: str, at: str) -> str:
    return f"'[{FILE}]{sheet.upper()}'!{at}"


Built = tuple[Recommendation, DecisionSet, bytes, Engine]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    recommendation, decisions = example.recommendation(
        TERMS, example.paths(40, 12, example.WORKLOADS[:3])
    )
    content = build_workbook(recommendation, decisions)
    path = tmp_path_factory.mktemp("second_engine") / FILE
    path.write_bytes(content)
    return recommendation, decisions, content, Engine(path)


def _formulas(workbook: Workbook) -> Iterator[tuple[str, str]]:
    for sheet in workbook.worksheets:
        for row in sheet.iter_rows():
            yield from ((sheet.title, c.coordinate) for c in row if c.data_type == "f")


def test_every_formula_of_every_sheet(built: Built) -> None:
    _, _, content, engine = built
    engine.calculate({})
    ours = opened.values(content)
    n = 0
    for sheet, at in _formulas(opened.formulas(content)):
        n += 1
        stored, found = ours[sheet][at].value, engine.value(sheet, at)
        if isinstance(stored, (int, float)) and not isinstance(stored, bool):
            assert float(found) == pytest.approx(stored, rel=1e-9, abs=1e-9), (sheet, at)
        else:
            assert found == (stored or ""), (sheet, at)
    assert n > 3500


@pytest.mark.parametrize(
    ("typed", "clauses", "settings"),
    [
        (
            {
                "in_commitment": 512_345.67,
                ("in_tier_discount", 2): 0.14,
                "in_overage": "committed_rate",
            },
            {
                "tiers": [(0, 0.0), (250_000, 0.14), (600_000, 0.15), (1_000_000, 0.22)],
                "overage": "committed_rate",
            },
            WhatIf(),
        ),
        (
            {
                "in_growth_shock": -0.25,
                "in_realisation": 0.6,
                "in_unused_value": 0.0,
                "in_outside_discount": 0.05,
                ("in_line_slip", "nightly enrichment"): 3,
                ("in_line_on", "bulk tagging"): 0,
            },
            {"unused_value_share": 0.0, "outside_discount_share": 0.05},
            WhatIf(
                growth_shock_share=-0.25,
                realisation_share=0.6,
                switched_off=frozenset({"bulk tagging"}),
                slip_months={"nightly enrichment": 3},
            ),
        ),
    ],
)
def test_what_is_typed_gives_the_services_figures(
    built: Built, typed: dict[Any, Any], clauses: dict[str, Any], settings: WhatIf
) -> None:
    recommendation, decisions, content, engine = built
    workbook = opened.formulas(content)
    cells: dict[tuple[str, str], Any] = {}
    for key, value in typed.items():
        name, row = key if isinstance(key, tuple) else (key, 1)
        row = opened.line(workbook, row) if isinstance(row, str) else row
        cell = opened.cells(workbook, name)[row - 1][0]
        cells[cell.parent.title, cell.coordinate] = value
    engine.calculate(cells)

    def found(name: str) -> float:
        at = opened.cells(workbook, name)[0][0]
        return float(engine.value(at.parent.title, at.coordinate))

    twin = opened.Twin(
        opened.changed_terms(TERMS, **clauses),
        decisions,
        settings,
        Decimal(str(typed.get("in_commitment", recommendation.commitment.recommended_usd))),
    )
    for name, expected in twin.expected().items():
        tolerance = 0.0051 if abs(expected) > 1 else 1e-9
        assert found(name) == pytest.approx(expected, abs=tolerance), name
    assert found("checks_failed") == 0
    assert found("inputs_changed") == len(typed)
