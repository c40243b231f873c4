"""Work out the formulas of a workbook.

Spreadsheet programs calculate a workbook when it is opened; previewers, pandas and most
converters do not. The values worked out here stand beside the formulas in the file.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Final

import numpy as np
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from excel_templates.formulas.functions import (
    FUNCTIONS,
    Array,
    CellError,
    Scalar,
    Value,
    number,
    same,
    text,
    truth,
)
from excel_templates.formulas.syntax import (
    Binary,
    Call,
    Constant,
    NameUse,
    Node,
    Reference,
    Sign,
    UnsupportedFormulaError,
    parse,
    reference,
)

_SPREADSHEET_EPOCH: Final = datetime(1899, 12, 30)  # noqa: DTZ001  (a spreadsheet day has no zone)

_ARITHMETIC: Final[dict[str, Callable[[Array, Array], Array]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "^": operator.pow,
}

_ORDER: Final[dict[str, Callable[[Array, Array], Array]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "<>": operator.ne,
}


def cell_value(value: object) -> Scalar:
    """Read a stored cell as a formula sees it: a day is its serial number."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, datetime):
        return (value - _SPREADSHEET_EPOCH).total_seconds() / 86_400
    if isinstance(value, date):
        # A spreadsheet day has no zone.
        return float((datetime(value.year, value.month, value.day) - _SPREADSHEET_EPOCH).days)  # noqa: DTZ001
    if isinstance(value, (int, float)):
        return float(value)
    raise UnsupportedFormulaError(f"a cell holds a {type(value).__name__}")


class Calculator:
    """Values of a workbook's cells, worked out when they are first asked for.

    Parameters
    ----------
    workbook
        Formulas are texts that begin with `=`.
    arrays
        Values of names whose cells are known already, as two-dimensional float64 arrays; their
        cells are not looked at.

    Examples
    --------
    >>> book = Workbook()
    >>> sheet = book.active
    >>> sheet["A1"], sheet["A2"], sheet["A3"] = 2, 5, "=SUMPRODUCT((A1:A2>3)*(A1:A2-3))"
    >>> Calculator(book).cell(sheet.title, 3, 1)
    2.0
    """

    def __init__(self, workbook: Workbook, arrays: Mapping[str, Array] | None = None) -> None:
        self._sheets: dict[str, Worksheet] = {sheet.title: sheet for sheet in workbook.worksheets}
        self._names = {
            name: defined.attr_text or "" for name, defined in workbook.defined_names.items()
        }
        self._arrays = dict(arrays or {})
        self._known: dict[tuple[str, int, int], Scalar | CellError] = {}
        self._ranges: dict[tuple[str, Reference], Value] = {}
        self._open: set[tuple[str, int, int]] = set()

    def provide(self, name: str, values: Array) -> None:
        """Give the values of a name's cells."""
        self._arrays[name] = values

    def name(self, name: str) -> Value:
        """Work out what a defined name refers to."""
        if name in self._arrays:
            return self._arrays[name]
        if name not in self._names:
            raise UnsupportedFormulaError(f"no such name: {name}")
        return self._range(reference(self._names[name]), "")

    def cell(self, sheet: str, row: int, column: int) -> Scalar:
        """Work out one cell.

        Raises
        ------
        CellError
            The cell's value is an error.
        UnsupportedFormulaError
            The cell rests on a formula outside the portable subset.
        """
        key = (sheet, row, column)
        if key not in self._known:
            if key in self._open:
                raise UnsupportedFormulaError(f"{sheet} refers to itself in row {row}")
            self._open.add(key)
            try:
                self._known[key] = self._worked_out(sheet, row, column)
            except CellError as error:
                self._known[key] = error
            finally:
                self._open.discard(key)
        found = self._known[key]
        if isinstance(found, CellError):
            raise found
        return found

    def _worked_out(self, sheet: str, row: int, column: int) -> Scalar:
        if sheet not in self._sheets:
            raise UnsupportedFormulaError(f"no such sheet: {sheet}")
        stored = self._sheets[sheet].cell(row, column)
        if stored.data_type != "f":
            return cell_value(stored.value)
        value = self._value(parse(str(stored.value)), sheet)
        if isinstance(value, np.ndarray):
            if value.size != 1:
                raise CellError("#VALUE!")
            value = value.item()
        return 0.0 if value is None else value

    def _range(self, area: Reference, sheet: str) -> Value:
        title = area.sheet or sheet
        if (area.min_row, area.min_col) == (area.max_row, area.max_col):
            return self.cell(title, area.min_row, area.min_col)
        key = (title, area)
        if key not in self._ranges:
            cells = [
                [self.cell(title, r, c) for c in range(area.min_col, area.max_col + 1)]
                for r in range(area.min_row, area.max_row + 1)
            ]
            plain = all(isinstance(v, float) for line in cells for v in line)
            self._ranges[key] = np.array(cells, dtype=np.float64 if plain else object)
        return self._ranges[key]

    def _value(self, node: Node, sheet: str) -> Value:
        match node:
            case Constant():
                return node.value
            case Reference():
                return self._range(node, sheet)
            case NameUse():
                return self.name(node.name)
            case Sign():
                operand = self._value(node.operand, sheet)
                if isinstance(operand, np.ndarray):
                    return -_floats(operand) if node.operator == "-" else _floats(operand) / 100
                return -number(operand) if node.operator == "-" else number(operand) / 100
            case Binary():
                return _binary(
                    node.operator, self._value(node.left, sheet), self._value(node.right, sheet)
                )
            case Call():
                return self._call(node, sheet)

    def _call(self, node: Call, sheet: str) -> Value:
        arguments = node.arguments
        if node.function == "IF":
            assert arguments[0] is not None
            branch = 1 if truth(self._value(arguments[0], sheet)) else 2
            if branch >= len(arguments):
                return False
            chosen = arguments[branch]
            return 0.0 if chosen is None else self._value(chosen, sheet)
        if node.function not in FUNCTIONS:
            raise UnsupportedFormulaError(f"{node.function} is not in the portable subset")
        return FUNCTIONS[node.function](
            *(None if a is None else self._value(a, sheet) for a in arguments)
        )


