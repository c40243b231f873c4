"""Making a stored recommendation again from its stored inputs."""

from __future__ import annotations

import tempfile
from pathlib import Path

from api.jobs import queue, recommending
from api.results import digest
from api.store.opening import Store
from api.store.recommendations import published_files


def differing_files(store: Store, organisation: str, identifier: str) -> tuple[str, ...]:
    """Give the files that come out otherwise than they were stored; none is what is hoped for.

    Raises
    ------
    UnknownObjectError
        The organisation has published none of this id.
    DamagedArtifactError
        A stored input is absent or was changed.
    """
    stored = {f.name: f.kept.sha256 for f in published_files(store, organisation, identifier)}
    job = queue.read_job(store, organisation, identifier)
    with tempfile.TemporaryDirectory(prefix="commitment-") as scratch:
        made = recommending.make(store, job, Path(scratch) / "result", _silent)
        again = {name: digest((made.directory / name).read_bytes()) for name in made.files}
    names = sorted({*stored, *again})
    return tuple(name for name in names if stored.get(name) != again.get(name))


def _silent(_step: str, _share: float) -> None:
    return None
