"""How much may come out of what is opened, and the counting that keeps it so."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from forecast.errors import UsageFormatError

CHUNK_BYTES: Final = 2**18
"""What is read or inflated at a time; the most that a limit can be overrun."""


@dataclass(frozen=True)
class Limits:
    """Bounds of what is opened.

    Sizes are counted while inflating; what an archive declares only ever refuses it sooner.
    """

    entry_bytes: int = 256 * 2**20
    """One file, once inflated; ten years of 100 groups a day are about 40 MiB of CSV."""

    inflated_bytes: int = 4 * 2**30
    """Everything inflated in one call: about 15 s of work. A year of an AWS cost export of a large
    customer, hundreds of files, is smaller."""

    ratio: int = 300
    """Inflated to compressed. Measured on usage reports of 500 keys a day: 11 with gzip and 18 with
    zstd, 26 and 806 when every count is zero (which is no usage). Deflate can reach 1,032."""

    ratio_free_bytes: int = 32 * 2**20
    """An entry up to this size does no harm at any ratio."""

    entries: int = 10_000
    """Files of one archive or folder; an hourly export of a year has 8,760."""

    directory_bytes: int = 4 * 2**20
    """The directory of a zip: 10,000 entries with names of 300 bytes."""

    gzip_members: int = 100_000
    """Gzip streams written one after the other; one an hour for ten years are 87,600."""

    depth: int = 32
    """Folders inside folders."""


LIMITS: Final = Limits()


class Meter:
    """Counts what comes out of compressed files, over all files of one call."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.inflated = 0

    def counted(self, chunks: Iterable[bytes], name: str) -> Iterator[bytes]:
        """Pass on what comes out of the compressed file `name`, for as long as all may grow.

        Raises
        ------
        UsageFormatError
            Everything inflated in this call exceeds `inflated_bytes`.
        """
        for chunk in chunks:
            self.inflated += len(chunk)
            if self.inflated > self.limits.inflated_bytes:
                raise UsageFormatError(
                    f"brings what is inflated to more than {self.limits.inflated_bytes // 2**20} "
                    "MiB; give fewer files at a time",
                    file=name,
                )
            yield chunk

    def gather(
        self, chunks: Iterable[bytes], name: str, taken: Callable[[], int] | None = None
    ) -> bytes:
        r"""Put an entry together, for as long as it stays within the limits.

        Parameters
        ----------
        chunks
            What comes out, at most about `CHUNK_BYTES` at a time.
        taken
            Compressed bytes that went in so far; None for an entry that is not compressed.

        Raises
        ------
        UsageFormatError
            The entry is too large, or inflates to more than `ratio` times its size.

        Examples
        --------
        >>> Meter(LIMITS).gather([b"day,", b"model\n"], "a.csv")
        b'day,model\n'
        """
        whole = io.BytesIO()
        for chunk in chunks:
            whole.write(chunk)
            size = whole.tell()
            if size > self.limits.entry_bytes:
                raise too_large(name, self.limits)
            if taken is None or size <= self.limits.ratio_free_bytes:
                continue
            if size > self.limits.ratio * taken():
                raise UsageFormatError(
                    f"inflates to more than {self.limits.ratio} times its size, as no export "
                    "does; if it is one, give it uncompressed",
                    file=name,
                )
        return whole.getvalue()


def too_large(name: str, limits: Limits) -> UsageFormatError:
    """Build the refusal of an entry beyond `entry_bytes`."""
    return UsageFormatError(
        f"is larger than {limits.entry_bytes // 2**20} MiB; split it by month and give all parts",
        file=name,
    )
