"""The shipped template: what the code designs, portable, protected, and fillable by name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import opened
import openpyxl
import pytest
import workbook_example as example
from openpyxl.workbook import Workbook

from excel_templates.design import TEMPLATE, design_template, main
from excel_templates.fill import build_workbook
from excel_templates.formulas.functions import FUNCTIONS
from excel_templates.names import NAMES
from forecast.errors import InputError

PORTABLE = {*FUNCTIONS, "IF", "LEFT"}


@pytest.fixture(scope="module")
def shipped() -> Workbook:
    return openpyxl.load_workbook(TEMPLATE)


@pytest.fixture(scope="module")
def designed(tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    file = tmp_path_factory.mktemp("designed") / "template.xlsx"
    main(["--out", str(file)])
    return openpyxl.load_workbook(file)


def _look(cell: Any) -> tuple[Any, ...]:
    parts = (cell.font, cell.fill, cell.border, cell.alignment, cell.protection)
    return (cell.value, cell.data_type, cell.style, cell.number_format, *map(repr, parts))


def test_the_shipped_file_is_what_the_code_designs(shipped: Workbook, designed: Workbook) -> None:
    assert shipped.sheetnames == designed.sheetnames
    for sheet in designed.worksheets:
        other = shipped[sheet.title]
        assert other.dimensions == sheet.dimensions
        for row in sheet.iter_rows():
            for cell in row:
                assert _look(other[cell.coordinate]) == _look(cell), (sheet.title, cell.coordinate)
        for part in (
            "freeze_panes", "print_area", "print_title_rows", "merged_cells", "protection",
            "page_setup", "page_margins", "data_validations", "auto_filter",
        ):  # fmt: skip
            assert repr(getattr(other, part)) == repr(getattr(sheet, part)), (sheet.title, part)
        for part in ("left", "center", "right"):
            assert getattr(other.oddFooter, part).text == getattr(sheet.oddFooter, part).text
        widths = {k: v.width for k, v in sheet.column_dimensions.items()}
        assert {k: v.width for k, v in other.column_dimensions.items()} == widths
        rules = [
            (str(area.sqref), [rule.formula for rule in area.rules])
            for area in sheet.conditional_formatting
        ]
        assert rules == [
            (str(area.sqref), [rule.formula for rule in area.rules])
            for area in other.conditional_formatting
        ]
    names = {name: defined.attr_text for name, defined in designed.defined_names.items()}
    assert {n: d.attr_text for n, d in shipped.defined_names.items()} == names


def test_the_contract_lists_every_name(shipped: Workbook) -> None:
    assert set(shipped.defined_names) == set(NAMES)


def test_formulas_use_the_portable_functions_only(shipped: Workbook) -> None:
    found: set[str] = set()
    for sheet in shipped.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    text = re.sub(r'"[^"]*"', '""', str(cell.value))
                    assert "{" not in text
                    assert "[" not in text
                    found |= set(re.findall(r"([A-Z][A-Z0-9.]*)\(", text))
                    assert len(str(cell.value)) < 8000
                    literals = re.findall(r'"([^"]*)"', str(cell.value))
                    assert all(len(literal) <= 255 for literal in literals), cell.coordinate
    assert found <= PORTABLE
    assert "SUMPRODUCT" in found


def test_only_inputs_are_unlocked(shipped: Workbook) -> None:
    unlocked = set()
    for sheet in shipped.worksheets:
        assert sheet.protection.sheet, sheet.title
        assert not sheet.protection.password
        for row in sheet.iter_rows():
            for cell in row:
                if not cell.protection.locked:
                    assert cell.data_type != "f"
                    unlocked.add((sheet.title, cell.coordinate))
    inputs = {
        (cell.parent.title, cell.coordinate)
        for name in NAMES
        if name.startswith(("in_", "approver_")) and name not in ("in_lines", "in_line_name")
        for row in opened.cells(shipped, name)
        for cell in row
    }
    assert unlocked == inputs


def test_every_sheet_prints_on_landscape_paper_one_page_wide(shipped: Workbook) -> None:
    for sheet in shipped.worksheets:
        assert sheet.page_setup.orientation == "landscape"
        assert str(sheet.page_setup.paperSize) == "9"
        assert sheet.page_setup.fitToWidth == 1
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.print_area
        assert sheet.freeze_panes
        assert sheet["A1"].value
        assert sheet["A3"].value == "=light_text"


def test_inputs_are_validated(shipped: Workbook) -> None:
    sheet = shipped["Inputs"]
    rules = sheet.data_validations.dataValidation
    for name in NAMES:
        if name.startswith("in_") and name not in ("in_lines", "in_line_name"):
            for row in opened.cells(shipped, name):
                assert any(row[0].coordinate in rule.sqref for rule in rules), name


def _small() -> Any:
    return example.recommendation(decisions=example.paths(20, 12))


def test_a_rearranged_and_renamed_copy_is_filled_alike(tmp_path: Path) -> None:
    copy = openpyxl.load_workbook(TEMPLATE)
    copy["Checks"].title = "Prüfungen"
    for defined in copy.defined_names.values():
        defined.attr_text = defined.attr_text.replace("'Checks'!", "'Prüfungen'!")
    copy.move_sheet("Inputs", offset=-2)
    copy["About"]["D3"] = "our house"
    copy.save(tmp_path / "house.xlsx")
    recommendation, decisions = _small()
    ours = opened.Worked(opened.formulas(build_workbook(recommendation, decisions)))
    workbook = opened.formulas(
        build_workbook(recommendation, decisions, template=tmp_path / "house.xlsx")
    )
    theirs = opened.Worked(workbook)
    for name in ("decision_sentence", "decision_budget_p80", "checks_passed", "light_text"):
        assert theirs[name] == ours[name]
    assert workbook["About"]["D3"].value == "our house"


def test_missing_names_are_all_listed(tmp_path: Path) -> None:
    copy = openpyxl.load_workbook(TEMPLATE)
    del copy.defined_names["in_commitment"], copy.defined_names["period_list"]
    copy.defined_names["best_cost"].attr_text = "#REF!"
    copy.defined_names["typed_cost"].attr_text = "'Gone'!$A$1"
    copy.save(tmp_path / "poor.xlsx")
    with pytest.raises(InputError) as caught:
        build_workbook(*_small(), template=tmp_path / "poor.xlsx")
    assert caught.value.file == "poor.xlsx"
    for name in ("in_commitment", "period_list", "best_cost", "typed_cost"):
        assert name in caught.value.problem


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive", b"a,b\n1,2\n"])
def test_what_is_no_workbook_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "template.xlsx"
    file.write_bytes(content)
    with pytest.raises(InputError, match=r"template\.xlsx: cannot be read"):
        build_workbook(*_small(), template=file)


def test_a_template_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        build_workbook(*_small(), template=tmp_path / "none.xlsx")


def test_a_list_does_not_write_over_what_a_template_put_there(tmp_path: Path) -> None:
    copy = openpyxl.load_workbook(TEMPLATE)
    copy["Clauses"]["B9"] = "a note of the house"
    copy.save(tmp_path / "full.xlsx")
    with pytest.raises(InputError, match=r"clause_rows needs .* Clauses!B9 is taken"):
        build_workbook(*_small(), template=tmp_path / "full.xlsx")


def test_designing_twice_gives_the_same(designed: Workbook) -> None:
    assert design_template().sheetnames == designed.sheetnames
