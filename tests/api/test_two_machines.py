"""A web machine and worker machines apart, on one PostgreSQL and shared files."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from example_buyer import TERMS, WORKLOADS, usage_csv, usage_rows
from quarter_http import plain
from sqlalchemy import create_engine, text

pytestmark = [
    pytest.mark.slow,
    pytest.mark.postgresql,
    pytest.mark.skipif(os.name != "posix", reason="gunicorn needs POSIX"),
]

PATIENCE_SECONDS = 120


def until(done: Callable[[], bool], what: str) -> None:
    begun = time.monotonic()
    while not done():
        assert time.monotonic() - begun < PATIENCE_SECONDS, what
        time.sleep(0.05)


class Machines:
    """Processes that share a database server and files, and nothing else."""

    def __init__(self, home: Path, database_url: str) -> None:
        self.home = home
        self.database_url = database_url
        self.started: list[subprocess.Popen[bytes]] = []
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])

    def start(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        data = self.home / name
        data.mkdir()
        secrets = self.home / f"{name}-secrets"
        secrets.mkdir()
        (secrets / "commitment_database_url").write_text(self.database_url)
        (secrets / "commitment_artifacts_url").write_text(f"file://{self.home / 'shared'}")
        environ = os.environ | {
            "COMMITMENT_DATA_DIR": str(data),
            "COMMITMENT_SECRETS_DIR": str(secrets),
            "COMMITMENT_PORT": str(self.port),
            # Only a lease that is given back is taken again soon.
            "COMMITMENT_LEASE_SECONDS": "600",
        }
        with (self.home / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "api.cli", *arguments],
                env=environ,
                stdout=log,
                stderr=log,
            )
        self.started.append(process)
        return process

    def log(self, name: str) -> str:
        return (self.home / f"{name}.log").read_text()

    def stop(self) -> None:
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.wait()


@pytest.fixture
def machines(tmp_path: Path, postgresql_url: str) -> Iterator[Machines]:
    found = Machines(tmp_path, postgresql_url)
    try:
        yield found
    finally:
        found.stop()


@pytest.fixture
def web(machines: Machines) -> Iterator[httpx2.Client]:
    """The web machine, migrated and ready."""
    assert machines.start("operator", "store", "migrate").wait(60) == 0
    serving = machines.start("web", "serve", "--job-workers", "0", "--workers", "1")
    with httpx2.Client(base_url=f"http://127.0.0.1:{machines.port}", timeout=30) as client:

        def ready() -> bool:
            assert serving.poll() is None, machines.log("web")
            try:
                return client.get("/readyz").status_code == 200
            except httpx2.TransportError:
                return False

        until(ready, "the web machine is not ready")
        yield client


def request(n_paths: int) -> dict[str, object]:
    documents = {"workloads": plain(WORKLOADS), "terms": plain(TERMS)}
    return documents | {"usage": usage_rows(usage_csv()), "paths": n_paths}


def test_a_worker_elsewhere_answers_what_the_web_machine_took(
    machines: Machines, web: httpx2.Client
) -> None:
    accepted = web.post("/v1/recommendations", json=request(100))
    assert accepted.status_code == 202
    place = accepted.headers["Location"]
    assert web.get(place).json()["state"] == "queued"  # nobody works yet
    machines.start("worker", "worker")
    until(lambda: web.get(place).status_code != 202, machines.log("worker"))
    assert web.get(place).json()["status"] == "recommended"
    assert web.get(f"{place}/workbook").status_code == 200
    offer = request(100)["terms"] | {"commitment_usd": "90000"}
    assert web.post(f"{place}/offers", json={"offers": [offer]}).status_code == 200
    for alone in ("web", "worker"):  # rows and files are in the shared places
        kept = {path.name for path in (machines.home / alone).rglob("*")}
        assert not kept & {"store.db", "artifacts"}


def test_a_worker_that_is_stopped_gives_its_job_to_the_next(
    machines: Machines, web: httpx2.Client
) -> None:
    first = machines.start("first", "worker")
    until(lambda: "ready" in machines.log("first"), machines.log("first"))
    place = web.post("/v1/recommendations", json=request(5000)).headers["Location"]
    until(lambda: web.get(f"{place}/events").json()["state"] == "running", "nobody works")
    first.send_signal(signal.SIGTERM)
    assert first.wait(60) == 0
    status = web.get(f"{place}/events").json()
    assert (status["state"], status["step"]) == ("queued", "waiting, its worker was stopped")
    engine = create_engine(machines.database_url)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT n_attempts FROM jobs")) == 0
    engine.dispose()
    machines.start("second", "worker")
    until(lambda: web.get(place).status_code != 202, machines.log("second"))
    assert web.get(place).json()["status"] == "recommended"


def test_the_web_machine_says_when_the_database_is_not_its_releases(
    machines: Machines, web: httpx2.Client
) -> None:
    engine = create_engine(machines.database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    engine.dispose()
    other = machines.start("other", "worker")
    assert other.wait(60) == 1
    assert "commitment store migrate" in machines.log("other")
    assert json.loads(web.get("/healthz").text)["status"] == "ok"
