"""What `commitment template check` says of a company's own copy of the template."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
import workbook_example as example
from openpyxl.styles import Protection
from openpyxl.workbook import Workbook
from openpyxl.workbook.defined_name import DefinedName
from typer.testing import CliRunner

from api.cli import app
from excel_templates.checking import TemplateFault, Weight, check_template
from excel_templates.design import TEMPLATE
from excel_templates.fill import build_workbook
from excel_templates.formulas.syntax import reference

Change = Callable[[Workbook], None]


def copy(folder: Path, change: Change) -> Path:
    workbook = openpyxl.load_workbook(TEMPLATE)
    change(workbook)
    file = folder / "house.xlsx"
    workbook.save(file)
    return file


def only(folder: Path, change: Change) -> TemplateFault:
    (fault,) = check_template(copy(folder, change))
    return fault


def place(workbook: Workbook, name: str) -> tuple[str, str]:
    at = reference(workbook.defined_names[name].attr_text)
    assert at.sheet is not None
    return at.sheet, openpyxl.utils.get_column_letter(at.min_col) + str(at.min_row)


def test_a_renamed_restyled_and_longer_copy_passes_and_is_filled(tmp_path: Path) -> None:
    def house_style(workbook: Workbook) -> None:
        workbook["Decision"]["A1"].value = "Entscheidung"
        workbook.create_sheet("Board paper")["A1"] = "=decision_sign_for"

    file = copy(tmp_path, house_style)
    assert check_template(file) == ()
    filled = build_workbook(*example.recommendation(decisions=example.paths(20, 12)), template=file)
    assert filled[:2] == b"PK"


def test_a_lost_name_stops_and_says_where_it_was(tmp_path: Path) -> None:
    def lose(workbook: Workbook) -> None:
        del workbook.defined_names["in_commitment"]

    faults = check_template(copy(tmp_path, lose))
    assert faults[0].weight is Weight.STOPS
    assert faults[0].where == "name in_commitment"
    assert "Inputs!" in faults[0].what
    assert any("uses the name in_commitment" in fault.what for fault in faults[1:])


def test_a_name_that_points_to_a_deleted_sheet_stops(tmp_path: Path) -> None:
    def astray(workbook: Workbook) -> None:
        workbook.defined_names["about_seed"] = DefinedName("about_seed", attr_text="'Gone'!$B$2")

    fault = only(tmp_path, astray)
    assert (fault.weight, fault.where) == (Weight.STOPS, "name about_seed")
    assert "'Gone'!$B$2" in fault.what


def test_a_list_with_a_column_less_stops(tmp_path: Path) -> None:
    def narrow(workbook: Workbook) -> None:
        old = workbook.defined_names["offer_rows"].attr_text
        sheet, area = old.split("!")
        first = area.split(":")[0]
        workbook.defined_names["offer_rows"] = DefinedName(
            "offer_rows", attr_text=f"{sheet}!{first}:{first}"
        )

    fault = only(tmp_path, narrow)
    assert fault.weight is Weight.STOPS
    assert "offer_rows must cover 1 x" in fault.what


def test_a_value_inside_merged_cells_stops(tmp_path: Path) -> None:
    def merge(workbook: Workbook) -> None:
        sheet, where = place(workbook, "about_seed")
        at = workbook[sheet][where]
        workbook[sheet].merge_cells(
            start_row=at.row, end_row=at.row, start_column=at.column - 1, end_column=at.column
        )

    assert any(
        fault.weight is Weight.STOPS and "about_seed lies inside merged cells" in fault.what
        for fault in check_template(copy(tmp_path, merge))
    )


def test_a_locked_input_spoils(tmp_path: Path) -> None:
    def lock(workbook: Workbook) -> None:
        sheet, where = place(workbook, "in_commitment")
        workbook[sheet][where].protection = Protection(locked=True)

    faults = check_template(copy(tmp_path, lock))
    assert {fault.weight for fault in faults} == {Weight.SPOILS}
    assert any("in_commitment is an input, but nobody could type" in f.what for f in faults)


@pytest.mark.parametrize(
    ("formula", "weight", "says"),
    [
        ("=XLOOKUP(1,A1:A2,B1:B2)", Weight.SPOILS, "XLOOKUP"),
        ("=#REF!+1", Weight.STOPS, "#REF!"),
        ("=Gone!A1", Weight.STOPS, "the sheet Gone"),
        ("=nobody_knows+1", Weight.STOPS, "nobody_knows"),
        ("={1,2}", Weight.SPOILS, "no value here"),
    ],
)
def test_a_formula_that_cannot_be_worked_out(
    tmp_path: Path, formula: str, weight: Weight, says: str
) -> None:
    def add(workbook: Workbook) -> None:
        workbook.create_sheet("Own")["B2"] = formula

    fault = only(tmp_path, add)
    assert (fault.weight, fault.where) == (weight, "Own!B2")
    assert says in fault.what


def test_the_command_says_it_and_exits_by_it(tmp_path: Path) -> None:
    runner = CliRunner()
    good = tmp_path / "good.xlsx"
    assert runner.invoke(app, ["template", "new", str(good)]).exit_code == 0
    told = runner.invoke(app, ["template", "check", str(good)])
    assert (told.exit_code, "can be filled" in told.output) == (0, True)
    again = runner.invoke(app, ["template", "new", str(good)])
    assert (again.exit_code, "exists already" in again.output) == (2, True)

    def lose(workbook: Workbook) -> None:
        del workbook.defined_names["chart_bridge"]

    bad = runner.invoke(app, ["template", "check", str(copy(tmp_path, lose)), "--json"])
    assert bad.exit_code == 2
    said = json.loads(bad.stdout)
    assert said["can_be_filled"] is False
    assert said["faults"][0]["where"] == "name chart_bridge"
    noise = tmp_path / "noise.xlsx"
    noise.write_bytes(b"not a workbook")
    assert runner.invoke(app, ["template", "check", str(noise)]).exit_code == 2
