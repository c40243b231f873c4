"""What a company draws into its copy of the template: charts are kept, the rest is told.

openpyxl writes a workbook anew from what it understands. Of a drawing that is charts and pictures;
a chart is understood in part (a combined one would come back with plain axes), so its own XML is
written back in place. Shapes, text boxes and what newer programs add are left behind.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element

from openpyxl.drawing.spreadsheet_drawing import SpreadsheetDrawing
from openpyxl.workbook import Workbook
from openpyxl.xml.constants import REL_NS, SHEET_MAIN_NS
from openpyxl.xml.functions import fromstring

_BOOK: Final = "xl/workbook.xml"
_DRAWING: Final = "{http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing}"
_CHART: Final = "{http://schemas.openxmlformats.org/drawingml/2006/chart}chart"
_RELATION: Final = f"{{{REL_NS}}}id"
_POINTS_ELSEWHERE: Final = re.compile(rb"\br:(?:id|embed|link)=")
"""A chart with a part of its own beside it (drawn shapes, a picture, the data of another file)."""
_SHAPES: Final = ("sp", "grpSp", "cxnSp", "contentPart")
_LOST_PARTS: Final = (
    ("xl/vbaProject.bin", "macros"),
    ("xl/externalLinks/", "links to other files"),
    ("xl/slicers/", "slicers"),
    ("xl/timelines/", "timelines"),
    ("xl/ctrlProps/", "form controls"),
    ("xl/activeX/", "ActiveX controls"),
    ("xl/threadedComments/", "threaded comments"),
    ("customXml/", "custom XML"),
    ("customUI/", "a ribbon of its own"),
)


def keep_charts(workbook: Workbook, archive: zipfile.ZipFile) -> None:
    """Let every chart of a workbook that was just read be written as its file has it."""
    for title, sheet in _sheets(archive):
        found = [part for _, part in _charts(archive, sheet)]
        # Charts in the order they were read; openpyxl has no public list of them.
        read = workbook[title]._charts if title in workbook.sheetnames else []  # type: ignore[attr-defined]
        if len(found) != len(read):
            continue
        for chart, part in zip(read, found, strict=True):
            if not _POINTS_ELSEWHERE.search(part):
                chart._write = lambda part=part: fromstring(part)


def left_behind(path: Path) -> Iterator[tuple[str, str]]:
    """Say what of a workbook file is lost when it is filled: where, and what."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        for start, what in _LOST_PARTS:
            if any(name.startswith(start) for name in names):
                yield "the file", what
        for title, sheet in _sheets(archive):
            yield from ((title, what) for what in _lost_of(archive, sheet))


def _lost_of(archive: zipfile.ZipFile, sheet: str) -> Iterator[str]:
    if b"<extLst" in archive.read(sheet):
        yield "sparklines, or conditional formats and validations of a newer kind"
    for drawing in _drawings(archive, sheet):
        tree = fromstring(archive.read(drawing))
        shapes = sum(len(list(tree.iter(f"{_DRAWING}{kind}"))) for kind in _SHAPES)
        frames = len(list(tree.iter(f"{_DRAWING}graphicFrame")))
        others = frames - len(list(tree.iter(_CHART)))
        if shapes:
            yield f"{shapes} shape(s) or text box(es)"
        if others:
            yield f"{others} diagram(s) that are no charts"
        if not _is_understood(tree):
            yield f"{frames - others} chart(s), for the shapes they are drawn with"
    for name, part in _charts(archive, sheet):
        if _POINTS_ELSEWHERE.search(part):
            yield f"what is drawn inside the chart {name.rpartition('/')[2]}"


def _is_understood(drawing: Element) -> bool:
    """Whether openpyxl reads a drawing at all; if not, all of it is lost."""
    try:
        # The stubs know their own element type alone.
        SpreadsheetDrawing.from_tree(drawing)  # type: ignore[arg-type]
    except TypeError:
        return False
    return True


def _sheets(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Give the title and the part of every sheet."""
    parts = _related(archive, _BOOK, "worksheet")
    for sheet in fromstring(archive.read(_BOOK)).iter(f"{{{SHEET_MAIN_NS}}}sheet"):
        part = parts.get(sheet.get(_RELATION, ""))
        if part in archive.namelist():
            yield sheet.get("name", ""), part


def _related(archive: zipfile.ZipFile, part: str, kind: str) -> dict[str, str]:
    """Give the parts of a kind that a part points to, by the id it uses."""
    folder, name = posixpath.split(part)
    relations = f"{folder}/_rels/{name}.rels"
    if relations not in archive.namelist():
        return {}
    return {
        relation.get("Id", ""): posixpath.normpath(
            posixpath.join("/", folder, relation.get("Target", ""))
        ).lstrip("/")
        for relation in fromstring(archive.read(relations))
        if relation.get("Type", "").endswith(f"/{kind}")
    }


def _drawings(archive: zipfile.ZipFile, sheet: str) -> list[str]:
    return list(_related(archive, sheet, "drawing").values())


def _charts(archive: zipfile.ZipFile, sheet: str) -> Iterator[tuple[str, bytes]]:
    """Give the charts of a sheet as the file has them, in the order openpyxl reads them."""
    for drawing in _drawings(archive, sheet):
        tree = fromstring(archive.read(drawing))
        if not _is_understood(tree):
            continue
        charts = _related(archive, drawing, "chart")
        for chart in tree.iter(_CHART):
            name = charts.get(chart.get(_RELATION) or "")
            if name in archive.namelist():
                yield name, archive.read(name)