def _floats(values: Array) -> Array:
    if values.dtype != object:
        return values.astype(np.float64)
    return np.array([[number(v) for v in line] for line in values], dtype=np.float64)


def _binary(sign: str, left: Value, right: Value) -> Value:
    arrays = isinstance(left, np.ndarray) or isinstance(right, np.ndarray)
    if sign == "&":
        return text(left) + text(right)
    if arrays and sign in ("=", "<>"):
        left, right = np.atleast_2d(np.asarray(left)), np.atleast_2d(np.asarray(right))
        if object in (left.dtype, right.dtype) or "U" in (left.dtype.kind, right.dtype.kind):
            left, right = np.broadcast_arrays(left.astype(object), right.astype(object))
            pairs = zip(left.flat, right.flat, strict=True)
            equal = np.array([same(a, b) for a, b in pairs]).reshape(left.shape)
            return equal if sign == "=" else ~equal
        return _ORDER[sign](left, right)
    if arrays:
        a = _floats(np.atleast_2d(np.asarray(left)))
        b = _floats(np.atleast_2d(np.asarray(right)))
        if sign == "/":
            if (b == 0).any():
                raise CellError("#DIV/0!")
            return np.asarray(a / b)
        return (_ARITHMETIC.get(sign) or _ORDER[sign])(a, b)
    if sign in ("=", "<>"):
        return same(left, right) == (sign == "=")
    if sign in _ORDER:
        return bool(_ORDER[sign](*_ranked(left, right)))
    a_number, b_number = number(left), number(right)
    if sign == "/":
        if b_number == 0:
            raise CellError("#DIV/0!")
        return a_number / b_number
    # The table is typed for float; float64 is one, and gives inf where float raises.
    return float(_ARITHMETIC[sign](np.float64(a_number), np.float64(b_number)))  # type: ignore[arg-type]


def _ranked(left: Value, right: Value) -> tuple[Array, Array]:
    """Put two single values on one scale: numbers before texts before truth values."""

    def rank(value: Value, other: Value) -> tuple[int, float | str]:
        if value is None:
            value = "" if isinstance(other, str) else 0.0
        if isinstance(value, bool):
            return 2, float(value)
        if isinstance(value, str):
            return 1, value.casefold()
        return 0, number(value)

    a, b = rank(left, right), rank(right, left)
    order = (a > b) - (a < b)
    return np.array(order), np.array(0)
