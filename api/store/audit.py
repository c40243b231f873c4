"""Who did what: every change that was asked for, and every refusal of one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select

from api.store.opening import Store
from api.store.schema import audit_log

OPERATOR = "operator"
"""Somebody at the command line of the machine."""


@dataclass(frozen=True)
class Entry:
    """One line of the log."""

    id: int
    at: datetime
    actor: str
    action: str
    path: str
    status: int


def record(
    store: Store,
    organisation: str,
    *,
    actor: str,
    action: str,
    path: str,
    status: int,
    now: datetime,
) -> None:
    """Write one line."""
    with store.write() as connection:
        connection.execute(
            insert(audit_log).values(
                organisation_id=organisation,
                at=now,
                actor=actor,
                action=action[:120],
                path=path[:255],
                status=status,
            )
        )


def entries(
    store: Store, organisation: str, *, before: int | None, n_items: int
) -> tuple[Entry, ...]:
    """Give lines, the newest first.

    Parameters
    ----------
    before
        Only lines with a smaller id.
    """
    query = select(audit_log).where(audit_log.c.organisation_id == organisation)
    if before is not None:
        query = query.where(audit_log.c.id < before)
    with store.read() as connection:
        rows = connection.execute(query.order_by(audit_log.c.id.desc()).limit(n_items))
        return tuple(Entry(r.id, r.at, r.actor, r.action, r.path, r.status) for r in rows)
