"""Members of a tar archive, read in one pass.

The standard library's reader takes the sizes of extended headers on trust and parses them with
expressions that backtrack (CVE-2024-6232); what an export needs of the format is small. Source of
the layout: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Header Block"; GNU tar manual,
"Basic Tar Format", for type `L` and sizes in base 256.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from forecast.errors import UsageFormatError
from forecast.usage.containers.compressed import Chunked
from forecast.usage.containers.files import too_many
from forecast.usage.containers.limits import CHUNK_BYTES, Limits
from forecast.usage.containers.names import shown

BLOCK: Final = 512
MAX_EXTENDED_BYTES: Final = 2**16
"""An extended header: a path and a few attributes."""

HEADERS_PER_ENTRY: Final = 4
"""A file may come with an extended header, a long name and its folder."""

_REGULAR: Final = b"0\x007"
_FOLDER: Final = b"5"
_EXTENDED, _EXTENDED_FOR_ALL, _GNU_LONG_NAME, _GNU_LONG_LINK = b"x", b"g", b"L", b"K"
_KINDS: Final = {
    b"1": "a hard link",
    b"2": "a link",
    b"3": "a device",
    b"4": "a device",
    b"6": "a named pipe",
    b"S": "a sparse file",
}


@dataclass(frozen=True)
class Member:
    """An ordinary file of the archive; `chunks` must be read before the next member."""

    name: str
    size: int
    chunks: Iterator[bytes]


def is_tar(start: bytes) -> bool:
    """Tell by the magic number and the checksum of the first header."""
    return start[257:262] == b"ustar" and len(start) >= BLOCK and _sum(start) == _stated_sum(start)


def members(source: Chunked, archive: str, limits: Limits) -> Iterator[Member]:
    """Give the ordinary files of an archive, in its order; folders are passed over.

    Raises
    ------
    UsageFormatError
        A damaged or cut archive, too many headers, a link, device, pipe or sparse file, or an
        extended header without bound.
    """
    name, size_of_next = "", None
    for _ in range(HEADERS_PER_ENTRY * limits.entries):
        header = source.read(BLOCK)
        if header and not header.strip(b"\0"):
            return
        if len(header) < BLOCK or _sum(header) != _stated_sum(header):
            raise _damaged(archive, "a header is damaged" if header else "it is cut off")
        kind, size = header[156:157], _number(header[124:136], archive)
        if kind in (_EXTENDED, _EXTENDED_FOR_ALL, _GNU_LONG_NAME, _GNU_LONG_LINK):
            extended = _extended(source, size, archive)
            if kind == _EXTENDED:
                fields = _pax_fields(extended, archive)
                name = fields.get(b"path", name.encode()).decode(errors="replace")
                size_of_next = _decimal(fields.get(b"size"), archive)
            elif kind == _GNU_LONG_NAME:
                name = extended.rstrip(b"\0").decode(errors="replace")
            continue
        size = size if size_of_next is None else size_of_next
        name = name or _short_name(header)
        if kind in _REGULAR:
            chunks = _content(source, size, archive)
            yield Member(name, size, chunks)
            for _ in chunks:
                pass
            _skip(source, -size % BLOCK, archive)
        elif kind != _FOLDER:
            what = _KINDS.get(kind, "of a kind that is not read")
            raise UsageFormatError(
                f"is {what}, not an ordinary file; pack the exports themselves",
                file=shown(f"{archive}/{name}"),
            )
        name, size_of_next = "", None
    raise too_many(archive, limits)


def _content(source: Chunked, size: int, archive: str) -> Iterator[bytes]:
    left = size
    while left:
        block = source.read(min(left, CHUNK_BYTES))
        if not block:
            raise _damaged(archive, "it is cut off")
        left -= len(block)
        yield block


def _skip(source: Chunked, n_bytes: int, archive: str) -> None:
    for _ in _content(source, n_bytes, archive):
        pass


def _extended(source: Chunked, size: int, archive: str) -> bytes:
    if size > MAX_EXTENDED_BYTES:
        raise _damaged(archive, f"an extended header claims {size} bytes")
    data = b"".join(_content(source, size, archive))
    _skip(source, -size % BLOCK, archive)
    return data


def _pax_fields(data: bytes, archive: str) -> dict[bytes, bytes]:
    """Read `length key=value` lines; the length counts the whole line."""
    fields, at = {}, 0
    while at < len(data):
        digits, _, _ = data[at : at + 8].partition(b" ")
        length = _decimal(digits, archive) or 0
        line = data[at : at + length]
        key, equals, value = line[len(digits) + 1 : -1].partition(b"=")
        if not equals or len(line) != length or line[-1:] != b"\n":
            raise _damaged(archive, "an extended header is damaged")
        fields[key] = value
        at += length
    if any(key.startswith(b"GNU.sparse.") for key in fields):
        raise _damaged(archive, "it holds a sparse file")
    return fields


def _short_name(header: bytes) -> str:
    name, prefix = header[:100].rstrip(b"\0"), b""
    if header[257:263] == b"ustar\0":
        prefix = header[345:500].rstrip(b"\0")
    return (prefix + b"/" + name if prefix else name).decode(errors="replace")


def _number(field: bytes, archive: str) -> int:
    if field[0] & 0x80:
        return int.from_bytes(field[1:], "big")
    try:
        digits = field.strip(b" \0")
        return int(digits or b"0", 8)
    except ValueError:
        raise _damaged(archive, "a header has no size") from None


def _decimal(digits: bytes | None, archive: str) -> int | None:
    if digits is None:
        return None
    if not digits.isdigit() or len(digits) > 15:
        raise _damaged(archive, "an extended header is damaged")
    return int(digits)


def _sum(header: bytes) -> int:
    return sum(header[:148]) + sum(header[156:BLOCK]) + 8 * 32


def _stated_sum(header: bytes) -> int:
    digits = header[148:156].strip(b" \0")
    return int(digits, 8) if digits and not digits.strip(b"01234567") else -1


def _damaged(archive: str, reason: str) -> UsageFormatError:
    return UsageFormatError(f"is not a whole tar archive ({reason}); fetch it again", file=archive)
