"""Which artifact is what of which object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, delete, insert, select

from api.store.artifacts import Kept
from api.store.schema import files

OwnerKind = Literal["dataset", "portfolio", "contract", "job", "recommendation", "reforecast"]


@dataclass(frozen=True)
class NamedFile:
    """A stored file and what it is of its owner.

    Attributes
    ----------
    role
        usage, invoice, workloads, terms and so on of what went in; result of what came out.
    name
        How it is called in messages, in the provenance, or below a result's directory.
    """

    role: str
    name: str
    kept: Kept


def add(
    connection: Connection,
    organisation: str,
    kind: OwnerKind,
    owner: str,
    named: Sequence[NamedFile],
) -> None:
    """Name the files of an object, in their order."""
    if named:
        connection.execute(
            insert(files),
            [
                {
                    "organisation_id": organisation,
                    "owner_kind": kind,
                    "owner_id": owner,
                    "role": file.role,
                    "position": position,
                    "name": file.name,
                    "sha256": file.kept.sha256,
                    "n_bytes": file.kept.n_bytes,
                }
                for position, file in enumerate(named)
            ],
        )


def of(
    connection: Connection, organisation: str, kind: OwnerKind, owner: str
) -> tuple[NamedFile, ...]:
    """Give the files of an object, in their order."""
    rows = connection.execute(
        select(files.c.role, files.c.name, files.c.sha256, files.c.n_bytes)
        .where(
            files.c.organisation_id == organisation,
            files.c.owner_kind == kind,
            files.c.owner_id == owner,
        )
        .order_by(files.c.position)
    )
    return tuple(NamedFile(role, name, Kept(sha, size)) for role, name, sha, size in rows)


def drop(connection: Connection, organisation: str, kind: OwnerKind, owner: str) -> None:
    """Forget the files of an object; what nobody else names is swept away later."""
    connection.execute(
        delete(files).where(
            files.c.organisation_id == organisation,
            files.c.owner_kind == kind,
            files.c.owner_id == owner,
        )
    )
