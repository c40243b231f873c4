"""Cells that people typed, read strictly: every fault has its cell, and all are told at once.

A file that came by mail is not believed: its size is bounded packed and unpacked, a document type
declaration (the door of XML bombs) is refused, and what should be a value is never worked out
from a formula.
"""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final, TypeVar

from openpyxl import load_workbook
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.workbook import Workbook

from forecast.errors import InputError

V = TypeVar("V")
AnyCell = Cell | MergedCell

MAX_FILE_BYTES: Final = 20_000_000
MAX_UNPACKED_BYTES: Final = 200_000_000
"""Eighty times the negotiation workbook of the example (2.4 MB unpacked)."""
MAX_PARTS: Final = 2_000
MAX_TOLD: Final = 25
"""Faults that are told; nobody mends more of them at once."""
MAX_AMOUNT: Final = 1e13
"""Ten trillion USD, as the workbook's own validation has it."""


_UNREADABLE: Final = (
    OSError, zipfile.BadZipFile, ArithmeticError, AttributeError, LookupError,
    NotImplementedError, SyntaxError, TypeError, ValueError, EOFError, zlib.error,
)  # fmt: skip
"""What openpyxl and its parsers raise on bytes that somebody else chose."""


class CellProblemError(Exception):
    """A cell that cannot be used, in words."""


@dataclass(frozen=True)
class CellFault:
    """One thing that is wrong, and the cell that has to change."""

    cell: str
    problem: str


@dataclass
class Faults:
    """Faults found so far in one file."""

    file: str
    found: list[CellFault] = field(default_factory=list)

    def add(self, cell: AnyCell, problem: str) -> None:
        """Remember a fault of a cell."""
        self.found.append(CellFault(place(cell), problem))

    def read(self, cell: AnyCell, reader: Callable[[AnyCell], V]) -> V | None:
        """Read one cell; a fault is remembered and gives None."""
        try:
            return reader(cell)
        except CellProblemError as problem:
            self.add(cell, str(problem))
            return None

    def check(self) -> None:
        """Refuse the file if anything was found.

        Raises
        ------
        InputError
            Every fault at its cell, up to 25.
        """
        if self.found:
            raise InputError(one_message(self.found), file=self.file, column=self.found[0].cell)


def one_message(faults: Sequence[CellFault]) -> str:
    """Put faults into one message; the first stands without its cell, which the error names.

    >>> faults = [CellFault("Inputs!B6", "is empty"), CellFault("Inputs!B8", "is no number")]
    >>> print(one_message(faults))
    is empty
      also Inputs!B8: is no number
    """
    first, *others = faults[:MAX_TOLD]
    also = "".join(f"\n  also {fault.cell}: {fault.problem}" for fault in others)
    more = f"\n  and {len(faults) - MAX_TOLD} more" if len(faults) > MAX_TOLD else ""
    return first.problem + also + more


def place(cell: AnyCell) -> str:
    """Say where a cell is: sheet!cell."""
    assert cell.parent is not None
    return f"{cell.parent.title}!{cell.coordinate}"


