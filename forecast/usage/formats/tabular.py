"""Delimited text or Parquet as columns of text, for exports that vendors write both ways."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, TypeVar

from forecast.errors import UsageFormatError
from forecast.usage.formats import cells, delimited, parquet
from forecast.usage.formats.head import PARQUET_MAGIC, delimiter_of

T = TypeVar("T")

NULL_WORDS: Final = frozenset({"NULL", "null", "None", "NaN", "nan"})
"""What databases and data frames write where nothing stands."""

DATABASE_NULLS: Final = NULL_WORDS - {"NaN", "nan"}
"""What databases alone write: a NaN among their numbers is a fault, not a gap."""


@dataclass(frozen=True)
class TextTable:
    """The wanted columns of a file.

    Attributes
    ----------
    columns
        By name; `n_rows` cells each, an empty text where nothing stands.
    names
        Every column of the file, wanted or not.
    naive_instants
        Columns whose instants are stored without a zone (Parquet); the format says what they are.
    """

    file: str
    columns: dict[str, list[str]]
    names: tuple[str, ...]
    n_rows: int
    naive_instants: frozenset[str] = frozenset()

    def __contains__(self, column: object) -> bool:
        return column in self.columns

    def need(self, *columns: str) -> None:
        """Refuse a file without these columns."""
        for column in columns:
            if column not in self.columns:
                raise UsageFormatError("is missing; export it again", file=self.file, column=column)

    def read(self, column: str, by: Callable[[str], T]) -> list[T]:
        """Read every cell of a column; `by` raises ValueError with the reason."""
        return cells.convert(self.columns[column], by, file=self.file, column=column)

    def read_or(self, column: str, by: Callable[[str], T], default: T) -> list[T]:
        """Read a column; its empty cells, and all of them where it is left out, are `default`."""
        if column not in self.columns:
            return [default] * self.n_rows
        return self.read(column, lambda cell: by(cell) if cell.strip() else default)

    def fault(self, problem: str, row: int, column: str) -> UsageFormatError:
        """Make the error of one cell; `row` counts from 1."""
        return UsageFormatError(problem, file=self.file, row=row, column=column)


def read_table(
    data: bytes, file: str, wanted: Collection[str], *, nulls: Collection[str] = NULL_WORDS
) -> TextTable:
    r"""Read the columns of a CSV or Parquet file that stand in `wanted`.

    Everything else is skipped while reading: bills have hundreds of columns. Parquet values are
    written as text in one exact way (ISO instants with Z, decimals without exponent, maps as JSON
    objects), so that a format needs one reading for both. Cells of `nulls` are empty.

    Raises
    ------
    UsageFormatError
        As `delimited.read_columns` and `parquet.read_columns`.

    Examples
    --------
    >>> read_table(b"a,b,c\n1,NULL,3\n", "bill.csv", {"a", "b"}).columns
    {'a': ['1'], 'b': ['']}
    """
    if data.startswith(PARQUET_MAGIC):
        return _from_parquet(data, file, wanted, nulls)
    return _from_text(data, file, wanted, nulls)


def _from_text(
    data: bytes, file: str, wanted: Collection[str], nulls: Collection[str]
) -> TextTable:
    text = delimited.decode(data, file)
    delimiter = delimiter_of(text[: text.find("\n")])
    lines = delimited.RowLines(text, file)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    header: list[str] = []
    kept: list[tuple[list[str], int]] = []
    n_rows = 0
    try:
        for row in reader:
            lines.row_ends()
            if not any(row):
                continue
            if not header:
                header = delimited.header_names(row, file)
                kept = [([], i) for i, column in enumerate(header) if column in wanted]
                continue
            n_rows += 1
            if len(row) != len(header):
                raise UsageFormatError(
                    f"has {len(row)} cells where the header has {len(header)}; "
                    "put names that hold the delimiter in quotes",
                    file=file,
                    row=n_rows,
                )
            for column, i in kept:
                cell = row[i]
                column.append("" if cell in nulls else cell)
    except csv.Error as fault:
        raise UsageFormatError(
            f"is not a delimited text: {fault}", file=file, row=n_rows + 1
        ) from None
    if not n_rows:
        raise UsageFormatError("holds a header and no rows; export it again", file=file)
    columns = {header[i]: column for column, i in kept}
    return TextTable(file, columns, tuple(header), n_rows)


def _from_parquet(
    data: bytes, file: str, wanted: Collection[str], nulls: Collection[str]
) -> TextTable:
    table = parquet.read_columns(data, file, wanted)
    for column, typed in table.items():
        if typed.holds not in parquet.PLAIN_TYPES:
            raise UsageFormatError(
                f"is of type {typed.holds[:80]}, not a plain value", file=file, column=column
            )
    n_rows = max((len(typed.items) for typed in table.values()), default=0)
    if not n_rows:
        raise UsageFormatError("holds no rows; export it again", file=file)
    return TextTable(
        file,
        {column: _texts(typed.items, nulls) for column, typed in table.items()},
        tuple(parquet.column_names(data, file)),
        n_rows,
        frozenset(c for c, typed in table.items() if typed.holds == "naive_instant"),
    )


def _texts(values: Sequence[Any], nulls: Collection[str]) -> list[str]:
    return [_text(value, nulls) for value in values]


def _text(value: Any, nulls: Collection[str]) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return "" if value in nulls else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return f"{value.isoformat()}Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, list):
        return json.dumps(dict(value))
    return "" if value != value else repr(value)
