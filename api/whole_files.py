"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from forecast.errors import InputError

WORKPLACE = ".commitment-"
"""How the hidden places begin that files are put together in."""


class NotPutBackError(OSError):
    """Writing failed, and so did putting the older files back; they are kept where it says."""


def write_file(path: Path, data: bytes) -> None:
    """Write one file, whole or not at all."""
    path = path.absolute()
    path.parent.mkdir(parents=True, exist_ok=True)
    with _workplace(path.parent) as workplace:
        _write_through(workplace / path.name, data)
        (workplace / path.name).replace(path)


def create_files(directory: Path, files: Mapping[str, bytes]) -> None:
    """Put new files into a directory, all of them or none; nothing is overwritten.

    Raises
    ------
    InputError
        When one of them exists already.
    """
    for name in files:
        if (directory / name).exists():
            raise InputError(
                "exists already and is not overwritten; move it away or name another directory",
                file=str(directory / name),
            )
    replace_files(directory, files)


def replace_files(
    directory: Path, files: Mapping[str, bytes], *, stale: tuple[str, ...] = ()
) -> None:
    """Put files into a directory, all of them or none, the last one last.

    Parameters
    ----------
    files
        Content by path below `directory`; entries of the same names at its top level go.
    stale
        Entries of an older result that go when the new one does not bring them.

    Raises
    ------
    OSError
        A place that cannot be written; the directory is as it was.
    NotPutBackError
        When it is not, because the older files could not be moved back either.
    """
    directory = directory.absolute()
    directory.parent.mkdir(parents=True, exist_ok=True)
    with _workplace(directory if directory.exists() else directory.parent) as workplace:
        fresh = workplace / "fresh"
        for name, data in files.items():
            _write_through(fresh / name, data)
        if directory.exists():
            _swap(fresh, directory, workplace / "older", list(files), stale)
        else:
            fresh.replace(directory)


def _write_through(target: Path, data: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


@contextmanager
def _workplace(beside: Path) -> Iterator[Path]:
    """A hidden place on the same file system, gone afterwards unless it holds the only copy."""
    path = Path(tempfile.mkdtemp(prefix=WORKPLACE, dir=beside))
    try:
        yield path
    except NotPutBackError:
        raise
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        raise
    shutil.rmtree(path, ignore_errors=True)


def _swap(
    fresh: Path, directory: Path, older: Path, names: list[str], stale: tuple[str, ...]
) -> None:
    """Exchange top-level entries of `directory`; on a failure put everything back.

    The last entry is the first to go and the last to come, so that it never stands beside files
    of another result.
    """
    incoming = list(dict.fromkeys(name.split("/")[0] for name in names))
    outgoing = [n for n in dict.fromkeys((*stale, *incoming)) if (directory / n).exists()]
    older.mkdir()
    moves = [(directory / n, older / n) for n in reversed(outgoing)]
    moves += [(fresh / n, directory / n) for n in incoming]
    done: list[tuple[Path, Path]] = []
    try:
        for source, target in moves:
            source.replace(target)
            done.append((source, target))
    except BaseException as failure:
        _put_back(done, older, failure)
        raise


def _put_back(done: list[tuple[Path, Path]], older: Path, failure: BaseException) -> None:
    try:
        for source, target in reversed(done):
            target.replace(source)
    except OSError as error:
        raise NotPutBackError(
            error.errno, f"{error.strerror}; the older files are kept there", str(older)
        ) from failure
