"""Thousands of like rows, written straight into a sheet's XML.

A spreadsheet library keeps an object per cell; for a hundred thousand cells that differ in their
row number and value only, that is most of the time of building a workbook. The first row is made
with the library; its styles serve for all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from openpyxl.utils import get_column_letter

from forecast.paths import Floats

ROW: Final = "\u00a7"
"""Stands for the row number in a formula."""


@dataclass(frozen=True)
class GridColumn:
    """One column: its values and, maybe, the formula they come from."""

    column: int
    formula: str | None
    values: Floats


@dataclass(frozen=True)
class Grid:
    """Like rows of one sheet.

    Attributes
    ----------
    first_row
        A row that is in the sheet already, with the style of every column.
    """

    sheet: str
    first_row: int
    columns: tuple[GridColumn, ...]

    @property
    def n_rows(self) -> int:
        """Rows, the first one counted."""
        return len(self.columns[0].values)

    def put_into(self, text: str) -> str:
        """Put all rows in place of the first one, the last row of the sheet so far."""
        start = text.index(f'<row r="{self.first_row}"')
        end = text.index("</row>", start) + len("</row>")
        rows = self._rows(text[start:end])
        last = self.first_row + self.n_rows - 1
        head = re.sub(r'(<dimension ref="[A-Z0-9]+:[A-Z]+)[0-9]+"', rf'\g<1>{last}"', text[:start])
        return head + rows + text[end:]

    def _rows(self, first: str) -> str:
        patterns = []
        for column in self.columns:
            letter = get_column_letter(column.column)
            style = re.search(rf'<c r="{letter}{self.first_row}"((?: s="[0-9]+")?)', first)
            shown = "" if style is None else style[1]
            formula = (
                ""
                if column.formula is None
                else f"<f>{escape(column.formula.removeprefix('='))}</f>"
            )
            patterns.append(f'<c r="{letter}{ROW}"{shown}>{formula}<v>\0</v></c>')
        values = [column.values.tolist() for column in self.columns]
        lines = []
        for i in range(self.n_rows):
            number = str(self.first_row + i)
            cells = [
                pattern.replace("\0", repr(column[i]))
                for pattern, column in zip(patterns, values, strict=True)
            ]
            lines.append(f'<row r="{number}">{"".join(cells).replace(ROW, number)}</row>')
        return "".join(lines)

    @property
    def n_formulas(self) -> int:
        """Formulas in all rows."""
        return self.n_rows * sum(column.formula is not None for column in self.columns)
