"""A thousand hostile names and notes: none becomes a formula, none breaks the file."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import opened
import openpyxl
import pytest
import workbook_example as example
from conftest import Convert
from hostile_texts import N_TEXTS, hostile_texts
from openpyxl.workbook import Workbook

from excel_templates.cells import cell_at, plain_text, write
from excel_templates.fill import build_workbook
from excel_templates.intake import intake_workbook
from excel_templates.typed_intake import typed_intake
from forecast.records.recommendation import Recommendation
from forecast.records.workloads import Portfolio, Workload

TEXTS = hostile_texts()
HARMLESS = tuple(f"text {i}" for i in range(N_TEXTS))


def _noted(recommendation: Recommendation, texts: Sequence[str]) -> Recommendation:
    """Put texts wherever the records take a free one; the longest that a note may have."""
    notes = [text[:2000] for text in texts]
    first = recommendation.assumptions[0]
    scenario, entry = recommendation.scenarios[0], recommendation.cleaning[0]
    return recommendation.model_copy(
        update={
            "terms": recommendation.terms.model_copy(update={"name": notes[30]}),
            "workloads": tuple(
                w.model_copy(update={"reasons": (note,)})
                for w, note in zip(recommendation.workloads, notes, strict=True)
            ),
            "migration": tuple(
                step.model_copy(update={"gate": note})
                for step, note in zip(recommendation.migration, notes[40:], strict=False)
            ),
            "assumptions": tuple(
                first.model_copy(update={"name": note, "value": note, "source": note})
                for note in notes
            ),
            "scenarios": tuple(scenario.model_copy(update={"name": note}) for note in notes[:50]),
            "cleaning": (
                entry.model_copy(
                    update={"id": notes[40], "effect": notes[41], "source": notes[42]}
                ),
            ),
        }
    )


def _built(texts: Sequence[str]) -> bytes:
    recommendation, decisions = example.recommendation(
        example.terms(settlement="term"), example.paths(12, 12, texts)
    )
    return build_workbook(_noted(recommendation, texts), decisions)


@pytest.fixture(scope="module")
def content() -> bytes:
    return _built(TEXTS)


@pytest.fixture(scope="module")
def harmless() -> bytes:
    return _built(HARMLESS)


def _formulas(workbook: Workbook) -> dict[tuple[str, str], str]:
    return {
        (sheet.title, cell.coordinate): str(cell.value)
        for sheet in workbook.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    }


def _texts(workbook: Workbook, name: str) -> list[Any]:
    return [row[0].value for row in opened.cells(workbook, name)]


def test_no_formula_but_those_of_harmless_texts(content: bytes, harmless: bytes) -> None:
    ours, theirs = opened.formulas(harmless), opened.formulas(content)
    assert _formulas(theirs) == _formulas(ours)
    assert {n: d.attr_text for n, d in theirs.defined_names.items()} == {
        n: d.attr_text for n, d in ours.defined_names.items()
    }
    assert opened.read(opened.values(content), "checks_failed") == 0


def test_every_text_is_there_and_marked_as_one(content: bytes) -> None:
    workbook = opened.formulas(content)
    expected = Counter(plain_text(text) for text in TEXTS)
    assert Counter(_texts(workbook, "workload_rows")) == expected
    for row in opened.cells(workbook, "workload_rows"):
        cell = row[0]
        assert cell.data_type == "s"
        assert cell.quotePrefix == cell.value.startswith(tuple("=+-@|%＝＋－＠")), cell.coordinate


def test_every_part_is_xml_and_none_is_new(content: bytes, harmless: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(harmless)) as plain:
        expected = plain.namelist()
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        assert file.namelist() == expected
        for name in file.namelist():
            Xml.fromstring(file.read(name))


@pytest.mark.libreoffice
def test_libreoffice_shows_them_as_texts(content: bytes, tmp_path: Path, convert: Convert) -> None:
    path = tmp_path / "negotiation.xlsx"
    path.write_bytes(content)
    converted = convert(path, "xlsx")
    assert len(_formulas(openpyxl.load_workbook(converted))) == len(
        _formulas(opened.formulas(content))
    )
    shown = _texts(opened.values(converted), "workload_rows")
    assert Counter(shown) == Counter(plain_text(text) for text in TEXTS)


def test_the_intake_workbook_holds_them_as_texts_and_reads_them_back() -> None:
    names = [name for text in TEXTS if (name := plain_text(text)[:120].strip())]
    portfolio = Portfolio(workloads=tuple(Workload(name=n) for n in dict.fromkeys(names)))
    workbook = opened.formulas(intake_workbook(portfolio, example.terms()))
    assert len(portfolio.workloads) > 900
    assert _formulas(workbook) == {}
    assert typed_intake(workbook, portfolio, file="intake.xlsx").portfolio == portfolio


@pytest.mark.parametrize("text", ["\ud800 alone", "a\udfffb", "=\ud83d1+1"])
def test_half_a_character_is_left_out(text: str) -> None:
    """No record takes one, but a file name may."""
    sheet = Workbook().worksheets[0]
    write(cell_at(sheet, 1, 1), text)
    assert sheet["A1"].data_type == "s"
    sheet["A1"].value.encode()
