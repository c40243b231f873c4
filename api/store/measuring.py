"""How much the store holds, and how its queue stands: for whoever watches the service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, text

from api.store.database import Database
from api.store.opening import Store
from api.store.schema import files, jobs

STATES = ("queued", "running", "succeeded", "failed", "cancelled")


@dataclass(frozen=True)
class Measured:
    """One look at a store.

    Attributes
    ----------
    jobs
        Number by state.
    queue_seconds
        How long the oldest job waits that could be taken; 0 where none does.
    leases_expired
        Running jobs whose worker did not renew its lease in time.
    artifact_bytes
        Of files that something names; what waits to be swept is not among them.
    """

    jobs: Mapping[str, int]
    queue_seconds: float
    leases_expired: int
    database_bytes: int
    artifact_bytes: int


def measure(store: Store, *, now: datetime) -> Measured:
    """Look at a store.

    Raises
    ------
    StoreUnavailableError
    """
    with store.read() as connection:
        by_state = dict.fromkeys(STATES, 0)
        counted = select(jobs.c.state, func.count()).group_by(jobs.c.state)
        by_state |= {row[0]: row[1] for row in connection.execute(counted)}
        waits = jobs.c.state == "queued", jobs.c.available_at <= now
        oldest = connection.scalar(select(func.min(jobs.c.available_at)).where(*waits))
        silent = jobs.c.state == "running", jobs.c.lease_until < now
        n_silent = connection.scalar(select(func.count()).select_from(jobs).where(*silent))
        kept = select(files.c.organisation_id, files.c.sha256, files.c.n_bytes).distinct()
        n_bytes = connection.scalar(select(func.sum(kept.subquery().c.n_bytes)))
        return Measured(
            by_state,
            0.0 if oldest is None else (now - oldest).total_seconds(),
            n_silent or 0,
            _database_bytes(store.database, connection),
            int(n_bytes or 0),
        )


def _database_bytes(database: Database, connection: Connection) -> int:
    if not database.embedded:
        return int(connection.scalar(text("SELECT pg_database_size(current_database())")) or 0)
    pages = connection.scalar(text("SELECT page_count FROM pragma_page_count()"))
    size = connection.scalar(text("SELECT page_size FROM pragma_page_size()"))
    return int(pages or 0) * int(size or 0)
