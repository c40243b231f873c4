"""The service as it runs: gunicorn in a process of its own."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import kill_service
import pytest

from api.server import SILENT_SECONDS, THREADS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="gunicorn needs POSIX"),
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def serve(port: int, data_dir: Path, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "api.cli", "serve", "--port", str(port)]
    return subprocess.Popen(
        [*command, "--data-dir", str(data_dir), *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def get(port: int, path: str) -> tuple[int, dict[str, object]]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


@contextmanager
def started(data_dir: Path, *more: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    port = free_port()
    process = serve(port, data_dir, *more)
    try:
        for _ in range(1200):
            try:
                get(port, "/healthz")
                break
            except OSError:
                assert process.poll() is None, process.communicate()[0]
                time.sleep(0.05)
        yield process, port
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    with started(tmp_path / "data") as found:
        yield found


def test_it_answers_and_stops_when_asked(running) -> None:
    process, port = running
    assert get(port, "/healthz")[0] == 200
    assert get(port, "/readyz")[0] == 200
    assert get(port, "/nowhere")[1]["status"] == 404
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 0


def post(port: int, path: str, body: object) -> tuple[int, dict[str, object]]:
    data = json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, headers)
    with urllib.request.urlopen(request, timeout=60) as response:
        return response.status, json.load(response)


def finished(port: int, place: str) -> dict[str, object]:
    for _ in range(2400):
        status, found = get(port, place)
        if status != 202:
            return found
        time.sleep(0.05)
    raise AssertionError("no answer in 30 s")


def worker_of(first: int) -> int:
    for _ in range(1200):
        for pid, command in kill_service.children_of(first):
            if "worker" in command:
                return pid
        time.sleep(0.05)
    raise AssertionError("no worker is running")


def test_every_process_is_in_the_metrics(running) -> None:
    _, port = running
    for _ in range(40):
        get(port, "/v1/datasets")
    address = f"http://127.0.0.1:{port}/metrics"
    for _ in range(5):  # whichever process answers
        with urllib.request.urlopen(address, timeout=10) as response:
            told = response.read().decode()
        line = next(x for x in told.splitlines() if 'route="/v1/datasets"' in x and "_total" in x)
        assert line.endswith(" 40.0"), line


def test_a_server_process_that_ends_takes_nothing_from_the_others(running) -> None:
    process, port = running
    ending, staying = servers_of(process.pid)[:2]
    os.kill(ending, signal.SIGTERM)
    for _ in range(600):
        now = servers_of(process.pid)
        if ending not in now and len(now) == 2:
            break
        time.sleep(0.05)
    assert staying in now
    for i in range(40):  # routes that nobody asked for yet begin new metrics
        path = ("/v1/datasets", "/v1/portfolios", "/nowhere")[i % 3]
        assert get(port, path)[0] == (404 if path == "/nowhere" else 200)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as response:
            assert b"commitment_requests_total" in response.read()


def test_the_log_of_every_process_is_json(running) -> None:
    process, port = running
    get(port, "/v1/datasets")
    _, accepted = post(port, "/v1/recommendations", json.loads(kill_service.body()))
    finished(port, f"/v1/recommendations/{accepted['id']}")
    process.send_signal(signal.SIGTERM)
    written, _ = process.communicate(timeout=60)
    told = [json.loads(line) for line in written.splitlines()]
    assert {"gunicorn.error", "commitment.request", "commitment.worker"} <= {
        line["logger"] for line in told
    }
    assert all({"event", "level", "timestamp"} <= set(line) for line in told)


def test_a_request_under_way_is_finished_when_it_is_stopped(running) -> None:
    """The answer of a recommendation that is waited for still comes, from the worker beside it."""
    process, port = running
    worker_of(process.pid)
    found: list[int] = []

    def ask() -> None:
        headers = {"Content-Type": "application/json", "Prefer": "wait=60"}
        asked = urllib.request.Request(
            f"http://127.0.0.1:{port}/v1/recommendations", kill_service.body(), headers
        )
        with urllib.request.urlopen(asked, timeout=90) as response:
            found.append(response.status)

    waiting = threading.Thread(target=ask)
    waiting.start()
    for _ in range(1200):
        if under_way(port):
            break
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    waiting.join(timeout=90)
    assert found == [201]
    assert process.wait(timeout=60) == 0


def test_a_stream_ends_when_its_process_is_to_end(tmp_path: Path) -> None:
    with started(tmp_path / "data", "--job-workers", "0") as (process, port):
        _, accepted = post(port, "/v1/recommendations", json.loads(kill_service.body()))
        asked = urllib.request.Request(
            f"http://127.0.0.1:{port}/v1/recommendations/{accepted['id']}/events",
            headers={"Accept": "text/event-stream"},
        )
        with urllib.request.urlopen(asked, timeout=60) as stream:
            while b"queued" not in stream.readline():
                pass
            process.send_signal(signal.SIGTERM)
            stream.read()
        assert process.wait(timeout=60) == 0


def under_way(port: int) -> bool:
    """Tell whether a request was taken that is not answered: a job is in the table."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as response:
        told = response.read().decode()
    states = ("queued", "running", "succeeded")
    return any(f'commitment_jobs{{state="{state}"}} 1.0' in told for state in states)


