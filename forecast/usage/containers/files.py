"""Opening what a path names: ordinary files only, and the files of a folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from forecast.errors import UsageFormatError
from forecast.usage.containers.limits import Limits
from forecast.usage.containers.names import shown, why_skipped

_FLAGS: Final = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)  # a pipe nobody writes to would block the open
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_BINARY", 0)
)
_KINDS: Final = (
    (stat.S_ISDIR, "is a folder"),
    (stat.S_ISFIFO, "is a named pipe"),
    (stat.S_ISSOCK, "is a socket"),
    (stat.S_ISCHR, "is a device"),
    (stat.S_ISBLK, "is a device"),
)


@dataclass(frozen=True)
class Found:
    """A file below a folder: where it is, and its path from the folder with `/`."""

    path: Path
    below: str


@dataclass(frozen=True)
class Skipped:
    """A file that was not read, and why."""

    name: str
    why: str

    def __str__(self) -> str:
        """Say it in one sentence."""
        return f"{self.name} {self.why} and is not read"


@contextmanager
def ordinary_file(path: Path, name: str) -> Iterator[BinaryIO]:
    """Open an ordinary file; never waits for a pipe, and reads no device.

    Raises
    ------
    UsageFormatError
        Nothing there, not an ordinary file, or not readable.
    """
    try:
        _refuse_special(path.stat(), name)  # some devices act on being opened
        handle = os.open(path, _FLAGS)
    except (OSError, ValueError) as fault:
        raise _unreadable(fault, name) from None
    with os.fdopen(handle, "rb") as stream:
        _refuse_special(os.fstat(handle), name)
        try:
            yield stream
        except OSError as fault:
            raise _unreadable(fault, name) from None


def is_folder(path: Path, name: str) -> bool:
    """Tell whether a path is a folder.

    Raises
    ------
    UsageFormatError
        Nothing there, or not to be looked at.
    """
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except (OSError, ValueError) as fault:
        raise _unreadable(fault, name) from None


def files_below(folder: Path, name: str, limits: Limits) -> Iterator[Found | Skipped]:
    """Give the files of a folder and of the folders in it, sorted by path.

    A link to a file inside the folder is read once, a link to a folder inside it is skipped.

    Raises
    ------
    UsageFormatError
        A link that leads out of the folder, a pipe, socket or device, a folder that cannot be
        listed, too many files or too deep a folder.
    """
    root = folder.resolve()
    seen: set[tuple[int, int]] = set()
    count = 0
    for path, below in _walk(root, "", name, limits, depth=0):
        count += 1
        if count > limits.entries:
            raise too_many(name, limits)
        where = f"{name}/{below}"
        if why := why_skipped(below):
            yield Skipped(shown(where), why)
            continue
        target = _inside(path, root, where) if path.is_symlink() else path
        try:
            status = target.stat()
        except OSError as fault:
            raise _unreadable(fault, where) from None
        identity = (status.st_dev, status.st_ino)
        if stat.S_ISDIR(status.st_mode):
            yield Skipped(shown(where), "is a link to a folder")
        elif identity in seen:
            yield Skipped(shown(where), "is a link to another of these files")
        else:
            _refuse_special(status, where)
            seen.add(identity)
            yield Found(target, below)


def _walk(
    folder: Path, below: str, name: str, limits: Limits, depth: int
) -> Iterator[tuple[Path, str]]:
    if depth > limits.depth:
        raise UsageFormatError(
            f"nests folders more than {limits.depth} deep; name the folder with the exports",
            file=shown(f"{name}/{below}"),
        )
    listed: list[os.DirEntry[str]] = []
    try:
        with os.scandir(folder) as found:
            for entry in found:
                listed.append(entry)
                if len(listed) > limits.entries:
                    raise too_many(name, limits)
    except OSError as fault:
        raise _unreadable(fault, f"{name}/{below}") from None
    for entry in sorted(listed, key=lambda e: e.name):
        path = f"{below}/{entry.name}" if below else entry.name
        if entry.is_dir(follow_symlinks=False) and why_skipped(f"{path}/a") is None:
            yield from _walk(Path(entry.path), path, name, limits, depth + 1)
        else:
            yield Path(entry.path), path


def _inside(link: Path, root: Path, name: str) -> Path:
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError) as fault:
        raise _unreadable(fault, name) from None
    if not target.is_relative_to(root):
        raise UsageFormatError(
            "is a link that leads out of its folder; name the file it leads to instead",
            file=shown(name),
        )
    return target


def too_many(name: str, limits: Limits) -> UsageFormatError:
    """Build the refusal of more than `entries` files."""
    return UsageFormatError(
        f"holds more than {limits.entries} files; give a part of them at a time", file=shown(name)
    )


def _refuse_special(status: os.stat_result, name: str) -> None:
    if stat.S_ISREG(status.st_mode):
        return
    what = next((text for test, text in _KINDS if test(status.st_mode)), "is no file")
    raise UsageFormatError(f"{what}, not an ordinary file; save the export first", file=shown(name))


def _unreadable(fault: Exception, name: str) -> UsageFormatError:
    if isinstance(fault, FileNotFoundError):
        return UsageFormatError("does not exist; check the name", file=shown(name))
    reason = getattr(fault, "strerror", None) or fault
    return UsageFormatError(f"cannot be read: {reason}", file=shown(name))
