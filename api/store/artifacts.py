"""Immutable files by their SHA-256, apart for each organisation.

Two organisations that keep the same bytes keep them twice: nobody can learn from the store what
another one has, and deleting one organisation is deleting its folder.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Protocol

from api.store.columns import new_id
from api.store.database import told_plainly
from api.store.errors import DamagedArtifactError, StoreError

CHUNK_BYTES = 2**20

LOCK = ".lock"


@dataclass(frozen=True)
class Kept:
    """A stored file."""

    sha256: str
    n_bytes: int


class Artifacts(Protocol):
    """Where files are kept."""

    def put(self, organisation: str, source: IO[bytes]) -> Kept:
        """Keep what a stream holds; it is read in pieces and never held whole."""
        ...

    def open(self, organisation: str, sha256: str) -> IO[bytes]:
        """Open a file."""
        ...

    def listed(self, organisation: str) -> Iterator[tuple[str, datetime]]:
        """Give every file with the time it was last put."""
        ...

    def organisations(self) -> tuple[str, ...]:
        """Give every organisation that has files."""
        ...

    def remove(self, organisation: str, sha256: str, *, before: datetime) -> bool:
        """Remove a file unless it was put again since an instant; tell whether it was removed."""
        ...

    def remove_all(self, organisation: str) -> None:
        """Remove everything of an organisation."""
        ...

    def check(self) -> None:
        """Prove that files can be kept."""
        ...

    def __hash__(self) -> int:
        """Files that were read may be remembered by where they are."""
        ...


def copy_verified(artifacts: Artifacts, organisation: str, sha256: str, target: Path) -> None:
    """Lay a file down under a path, and check that it is the one that was stored.

    Raises
    ------
    DamagedArtifactError
        It is absent or was changed.
    """
    with artifacts.open(organisation, sha256) as source:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as sink:
            found = _copy(source, sink)
    if found.sha256 != sha256:
        raise DamagedArtifactError(f"the stored file {sha256} was changed")


def read_verified(artifacts: Artifacts, organisation: str, sha256: str) -> bytes:
    """Read a file whole, and check it; see `copy_verified`."""
    with artifacts.open(organisation, sha256) as source:
        data = source.read()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise DamagedArtifactError(f"the stored file {sha256} was changed")
    return data


def put_bytes(artifacts: Artifacts, organisation: str, data: bytes) -> Kept:
    """Keep some bytes."""
    return artifacts.put(organisation, io.BytesIO(data))


def _copy(source: IO[bytes], sink: IO[bytes]) -> Kept:
    digest = hashlib.sha256()
    n_bytes = 0
    while chunk := source.read(CHUNK_BYTES):
        digest.update(chunk)
        n_bytes += len(chunk)
        sink.write(chunk)
    return Kept(digest.hexdigest(), n_bytes)


@dataclass(frozen=True)
class LocalArtifacts:
    """Files below a directory; each appears whole, and is on the disk before it is named."""

    root: Path

    def put(self, organisation: str, source: IO[bytes]) -> Kept:
        """Keep what a stream holds."""
        with told_plainly():
            home = self.root / organisation
            home.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.NamedTemporaryFile(dir=home, prefix=".new-", delete=False) as incoming:
                place = Path(incoming.name)
                try:
                    kept = _copy(source, incoming)
                    incoming.flush()
                    os.fsync(incoming.fileno())
                except BaseException:
                    place.unlink(missing_ok=True)
                    raise
            target = self._place(organisation, kept.sha256)
            target.parent.mkdir(exist_ok=True, mode=0o700)
            with self._locked(organisation):
                place.replace(target)
            _sync_directory(target.parent)
            return kept

    def open(self, organisation: str, sha256: str) -> IO[bytes]:
        """Open a file."""
        with told_plainly():
            try:
                return self._place(organisation, sha256).open("rb")
            except FileNotFoundError as error:
                raise DamagedArtifactError(f"the stored file {sha256} is absent") from error

    def listed(self, organisation: str) -> Iterator[tuple[str, datetime]]:
        """Give every file, unfinished ones of uploads that broke off included."""
        with told_plainly():
            for path in (self.root / organisation).rglob("*"):
                try:
                    if path.is_file() and path.name != LOCK:
                        yield path.name, datetime.fromtimestamp(path.stat().st_mtime, UTC)
                except FileNotFoundError:
                    continue  # renamed or removed since it was listed

    def organisations(self) -> tuple[str, ...]:
        """Give every organisation that has files."""
        with told_plainly():
            return tuple(p.name for p in self.root.iterdir()) if self.root.exists() else ()

    def remove(self, organisation: str, sha256: str, *, before: datetime) -> bool:
        """Remove a file unless it was put again since an instant."""
        unfinished = sha256.startswith(".new-")
        home = self.root / organisation
        place = home / sha256 if unfinished else self._place(organisation, sha256)
        with told_plainly(), self._locked(organisation):
            try:
                if place.stat().st_mtime >= before.timestamp():
                    return False
                place.unlink()
            except FileNotFoundError:
                return False
            return True

    def remove_all(self, organisation: str) -> None:
        """Remove everything of an organisation."""
        with told_plainly():
            if (self.root / organisation).exists():
                shutil.rmtree(self.root / organisation)

    def check(self) -> None:
        """Prove that files can be kept."""
        with told_plainly():
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.TemporaryFile(dir=self.root) as probe:
                probe.write(b"ready")

    def _place(self, organisation: str, sha256: str) -> Path:
        return self.root / organisation / sha256[:2] / sha256

    @contextmanager
    def _locked(self, organisation: str) -> Iterator[None]:
        """Keep putting and removing one file apart, among all processes of the machine."""
        if os.name != "posix":
            yield
            return
        import fcntl

        with (self.root / organisation / LOCK).open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _sync_directory(directory: Path) -> None:
    """Put a new name on the disk, where the system can."""
    if os.name != "posix":
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class RemoteArtifacts:
    """Files at an fsspec URL, such as an object store that several machines share.

    An object appears under its digest only after it was written whole under another name.
    """

    def __init__(self, url: str) -> None:
        try:
            import fsspec
        except ModuleNotFoundError:
            raise StoreError(
                "artifacts at a URL need fsspec: install commitment-sizing[remote]"
            ) from None
        self.files: Any
        self.files, root = fsspec.core.url_to_fs(url)
        self.root = str(root).rstrip("/")

    def put(self, organisation: str, source: IO[bytes]) -> Kept:
        """Keep what a stream holds."""
        with told_plainly():
            incoming = f"{self.root}/{organisation}/new-{new_id()}"
            self.files.makedirs(f"{self.root}/{organisation}", exist_ok=True)
            with self.files.open(incoming, "wb") as sink:
                kept = _copy(source, sink)
            target = self._place(organisation, kept.sha256)
            self.files.makedirs(target.rsplit("/", 1)[0], exist_ok=True)
            self.files.mv(incoming, target)
            return kept

    def open(self, organisation: str, sha256: str) -> IO[bytes]:
        """Open a file."""
        with told_plainly():
            try:
                found: IO[bytes] = self.files.open(self._place(organisation, sha256), "rb")
            except FileNotFoundError as error:
                raise DamagedArtifactError(f"the stored file {sha256} is absent") from error
            return found

    def listed(self, organisation: str) -> Iterator[tuple[str, datetime]]:
        """Give every file."""
        with told_plainly():
            for path in self.files.find(f"{self.root}/{organisation}"):
                yield path.rsplit("/", 1)[1], _utc(self.files.modified(path))

    def organisations(self) -> tuple[str, ...]:
        """Give every organisation that has files."""
        with told_plainly():
            if not self.files.exists(self.root):
                return ()
            found = self.files.ls(self.root, detail=True)
            return tuple(
                str(item["name"]).rstrip("/").rsplit("/", 1)[1]
                for item in found
                if item["type"] == "directory"
            )

    def remove(self, organisation: str, sha256: str, *, before: datetime) -> bool:
        """Remove a file unless it was put again since an instant.

        Object stores have no locks: a file that is an hour old, and is put again between the
        look at its time and its removal, is lost to that request.
        """
        unfinished = sha256.startswith("new-")
        home = f"{self.root}/{organisation}"
        place = f"{home}/{sha256}" if unfinished else self._place(organisation, sha256)
        with told_plainly():
            if not self.files.exists(place) or _utc(self.files.modified(place)) >= before:
                return False
            self.files.rm(place)
            return True

    def remove_all(self, organisation: str) -> None:
        """Remove everything of an organisation."""
        with told_plainly():
            if self.files.exists(f"{self.root}/{organisation}"):
                self.files.rm(f"{self.root}/{organisation}", recursive=True)

    def check(self) -> None:
        """Prove that files can be kept."""
        with told_plainly():
            probe = f"{self.root}/ready-{new_id()}"
            self.files.makedirs(self.root, exist_ok=True)
            with self.files.open(probe, "wb") as sink:
                sink.write(b"ready")
            self.files.rm(probe)

    def _place(self, organisation: str, sha256: str) -> str:
        return f"{self.root}/{organisation}/{sha256[:2]}/{sha256}"


def _utc(instant: datetime) -> datetime:
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
