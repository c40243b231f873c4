from __future__ import annotations

import io
import json
import re
import shutil
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from example_buyer import TERMS, TWELVE_WEEKS, WORKLOADS, Buyer, usage_csv, usage_rows
from flask.testing import FlaskClient
from openpyxl import load_workbook
from problem_details import problem_of
from running_service import keeps_nothing, served, store_of
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse

from api.bodies import UsageRow
from api.results import ANSWER, SCENARIOS, WORKBOOK
from api.settings import Settings
from api.store.organisations import LOCAL, organisation_named
from api.store.recommendations import published_files
from api.uploads import file_name
from forecast.records.recommendation import Recommendation, Refusal
from forecast.tables import USAGE_ROWS

HERE = "/v1/recommendations"
SHORT = usage_csv(last=TWELVE_WEEKS)


def form(usage: str, /, **changes: Any) -> dict[str, Any]:
    parts = {
        "usage": [(io.BytesIO(usage.encode()), "usage.csv")],
        "workloads": (io.BytesIO(WORKLOADS.encode()), "workloads.toml"),
        "terms": (io.BytesIO(TERMS.encode()), "terms.toml"),
        "paths": "100",
    }
    return {k: v for k, v in (parts | changes).items() if v is not None}


def post(client: FlaskClient, usage: str, /, **changes: Any) -> TestResponse:
    return client.post(HERE, data=form(usage, **changes), content_type="multipart/form-data")


def json_body(usage: str, /, **changes: Any) -> dict[str, Any]:
    """Give the whole request as one JSON document, days as ISO dates."""
    documents = {"workloads": tomllib.loads(WORKLOADS), "terms": tomllib.loads(TERMS)}
    plain = json.loads(json.dumps(documents, default=str))
    return {"usage": usage_rows(usage), "paths": 100} | plain | changes


@pytest.fixture(scope="module")
def kept(
    tmp_path_factory: pytest.TempPathFactory, usage_text: str
) -> Iterator[tuple[FlaskClient, str]]:
    """A service that keeps one recommendation, and where."""
    with served(Settings(data_dir=tmp_path_factory.mktemp("kept"))) as client:
        response = post(client, usage_text)
        assert response.status_code == 201, response.text
        yield client, response.headers["Location"]


def test_the_form_gives_what_the_command_gives(kept, finished: Buyer) -> None:
    client, location = kept
    answer = client.get(location)
    assert answer.status_code == 200
    assert answer.content_type == "application/json"
    assert answer.data == (finished.out / ANSWER).read_bytes()
    Recommendation.model_validate_json(answer.data, strict=True)


def test_the_location_is_a_random_id(kept) -> None:
    assert re.fullmatch(HERE + "/[0-9a-f]{32}", kept[1])


def test_the_workbook_is_downloaded_under_a_name(kept, finished: Buyer) -> None:
    client, location = kept
    response = client.get(f"{location}/workbook")
    assert response.status_code == 200
    assert response.content_type.startswith("application/vnd.openxmlformats-officedocument")
    assert re.fullmatch(
        r'attachment; filename="negotiation-[0-9a-f]{8}\.xlsx"',
        response.headers["Content-Disposition"],
    )
    assert response.data == (finished.out / WORKBOOK).read_bytes()
    load_workbook(io.BytesIO(response.data), read_only=True).close()


def test_offers_are_settled_on_the_kept_paths(kept) -> None:
    client, location = kept
    terms = json_body(SHORT)["terms"]
    sent = [terms | {"name": n, "commitment_usd": a} for n, a in (("A", "90000"), ("B", "400000"))]
    response = client.post(f"{location}/offers", json={"offers": sent})
    assert response.status_code == 200, response.text
    scores = response.json["offers"]
    assert [s["name"] for s in scores] == ["A", "B"]
    assert Decimal(scores[1]["regret_usd"]) > 0


@pytest.mark.parametrize(
    ("offers", "pointer"),
    [
        ([], "/offers"),
        ([{}], "/offers/0/tiers"),
        (None, "/offers"),
        ([{"commitment_usd": 1.5}], ""),
    ],
)
def test_offers_that_cannot_be_read_are_pointed_at(kept, offers, pointer: str) -> None:
    client, location = kept
    found = problem_of(client.post(f"{location}/offers", json={"offers": offers}), 422)
    assert any(e["pointer"].startswith(pointer) for e in found["errors"])


def test_an_offer_for_another_term_is_refused(kept) -> None:
    client, location = kept
    offer = json_body(SHORT)["terms"] | {"commitment_usd": "1", "term_start": "2027-03-01"}
    problem_of(client.post(f"{location}/offers", json={"offers": [offer]}), 422)


