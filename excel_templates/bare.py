"""A workbook file that tells nothing but its cells: for hands outside the company.

Properties (author, title, times, program) are left out with their parts; a workbook that would
tell more than its cells is refused rather than cleaned, because what is cleaned can be forgotten.
"""

from __future__ import annotations

import io
import re
from typing import Final

from openpyxl.workbook import Workbook

from excel_templates.repacked import repacked

_PROPERTIES: Final = re.compile(
    r'<(?:Override|Relationship)\b[^>]*(?:PartName|Target)="/?docProps/[^"]*"[^>]*/>'
)
_KEPT: Final = re.compile(
    r"\[Content_Types\]\.xml|_rels/\.rels|xl/workbook\.xml|xl/_rels/workbook\.xml\.rels|"
    r"xl/styles\.xml|xl/theme/theme1\.xml|xl/sharedStrings\.xml|xl/worksheets/sheet\d+\.xml"
)
"""Parts of a file that is cells alone."""


def bare_file(workbook: Workbook) -> bytes:
    """Write a workbook without properties; the same cells give the same bytes.

    Raises
    ------
    AssertionError
        It has a hidden sheet, row or column, a defined name, a comment, a formula or a part of
        another kind: a fault of ours, never of an input.
    """
    _check_is_plain(workbook)
    buffer = io.BytesIO()
    workbook.save(buffer)
    return repacked(buffer.getvalue(), _without_properties)


def _without_properties(name: str, part: bytes) -> bytes | None:
    if name.startswith("docProps/"):
        return None
    assert _KEPT.fullmatch(name), f"a part that is no cells: {name}"
    if name in ("[Content_Types].xml", "_rels/.rels"):
        return _PROPERTIES.sub("", part.decode()).encode()
    return part


def _check_is_plain(workbook: Workbook) -> None:
    assert not workbook.defined_names, list(workbook.defined_names)
    for ws in workbook.worksheets:
        assert ws.sheet_state == "visible", ws.title
        assert not ws.print_area, ws.title
        assert not ws.print_title_rows, ws.title
        dimensions = (*ws.row_dimensions.values(), *ws.column_dimensions.values())
        assert not any(d.hidden for d in dimensions), ws.title
        for row in ws.iter_rows():
            for cell in row:
                assert cell.comment is None, cell.coordinate
                assert cell.hyperlink is None, cell.coordinate
                assert cell.data_type != "f", cell.coordinate
