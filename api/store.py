"""Results kept under a data directory, one directory each, by a random id."""

from __future__ import annotations

import re
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path

from api.results import StoredResult, read_result
from forecast.errors import InputError

_ID = re.compile(r"[0-9a-f]{32}")


class UnknownResultError(LookupError):
    """No result has this id."""


class DamagedResultError(RuntimeError):
    """A stored result is not what was stored; nothing the caller can mend."""


@dataclass(frozen=True)
class Store:
    """The results of one data directory.

    A result appears whole or not at all, because it is moved into its place when it is finished.
    """

    data_dir: Path

    def new_id(self) -> str:
        """Give an id that nobody can guess."""
        return uuid.uuid4().hex

    def place(self, identifier: str) -> Path:
        """Give the directory of a result; it need not exist.

        Raises
        ------
        UnknownResultError
            An id this store never gives, such as one that points elsewhere.
        """
        if not _ID.fullmatch(identifier):
            raise UnknownResultError(identifier)
        return self.data_dir / "recommendations" / identifier

    def read(self, identifier: str) -> StoredResult:
        """Read a result and check its evidence.

        Raises
        ------
        UnknownResultError
            No such result.
        DamagedResultError
            A file of it is absent or was changed.
        """
        place = self.place(identifier)
        if not place.is_dir():
            raise UnknownResultError(identifier)
        try:
            return read_result(place)
        except InputError as error:
            raise DamagedResultError(f"{identifier}: {error}") from error

    def file(self, identifier: str, name: str) -> bytes | None:
        """Read one file of a result as it was stored; None where the result has no such file.

        Raises
        ------
        UnknownResultError
            No such result.
        """
        place = self.place(identifier)
        if not place.is_dir():
            raise UnknownResultError(identifier)
        try:
            return (place / name).read_bytes()
        except FileNotFoundError:
            return None

    def check(self) -> None:
        """Prove that results can be kept.

        Raises
        ------
        OSError
            When they cannot.
        """
        self.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=self.data_dir) as probe:
            probe.write(b"ready")
