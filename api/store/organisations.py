"""Organisations and the keys to them. Of a key only its SHA-256 is kept.

A key is 256 random bits, so that its plain hash cannot be guessed back; slow hashes are for
passwords, which people choose.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from api.store.columns import new_id
from api.store.errors import UnknownObjectError
from api.store.opening import Store
from api.store.schema import api_keys, organisations
from forecast.errors import InputError

PREFIX = "commitment_"
"""Lets secret scanners and people see what a leaked key opens."""

LOCAL = "local"
"""Name of the one organisation of the local mode."""


class Scope(StrEnum):
    """What a key may do; each one may do what those before it may."""

    READ = "read"
    SIZE = "size"
    ADMIN = "admin"

    def allows(self, asked: Scope) -> bool:
        """Tell whether this scope covers another.

        >>> Scope.SIZE.allows(Scope.READ), Scope.SIZE.allows(Scope.ADMIN)
        (True, False)
        """
        order = list(Scope)
        return order.index(self) >= order.index(asked)


@dataclass(frozen=True)
class Key:
    """A key without its secret."""

    id: str
    organisation: str
    name: str
    scope: Scope
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def holds_at(self, now: datetime) -> bool:
        """Tell whether the key opens anything at an instant."""
        ends = [at for at in (self.expires_at, self.revoked_at) if at is not None]
        return all(now < at for at in ends)


def digest_of(secret: str) -> str:
    """Give what is kept of a key."""
    return hashlib.sha256(secret.encode()).hexdigest()


def add_organisation(store: Store, name: str, *, now: datetime) -> str:
    """Add an organisation and give its id.

    Raises
    ------
    InputError
        The name is taken.
    """
    identifier = new_id()
    try:
        with store.write() as connection:
            connection.execute(
                insert(organisations).values(id=identifier, name=name, created_at=now)
            )
    except IntegrityError:
        raise InputError(f"there is an organisation {name!r} already", column="NAME") from None
    return identifier


def organisation_named(store: Store, name: str) -> str:
    """Give the id of an organisation.

    Raises
    ------
    InputError
        There is none of this name.
    """
    with store.read() as connection:
        found = connection.scalar(select(organisations.c.id).where(organisations.c.name == name))
    if found is None:
        raise InputError(f"there is no organisation {name!r}", column="NAME")
    return str(found)


def local_organisation(store: Store, *, now: datetime) -> str:
    """Give the one organisation of the local mode; it is made when it is first asked for."""
    query = select(organisations.c.id).where(organisations.c.name == LOCAL)
    with store.read() as connection:
        found = connection.scalar(query)
    if found is not None:
        return str(found)
    try:
        return add_organisation(store, LOCAL, now=now)
    except InputError:  # another process was first
        return organisation_named(store, LOCAL)


def add_key(
    store: Store,
    organisation: str,
    *,
    name: str,
    scope: Scope,
    now: datetime,
    expires_at: datetime | None = None,
    identifier: str | None = None,
) -> tuple[Key, str]:
    """Make a key; its secret is given here and never again."""
    with store.write() as connection:
        return _insert(connection, organisation, name, scope, now, expires_at, identifier)


def rotate_key(
    store: Store,
    organisation: str,
    key_id: str,
    *,
    now: datetime,
    old_until: datetime,
    identifier: str | None = None,
) -> tuple[Key, str]:
    """Make a key of the same name, scope and lifetime, and let the old one end.

    Parameters
    ----------
    old_until
        When the old key stops, so that programs can be changed over meanwhile.

    Raises
    ------
    UnknownObjectError
        No such key, or one that holds no longer.
    """
    with store.write() as connection:
        old = _one(connection, organisation, key_id)
        if not old.holds_at(now):
            raise UnknownObjectError(key_id)
        lifetime = old.expires_at - old.created_at if old.expires_at else None
        expires = now + lifetime if lifetime else None
        made = _insert(connection, organisation, old.name, old.scope, now, expires, identifier)
        until = min([old_until, *([old.expires_at] if old.expires_at else [])])
        connection.execute(update(api_keys).where(api_keys.c.id == key_id).values(revoked_at=until))
        return made


def revoke_key(store: Store, organisation: str, key_id: str, *, now: datetime) -> None:
    """End a key at once.

    Raises
    ------
    UnknownObjectError
        No such key.
    """
    with store.write() as connection:
        _one(connection, organisation, key_id)
        connection.execute(update(api_keys).where(api_keys.c.id == key_id).values(revoked_at=now))


def keys_of(store: Store, organisation: str) -> tuple[Key, ...]:
    """Give every key of an organisation, the newest first."""
    with store.read() as connection:
        rows = connection.execute(
            select(api_keys)
            .where(api_keys.c.organisation_id == organisation)
            .order_by(api_keys.c.created_at.desc(), api_keys.c.id)
        )
        return tuple(_key(row) for row in rows)


def key_of_secret(store: Store, secret: str, *, now: datetime) -> Key | None:
    """Find the key that a caller presents; None where it opens nothing."""
    with store.look() as connection:
        row = connection.execute(
            select(api_keys).where(api_keys.c.digest == digest_of(secret))
        ).one_or_none()
    found = None if row is None else _key(row)
    return found if found is not None and found.holds_at(now) else None


def key_in_force(store: Store, key_id: str, *, now: datetime) -> Key | None:
    """Give a key by its id; None where it opens nothing any more."""
    with store.look() as connection:
        row = connection.execute(select(api_keys).where(api_keys.c.id == key_id)).one_or_none()
    found = None if row is None else _key(row)
    return found if found is not None and found.holds_at(now) else None


def _insert(
    connection: Connection,
    organisation: str,
    name: str,
    scope: Scope,
    now: datetime,
    expires_at: datetime | None,
    identifier: str | None,
) -> tuple[Key, str]:
    secret = PREFIX + secrets.token_urlsafe(32)
    key = Key(identifier or new_id(), organisation, name, scope, now, expires_at, None)
    connection.execute(
        insert(api_keys).values(
            id=key.id,
            organisation_id=organisation,
            name=name,
            digest=digest_of(secret),
            scope=scope.value,
            created_at=now,
            expires_at=expires_at,
        )
    )
    return key, secret


def _one(connection: Connection, organisation: str, key_id: str) -> Key:
    row = connection.execute(
        select(api_keys)
        .where(api_keys.c.organisation_id == organisation, api_keys.c.id == key_id)
        .with_for_update()
    ).one_or_none()
    if row is None:
        raise UnknownObjectError(key_id)
    return _key(row)


def _key(row: Row[tuple[object, ...]]) -> Key:
    return Key(
        row.id,
        row.organisation_id,
        row.name,
        Scope(row.scope),
        row.created_at,
        row.expires_at,
        row.revoked_at,
    )
