"""Kill parts of the running service at random moments, and prove that nothing accepted was lost.

    python scripts/kill_service.py --kills 100                  on the embedded default
    python scripts/kill_service.py --kills 100 --postgresql     on a PostgreSQL server of its own

A service runs while several callers send recommendations, each with an
Idempotency-Key, until every one of them is accepted. Meanwhile the worker, a server process, the
first process, or the worker and the first process together get SIGKILL; the first process is
started again, as a supervisor would do. On PostgreSQL, every connection to the database is cut now
and then too. In the end every accepted recommendation has to have
exactly one answer, all answers have to be the same bytes (their inputs are), and the store whole.
Who could not be answered may be told to come again, never that something unexpected happened (500).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections import Counter
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "api"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import postgresql_server
from sqlalchemy import create_engine, select, text

from api.store.artifacts import read_verified
from api.store.opening import Store
from api.store.schema import files, jobs, recommendations

TARGETS = ("worker", "server", "first", "worker and first")
CONNECTIONS = "connections"
"""To the database server; the embedded database has none."""

LEASE_SECONDS = 2
CALLERS = 3


def body(paths: int = 100) -> bytes:
    """Give a request with seven weeks of history: answered by a refusal within a second."""
    days = [f"2026-{m:02d}-{d:02d}" for m in (9, 10) for d in range(1, 26)]
    usage = [
        {"day": day, "model": "claude-opus-5", "input_tokens": 10**7 + i, "output_tokens": 10**6}
        for i, day in enumerate(days)
    ]
    terms = {
        "term_start": "2027-01-01",
        "term_months": 12,
        "tiers": [{"from_commitment_usd": "0", "discount_share": 0.0}],
    }
    workloads: dict[str, Any] = {"workloads": []}
    return json.dumps(
        {"usage": usage, "workloads": workloads, "terms": terms, "paths": paths}
    ).encode()


@dataclass
class Service:
    """`commitment serve` in a process of its own, started again when it is killed."""

    data_dir: Path
    port: int
    log: Any
    database_url: str | None = None
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and start again until the port is free."""
        command = [sys.executable, "-m", "api.cli", "serve", "--port", str(self.port)]
        command += ["--data-dir", str(self.data_dir)]
        environment = os.environ | {
            "COMMITMENT_LEASE_SECONDS": str(LEASE_SECONDS),
            "COMMITMENT_DATABASE_URL": self.database_url or "",
        }
        for _ in range(100):
            self.process = subprocess.Popen(
                command, stdout=self.log, stderr=self.log, env=environment
            )
            while self.process.poll() is None:
                with suppress(OSError, HTTPException):
                    self.get("/healthz")
                    return
                time.sleep(0.05)
            time.sleep(0.2)
        raise RuntimeError("the service does not start")

    def stop(self) -> None:
        """Stop as an operator does."""
        assert self.process is not None
        self.process.terminate()
        self.process.wait(timeout=60)

    def kill(self, target: str, rng: random.Random) -> bool:
        """Kill a part of it; false where there is none at this moment."""
        assert self.process is not None
        if target == CONNECTIONS:
            return self._cut_connections()
        first = self.process.pid
        children = dict(children_of(first))
        workers = [pid for pid, command in children.items() if "worker" in command]
        servers = [pid for pid in children if pid not in workers]
        victims = {
            "worker": workers[:1],
            "server": rng.sample(servers, min(1, len(servers))),
            "first": [first],
            "worker and first": [*workers[:1], first],
        }[target]
        for pid in victims:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if first in victims:
            self.process.wait()
            self.start()
        return bool(victims)

    def _cut_connections(self) -> bool:
        assert self.database_url is not None
        engine = create_engine(self.database_url)
        with engine.connect() as connection:
            cut = connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            ).all()
        engine.dispose()
        return bool(cut)

    def get(self, path: str) -> tuple[int, bytes]:
        """Ask, once."""
        return self.send(urllib.request.Request(self.url(path)))  # noqa: S310

    def ask(self, data: bytes, key: str) -> tuple[int, str]:
        """Ask for a recommendation, once; give the status and where it will be."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        address = self.url("/v1/recommendations")
        status, _, place = self.exchange(
            urllib.request.Request(address, data, headers)  # noqa: S310
        )
        return status, place

    def url(self, path: str) -> str:
        """Give the address of a resource."""
        return f"http://127.0.0.1:{self.port}{path}"

    def send(self, request: urllib.request.Request) -> tuple[int, bytes]:
        """Send a request."""
        status, answer, _ = self.exchange(request)
        return status, answer

    def exchange(self, request: urllib.request.Request) -> tuple[int, bytes, str]:
        """Send a request; give the Location of the answer too."""
        try:
            with urllib.request.urlopen(request, timeout=20) as response:  # noqa: S310
                return response.status, response.read(), response.headers.get("Location", "")
        except urllib.error.HTTPError as error:
            return error.code, error.read(), ""


def children_of(parent: int) -> list[tuple[int, list[str]]]:
    """Give the processes that one started, with their commands."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                status = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                if int(status[1]) == parent and status[0] != "Z":
                    command = (entry / "cmdline").read_bytes().decode().split("\0")
                    found.append((int(entry.name), command))
    return found


