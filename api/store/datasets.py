"""Datasets: uploaded exports that recommendations are made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select

from api.store import files, idempotency
from api.store.errors import UnknownObjectError
from api.store.files import NamedFile
from api.store.opening import Store
from api.store.pages import Page, Wanted
from api.store.schema import datasets


@dataclass(frozen=True)
class Dataset:
    """Exports that were uploaded together."""

    id: str
    name: str
    created_at: datetime
    files: tuple[NamedFile, ...]


def add_dataset(
    store: Store,
    organisation: str,
    identifier: str,
    name: str,
    named: Sequence[NamedFile],
    *,
    now: datetime,
) -> Dataset:
    """Keep a dataset; one that has this id already is given as it is."""
    with store.write() as connection:
        exists = connection.scalar(
            select(datasets.c.id).where(
                datasets.c.organisation_id == organisation, datasets.c.id == identifier
            )
        )
        if exists is None:
            connection.execute(
                insert(datasets).values(
                    id=identifier, organisation_id=organisation, name=name, created_at=now
                )
            )
            files.add(connection, organisation, "dataset", identifier, named)
    return read_dataset(store, organisation, identifier)


def read_dataset(store: Store, organisation: str, identifier: str) -> Dataset:
    """Give a dataset.

    Raises
    ------
    UnknownObjectError
        The organisation has none of this id.
    """
    with store.read() as connection:
        row = connection.execute(
            select(datasets).where(
                datasets.c.organisation_id == organisation, datasets.c.id == identifier
            )
        ).one_or_none()
        if row is None:
            raise UnknownObjectError(identifier)
        named = files.of(connection, organisation, "dataset", identifier)
    return Dataset(row.id, row.name, row.created_at, named)


def list_datasets(store: Store, organisation: str, wanted: Wanted) -> Page[Dataset]:
    """Give the datasets of an organisation, the newest first."""
    query = select(datasets).where(datasets.c.organisation_id == organisation)
    with store.read() as connection:
        rows = connection.execute(wanted.of(query, datasets)).all()
        found = [
            Dataset(
                row.id,
                row.name,
                row.created_at,
                files.of(connection, organisation, "dataset", row.id),
            )
            for row in rows
        ]
    return wanted.page(found, [(row.created_at, row.id) for row in rows])


def delete_dataset(store: Store, organisation: str, identifier: str) -> None:
    """Delete a dataset; recommendations made from it keep what they were made from.

    Raises
    ------
    UnknownObjectError
        The organisation has none of this id.
    """
    with store.write() as connection:
        gone = connection.execute(
            delete(datasets).where(
                datasets.c.organisation_id == organisation, datasets.c.id == identifier
            )
        )
        if gone.rowcount == 0:
            raise UnknownObjectError(identifier)
        files.drop(connection, organisation, "dataset", identifier)
        idempotency.forget_answers(connection, organisation, identifier)