def test_the_json_body_decides_like_the_form(kept, client: FlaskClient, usage_text: str) -> None:
    response = client.post(HERE, json=json_body(usage_text))
    assert response.status_code == 201, response.text
    found = response.json
    expected = kept[0].get(kept[1]).json
    for part in ("headline", "commitment", "tiers", "workloads", "bridge", "as_is", "optimised"):
        assert found[part] == expected[part], part
    names = [i["name"] for i in found["provenance"]["inputs"]]
    assert names[:3] == ["usage.csv", "workloads.toml", "terms.toml"]


def test_a_short_history_is_kept_as_a_refusal(client: FlaskClient) -> None:
    response = post(client, SHORT)
    assert response.status_code == 201
    found = Refusal.model_validate_json(response.data, strict=True)
    assert found.do_not_exceed_usd > 0
    location = response.headers["Location"]
    assert client.get(location).data == response.data
    assert "has no workbook" in problem_of(client.get(f"{location}/workbook"), 404)["detail"]
    offer = json_body(SHORT)["terms"] | {"commitment_usd": "1"}
    problem_of(client.post(f"{location}/offers", json={"offers": [offer]}), 422)


@pytest.mark.parametrize("tail", ["", "/workbook", "/offers"])
@pytest.mark.parametrize(
    "identifier", ["0" * 32, "unknown", "..", "%2e%2e", "..%2f..%2fetc", "A" * 32, "a" * 33]
)
def test_an_id_that_was_never_given_is_not_found(
    client: FlaskClient, identifier: str, tail: str
) -> None:
    path = f"{HERE}/{identifier}{tail}"
    response = client.get(path) if tail != "/offers" else client.post(
        path, json={"offers": [json_body(SHORT)["terms"] | {"commitment_usd": "1"}]}
    )  # fmt: skip
    problem_of(response, 404)


def test_paths_in_memory_are_told_to_nobody_once_the_recommendation_is_deleted(
    client: FlaskClient, usage_text: str
) -> None:
    location = post(client, usage_text).headers["Location"]
    offers = {"offers": [json_body(SHORT)["terms"] | {"commitment_usd": "90000"}]}
    first = client.post(f"{location}/offers", json=offers)
    # The files are gone: what is answered now is answered from memory.
    shutil.rmtree(store_of(client).artifacts.root)
    assert client.post(f"{location}/offers", json=offers).data == first.data
    assert client.delete(location).status_code == 204
    problem_of(client.post(f"{location}/offers", json=offers), 404)


def test_damaged_evidence_is_the_services_fault(client: FlaskClient, usage_text: str) -> None:
    location = post(client, usage_text).headers["Location"]
    store, identifier = store_of(client), location.rsplit("/", 1)[1]
    mine = organisation_named(store, LOCAL)
    damaged = {f.name: f.kept.sha256 for f in published_files(store, mine, identifier)}[SCENARIOS]
    place = store.artifacts.root / mine / damaged[:2] / damaged
    place.write_bytes(b"other")
    offer = json_body(SHORT)["terms"] | {"commitment_usd": "1"}
    problem_of(client.post(f"{location}/offers", json={"offers": [offer]}), 500)


FORMS: dict[str, tuple[dict[str, Any], str]] = {
    "no usage": ({"usage": None}, "/usage"),
    "no terms": ({"terms": None}, "/terms"),
    "terms as text": ({"terms": TERMS}, "/terms"),
    "two terms": (
        {"terms": [(io.BytesIO(b""), "a"), (io.BytesIO(b""), "b")]},
        "/terms",
    ),
    "unknown field": ({"budget": "1"}, "/budget"),
    "unknown file": ({"receipt": (io.BytesIO(b"x"), "x.csv")}, "/receipt"),
    "a seed that is none": ({"seed": "-1"}, "/seed"),
    "too few paths": ({"paths": "99"}, "/paths"),
    "too many paths": ({"paths": "10001"}, "/paths"),
    "a day that is none": ({"as_of": "2026-02-30"}, "/as_of"),
    "a day in words": ({"as_of": "yesterday"}, "/as_of"),
    "two seeds": ({"seed": ["1", "2"]}, "/seed"),
}


@pytest.mark.parametrize("case", FORMS)
def test_a_form_that_cannot_be_used_is_pointed_at(client: FlaskClient, case: str) -> None:
    changes, pointer = FORMS[case]
    found = problem_of(post(client, SHORT, **changes), 422)
    assert pointer in [e.get("pointer") for e in found["errors"]]
    assert keeps_nothing(client)


