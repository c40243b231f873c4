"""What went into a job, as files that the command line's readers take too; and what came out."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from api.jobs.queue import Job
from api.store import files
from api.store.artifacts import copy_verified
from api.store.files import NamedFile
from api.store.opening import Store
from api.store.published import RESULT


@dataclass(frozen=True)
class Inputs:
    """Files below a directory that lasts as long as the block.

    Attributes
    ----------
    by_role
        In the order in which they were sent, each under its own name.
    """

    by_role: Mapping[str, tuple[Path, ...]]

    def all(self, role: str) -> tuple[Path, ...]:
        """Give the files of a role."""
        return self.by_role.get(role, ())

    def only(self, role: str) -> Path | None:
        """Give the one file of a role that has at most one."""
        found = self.all(role)
        assert len(found) < 2, f"{role} has at most one file"
        return found[0] if found else None


@contextmanager
def laid_down(store: Store, job: Job, *, results: Sequence[str] = ()) -> Iterator[Inputs]:
    """Lay the inputs of a job down, until the block ends.

    Parameters
    ----------
    results
        Roles whose files are an earlier result: they lie together, as the result did. The others
        may bear the same name, so each lies in a place of its own.

    Raises
    ------
    DamagedArtifactError
        What went in is absent or was changed.
    """
    with store.read() as connection:
        named = files.of(connection, job.organisation, "job", job.id)
    found: dict[str, list[Path]] = {}
    with tempfile.TemporaryDirectory(prefix="commitment-") as home:
        for i, file in enumerate(named):
            place = Path(home) / (file.role if file.role in results else str(i))
            copy_verified(store.artifacts, job.organisation, file.kept.sha256, place / file.name)
            found.setdefault(file.role, []).append(place / file.name)
        yield Inputs({role: tuple(paths) for role, paths in found.items()})


def kept_result(
    store: Store, organisation: str, directory: Path, names: Sequence[str]
) -> list[NamedFile]:
    """Keep the files of a result; nothing names them yet."""
    named = []
    for name in names:
        with (directory / name).open("rb") as stream:
            named.append(NamedFile(RESULT, name, store.artifacts.put(organisation, stream)))
    return named
