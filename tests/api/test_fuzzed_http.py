"""Whatever is sent, with and without a key: no failure, and no answer that the document lacks.

python tests/api/test_fuzzed_http.py --examples 200                        the long version
python tests/api/test_fuzzed_http.py --examples 2000 --phases stateful --seed 7    other sequences
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import sysconfig
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from running_service import working
from werkzeug.serving import WSGIRequestHandler, make_server

from api.app import create_app
from api.settings import Access, Settings
from api.store import organisations
from api.store.organisations import Scope

pytestmark = pytest.mark.slow

CONFIG = Path(__file__).with_name("schemathesis.toml")
PROGRAM = Path(sysconfig.get_path("scripts")) / "schemathesis"
KEYS = ("admin", "none")
PHASES = "examples,coverage,fuzzing,stateful"


class Silent(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        pass


@contextmanager
def fuzzable(data_dir: Path) -> Iterator[tuple[str, str]]:
    """Serve with keys and a worker; give the address and a key that may do everything."""
    app = create_app(Settings(data_dir=data_dir, access=Access.KEYS))
    store = app.extensions["store"]
    now = datetime.now(tz=UTC)
    acme = organisations.add_organisation(store, "acme", now=now)
    _, secret = organisations.add_key(store, acme, name="k", scope=Scope.ADMIN, now=now)
    app.test_client().get("/openapi.json")  # made once, before anybody waits for it
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Silent)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        with working(store):
            yield f"http://127.0.0.1:{server.port}/openapi.json", secret
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        store.close()


def fuzz(
    address: str,
    secret: str | None,
    examples: int,
    phases: str = PHASES,
    seed: int | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run every check in every phase, the stateful one among them."""
    command = [
        PROGRAM, "--config-file", CONFIG, "run", address,
        "--phases", phases, "--max-examples", str(examples),
        "--checks", "all", "--continue-on-failure", "--no-shrink", "--no-color",
        "--warnings", "off", "--request-timeout", "60",
    ]  # fmt: skip
    command += ["--generation-deterministic"] if seed is None else ["--seed", str(seed)]
    if secret is not None:
        command += ["--header", f"Authorization: Bearer {secret}"]
    environment = os.environ | {"PYTHONWARNINGS": "ignore"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("key", KEYS)
def test_every_answer_is_one_of_the_document(tmp_path: Path, key: str) -> None:
    with fuzzable(tmp_path) as (address, secret):
        found = fuzz(address, secret if key == "admin" else None, examples=8)
    assert found.returncode == 0, found.stdout[-8000:] + found.stderr[-2000:]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--examples", type=int, default=200)
    parser.add_argument("--phases", default=PHASES)
    parser.add_argument("--seed", type=int, help="other calls than those the tests make")
    given = parser.parse_args()
    status = 0
    for key in KEYS:
        with tempfile.TemporaryDirectory() as place, fuzzable(Path(place)) as (address, secret):
            presented = secret if key == "admin" else None
            found = fuzz(address, presented, given.examples, given.phases, given.seed)
        print(found.stdout)
        status |= found.returncode
    sys.exit(status)


if __name__ == "__main__":
    main()
