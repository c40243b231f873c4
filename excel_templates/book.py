"""The filler's hold on a template: by defined names, never by cell addresses."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from openpyxl.formula.translate import Translator
from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from excel_templates.cells import cell_at, copy_look, write, write_formula
from excel_templates.formulas.syntax import Reference, UnsupportedFormulaError, reference
from excel_templates.layout import define
from excel_templates.names import NAMES
from forecast.errors import InputError

LINE_HEIGHT: Final = 13.5
"""Points of one line of text at 10 points."""
CHARACTERS_PER_WIDTH: Final = 1.25
"""Letters of running text at 10 points on one unit of column width. LibreOffice 7.4 sets 1.5 in
wrapped cells of the shipped template; a unit of 7 pixels and letters of 5.5, as in other
programs, make 1.27. The smaller one, so that no text is cut; recheck on a PDF of a workbook."""


@dataclass(frozen=True)
class Keep:
    """Leave what the pattern row holds: its formula, moved down, or nothing."""


KEEP: Final = Keep()


@dataclass(frozen=True)
class Area:
    """Where a defined name points."""

    ws: Worksheet
    min_row: int
    min_col: int
    max_row: int
    max_col: int

    def column(self, offset: int = 0) -> str:
        """Give the letter of a column of the area, from 0."""
        return get_column_letter(self.min_col + offset)

    @property
    def n_columns(self) -> int:
        """Columns."""
        return self.max_col - self.min_col + 1


class Book:
    """A template that is being filled.

    Parameters
    ----------
    workbook
        Any copy of the template: sheets may be renamed, restyled and rearranged, cells moved, as
        long as the defined names stay.
    file
        What to call it in a message.
    names
        Defined names that it needs; those of the negotiation workbook by default.

    Raises
    ------
    InputError
        Defined names are missing or point nowhere; all are listed.
    """

    def __init__(self, workbook: Workbook, file: str, names: Iterable[str] = NAMES) -> None:
        self.workbook = workbook
        self.file = file
        self._areas: dict[str, Area] = {}
        missing = []
        for name in names:
            found = self._find(name)
            if found is None:
                missing.append(name)
            else:
                self._areas[name] = found
        if missing:
            raise InputError(
                f"is no template of the negotiation workbook: the defined names "
                f"{', '.join(sorted(missing))} are missing or point nowhere; start from the "
                "shipped template (python -m excel_templates.design --out FILE) and keep its names",
                file=file,
            )

    def _find(self, name: str) -> Area | None:
        defined = self.workbook.defined_names.get(name)
        if defined is None:
            return None
        try:
            at: Reference = reference(defined.attr_text or "")
        except UnsupportedFormulaError:
            return None
        if at.sheet not in self.workbook.sheetnames:
            return None
        return Area(self.workbook[at.sheet], at.min_row, at.min_col, at.max_row, at.max_col)

    def area(self, name: str) -> Area:
        """Give where a name points now."""
        return self._areas[name]

    def set(self, name: str, value: object) -> None:
        """Write one value into the first cell of a name."""
        at = self._areas[name]
        write(cell_at(at.ws, at.min_row, at.min_col), value)

    def column(self, name: str, values: Sequence[object], *, fit: bool = False) -> None:
        """Write values down a name's cells; cells beyond the values are emptied.

        With `fit`, rows grow to hold a wrapped text.
        """
        at = self._areas[name]
        room = at.max_row - at.min_row + 1
        if len(values) > room:
            raise InputError(
                f"the defined name {name} has room for {room} values, not {len(values)}",
                file=self.file,
            )
        for i in range(room):
            write(
                cell_at(at.ws, at.min_row + i, at.min_col), values[i] if i < len(values) else None
            )
            if fit:
                self._fit_height(at.ws, at.min_row + i, [at.min_col])

    def point(self, name: str, ws: Worksheet, area: str) -> None:
        """Move a name to another area."""
        define(self.workbook, name, ws, area)
        found = self._find(name)
        assert found is not None, (name, area)
        self._areas[name] = found

    def rows(self, name: str, rows: Sequence[Sequence[object]]) -> None:
        """Write a list from its pattern row down, in the pattern's styles.

        `KEEP` leaves a cell to the pattern: its formula is moved down. The name, and every
        other name inside the pattern row, grows with the list. An empty list leaves the pattern
        row as it is.
        """
        at = self._areas[name]
        ws, first = at.ws, at.min_row
        columns = range(at.min_col, at.max_col + 1)
        if not rows:
            return
        self._refuse_overwriting(name, at, len(rows))
        pattern = [cell_at(ws, first, c) for c in columns]
        formulas = [str(cell.value) if cell.data_type == "f" else None for cell in pattern]
        for i, values in enumerate(rows):
            assert len(values) <= len(pattern), (name, len(values), len(pattern))
            for j, value in enumerate([*values, *[KEEP] * (len(pattern) - len(values))]):
                cell = cell_at(ws, first + i, at.min_col + j)
                if i and pattern[j].has_style:
                    copy_look(pattern[j], cell)
                if not isinstance(value, Keep):
                    write(cell, value)
                elif i and (formula := formulas[j]) is not None:
                    moved = Translator(formula, origin=pattern[j].coordinate)
                    write_formula(cell, moved.translate_formula(cell.coordinate))
            self._fit_height(ws, first + i, columns)
        self._grow(at, len(rows))
        _print_down_to(ws, first + len(rows) - 1)

    def _refuse_overwriting(self, name: str, at: Area, n_rows: int) -> None:
        for row in range(at.min_row + 1, at.min_row + n_rows):
            for column in range(at.min_col, at.max_col + 1):
                if at.ws.cell(row, column).value is not None:
                    raise InputError(
                        f"the list {name} needs {n_rows} rows, but "
                        f"{at.ws.title}!{get_column_letter(column)}{row} is taken; "
                        "move what stands there",
                        file=self.file,
                    )

    def _grow(self, pattern: Area, n_rows: int) -> None:
        """Lengthen every name, validation and filter that ends in the pattern row."""
        ws, last = pattern.ws, pattern.min_row + n_rows - 1
        for name, at in list(self._areas.items()):
            ends_there = at.ws is ws and at.max_row == pattern.min_row
            if ends_there and pattern.min_col <= at.min_col and at.max_col <= pattern.max_col:
                left, right = get_column_letter(at.min_col), get_column_letter(at.max_col)
                self.point(name, at.ws, f"{left}{at.min_row}:{right}{last}")
        for rule in ws.data_validations.dataValidation:
            for column in range(pattern.min_col, pattern.max_col + 1):
                letter = get_column_letter(column)
                if f"{letter}{pattern.min_row}" in rule.sqref and n_rows > 1:
                    rule.add(f"{letter}{pattern.min_row + 1}:{letter}{last}")
        filtered = reference(ws.auto_filter.ref) if ws.auto_filter.ref else None
        if filtered and filtered.max_row == pattern.min_row:
            left, right = get_column_letter(filtered.min_col), get_column_letter(filtered.max_col)
            ws.auto_filter.ref = f"{left}{filtered.min_row}:{right}{last}"

    @staticmethod
    def _fit_height(ws: Worksheet, row: int, columns: Sequence[int]) -> None:
        cells = [(ws.cell(row, column), column_width(ws, column)) for column in columns]
        height = fitted_height(
            (str(cell.value), width)
            for cell, width in cells
            if cell.data_type == "s" and cell.alignment.wrap_text
        )
        known = ws.row_dimensions[row].height
        if height > fitted_height(()) and (known is None or known < height):
            ws.row_dimensions[row].height = height


def fitted_height(texts: Iterable[tuple[str, float]]) -> float:
    """Give the height of a row that holds wrapped texts, each with the width of its column.

    >>> fitted_height([("a" * 30, 12.0)]) == 2 * LINE_HEIGHT + 2
    True
    """
    lines = 1
    for text, width in texts:
        per_line = max(4.0, width * CHARACTERS_PER_WIDTH)
        lines = max(lines, sum(math.ceil(len(p) / per_line) or 1 for p in text.split("\n")))
    return LINE_HEIGHT * lines + 2


def _print_down_to(ws: Worksheet, row: int) -> None:
    """Move the end of a sheet's printed area down to a row."""
    if not ws.print_area:
        return
    area = reference(ws.print_area.replace("$", ""))
    if area.max_row < row:
        left, right = get_column_letter(area.min_col), get_column_letter(area.max_col)
        ws.print_area = f"{left}{area.min_row}:{right}{row}"


def column_width(ws: Worksheet, column: int) -> float:
    """Give the width of a column in characters; neighbours of one width may be stored as one."""
    for letter, dimension in ws.column_dimensions.items():
        first = dimension.min or column_index_from_string(letter)
        if first <= column <= (dimension.max or first):
            return float(dimension.width)
    return 8.43
