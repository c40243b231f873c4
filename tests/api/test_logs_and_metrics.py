"""What is told of requests and jobs: lines in the log, and metrics."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import kill_service
import pytest
from flask import request
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from running_service import served, store_of

from api import logs
from api.access import now
from api.app import create_app
from api.jobs import queue
from api.settings import Access, Settings
from api.store import organisations as orgs
from api.store.columns import new_id
from api.store.organisations import Scope

METRICS_KEY = "a-metrics-key-of-a-collector"
PASSWORD = "swordfish"


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What a process writes to standard error, as JSON."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    logs.configure(Settings(data_dir=Path(), log_format="json", log_level="debug"))
    yield written
    root.handlers[:] = before
    root.setLevel(level)


def lines(log: io.StringIO, event: str = "request") -> list[dict[str, Any]]:
    found = [json.loads(line) for line in log.getvalue().splitlines()]
    return [line for line in found if line["event"] == event]


def with_keys(client: FlaskClient, scope: Scope = Scope.ADMIN) -> tuple[str, str]:
    """Add an organisation; give its id and a key."""
    store = store_of(client)
    acme = orgs.add_organisation(store, new_id(), now=now())
    return acme, orgs.add_key(store, acme, name="k", scope=scope, now=now())[1]


@pytest.fixture
def keyed(data_dir: Path) -> Iterator[FlaskClient]:
    settings = Settings(data_dir=data_dir, access=Access.KEYS, metrics_key=METRICS_KEY)
    with served(settings) as client:
        yield client


BODY = json.loads(kill_service.body())
"""A history that is too short: answered within a second."""


class TestLogs:
    def test_a_request_is_one_line(self, keyed: FlaskClient, log: io.StringIO) -> None:
        acme, key = with_keys(keyed)
        path = f"/v1/datasets/{'0' * 32}"
        answer = keyed.get(path, headers={"Authorization": f"Bearer {key}", "X-Request-ID": "r-1"})
        assert answer.headers["X-Request-ID"] == "r-1"
        (line,) = lines(log)
        told = ("request_id", "organisation", "method", "route", "path", "status", "level")
        assert [line[name] for name in told] == [
            "r-1", acme, "GET", "/v1/datasets/<identifier>", path, 404, "info",
        ]  # fmt: skip
        assert 0 <= line["seconds"] < 10
        assert line["timestamp"].endswith("Z")

    def test_a_request_that_cannot_be_counted_is_answered_all_the_same(
        self, keyed: FlaskClient, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("api.metrics.count", full)
        assert keyed.get("/healthz").status_code == 200
        (said,) = lines(log, "the request is not in the metrics")
        assert "No space left" in said["error"]

    @pytest.mark.parametrize("given", ["", "two words", "x" * 65, "é"])
    def test_a_request_id_that_is_none_is_replaced(self, keyed: FlaskClient, given: str) -> None:
        answer = keyed.get("/healthz", headers={"X-Request-ID": given})
        assert len(answer.headers["X-Request-ID"]) == 32

    def test_what_happens_meanwhile_bears_the_id_of_the_request(
        self, data_dir: Path, log: io.StringIO
    ) -> None:
        app = create_app(Settings(data_dir=data_dir))

        @app.get("/broken")
        def broken() -> str:
            raise RuntimeError("the disk is on fire")

        answer = app.test_client().get("/broken", headers={"X-Request-ID": "r-2"})
        assert answer.status_code == 500
        (failure,) = lines(log, "unexpected error at /broken")
        assert failure["request_id"] == "r-2"
        assert "the disk is on fire" in failure["exception"]
        assert lines(log)[0]["status"] == 500

    def test_a_job_is_told_with_whose_it_is(self, keyed: FlaskClient, log: io.StringIO) -> None:
        acme, key = with_keys(keyed)
        headers = {"Authorization": f"Bearer {key}"}
        made = keyed.post("/v1/recommendations", json=BODY, headers=headers)
        job = made.headers["Location"].rsplit("/", 1)[1]
        (done,) = lines(log, f"job {job}: done")
        assert (done["organisation"], done["kind"], done["job"]) == (acme, "recommendation", job)

    def test_health_is_told_only_when_it_is_bad(self, tmp_path: Path, log: io.StringIO) -> None:
        (tmp_path / "file").write_text("in the way")
        client = create_app(Settings(data_dir=tmp_path / "file")).test_client()
        client.get("/healthz")
        client.get("/readyz")
        assert [line["route"] for line in lines(log)] == ["/readyz"]

    def test_no_secret_is_ever_logged(self, data_dir: Path, log: io.StringIO) -> None:
        """Whatever a caller sends as a secret, and wherever it goes wrong."""
        app = create_app(Settings(data_dir=data_dir, access=Access.KEYS, metrics_key=METRICS_KEY))

        @app.get("/leak/<path:what>")
        def leak(what: str) -> str:
            raise RuntimeError(f"{what}, sent as {request.headers['Authorization']}")

        client = app.test_client()
        _, key = with_keys(client)
        made = client.post(
            "/v1/keys",
            json={"name": "more", "scope": "read"},
            headers={"Authorization": f"Bearer {key}", "Idempotency-Key": "k"},
        )
        secrets = {key, made.json["secret"], METRICS_KEY, orgs.PREFIX + "x" * 43}
        for secret in secrets:
            headers = {"Authorization": f"Bearer {secret}"}
            for path in ("/v1/keys", "/metrics", f"/v1/datasets?key={secret}", "/leak/now"):
                client.get(path, headers=headers)
        for secret in secrets - {METRICS_KEY}:
            client.get(f"/leak/{secret}", headers={"Authorization": "Basic bWU6c3dvcmRmaXNo"})
            logging.getLogger("somebody").warning("the key is %s", secret)
        logging.getLogger("somebody").error("postgresql+psycopg://me:%s@db/c", PASSWORD)
        written = log.getvalue()
        assert "[secret]" in written
        assert len(lines(log)) > 10
        for secret in (*secrets, PASSWORD, "bWU6c3dvcmRmaXNo"):
            assert secret not in written

    def test_text_is_for_people(self, log: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
        logs.configure(Settings(data_dir=Path(), log_format="text"))
        logging.getLogger("commitment").info("ready")
        line = capsys.readouterr().err
        assert "ready" in line
        assert not line.startswith("{")
        assert log.getvalue() == ""


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Give every sample by name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


class TestMetrics:
    def test_requests_are_counted_by_the_template_of_their_route(self, client: FlaskClient) -> None:
        for identifier in ("0" * 32, "1" * 32):
            client.get(f"/v1/datasets/{identifier}")
        client.get("/nowhere")
        answer = client.get("/metrics")
        assert answer.status_code == 200
        assert answer.content_type.startswith("text/plain; version=")
        found = samples(answer.text)
        labels = (("method", "GET"), ("route", "/v1/datasets/<identifier>"), ("status", "404"))
        assert found["commitment_requests_total", labels] == 2
        assert found["commitment_request_seconds_count", labels[:2]] == 2
        unknown = (("method", "GET"), ("route", "unknown"), ("status", "404"))
        assert found["commitment_requests_total", unknown] == 1
        assert "0" * 32 not in answer.text

    def test_the_queue_and_the_store_are_told(self, data_dir: Path) -> None:
        app = create_app(Settings(data_dir=data_dir))
        client = app.test_client()
        usage = (io.BytesIO(b"day,model"), "usage.csv")
        assert client.post("/v1/datasets", data={"usage": usage}).status_code == 201
        for _ in range(2):
            assert client.post("/v1/recommendations", json=BODY).status_code == 202
        held = queue.claim(store_of(client), now=now(), lease=timedelta(minutes=-1))
        assert held is not None
        found = samples(client.get("/metrics").text)
        by_state = {
            dict(labels)["state"]: n for (name, labels), n in found.items()
            if name == "commitment_jobs"
        }  # fmt: skip
        assert by_state == {
            "queued": 1, "running": 1, "succeeded": 0, "failed": 0, "cancelled": 0,
        }  # fmt: skip
        assert 0 < found["commitment_queue_seconds", ()] < 60
        assert found["commitment_leases_expired", ()] == 1
        assert found["commitment_store_up", ()] == 1
        kept = found["commitment_store_bytes", (("part", "artifacts"),)]
        n_bytes = sum(p.stat().st_size for p in (data_dir / "artifacts").rglob("*"))
        assert 0 < kept <= n_bytes
        assert found["commitment_store_bytes", (("part", "database"),)] > 4096

    def test_a_store_that_is_away_is_a_metric_and_no_failure(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("in the way")
        client = create_app(Settings(data_dir=tmp_path / "file")).test_client()
        client.get("/healthz")
        found = samples(client.get("/metrics").text)
        assert found["commitment_store_up", ()] == 0
        alive = (("method", "GET"), ("route", "/healthz"), ("status", "200"))
        assert found["commitment_requests_total", alive] == 1

    def test_who_may_read_them(self, keyed: FlaskClient, data_dir: Path) -> None:
        assert keyed.get("/metrics").status_code == 401
        _, key = with_keys(keyed)
        of_an_organisation = {"Authorization": f"Bearer {key}"}
        assert keyed.get("/metrics", headers=of_an_organisation).status_code == 401
        given = {"Authorization": f"Bearer {METRICS_KEY}"}
        assert keyed.get("/metrics", headers=given).status_code == 200
        without = create_app(Settings(data_dir=data_dir, access=Access.KEYS)).test_client()
        assert without.get("/metrics", headers=given).status_code == 404
        local = create_app(Settings(data_dir=data_dir)).test_client()
        elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
        assert local.get("/metrics", environ_base=elsewhere).status_code == 404
