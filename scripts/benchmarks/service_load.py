"""How the service holds under load: readers of a stored recommendation, beside an empty route.

    python scripts/benchmarks/service_load.py --requests 10000 --readers 50

The service is served as `commitment serve` serves it, with two processes, and an empty Flask route
beside its own. Both are read by the same clients in the same run, in turns; then offers are scored
on a stored recommendation of the most scenarios there may be.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "api"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from example_buyer import TERMS, WORKLOADS, usage_csv, usage_rows

from api.limits import MAX_PATHS

ROOT = Path(__file__).resolve().parents[2]

SERVE = """
import sys
from pathlib import Path
from api import server
from api.app import create_app
from api.settings import Settings

class Measured(server.Server):
    def load(self):
        app = create_app(self.settings)
        app.add_url_rule("/empty", view_func=lambda: "")
        return app

server.Server = Measured
server.run(Settings(data_dir=Path(sys.argv[1]), port=int(sys.argv[2])))
"""


class Client:
    """One reader with a connection of its own."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(self, path: str, method: str = "GET", body: Any = None, **headers: str) -> Any:
        """Ask once; give the status, the body and the seconds."""
        data = None if body is None else json.dumps(body)
        begun = time.perf_counter()
        self.connection.request(method, path, data, {"Content-Type": "application/json"} | headers)
        response = self.connection.getresponse()
        answer = response.read()
        return response.status, answer, time.perf_counter() - begun


def read_many(
    port: int, path: str, n_requests: int, n_readers: int
) -> tuple[Counter[int], list[float]]:
    """Read one resource by many readers at once."""
    statuses: Counter[int] = Counter()
    seconds: list[float] = []
    lock = threading.Lock()

    def read(_: int) -> None:
        client = Client(port)
        for _ in range(n_requests // n_readers):
            status, _, took = client.ask(path)
            with lock:
                statuses[status] += 1
                seconds.append(took)

    with ThreadPoolExecutor(n_readers) as pool:
        list(pool.map(read, range(n_readers)))
    return statuses, seconds


def stored_recommendation(port: int) -> str:
    """Have a recommendation made with as many scenarios as there may be."""
    import tomllib

    documents = {"workloads": tomllib.loads(WORKLOADS), "terms": tomllib.loads(TERMS)}
    body = json.loads(json.dumps(documents, default=str))
    body |= {"usage": usage_rows(usage_csv()), "paths": MAX_PATHS}
    client = Client(port)
    status, answer, _ = client.ask("/v1/recommendations", "POST", body, Prefer="wait=60")
    assert status == 201, answer[:500]
    _, listed, _ = client.ask("/v1/recommendations")
    return str(json.loads(listed)["items"][0]["id"])


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--readers", type=int, default=50)
    given = parser.parse_args()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with tempfile.TemporaryDirectory() as place:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE, place, str(port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        try:
            measure(port, given.requests, given.readers)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)


def measure(port: int, n_requests: int, n_readers: int) -> None:
    """Measure, and print."""
    for _ in range(200):
        try:
            Client(port).ask("/healthz")
            break
        except OSError:
            time.sleep(0.1)
    identifier = stored_recommendation(port)
    paths = {"empty route": "/empty", "stored recommendation": f"/v1/recommendations/{identifier}"}
    seconds: dict[str, list[float]] = {name: [] for name in paths}
    statuses: dict[str, Counter[int]] = {name: Counter() for name in paths}
    for _ in range(4):
        for name, path in paths.items():
            found, took = read_many(port, path, n_requests // 4, n_readers)
            statuses[name] += found
            seconds[name] += took
    for name in paths:
        ordered = sorted(seconds[name])
        print(
            f"{name:<24}{dict(statuses[name])}  median {statistics.median(ordered) * 1e3:.1f} ms, "
            f"P99 {ordered[int(0.99 * len(ordered))] * 1e3:.1f} ms"
        )
    ratio = statistics.median(seconds["stored recommendation"]) / statistics.median(
        seconds["empty route"]
    )
    print(f"ratio of the medians    {ratio:.2f}")
    offer = {
        "name": "A",
        "term_start": "2027-01-01",
        "term_months": 12,
        "commitment_usd": "90000",
        "tiers": [{"from_commitment_usd": "0", "discount_share": 0.0}],
    }
    client = Client(port)
    path = f"/v1/recommendations/{identifier}/offers"
    took = []
    for _ in range(30):
        status, answer, one = client.ask(path, "POST", {"offers": [offer]})
        assert status == 200, answer
        took.append(one)
    print(
        f"offer on {MAX_PATHS:,} paths   first {took[0] * 1e3:.0f} ms, "
        f"median {statistics.median(took[4:]) * 1e3:.1f} ms, slowest {max(took[4:]) * 1e3:.1f} ms"
    )


if __name__ == "__main__":
    main()
