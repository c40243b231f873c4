"""A store: one database and the files beside it, brought to this release's tables."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from api.store.artifacts import Artifacts, LocalArtifacts, RemoteArtifacts
from api.store.database import Database, disk_fault
from api.store.errors import SchemaError

DATABASE = "store.db"
ARTIFACTS = "artifacts"


@dataclass(frozen=True)
class Store:
    """What the service keeps.

    Attributes
    ----------
    database
        Rows. An embedded one is made and brought up to date when it is first used; a server's is
        changed by `commitment store migrate` alone.
    artifacts
        Files.
    """

    database: Database
    artifacts: Artifacts
    _ready: threading.Event = field(default_factory=threading.Event, repr=False, compare=False)

    @classmethod
    def at(
        cls, data_dir: Path, *, database_url: str | None = None, artifacts_url: str | None = None
    ) -> Store:
        """Describe a store; nothing is opened yet.

        Parameters
        ----------
        data_dir
            Holds what has no URL of its own.
        database_url
            SQLAlchemy URL, such as postgresql+psycopg://HOST/NAME.
        artifacts_url
            fsspec URL.
        """
        return cls(
            Database(database_url) if database_url else Database.at_file(data_dir / DATABASE),
            RemoteArtifacts(artifacts_url)
            if artifacts_url
            else LocalArtifacts(data_dir / ARTIFACTS),
        )

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Look at one state of the database."""
        self.prepare()
        with self.database.read() as connection:
            yield connection

    @contextmanager
    def look(self) -> Iterator[Connection]:
        """Ask one question."""
        self.prepare()
        with self.database.look() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Change it, all of the block or nothing."""
        self.prepare()
        with self.database.write() as connection:
            yield connection

    def prepare(self) -> None:
        """Open the database and see to its tables, once in a process.

        Raises
        ------
        SchemaError
            A server's tables are those of another release.
        StoreUnavailableError
        """
        if self._ready.is_set():
            return
        if self.database.embedded:
            self._make_directory()
            if self.revision() != NEWEST:
                self.migrate()
        elif (found := self.revision()) != NEWEST:
            raise SchemaError(
                f"the tables are at revision {found or 'none'}, this release needs "
                f"{NEWEST}; run `commitment store migrate`"
            )
        self._ready.set()

    def migrate(self) -> None:
        """Bring the tables to this release; concurrent calls wait for the first."""
        from api.store.migrating import upgrade

        if self.database.embedded:
            self._make_directory()
        with self.database.write() as connection:
            if not self.database.embedded:
                connection.execute(text("SELECT pg_advisory_xact_lock(7243391)"))
            upgrade(connection)

    def revision(self) -> str | None:
        """Give the revision of the tables; None where there are none."""
        with self.database.read() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
            return found

    def check(self) -> None:
        """Prove that rows and files can be read and kept.

        Raises
        ------
        StoreError
            When they cannot.
        """
        self.prepare()
        with self.database.write() as connection:
            connection.execute(text("UPDATE organisations SET name = name WHERE id = ''"))
        self.artifacts.check()

    def close(self) -> None:
        """Close every connection; the next use opens new ones."""
        self.database.close()
        self._ready.clear()

    def _make_directory(self) -> None:
        file = self.database.file
        assert file is not None, "an embedded database is a file"
        try:
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise disk_fault(error) from error


NEWEST = "0002"
"""Revision of the tables in schema.py; a test holds it against the migrations."""
