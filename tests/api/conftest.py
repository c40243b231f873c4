"""What the tests of both doors share."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import postgresql_server
import pytest
from example_buyer import Buyer, usage_csv
from flask.testing import FlaskClient
from page_house import House, furnished
from running_service import served
from sqlalchemy import create_engine, text

from api.settings import Settings
from api.store.opening import Store


@pytest.fixture(scope="session")
def usage_text() -> str:
    return usage_csv()


@pytest.fixture
def buyer(tmp_path: Path, usage_text: str) -> Buyer:
    return Buyer(tmp_path).write(usage_text)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, usage_text: str) -> Buyer:
    """A buyer whose recommendation is made, with thresholds that hold; tests only read it."""
    found = Buyer(tmp_path_factory.mktemp("finished")).write(usage_text)
    answer = found.recommend("--max-budget-p80-usd", "1e9", "--max-waste-p95-usd", "1e9")
    assert answer.exit_code == 0, answer.output
    found.page = answer.stdout
    return found


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def client(data_dir: Path) -> Iterator[FlaskClient]:
    with served(Settings(data_dir=data_dir)) as found:
        yield found


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory, usage_text: str) -> Iterator[House]:
    """A company that has decided; tests of pages read it, or change what they made themselves."""
    with furnished(tmp_path_factory.mktemp("house"), usage_text) as found:
        yield found


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """URL of the databases of a server that runs for these tests."""
    if postgresql_server.binaries() is None:
        pytest.skip("PostgreSQL is absent here")
    with postgresql_server.started() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest) -> str | None:
    """URL of an empty database; None is the embedded one."""
    if request.param == "sqlite":
        return None
    found: str = request.getfixturevalue("postgresql_url")
    return found


@pytest.fixture
def postgresql_url(postgresql: str) -> Iterator[str]:
    """URL of an empty database on the server."""
    name = f"t{uuid.uuid4().hex}"
    engine = create_engine(postgresql.format("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield postgresql.format(name)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()


@pytest.fixture
def store(data_dir: Path, database_url: str | None) -> Iterator[Store]:
    """An empty store, on each kind of database."""
    found = Store.at(data_dir, database_url=database_url)
    found.migrate()
    yield found
    found.close()
