"""The first record that is refused: in which file and row it stands, and why.

Looked for only once something was refused, so that the good case never pays for it. DuckDB
looks, whatever engine aggregated, because it numbers rows in the order of the file.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from forecast.errors import UsageFormatError
from forecast.usage.formats import cells
from forecast.usage.request_logs.aggregation import checked_fields, refused
from forecast.usage.request_logs.engines.protocol import Engine
from forecast.usage.request_logs.fields import Field
from forecast.usage.request_logs.files import MAX_LINE_BYTES, LogFile
from forecast.usage.request_logs.layouts.protocol import Layout, Requests
from forecast.usage.request_logs.naming import Words

if TYPE_CHECKING:
    import ibis.expr.types as ir

_ROW: Final = "row_of_file"
_BAD: Final = "is_refused"


def first_refused(
    engine: Engine,
    file: LogFile,
    layout: Layout,
    words: Words,
    bad_words: Mapping[str, Sequence[str]],
) -> UsageFormatError | None:
    """Describe the first record of a file that holds something refused.

    Parameters
    ----------
    engine
        Keeps the order of rows, and knows the file.
    bad_words
        Names that were refused, in the words of the log.

    Returns
    -------
    UsageFormatError or None
        None when the file has no such record.
    """
    import ibis

    table = engine.table([file], layout.members(frozenset(file.columns)))
    numbered = table.mutate(**{_ROW: ibis.row_number() + 1})
    source = layout.requests(engine.record(numbered))
    bad: Any = refused(source)
    for column, values in bad_words.items():
        if column in source.names:
            bad = bad | source.names[column].value.isin(list(values))
    described = _described(source.table, source, bad)
    rows = engine.fetch(described.filter(described[_BAD]).order_by(_ROW).limit(1)).to_pylist()
    return _fault(rows[0], source, words, file.name) if rows else None


def _described(table: ir.Table, source: Requests, bad: ir.Value) -> ir.Table:
    """Select what the message needs: raw values, and which of them are refused."""
    columns: dict[str, Any] = {_ROW: table[_ROW], _BAD: bad}
    for column, field in checked_fields(source).items():
        raw = field.raw
        plain = raw.type().is_string() or raw.type().is_numeric()
        columns[f"{column} raw"] = raw if plain else raw.cast("string")
        columns[f"{column} refused"] = field.value.isnull()
    for column, field in source.names.items():
        columns[f"{column} raw"] = field.value
    return table.select(**columns)


def _fault(row: Mapping[str, Any], source: Requests, words: Words, file: str) -> UsageFormatError:
    for column, field in checked_fields(source).items():
        if row[f"{column} refused"]:
            reason = _reason(field, row[f"{column} raw"])
            return UsageFormatError(reason, file=file, row=row[_ROW], column=field.source)
    for column, field in source.names.items():
        try:
            read = cells.name if column == "prefix" else words[column]
            read(row[f"{column} raw"])
        except ValueError as fault:
            return UsageFormatError(str(fault), file=file, row=row[_ROW], column=field.source)
    return UsageFormatError("is refused", file=file, row=row[_ROW])


def _reason(field: Field, raw: Any) -> str:
    try:
        field.why(raw)
    except ValueError as fault:
        return str(fault)
    return f"is not read as it stands: {cells.quoted(raw)}; write plain digits or an ISO instant"


def first_unreadable(file: LogFile, text: Path) -> UsageFormatError | None:
    """Find the first line of a text that is no record, with Python's own readers.

    Parameters
    ----------
    text
        The file itself, or what it was unpacked to.
    """
    if file.kind not in ("csv", "jsonl"):
        return None
    read = _csv_faults if file.kind == "csv" else _json_faults
    return next(read(file, text), None)


def _csv_faults(file: LogFile, text: Path) -> Iterator[UsageFormatError]:
    row = 0
    try:
        with text.open(encoding="utf-8-sig", newline="") as stream:
            for cell_row in csv.reader(stream, delimiter=file.delimiter, strict=True):
                if cell_row and len(cell_row) != len(file.columns):
                    yield UsageFormatError(
                        f"has {len(cell_row)} cells where the header has {len(file.columns)}; "
                        "put names that hold the delimiter in quotes",
                        file=file.name,
                        row=row,
                    )
                row += bool(cell_row)
    except (csv.Error, UnicodeDecodeError) as fault:
        what = "is not UTF-8" if isinstance(fault, UnicodeDecodeError) else f"{fault}"
        yield UsageFormatError(f"is not a delimited text: {what}", file=file.name, row=row or None)


def _json_faults(file: LogFile, text: Path) -> Iterator[UsageFormatError]:
    row = 0
    with text.open("rb") as stream:
        while line := stream.readline(MAX_LINE_BYTES + 1):
            if not line.strip():
                continue
            row += 1
            try:
                if not isinstance(json.loads(line, object_pairs_hook=_members), dict):
                    yield UsageFormatError("is not an object", file=file.name, row=row)
            except (ValueError, RecursionError) as fault:
                reason = fault.msg if isinstance(fault, json.JSONDecodeError) else str(fault)
                yield UsageFormatError(f"is not JSON: {reason[:80]}", file=file.name, row=row)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a member stands twice in one object")
    return members
