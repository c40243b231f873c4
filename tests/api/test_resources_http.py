"""The resources of version 1: how they are made, changed, listed, waited for and sent again."""

from __future__ import annotations

import errno
import io
import json
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from example_buyer import TERMS, TWELVE_WEEKS, WORKLOADS, usage_csv, usage_rows
from flask.testing import FlaskClient
from problem_details import problem_of
from running_service import served, store_of, working
from sqlalchemy import func, select
from test_recommendations_http import SHORT, form, json_body, post
from werkzeug.test import TestResponse

from api import repeated_requests
from api.app import create_app
from api.jobs.remaking import differing_files
from api.results import digest
from api.routes import events
from api.settings import Settings
from api.store import idempotency
from api.store.columns import new_id
from api.store.organisations import LOCAL, organisation_named
from api.store.schema import idempotency_keys, jobs, recommendations
from forecast.records.recommendation import Refusal

HERE = "/v1/recommendations"


@pytest.fixture
def idle(tmp_path: Path) -> Iterator[FlaskClient]:
    """A service without a worker: what is asked for waits."""
    client = create_app(Settings(data_dir=tmp_path / "idle")).test_client()
    yield client
    store_of(client).close()


def upload(client: FlaskClient, **fields: Any) -> TestResponse:
    parts = {"usage": [(io.BytesIO(SHORT.encode()), "usage.csv")]} | fields
    return client.post("/v1/datasets", data=parts)


def portfolio_body(**changes: Any) -> dict[str, Any]:
    found = json_body(SHORT)
    return {"workloads": found["workloads"], "terms": found["terms"] | changes}


class TestDatasets:
    def test_exports_are_kept_with_their_roles_and_digests(self, client: FlaskClient) -> None:
        bill = (io.BytesIO(b"month,usd\n2026-02,1.00\n"), "bill.csv")
        made = upload(client, invoice=[bill], name="autumn")
        assert made.status_code == 201, made.text
        found = client.get(made.headers["Location"])
        assert found.json == made.json
        assert made.json["name"] == "autumn"
        assert [(f["role"], f["name"]) for f in made.json["files"]] == [
            ("usage", "usage.csv"),
            ("invoice", "bill.csv"),
        ]
        assert made.json["files"][0]["n_bytes"] == len(SHORT.encode())

    def test_a_deleted_one_is_gone(self, client: FlaskClient) -> None:
        place = upload(client).headers["Location"]
        assert client.delete(place).status_code == 204
        problem_of(client.get(place), 404)
        problem_of(client.delete(place), 404)

    @pytest.mark.parametrize(
        ("fields", "pointer"),
        [
            ({"usage": []}, "/usage"),
            ({"name": " "}, "/name"),
            ({"name": "x" * 121}, "/name"),
            ({"name": "two\nlines"}, "/name"),
            ({"seed": "1"}, "/seed"),
            ({"terms": (io.BytesIO(b""), "t")}, "/terms"),
        ],
    )
    def test_a_form_that_cannot_be_used_is_pointed_at(
        self, client: FlaskClient, fields: dict[str, Any], pointer: str
    ) -> None:
        found = problem_of(
            client.post(
                "/v1/datasets",
                data={"usage": [(io.BytesIO(b"x"), "u")]} | fields,
                content_type="multipart/form-data",
            ),
            422,
        )
        assert pointer in [e["pointer"] for e in found["errors"]]

    def test_json_is_not_taken(self, client: FlaskClient) -> None:
        problem_of(client.post("/v1/datasets", json={}), 415)


