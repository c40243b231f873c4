"""Values into cells: text of people can never become a formula.

A workbook that carries names and notes from exports and inventories is an open door if a text
such as `=HYPERLINK(…)` is written as it stands. Texts are stored with the plain string type
and, where they begin like a formula, with the mark that keeps them a text when the cell is
edited or copied.
"""

from __future__ import annotations

import math
import re
import unicodedata
from copy import copy
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Final

from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.worksheet.worksheet import Worksheet

from forecast.errors import InputError

TEXT_LIMIT: Final = 1500
"""Characters kept of one text; a longer one ends in an ellipsis."""

_RISKY: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")
_KEPT_CONTROLS: Final = ("\n",)
_ESCAPE_LIKE: Final = re.compile("(_x[0-9A-Fa-f]{4})_")
"""Programs read `_x003D_` in a stored text as the character of that number, `=` (ECMA-376-1,
22.9.2.19, ST_Xstring); openpyxl does not, so that escaping it would not come back."""


def plain_text(value: str, limit: int = TEXT_LIMIT) -> str:
    """Strip what is no text: control and direction marks; shorten what is too long.

    >>> plain_text("a" + chr(7) + "b"), plain_text("x" * 9, limit=4), plain_text("_x003D_1+1")
    ('ab', 'xxx…', '_x003D-1+1')
    """
    kept = "".join(
        c
        for c in value.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
        if c in _KEPT_CONTROLS or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn")
    ).strip()
    kept = _ESCAPE_LIKE.sub(r"\1-", kept)
    return kept if len(kept) <= limit else f"{kept[: limit - 1]}…"


def write(cell: Cell, value: object) -> None:
    """Store a value of the service in a cell; a text stays a text whatever it begins with.

    Money and shares become numbers, an enumeration its word, a truth value yes or no.
    """
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, bool):
        value = "yes" if value else "no"
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, float) and not math.isfinite(value):
        value = str(value)
    if value is None or isinstance(value, (int, float, date, datetime)):
        cell_format = cell.number_format
        cell.value = value
        cell.number_format = cell_format  # a date would otherwise bring its own
        return
    text = plain_text(str(value))
    cell.value = text
    cell.data_type = "s"
    if text.startswith(_RISKY):
        cell.quotePrefix = True


def cell_at(ws: Worksheet, row: int, column: int) -> Cell:
    """Give a cell that can hold a value.

    Raises
    ------
    InputError
        It lies inside merged cells.
    """
    cell = ws.cell(row, column)
    if isinstance(cell, MergedCell):
        raise InputError(
            f"{ws.title}!{cell.coordinate} lies inside merged cells; a value must go there: "
            "split them"
        )
    return cell


def copy_look(source: Cell, target: Cell) -> None:
    """Give a cell the style, number format and protection of another one of the workbook.

    openpyxl shares styles by index and has no public way to copy it: setting fonts, fills and
    borders one by one takes fifty times as long.
    """
    # openpyxl's own way to copy a whole look; its stubs leave it out.
    target._style = copy(source._style)  # type: ignore[attr-defined]


def write_formula(cell: Cell, formula: str) -> None:
    """Store a formula of our own."""
    assert formula.startswith("="), formula
    cell.value = formula
