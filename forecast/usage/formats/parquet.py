"""Parquet into columns, column by column: no pandas metadata, no extension types, no pickle."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from forecast.errors import UsageFormatError

MAX_ROWS: Final = 5_000_000
"""A footer can claim any number of rows; ten years of 1,000 groups a day are fewer."""

MAX_PLAIN_BYTES: Final = 2**31
"""What the row groups may claim to hold once decompressed."""

_FAULTS: Final = (
    *(pa.ArrowException, OSError, ValueError, OverflowError, KeyError, IndexError, MemoryError),
)
"""What the library raises for damaged files; a footer may name columns that a row group lacks."""


PLAIN_TYPES: Final = frozenset(
    {"text", "integer", "float", "decimal", "flag", "date", "instant", "naive_instant", "map"}
)


@dataclass(frozen=True)
class TypedColumn:
    """One column: what it holds, and its values with None where nothing stands."""

    holds: str
    """One of `PLAIN_TYPES`, or the Arrow type of anything else."""
    items: list[Any]


def column_names(data: bytes, file: str) -> list[str]:
    """Give the top-level names of the schema."""
    with _domain_errors(file):
        return list(pq.ParquetFile(pa.BufferReader(data)).schema_arrow.names)


def read_columns(data: bytes, file: str, wanted: Collection[str]) -> dict[str, TypedColumn]:
    """Read the columns of a file that stand in `wanted`.

    Raises
    ------
    UsageFormatError
        A damaged file (page checksums are verified where they exist), or one that claims more
        than `MAX_ROWS` rows or `MAX_PLAIN_BYTES`.
    """
    with _domain_errors(file):
        footer = pq.read_metadata(pa.BufferReader(data))
        parquet = pq.ParquetFile(
            pa.BufferReader(data),
            metadata=footer,
            page_checksum_verification=True,
            read_dictionary=_texts_among(footer, wanted),
        )
        # the sizes by column are not asked for: pyarrow 26 ends the process on damaged ones
        plain = sum(footer.row_group(i).total_byte_size for i in range(footer.num_row_groups))
        if not 0 <= footer.num_rows <= MAX_ROWS or not 0 <= plain <= MAX_PLAIN_BYTES:
            raise UsageFormatError(
                f"claims {footer.num_rows} rows and {plain} bytes; at most {MAX_ROWS} rows and "
                f"{MAX_PLAIN_BYTES} bytes are read, split it by month",
                file=file,
            )
        present = [name for name in parquet.schema_arrow.names if name in wanted]
        table = parquet.read(columns=present, use_threads=False)
        return {name: _typed(table.column(name)) for name in present}


def _texts_among(footer: pq.FileMetaData, wanted: Collection[str]) -> list[str]:
    """Name the columns of text.

    A text may stand in the file once and in a million rows; read as a dictionary, it stands in
    memory once too.
    """
    columns = (footer.schema.column(i) for i in range(footer.num_columns))
    return [c.path for c in columns if c.path in wanted and c.logical_type.type == "STRING"]


def _typed(column: pa.ChunkedArray) -> TypedColumn:
    kind = column.type
    if pa.types.is_dictionary(kind):
        if pa.types.is_string(kind.value_type) or pa.types.is_large_string(kind.value_type):
            return TypedColumn("text", _shared_texts(column))
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_timestamp(kind):
        seconds = column.cast(pa.timestamp("s", tz=kind.tz), safe=False)
        days = [None if v is None else v.replace(tzinfo=None) for v in _utc(seconds)]
        return TypedColumn("instant" if kind.tz else "naive_instant", days)
    names = (
        (
            "text",
            pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind),
        ),
        ("integer", pa.types.is_integer(kind)),
        ("float", pa.types.is_floating(kind)),
        ("decimal", pa.types.is_decimal(kind)),
        ("flag", pa.types.is_boolean(kind)),
        ("date", pa.types.is_date(kind)),
        ("map", _is_text_map(kind)),
    )
    holds = next((name for name, yes in names if yes), str(kind))
    return TypedColumn(holds, column.to_pylist() if holds != str(kind) else [])


def _shared_texts(column: pa.ChunkedArray) -> list[str | None]:
    """Give texts, each distinct one held in memory once."""
    texts: list[str | None] = []
    for chunk in column.chunks:
        words = chunk.dictionary.to_pylist()
        texts += [None if i is None else words[i] for i in chunk.indices.to_pylist()]
    return texts


def _is_text_map(kind: pa.DataType) -> bool:
    """Tell whether a type is names and texts, as clouds write tags and attributes."""
    return (
        pa.types.is_map(kind)
        and pa.types.is_string(kind.key_type)
        and pa.types.is_string(kind.item_type)
    )


def _utc(seconds: pa.ChunkedArray) -> list[dt.datetime | None]:
    """Give the instants in UTC, whatever zone the column names."""
    return seconds.cast(pa.timestamp("s")).to_pylist()


@contextmanager
def _domain_errors(file: str) -> Iterator[None]:
    try:
        yield
    except UsageFormatError:
        raise
    except _FAULTS as fault:
        reason = str(fault).splitlines()[0][:200] if str(fault) else type(fault).__name__
        raise UsageFormatError(
            f"is not a readable Parquet file: {reason}; write it again", file=file
        ) from None
