"""Idempotency keys: a request that is sent again is answered again, and done once.

The first request takes the key, and with it the id of what it may make. If its process dies before
it has answered, the next one takes the key over, and finds under the same id what was made. When
what was made is deleted, so is the answer that was kept; the key goes on to say that it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from api.store.columns import new_id
from api.store.opening import Store
from api.store.schema import idempotency_keys as keys

UNDER_WAY = timedelta(seconds=75)
"""How long a request is believed to be under way: longer than one waits for a recommendation. One
that takes even longer may be done again, under the same id, which makes nothing twice."""

GONE = 410

KEPT = timedelta(hours=24)
"""How long an answer is given again."""


class KeyReusedError(RuntimeError):
    """The key was used for another request (422)."""


class KeyUnderWayError(RuntimeError):
    """The first request with this key is not answered yet (409)."""


class MadeAndDeletedError(RuntimeError):
    """What the first request with this key made or was about has been deleted (410)."""


@dataclass(frozen=True)
class GivenAnswer:
    """An answer to give again."""

    status: int
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True)
class Taken:
    """The key is ours; what the request makes gets this id."""

    resource_id: str


def take(
    store: Store, organisation: str, key: str, fingerprint: str, *, now: datetime
) -> Taken | GivenAnswer:
    """Take a key, or give the answer it stands for.

    Raises
    ------
    KeyReusedError, KeyUnderWayError, MadeAndDeletedError
    """
    try:
        with store.write() as connection:
            row = connection.execute(
                select(keys)
                .where(keys.c.organisation_id == organisation, keys.c.key == key)
                .with_for_update()
            ).one_or_none()
            if row is not None and row.taken_at < now - KEPT:
                connection.execute(delete(keys).where(*_is(organisation, key)))
                row = None
            if row is None:
                found = Taken(new_id())
                connection.execute(
                    insert(keys).values(
                        organisation_id=organisation,
                        key=key,
                        fingerprint=fingerprint,
                        resource_id=found.resource_id,
                        taken_at=now,
                    )
                )
                return found
            if row.fingerprint != fingerprint:
                raise KeyReusedError
            if row.status == GONE:
                raise MadeAndDeletedError
            if row.status is not None:
                return GivenAnswer(row.status, row.headers, row.body)
            if row.taken_at > now - UNDER_WAY:
                raise KeyUnderWayError
            connection.execute(update(keys).where(*_is(organisation, key)).values(taken_at=now))
            return Taken(row.resource_id)
    except IntegrityError:
        raise KeyUnderWayError from None


def answer(
    store: Store, organisation: str, key: str, given: GivenAnswer, *, about: str | None = None
) -> None:
    """Keep the answer of a request.

    Parameters
    ----------
    about
        Id of what is answered about, where it is not the one that the key took.
    """
    kept: dict[str, Any] = {"status": given.status, "headers": dict(given.headers)}
    kept |= {"body": given.body} | ({} if about is None else {"resource_id": about})
    with store.write() as connection:
        connection.execute(update(keys).where(*_is(organisation, key)).values(kept))


def forget_answers(connection: Connection, organisation: str, resource_id: str) -> None:
    """Remove what was answered about a thing that is deleted."""
    about = keys.c.organisation_id == organisation, keys.c.resource_id == resource_id
    connection.execute(
        update(keys)
        .where(*about, keys.c.status.is_not(None))
        .values(status=GONE, headers={}, body="")
    )


def let_go(store: Store, organisation: str, key: str, *, now: datetime) -> None:
    """Let the next request with this key try again at once, under the same id."""
    with store.write() as connection:
        connection.execute(
            update(keys)
            .where(*_is(organisation, key), keys.c.status.is_(None))
            .values(taken_at=now - UNDER_WAY)
        )


def give_back(store: Store, organisation: str, key: str) -> None:
    """Give up a key whose request was refused and did nothing."""
    with store.write() as connection:
        connection.execute(delete(keys).where(*_is(organisation, key), keys.c.status.is_(None)))


def _is(organisation: str, key: str) -> tuple[ColumnElement[bool], ...]:
    return keys.c.organisation_id == organisation, keys.c.key == key
