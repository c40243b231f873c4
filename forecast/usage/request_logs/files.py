"""The files of a request log: found, and looked at without trusting what they claim."""

from __future__ import annotations

import contextlib
import gzip
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from forecast.errors import UsageFormatError
from forecast.usage.formats.head import PARQUET_MAGIC, Head, delimiter_of, header_of

GZIP_MAGIC: Final = b"\x1f\x8b"
HEAD_BYTES: Final = 2**20
"""Of a text: enough for the header, and for a record that carries a long prompt."""

MAX_LINE_BYTES: Final = 8 * 2**20
"""One record of a text. A prompt of a million tokens is about 4 MiB."""

MAX_ROWS_PER_BYTE: Final = 100
"""A Parquet footer that claims more rows than this for each byte of the file is not believed:
times differ, so a request takes at least a few bits."""

MAX_FILES: Final = 10_000
SUFFIXES: Final = (".parquet", ".csv", ".jsonl", ".ndjson", ".json", ".log")
"""What is read of a folder; `.gz` may follow."""

Kind = Literal["parquet", "csv", "jsonl", "json_array", "json_stream"]


@dataclass(frozen=True)
class LogFile:
    """A file of a request log.

    Attributes
    ----------
    kind
        jsonl has one record a line, json_array a list of them, json_stream one after the other.
    columns
        Of the header or schema, or the members of the first records.
    schema
        Equal for files that can be read as one table.
    """

    path: Path
    kind: Kind
    gzipped: bool
    columns: tuple[str, ...]
    schema: str
    delimiter: str = ","

    @property
    def name(self) -> str:
        """Its name in messages."""
        return self.path.name


def find_files(paths: Sequence[Path]) -> list[Path]:
    """List the files of a log: files as given, folders in full, and patterns such as `logs/*.gz`.

    Raises
    ------
    UsageFormatError
        A path that does not exist, a folder or pattern without logs, more than `MAX_FILES`, or
        the same file twice.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        matches = _matches(path)
        if not matches:
            raise UsageFormatError(
                f"holds no {', '.join(SUFFIXES)} files" if path.is_dir() else "does not exist",
                file=path.name,
            )
        for match in matches:
            whole = match.resolve()
            if whole in found:
                raise UsageFormatError(
                    f"is the same file as {found[whole].name}; give it once", file=match.name
                )
            found[whole] = match
            if len(found) > MAX_FILES:
                raise UsageFormatError(
                    f"is one of more than {MAX_FILES} files; give fewer at once", file=match.name
                )
    return list(found.values())


def _matches(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(p for p in path.rglob("*") if p.is_file() and _is_log_name(p.name))
    if path.exists():
        return [path]
    if not any(sign in str(path) for sign in "*?["):
        return []
    root = Path(path.anchor or ".")
    return sorted(p for p in root.glob(str(path.relative_to(path.anchor))) if p.is_file())


def _is_log_name(name: str) -> bool:
    return name.lower().removesuffix(".gz").endswith(SUFFIXES) and not name.startswith(".")


def look(path: Path) -> LogFile:
    """Look at the beginning of a file, and at the footer of a Parquet file.

    Raises
    ------
    UsageFormatError
        Not an ordinary file, empty, damaged, not UTF-8, a header that is not one, or a footer
        that claims what the file cannot hold.
    """
    if not path.is_file():
        raise UsageFormatError(
            "is not a file" if path.exists() else "does not exist", file=path.name
        )
    try:
        with path.open("rb") as stream:
            magic = stream.read(4)
        if magic == PARQUET_MAGIC:
            return _look_at_parquet(path)
        gzipped = magic.startswith(GZIP_MAGIC)
        with gzip.open(path) if gzipped else path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
    except EOFError:
        raise UsageFormatError("is cut off before its end; copy it again", file=path.name) from None
    except (OSError, zlib.error) as fault:
        raise UsageFormatError(f"cannot be read: {fault}", file=path.name) from None
    kind = Head.of(head[:65_536], path.name).kind
    if kind == "json":
        return _look_at_json(path, gzipped, head)
    return _look_at_csv(path, gzipped, head)


def _look_at_parquet(path: Path) -> LogFile:
    with _readable(path.name), pq.ParquetFile(path) as parquet:
        footer = parquet.metadata
        groups = sum(footer.row_group(i).num_rows for i in range(footer.num_row_groups))
        most = MAX_ROWS_PER_BYTE * path.stat().st_size
        if groups != footer.num_rows or not 0 <= footer.num_rows <= most:
            raise UsageFormatError(
                f"claims {footer.num_rows} rows in {path.stat().st_size} bytes; write it again",
                file=path.name,
            )
        if not footer.num_rows:
            raise UsageFormatError("holds no requests; export it again", file=path.name)
        schema = parquet.schema_arrow
        described = "; ".join(f"{field.name} {field.type}" for field in schema)
        return LogFile(path, "parquet", False, tuple(schema.names), described)


def n_rows_claimed(path: Path) -> int:
    """Give the number of rows in the footer of a Parquet file."""
    with _readable(path.name), pq.ParquetFile(path) as parquet:
        return int(parquet.metadata.num_rows)


@contextlib.contextmanager
def _readable(file: str) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError, ValueError, OverflowError, KeyError, MemoryError) as fault:
        reason = str(fault).splitlines()[0][:200] if str(fault) else type(fault).__name__
        raise UsageFormatError(
            f"is not a readable Parquet file: {reason}; write it again", file=file
        ) from None


def _look_at_csv(path: Path, gzipped: bool, head: bytes) -> LogFile:
    text = head.decode("utf-8-sig", errors="replace")
    if "\n" not in text and len(head) == HEAD_BYTES:
        raise UsageFormatError(
            f"has a first line of more than {HEAD_BYTES} bytes; it is no table of requests",
            file=path.name,
        )
    line = text.split("\n", 1)[0].rstrip("\r")
    columns = header_of(text)
    for index, column in enumerate(columns):
        if not column:
            raise UsageFormatError(
                f"names no column in place {index + 1} of its header", file=path.name
            )
        if column in columns[:index]:
            raise UsageFormatError("stands twice in the header", file=path.name, column=column[:80])
    if not columns:
        raise UsageFormatError("has no header", file=path.name)
    delimiter = delimiter_of(line)
    return LogFile(path, "csv", gzipped, tuple(columns), f"{delimiter}{columns}", delimiter)


def _look_at_json(path: Path, gzipped: bool, head: bytes) -> LogFile:
    text = head.decode("utf-8-sig", errors="replace").lstrip()
    if text.startswith("["):
        kind: Kind = "json_array"
        records = _records(text[1:])
    else:
        kind = "jsonl" if _is_whole(text.split("\n", 1)[0]) or "\n" not in text else "json_stream"
        records = _records(text)
    columns = list(dict.fromkeys(key for record in records for key in record))
    if not columns:
        columns = sorted(Head.of(head[:65_536], path.name).keys)
    return LogFile(path, kind, gzipped, tuple(columns), kind)


def _is_whole(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _records(text: str) -> Iterator[dict[str, Any]]:
    """Walk the whole records at the beginning of a JSON text."""
    decoder = json.JSONDecoder()
    position = 0
    while True:
        while position < len(text) and text[position] in " \t\r\n,":
            position += 1
        try:
            record, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            return
        if isinstance(record, dict):
            yield record
