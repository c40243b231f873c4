"""Formula text to a tree, for the portable subset that the workbook is written in.

comparison := joined (( = | <> | < | <= | > | >= ) joined)*
joined     := sum ( & sum)*
sum        := product (( + | - ) product)*
product    := power (( * | / ) power)*
power      := sign ( ^ sign)*
sign       := ( + | - ) sign | percent
percent    := atom %*
atom       := number | "text" | TRUE | FALSE | F(…) | reference | name | ( comparison )
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from openpyxl.utils import column_index_from_string


class UnsupportedFormulaError(ValueError):
    """A formula outside the portable subset: it keeps no value until a program calculates it."""


@dataclass(frozen=True)
class Constant:
    """A number, a text or a truth value."""

    value: float | str | bool


@dataclass(frozen=True)
class Reference:
    """A cell or a rectangle of cells; rows and columns from 1, both ends included."""

    sheet: str | None
    min_row: int
    min_col: int
    max_row: int
    max_col: int


@dataclass(frozen=True)
class NameUse:
    """A defined name."""

    name: str


@dataclass(frozen=True)
class Call:
    """A function with its arguments; None is an omitted one."""

    function: str
    arguments: tuple[Node | None, ...]


@dataclass(frozen=True)
class Binary:
    """Two operands and what joins them."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Sign:
    """A leading minus, or a trailing per cent."""

    operator: str
    operand: Node


Node = Constant | Reference | NameUse | Call | Binary | Sign

_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<text>"(?:[^"]|"")*")
    | (?P<reference>(?:(?:'(?:[^']|'')+'|[A-Za-z_][\w.]*)!)?
        \$?[A-Za-z]{1,3}\$?\d+(?::\$?[A-Za-z]{1,3}\$?\d+)?(?![\w(.]))
    | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<name>[A-Za-z_][\w.]*)
    | (?P<operator><>|<=|>=|[-+*/^&=<>%(),])
    )""",
    re.VERBOSE,
)

_CELL: Final = re.compile(r"\$?([A-Za-z]{1,3})\$?(\d+)")

_BINDING: Final = {
    **dict.fromkeys(("=", "<>", "<", "<=", ">", ">="), 1),
    "&": 2,
    **dict.fromkeys(("+", "-"), 3),
    **dict.fromkeys(("*", "/"), 4),
    "^": 5,
}
"""How tightly an operator binds; equal ones group from the left."""


def reference(text: str) -> Reference:
    """Read a reference.

    >>> reference("'Fan chart'!$B$2:C4")
    Reference(sheet='Fan chart', min_row=2, min_col=2, max_row=4, max_col=3)
    """
    sheet, _, area = text.rpartition("!")
    if sheet.startswith("'"):
        sheet = sheet[1:-1].replace("''", "'")
    corners = [
        (int(row), column_index_from_string(column.upper())) for column, row in _CELL.findall(area)
    ]
    if not corners:
        raise UnsupportedFormulaError(f"{text!r} is not a cell or a rectangle of cells")
    rows, columns = zip(*corners, strict=True)
    return Reference(sheet or None, min(rows), min(columns), max(rows), max(columns))


@lru_cache(maxsize=20_000)
def parse(formula: str) -> Node:
    """Read a formula; a leading `=` may stand or be missing.

    Raises
    ------
    UnsupportedFormulaError
        Anything outside the grammar above (array constants, unions, structured references).

    Examples
    --------
    >>> parse("=-A1")
    Sign(operator='-', operand=Reference(sheet=None, min_row=1, min_col=1, max_row=1, max_col=1))
    """
    return _Reader(formula.removeprefix("=")).whole()


def walk(node: Node | None) -> Iterator[Node]:
    """Give a node and everything below it.

    >>> sum(isinstance(node, Call) for node in walk(parse("=SUM(A1,MAX(B1:B3))")))
    2
    """
    if node is None:
        return
    yield node
    below: tuple[Node | None, ...] = ()
    if isinstance(node, Call):
        below = node.arguments
    elif isinstance(node, Binary):
        below = (node.left, node.right)
    elif isinstance(node, Sign):
        below = (node.operand,)
    for child in below:
        yield from walk(child)


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str]] = []
        position, end = 0, len(text.rstrip())
        while position < end:
            match = _TOKEN.match(text, position)
            if match is None or match.lastgroup is None:
                raise UnsupportedFormulaError(f"cannot read {text[position:]!r} in {text!r}")
            self.tokens.append((match.lastgroup, match[match.lastgroup]))
            position = match.end()
        self.at = 0

    def whole(self) -> Node:
        node = self._binary(1)
        if self.at < len(self.tokens):
            raise UnsupportedFormulaError(
                f"unexpected {self.tokens[self.at][1]!r} in {self.text!r}"
            )
        return node

    def _peek(self) -> str | None:
        if self.at < len(self.tokens) and self.tokens[self.at][0] == "operator":
            return self.tokens[self.at][1]
        return None

    def _expect(self, operator: str) -> None:
        if self._peek() != operator:
            raise UnsupportedFormulaError(f"{operator!r} is missing in {self.text!r}")
        self.at += 1

    def _binary(self, least: int) -> Node:
        """Read operands joined by operators that bind at least as tightly as `least`."""
        node = self._sign()
        while (operator := self._peek()) and (binding := _BINDING.get(operator, 0)) >= least:
            self.at += 1
            node = Binary(operator, node, self._binary(binding + 1))
        return node

    def _sign(self) -> Node:
        operator = self._peek()
        if operator in ("+", "-"):
            self.at += 1
            operand = self._sign()
            return operand if operator == "+" else Sign("-", operand)
        node = self._atom()
        while self._peek() == "%":
            self.at += 1
            node = Sign("%", node)
        return node

    def _atom(self) -> Node:
        if self.at >= len(self.tokens):
            raise UnsupportedFormulaError(f"{self.text!r} ends too early")
        kind, text = self.tokens[self.at]
        self.at += 1
        if kind == "number":
            return Constant(float(text))
        if kind == "text":
            return Constant(text[1:-1].replace('""', '"'))
        if kind == "reference":
            return reference(text)
        if kind == "operator":
            if text != "(":
                raise UnsupportedFormulaError(f"unexpected {text!r} in {self.text!r}")
            node = self._binary(1)
            self._expect(")")
            return node
        if self._peek() == "(":
            self.at += 1
            return Call(text.upper(), self._arguments())
        if text.upper() in ("TRUE", "FALSE"):
            return Constant(text.upper() == "TRUE")
        return NameUse(text)

    def _arguments(self) -> tuple[Node | None, ...]:
        found: list[Node | None] = []
        if self._peek() == ")":
            self.at += 1
            return ()
        while True:
            found.append(None if self._peek() in (",", ")") else self._binary(1))
            if self._peek() == ")":
                self.at += 1
                return tuple(found)
            self._expect(",")
