"""Files as they come from outside: plain, compressed, in archives, in folders.

`opened` is the one door. What is inside is told by content, never by name; nothing is written to
disk; every size is counted while it comes out. What a name says is only ever shown.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from forecast.errors import UsageFormatError
from forecast.usage.containers import tarred, zipped
from forecast.usage.containers.compressed import (
    GZIP_MAGIC,
    ZSTD_MAGIC,
    Chunked,
    Counted,
    gunzipped,
    unpacked_zstd,
)
from forecast.usage.containers.files import (
    Found,
    Skipped,
    files_below,
    is_folder,
    ordinary_file,
    too_many,
)
from forecast.usage.containers.limits import CHUNK_BYTES, LIMITS, Limits, Meter, too_large
from forecast.usage.containers.names import (
    Unique,
    member_path,
    short_names,
    shown,
    twice_packed,
    why_skipped,
)

_OTHERS: Final = (
    (b"BZh", "is compressed with bzip2; use gzip"),
    (b"\xfd7zXZ\x00", "is compressed with xz; use gzip"),
    (b"\x04\x22\x4d\x18", "is compressed with lz4; use gzip"),
    (b"7z\xbc\xaf\x27\x1c", "is a 7z archive; use zip"),
    (b"Rar!\x1a\x07", "is a rar archive; use zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is an old Office document; save the sheet as CSV UTF-8"),
)


@dataclass(frozen=True)
class Entry:
    """One file to be read by a format.

    Attributes
    ----------
    name
        What messages call it, unique in one call: `march.zip/usage/2026-03.csv`.
    data
        Its bytes, inflated.
    path
        The file on disk that holds it.
    """

    name: str
    data: bytes
    path: Path


def opened(
    paths: Sequence[Path],
    *,
    limits: Limits = LIMITS,
    on_skipped: Callable[[Skipped], None] | None = None,
) -> Iterator[Entry]:
    """Give every file that paths hold, one at a time.

    A path is an ordinary file, a file compressed with gzip or Zstandard, a zip or tar archive (a
    tar also compressed), or a folder of these. A file in an archive may itself be compressed;
    archives in archives are refused.

    Parameters
    ----------
    on_skipped
        Told of every file in a folder or archive that is not read: hidden ones, notes,
        manifests, checksums, second links to a file.

    Raises
    ------
    UsageFormatError
        With the name of the file and what to do: something that is no ordinary file, a damaged
        or encrypted archive, one that inflates beyond `limits`, a name that leads outside.

    Examples
    --------
    >>> import gzip, tempfile
    >>> path = Path(tempfile.mkdtemp()) / "march.csv.gz"
    >>> _ = path.write_bytes(gzip.compress(b"day,model"))
    >>> [(entry.name, entry.data) for entry in opened([path])]
    [('march.csv.gz', b'day,model')]
    """
    reader = _Opener(limits, on_skipped or _unheard)
    for path, name in zip(paths, short_names(paths), strict=True):
        yield from reader.path(path, name)


def _unheard(_skipped: Skipped) -> None:
    return None


class _Opener:
    """One call of `opened`: what it has counted and named so far."""

    def __init__(self, limits: Limits, on_skipped: Callable[[Skipped], None]) -> None:
        self.limits = limits
        self.meter = Meter(limits)
        self.skip = on_skipped
        self.unique = Unique()

    def path(self, path: Path, name: str) -> Iterator[Entry]:
        if not is_folder(path, name):
            yield from self.file(path, name)
            return
        n_read = 0
        for found in files_below(path, name, self.limits):
            if isinstance(found, Found):
                n_read += 1
                yield from self.file(found.path, f"{name}/{found.below}")
            else:
                self.skip(found)
        if not n_read:
            raise UsageFormatError("holds no export; name the folder that does", file=shown(name))

    def file(self, path: Path, name: str) -> Iterator[Entry]:
        with ordinary_file(path, name) as stream:
            for inner, data in self.contents(stream, shown(name)):
                yield Entry(self.unique(inner), data, path)

    def contents(self, stream: BinaryIO, name: str) -> Iterator[tuple[str, bytes]]:
        """Give what an outer file holds, each with its name."""
        start = stream.read(tarred.BLOCK)
        size = stream.seek(0, io.SEEK_END)
        stream.seek(0)
        if start.startswith(zipped.ZIP_MAGICS):
            yield from self.of_zip(stream, name)
        elif start.startswith((GZIP_MAGIC, ZSTD_MAGIC)):
            source = Counted(stream)
            inflated = Chunked(self.inflated(start, source, name))
            if tarred.is_tar(inflated.peek(tarred.BLOCK)):
                yield from self.of_tar(inflated, name, source)
                return
            data = self.meter.gather(inflated.rest(), name, lambda: source.taken)
            _refuse_archive(data[: tarred.BLOCK], name)
            yield name, data
        elif tarred.is_tar(start):
            yield from self.of_tar(Chunked(_blocks(stream)), name, None)
        else:
            _refuse_archive(start, name)
            if size > self.limits.entry_bytes:
                raise too_large(name, self.limits)
            yield name, self.meter.gather(_blocks(stream), name)

    def inflated(self, start: bytes, source: Counted, name: str) -> Iterator[bytes]:
        """Inflate a stream that starts with `start`, and count what comes out."""
        if start.startswith(GZIP_MAGIC):
            return self.meter.counted(gunzipped(source, name, self.limits), name)
        return self.meter.counted(unpacked_zstd(source, name), name)

    def of_zip(self, stream: BinaryIO, name: str) -> Iterator[tuple[str, bytes]]:
        n_read = 0
        for member in zipped.members(stream, name, self.limits):
            inner = shown(f"{name}/{member.path}")
            if why := why_skipped(member.path):
                self.skip(Skipped(inner, why))
                continue
            chunks = self.meter.counted(member.chunks, inner)
            data = self.meter.gather(chunks, inner, partial(int, member.compressed_bytes))
            n_read += 1
            yield inner, self.unpacked(data, inner)
        self.refuse_empty(n_read, name)

    def of_tar(
        self, source: Chunked, name: str, compressed: Counted | None
    ) -> Iterator[tuple[str, bytes]]:
        seen: set[str] = set()
        n_read = 0
        for member in tarred.members(source, name, self.limits):
            path = member_path(member.name, name)
            inner = shown(f"{name}/{path}")
            if path in seen:
                raise twice_packed(inner)
            seen.add(path)
            if len(seen) > self.limits.entries:
                raise too_many(name, self.limits)
            if member.size > self.limits.entry_bytes:
                raise too_large(inner, self.limits)
            data = self.meter.gather(member.chunks, inner, _taken_from_now(compressed))
            if why := why_skipped(path):
                self.skip(Skipped(inner, why))
                continue
            n_read += 1
            yield inner, self.unpacked(data, inner)
        self.refuse_empty(n_read, name)

    def unpacked(self, data: bytes, name: str) -> bytes:
        """Inflate a compressed file of an archive; an archive in an archive is refused."""
        start = data[: tarred.BLOCK]
        if start.startswith((GZIP_MAGIC, ZSTD_MAGIC)):
            source = Counted(io.BytesIO(data))
            inflated = self.inflated(start, source, name)
            data = self.meter.gather(inflated, name, lambda: source.taken)
            start = data[: tarred.BLOCK]
        _refuse_archive(start, name)
        return data

    def refuse_empty(self, n_read: int, name: str) -> None:
        if not n_read:
            raise UsageFormatError("holds no export; pack the exports again", file=name)


def _taken_from_now(source: Counted | None) -> Callable[[], int] | None:
    """Count what a stream takes from here on; up to a chunk of it may have been read already."""
    if source is None:
        return None
    before = source.taken - CHUNK_BYTES
    return lambda: source.taken - before


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    while block := stream.read(CHUNK_BYTES):
        yield block


def _refuse_archive(start: bytes, name: str) -> None:
    """Refuse what is still packed, or packed in a way that is not read."""
    for magic, what in _OTHERS:
        if start.startswith(magic):
            raise UsageFormatError(what, file=name)
    if start.startswith((*zipped.ZIP_MAGICS, GZIP_MAGIC, ZSTD_MAGIC)) or tarred.is_tar(start):
        raise UsageFormatError("is packed inside another archive; unpack the outer one", file=name)
