"""Who is answered, and what they may see: generated from the API document where it can be."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from contract_buyer import Q1
from example_buyer import run
from flask.testing import FlaskClient
from problem_details import problem_of
from quarter_http import FIRST_QUARTER, SignedBuyer
from running_service import served, store_of
from sqlalchemy import select

from api import access
from api.rate_limits import RateLimit
from api.settings import Access, Settings
from api.store import organisations as orgs
from api.store.organisations import Scope
from api.store.schema import audit_log, idempotency_keys

NOW = datetime.now(tz=UTC)
PUBLIC = {"/healthz", "/readyz"}
TERMS_JSON: dict[str, Any] = {
    "term_start": "2027-01-01",
    "term_months": 12,
    "tiers": [{"from_commitment_usd": "0", "discount_share": 0.0}],
}


class Company:
    """An organisation with a key of every scope, and one of everything that is kept."""

    def __init__(self, client: FlaskClient, name: str) -> None:
        store = store_of(client)
        self.client = client
        self.id = orgs.add_organisation(store, name, now=NOW)
        self.keys = {
            scope: orgs.add_key(store, self.id, name=scope, scope=scope, now=NOW)[1]
            for scope in Scope
        }

    def ask(self, method: str, path: str, scope: Scope = Scope.ADMIN, **more: Any):
        headers = {"Authorization": f"Bearer {self.keys[scope]}"} | more.pop("headers", {})
        return self.client.open(path, method=method, headers=headers, **more)

    def settle(self) -> dict[str, str]:
        """Make one of everything; give the identifiers by the collections they are in."""
        buyer = SignedBuyer(self.ask)
        dataset = buyer.export(*FIRST_QUARTER)
        quarter = buyer.reforecast(dataset, Q1)
        assert quarter.status_code == 201, quarter.text
        portfolio = self.ask(
            "PUT",
            "/v1/portfolios/chat",
            json={"workloads": {"workloads": []}, "terms": TERMS_JSON},
        )
        assert portfolio.status_code == 201, portfolio.text
        key = self.ask("POST", "/v1/keys", json={"name": "more", "scope": "read"})
        return {
            "recommendations": buyer.recommendation,
            "contracts": buyer.contract,
            "reforecasts": quarter.headers["Location"].rsplit("/", 1)[1],
            "datasets": dataset,
            "portfolios": "chat",
            "keys": key.json["id"],
        }


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("keys"), access=Access.KEYS)
    with served(settings) as client:
        yield client


@pytest.fixture(scope="module")
def acme(service: FlaskClient) -> Company:
    return Company(service, "acme")


@pytest.fixture(scope="module")
def other(service: FlaskClient) -> Company:
    return Company(service, "other")


@pytest.fixture(scope="module")
def things(acme: Company) -> dict[str, str]:
    return acme.settle()


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method.upper(), operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]


def body_for(path: str, method: str) -> dict[str, Any]:
    """Give a body that is good enough to get past its checks."""
    offer = TERMS_JSON | {"commitment_usd": "1"}
    bodies: dict[str, Any] = {
        "/offers": {"offers": [offer]},
        "/rotation": {},
        "/v1/portfolios/": {"workloads": {"workloads": []}, "terms": TERMS_JSON},
    }
    if method in ("POST", "PUT"):
        for part, body in bodies.items():
            if part in path:
                return {"json": body}
    return {}


@pytest.fixture(scope="module")
def document(service: FlaskClient) -> dict[str, Any]:
    found = service.get("/openapi.json").json
    assert found is not None
    return found


class TestIsolation:
    def test_everything_with_an_identifier_is_somebodys(
        self, document: dict[str, Any], things: dict[str, str]
    ) -> None:
        collections = {path.split("/")[2] for path, *_ in operations(document) if "{" in path}
        assert collections == set(things)

    def test_another_organisation_gets_404_for_every_route_and_identifier(
        self, document: dict[str, Any], things: dict[str, str], acme: Company, other: Company
    ) -> None:
        n_asked = 0
        for path, method, _ in operations(document):
            if "{" not in path:
                continue
            concrete = re.sub(r"\{\w+\}", things[path.split("/")[2]], path)
            if (path, method) == ("/v1/portfolios/{name}", "PUT"):
                continue  # names are each organisation's own; see below
            headers = {"If-Match": "*"}
            found = other.ask(method, concrete, headers=headers, **body_for(concrete, method))
            assert problem_of(found, 404)["detail"] == "Nothing of yours has this id or name."
            n_asked += 1
        assert n_asked >= 10
        for collection, identifier in things.items():
            if collection != "keys":
                assert acme.ask("GET", f"/v1/{collection}/{identifier}").status_code == 200

    def test_the_log_of_another_organisation_is_not_shown(
        self, things: dict[str, str], acme: Company, other: Company
    ) -> None:
        other.ask("DELETE", f"/v1/datasets/{'0' * 32}")
        actors = {
            who.id: {e["actor"] for e in who.ask("GET", "/v1/audit-log").json["items"]}
            for who in (acme, other)
        }
        assert actors[acme.id]
        assert actors[other.id]
        assert not actors[acme.id] & actors[other.id]

    def test_lists_show_ones_own_only(
        self, document: dict[str, Any], things: dict[str, str], acme: Company, other: Company
    ) -> None:
        lists = [p for p, m, o in operations(document) if m == "GET" and "{" not in p
                 and p not in PUBLIC and p not in ("/v1/rate-cards", "/v1/audit-log")]  # fmt: skip
        assert len(lists) == 6
        for path in lists:
            theirs, ours = other.ask("GET", path).text, acme.ask("GET", path).text
            for identifier in set(things.values()) - {"chat"}:
                assert identifier not in theirs
            assert any(identifier in ours for identifier in things.values())

    def test_a_name_is_each_organisations_own(
        self, things: dict[str, str], acme: Company, service: FlaskClient
    ) -> None:
        third = Company(service, "third")
        before = acme.ask("GET", "/v1/portfolios/chat").data
        body = {"workloads": {"workloads": []}, "terms": TERMS_JSON | {"name": "mine"}}
        assert third.ask("PUT", "/v1/portfolios/chat", json=body).status_code == 201
        assert acme.ask("GET", "/v1/portfolios/chat").data == before

    def test_another_organisations_dataset_cannot_be_recommended_from(
        self, things: dict[str, str], other: Company
    ) -> None:
        body = {
            "dataset": things["datasets"],
            "workloads": {"workloads": []},
            "terms": TERMS_JSON,
        }
        found = problem_of(other.ask("POST", "/v1/recommendations", json=body), 422)
        assert found["errors"][0]["pointer"] == "/dataset"

    def test_an_idempotency_key_is_each_organisations_own(
        self, acme: Company, other: Company
    ) -> None:
        headers = {"Idempotency-Key": "same"}
        data = b"day,model,input_tokens,output_tokens\n"
        first, second = (
            who.ask(
                "POST",
                "/v1/datasets",
                headers=headers,
                data={"usage": (io.BytesIO(data), "u.csv")},
            )
            for who in (acme, other)
        )
        assert first.status_code == second.status_code == 201
        assert first.json["id"] != second.json["id"]


class TestScopes:
    def test_every_route_but_the_public_ones_needs_a_key(
        self, document: dict[str, Any], service: FlaskClient
    ) -> None:
        for path, method, operation in operations(document):
            assert ("security" in operation) == (path not in PUBLIC)
            if path in PUBLIC:
                continue
            concrete = re.sub(r"\{\w+\}", "0" * 32, path)
            found = service.open(concrete, method=method)
            problem_of(found, 401)
            assert found.headers["WWW-Authenticate"].lower().startswith("bearer")

    @pytest.mark.parametrize("scope", [Scope.READ, Scope.SIZE])
    def test_a_key_is_refused_what_it_may_not_do(
        self, document: dict[str, Any], other: Company, scope: Scope
    ) -> None:
        n_refused = 0
        for path, method, operation in operations(document):
            if path in PUBLIC:
                continue
            concrete = re.sub(r"\{\w+\}", "0" * 32, path)
            found = other.ask(method, concrete, scope)
            if scope.allows(Scope(operation["x-scope"])):
                assert found.status_code not in (401, 403), (method, path)
            else:
                problem_of(found, 403)
                n_refused += 1
        assert n_refused >= 4

    def test_nothing_that_changes_anything_is_open_to_readers(
        self, document: dict[str, Any]
    ) -> None:
        for _, method, operation in operations(document):
            if method != "GET":
                assert operation["x-scope"] in ("size", "admin")

    @pytest.mark.parametrize(
        "given",
        ["", "Bearer", "Bearer ", "Bearer x", "Basic YTpi", "bearer commitment_x", "Token y"],
    )
    def test_what_is_no_key_is_refused(self, service: FlaskClient, given: str) -> None:
        problem_of(service.get("/v1/datasets", headers={"Authorization": given}), 401)

    def test_a_revoked_or_expired_key_is_refused(self, service: FlaskClient, acme: Company) -> None:
        key = acme.ask("POST", "/v1/keys", json={"name": "k", "scope": "read"}).json
        headers = {"Authorization": f"Bearer {key['secret']}"}
        assert service.get("/v1/datasets", headers=headers).status_code == 200
        assert acme.ask("DELETE", f"/v1/keys/{key['id']}").status_code == 204
        problem_of(service.get("/v1/datasets", headers=headers), 401)
        _, secret = orgs.add_key(
            store_of(service),
            acme.id,
            name="old",
            scope=Scope.READ,
            now=NOW - timedelta(days=2),
            expires_at=NOW - timedelta(days=1),
        )
        headers = {"Authorization": f"Bearer {secret}"}
        problem_of(service.get("/v1/datasets", headers=headers), 401)


class TestKeys:
    def test_a_secret_is_told_once_and_stored_nowhere(
        self, service: FlaskClient, acme: Company
    ) -> None:
        body = {"name": "once", "scope": "size", "days": 7}
        headers = {"Idempotency-Key": "make-a-key"}
        made = acme.ask("POST", "/v1/keys", json=body, headers=headers)
        assert made.status_code == 201
        again = acme.ask("POST", "/v1/keys", json=body, headers=headers)
        assert again.json == made.json | {"secret": None}
        assert made.json["secret"] not in acme.ask("GET", "/v1/keys").text
        with store_of(service).read() as connection:
            rows = connection.execute(select(idempotency_keys)).all()
        assert made.json["secret"] not in str(rows)

    def test_a_key_is_rotated_without_a_gap(self, service: FlaskClient, acme: Company) -> None:
        old = acme.ask("POST", "/v1/keys", json={"name": "r", "scope": "read", "days": 9}).json
        body = {"old_holds_hours": 1}
        new = acme.ask("POST", f"/v1/keys/{old['id']}/rotation", json=body)
        assert new.status_code == 201, new.text
        assert (new.json["name"], new.json["scope"]) == ("r", "read")
        for key in (old, new.json):
            headers = {"Authorization": f"Bearer {key['secret']}"}
            assert service.get("/v1/datasets", headers=headers).status_code == 200
        listed = {k["id"]: k for k in acme.ask("GET", "/v1/keys").json["items"]}
        assert listed[old["id"]]["revoked_at"] is not None
        assert listed[new.json["id"]]["expires_at"] is not None


class TestAudit:
    def test_changes_and_refusals_are_logged_with_who(
        self, service: FlaskClient, other: Company
    ) -> None:
        problem_of(other.ask("DELETE", f"/v1/datasets/{'0' * 32}", Scope.READ), 403)
        other.ask("DELETE", f"/v1/datasets/{'0' * 32}", Scope.SIZE)
        log = other.ask("GET", "/v1/audit-log?limit=2").json
        assert [(e["status"], e["action"]) for e in log["items"]] == [
            (404, "datasets.delete_dataset"),
            (403, "datasets.delete_dataset"),
        ]
        keys = {k["id"]: k["scope"] for k in other.ask("GET", "/v1/keys").json["items"]}
        assert [keys[e["actor"]] for e in log["items"]] == ["size", "read"]
        older = other.ask("GET", f"/v1/audit-log?limit=2&before={log['next_before']}").json
        assert all(e["id"] < log["next_before"] for e in older["items"])

    def test_reading_is_not_logged(self, service: FlaskClient, other: Company) -> None:
        with store_of(service).read() as connection:
            before = len(connection.execute(select(audit_log)).all())
        other.ask("GET", "/v1/datasets")
        with store_of(service).read() as connection:
            assert len(connection.execute(select(audit_log)).all()) == before


class TestSecrets:
    def test_no_key_is_ever_logged(
        self, service: FlaskClient, acme: Company, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.DEBUG):
            acme.ask("GET", "/v1/datasets")
            acme.ask("POST", "/v1/sizings", data=b"{", content_type="application/json")
            acme.ask("DELETE", f"/v1/keys/{'0' * 32}")
            service.get("/v1/datasets", headers={"Authorization": "Bearer commitment_wrong"})
            made = acme.ask("POST", "/v1/keys", json={"name": "k", "scope": "read"})
        logged = caplog.text
        for secret in (*acme.keys.values(), made.json["secret"], "commitment_wrong"):
            assert secret not in logged

    def test_a_database_password_is_not_shown(self) -> None:
        found = Settings(Path("x"), database_url="postgresql+psycopg://u:swordfish@h/n")
        assert "swordfish" not in repr(found)


class TestLimits:
    def test_a_caller_who_asks_too_often_is_told_when_to_come_back(self, tmp_path: Path) -> None:
        with served(
            Settings(data_dir=tmp_path, access=Access.KEYS, requests_per_minute=20)
        ) as client:
            acme, calm = Company(client, "acme"), Company(client, "calm")
            client.application.extensions["rate_limit"].clock = lambda: 0.0
            statuses = [acme.ask("GET", "/v1/datasets").status_code for _ in range(4)]
            assert statuses == [200, 200, 429, 429]
            found = acme.ask("GET", "/v1/datasets")
            problem_of(found, 429)
            assert 1 <= int(found.headers["Retry-After"]) <= 3
            assert calm.ask("GET", "/v1/datasets").status_code == 200

    def test_keys_cannot_be_guessed_quickly(self, tmp_path: Path) -> None:
        with served(Settings(data_dir=tmp_path, access=Access.KEYS)) as client:
            frozen = RateLimit(access.FAILURES_PER_MINUTE, clock=lambda: 0.0)
            client.application.extensions["failure_limit"] = frozen
            headers = {"Authorization": "Bearer commitment_guess"}
            statuses = [client.get("/v1/keys", headers=headers).status_code for _ in range(64)]
        assert statuses == [401] * 60 + [429] * 4

    def test_a_bucket_fills_evenly(self) -> None:
        at = [0.0]
        limit = RateLimit(60, clock=lambda: at[0])
        assert [limit.wait_seconds("a") for _ in range(7)] == [0] * 6 + [1]
        assert limit.wait_seconds("b") == 0
        at[0] = 1.0
        assert [limit.wait_seconds("a"), limit.wait_seconds("a")] == [0, 1]
        at[0] = 3600.0
        assert [limit.wait_seconds("a") for _ in range(7)] == [0] * 6 + [1]


class TestLocalMode:
    def test_the_user_of_this_machine_needs_no_key(self, client: FlaskClient) -> None:
        assert client.get("/v1/keys").json == {"items": []}

    @pytest.mark.parametrize("address", ["192.168.1.9", "10.0.0.1", "::ffff:10.0.0.1", ""])
    def test_nobody_else_is_answered(self, client: FlaskClient, address: str) -> None:
        found = client.get("/v1/keys", environ_base={"REMOTE_ADDR": address})
        problem_of(found, 403)

    @pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1"])
    def test_loopback_is_loopback(self, address: str) -> None:
        assert access._is_loopback(address)

    @pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.2"])
    def test_it_is_not_offered_elsewhere(self, host: str) -> None:
        answer = run("serve", "--host", host)
        assert answer.exit_code == 2
        assert "without keys" in answer.stderr


class TestOperator:
    def test_an_organisation_is_added_given_keys_and_deleted(self, tmp_path: Path) -> None:
        place = ("--data-dir", tmp_path)
        first = run("organisations", "add", "acme", *place)
        assert first.exit_code == 0, first.output
        more = run("organisations", "add-key", "acme", "--scope", "read", "--days", 3, *place)
        settings = Settings(data_dir=tmp_path, access=Access.KEYS)
        with served(settings) as client:
            for secret, status in ((first.stdout.strip(), 200), (more.stdout.strip(), 403)):
                headers = {"Authorization": f"Bearer {secret}"}
                assert client.get("/v1/keys", headers=headers).status_code == status
        assert run("organisations", "delete", "acme", "--yes", *place).exit_code == 0
        with served(settings) as client:
            headers = {"Authorization": f"Bearer {first.stdout.strip()}"}
            problem_of(client.get("/v1/keys", headers=headers), 401)
        assert run("organisations", "delete", "acme", "--yes", *place).exit_code == 2

    @pytest.mark.parametrize(
        "arguments",
        [("add-key", "nobody"), ("delete", "nobody", "--yes"), ("add", " ")],
    )
    def test_what_cannot_be_done_is_said(self, tmp_path: Path, arguments: tuple[str, ...]) -> None:
        answer = run("organisations", *arguments, "--data-dir", tmp_path)
        assert answer.exit_code == 2
        assert json.dumps("Traceback") not in answer.output