class TestPortfolios:
    def test_it_comes_back_as_it_was_put(self, client: FlaskClient) -> None:
        made = client.put("/v1/portfolios/chat", json=portfolio_body())
        assert made.status_code == 201, made.text
        found = client.get("/v1/portfolios/chat")
        assert found.json == made.json
        assert found.headers["ETag"] == made.headers["ETag"]
        assert found.json["terms"]["name"] == "Draft of the vendor"
        assert [w["name"] for w in found.json["workloads"]["workloads"]] == ["nightly tags", "chat"]

    def test_nobodys_edit_is_lost(self, client: FlaskClient) -> None:
        first = client.put("/v1/portfolios/chat", json=portfolio_body()).headers["ETag"]
        problem_of(client.put("/v1/portfolios/chat", json=portfolio_body(name="b")), 428)
        second = client.put(
            "/v1/portfolios/chat", json=portfolio_body(name="b"), headers={"If-Match": first}
        )
        assert second.status_code == 200
        late = client.put(
            "/v1/portfolios/chat", json=portfolio_body(name="c"), headers={"If-Match": first}
        )
        problem_of(late, 412)
        assert client.get("/v1/portfolios/chat").json["terms"]["name"] == "b"

    def test_the_same_edit_from_many_at_once_is_made_once(self, client: FlaskClient) -> None:
        tag = client.put("/v1/portfolios/chat", json=portfolio_body()).headers["ETag"]
        statuses: list[int] = []

        def edit(i: int) -> None:
            other = client.application.test_client()
            body = portfolio_body(name=f"edit {i}")
            answer = other.put("/v1/portfolios/chat", json=body, headers={"If-Match": tag})
            statuses.append(answer.status_code)

        threads = [threading.Thread(target=edit, args=(i,)) for i in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(statuses) == [200, *[412] * 5]

    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ({"If-Match": '"none"'}, 412),
            ({"If-Match": "*"}, 412),
            ({"If-None-Match": "*"}, 201),
            ({"If-Match": "none"}, 422),
            ({"If-None-Match": '"x"'}, 422),
            ({}, 201),
        ],
    )
    def test_conditions_on_what_does_not_exist(
        self, client: FlaskClient, headers: dict[str, str], status: int
    ) -> None:
        answer = client.put("/v1/portfolios/new", json=portfolio_body(), headers=headers)
        assert answer.status_code == status, answer.text

    @pytest.mark.parametrize(
        ("tag", "status"),
        [("*", 204), ("{}", 204), ('"other", {}', 204), ("W/{}", 412), ('"other"', 412)],
    )
    def test_deleting_needs_the_state_that_is_meant(
        self, client: FlaskClient, tag: str, status: int
    ) -> None:
        etag = client.put("/v1/portfolios/chat", json=portfolio_body()).headers["ETag"]
        problem_of(client.delete("/v1/portfolios/chat"), 428)
        headers = {"If-Match": tag.format(etag)}
        assert client.delete("/v1/portfolios/chat", headers=headers).status_code == status

    def test_a_reader_who_has_it_already_is_told_so(self, client: FlaskClient) -> None:
        tag = client.put("/v1/portfolios/chat", json=portfolio_body()).headers["ETag"]
        again = client.get("/v1/portfolios/chat", headers={"If-None-Match": tag})
        assert (again.status_code, again.data) == (304, b"")

    @pytest.mark.parametrize("name", ["Chat", "a b", "-a", "a" * 65, "%00", "é", "a%0A"])
    def test_a_name_that_is_none_is_not_found(self, client: FlaskClient, name: str) -> None:
        problem_of(client.put(f"/v1/portfolios/{name}", json=portfolio_body()), 404)


