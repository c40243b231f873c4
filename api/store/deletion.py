"""Deleting what an organisation has: one result, what is past its time, or everything.

A stored file is removed when nothing names it any more. It has to be an hour old, because a request
keeps its files before it names them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from api.store import contracts, idempotency
from api.store import recommendations as published
from api.store import reforecasts as reforecasted
from api.store.errors import UnknownObjectError
from api.store.opening import Store
from api.store.schema import (
    files,
    idempotency_keys,
    jobs,
    metadata,
    organisations,
    recommendations,
    reforecasts,
)

UNNAMED_FOR = timedelta(hours=1)
"""Age at which a file that nothing names is removed: no request takes nearly as long."""

FAILURES_KEPT = timedelta(days=30)
"""How long it is told why a result was not made."""


@dataclass(frozen=True)
class Swept:
    """What a sweep removed.

    Attributes
    ----------
    results
        Recommendations and re-forecasts.
    jobs
        These, and those that ended without a result.
    """

    results: int
    jobs: int
    files: int


def delete_result(store: Store, organisation: str, identifier: str) -> None:
    """Delete a result with its job and what it was made from; `sweep` removes the files.

    Raises
    ------
    UnknownObjectError
        The organisation has none of this id.
    """
    with store.write() as connection:
        if not _delete_job(connection, organisation, identifier):
            raise UnknownObjectError(identifier)


def delete_contract(store: Store, organisation: str, identifier: str) -> None:
    """Delete a contract with every re-forecast of it.

    A worker that is busy with one finds its job gone and publishes nothing.

    Raises
    ------
    UnknownObjectError
        The organisation has none of this id.
    """
    with store.write() as connection:
        contracts.lock_contract(connection, organisation, identifier)
        for reforecast in reforecasted.of_contract(connection, identifier):
            _delete_job(connection, organisation, reforecast)
        contracts.forget(connection, organisation, identifier)
        idempotency.forget_answers(connection, organisation, identifier)


def sweep(store: Store, *, now: datetime, retention: timedelta | None) -> Swept:
    """Delete what is past its time.

    Parameters
    ----------
    retention
        Age at which recommendations and re-forecasts go; None keeps them. Contracts stay, with
        the advice they were signed on, until somebody deletes them.
    """
    with store.write() as connection:
        old = _old_jobs(connection, now, retention)
        for organisation, identifier, _ in old:
            _delete_job(connection, organisation, identifier)
        connection.execute(
            delete(idempotency_keys).where(idempotency_keys.c.taken_at < now - idempotency.KEPT)
        )
    with store.read() as connection:
        known = set(connection.scalars(select(organisations.c.id)))
    removed = 0
    for organisation in store.artifacts.organisations():
        if organisation in known:
            removed += _remove_unnamed(store, organisation, now - UNNAMED_FOR)
        else:  # a request was under way while the organisation was deleted
            store.artifacts.remove_all(organisation)
    store.database.empty_log()
    n_published = sum(1 for *_, state in old if state == "succeeded")
    return Swept(n_published, len(old), removed)


def delete_organisation(store: Store, organisation: str) -> None:
    """Delete an organisation and everything of it: rows, files, keys, log.

    A worker that is busy for it finds its job gone and publishes nothing.

    Raises
    ------
    UnknownObjectError
        There is no such organisation.
    """
    with store.write() as connection:
        for table in reversed(metadata.sorted_tables):
            if "organisation_id" in table.c:
                connection.execute(delete(table).where(table.c.organisation_id == organisation))
        gone = connection.execute(delete(organisations).where(organisations.c.id == organisation))
        if gone.rowcount == 0:
            raise UnknownObjectError(organisation)
    store.artifacts.remove_all(organisation)
    store.database.forget(tuple(table.name for table in metadata.sorted_tables))


def _old_jobs(
    connection: Connection, now: datetime, retention: timedelta | None
) -> list[tuple[str, str, str]]:
    columns = (jobs.c.organisation_id, jobs.c.id, jobs.c.state)
    ended = select(*columns).where(
        jobs.c.state.in_(("failed", "cancelled")), jobs.c.finished_at < now - FAILURES_KEPT
    )
    found = list(connection.execute(ended))
    if retention is not None:
        for results in (recommendations, reforecasts):
            past = select(*columns).join(results, results.c.id == jobs.c.id)
            found += connection.execute(past.where(results.c.created_at < now - retention))
    return [(row[0], row[1], row[2]) for row in found]


def _delete_job(connection: Connection, organisation: str, identifier: str) -> bool:
    published.forget(connection, organisation, identifier)
    reforecasted.forget(connection, organisation, identifier)
    idempotency.forget_answers(connection, organisation, identifier)
    mine = jobs.c.organisation_id == organisation, jobs.c.id == identifier
    return connection.execute(delete(jobs).where(*mine)).rowcount == 1


def _remove_unnamed(store: Store, organisation: str, before: datetime) -> int:
    """Remove files that nothing names and that were put before an instant."""
    listed = [name for name, put_at in store.artifacts.listed(organisation) if put_at < before]
    mine = files.c.organisation_id == organisation
    with store.read() as connection:
        named = set(connection.scalars(select(files.c.sha256).where(mine)))
    unnamed = [name for name in listed if name not in named]
    return sum(store.artifacts.remove(organisation, name, before=before) for name in unnamed)
