"""Making a stored result again from its stored inputs."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from api.jobs import queue, recommending, reforecasting
from api.jobs.queue import Job
from api.results import digest
from api.store import recommendations, reforecasts
from api.store.files import NamedFile
from api.store.opening import Store


def differing_files(store: Store, organisation: str, identifier: str) -> tuple[str, ...]:
    """Give the files that come out otherwise than they were stored; none is what is hoped for.

    Raises
    ------
    UnknownObjectError
        The organisation has published nothing of this id.
    DamagedArtifactError
        A stored input is absent or was changed.
    """
    job = queue.read_job(store, organisation, identifier)
    stored = {f.name: f.kept.sha256 for f in _published(store, job)}
    with tempfile.TemporaryDirectory(prefix="commitment-") as scratch:
        directory = Path(scratch) / "result"
        names = _made(store, job, directory)
        again = {name: digest((directory / name).read_bytes()) for name in names}
    names = sorted({*stored, *again})
    return tuple(name for name in names if stored.get(name) != again.get(name))


def _published(store: Store, job: Job) -> tuple[NamedFile, ...]:
    if job.kind == reforecasting.KIND:
        return reforecasts.published_files(store, job.organisation, job.id)
    return recommendations.published_files(store, job.organisation, job.id)


def _made(store: Store, job: Job, directory: Path) -> Sequence[str]:
    """Make the result of a job into a directory; give the names of its files."""
    if job.kind == reforecasting.KIND:
        reforecasting.make(store, job, directory, _silent)
        return reforecasting.result_names(directory)
    return recommending.make(store, job, directory, _silent).files


def _silent(_step: str, _share: float) -> None:
    return None
