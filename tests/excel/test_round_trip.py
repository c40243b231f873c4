"""What openpyxl, and so any script of a company, may do to a workbook without breaking it.

Promised: defined names, values and formulas, looks, validations, protection, conditional formats,
print set-up, and a chart on every place that has one. Not promised: how the axes of a combined
chart look once openpyxl has read and written it. A company's own charts in its copy of the
template are written back as they are; shapes and newer parts are not, and the check says so.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import opened
import openpyxl
import pytest
import workbook_example as example
from openpyxl.chart import AreaChart, LineChart, Reference
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.workbook import Workbook

from excel_templates.checking import Weight, check_template
from excel_templates.design import TEMPLATE
from excel_templates.fill import build_workbook
from excel_templates.repacked import repacked
from excel_templates.typed_inputs import typed_inputs
from forecast.paths import DecisionSet
from forecast.records.recommendation import Recommendation

Built = tuple[Recommendation, DecisionSet, bytes]


@pytest.fixture(scope="module")
def built() -> Built:
    recommendation, decisions = example.recommendation(decisions=example.paths(20, 12))
    return recommendation, decisions, build_workbook(recommendation, decisions)


def _again(workbook: Workbook) -> Workbook:
    file = io.BytesIO()
    workbook.save(file)
    return openpyxl.load_workbook(file)


def _promised(workbook: Workbook) -> dict[str, Any]:
    names = {name: defined.attr_text for name, defined in workbook.defined_names.items()}
    calculated = workbook.calculation.fullCalcOnLoad
    found: dict[str, Any] = {"names": names, "calculated on opening": calculated}
    for ws in workbook.worksheets:
        found[ws.title] = {
            "validations": sorted(
                (str(r.sqref), r.type, r.operator, r.formula1, r.formula2, r.error)
                for r in ws.data_validations.dataValidation
            ),
            "conditional formats": [
                (str(area.sqref), [(r.formula, repr(r.dxf), r.stopIfTrue) for r in area.rules])
                for area in ws.conditional_formatting
            ],
            "protection": repr(ws.protection),
            "print": (ws.print_area, ws.print_title_rows, repr(ws.page_setup), ws.freeze_panes),
            "merged": sorted(map(str, ws.merged_cells.ranges)),
            "hidden": [row for row, d in ws.row_dimensions.items() if d.hidden],
            "charts": [repr(chart.anchor) for chart in ws._charts],
            "cells": [
                (c.coordinate, c.value, c.data_type, c.style, c.number_format, repr(c.protection),
                 c.quotePrefix)
                for row in ws.iter_rows()
                for c in row
            ],
        }  # fmt: skip
    return found


def test_openpyxl_keeps_what_is_promised(built: Built) -> None:
    workbook = opened.formulas(built[2])
    before, after = _promised(workbook), _promised(_again(workbook))
    assert sum(len(sheet["charts"]) for sheet in list(before.values())[2:]) == opened.N_CHARTS
    for part, promised in before.items():
        assert after[part] == promised, part


def test_what_was_typed_is_read_from_a_file_that_openpyxl_wrote(built: Built) -> None:
    recommendation, decisions, content = built
    workbook = opened.formulas(content)
    opened.type_in(workbook, {"in_commitment": 612_345.67, ("in_line_slip", 1): 2})
    typed = typed_inputs(_again(workbook), recommendation, decisions, file="negotiation.xlsx")
    assert str(typed.commitment_usd) == "612345.67"
    assert [line.later_months for line in typed.lines] == [2]


def test_the_template_comes_through_openpyxl_whole(tmp_path: Path, built: Built) -> None:
    recommendation, decisions, content = built
    copy = tmp_path / "house.xlsx"
    openpyxl.load_workbook(TEMPLATE).save(copy)
    assert check_template(copy) == ()
    assert build_workbook(recommendation, decisions, template=copy) == content


def _with_own_chart(path: Path) -> bytes:
    """A copy of the template with a combined chart; give the chart's XML."""
    workbook = openpyxl.load_workbook(TEMPLATE)
    ws = workbook["Inputs"]
    chart, line = AreaChart(), LineChart()
    for part in (chart, line):
        part.add_data(Reference(ws, min_col=2, min_row=8, max_row=13))
    chart.y_axis.graphicalProperties = GraphicalProperties(solidFill="ABCDEF")
    chart += line
    workbook["About"].add_chart(chart, "D5")
    workbook.save(path)
    with zipfile.ZipFile(path) as file:
        return file.read("xl/charts/chart1.xml")


