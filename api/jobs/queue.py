"""The table of jobs: what may happen to one, and when.

    queued ──► running ──► succeeded
      ▲  │        │  └───► failed        with the reason
      │  └────────┼──────► cancelled
      └───────────┘                      its worker stopped, died, or found the disk full

Instants are the caller's. A clock that is off by less than a lease costs at most a second run of
a job whose result is then not published: the lease's token decides, not its end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    func,
    insert,
    or_,
    select,
    update,
)

from api.store import files
from api.store.columns import new_id
from api.store.errors import UnknownObjectError
from api.store.opening import Store
from api.store.schema import jobs

MAX_ATTEMPTS = 3
"""A job whose worker died this often is failed: it is likelier the cause than the victim."""

MAX_WAITING = 100
"""Jobs of one organisation that may wait; the next one is refused until some are done."""


class State(StrEnum):
    """Where a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens to the job."""
        return self not in (State.QUEUED, State.RUNNING)


class LeaseLostError(RuntimeError):
    """Another worker has the job, or it was cancelled or deleted."""


class QueueFullError(RuntimeError):
    """Too many jobs of one organisation wait (429)."""


@dataclass(frozen=True)
class Job:
    """A job as it stands in the table.

    Attributes
    ----------
    failure
        Problem details of a failed job.
    """

    id: str
    organisation: str
    kind: str
    state: State
    settings: Mapping[str, Any]
    created_at: datetime
    finished_at: datetime | None
    n_attempts: int
    progress_share: float
    progress_step: str
    cancel_asked: bool
    failure: Mapping[str, Any] | None

    @property
    def address(self) -> str:
        """Where its result is, or will be; a kind is the singular of its collection."""
        return f"/v1/{self.kind}s/{self.id}"


@dataclass(frozen=True)
class Claim:
    """A job that a worker has, until its lease ends."""

    job: Job
    token: str


def enqueue(
    connection: Connection,
    organisation: str,
    identifier: str,
    kind: str,
    settings: Mapping[str, Any],
    *,
    now: datetime,
) -> bool:
    """Put a job into the queue; false where one of this id is there already.

    Raises
    ------
    QueueFullError
    """
    mine = jobs.c.organisation_id == organisation
    if connection.scalar(select(jobs.c.id).where(mine, jobs.c.id == identifier)) is not None:
        return False
    waiting = select(func.count()).select_from(jobs).where(mine, jobs.c.state == State.QUEUED)
    if (connection.scalar(waiting) or 0) >= MAX_WAITING:
        raise QueueFullError
    connection.execute(
        insert(jobs).values(
            id=identifier,
            organisation_id=organisation,
            kind=kind,
            state=State.QUEUED.value,
            settings=dict(settings),
            created_at=now,
            available_at=now,
            n_attempts=0,
            progress_share=0.0,
            progress_step="waiting",
            cancel_asked=False,
        )
    )
    return True


def read_job(store: Store, organisation: str, identifier: str, *, kind: str | None = None) -> Job:
    """Give a job.

    Parameters
    ----------
    kind
        Only one of this kind will do; None takes any.

    Raises
    ------
    UnknownObjectError
        The organisation has none of this id and kind.
    """
    with store.look() as connection:
        query = select(jobs).where(*_is(organisation, identifier, kind))
        row = connection.execute(query).one_or_none()
    if row is None:
        raise UnknownObjectError(identifier)
    return job_of(row)


def unfinished(store: Store, organisation: str) -> tuple[Job, ...]:
    """Give the jobs of an organisation that wait or run, the newest first."""
    open_states = (State.QUEUED.value, State.RUNNING.value)
    with store.look() as connection:
        rows = connection.execute(
            select(jobs)
            .where(jobs.c.organisation_id == organisation, jobs.c.state.in_(open_states))
            .order_by(jobs.c.created_at.desc(), jobs.c.id)
        ).all()
    return tuple(map(job_of, rows))


def claim(store: Store, *, now: datetime, lease: timedelta) -> Claim | None:
    """Take the job that has waited longest; None where none waits.

    A job that was cancelled, or whose worker died too often, is ended on the way.
    """
    with store.look() as connection:
        if connection.execute(_takable(now)).first() is None:
            return None
    with store.write() as connection:
        while True:
            row = connection.execute(_takable(now).with_for_update(skip_locked=True)).first()
            if row is None:
                return None
            job = job_of(row)
            if job.cancel_asked:
                _end(connection, job, State.CANCELLED, now)
            elif job.n_attempts >= MAX_ATTEMPTS:
                _end(connection, job, State.FAILED, now, failure=_died(job))
            else:
                token = new_id()
                connection.execute(
                    update(jobs)
                    .where(jobs.c.id == job.id)
                    .values(
                        state=State.RUNNING.value,
                        lease_token=token,
                        lease_until=now + lease,
                        n_attempts=job.n_attempts + 1,
                    )
                )
                return Claim(job, token)


def renew(
    store: Store, held: Claim, *, now: datetime, lease: timedelta, share: float, step: str
) -> bool:
    """Keep a job, tell how far it is, and learn whether its cancellation was asked for.

    Raises
    ------
    LeaseLostError
    """
    with store.write() as connection:
        row = connection.execute(
            update(jobs)
            .where(*_held(held))
            .values(lease_until=now + lease, progress_share=share, progress_step=step[:200])
            .returning(jobs.c.cancel_asked)
        ).one_or_none()
    if row is None:
        raise LeaseLostError(held.job.id)
    return bool(row.cancel_asked)


def give_back(store: Store, held: Claim, *, available_at: datetime, because: str) -> None:
    """Put a job back into the queue; this attempt does not count.

    Raises
    ------
    LeaseLostError
    """
    with store.write() as connection:
        done = connection.execute(
            update(jobs)
            .where(*_held(held))
            .values(
                state=State.QUEUED.value,
                lease_token=None,
                lease_until=None,
                available_at=available_at,
                n_attempts=held.job.n_attempts,
                progress_share=0.0,
                progress_step=because,
            )
        )
        if done.rowcount != 1:
            raise LeaseLostError(held.job.id)


def finish(connection: Connection, held: Claim, state: State, *, now: datetime) -> None:
    """End a job; what the transaction writes besides is kept only if the lease still holds.

    Raises
    ------
    LeaseLostError
    """
    done = connection.execute(
        update(jobs)
        .where(*_held(held))
        .values(**_ended(state, now), progress_share=1.0, progress_step=state.value)
    )
    if done.rowcount != 1:
        raise LeaseLostError(held.job.id)


def fail(store: Store, held: Claim, failure: Mapping[str, Any], *, now: datetime) -> None:
    """End a job with the reason why it has no result.

    Raises
    ------
    LeaseLostError
    """
    with store.write() as connection:
        finish(connection, held, State.FAILED, now=now)
        _end(connection, held.job, State.FAILED, now, failure=failure)


def cancel_held(store: Store, held: Claim, *, now: datetime) -> None:
    """End a job whose cancellation was asked for.

    Raises
    ------
    LeaseLostError
    """
    with store.write() as connection:
        finish(connection, held, State.CANCELLED, now=now)
        _end(connection, held.job, State.CANCELLED, now)


def cancel(
    store: Store, organisation: str, identifier: str, *, now: datetime, kind: str | None = None
) -> Job:
    """Ask that a job end without a result; one that waits ends at once. See `read_job`."""
    with store.write() as connection:
        query = select(jobs).where(*_is(organisation, identifier, kind))
        row = connection.execute(query.with_for_update()).one_or_none()
        if row is None:
            raise UnknownObjectError(identifier)
        job = job_of(row)
        if job.state is State.QUEUED:
            _end(connection, job, State.CANCELLED, now)
        elif job.state is State.RUNNING:
            connection.execute(
                update(jobs).where(jobs.c.id == identifier).values(cancel_asked=True)
            )
    return read_job(store, organisation, identifier)


def job_of(row: Row[tuple[object, ...]]) -> Job:
    """Read a row of the table."""
    return Job(
        id=row.id,
        organisation=row.organisation_id,
        kind=row.kind,
        state=State(row.state),
        settings=row.settings,
        created_at=row.created_at,
        finished_at=row.finished_at,
        n_attempts=row.n_attempts,
        progress_share=row.progress_share,
        progress_step=row.progress_step,
        cancel_asked=row.cancel_asked,
        failure=row.failure,
    )


def _is(organisation: str, identifier: str, kind: str | None) -> list[ColumnElement[bool]]:
    found = [jobs.c.organisation_id == organisation, jobs.c.id == identifier]
    return found if kind is None else [*found, jobs.c.kind == kind]


def _takable(now: datetime) -> Select[Any]:
    waits = and_(jobs.c.state == State.QUEUED.value, jobs.c.available_at <= now)
    left = and_(jobs.c.state == State.RUNNING.value, jobs.c.lease_until <= now)
    return (
        select(jobs)
        .where(or_(waits, left))
        .order_by(jobs.c.available_at, jobs.c.created_at, jobs.c.id)
        .limit(1)
    )


def _held(held: Claim) -> tuple[ColumnElement[bool], ...]:
    return (
        jobs.c.id == held.job.id,
        jobs.c.state == State.RUNNING.value,
        jobs.c.lease_token == held.token,
    )


def _ended(state: State, now: datetime) -> dict[str, Any]:
    return {
        "state": state.value,
        "finished_at": now,
        "lease_token": None,
        "lease_until": None,
    }


def _end(
    connection: Connection,
    job: Job,
    state: State,
    now: datetime,
    *,
    failure: Mapping[str, Any] | None = None,
) -> None:
    """End a job without a result; what went in is no longer kept for it."""
    connection.execute(
        update(jobs)
        .where(jobs.c.id == job.id)
        .values(
            **_ended(state, now),
            progress_step=state.value,
            failure=None if failure is None else dict(failure),
        )
    )
    files.drop(connection, job.organisation, "job", job.id)


def _died(job: Job) -> dict[str, Any]:
    return {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "detail": f"The worker died {job.n_attempts} times while it worked on this; the operator "
        "finds the cause in its log.",
        "instance": job.address,
    }
