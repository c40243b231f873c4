"""A store as one file: every row and every file, independent of the database behind it.

    manifest.json             format, revision of the tables, number of rows
    tables/NAME.jsonl         one row a line; instants with their zone, money as exact decimals
    artifacts/ORG/SHA256      the files that rows name

It is taken while the service runs, from one state of the database, and is restored into an empty
store, embedded or on a server alike.
"""

from __future__ import annotations

import io
import json
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, Date, Table, insert, select, text

from api.store.artifacts import CHUNK_BYTES
from api.store.columns import MicroUsd, UtcInstant
from api.store.opening import NEWEST, Store
from api.store.schema import files, metadata
from forecast.errors import InputError

FORMAT = "commitment store backup, version 1"
MANIFEST = "manifest.json"

_ROWS_AT_ONCE = 500


@dataclass(frozen=True)
class Backup:
    """What a backup holds."""

    n_rows: Mapping[str, int]
    n_files: int


def back_up(store: Store, target: Path) -> Backup:
    """Write a backup, whole or not at all.

    Raises
    ------
    StoreError
        The store cannot be read, or a file of it was changed.
    OSError
        The target cannot be written.
    """
    target = target.absolute()
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as scratch:
        incoming = Path(scratch) / target.name
        with incoming.open("xb") as sink, tarfile.open(fileobj=sink, mode="w") as archive:
            found = _write(store, archive, Path(scratch))
        incoming.chmod(0o600)
        incoming.replace(target)
    return found


def restore(store: Store, source: Path) -> Backup:
    """Fill an empty store from a backup.

    Raises
    ------
    InputError
        Not a backup, one of another release, a damaged one, or a store that is not empty.
    StoreError
        The store cannot be written.
    """
    try:
        with tarfile.open(source, mode="r:") as archive:
            return _read(store, archive, source.name)
    except (tarfile.TarError, EOFError) as error:
        raise InputError(f"is not a whole backup: {error}", file=source.name) from None


def _write(store: Store, archive: tarfile.TarFile, scratch: Path) -> Backup:
    n_rows: dict[str, int] = {}
    with store.read() as connection:
        if not store.database.embedded:
            # One state for all tables; SQLite gives that to every transaction.
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        named = connection.execute(select(files.c.organisation_id, files.c.sha256).distinct()).all()
        for table in metadata.sorted_tables:
            path = scratch / f"{table.name}.jsonl"
            n_rows[table.name] = _write_rows(connection, table, path)
        manifest = {"format": FORMAT, "revision": NEWEST, "rows": n_rows, "files": len(named)}
        _add(archive, MANIFEST, json.dumps(manifest).encode())
        for table in metadata.sorted_tables:
            archive.add(scratch / f"{table.name}.jsonl", f"tables/{table.name}.jsonl")
        for organisation, sha256 in named:
            with store.artifacts.open(organisation, sha256) as stream:
                _add_stream(archive, f"artifacts/{organisation}/{sha256}", stream, scratch)
    return Backup(n_rows, len(named))


def _write_rows(connection: Connection, table: Table, path: Path) -> int:
    n = 0
    with path.open("w", encoding="utf-8") as sink:
        for row in connection.execute(select(table)).mappings():
            told = {name: _plain(value) for name, value in row.items()}
            sink.write(json.dumps(told) + "\n")
            n += 1
    return n


def _plain(value: object) -> object:
    if isinstance(value, date):  # an instant is one too
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _read(store: Store, archive: tarfile.TarFile, name: str) -> Backup:
    manifest = _manifest(archive, name)
    store.migrate()
    n_files = 0
    n_rows: dict[str, int] = {}
    with store.write() as connection:
        for table in metadata.sorted_tables:
            if connection.execute(select(table).limit(1)).first() is not None:
                raise InputError(f"the store is not empty: it has {table.name}", file=name)
        for table in metadata.sorted_tables:
            member = _member(archive, f"tables/{table.name}.jsonl", name)
            n_rows[table.name] = _insert_rows(connection, table, member)
            if n_rows[table.name] != manifest["rows"].get(table.name):
                raise InputError(f"lacks rows of {table.name}", file=name)
        if not store.database.embedded:
            # PostgreSQL binds no identifiers; the names are those of our own schema.
            for table in (t for t in metadata.sorted_tables if t.name in ("files", "audit_log")):
                connection.execute(
                    text(
                        f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), "  # noqa: S608
                        f"(SELECT coalesce(max(id), 0) + 1 FROM {table.name}), false)"
                    )
                )
        named = connection.execute(select(files.c.organisation_id, files.c.sha256).distinct()).all()
        for organisation, sha256 in named:
            member = _member(archive, f"artifacts/{organisation}/{sha256}", name)
            if store.artifacts.put(organisation, member).sha256 != sha256:
                raise InputError(f"holds a changed file: {sha256}", file=name)
            n_files += 1
    return Backup(n_rows, n_files)


def _manifest(archive: tarfile.TarFile, name: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.load(_member(archive, MANIFEST, name))
        kind, revision = found["format"], found["revision"]
    except (ValueError, KeyError, TypeError):
        raise InputError("is not a backup of this service", file=name) from None
    if kind != FORMAT or revision != NEWEST:
        raise InputError(
            f"is a backup of another release (tables {revision}, this one has {NEWEST})", file=name
        )
    return found


def _member(archive: tarfile.TarFile, member: str, name: str) -> IO[bytes]:
    try:
        found = archive.extractfile(member)
    except KeyError:
        found = None
    if found is None:
        raise InputError(f"is not a whole backup: {member} is missing", file=name)
    return found


def _insert_rows(connection: Connection, table: Table, stream: IO[bytes]) -> int:
    n = 0
    for rows in _in_parts(_rows(table, stream)):
        connection.execute(insert(table), rows)
        n += len(rows)
    return n


def _rows(table: Table, stream: IO[bytes]) -> Iterator[dict[str, Any]]:
    for line in stream:
        row = json.loads(line)
        for column in table.columns:
            value = row[column.name]
            if value is not None and isinstance(column.type, UtcInstant):
                row[column.name] = datetime.fromisoformat(value)
            elif value is not None and isinstance(column.type, Date):
                row[column.name] = date.fromisoformat(value)
            elif value is not None and isinstance(column.type, MicroUsd):
                row[column.name] = Decimal(value)
        yield row


def _in_parts(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    part: list[dict[str, Any]] = []
    for row in rows:
        part.append(row)
        if len(part) == _ROWS_AT_ONCE:
            yield part
            part = []
    if part:
        yield part


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    archive.addfile(info, io.BytesIO(data))


def _add_stream(archive: tarfile.TarFile, name: str, stream: IO[bytes], scratch: Path) -> None:
    """Add a stream of unknown length by way of the disk; object stores cannot always tell it."""
    with tempfile.TemporaryFile(dir=scratch) as copy:
        while chunk := stream.read(CHUNK_BYTES):
            copy.write(chunk)
        info = tarfile.TarInfo(name)
        info.size = copy.tell()
        copy.seek(0)
        archive.addfile(info, copy)