class TestStoredInputs:
    def test_a_stored_dataset_and_portfolio_decide_like_the_form(
        self, client: FlaskClient, usage_text: str
    ) -> None:
        by_form = post(client, usage_text).json
        parts = {"usage": [(io.BytesIO(usage_text.encode()), "usage.csv")]}
        dataset = client.post("/v1/datasets", data=parts).json["id"]
        client.put("/v1/portfolios/chat", json=portfolio_body())
        body = {"dataset": dataset, "portfolio": "chat", "paths": 100}
        made = client.post(HERE, json=body)
        assert made.status_code == 201, made.text
        for part in ("headline", "commitment", "tiers", "workloads", "bridge"):
            assert made.json[part] == by_form[part], part

    @pytest.mark.parametrize(
        ("changes", "pointers"),
        [
            ({"usage": None}, {"/usage"}),
            ({"dataset": "0" * 32}, {"/dataset"}),
            ({"usage": None, "dataset": "0" * 32}, {"/dataset"}),
            ({"terms": None}, {"/terms"}),
            ({"terms": None, "portfolio": "none"}, {"/portfolio"}),
            ({"portfolio": "none"}, {"/portfolio"}),
            ({"portfolio": "No"}, {"/portfolio"}),
            ({"dataset": "../x"}, {"/dataset"}),
            ({"workloads": None, "terms": None, "usage": None}, {"/usage", "/workloads", "/terms"}),
        ],
    )
    def test_parts_that_lack_or_stand_twice_are_pointed_at(
        self, client: FlaskClient, changes: dict[str, Any], pointers: set[str]
    ) -> None:
        body = {k: v for k, v in (json_body(SHORT) | changes).items() if v is not None}
        found = problem_of(client.post(HERE, json=body), 422)
        assert pointers <= {e["pointer"] for e in found["errors"]}

    def test_a_recommendation_is_remade_from_what_is_stored(
        self, client: FlaskClient, usage_text: str
    ) -> None:
        bill = (io.BytesIO(b"month,usd\n2026-02,1.00\n"), "bill.csv")
        for made in (post(client, usage_text), post(client, SHORT, invoice=[bill])):
            store = store_of(client)
            identifier = made.headers["Location"].rsplit("/", 1)[1]
            mine = organisation_named(store, LOCAL)
            assert differing_files(store, mine, identifier) == ()


