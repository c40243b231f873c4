"""Delimited text into columns of strings: UTF-8 only, every row as long as the header."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from forecast.errors import UsageFormatError
from forecast.usage.formats.head import delimiter_of


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
        quote that never closes, or no row at all.

    Examples
    --------
    >>> read_columns(b"day,model\n2026-11-22,m\n", "a.csv").by_name
    {'day': ('2026-11-22',), 'model': ('m',)}
    """
    text = decode(data, file)
    delimiter = delimiter_of(text[: text.find("\n")])
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header: list[str] = []
    rows: list[list[str]] = []
    try:
        for cells in reader:
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
    for index, column in enumerate(header):
        if not column:
            raise UsageFormatError(f"names no column in place {index + 1} of its header", file=file)
        if column in header[:index]:
            raise UsageFormatError("stands twice in the header", file=file, column=column[:80])
    return header
