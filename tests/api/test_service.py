"""What holds for every request: problems, headers, hosts, health, the API document."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from problem_details import problem_of

from api.app import create_app
from api.settings import Settings
from forecast import __version__
from forecast.errors import InputError, ReconciliationError

NOT_OF_THE_API = ("/openapi.json", "/docs", "/docs/style.css", "/metrics")


def test_it_is_alive_and_ready(client: FlaskClient, data_dir: Path) -> None:
    assert client.get("/healthz").json == {"status": "ok", "version": __version__}
    assert client.get("/readyz").json == {"status": "ready", "version": __version__}
    assert "store.db" in {place.name for place in data_dir.iterdir()}


def test_it_is_not_ready_when_results_cannot_be_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    client = create_app(Settings(data_dir=tmp_path / "file")).test_client()
    with caplog.at_level(logging.ERROR):
        problem_of(client.get("/readyz"), 503)
    assert client.get("/healthz").status_code == 200


def test_every_unknown_path_is_a_problem(client: FlaskClient) -> None:
    assert problem_of(client.get("/nowhere"), 404)["instance"] == "/nowhere"


def test_a_wrong_method_says_which_are_right(client: FlaskClient) -> None:
    response = client.get("/v1/sizings")
    problem_of(response, 405)
    assert "POST" in response.headers["Allow"]


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data; boundary=x"])
def test_a_large_body_is_refused(tmp_path: Path, content_type: str) -> None:
    app = create_app(Settings(data_dir=tmp_path, max_body_bytes=1000))
    response = app.test_client().post(
        "/v1/recommendations", data=b"x" * 1001, content_type=content_type
    )
    problem_of(response, 413)


def test_a_large_json_body_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    app = create_app(Settings(data_dir=tmp_path, max_json_bytes=1000))
    body = b'{"paths": [[' + b"1," * 1000 + b"1]]}"
    post = app.test_client().post
    problem_of(post("/v1/sizings", data=body, content_type="application/json"), 413)


def test_a_failure_tells_the_log_and_not_the_caller(
    data_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(Settings(data_dir=data_dir))

    @app.get("/broken")
    def broken() -> str:
        raise RuntimeError("the password is swordfish")

    with caplog.at_level(logging.ERROR):
        found = problem_of(app.test_client().get("/broken"), 500)
    assert "swordfish" not in json.dumps(found)
    assert "swordfish" in caplog.text


def test_errors_of_the_domain_are_problems(data_dir: Path) -> None:
    app = create_app(Settings(data_dir=data_dir))

    @app.get("/input")
    def bad_input() -> str:
        raise InputError("is negative: -5", file="march.csv", row=3, column="output_tokens")

    @app.get("/evidence")
    def bad_evidence() -> str:
        raise ReconciliationError("months reprice to half the invoice")

    found = problem_of(app.test_client().get("/input"), 422)
    assert found["detail"] == "march.csv, row 3, column output_tokens: is negative: -5"
    assert found["errors"] == [
        {"file": "march.csv", "row": 3, "column": "output_tokens", "detail": "is negative: -5"}
    ]
    found = problem_of(app.test_client().get("/evidence"), 422)
    assert found["type"].endswith("insufficient-evidence")


def test_every_answer_carries_the_security_headers(client: FlaskClient) -> None:
    for response in (client.get("/healthz"), client.get("/nowhere"), client.get("/openapi.json")):
        assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil:80"])
def test_another_host_name_is_not_answered(client: FlaskClient, host: str) -> None:
    problem_of(client.get("/healthz", headers={"Host": host}), 400)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:9999"])
def test_pages_of_other_sites_are_refused(client: FlaskClient, origin: str) -> None:
    headers = {"Origin": origin, "Host": "localhost:8000"}
    problem_of(client.get("/healthz", headers=headers), 403)


def test_its_own_pages_are_answered(client: FlaskClient) -> None:
    headers = {"Origin": "http://localhost:8000", "Host": "localhost:8000"}
    assert client.get("/healthz", headers=headers).status_code == 200


def test_the_api_document_describes_every_route(client: FlaskClient) -> None:
    document = client.get("/openapi.json").json
    assert document["openapi"] == "3.1.0"
    described = {
        (path, method.upper()) for path, item in document["paths"].items() for method in item
    }
    rules = {
        (re.sub(r"<(\w+)>", r"{\1}", rule.rule), method)
        for rule in client.application.url_map.iter_rules()
        if not rule.endpoint.startswith("pages.")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert described == rules - {(path, "GET") for path in NOT_OF_THE_API}


def test_the_api_document_holds_valid_schemas_and_whole_references(client: FlaskClient) -> None:
    document = client.get("/openapi.json").json
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    referred = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert referred <= set(schemas)
    assert {"Recommendation", "Refusal", "RecommendationBody", "Problem"} <= referred


def test_operations_have_distinct_names(client: FlaskClient) -> None:
    paths = client.get("/openapi.json").json["paths"]
    names = [operation["operationId"] for item in paths.values() for operation in item.values()]
    assert len(set(names)) == len(names)


def test_the_web_process_starts_without_the_heavy_libraries() -> None:
    code = (
        "import sys; from pathlib import Path; from api.app import create_app; "
        "from api.settings import Settings; create_app(Settings(data_dir=Path('.'))); "
        "print([m for m in ('statsmodels', 'scipy', 'pandas', 'numpy') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


class TestSettings:
    def test_the_environment_decides(self) -> None:
        found = Settings.from_environment(
            {"COMMITMENT_DATA_DIR": "/srv/c", "COMMITMENT_MAX_BODY_MB": "2"}
        )
        assert found.data_dir == Path("/srv/c")
        assert found.max_body_bytes == 2 * 2**20

    def test_the_default_is_the_users_data_directory(self) -> None:
        assert Settings.from_environment({"XDG_DATA_HOME": "/d"}).data_dir == Path("/d/commitment")

    @pytest.mark.parametrize("size", ["0", "-1", "many", "1.5", "5000"])
    def test_a_size_that_is_none_is_refused(self, size: str) -> None:
        with pytest.raises(InputError, match="COMMITMENT_MAX_BODY_MB"):
            Settings.from_environment({"COMMITMENT_MAX_BODY_MB": size})