def test_a_place_in_an_uploaded_file_is_named(client: FlaskClient) -> None:
    usage = SHORT.replace("claude-opus-5", "claude-sonata-9", 1)
    error = problem_of(post(client, usage), 422)["errors"][0]
    assert (error["file"], error["row"], error["column"]) == ("usage.csv", 1, "model")
    assert keeps_nothing(client)


def test_a_place_in_an_uploaded_document_is_named(client: FlaskClient) -> None:
    terms = (io.BytesIO(TERMS.replace("0.12", "12").encode()), "vendor.toml")
    error = problem_of(post(client, SHORT, terms=terms), 422)["errors"][0]
    assert (error["file"], error["column"]) == ("vendor.toml", "tiers[2].discount_share")


def changed_row(i: int, **changes: Any) -> list[dict[str, Any]]:
    rows = usage_rows(SHORT)
    rows[i] = {k: v for k, v in (rows[i] | changes).items() if v is not None}
    return rows


BODIES: dict[str, tuple[dict[str, Any], str]] = {
    "negative tokens": ({"usage": changed_row(4, output_tokens=-5)}, "/usage/4/output_tokens"),
    "tokens as text": ({"usage": changed_row(4, output_tokens="5")}, "/usage/4/output_tokens"),
    "a fraction": ({"usage": changed_row(4, output_tokens=1.5)}, "/usage/4/output_tokens"),
    "no model": ({"usage": changed_row(4, model=None)}, "/usage/4/model"),
    "an unknown model": ({"usage": changed_row(4, model="claude-sonata-9")}, "/usage/4/model"),
    "an unknown column": ({"usage": changed_row(4, tokens=1)}, "/usage/4/tokens"),
    "an unknown tier": ({"usage": changed_row(4, service_tier="slow")}, "/usage/4/service_tier"),
    "a naive timestamp": ({"usage": changed_row(4, day="2026-10-01T10:00:00")}, "/usage/4/day"),
    "a repeated row": ({"usage": [*usage_rows(SHORT), usage_rows(SHORT)[3]]}, "/usage/168"),
    "no usage": ({"usage": []}, "/usage"),
    "an idle rule": (
        {"workloads": {"workloads": [{"name": "x", "match": [{"api_key": "none"}]}]}},
        "/workloads/workloads/0/match/0",
    ),
    "a begun term": (
        {"terms": json_body(SHORT)["terms"] | {"term_start": "2025-12-01"}},
        "/terms/term_start",
    ),
    "an unknown key": ({"scenarios": 3}, "/scenarios"),
    "a seed as text": ({"seed": "1"}, "/seed"),
    "a seed as truth": ({"seed": True}, "/seed"),
}


@pytest.mark.parametrize("case", BODIES)
def test_a_body_that_cannot_be_used_is_pointed_at(client: FlaskClient, case: str) -> None:
    changes, pointer = BODIES[case]
    found = problem_of(client.post(HERE, json=json_body(SHORT, **changes)), 422)
    assert pointer in [e["pointer"] for e in found["errors"]]
    assert keeps_nothing(client)


def test_a_body_of_another_kind_is_refused(client: FlaskClient) -> None:
    problem_of(client.post(HERE, data=b"x", content_type="text/csv"), 415)
    problem_of(client.post(HERE, data=b"x", content_type="application/json"), 400)


def test_a_usage_row_has_the_columns_of_the_canonical_table() -> None:
    assert sorted(UsageRow.model_fields) == sorted(USAGE_ROWS.names)


@pytest.mark.parametrize(
    ("claimed", "name"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\exports\\march.csv", "march.csv"),
        ("..", "usage"),
        ("", "usage"),
        (None, "usage"),
        ("a\x00b\n.csv", "ab.csv"),
        ("x" * 300 + ".csv", "x" * 56 + ".csv"),
    ],
)
def test_an_uploaded_name_never_leads_anywhere(claimed: str | None, name: str) -> None:
    assert file_name(FileStorage(filename=claimed), "usage") == name


def test_a_bill_that_the_usage_does_not_reprice_to_refuses(client: FlaskClient) -> None:
    bill = (io.BytesIO(b"month,usd\n2026-02,1.00\n"), "billed.csv")
    response = post(client, SHORT, invoice=[bill])
    assert response.status_code == 201, response.text
    found = Refusal.model_validate_json(response.data, strict=True)
    assert found.reconciliation is not None
    assert found.reconciliation.status == "refused"
    assert "billed.csv" in {i.name for i in found.provenance.inputs}


def test_a_bill_that_is_none_is_a_problem(client: FlaskClient) -> None:
    bill = (io.BytesIO(SHORT.encode()), "usage-again.csv")
    problem_of(post(client, usage_csv(), invoice=[bill]), 422)
    assert keeps_nothing(client)