def test_one_command_serves_and_works(running) -> None:
    _, port = running
    status, accepted = post(port, "/v1/recommendations", json.loads(kill_service.body()))
    assert status == 202
    place = f"/v1/recommendations/{accepted['id']}"
    assert finished(port, place)["status"] == "insufficient_evidence"


def test_a_worker_that_dies_is_replaced(running) -> None:
    process, port = running
    before = worker_of(process.pid)
    os.kill(before, signal.SIGKILL)
    for _ in range(1200):
        if (now := worker_of(process.pid)) != before:
            break
        time.sleep(0.05)
    assert now != before
    _, accepted = post(port, "/v1/recommendations", json.loads(kill_service.body()))
    finished(port, f"/v1/recommendations/{accepted['id']}")


def test_the_worker_ends_with_the_first_process(running) -> None:
    process, _ = running
    worker = worker_of(process.pid)
    process.kill()
    process.wait()
    for _ in range(1200):
        if not Path(f"/proc/{worker}/exe").exists():
            return
        time.sleep(0.05)
    raise AssertionError("the worker outlives the service")


def peak_bytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def servers_of(first: int) -> list[int]:
    return [pid for pid, command in kill_service.children_of(first) if "worker" not in command]


def test_a_large_upload_is_streamed(running) -> None:
    process, port = running
    before = max(map(peak_bytes, servers_of(process.pid)))
    n_bytes = 200 * 2**20
    head = b'--x\r\nContent-Disposition: form-data; name="usage"; filename="u.csv"\r\n\r\n'
    tail = b"\r\n--x--\r\n"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.putrequest("POST", "/v1/datasets")
    connection.putheader("Content-Type", "multipart/form-data; boundary=x")
    connection.putheader("Content-Length", str(len(head) + n_bytes + len(tail)))
    connection.endheaders()
    connection.send(head)
    piece = os.urandom(2**20)
    for _ in range(n_bytes // len(piece)):
        connection.send(piece)
    connection.send(tail)
    response = connection.getresponse()
    made = json.load(response)
    connection.close()
    assert response.status == 201, made
    assert made["files"][0]["n_bytes"] == n_bytes
    assert max(map(peak_bytes, servers_of(process.pid))) - before < 40 * 2**20


def test_slow_clients_do_not_hold_others_up(running) -> None:
    _, port = running
    slow = []
    for _ in range(8):
        one = socket.create_connection(("127.0.0.1", port))
        one.sendall(b"POST /v1/sizings HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n")
        slow.append(one)
    seconds = []
    for _ in range(40):
        begun = time.monotonic()
        assert get(port, "/healthz")[0] == 200
        seconds.append(time.monotonic() - begun)
        for one in slow:
            one.sendall(b"X")
    for one in slow:
        one.close()
    assert sorted(seconds)[20] < 1.0


@pytest.mark.parametrize(
    "rest", [b"", b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"]
)
def test_requests_that_are_never_finished_are_given_up(running, rest: bytes) -> None:
    _, port = running
    n_threads = 2 * THREADS
    silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(n_threads + 8)]
    for one in silent:
        one.sendall(b"POST /v1/sizings HTTP/1.1\r\nHost: 127.0.0.1\r\n" + rest)
    begun = time.monotonic()
    while True:
        try:
            assert get(port, "/healthz")[0] == 200
            break
        except TimeoutError:
            assert time.monotonic() - begun < 3 * SILENT_SECONDS
    for one in silent:
        one.close()


def test_a_port_that_is_taken_is_said_at_once(running, tmp_path: Path) -> None:
    _, port = running
    second = serve(port, tmp_path / "data")
    said, _ = second.communicate(timeout=60)
    assert second.returncode == 1
    assert f"127.0.0.1:{port}" in said
    assert "Traceback" not in said
