"""Delimited text into columns of strings: UTF-8 only, every row as long as the header."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from forecast.errors import UsageFormatError
from forecast.usage.formats.head import delimiter_of

MAX_ROWS: Final = 5_000_000
"""As in Parquet: ten years of 1,000 groups a day are fewer."""

MAX_COLUMNS: Final = 2_000
"""A cost export with a column for every resource tag has several hundred."""

MAX_ROW_CHARACTERS: Final = 2**20
"""Of one row, over all its lines; a row of 2,000 columns of 500 characters."""

_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


@dataclass(frozen=True)
class Columns:
    """The columns of a text by name; `n_rows` cells each."""

    by_name: dict[str, tuple[str, ...]]
    n_rows: int


def read_columns(data: bytes, file: str) -> Columns:
    r"""Read a delimited text with a header.

    A byte-order mark is dropped, and the delimiter is the comma unless the header has more
    semicolons or tabs. Rows without any content are skipped and not counted. A cell holds at
    most 131,072 characters (the limit of the csv module).

    Raises
    ------
    UsageFormatError
        Not UTF-8, a header that names a column twice or not at all, a row of another length, a
        quote that never closes, no row at all, or more than `MAX_ROWS`, `MAX_COLUMNS` or
        `MAX_ROW_CHARACTERS`.

    Examples
    --------
    >>> read_columns(b"day,model\n2026-11-22,m\n", "a.csv").by_name
    {'day': ('2026-11-22',), 'model': ('m',)}
    """
    text = decode(data, file)
    delimiter = delimiter_of(text[: text.find("\n")])
    lines = RowLines(text, file)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    header: list[str] = []
    rows: list[list[str]] = []
    try:
        for cells in reader:
            lines.row_ends()
            if not any(cells):
                continue
            if not header:
                header = header_names(cells, file)
                continue
            if len(cells) != len(header):
                raise UsageFormatError(
                    f"has {len(cells)} cells where the header has {len(header)}; "
                    "put names that hold the delimiter in quotes",
                    file=file,
                    row=len(rows) + 1,
                )
            rows.append(cells)
    except csv.Error as fault:
        raise UsageFormatError(
            f"is not a delimited text: {fault}", file=file, row=len(rows) + 1
        ) from None
    if not rows:
        raise UsageFormatError("holds a header and no usage; export it again", file=file)
    return Columns(dict(zip(header, zip(*rows, strict=True), strict=True)), len(rows))


class RowLines:
    """The lines of a text, for the csv module to make rows of; no row goes on for ever.

    Without a bound a text without line ends, or with a quote in every line, becomes one row of
    as many cells as memory holds.
    """

    def __init__(self, text: str, file: str) -> None:
        self._lines = _LINE.finditer(text)
        self._file = file
        self._n_rows = 0
        self._n_characters = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines).group()
        self._n_characters += len(line)
        if self._n_characters > MAX_ROW_CHARACTERS:
            raise UsageFormatError(
                f"has a row of more than {MAX_ROW_CHARACTERS} characters; it is no table, or a "
                "quote never closes",
                file=self._file,
                row=self._n_rows or None,
            )
        return line

    def row_ends(self) -> None:
        """Say that a row was made of the lines so far; the header is the first."""
        self._n_rows += 1
        self._n_characters = 0
        if self._n_rows > MAX_ROWS:
            raise UsageFormatError(
                f"has more than {MAX_ROWS} rows; split it by month", file=self._file
            )


def decode(data: bytes, file: str) -> str:
    """Decode UTF-8 text, with or without a byte-order mark."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        row = data.count(b"\n", 0, fault.start)
        raise UsageFormatError(
            f"is not UTF-8 (byte {fault.start}); save it as CSV UTF-8", file=file, row=row or None
        ) from None


def header_names(cells: list[str], file: str) -> list[str]:
    """Give the column names of a header; none may be empty or stand twice."""
    header = [cell.strip() for cell in cells]
    if len(header) > MAX_COLUMNS:
        raise UsageFormatError(
            f"has {len(header)} columns, at most {MAX_COLUMNS} are read; leave some out", file=file
        )
    for index, column in enumerate(header):
        if not column:
            raise UsageFormatError(f"names no column in place {index + 1} of its header", file=file)
        if column in header[:index]:
            raise UsageFormatError("stands twice in the header", file=file, column=column[:80])
    return header
