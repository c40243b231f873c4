"""Cells found by defined names: a workbook is known by its names, never by its file name."""

from __future__ import annotations

from collections.abc import Iterable

from openpyxl.workbook import Workbook

from excel_templates.formulas.syntax import UnsupportedFormulaError, reference
from excel_templates.typed_cells import AnyCell
from forecast.errors import InputError

MAX_ROWS = 5_000
"""Rows of one name; the longest of ours has one per workload."""
MAX_COLUMNS = 60


class NamedCells:
    """The cells of a workbook's defined names.

    Parameters
    ----------
    names
        What is needed.

    Raises
    ------
    InputError
        Names are missing, point nowhere or cover too much; all are listed.
    """

    def __init__(self, book: Workbook, names: Iterable[str], *, file: str) -> None:
        found = {name: _cells(book, name) for name in names}
        missing = sorted(name for name, rows in found.items() if rows is None)
        if missing:
            raise InputError(
                f"lacks the defined names {', '.join(missing)}, or they point nowhere; start from "
                "a workbook as it was written, and keep its names",
                file=file,
            )
        self._rows = {name: rows for name, rows in found.items() if rows is not None}

    def one(self, name: str) -> AnyCell:
        """Give the first cell of a name."""
        return self._rows[name][0][0]

    def column(self, name: str) -> list[AnyCell]:
        """Give the first cell of every row of a name."""
        return [row[0] for row in self._rows[name]]

    def rows(self, name: str) -> list[list[AnyCell]]:
        """Give every row of a name."""
        return self._rows[name]


def _cells(book: Workbook, name: str) -> list[list[AnyCell]] | None:
    defined = book.defined_names.get(name)
    try:
        at = reference(defined.attr_text or "") if defined is not None else None
    except UnsupportedFormulaError:
        return None
    if at is None or at.sheet not in [ws.title for ws in book.worksheets]:
        return None
    if at.max_row - at.min_row >= MAX_ROWS or at.max_col - at.min_col >= MAX_COLUMNS:
        return None
    ws = book[at.sheet]
    area = ws.iter_rows(at.min_row, at.max_row, at.min_col, at.max_col)
    return [list(row) for row in area]
