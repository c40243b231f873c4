"""The portable functions, on cell values.

A value is a float, a text, a truth value or None (an empty cell); a rectangle of cells is a
two-dimensional array, of float64 when every cell is a number or empty, else of objects.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_UP, ROUND_UP, Decimal
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Scalar = float | str | bool | None
Array = NDArray[Any]
Value = Scalar | Array


class CellError(Exception):
    """An error value such as #DIV/0! or #N/A; it spreads to every cell that reads it."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def number(value: Value) -> float:
    """Read one value as a number, as an arithmetic operator does."""
    if isinstance(value, np.ndarray):
        if value.size != 1:
            raise CellError("#VALUE!")
        value = value.item()
    if value is None:
        return 0.0
    if isinstance(value, str):
        raise CellError("#VALUE!")
    return float(value)


def truth(value: Value) -> bool:
    """Read one value as a condition."""
    return number(value) != 0


def text(value: Value) -> str:
    """Write a value as `&` joins it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, str):
        return value
    plain = number(value)
    return str(int(plain)) if plain == int(plain) and abs(plain) < 1e15 else f"{plain:.15g}"


def numbers(*values: Value) -> Array:
    """Collect the numbers of ranges and single cells; texts and empty cells do not count."""
    parts = []
    for value in values:
        if isinstance(value, np.ndarray):
            if value.dtype == object:
                kept = [v for v in value.flat if isinstance(v, float)]
                parts.append(np.array(kept, dtype=np.float64))
            else:
                parts.append(value.astype(np.float64, copy=False).ravel())
        elif value is not None and not isinstance(value, str):
            parts.append(np.array([number(value)]))
    return np.concatenate(parts) if parts else np.zeros(0)


def _cells(value: Value) -> Iterator[Scalar]:
    if isinstance(value, np.ndarray):
        for cell in value.flat:
            yield None if isinstance(cell, float) and math.isnan(cell) else cell
    else:
        yield value


def _rounded(value: Value, digits: Value, how: str) -> float:
    plain = number(value)
    step = Decimal(1).scaleb(-int(number(digits)))
    # Fifteen significant digits, as spreadsheet programs see a number before they round it.
    return float(Decimal(f"{plain:.15g}").quantize(step, rounding=how))


def _small(values: Value, rank: Value) -> float:
    found = numbers(values)
    k = int(number(rank))
    if not 1 <= k <= len(found):
        raise CellError("#NUM!")
    return float(np.partition(found, k - 1)[k - 1])


def _large(values: Value, rank: Value) -> float:
    found = numbers(values)
    return _small(found[None, :], len(found) + 1 - number(rank))


def _sumproduct(*values: Value) -> float:
    product: Array = np.ones((1, 1))
    for value in values:
        array = value if isinstance(value, np.ndarray) else np.array([[number(value)]])
        if array.dtype == object:
            array = np.array([[v if isinstance(v, float) else 0.0 for v in row] for row in array])
        product = product * array
    return float(product.sum())


def _index(values: Value, row: Value, column: Value = None) -> Scalar:
    array = values if isinstance(values, np.ndarray) else np.array([[values]], dtype=object)
    i, j = int(number(row)), int(number(column))
    if column is None and array.shape[0] == 1:
        i, j = 1, i
    i, j = max(i, 1), max(j, 1)
    if i > array.shape[0] or j > array.shape[1]:
        raise CellError("#REF!")
    found = array[i - 1, j - 1]
    if isinstance(found, (str, bool)) or found is None:
        return found
    return None if math.isnan(found) else float(found)


def _match(wanted: Value, values: Value, kind: Value = 1.0) -> float:
    cells = list(_cells(values))
    if number(kind) == 0:
        for i, cell in enumerate(cells):
            if cell is not None and same(cell, wanted):
                return float(i + 1)
        raise CellError("#N/A")
    if number(kind) != 1:
        raise CellError("#VALUE!")
    goal, last = number(wanted), 0
    for i, cell in enumerate(cells):
        if isinstance(cell, float) and cell <= goal:
            last = i + 1
    if not last:
        raise CellError("#N/A")
    return float(last)


def same(left: Value, right: Value) -> bool:
    """Compare two single values with `=`; texts without regard to case, empty is 0 and ""."""
    if left is None or right is None:
        other = right if left is None else left
        return other is None or other == "" or (not isinstance(other, str) and number(other) == 0)
    if isinstance(left, str) or isinstance(right, str):
        return (
            isinstance(left, str) and isinstance(right, str) and left.casefold() == right.casefold()
        )
    if isinstance(left, bool) != isinstance(right, bool):
        return False
    return number(left) == number(right)


def _extreme(pick: Callable[[Array], Any]) -> Callable[..., float]:
    def found(*values: Value) -> float:
        all_numbers = numbers(*values)
        return float(pick(all_numbers)) if len(all_numbers) else 0.0

    return found


def _truths(*values: Value) -> list[bool]:
    cells = [cell for value in values for cell in _cells(value)]
    return [truth(cell) for cell in cells if not isinstance(cell, str) and cell is not None]


def _fixed(value: Value, decimals: Value = 2.0) -> str:
    return f"{_rounded(value, decimals, ROUND_HALF_UP):,.{int(number(decimals))}f}"


FUNCTIONS: Final[dict[str, Callable[..., Scalar]]] = {
    "ABS": lambda x: abs(number(x)),
    "AND": lambda *xs: all(_truths(*xs)),
    "COUNT": lambda *xs: float(len(numbers(*xs))),
    "FIXED": _fixed,
    "INDEX": _index,
    "INT": lambda x: float(math.floor(number(x))),
    "ISNUMBER": lambda x: isinstance(x, (int, float)) and not isinstance(x, bool),
    "LARGE": _large,
    "MATCH": _match,
    "MAX": _extreme(np.max),
    "MIN": _extreme(np.min),
    "NOT": lambda x: not truth(x),
    "OR": lambda *xs: any(_truths(*xs)),
    "ROUND": lambda x, n: _rounded(x, n, ROUND_HALF_UP),
    "ROUNDUP": lambda x, n: _rounded(x, n, ROUND_UP),
    "SMALL": _small,
    "SUM": lambda *xs: float(numbers(*xs).sum()),
    "SUMPRODUCT": _sumproduct,
}
"""Every function a formula of the workbook may use, besides IF, which looks at one branch only."""
