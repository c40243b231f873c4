"""The calculator against values worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.workbook import Workbook
from openpyxl.workbook.defined_name import DefinedName

from excel_templates.formulas.calculate import Calculator, cell_value
from excel_templates.formulas.functions import CellError
from excel_templates.formulas.syntax import UnsupportedFormulaError, parse


def _book() -> Workbook:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "A sheet"
    for i, value in enumerate([4, 1, 3, 2, None, "text"], start=1):
        sheet.cell(i, 1, value)
    book.defined_names["four"] = DefinedName("four", attr_text="'A sheet'!$A$1:$A$4")
    book.defined_names["all_six"] = DefinedName("all_six", attr_text="'A sheet'!$A$1:$A$6")
    return book


def _value(formula: str) -> Any:
    book = _book()
    book["A sheet"]["C1"] = formula
    return Calculator(book).cell("A sheet", 1, 3)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("=1+2*3^2", 19),
        ("=-2^2", 4),
        ("=8-3-2", 3),
        ("=2^3^2", 64),
        ("=50%*4", 2),
        ('="a"&1&"b"&2.5', "a1b2.5"),
        ('=1=1&""', False),
        ("=3>2", True),
        ('="b">"A"', True),
        ('="">5', True),
        ("=A5=0", True),
        ('=A5=""', True),
        ("=SUM(all_six)", 10),
        ("=COUNT(all_six)", 4),
        ("=MIN(all_six)", 1),
        ("=MAX(0,A2-5)", 0),
        ("=SMALL(four,3)", 3),
        ("=LARGE(four,1)", 4),
        ("=SUMPRODUCT((four>2)*(four-2))", 3),
        ('=SUMPRODUCT((all_six="text")*1)', 1),
        ("=INDEX(four,2)", 1),
        ("=INDEX(A1:B2,2,1)", 1),
        ("=MATCH(3,four,0)", 3),
        ('=IF(A6="text",1,1/0)', 1),
        ("=IF(FALSE,1)", False),
        ("=AND(TRUE,1,A1)", True),
        ("=OR(FALSE,0)", False),
        ("=ISNUMBER(A5)", False),
        ("=ISNUMBER(A1)", True),
        ("=ROUND(2.675,2)", 2.68),
        ("=ROUND(-2.5,0)", -3),
        ("=ROUNDUP(150.0000000001-0.000000001,0)", 150),
        ("=ROUNDUP(2.1,0)", 3),
        ("=INT(-1.5)", -2),
        ("=FIXED(1234567.891,1)", "1,234,567.9"),
        ("=FIXED(-0.5,0)", "-1"),
        ("='A sheet'!A1+1", 5),
    ],
)
def test_a_formula_means_what_spreadsheets_mean(formula: str, expected: object) -> None:
    found = _value(formula)
    assert found == expected
    assert isinstance(found, type(expected)) or isinstance(expected, int)


def test_match_finds_the_last_that_is_not_above() -> None:
    book = _book()
    sheet = book["A sheet"]
    for i, value in enumerate([0, 250, 600, 1e15], start=1):
        sheet.cell(i, 2, value)
    for row, (wanted, expected) in enumerate([(0, 1), (249.99, 1), (250, 2), (1e9, 3)], start=1):
        sheet.cell(row, 3, f"=MATCH({wanted},$B$1:$B$4,1)")
        assert Calculator(book).cell("A sheet", row, 3) == expected


@pytest.mark.parametrize(
    ("formula", "code"),
    [
        ("=1/0", "#DIV/0!"),
        ('="a"+1', "#VALUE!"),
        ("=SMALL(four,5)", "#NUM!"),
        ("=INDEX(four,9)", "#REF!"),
        ("=MATCH(9,four,0)", "#N/A"),
        ("=A6*2", "#VALUE!"),
    ],
)
def test_an_error_is_the_error_a_spreadsheet_shows(formula: str, code: str) -> None:
    with pytest.raises(CellError) as caught:
        _value(formula)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "formula",
    ["=NOW()", "=no_such_name", "={1,2}", "=SUM(A1", "=1+", "=C1", "=Sheet9!A1", "=A1 A2"],
)
def test_what_is_not_portable_is_refused(formula: str) -> None:
    with pytest.raises(UnsupportedFormulaError):
        _value(formula)


def test_a_cell_that_is_asked_for_twice_is_worked_out_once() -> None:
    book = _book()
    sheet = book["A sheet"]
    for row in range(1, 60):  # each reads the one above twice: 2^58 steps if nothing is kept
        sheet.cell(row, 4, "=1" if row == 1 else f"=D{row - 1}+D{row - 1}")
    assert Calculator(book).cell("A sheet", 59, 4) == 2.0**58


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), st.floats(-1e6, 1e6))
def test_sums_over_ranges_are_numpys(values: list[float], k: float) -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet["B1"] = "=SUMPRODUCT((values>B2)*(values-B2))"
    sheet["B2"] = k
    book.defined_names["values"] = DefinedName(
        "values", attr_text=f"'{sheet.title}'!$A$1:$A${len(values)}"
    )
    array = np.array(values)
    found = Calculator(book, {"values": array[:, None]}).cell(sheet.title, 1, 2)
    assert found == pytest.approx(np.maximum(array - k, 0).sum(), rel=1e-12, abs=1e-6)


def test_a_day_is_its_serial_number() -> None:
    from datetime import date

    assert cell_value(date(2026, 11, 22)) == 46348.0


def test_equal_texts_are_read_once() -> None:
    assert parse("=SUM(A1:A3)+1") is parse("=SUM(A1:A3)+1")