class TestWaiting:
    def test_without_waiting_it_is_accepted_and_found_later(self, idle: FlaskClient) -> None:
        accepted = post(idle, SHORT)
        assert accepted.status_code == 202
        place = accepted.headers["Location"]
        assert accepted.json["state"] == "queued"
        assert accepted.headers["Retry-After"] == "1"
        assert idle.get(place).status_code == 202
        with working(store_of(idle)):
            end = last_event(idle, place)
        assert end["state"] == "succeeded"
        found = idle.get(place)
        assert found.status_code == 200
        Refusal.model_validate_json(found.data, strict=True)

    @pytest.mark.parametrize(
        ("preferred", "applied"),
        [
            ("wait=1", "wait=1"),
            ("respond-async, wait=1", "wait=1"),
            ('wait="1"', "wait=1"),
            ("WAIT=1; x", "wait=1"),
            ("wait=-1", None),
            ("wait=soon", None),
            ("handling=lenient", None),
        ],
    )
    def test_a_preference_is_applied_or_ignored(
        self, idle: FlaskClient, preferred: str, applied: str | None
    ) -> None:
        answer = idle.post(HERE, data=form(SHORT), headers={"Prefer": preferred})
        assert answer.status_code == 202
        assert answer.headers.get("Preference-Applied") == applied

    def test_only_so_many_wait_at_once(
        self, idle: FlaskClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        waiters = threading.BoundedSemaphore(1)
        idle.application.extensions["waiters"] = waiters
        assert waiters.acquire(blocking=False)
        answer = idle.post(HERE, data=form(SHORT), headers={"Prefer": "wait=60"})
        assert answer.status_code == 202
        found = idle.get(
            answer.headers["Location"] + "/events", headers={"Accept": "text/event-stream"}
        )
        problem_of(found, 503)
        assert idle.get(answer.headers["Location"] + "/events").status_code == 200

    def test_what_is_found_while_reading_is_told_where_the_answer_would_be(
        self, idle: FlaskClient
    ) -> None:
        place = post(idle, SHORT.replace("claude-opus-5", "claude-sonata-9", 1)).headers["Location"]
        with working(store_of(idle)):
            end = last_event(idle, place)
        assert end["state"] == "failed"
        found = problem_of(idle.get(place), 422)
        assert found == end["problem"]
        assert found["instance"] == place
        assert found["errors"][0]["file"] == "usage.csv"

    def test_a_cancelled_one_is_gone(self, idle: FlaskClient) -> None:
        place = post(idle, SHORT).headers["Location"]
        answer = idle.post(f"{place}/cancellation")
        assert (answer.status_code, answer.json["state"]) == (200, "cancelled")
        problem_of(idle.get(place), 410)
        assert idle.post(f"{place}/cancellation").json["state"] == "cancelled"

    def test_one_that_is_under_way_is_not_deleted(self, idle: FlaskClient) -> None:
        place = post(idle, SHORT).headers["Location"]
        problem_of(idle.delete(place), 409)
        with working(store_of(idle)):
            last_event(idle, place)
        assert idle.delete(place).status_code == 204
        problem_of(idle.get(place), 404)
        problem_of(idle.get(f"{place}/events"), 404)

    def test_the_queue_of_one_organisation_has_an_end(
        self, idle: FlaskClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("api.jobs.queue.MAX_WAITING", 1)
        post(idle, SHORT)
        found = post(idle, SHORT)
        problem_of(found, 429)
        assert found.headers["Retry-After"]


def events_of(client: FlaskClient, place: str) -> list[tuple[str, dict[str, Any]]]:
    """Follow a recommendation to its end by server-sent events."""
    with client.get(f"{place}/events", headers={"Accept": "text/event-stream"}) as stream:
        assert stream.content_type.startswith("text/event-stream")
        found = re.findall(r"event: (\w+)\ndata: (.*)\n\n", stream.get_data(as_text=True))
    return [(name, json.loads(data)) for name, data in found]


def last_event(client: FlaskClient, place: str) -> dict[str, Any]:
    name, status = events_of(client, place)[-1]
    assert name == "end"
    return status


class TestEvents:
    def test_progress_is_told_until_the_end(self, idle: FlaskClient, usage_text: str) -> None:
        place = post(idle, usage_text).headers["Location"]
        with working(store_of(idle)):
            told = events_of(idle, place)
        assert [name for name, _ in told[:-1]] == ["progress"] * (len(told) - 1)
        shares = [status["progress_share"] for _, status in told]
        assert shares == sorted(shares)
        assert shares[-1] == 1.0

    def test_a_stream_gives_its_place_back(self, client: FlaskClient) -> None:
        place = post(client, SHORT).headers["Location"]
        for _ in range(events.WAITERS + 1):
            last_event(client, place)

    def test_asking_gives_where_it_is(self, idle: FlaskClient) -> None:
        place = post(idle, SHORT).headers["Location"]
        assert idle.get(f"{place}/events").json["state"] == "queued"


class TestLists:
    def test_pages_lead_from_the_newest_to_the_oldest(self, client: FlaskClient) -> None:
        made = [upload(client).json["id"] for _ in range(5)]
        seen, cursor = [], ""
        while True:
            page = client.get(f"/v1/datasets?limit=2{cursor}").json
            seen += [item["id"] for item in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
        assert seen == made[::-1]

    def test_recommendations_and_refusals_are_listed_with_their_amounts(
        self, client: FlaskClient, usage_text: str
    ) -> None:
        decided, refused = post(client, usage_text), post(client, SHORT)
        items = client.get(HERE).json["items"]
        assert [(i["status"], i["amount_usd"]) for i in items] == [
            ("insufficient_evidence", refused.json["do_not_exceed_usd"]),
            ("recommended", decided.json["headline"]["sign_for_usd"]),
        ]

    @pytest.mark.parametrize(
        ("query", "pointer"),
        [
            ("limit=0", "/limit"),
            ("limit=101", "/limit"),
            ("limit=x", "/limit"),
            ("limit=1&limit=2", "/limit"),
            ("cursor=x", "/cursor"),
            ("page=2", "/page"),
        ],
    )
    @pytest.mark.parametrize("path", ["/v1/datasets", "/v1/portfolios", HERE])
    def test_a_query_that_cannot_be_used_is_pointed_at(
        self, client: FlaskClient, path: str, query: str, pointer: str
    ) -> None:
        found = problem_of(client.get(f"{path}?{query}"), 422)
        assert [e["pointer"] for e in found["errors"]] == [pointer]


def count(client: FlaskClient, table: Any) -> int:
    with store_of(client).read() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


class TestIdempotency:
    def test_the_same_request_is_answered_alike_and_done_once(self, client: FlaskClient) -> None:
        headers = {"Idempotency-Key": "k1"}
        first = client.post(HERE, data=form(SHORT), headers=headers)
        again = client.post(HERE, data=form(SHORT), headers=headers)
        assert (again.status_code, again.data) == (first.status_code, first.data)
        assert again.headers["Location"] == first.headers["Location"]
        assert count(client, recommendations) == count(client, jobs) == 1

    def test_another_request_with_the_key_is_refused(self, client: FlaskClient) -> None:
        headers = {"Idempotency-Key": "k1"}
        client.post(HERE, json=json_body(SHORT), headers=headers)
        found = client.post(HERE, json=json_body(SHORT, seed=1), headers=headers)
        assert "another request" in problem_of(found, 422)["detail"]
        problem_of(client.post("/v1/sizings", json={}, headers=headers), 422)

    def test_what_was_deleted_is_not_made_again(self, client: FlaskClient) -> None:
        headers = {"Idempotency-Key": "k1"}

        def post():
            data = {"usage": (io.BytesIO(b"x"), "u.csv")}
            return client.post("/v1/datasets", data=data, headers=headers)

        made = post()
        assert client.delete(made.headers["Location"]).status_code == 204
        assert "deleted" in problem_of(post(), 410)["detail"]
        problem_of(client.get(made.headers["Location"]), 404)

    def test_the_answer_goes_with_what_was_deleted(self, client: FlaskClient) -> None:
        headers = {"Idempotency-Key": "k1", "Prefer": "wait=60"}
        made = client.post(HERE, data=form(SHORT), headers=headers)
        assert made.status_code == 201
        with store_of(client).read() as connection:
            assert connection.scalar(select(idempotency_keys.c.body)) == made.get_data(as_text=True)
        assert client.delete(made.headers["Location"]).status_code == 204
        with store_of(client).read() as connection:
            assert connection.scalar(select(idempotency_keys.c.body)) == ""
        problem_of(client.post(HERE, data=form(SHORT), headers=headers), 410)

    def test_a_refused_request_may_be_mended(self, client: FlaskClient) -> None:
        headers = {"Idempotency-Key": "k1"}
        bad = json_body(SHORT, seed=-1)
        problem_of(client.post(HERE, json=bad, headers=headers), 422)
        assert client.post(HERE, json=json_body(SHORT), headers=headers).status_code == 201

    def test_a_request_that_broke_off_is_taken_up_where_it_was(
        self, idle: FlaskClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        headers = {"Idempotency-Key": "k1"}
        with monkeypatch.context() as patched:
            patched.setattr("api.routes.recommendations.answer_about", broken)
            problem_of(idle.post(HERE, data=form(SHORT), headers=headers), 500)
        assert count(idle, jobs) == 1
        answer = idle.post(HERE, data=form(SHORT), headers=headers)
        assert answer.status_code == 202
        assert count(idle, jobs) == 1

    def test_a_request_under_way_is_not_begun_again(self, idle: FlaskClient) -> None:
        store = store_of(idle)
        idle.get("/v1/datasets")
        mine = organisation_named(store, LOCAL)
        with idle.application.test_request_context(
            "/v1/datasets", method="POST", data={"usage": (io.BytesIO(b"x"), "u.csv")}
        ):
            fingerprint = repeated_requests.fingerprint()
        idempotency.take(store, mine, "k1", fingerprint, now=datetime.now(tz=UTC))
        parts = {"usage": (io.BytesIO(b"x"), "u.csv")}
        found = idle.post("/v1/datasets", data=parts, headers={"Idempotency-Key": "k1"})
        problem_of(found, 409)

    def test_every_post_takes_a_key(self, client: FlaskClient) -> None:
        paths = client.get("/openapi.json").json["paths"]
        posts = [item["post"] for item in paths.values() if "post" in item]
        assert len(posts) >= 7
        for operation in posts:
            assert "Idempotency-Key" in [p["name"] for p in operation["parameters"]]

    @pytest.mark.parametrize("key", ["", "a b", "x" * 256])
    def test_a_key_that_is_none_is_refused(self, client: FlaskClient, key: str) -> None:
        found = client.post("/v1/sizings", json={}, headers={"Idempotency-Key": key})
        assert problem_of(found, 422)["errors"][0]["pointer"] == "/Idempotency-Key"


def broken(*_: object, **__: object) -> None:
    raise RuntimeError("the process died here")


class TestRateCards:
    def test_the_prices_of_a_day_are_told_with_their_source(self, client: FlaskClient) -> None:
        query = "on=2026-11-22&platform=anthropic&model=sonnet"
        found = client.get(f"/v1/rate-cards?{query}")
        assert found.status_code == 200, found.text
        assert found.json["on"] == "2026-11-22"
        rates = {r["rates"]["model"]: r["rates"] for r in found.json["rates"]}
        assert rates["claude-sonnet-5-5"]["standard"]["cache_read"] == "0.1"
        assert all(r["source"] and r["checked_on"] for r in rates.values())

    @pytest.mark.parametrize(
        "query", ["on=yesterday", "on=2026-02-30", "on=1999-01-01", "model=none", "day=2026-01-01"]
    )
    def test_what_has_no_price_is_refused(self, client: FlaskClient, query: str) -> None:
        problem_of(client.get(f"/v1/rate-cards?{query}"), 422)


class TestFaults:
    @pytest.mark.parametrize(
        ("code", "status"), [(errno.ENOSPC, 507), (errno.EDQUOT, 507), (errno.EROFS, 503)]
    )
    def test_a_disk_that_takes_nothing_is_told_and_recovers(
        self, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, code: int, status: int
    ) -> None:
        def fail(*_: object) -> None:
            raise OSError(code, "no")

        with monkeypatch.context() as patched:
            patched.setattr("os.fsync", fail)
            found = upload(client)
            problem_of(found, status)
            assert found.headers["Retry-After"]
        assert upload(client).status_code == 201

    def test_a_database_that_is_away_is_told_and_the_process_lives(self, tmp_path: Path) -> None:
        url = "postgresql+psycopg://nobody@127.0.0.1:1/none"
        client = create_app(Settings(data_dir=tmp_path, database_url=url)).test_client()
        problem_of(client.get("/readyz"), 503)
        problem_of(client.get("/v1/datasets"), 503)
        assert client.get("/healthz").status_code == 200


@pytest.mark.postgresql
def test_the_service_runs_on_postgresql(
    tmp_path: Path, postgresql_url: str, usage_text: str
) -> None:
    settings = Settings(
        data_dir=tmp_path,
        database_url=postgresql_url,
        artifacts_url=f"memory://{new_id()}",
    )
    app = create_app(settings)
    problem_of(app.test_client().get("/readyz"), 503)
    app.extensions["store"].migrate()
    app.extensions["store"].close()
    with served(settings) as client:
        headers = {"Idempotency-Key": "k"}
        made = client.post(HERE, data=form(usage_text), headers=headers)
        assert made.status_code == 201, made.text
        assert client.post(HERE, data=form(usage_text), headers=headers).data == made.data
        place = made.headers["Location"]
        assert client.get(place).data == made.data
        assert client.get(f"{place}/workbook").status_code == 200
        terms = json_body(SHORT)["terms"] | {"commitment_usd": "90000"}
        assert client.post(f"{place}/offers", json={"offers": [terms]}).status_code == 200
        assert client.get(HERE).json["items"][0]["id"] == place.rsplit("/", 1)[1]
        assert client.delete(place).status_code == 204


def test_usage_rows_beside_a_stored_portfolio(client: FlaskClient) -> None:
    client.put("/v1/portfolios/chat", json=portfolio_body())
    body = {"usage": usage_rows(usage_csv(last=TWELVE_WEEKS)), "portfolio": "chat", "paths": 100}
    assert client.post(HERE, json=body).status_code == 201


def test_the_toml_of_a_form_is_kept_as_it_was_sent(client: FlaskClient, usage_text: str) -> None:
    made = post(client, usage_text)
    inputs = {i["name"]: i["sha256"] for i in made.json["provenance"]["inputs"]}
    assert inputs["workloads.toml"] == digest(WORKLOADS.encode())
    assert inputs["terms.toml"] == digest(TERMS.encode())
