"""Entries of a zip archive."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, BinaryIO, Final, cast

from forecast.errors import UsageFormatError
from forecast.usage.containers.files import too_many
from forecast.usage.containers.limits import CHUNK_BYTES, Limits, too_large
from forecast.usage.containers.names import member_path, shown, twice_packed

ZIP_MAGICS: Final = (b"PK\x03\x04", b"PK\x05\x06")
_ENCRYPTED: Final = 0x1 | 0x40 | 0x2000
_LOCAL_HEADER_BYTES: Final = 30
_READABLE: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""LZMA may ask for gigabytes of dictionary, and no exporter writes it or bzip2."""

_FAULTS: Final = (
    *(zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, KeyError, struct.error),
    *(EOFError, zlib.error, OverflowError, IndexError),
)


@dataclass(frozen=True)
class Member:
    """One file of the archive; its compressed size was checked against the archive itself."""

    path: str
    compressed_bytes: int
    chunks: Iterator[bytes]


def members(stream: BinaryIO, archive: str, limits: Limits) -> Iterator[Member]:
    """Give the files of an archive, sorted by path; folders are passed over.

    Raises
    ------
    UsageFormatError
        A damaged archive, a workbook, too many entries, entries that overlap or lie outside
        the file, two entries of one path, an encrypted entry, a compression other than
        deflate, a declared size beyond the limit, or a name that leads out of the archive.
    """
    size = stream.seek(0, io.SEEK_END)
    with _domain_errors(archive):
        book = zipfile.ZipFile(cast(IO[bytes], _Guarded(stream, archive, limits)))
    with book:
        for path, info in _checked(book.infolist(), archive, size, limits):
            yield Member(path, info.compress_size, _content(book, info, f"{archive}/{path}"))


def _content(book: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> Iterator[bytes]:
    with _domain_errors(shown(name)), book.open(info) as entry:
        while block := entry.read(CHUNK_BYTES):
            yield block


@contextmanager
def _domain_errors(name: str) -> Iterator[None]:
    try:
        yield
    except _FAULTS as fault:
        text = str(fault).splitlines()[0][:80] if str(fault) else type(fault).__name__
        raise UsageFormatError(
            f"is not whole in its zip archive ({shown(text)}); fetch it again", file=name
        ) from None


def _checked(
    infos: list[zipfile.ZipInfo], archive: str, size: int, limits: Limits
) -> list[tuple[str, zipfile.ZipInfo]]:
    if len(infos) > limits.entries:
        raise too_many(archive, limits)
    if any(info.filename == "[Content_Types].xml" for info in infos):
        raise UsageFormatError("is an Office document; save the sheet as CSV UTF-8", file=archive)
    files: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        path = member_path(info.orig_filename, archive)
        if info.is_dir() or info.orig_filename.endswith("\\"):
            continue
        if path in files:
            raise twice_packed(f"{archive}/{path}")
        files[path] = info
    _refuse_overlaps(infos, archive, size)
    for path, info in files.items():
        _refuse_unreadable(info, shown(f"{archive}/{path}"), limits)
    return sorted(files.items())


def _refuse_unreadable(info: zipfile.ZipInfo, name: str, limits: Limits) -> None:
    if info.flag_bits & _ENCRYPTED:
        raise UsageFormatError("is encrypted; pack the exports without a password", file=name)
    if info.compress_type not in _READABLE:
        raise UsageFormatError(
            f"is compressed by method {info.compress_type}; pack it with ordinary deflate",
            file=name,
        )
    if info.file_size > limits.entry_bytes:
        raise too_large(name, limits)


def _refuse_overlaps(infos: list[zipfile.ZipInfo], archive: str, size: int) -> None:
    """Refuse entries that share bytes: a small file could hold any amount that way."""
    end = 0
    for info in sorted(infos, key=lambda i: i.header_offset):
        start = info.header_offset
        if start < end:
            raise UsageFormatError(
                "has entries that overlap, as no packer writes; it is not read", file=archive
            )
        end = start + _LOCAL_HEADER_BYTES + len(info.orig_filename) + info.compress_size
        if end > size:
            raise UsageFormatError("is cut off; fetch it again", file=archive)


class _Guarded:
    """The archive's bytes; a directory of any size would otherwise be read in one piece."""

    def __init__(self, stream: BinaryIO, archive: str, limits: Limits) -> None:
        self._stream = stream
        self._archive = archive
        self._limits = limits
        self.seek, self.tell, self.seekable = stream.seek, stream.tell, stream.seekable

    def read(self, n_bytes: int = -1) -> bytes:
        if n_bytes > self._limits.directory_bytes:
            raise too_many(self._archive, self._limits)
        return self._stream.read(n_bytes if n_bytes >= 0 else self._limits.directory_bytes)