def test_a_companys_own_chart_is_written_back_as_it_is(tmp_path: Path, built: Built) -> None:
    recommendation, decisions, _ = built
    house = tmp_path / "house.xlsx"
    own = _with_own_chart(house)
    assert b"ABCDEF" in own
    assert b"ABCDEF" not in _first_chart(_again(openpyxl.load_workbook(house)))
    assert check_template(house) == ()
    filled = build_workbook(recommendation, decisions, template=house)
    with zipfile.ZipFile(io.BytesIO(filled)) as file:
        charts = [n for n in file.namelist() if n.startswith("xl/charts/chart")]
        assert len(charts) == opened.N_CHARTS + 1
        assert Xml.canonicalize(file.read("xl/charts/chart1.xml")) == Xml.canonicalize(own)


def _first_chart(workbook: Workbook) -> bytes:
    file = io.BytesIO()
    workbook.save(file)
    with zipfile.ZipFile(file) as packed:
        return packed.read("xl/charts/chart1.xml")


_TEXT_BOX = (
    '<xdr:twoCellAnchor xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/'
    'spreadsheetDrawing" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">'
    "<xdr:from><xdr:col>1</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>1</xdr:row>"
    "<xdr:rowOff>0</xdr:rowOff></xdr:from><xdr:to><xdr:col>3</xdr:col><xdr:colOff>0</xdr:colOff>"
    "<xdr:row>4</xdr:row><xdr:rowOff>0</xdr:rowOff></xdr:to>"
    '<xdr:sp macro="" textlink=""><xdr:nvSpPr><xdr:cNvPr id="9" name="TextBox 1"/>'
    '<xdr:cNvSpPr txBox="1"/></xdr:nvSpPr><xdr:spPr><a:prstGeom prst="rect"><a:avLst/>'
    "</a:prstGeom></xdr:spPr><xdr:txBody><a:bodyPr/><a:p><a:r><a:t>our house</a:t></a:r></a:p>"
    "</xdr:txBody></xdr:sp><xdr:clientData/></xdr:twoCellAnchor>"
)


def _text_box(name: str, part: bytes) -> bytes:
    end = part.rindex(b"</") if name == "xl/drawings/drawing1.xml" else 0
    return part[:end] + _TEXT_BOX.encode() + part[end:] if end else part


def _sparkline(name: str, part: bytes) -> bytes:
    if name != "xl/worksheets/sheet1.xml":
        return part
    return part.replace(b"</worksheet>", b'<extLst><ext uri="{05C60535}"/></extLst></worksheet>')


def _drawn_inside(name: str, part: bytes) -> bytes:
    if name != "xl/charts/chart1.xml":
        return part
    shapes = (
        b'<userShapes xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/'
        b'relationships" r:id="rId1"/></chartSpace>'
    )
    return part.replace(b"</chartSpace>", shapes)


@pytest.mark.parametrize(
    ("change", "where", "what"),
    [
        (_text_box, "About", "1 shape(s) or text box(es)"),
        (_sparkline, "About", "sparklines"),
        (_drawn_inside, "About", "drawn inside the chart chart1.xml"),
    ],
)
def test_the_check_says_what_filling_leaves_behind(
    change: Callable[[str, bytes], bytes], where: str, what: str, tmp_path: Path, built: Built
) -> None:
    recommendation, decisions, _ = built
    house = tmp_path / "house.xlsx"
    _with_own_chart(house)
    house.write_bytes(repacked(house.read_bytes(), change))
    (fault,) = check_template(house)
    assert (fault.weight, fault.where) == (Weight.SPOILS, where)
    assert what in fault.what
    assert "use cells, pictures or charts" in fault.what
    filled = build_workbook(recommendation, decisions, template=house)
    with zipfile.ZipFile(io.BytesIO(filled)) as file:
        n = opened.N_CHARTS + 1
        parts = b"".join(file.read(name) for name in file.namelist())
        assert sum(name.startswith("xl/charts/chart") for name in file.namelist()) == n
    assert not any(mark in parts for mark in (b"our house", b"<extLst", b"userShapes"))


@pytest.mark.parametrize(
    ("part", "what"),
    [("xl/vbaProject.bin", "macros"), ("xl/slicers/slicer1.xml", "slicers"),
     ("xl/externalLinks/externalLink1.xml", "links to other files")],
)  # fmt: skip
def test_parts_that_are_no_cells_are_told(part: str, what: str, tmp_path: Path) -> None:
    house = tmp_path / "house.xlsx"
    house.write_bytes(TEMPLATE.read_bytes())
    with zipfile.ZipFile(house, "a") as file:
        file.writestr(part, b"")
    (fault,) = check_template(house)
    assert (fault.where, fault.what.split(":")[0]) == ("the file", what)