def open_typed(path: Path, error: type[InputError] = InputError, *, start: str) -> Workbook:
    """Open a workbook that came from somebody; formulas stay formulas, links and macros out.

    Parameters
    ----------
    start
        What to start from instead, for the message.

    Raises
    ------
    InputError
        Of the type `error`: too large, packed like a bomb, or no .xlsx workbook.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise error(f"is larger than {MAX_FILE_BYTES // 10**6} MB", file=path.name)
        with zipfile.ZipFile(path) as packed:
            _check_parts(packed, path.name, error)
        return load_workbook(path, keep_links=False, keep_vba=False)
    except InputError:
        raise
    except _UNREADABLE as problem:
        said = str(problem).splitlines()[0][:200] if str(problem) else type(problem).__name__
        raise error(
            f"cannot be read as an .xlsx workbook ({said}); start from {start}", file=path.name
        ) from problem


def _check_parts(packed: zipfile.ZipFile, file: str, error: type[InputError]) -> None:
    parts = packed.infolist()
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
        raise error(
            f"unpacks to more than {MAX_UNPACKED_BYTES // 10**6} MB or {MAX_PARTS} parts; "
            "no workbook of ours does",
            file=file,
        )
    for part in parts:
        if not part.filename.endswith((".xml", ".rels")):
            continue
        if b"<!DOCTYPE" in packed.read(part):
            raise error(f"declares a document type in {part.filename}; save it again", file=file)


def value_of(cell: AnyCell) -> object:
    """Give what was typed; blank text is nothing.

    Raises
    ------
    CellProblemError
        A formula, or an error value.
    """
    if isinstance(cell, Cell) and cell.data_type == "f":
        raise CellProblemError("holds a formula; type the value itself")
    if isinstance(cell, Cell) and cell.data_type == "e":
        raise CellProblemError(f"holds the error {cell.value}; type the value itself")
    value = cell.value
    return None if isinstance(value, str) and not value.strip() else value


def number(
    least: float, most: float, *, example: str, whole: bool = False
) -> Callable[[AnyCell], float]:
    """Make a reader of numbers inside bounds.

    Raises
    ------
    CellProblemError
        By the reader: empty, a text that looks like a number, out of bounds, not whole.
    """

    def read(cell: AnyCell) -> float:
        value = value_of(cell)
        if value is None:
            raise CellProblemError(f"is empty; type a number such as {example}")
        if isinstance(value, str):
            raise CellProblemError(
                f"is the text {value.strip()[:40]!r}, no number; type it without quotes, currency "
                f"and thousands separators, such as {example}"
            )
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise CellProblemError(f"is {str(value)[:40]}, no number; type one such as {example}")
        if not math.isfinite(value) or not least <= value <= most:
            raise CellProblemError(f"is {value:,g}; type a number from {least:,g} to {most:,g}")
        if whole and value != int(value):
            raise CellProblemError(f"is {value:g}; type a whole number such as {example}")
        return value

    return read


def amount(cell: AnyCell) -> Decimal:
    """Read an amount in USD, exactly as it is stored.

    Raises
    ------
    CellProblemError
        See `number`.
    """
    return Decimal(repr(number(0, MAX_AMOUNT, example="250000")(cell)))


share_below_one: Final = number(0, math.nextafter(1, 0), example="0.1 or 10%")
share: Final = number(0, 1, example="0.5 or 50%")
switch: Final = number(0, 1, example="1 (on) or 0 (off)", whole=True)


def word(words: Iterable[str]) -> Callable[[AnyCell], str]:
    """Make a reader of one word out of some."""
    known = tuple(words)

    def read(cell: AnyCell) -> str:
        value = str(value_of(cell) or "").strip()
        if value.lower() not in known:
            said = f"is {value[:40]!r}" if value else "is empty"
            raise CellProblemError(f"{said}; type one of {', '.join(known)}")
        return value.lower()

    return read


def text(most: int) -> Callable[[AnyCell], str]:
    """Make a reader of texts."""

    def read(cell: AnyCell) -> str:
        value = str(value_of(cell) or "").strip()
        if not 0 < len(value) <= most:
            raise CellProblemError(f"needs 1 to {most} characters, not {len(value)}")
        return value

    return read


def day(cell: AnyCell) -> date:
    """Read a day: a date of the program, or a text such as 2026-11-22.

    Raises
    ------
    CellProblemError
        Anything else; 01/02/2027 is a different day for different people.
    """
    value = value_of(cell)
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value.strip())
        except ValueError:
            value = str(value)
    if not isinstance(value, date):
        said = "is empty" if value is None else f"is {str(value)[:40]!r}, no day"
        raise CellProblemError(f"{said}; write 2026-11-22")
    return value


def month(cell: AnyCell) -> date:
    """Read the first day of a month; see `day`."""
    found = day(cell)
    if found.day != 1:
        raise CellProblemError(f"is {found}; write the first day of the month")
    return found


def yes_or_no(cell: AnyCell) -> bool:
    """Read yes or no; true and false will do."""
    value = value_of(cell)
    known = {"yes": True, "no": False, "true": True, "false": False}
    said = str(value).strip().lower()
    if said not in known:
        what = "is empty" if value is None else f"is {str(value).strip()[:40]!r}"
        raise CellProblemError(f"{what}; write yes or no")
    return known[said]
