"""Records of an export that people save as JSON, as CSV or as Parquet.

Each record is a `Fields`, whatever the file is, so that a format is written once. In a table an
empty cell is null, numbers are digits, and a cell may hold an object as JSON text.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

from forecast.errors import UsageFormatError
from forecast.usage.formats import cells, json_text, tabular
from forecast.usage.formats.head import PARQUET_MAGIC
from forecast.usage.formats.json_text import Fields

_BLANKS: Final = b" \t\r\n"
_TRUTH: Final = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}


@dataclass(frozen=True)
class Row(Fields):
    """One row of a table, read by column as an object is read by member."""

    def count(self, member: str) -> int:
        """Read a count that must be there."""
        if member not in self.members:
            raise self.fault(member, "is missing")
        return self.read(member, lambda cell: cells.count(cell or ""))

    def count_or_zero(self, member: str) -> int:
        """Read a count; an empty cell and a column that is left out are 0."""
        return self.count(member) if self.has(member) else 0

    def inner(self, member: str) -> Fields:
        """Give a cell that must hold an object as JSON text."""
        return Fields.of(self._json(member), self.file, row=self.row, path=f"{self.path}{member}.")

    def items(self, member: str) -> list[Any]:
        """Give a cell that must hold a list as JSON text."""
        value = self._json(member)
        if not isinstance(value, list):
            raise self.fault(member, f"is not a list: {cells.quoted(value)}")
        return value

    def _json(self, member: str) -> Any:
        return self.read(member, lambda cell: json_text.value(cell or ""))


def flag(fields: Fields, member: str) -> bool | None:
    """Read a truth value, of JSON or of a cell; None where there is none.

    >>> flag(Row({"batch": "FALSE"}, "a.csv", row=1), "batch")
    False
    """
    value = fields.members.get(member)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(fields, Row) and str(value).strip().lower() in _TRUTH:
        return _TRUTH[str(value).strip().lower()]
    raise fields.fault(member, f"is neither true nor false: {cells.quoted(value)}")


def is_json(data: bytes) -> bool:
    """Tell whether a file is JSON rather than a table.

    >>> is_json(b'[{"a": 1}]'), is_json(b"a,b")
    (True, False)
    """
    start = data.removeprefix(b"\xef\xbb\xbf").lstrip(_BLANKS)
    return not data.startswith(PARQUET_MAGIC) and start.startswith((b"{", b"["))


def records(
    data: bytes,
    file: str,
    wanted: Collection[str],
    *,
    envelope: str | None = None,
    on_envelope: Callable[[Fields], None] | None = None,
    tokens: Collection[str] | None = None,
) -> Iterator[Fields]:
    r"""Walk the records of a file, numbered from 1.

    Parameters
    ----------
    wanted
        Columns to read of a table; nothing else is kept.
    envelope
        Member of a JSON object that holds a list of records, as an API answers; objects without
        it are records themselves.
    on_envelope
        Called with each such object, so that a format can see whether pages are missing.
    tokens
        The token counts that were reviewed; any other column or member with "token" in its name
        is refused. None where names may say anything.

    Raises
    ------
    UsageFormatError
        As `json_text.documents` and `tabular.read_table`; or a record that is not an object.

    Examples
    --------
    >>> [r.count("n") for r in records(b'{"data": [{"n": 1}, {"n": 2}]}', "a", {"n"},
    ...                                envelope="data")]
    [1, 2]
    >>> [r.count("n") for r in records(b"n,other\n3,x\n", "a", {"n"})]
    [3]
    """
    if is_json(data):
        for row, value in enumerate(_objects(data, file, envelope, on_envelope), start=1):
            record = Fields.of(value, file, row=row)
            if tokens is not None:
                record.refuse_unknown_tokens(frozenset(tokens))
            yield record
        return
    table = tabular.read_table(data, file, wanted, nulls=tabular.DATABASE_NULLS)
    if tokens is not None:
        refuse_unknown_tokens(table, tokens)
    names = list(table.columns)
    for row, row_cells in enumerate(zip(*table.columns.values(), strict=True), start=1):
        members = {
            n: cell if cell.strip() else None for n, cell in zip(names, row_cells, strict=True)
        }
        yield Row(members, file, row=row)


def refuse_unknown_tokens(table: tabular.TextTable, known: Collection[str]) -> None:
    """Refuse a table with token columns that nobody has reviewed: dropping one loses money."""
    for column in table.names:
        if "token" in column.lower() and column not in known:
            raise UsageFormatError(
                "is a token column this version does not know; update it",
                file=table.file,
                column=column[:80],
            )


def _objects(
    data: bytes,
    file: str,
    envelope: str | None,
    on_envelope: Callable[[Fields], None] | None,
) -> Iterator[Any]:
    for value in json_text.documents(data, file, unit="record"):
        if envelope is None or not isinstance(value, dict) or envelope not in value:
            yield value
            continue
        answer = Fields.of(value, file)
        if on_envelope is not None:
            on_envelope(answer)
        yield from answer.items(envelope)