@dataclass
class Callers:
    """Callers who send one recommendation after another until they are told to stop."""

    service: Service
    accepted: list[str] = field(default_factory=list)
    refused: Counter[int] = field(default_factory=Counter)
    broken_off: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Send; every request is repeated with its key until it is accepted."""
        data = body()
        while not self.stop.is_set():
            key = uuid.uuid4().hex
            while True:
                try:
                    status, place = self.service.ask(data, key)
                except (OSError, HTTPException):
                    self.broken_off += 1
                    time.sleep(0.1)
                    continue
                if status in (201, 202):  # made already where an earlier answer broke off
                    self.accepted.append(place.rsplit("/", 1)[1])
                    break
                self.refused[status] += 1
                time.sleep(0.3)
                if status == 429 and self.stop.is_set():
                    return
            self.stop.wait(0.3)


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    kills: Counter[str]
    accepted: int
    broken_off: int
    refused: Counter[int]
    answered: int
    told_failures: int
    lost: int
    answers: int
    repeated: int


def run(
    kills: int, seed: int, data_dir: Path, log: Any, *, database_url: str | None = None
) -> Outcome:
    """Kill at random moments under load, wait for the rest, and count."""
    store = Store.at(data_dir, database_url=database_url)
    store.migrate()
    rng = random.Random(seed)  # noqa: S311
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    service = Service(data_dir, port, log, database_url)
    service.start()
    callers = Callers(service)
    threads = [threading.Thread(target=callers.run) for _ in range(CALLERS)]
    try:
        for thread in threads:
            thread.start()
        done = _kill(service, kills, rng)
        callers.stop.set()
        for thread in threads:
            thread.join()
        answers, failures, lost = _collect(service, callers.accepted)
    finally:
        callers.stop.set()
        service.stop()
    return Outcome(
        done,
        len(callers.accepted),
        callers.broken_off,
        callers.refused,
        sum(answers.values()),
        failures,
        lost,
        len(answers),
        _check_store(store, callers.accepted),
    )


def _kill(service: Service, kills: int, rng: random.Random) -> Counter[str]:
    done: Counter[str] = Counter()
    targets = TARGETS if service.database_url is None else (*TARGETS, CONNECTIONS)
    while done.total() < kills:
        time.sleep(rng.uniform(0.1, 3.0))
        target = rng.choice(targets)
        done[target] += service.kill(target, rng)
    return done


def _collect(service: Service, accepted: list[str]) -> tuple[Counter[bytes], int, int]:
    """Read every answer, waiting for those that are not made yet."""
    answers: Counter[bytes] = Counter()
    failures = lost = 0
    for identifier in accepted:
        status, answer = 0, b""
        for _ in range(1200):
            with suppress(OSError, HTTPException):  # a server process was killed just now
                status, answer = service.get(f"/v1/recommendations/{identifier}")
                if status != 202:
                    break
            time.sleep(0.1)
        if status == 200:
            answers[answer] += 1
        elif status == 500 and b"The worker died" in answer:
            failures += 1
        else:
            lost += 1
    return answers, failures, lost


def _check_store(store: Store, accepted: list[str]) -> int:
    """Hold the store against what was accepted; give how many requests were done twice."""
    with store.read() as connection:
        if store.database.embedded:
            sound = connection.scalar(text("PRAGMA integrity_check"))
            assert sound == "ok", "the database is damaged"
            assert not connection.execute(text("PRAGMA foreign_key_check")).all()
        asked = list(connection.scalars(select(jobs.c.id)))
        published = list(connection.scalars(select(recommendations.c.id)))
        named = connection.execute(select(files.c.organisation_id, files.c.sha256)).all()
    for organisation, sha256 in named:
        read_verified(store.artifacts, organisation, sha256)
    store.close()
    assert len(published) == len(set(published))
    assert set(accepted) <= set(asked), "an accepted job is not in the store"
    return len(asked) - len(set(accepted)) + len(accepted) - len(set(accepted))


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--postgresql", action="store_true", help="start a server and use it")
    given = parser.parse_args()
    with ExitStack() as open_while:
        place = Path(open_while.enter_context(tempfile.TemporaryDirectory()))
        log = open_while.enter_context((place / "log").open("wb"))
        url = None
        if given.postgresql:
            url = open_while.enter_context(postgresql_server.started()).format("postgres")
        begun = time.monotonic()
        found = run(given.kills, given.seed, place / "data", log, database_url=url)
    print(f"kills               {dict(found.kills)}")
    print(f"accepted            {found.accepted} (broken off {found.broken_off}, "
          f"refused {dict(found.refused)})")  # fmt: skip
    print(f"answered            {found.answered}, {found.answers} distinct")
    print(f"failed after three deaths, and told so   {found.told_failures}")
    print(f"lost                {found.lost}")
    print(f"done twice          {found.repeated}")
    print(f"seconds             {time.monotonic() - begun:.0f}")
    sound = not found.lost and not found.repeated and found.answers <= 1 and not found.refused[500]
    sys.exit(0 if sound else 1)


if __name__ == "__main__":
    main()
