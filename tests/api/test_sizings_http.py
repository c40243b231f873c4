from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from problem_details import problem_of

from forecast.records.sizing_result import Sizing
from forecast.records.terms import Terms, Tier
from forecast.sizing.decision import size

TERMS: dict[str, Any] = {
    "term_start": "2027-01-01",
    "term_months": 2,
    "settlement": "term",
    "tier_basis": "term",
    "tiers": [
        {"from_commitment_usd": "0", "discount_share": 0},
        {"from_commitment_usd": "100.00", "discount_share": 0.2},
    ],
}
PATHS = [[60, 60.5], [70, 80], [90, 100]]


def body(**changes: Any) -> dict[str, Any]:
    return {"paths": PATHS, "terms": TERMS} | changes


def test_the_answer_is_the_decision_on_these_paths(client: FlaskClient) -> None:
    response = client.post("/v1/sizings", json=body())
    assert response.status_code == 200, response.text
    found = Sizing.model_validate_json(response.data, strict=True)
    tiers = (
        Tier(from_commitment_usd=Decimal(0), discount_share=0),
        Tier(from_commitment_usd=Decimal(100), discount_share=0.2),
    )
    terms = Terms.model_validate(TERMS | {"tiers": tiers})
    assert found == size(terms, np.array(PATHS, dtype=float))
    assert found.commitment.interval is None


def test_money_is_a_string(client: FlaskClient) -> None:
    headline = client.post("/v1/sizings", json=body()).json["headline"]
    assert all(isinstance(amount, str) for amount in headline.values())


def test_offers_are_settled_on_the_same_paths(client: FlaskClient) -> None:
    offer = TERMS | {"name": "A", "commitment_usd": "100"}
    found = client.post("/v1/sizings", json=body(offers=[offer])).json
    assert [o["name"] for o in found["offers"]] == ["A"]
    assert Decimal(found["offers"][0]["regret_usd"]) >= 0


def without(key: str) -> dict[str, Any]:
    return {k: v for k, v in TERMS.items() if k != key}


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"paths": []}, "/paths"),
        ({"paths": [[1, 2], [3]]}, "/paths/1"),
        ({"paths": [[1, 2], [3, -4]]}, "/paths/1/1"),
        ({"paths": [[1, "2"]]}, "/paths/0/1"),
        ({"paths": [[1, True]]}, "/paths/0/1"),
        ({"paths": [[1, None]]}, "/paths/0/1"),
        ({"terms": without("tiers")}, "/terms/tiers"),
        ({"terms": TERMS | {"term_months": 0}}, "/terms/term_months"),
        ({"terms": TERMS | {"term_months": "2"}}, "/terms/term_months"),
        ({"terms": TERMS | {"term_start": "2027-01-01T00:00:00"}}, "/terms/term_start"),
        ({"terms": TERMS | {"a/b~c": 1}}, "/terms/a~1b~0c"),
        ({"terms": TERMS | {"tiers": TERMS["tiers"][::-1]}}, "/terms/tiers"),
        ({"offers": [TERMS]}, "/offers/0"),
        ({"offers": [TERMS | {"schedule_usd": ["1", "2"]}]}, "/offers/0/schedule_usd"),
        ({"path": PATHS}, "/path"),
    ],
)
def test_what_cannot_be_used_is_pointed_at(client: FlaskClient, changes, pointer: str) -> None:
    found = problem_of(client.post("/v1/sizings", json=body(**changes)), 422)
    assert pointer in [e["pointer"] for e in found["errors"]]
    assert found["type"] == "urn:commitment:problem:invalid-input"
    assert found["instance"] == "/v1/sizings"


def test_all_faults_are_told_at_once(client: FlaskClient) -> None:
    sent = body(paths=[[-1, 2]], terms=without("tiers") | {"kind": "x"})
    found = problem_of(client.post("/v1/sizings", json=sent), 422)
    assert {e["pointer"] for e in found["errors"]} == {"/paths/0/0", "/terms/tiers", "/terms/kind"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b'{"paths": [[1]], "paths": [[2]]}',
        b'{"paths": [[NaN]]}',
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_a_body_that_cannot_be_read_is_malformed(client: FlaskClient, data: bytes) -> None:
    response = client.post("/v1/sizings", data=data, content_type="application/json")
    assert problem_of(response, 400)["type"] == "urn:commitment:problem:malformed-body"


@pytest.mark.parametrize("content_type", ["text/plain", "multipart/form-data", ""])
def test_another_media_type_is_refused(client: FlaskClient, content_type: str) -> None:
    response = client.post("/v1/sizings", data=b"{}", content_type=content_type)
    assert "application/json" in problem_of(response, 415)["detail"]


def test_a_risk_preference_is_answered_beside_the_cheapest(client: FlaskClient) -> None:
    plain = client.post("/v1/sizings", json=body()).get_json()
    careful = client.post("/v1/sizings", json=body(preference={"waste_weight": 3})).get_json()
    assert plain["risk_choice"] is None
    assert careful["headline"] == plain["headline"]
    cap = {"max_waste_p95_usd": "0"}
    capped = client.post("/v1/sizings", json=body(preference=cap)).get_json()["risk_choice"]
    assert Decimal(capped["waste_p95_usd"]) == 0
    assert Decimal(capped["extra_expected_cost_usd"]) >= 0
    assert careful["risk_choice"]["preference"]["waste_weight"] == 3
    wrong = client.post("/v1/sizings", json=body(preference={"caution": 3}))
    assert wrong.status_code == 422
