"""One pass over the bytes of a log: its digest, unpacked if need be, and lines that end.

DuckDB reads texts fast and takes two faults for a normal end: a line without end, and a gzip
stream that was cut off. Both would lose requests silently, so they are looked for here.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from forecast.errors import UsageFormatError
from forecast.usage.request_logs.files import MAX_LINE_BYTES, LogFile

CHUNK_BYTES: Final = 4 * 2**20
assert CHUNK_BYTES < MAX_LINE_BYTES

MAX_UNPACKED_RATIO: Final = 250
"""Logs shrink 10 to 30 times, monotonous ones 100 times; gzip itself could reach 1,030."""

FREE_UNPACKED_BYTES: Final = 64 * 2**20
"""Small files may unpack to this whatever their ratio."""


@dataclass(frozen=True)
class Passed:
    """What one pass over a file told.

    Attributes
    ----------
    sha256
        Of the file as it is.
    n_rows
        Rows of a CSV whose lines are its rows, empty ones included; None where quotes may hold
        line ends, and of other kinds.
    unpacked
        Where the text of a gzipped file stands now.
    """

    sha256: str
    n_rows: int | None
    unpacked: Path | None = None


def pass_over(file: LogFile, unpacked: Path | None) -> Passed:
    """Read a file once.

    Parameters
    ----------
    unpacked
        Where to write the text of a gzipped file.

    Raises
    ------
    UsageFormatError
        A gzip stream that is damaged, cut off or unpacks to more than its size allows, or a line
        of more than `MAX_LINE_BYTES`.
    """
    digest = hashlib.sha256()
    lines = _Lines(file)
    target = nullcontext(None) if unpacked is None else unpacked.open("wb")
    try:
        with file.path.open("rb") as stream, target as out:
            chunks = _chunks(stream, digest.update)
            for text in _unpack(chunks, file) if file.gzipped else chunks:
                lines.add(text)
                if out is not None:
                    out.write(text)
    except (OSError, zlib.error) as fault:
        raise UsageFormatError(f"cannot be read: {fault}", file=file.name) from None
    return Passed(digest.hexdigest(), lines.n_rows(), unpacked)


def _chunks(stream: BinaryIO, seen: Callable[[bytes], None]) -> Iterator[bytes]:
    while chunk := stream.read(CHUNK_BYTES):
        seen(chunk)
        yield chunk


def _unpack(chunks: Iterator[bytes], file: LogFile) -> Iterator[bytes]:
    limit = max(FREE_UNPACKED_BYTES, MAX_UNPACKED_RATIO * file.path.stat().st_size)
    member = zlib.decompressobj(wbits=31)
    begun = False
    total = 0
    for chunk in chunks:
        rest = chunk
        while rest:
            if member.eof:
                member, begun = zlib.decompressobj(wbits=31), False
            text = member.decompress(rest, CHUNK_BYTES)
            begun = True
            rest = member.unused_data if member.eof else member.unconsumed_tail
            total += len(text)
            if total > limit:
                raise UsageFormatError(
                    f"unpacks to more than {limit} bytes; if it really is a log, unpack it first",
                    file=file.name,
                )
            if text:
                yield text
    if begun and not member.eof:
        raise UsageFormatError("is cut off before its end; copy it again", file=file.name)


def n_empty_lines(text: Path) -> int:
    """Count the lines of a text that hold nothing, the last one without an end included."""
    with text.open("rb") as stream:
        return sum(not line.strip() for line in stream)


class _Lines:
    """Watches that lines end, and counts the rows of a plain CSV."""

    def __init__(self, file: LogFile) -> None:
        self.file = file
        self.watched = file.kind in ("csv", "jsonl")
        self.plain = file.kind == "csv"
        self.open_bytes = 0
        self.n_ends = 0

    def add(self, text: bytes) -> None:
        if not self.watched:
            return
        first = text.find(b"\n")
        if self.open_bytes + (len(text) if first < 0 else first) > MAX_LINE_BYTES:
            raise UsageFormatError(
                f"has a line of more than {MAX_LINE_BYTES} bytes; it is no table of requests",
                file=self.file.name,
            )
        self.open_bytes = (
            self.open_bytes + len(text) if first < 0 else len(text) - 1 - text.rfind(b"\n")
        )
        if self.plain:
            self.plain = b'"' not in text
            self.n_ends += text.count(b"\n")

    def n_rows(self) -> int | None:
        if not self.plain:
            return None
        return self.n_ends - 1 + (self.open_bytes > 0)
