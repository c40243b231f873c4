"""A small CSV with named columns, read whole: evidence that people and scripts write."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

from api.documents import MAX_DOCUMENT_BYTES
from forecast.errors import WorkloadError

MAX_ROWS = 200_000
"""Two hundred times the cases that prove three points."""

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")


@dataclass(frozen=True)
class Cell:
    """One value with its place.

    Attributes
    ----------
    row
        From 1, the first row below the header.
    """

    text: str
    file: str
    row: int
    column: str

    def refused(self, problem: str) -> WorkloadError:
        """Give the error about this cell."""
        return WorkloadError(problem, file=self.file, row=self.row, column=self.column)

    def required(self) -> str:
        """Give the text; an empty cell is refused."""
        if not self.text:
            raise self.refused("is empty")
        return self.text

    def number(self, *, at_most: float | None = None, meaning: str) -> float:
        """Give a finite number of zero or more.

        Parameters
        ----------
        meaning
            What the number says, for the message: "hours, such as 1.5".
        """
        value = float(self.text) if _NUMBER.fullmatch(self.text) else None
        if value is None or value == float("inf"):
            raise self.refused(f"is not a number: {self.text[:40]!r}; give {meaning}")
        if value < 0 or (at_most is not None and value > at_most):
            bounds = "zero or more" if at_most is None else f"from 0 to {at_most:g}"
            raise self.refused(f"is {self.text[:40]}, and has to be {bounds}; give {meaning}")
        return value


@dataclass(frozen=True)
class TableRow:
    """One row by column name; an optional column that is absent reads as empty."""

    cells: dict[str, Cell]

    def __getitem__(self, column: str) -> Cell:
        """Give the cell of a column."""
        return self.cells[column]


def parse_table(
    data: bytes, file: str, *, required: Sequence[str], optional: Sequence[str] = ()
) -> tuple[TableRow, ...]:
    r"""Read the rows of a CSV in UTF-8 whose header names the columns, in any order.

    Other columns are ignored; blank rows at the end too.

    Raises
    ------
    WorkloadError
        Too large, no CSV text, a column that is absent or stands twice, a row of another length,
        or no rows.

    Examples
    --------
    >>> parse_table(b"case,pass\na,1\n", "e.csv", required=["pass"])[0]["pass"].number(meaning="")
    1.0
    """
    if len(data) > MAX_DOCUMENT_BYTES:
        raise WorkloadError(f"is larger than {MAX_DOCUMENT_BYTES // 2**20} MB", file=file)
    try:
        text = data.decode("utf-8-sig")
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise WorkloadError(f"is not a CSV text in UTF-8: {error}", file=file) from None
    while lines and not any(cell.strip() for cell in lines[-1]):
        lines.pop()
    header = [name.strip().lower() for name in lines[0]] if lines else []
    for name in required:
        if name not in header:
            raise WorkloadError(
                f"is missing; the header has to name {', '.join(required)}"
                + (f" and may name {', '.join(optional)}" if optional else ""),
                file=file,
                column=name,
            )
    wanted = [*required, *optional]
    for name in wanted:
        if header.count(name) > 1:
            raise WorkloadError("stands twice in the header", file=file, column=name)
    if len(lines) < 2:
        raise WorkloadError("holds no rows below its header", file=file)
    if len(lines) - 1 > MAX_ROWS:
        raise WorkloadError(f"has more than {MAX_ROWS:,} rows", file=file)
    places = {name: header.index(name) for name in wanted if name in header}
    rows = []
    for number, line in enumerate(lines[1:], start=1):
        if len(line) != len(header):
            raise WorkloadError(
                f"has {len(line)} cells where the header has {len(header)}", file=file, row=number
            )
        cells = {
            name: Cell(line[places[name]].strip() if name in places else "", file, number, name)
            for name in wanted
        }
        rows.append(TableRow(cells))
    return tuple(rows)
