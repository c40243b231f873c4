"""Gzip and Zstandard streams, inflated a chunk at a time."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

from forecast.errors import UsageFormatError
from forecast.usage.containers.limits import CHUNK_BYTES, Limits

GZIP_MAGIC: Final = b"\x1f\x8b\x08"
ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
_GZIP_WBITS: Final = 31


class Counted:
    """A stream that counts what was read of it.

    Attributes
    ----------
    taken
        Bytes read so far.
    """

    closed = False

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.taken = 0

    def read(self, n_bytes: int = CHUNK_BYTES) -> bytes:
        """Read at most a chunk."""
        block = self._stream.read(min(n_bytes, CHUNK_BYTES) if n_bytes > 0 else CHUNK_BYTES)
        self.taken += len(block)
        return block

    def close(self) -> None:
        """End the reading; the stream is its owner's to close."""
        self.closed = True


def gunzipped(source: Counted, name: str, limits: Limits) -> Iterator[bytes]:
    """Inflate gzip, all of its members (RFC 1952), checksums verified.

    Raises
    ------
    UsageFormatError
        A damaged or cut stream, something else behind it, or too many members.
    """
    pending, n_members = source.read(), 0
    while pending:
        n_members += 1
        if n_members > limits.gzip_members:
            raise UsageFormatError(
                f"has more than {limits.gzip_members} gzip streams; compress it again", file=name
            )
        member = zlib.decompressobj(wbits=_GZIP_WBITS)
        while not member.eof:
            try:
                chunk = member.decompress(pending, CHUNK_BYTES)
            except zlib.error as fault:
                raise _damaged("gzip", fault, name) from None
            pending = member.unconsumed_tail
            if chunk:
                yield chunk
            elif not pending and not member.eof:
                pending = source.read()
                if not pending:
                    raise _damaged("gzip", "it is cut off", name)
        pending = member.unused_data.lstrip(b"\0")  # tapes and some tools pad with zeros
        while not pending and (block := source.read()):
            pending = block.lstrip(b"\0")


def unpacked_zstd(source: Counted, name: str) -> Iterator[bytes]:
    """Inflate Zstandard; the window, and so the memory, is at most 128 MiB.

    Raises
    ------
    UsageFormatError
        A damaged or cut stream.
    """
    import pyarrow as pa

    try:
        with pa.CompressedInputStream(pa.PythonFile(source, mode="r"), "zstd") as stream:
            while chunk := stream.read(CHUNK_BYTES):
                yield chunk
    except (pa.ArrowException, OSError, ValueError) as fault:
        raise _damaged("zstd", fault, name) from None


def _damaged(kind: str, reason: object, name: str) -> UsageFormatError:
    text = str(reason).splitlines()[0][:80]
    return UsageFormatError(f"is not a whole {kind} file ({text}); fetch it again", file=name)


class Chunked:
    """Reads of an exact length from chunks of any length."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._held = b""
        self._at = 0

    def peek(self, n_bytes: int) -> bytes:
        """Look at the next bytes; fewer at the end."""
        while len(self._held) - self._at < n_bytes and (chunk := next(self._chunks, b"")):
            self._held = self._held[self._at :] + chunk
            self._at = 0
        return self._held[self._at : self._at + n_bytes]

    def read(self, n_bytes: int) -> bytes:
        """Take the next bytes, at most about a chunk; fewer only at the end."""
        taken = self.peek(n_bytes)
        self._at += len(taken)
        return taken

    def rest(self) -> Iterator[bytes]:
        """Give everything that is left."""
        held, self._held = self._held[self._at :], b""
        if held:
            yield held
        yield from self._chunks
