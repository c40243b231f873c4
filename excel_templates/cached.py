"""Values beside the formulas, and a file whose bytes depend on its content alone.

openpyxl writes formulas without values and stamps the moment of writing into the file. Here the
values that were worked out are put beside the formulas, and every time stamp becomes the day the
result stands on.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final
from xml.sax.saxutils import escape

from openpyxl.utils import coordinate_to_tuple
from openpyxl.workbook import Workbook

from excel_templates.formulas.calculate import Calculator
from excel_templates.formulas.functions import CellError, Scalar
from excel_templates.formulas.syntax import UnsupportedFormulaError
from excel_templates.grid import Grid
from excel_templates.repacked import repacked

_FORMULA_CELL: Final = re.compile(
    r'<c r="(?P<at>[A-Z]+[0-9]+)"(?P<style>(?: s="[0-9]+")?)(?: t="[a-z]+")?>'
    r"<f>(?P<formula>[^<]*)</f><v ?/?>(?:</v>)?</c>"
)
_SHEET_FILE: Final = re.compile(r"xl/worksheets/sheet([0-9]+)\.xml")


@dataclass(frozen=True)
class Saved:
    """A finished workbook file.

    Attributes
    ----------
    n_formulas, n_valued
        How many formulas the file has, and beside how many a value stands.
    """

    content: bytes
    n_formulas: int
    n_valued: int


def save(
    workbook: Workbook,
    calculator: Calculator,
    grid: Grid | None,
    *,
    as_of: date,
) -> Saved:
    """Write a workbook with a value beside every formula that can be worked out.

    Parameters
    ----------
    calculator
        Works out single formulas.
    grid
        Rows that are not in the workbook yet, with their values; None where all are.
    as_of
        Day that stands as created and modified in the file's properties.
    """
    titles = [sheet.title for sheet in workbook.worksheets]
    buffer = io.BytesIO()
    workbook.save(buffer)
    counts = [grid.n_formulas, grid.n_formulas] if grid is not None else [0, 0]

    def value_of(sheet: str) -> Callable[[str], Scalar | CellError | None]:
        def look(at: str) -> Scalar | CellError | None:
            row, column = coordinate_to_tuple(at)
            try:
                return calculator.cell(sheet, row, column)
            except CellError as error:
                return error
            except UnsupportedFormulaError:
                return None

        return look

    def changed(name: str, part: bytes) -> bytes:
        if found := _SHEET_FILE.fullmatch(name):
            sheet, text = titles[int(found[1]) - 1], part.decode()
            if grid is not None and sheet == grid.sheet:
                text = grid.put_into(text)
            return _with_values(text, value_of(sheet), counts).encode()
        if name == "docProps/app.xml":
            return part.replace(b"Microsoft Excel", b"commitment-sizing")
        return part

    content = repacked(buffer.getvalue(), changed, day=as_of)
    return Saved(content, *counts)


def _with_values(
    text: str, value_of: Callable[[str], Scalar | CellError | None], counts: list[int]
) -> str:
    def valued(match: re.Match[str]) -> str:
        counts[0] += 1
        value = value_of(match["at"])
        if value is None:
            return match[0]
        counts[1] += 1
        kind, written = _as_stored(value)
        return (
            f'<c r="{match["at"]}"{match["style"]}{kind}>'
            f"<f>{match['formula']}</f><v>{written}</v></c>"
        )

    return _FORMULA_CELL.sub(valued, text)


def _as_stored(value: Scalar | CellError) -> tuple[str, str]:
    if isinstance(value, CellError):
        return ' t="e"', value.code
    if isinstance(value, bool):
        return ' t="b"', str(int(value))
    if isinstance(value, str):
        return ' t="str"', escape(value)
    assert value is not None
    return "", repr(float(value))
