"""A file system that is really full, and one that is really read-only."""

from __future__ import annotations

import io
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from problem_details import problem_of
from running_service import served, store_of
from test_recommendations_http import SHORT, post

from api.app import create_app
from api.jobs import worker
from api.settings import Settings

pytestmark = pytest.mark.slow


def mount(*arguments: object) -> bool:
    command = ["mount", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    if os.getuid() != 0 or not mount("-t", "tmpfs", "-o", "size=2m", "tmpfs", place):
        pytest.skip("file systems cannot be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def fill_up(place: Path) -> None:
    """Leave no byte of space."""
    with suppress(OSError), place.open("wb", buffering=0) as sink:
        while True:
            sink.write(b"x" * 4096)


def upload(client: FlaskClient, n_bytes: int):
    data = {"usage": (io.BytesIO(os.urandom(n_bytes)), "usage.csv")}
    return client.post("/v1/datasets", data=data)


def test_a_full_disk_is_told_and_the_service_recovers(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "RETRY", worker.timedelta(seconds=0.2))
    with served(Settings(data_dir=small_disk)) as client:
        place = post(client, SHORT).headers["Location"]
        before = client.get(place).data
        uploads = [upload(client, 400_000) for _ in range(6)]
        assert "no space left" in problem_of(uploads[-1], 507)["detail"]
        assert client.get(place).data == before
        fill = small_disk / "fill"
        fill_up(fill)
        problem_of(upload(client, 2**16), 507)
        problem_of(client.get("/readyz"), 507)
        assert client.get("/healthz").status_code == 200
        assert client.get(place).data == before
        fill.unlink()
        assert mount("-o", "remount,size=8m", small_disk)
        assert client.get("/readyz").status_code == 200
        assert upload(client, 2**16).status_code == 201
        assert post(client, SHORT).status_code == 201


def test_a_job_waits_for_space(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "RETRY", worker.timedelta(seconds=0.2))
    with served(Settings(data_dir=small_disk)) as client:
        upload(client, 10)
        put = type(client.application.extensions["store"].artifacts).put
        calls = []

        def fill_before_the_result(self, organisation, source):  # type: ignore[no-untyped-def]
            calls.append(source)
            if len(calls) == 4:  # usage, workloads and terms went in; this is the result
                fill_up(small_disk / "fill")
            return put(self, organisation, source)

        monkeypatch.setattr("api.store.artifacts.LocalArtifacts.put", fill_before_the_result)
        answer = client.post(
            "/v1/recommendations",
            data={
                "usage": (io.BytesIO(SHORT.encode()), "usage.csv"),
                "workloads": (io.BytesIO(b"workloads = []\n"), "workloads.toml"),
                "terms": (io.BytesIO(b'term_start = 2027-01-01\nterm_months = 12\n[[tiers]]\n'
                                     b'from_commitment_usd = "0"\ndiscount_share = 0.0\n'), "t"),
            },
            headers={"Prefer": "wait=3"},
        )  # fmt: skip
        assert answer.status_code == 202, answer.text
        (small_disk / "fill").unlink()
        for _ in range(200):
            found = client.get(answer.headers["Location"])
            if found.status_code != 202:
                break
            time.sleep(0.05)
        assert found.status_code == 200, found.text


def test_a_read_only_disk_is_told_and_the_service_recovers(small_disk: Path) -> None:
    with served(Settings(data_dir=small_disk)) as client:
        place = post(client, SHORT).headers["Location"]
        before = client.get(place).data
    # No worker from here on: a file that is open for writing keeps a disk from becoming read-only.
    client = create_app(Settings(data_dir=small_disk)).test_client()
    assert client.get(place).data == before
    store_of(client).close()
    assert mount("-o", "remount,ro", small_disk)
    problem_of(upload(client, 10), 503)
    problem_of(client.get("/readyz"), 503)
    assert client.get("/healthz").status_code == 200
    assert mount("-o", "remount,rw", small_disk)
    assert client.get("/readyz").status_code == 200
    assert upload(client, 10).status_code == 201
    assert client.get(place).data == before
    store_of(client).close()
