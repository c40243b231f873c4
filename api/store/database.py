"""Connections and transactions; faults of a disk or a database server in plain words.

SQLite runs in WAL mode: readers never wait for a writer. A write transaction takes the write lock
when it begins, so that it never has to give up half-way, and is on the disk when it ends. What is
deleted is overwritten with zeros.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from api.store.errors import StoreError, StoreFullError, StoreUnavailableError

BUSY_SECONDS = 20
"""How long a writer waits for another one. Transactions are short: a job publishes in one of a few
milliseconds, so that half a minute of waiting means a fault and not load."""

_SQLITE_FULL = {sqlite3.SQLITE_FULL}
_SQLITE_UNUSABLE = {
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_AUTH,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
}
_FULL_ERRNO = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_POSTGRESQL_FULL = "53100"
_POSTGRESQL_UNUSABLE = ("08", "25006", "28", "3D", "53", "57", "58")


@dataclass(frozen=True)
class Database:
    """One database, by its SQLAlchemy URL.

    Examples
    --------
    >>> Database.at_file(Path("/srv/c/store.db")).url
    'sqlite:////srv/c/store.db'
    """

    url: str

    @classmethod
    def at_file(cls, path: Path) -> Database:
        """Give the embedded database in a file."""
        return cls(f"sqlite:///{path}")

    @property
    def embedded(self) -> bool:
        """Whether this is SQLite, which needs nobody to look after it."""
        return make_url(self.url).get_backend_name() == "sqlite"

    @property
    def file(self) -> Path | None:
        """The file of an embedded database."""
        name = make_url(self.url).database
        return Path(name) if self.embedded and name else None

    @cached_property
    def engine(self) -> Engine:
        """The pool of connections of this process; nothing is opened yet."""
        if not self.embedded:
            return create_engine(self.url, pool_pre_ping=True, pool_size=10, max_overflow=20)
        engine = create_engine(self.url, connect_args={"timeout": BUSY_SECONDS}, pool_size=20)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Look at one state of the database.

        Raises
        ------
        StoreUnavailableError
        """
        with told_plainly(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def look(self) -> Iterator[Connection]:
        """Ask one question, without the cost of a transaction where none is needed.

        Raises
        ------
        StoreUnavailableError
        """
        with told_plainly(), self.engine.connect() as connection:
            yield connection.execution_options(no_transaction=self.embedded)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Change it, all of the block or nothing.

        Raises
        ------
        StoreFullError, StoreUnavailableError
        """
        with told_plainly(), self.engine.connect() as connection:
            writing = connection.execution_options(writes=True)
            with writing.begin():
                yield writing

    def forget(self, tables: tuple[str, ...]) -> None:
        """Leave nothing of deleted rows in the database's own files.

        SQLite's log is emptied and its file rewritten; PostgreSQL rewrites the tables. What a
        server keeps besides, such as archived logs and backups, is its operator's to delete.
        """
        with told_plainly(), self.engine.connect() as connection:
            if self.embedded:
                outside = connection.execution_options(no_transaction=True)
                outside.execute(text("VACUUM"))
            else:
                outside = connection.execution_options(isolation_level="AUTOCOMMIT")
                for table in tables:
                    outside.execute(text(f'VACUUM FULL "{table}"'))
        self.empty_log()

    def empty_log(self) -> None:
        """Empty the log of an embedded database into its file.

        Raises
        ------
        StoreUnavailableError
            Somebody has been reading one old state all the while.
        """
        if not self.embedded:
            return
        with told_plainly(), self.engine.connect() as connection:
            outside = connection.execution_options(no_transaction=True)
            busy = outside.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).scalar_one()
        if busy:
            raise StoreUnavailableError(
                "what was deleted is gone from the database, but not yet from its log, which "
                "somebody reads; run `commitment store sweep` later"
            )

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # SQLAlchemy's own BEGIN comes from the listener below; the driver's would come too late.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("no_transaction"):
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writes") else "BEGIN")


@contextmanager
def told_plainly() -> Iterator[None]:
    """Turn faults of the disk or the server into errors of the store.

    Raises
    ------
    StoreFullError, StoreUnavailableError
    """
    try:
        yield
    except DBAPIError as error:
        raise _database_fault(error) or error from error
    except PoolTimeoutError as error:
        raise StoreUnavailableError("every connection is in use") from error
    except OSError as error:
        raise disk_fault(error) from error


def disk_fault(error: OSError) -> StoreError:
    """Say what an error of the file system means for the store.

    >>> disk_fault(OSError(errno.ENOSPC, "No space left on device"))
    StoreFullError('No space left on device')
    """
    kind = StoreFullError if error.errno in _FULL_ERRNO else StoreUnavailableError
    where = f"{error.filename}: " if error.filename else ""
    return kind(f"{where}{error.strerror or error}")


def _database_fault(error: DBAPIError) -> StoreError | None:
    cause: Any = error.orig
    code = getattr(cause, "sqlite_errorcode", None)
    if code is not None:
        primary = code & 0xFF
        if primary in _SQLITE_FULL:
            return StoreFullError(str(cause))
        return StoreUnavailableError(str(cause)) if primary in _SQLITE_UNUSABLE else None
    state = getattr(cause, "sqlstate", None)
    if state == _POSTGRESQL_FULL:
        return StoreFullError(str(cause))
    unreachable = error.connection_invalidated or type(cause).__name__ == "OperationalError"
    if state is None:
        return StoreUnavailableError(str(cause)) if unreachable else None
    return StoreUnavailableError(str(cause)) if state.startswith(_POSTGRESQL_UNUSABLE) else None
