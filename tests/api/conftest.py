"""What the tests of both doors share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from example_buyer import Buyer, usage_csv
from flask.testing import FlaskClient
from running_service import served

from api.settings import Settings


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
