"""What the store promises, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import errno
import io
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, insert, select, text

from api.jobs import queue
from api.store import artifacts, datasets, files, idempotency
from api.store import organisations as orgs
from api.store.artifacts import RemoteArtifacts, put_bytes, read_verified
from api.store.backup import back_up, restore
from api.store.columns import MicroUsd, UtcInstant, new_id
from api.store.database import Database
from api.store.deletion import delete_organisation, sweep
from api.store.errors import (
    DamagedArtifactError,
    SchemaError,
    StoreFullError,
    StoreUnavailableError,
    UnknownObjectError,
)
from api.store.files import NamedFile
from api.store.migrating import head, upgrade
from api.store.opening import NEWEST, Store
from api.store.organisations import Scope
from api.store.pages import Wanted, place_of
from api.store.schema import jobs, metadata, recommendations
from forecast.errors import InputError

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SECRET = b"the workload nobody may know: project halibut"


def acme(store: Store, name: str = "acme") -> str:
    return orgs.add_organisation(store, name, now=NOW)


def dataset(store: Store, organisation: str, data: bytes = SECRET, name: str = "halibut") -> str:
    kept = put_bytes(store.artifacts, organisation, data)
    named = [NamedFile("usage", f"{name}.csv", kept)]
    return datasets.add_dataset(store, organisation, new_id(), name, named, now=NOW).id


def published(store: Store, organisation: str, amount: Decimal, at: datetime = NOW) -> str:
    """A recommendation as its row says it is, without the files of one."""
    identifier = new_id()
    with store.write() as connection:
        queue.enqueue(connection, organisation, identifier, "none", {}, now=at)
    held = queue.claim(store, now=at, lease=timedelta(seconds=30))
    assert held is not None
    with store.write() as connection:
        queue.finish(connection, held, queue.State.SUCCEEDED, now=at)
        connection.execute(
            insert(recommendations).values(
                id=identifier,
                organisation_id=organisation,
                created_at=at,
                status="recommended",
                amount_usd=amount,
                package_version="1",
            )
        )
    return identifier


class TestTables:
    def test_the_migrations_make_what_the_schema_says(self, store: Store) -> None:
        with store.read() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, metadata) == []
        assert store.revision() == head() == NEWEST

    def test_a_migration_can_be_undone(self, store: Store) -> None:
        from alembic import command

        from api.store.migrating import configuration

        config = configuration()
        with store.write() as connection:
            config.attributes["connection"] = connection
            command.downgrade(config, "base")
        store.migrate()
        assert store.revision() == NEWEST

    def test_every_table_knows_whose_its_rows_are(self) -> None:
        names = {t.name for t in metadata.sorted_tables if "organisation_id" not in t.c}
        assert names == {"organisations"}

    def test_a_server_of_another_release_is_not_used(self, store: Store) -> None:
        with store.write() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
        other = Store(Database("postgresql+psycopg://nowhere"), store.artifacts)
        object.__setattr__(other, "revision", store.revision)
        with pytest.raises(SchemaError, match="commitment store migrate"):
            other.prepare()

    def test_migrating_twice_changes_nothing(self, store: Store) -> None:
        organisation = acme(store)
        store.migrate()
        assert orgs.organisation_named(store, "acme") == organisation


class TestUnits:
    @given(st.integers(-(10**17), 10**17))
    def test_money_comes_back_to_the_micro_dollar(self, micro: int) -> None:
        column = MicroUsd()
        dialect = Database("sqlite://").engine.dialect
        amount = Decimal(micro) / 10**6
        assert column.process_bind_param(amount, dialect) == micro
        assert column.process_result_value(micro, dialect) == amount

    def test_money_is_never_rounded_on_its_way(self, store: Store) -> None:
        organisation = acme(store)
        with pytest.raises(Exception, match="no whole number of micro-dollars"):
            published(store, organisation, Decimal("0.0000001"))

    def test_money_is_a_whole_number_in_the_database(self, store: Store) -> None:
        identifier = published(store, acme(store), Decimal("123456789.10"))
        with store.read() as connection:
            raw = connection.scalar(text("SELECT amount_usd FROM recommendations"))
            assert raw == 123456789100000
            row = connection.execute(
                select(recommendations).where(recommendations.c.id == identifier)
            ).one()
        assert row.amount_usd == Decimal("123456789.10")

    def test_instants_come_back_in_utc(self, store: Store) -> None:
        there = timezone(timedelta(hours=-5, minutes=-30))
        organisation = orgs.add_organisation(store, "far", now=NOW.astimezone(there))
        orgs.add_key(store, organisation, name="k", scope=Scope.READ, now=NOW.astimezone(there))
        found = orgs.keys_of(store, organisation)[0].created_at
        assert (found, found.utcoffset()) == (NOW, timedelta(0))

    def test_an_instant_without_a_zone_is_refused(self) -> None:
        dialect = Database("sqlite://").engine.dialect
        with pytest.raises(ValueError, match="no time zone"):
            UtcInstant().process_bind_param(NOW.replace(tzinfo=None), dialect)


class TestTransactions:
    def test_all_of_a_block_or_nothing(self, store: Store) -> None:
        organisation = acme(store)

        def enqueue_and_break() -> None:
            with store.write() as connection:
                queue.enqueue(connection, organisation, new_id(), "none", {}, now=NOW)
                raise RuntimeError("half-way")

        with pytest.raises(RuntimeError, match="half-way"):
            enqueue_and_break()
        with store.read() as connection:
            assert connection.execute(select(jobs)).first() is None

    def test_a_name_is_taken_once(self, store: Store) -> None:
        acme(store)
        with pytest.raises(InputError, match="already"):
            acme(store)


class TestPages:
    @given(n_items=st.integers(1, 7), n=st.integers(0, 9))
    def test_every_item_is_shown_once_newest_first(self, n_items: int, n: int) -> None:
        store = Store.at(Path("unused"), database_url="sqlite://")
        with store.database.write() as connection:
            metadata.create_all(connection)
        store._ready.set()
        organisation = acme(store)
        made = [
            datasets.add_dataset(
                store, organisation, new_id(), "d", [], now=NOW + timedelta(seconds=i // 2)
            ).id
            for i in range(n)
        ]
        seen: list[str] = []
        cursor: str | None = None
        while True:
            after = None if cursor is None else place_of(cursor)
            page = datasets.list_datasets(store, organisation, Wanted(n_items, after))
            seen += [item.id for item in page.items]
            assert len(page.items) <= n_items
            cursor = page.next_cursor
            if cursor is None:
                break
        store.close()
        assert sorted(seen) == sorted(made)
        assert len(seen) == len(made)

    @pytest.mark.parametrize("cursor", ["x", "", "AAAA", "MjAyNg", "MjAyNi0xMS0yNFQwMDowMCBhAA"])
    def test_a_cursor_that_is_none_is_refused(self, cursor: str) -> None:
        with pytest.raises(InputError, match="not one that this service gave"):
            place_of(cursor)


@pytest.fixture(params=["local", "remote"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> artifacts.Artifacts:
    """Files below a directory, and at an fsspec URL."""
    if request.param == "local":
        return artifacts.LocalArtifacts(tmp_path / "files")
    return RemoteArtifacts(f"memory://{new_id()}")


class TestArtifacts:
    def test_files_come_back_by_their_digest(self, kept: artifacts.Artifacts) -> None:
        first = put_bytes(kept, "a", SECRET)
        assert put_bytes(kept, "a", SECRET) == first
        assert read_verified(kept, "a", first.sha256) == SECRET
        assert first.n_bytes == len(SECRET)
        assert [name for name, _ in kept.listed("a")] == [first.sha256]
        assert kept.organisations() == ("a",)

    def test_another_organisation_has_none_of_them(self, kept: artifacts.Artifacts) -> None:
        found = put_bytes(kept, "a", SECRET)
        with pytest.raises(DamagedArtifactError, match="absent"):
            read_verified(kept, "b", found.sha256)

    def test_a_file_is_removed_unless_it_was_put_since(self, kept: artifacts.Artifacts) -> None:
        found = put_bytes(kept, "a", SECRET)
        hour = timedelta(hours=1)
        now = datetime.now(tz=UTC)
        assert not kept.remove("a", found.sha256, before=now - hour)
        assert kept.remove("a", found.sha256, before=now + hour)
        assert not kept.remove("a", found.sha256, before=now + hour)

    def test_everything_of_one_goes_and_nothing_of_another(self, kept: artifacts.Artifacts) -> None:
        put_bytes(kept, "a", SECRET)
        other = put_bytes(kept, "b", SECRET)
        kept.remove_all("a")
        kept.remove_all("a")
        assert list(kept.listed("a")) == []
        assert read_verified(kept, "b", other.sha256) == SECRET

    def test_a_stream_that_breaks_off_leaves_nothing(self, tmp_path: Path) -> None:
        class Broken(io.RawIOBase):
            def read(self, size: int = -1) -> bytes:
                raise ConnectionResetError("gone")

        local = artifacts.LocalArtifacts(tmp_path)
        with pytest.raises(StoreUnavailableError):
            local.put("a", Broken())  # type: ignore[arg-type]
        assert list(local.listed("a")) == []

    def test_a_changed_file_is_noticed(self, tmp_path: Path) -> None:
        local = artifacts.LocalArtifacts(tmp_path)
        found = put_bytes(local, "a", SECRET)
        (tmp_path / "a" / found.sha256[:2] / found.sha256).write_bytes(b"other")
        with pytest.raises(DamagedArtifactError, match="was changed"):
            read_verified(local, "a", found.sha256)


class TestKeys:
    def test_a_key_opens_its_organisation_and_only_its_hash_is_kept(
        self, store: Store, data_dir: Path
    ) -> None:
        organisation = acme(store)
        key, secret = orgs.add_key(
            store, organisation, name="ci", scope=Scope.SIZE, now=NOW, expires_at=None
        )
        assert orgs.key_of_secret(store, secret, now=NOW) == key
        assert orgs.key_of_secret(store, secret + "x", now=NOW) is None
        with store.read() as connection:
            row = connection.execute(text("SELECT * FROM api_keys")).one()
        assert secret not in str(row)
        store.close()
        assert all(secret.encode() not in f.read_bytes() for f in data_dir.rglob("*.db*"))

    def test_a_key_ends_at_its_instant(self, store: Store) -> None:
        organisation = acme(store)
        end = NOW + timedelta(days=1)
        _, secret = orgs.add_key(
            store, organisation, name="ci", scope=Scope.READ, now=NOW, expires_at=end
        )
        assert orgs.key_of_secret(store, secret, now=end - timedelta(microseconds=1))
        assert orgs.key_of_secret(store, secret, now=end) is None

    def test_a_rotated_key_holds_until_it_is_said_to_end(self, store: Store) -> None:
        organisation = acme(store)
        old, secret = orgs.add_key(store, organisation, name="ci", scope=Scope.READ, now=NOW)
        until = NOW + timedelta(hours=24)
        new, fresh = orgs.rotate_key(store, organisation, old.id, now=NOW, old_until=until)
        assert (new.name, new.scope) == (old.name, old.scope)
        assert orgs.key_of_secret(store, secret, now=NOW + timedelta(hours=23))
        assert orgs.key_of_secret(store, secret, now=until) is None
        assert orgs.key_of_secret(store, fresh, now=until) == new
        with pytest.raises(UnknownObjectError):
            orgs.rotate_key(store, organisation, old.id, now=until, old_until=until)

    def test_another_organisations_key_cannot_be_revoked(self, store: Store) -> None:
        key, secret = orgs.add_key(store, acme(store), name="ci", scope=Scope.READ, now=NOW)
        with pytest.raises(UnknownObjectError):
            orgs.revoke_key(store, acme(store, "other"), key.id, now=NOW)
        assert orgs.key_of_secret(store, secret, now=NOW)


class TestIdempotency:
    def test_the_same_request_gets_the_same_answer(self, store: Store) -> None:
        organisation = acme(store)
        first = idempotency.take(store, organisation, "k", "f", now=NOW)
        assert isinstance(first, idempotency.Taken)
        given_answer = idempotency.GivenAnswer(201, {"Location": "/x"}, "body")
        idempotency.answer(store, organisation, "k", given_answer)
        assert idempotency.take(store, organisation, "k", "f", now=NOW) == given_answer

    def test_another_request_is_refused(self, store: Store) -> None:
        organisation = acme(store)
        idempotency.take(store, organisation, "k", "f", now=NOW)
        with pytest.raises(idempotency.KeyReusedError):
            idempotency.take(store, organisation, "k", "g", now=NOW)

    def test_it_is_under_way_until_its_process_must_be_dead(self, store: Store) -> None:
        organisation = acme(store)
        first = idempotency.take(store, organisation, "k", "f", now=NOW)
        with pytest.raises(idempotency.KeyUnderWayError):
            idempotency.take(store, organisation, "k", "f", now=NOW + timedelta(seconds=10))
        later = NOW + idempotency.UNDER_WAY
        assert idempotency.take(store, organisation, "k", "f", now=later) == first

    def test_two_organisations_may_use_one_key(self, store: Store) -> None:
        first = idempotency.take(store, acme(store), "k", "f", now=NOW)
        second = idempotency.take(store, acme(store, "other"), "k", "g", now=NOW)
        assert first != second

    def test_it_is_forgotten_after_its_time(self, store: Store) -> None:
        organisation = acme(store)
        first = idempotency.take(store, organisation, "k", "f", now=NOW)
        later = NOW + idempotency.KEPT + timedelta(seconds=1)
        again = idempotency.take(store, organisation, "k", "g", now=later)
        assert isinstance(again, idempotency.Taken)
        assert again != first


def contents(store: Store) -> dict[str, list[tuple[object, ...]]]:
    with store.read() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=str)
            for table in metadata.sorted_tables
        }


class TestBackup:
    @pytest.mark.parametrize("onto", ["sqlite", "remote"])
    def test_it_restores_every_row_and_file_into_any_store(
        self, store: Store, tmp_path: Path, onto: str
    ) -> None:
        organisation = acme(store)
        orgs.add_key(store, organisation, name="k", scope=Scope.ADMIN, now=NOW)
        identifier = dataset(store, organisation)
        published(store, organisation, Decimal("1.23"))
        idempotency.take(store, organisation, "k", "f", now=NOW)
        made = back_up(store, tmp_path / "b.tar")
        assert made.n_files == 1
        remote = f"memory://{new_id()}" if onto == "remote" else None
        other = Store.at(tmp_path / "other", artifacts_url=remote)
        assert restore(other, tmp_path / "b.tar") == made
        assert contents(other) == contents(store)
        (file,) = datasets.read_dataset(other, organisation, identifier).files
        assert read_verified(other.artifacts, organisation, file.kept.sha256) == SECRET
        other.close()

    def test_it_is_restored_onto_the_same_kind_of_database(
        self, store: Store, tmp_path: Path
    ) -> None:
        organisation = acme(store)
        identifier = dataset(store, organisation)
        before = contents(store)
        back_up(store, tmp_path / "b.tar")
        delete_organisation(store, organisation)
        restore(store, tmp_path / "b.tar")
        assert contents(store) == before
        assert dataset(store, organisation) != identifier

    def test_a_store_that_is_not_empty_is_left_alone(self, store: Store, tmp_path: Path) -> None:
        acme(store)
        back_up(store, tmp_path / "b.tar")
        before = contents(store)
        with pytest.raises(InputError, match="not empty"):
            restore(store, tmp_path / "b.tar")
        assert contents(store) == before

    @pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
    def test_a_backup_that_is_cut_off_restores_nothing(self, tmp_path: Path, share: float) -> None:
        store = Store.at(tmp_path / "one")
        dataset(store, acme(store), SECRET * 2000)
        back_up(store, tmp_path / "b.tar")
        store.close()
        data = (tmp_path / "b.tar").read_bytes()
        (tmp_path / "b.tar").write_bytes(data[: int(len(data) * share)])
        other = Store.at(tmp_path / "other")
        with pytest.raises(InputError, match="backup"):
            restore(other, tmp_path / "b.tar")
        if (tmp_path / "other" / "store.db").exists():
            assert not any(contents(other).values())
        other.close()


def traces(place: Path, needle: bytes) -> list[Path]:
    """Files that hold some bytes."""
    return [p for p in place.rglob("*") if p.is_file() and needle in p.read_bytes()]


class TestDeletion:
    def test_a_deleted_company_leaves_nothing(
        self, store: Store, data_dir: Path, database_url: str | None
    ) -> None:
        organisation = acme(store, "Halibut Industries")
        dataset(store, organisation)
        orgs.add_key(store, organisation, name="halibut key", scope=Scope.READ, now=NOW)
        published(store, organisation, Decimal("1.23"))
        idempotency.take(store, organisation, "halibut", "f", now=NOW)
        survivor = acme(store, "other")
        kept_id = dataset(store, survivor, b"mine", "exports")
        needles = (b"alibut", organisation.encode())
        if database_url is None:
            assert all(traces(data_dir, needle) for needle in needles)
        places = [data_dir]
        if database_url is not None:
            places.append(Path(database_url.split("host=")[1]) / "data" / "base")
        delete_organisation(store, organisation)
        if database_url is not None:  # the server's own files, once they are written
            with store.write() as connection:
                connection.execute(text("COMMIT"))
                connection.execute(text("CHECKPOINT"))
        for needle in needles:
            assert [t for place in places for t in traces(place, needle)] == []
        assert organisation not in str(contents(store))
        (file,) = datasets.read_dataset(store, survivor, kept_id).files
        assert read_verified(store.artifacts, survivor, file.kept.sha256) == b"mine"

    def test_an_unknown_organisation_is_told(self, store: Store) -> None:
        with pytest.raises(UnknownObjectError):
            delete_organisation(store, new_id())

    def test_a_sweep_removes_what_nothing_names(self, store: Store) -> None:
        organisation = acme(store)
        named = dataset(store, organisation)
        put_bytes(store.artifacts, organisation, b"nobody's")
        put_bytes(store.artifacts, new_id(), b"of nobody")
        real = datetime.now(tz=UTC)
        assert sweep(store, now=real, retention=None).files == 0
        assert sweep(store, now=real + timedelta(hours=2), retention=None).files == 1
        (file,) = datasets.read_dataset(store, organisation, named).files
        assert read_verified(store.artifacts, organisation, file.kept.sha256) == SECRET
        assert store.artifacts.organisations() == (organisation,)

    def test_retention_removes_old_recommendations(self, store: Store) -> None:
        organisation = acme(store)
        published(store, organisation, Decimal(1), at=NOW - timedelta(days=91))
        young = published(store, organisation, Decimal(1), at=NOW - timedelta(days=89))
        assert sweep(store, now=NOW, retention=None).results == 0
        assert sweep(store, now=NOW, retention=timedelta(days=90)).results == 1
        with store.read() as connection:
            assert connection.scalars(select(jobs.c.id)).all() == [young]


class TestFaults:
    def test_a_full_database_says_so_and_recovers(self, tmp_path: Path) -> None:
        store = Store.at(tmp_path)
        organisation = acme(store)
        with store.read() as connection:
            pages = connection.scalar(text("PRAGMA page_count"))
        limit = text(f"PRAGMA max_page_count = {pages}")

        def fill() -> None:
            for _ in range(200):
                dataset(store, organisation, b"x")

        store.close()
        event.listen(store.database.engine, "connect", lambda c, _: c.execute(str(limit)))
        with pytest.raises(StoreFullError, match="full"):
            fill()
        roomy = Store.at(tmp_path)
        dataset(roomy, organisation, b"y")
        roomy.close()
        store.close()

    def test_a_read_only_database_says_so_and_recovers(self, tmp_path: Path) -> None:
        store = Store.at(tmp_path)
        organisation = acme(store)
        store.close()

        def only_read(connection: sqlite3.Connection, _: object) -> None:
            connection.execute("PRAGMA query_only = ON")

        event.listen(store.database.engine, "connect", only_read)
        with pytest.raises(StoreUnavailableError, match="readonly"):
            dataset(store, organisation)
        assert orgs.organisation_named(store, "acme") == organisation
        store.close()
        event.remove(store.database.engine, "connect", only_read)
        dataset(store, organisation)
        store.close()

    def test_a_full_disk_says_so_and_leaves_nothing(
        self, store: Store, data_dir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        organisation = acme(store)
        with monkeypatch.context() as patched:
            patched.setattr("os.fsync", failing(errno.ENOSPC))
            with pytest.raises(StoreFullError):
                dataset(store, organisation)
        assert list(store.artifacts.listed(organisation)) == []
        dataset(store, organisation)

    def test_a_read_only_disk_says_so(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        organisation = acme(store)
        monkeypatch.setattr(Path, "replace", failing(errno.EROFS))
        with pytest.raises(StoreUnavailableError):
            dataset(store, organisation)

    def test_a_file_that_is_no_database_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "store.db").write_bytes(b"no database" * 1000)
        with pytest.raises(StoreUnavailableError, match="not a database"):
            acme(Store.at(tmp_path))

    def test_a_server_that_is_away_is_told(self) -> None:
        away = Store.at(Path("unused"), database_url="postgresql+psycopg://nobody@127.0.0.1:1/none")
        with pytest.raises(StoreUnavailableError):
            acme(away)


def failing(code: int) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise OSError(code, errno.errorcode[code])

    return fail


def test_files_keep_their_order(store: Store) -> None:
    organisation = acme(store)
    kept = put_bytes(store.artifacts, organisation, b"x")
    named = [NamedFile("usage", f"{9 - i}.csv", kept) for i in range(9)]
    with store.write() as connection:
        files.add(connection, organisation, "job", "j", named)
        assert files.of(connection, organisation, "job", "j") == tuple(named)


def test_upgrade_takes_a_revision(tmp_path: Path) -> None:
    database = Database.at_file(tmp_path / "x.db")
    with database.write() as connection:
        upgrade(connection, "0001")
    database.close()
