"""The store's commands, as an operator runs them."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from example_buyer import run
from flask.testing import FlaskClient
from running_service import served
from test_recommendations_http import SHORT, post

from api.settings import Settings
from api.store.organisations import LOCAL


@pytest.fixture
def kept(tmp_path: Path) -> tuple[Path, str]:
    """A data directory with one refusal and one dataset, and the id of the refusal."""
    place = tmp_path / "kept"
    with served(Settings(data_dir=place)) as client:
        identifier = post(client, SHORT).headers["Location"].rsplit("/", 1)[1]
        parts = {"usage": (io.BytesIO(SHORT.encode()), "usage.csv")}
        assert client.post("/v1/datasets", data=parts).status_code == 201
    return place, identifier


def everything(client: FlaskClient, identifier: str) -> list[bytes]:
    paths = ["/v1/datasets", "/v1/recommendations", f"/v1/recommendations/{identifier}"]
    return [client.get(path).data for path in paths]


def test_a_backup_is_restored_into_another_directory(
    kept: tuple[Path, str], tmp_path: Path
) -> None:
    place, identifier = kept
    target, other = tmp_path / "b.tar", tmp_path / "other"
    made = run("store", "backup", target, "--data-dir", place)
    assert made.exit_code == 0, made.output
    assert target.stat().st_mode & 0o077 == 0
    assert run("store", "restore", target, "--data-dir", other).exit_code == 0
    with served(Settings(data_dir=place)) as old, served(Settings(data_dir=other)) as new:
        assert everything(new, identifier) == everything(old, identifier)
    again = run("store", "remake", LOCAL, identifier, "--data-dir", other)
    assert (again.exit_code, again.stdout) == (0, "Every byte is the same.\n")


def test_nothing_is_overwritten(kept: tuple[Path, str], tmp_path: Path) -> None:
    place, _ = kept
    target = tmp_path / "b.tar"
    assert run("store", "backup", target, "--data-dir", place).exit_code == 0
    assert run("store", "backup", target, "--data-dir", place).exit_code == 2
    onto = run("store", "restore", target, "--data-dir", place)
    assert onto.exit_code == 2
    assert "not empty" in onto.stderr


def test_what_was_made_otherwise_is_told(kept: tuple[Path, str]) -> None:
    from sqlalchemy import update

    from api.store.opening import Store
    from api.store.schema import jobs

    place, identifier = kept
    store = Store.at(place)
    with store.write() as connection:
        settings = {"as_of": None, "seed": 5, "paths": 100, "source": "files"}
        connection.execute(update(jobs).values(settings=settings))
    store.close()
    answer = run("store", "remake", LOCAL, identifier, "--data-dir", place)
    assert answer.exit_code == 1
    assert "recommendation.json" in answer.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("migrate",), "revision 0002"),
        (("sweep",), "0 results, 0 jobs and 0 files"),
    ],
)
def test_housekeeping_says_what_it_did(
    kept: tuple[Path, str], arguments: tuple[str, ...], says: str
) -> None:
    answer = run("store", *arguments, "--data-dir", kept[0])
    assert answer.exit_code == 0, answer.output
    assert says in answer.stdout


@pytest.mark.parametrize("identifier", ["0" * 32, "../x", ""])
def test_an_unknown_recommendation_is_told(kept: tuple[Path, str], identifier: str) -> None:
    answer = run("store", "remake", LOCAL, identifier, "--data-dir", kept[0])
    assert answer.exit_code == 2


def test_a_file_that_is_no_backup_is_told(tmp_path: Path) -> None:
    (tmp_path / "b.tar").write_bytes(b"no backup" * 200)
    answer = run("store", "restore", tmp_path / "b.tar", "--data-dir", tmp_path / "d")
    assert answer.exit_code == 2
    assert "backup" in answer.stderr


def test_a_store_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_bytes(b"no database" * 1000)
    answer = run("store", "migrate", "--data-dir", tmp_path)
    assert answer.exit_code == 1
    assert "not a database" in answer.stderr
