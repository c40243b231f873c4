"""Portfolios: an inventory of workloads and the terms, under a name, changed without lost edits."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from api.store import files
from api.store.artifacts import put_bytes, read_verified
from api.store.errors import UnknownObjectError
from api.store.files import NamedFile
from api.store.opening import Store
from api.store.pages import Page, Wanted
from api.store.schema import portfolios

ANY = "*"


class EditConflictError(RuntimeError):
    """The portfolio is not in the state that the caller's condition names (412)."""


class ConditionNeededError(RuntimeError):
    """The portfolio exists, and the caller does not say which state of it is replaced (428)."""


@dataclass(frozen=True)
class Condition:
    """What has to hold for a change.

    Attributes
    ----------
    is_one_of
        Entity tags of `If-Match`; `*` is any state. None where the header was not sent.
    is_absent
        `If-None-Match: *` was sent.
    """

    is_one_of: tuple[str, ...] | None = None
    is_absent: bool = False

    def check(self, etag: str | None) -> None:
        """Hold the condition against the present state; None where there is none.

        Raises
        ------
        EditConflictError, ConditionNeededError
        """
        if self.is_absent and etag is not None:
            raise EditConflictError("it exists already")
        if self.is_one_of is not None:
            if etag is None:
                raise EditConflictError("it does not exist")
            if ANY not in self.is_one_of and etag not in self.is_one_of:
                raise EditConflictError("it was changed meanwhile")
        elif etag is not None and not self.is_absent:
            raise ConditionNeededError


@dataclass(frozen=True)
class StoredPortfolio:
    """A portfolio's state; its documents are TOML."""

    name: str
    etag: str
    created_at: datetime
    updated_at: datetime
    files: tuple[NamedFile, ...]


def put_portfolio(
    store: Store,
    organisation: str,
    name: str,
    *,
    workloads_toml: bytes,
    terms_toml: bytes,
    condition: Condition,
    now: datetime,
) -> tuple[StoredPortfolio, bool]:
    """Make or replace a portfolio, and tell whether it is new.

    Raises
    ------
    EditConflictError, ConditionNeededError
        The condition does not hold; nothing is changed.
    """
    _precheck(store, organisation, name, condition)
    named = [
        NamedFile(role, f"{role}.toml", put_bytes(store.artifacts, organisation, data))
        for role, data in (("workloads", workloads_toml), ("terms", terms_toml))
    ]
    etag = hashlib.sha256("".join(n.kept.sha256 for n in named).encode()).hexdigest()
    try:
        with store.write() as connection:
            row = _row(connection, organisation, name)
            condition.check(None if row is None else row.etag)
            values = {"etag": etag, "updated_at": now}
            if row is None:
                connection.execute(
                    insert(portfolios).values(
                        organisation_id=organisation, name=name, created_at=now, **values
                    )
                )
            else:
                connection.execute(
                    update(portfolios).where(*_is(organisation, name)).values(values)
                )
                files.drop(connection, organisation, "portfolio", name)
            files.add(connection, organisation, "portfolio", name, named)
    except IntegrityError:
        raise EditConflictError("it was made meanwhile") from None
    return read_portfolio(store, organisation, name), row is None


def read_portfolio(store: Store, organisation: str, name: str) -> StoredPortfolio:
    """Give a portfolio's state.

    Raises
    ------
    UnknownObjectError
        The organisation has none of this name.
    """
    with store.read() as connection:
        row = _row(connection, organisation, name)
        if row is None:
            raise UnknownObjectError(name)
        return _portfolio(connection, organisation, row)


def portfolio_documents(
    store: Store, organisation: str, found: StoredPortfolio
) -> tuple[bytes, bytes]:
    """Give the inventory and the terms of a portfolio, as TOML."""
    by_role = {file.role: file.kept.sha256 for file in found.files}
    return (
        read_verified(store.artifacts, organisation, by_role["workloads"]),
        read_verified(store.artifacts, organisation, by_role["terms"]),
    )


def list_portfolios(store: Store, organisation: str, wanted: Wanted) -> Page[StoredPortfolio]:
    """Give the portfolios of an organisation, the newest first."""
    query = select(portfolios).where(portfolios.c.organisation_id == organisation)
    with store.read() as connection:
        rows = connection.execute(wanted.of(query, portfolios, "name")).all()
        found = [_portfolio(connection, organisation, row) for row in rows]
    return wanted.page(found, [(row.created_at, row.name) for row in rows])


def delete_portfolio(store: Store, organisation: str, name: str, condition: Condition) -> None:
    """Delete a portfolio.

    Raises
    ------
    UnknownObjectError
        The organisation has none of this name.
    EditConflictError, ConditionNeededError
        The condition does not hold.
    """
    with store.write() as connection:
        row = _row(connection, organisation, name)
        if row is None:
            raise UnknownObjectError(name)
        condition.check(row.etag)
        connection.execute(delete(portfolios).where(*_is(organisation, name)))
        files.drop(connection, organisation, "portfolio", name)


def _precheck(store: Store, organisation: str, name: str, condition: Condition) -> None:
    """Refuse early what would be refused anyway, before anything is written."""
    with store.read() as connection:
        row = _row(connection, organisation, name, lock=False)
    condition.check(None if row is None else row.etag)


def _is(organisation: str, name: str) -> tuple[ColumnElement[bool], ...]:
    return portfolios.c.organisation_id == organisation, portfolios.c.name == name


def _row(
    connection: Connection, organisation: str, name: str, *, lock: bool = True
) -> Row[tuple[object, ...]] | None:
    query = select(portfolios).where(
        portfolios.c.organisation_id == organisation, portfolios.c.name == name
    )
    return connection.execute(query.with_for_update() if lock else query).one_or_none()


def _portfolio(
    connection: Connection, organisation: str, row: Row[tuple[object, ...]]
) -> StoredPortfolio:
    named = files.of(connection, organisation, "portfolio", row.name)
    return StoredPortfolio(row.name, row.etag, row.created_at, row.updated_at, named)
