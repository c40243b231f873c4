"""Files that a job published, of whatever kind: read as they were stored, never changed."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from sqlalchemy import bindparam, select

from api.store import files
from api.store.artifacts import Artifacts, read_verified
from api.store.errors import UnknownObjectError
from api.store.files import NamedFile
from api.store.opening import Store
from api.store.schema import files as files_table

ResultKind = Literal["recommendation", "reforecast"]

RESULT = "result"
"""Role of what came out of a job."""


def result_files(
    store: Store, organisation: str, kind: ResultKind, identifier: str
) -> tuple[NamedFile, ...]:
    """Give the files of a result, the answer first.

    Raises
    ------
    UnknownObjectError
        The organisation has published none of this id.
    """
    with store.read() as connection:
        found = files.of(connection, organisation, kind, identifier)
    if not found:
        raise UnknownObjectError(identifier)
    return found


def result_file(
    store: Store, organisation: str, kind: ResultKind, identifier: str, name: str
) -> bytes | None:
    """Read one file of a result as it was stored; None where it has none of this name.

    Raises
    ------
    UnknownObjectError
        The organisation has published none of this id.
    DamagedArtifactError
        The file is absent or was changed.
    """
    for file in result_files(store, organisation, kind, identifier):
        if file.name == name:
            return read_verified(store.artifacts, organisation, file.kept.sha256)
    return None


_DIGEST = select(files_table.c.sha256).where(
    files_table.c.organisation_id == bindparam("organisation"),
    files_table.c.owner_kind == bindparam("kind"),
    files_table.c.owner_id == bindparam("identifier"),
    files_table.c.name == bindparam("name"),
)


def answer(
    store: Store, organisation: str, kind: ResultKind, identifier: str, name: str
) -> bytes | None:
    """Read the answer of a result as it was stored; None where none is published.

    The most frequent question: one row is asked for, and the bytes, which never change, are kept
    in memory for the next one who may see them.

    Raises
    ------
    DamagedArtifactError
        The file is absent or was changed.
    """
    with store.look() as connection:
        sha256 = connection.scalar(
            _DIGEST,
            {"organisation": organisation, "kind": kind, "identifier": identifier, "name": name},
        )
    return None if sha256 is None else _remembered(store.artifacts, organisation, sha256)


@lru_cache(maxsize=64)  # answers are 0.1 to 0.5 MB
def _remembered(artifacts: Artifacts, organisation: str, sha256: str) -> bytes:
    return read_verified(artifacts, organisation, sha256)
