"""What the service is told, from where, and what is said when it makes no sense."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from example_buyer import run

from api import configuration
from api.settings import MEGABYTE, Access, Settings
from forecast.errors import InputError

SECRET = "0123456789abcdef0123456789abcdef"
URL = "postgresql+psycopg://commitment:swordfish@db/commitment"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "commitment.toml"
    path.write_text('access = "keys"\nport = 8100\ntrusted_hosts = ["commit.example"]\n')
    return path


def test_a_file_is_read_and_the_environment_wins(file: Path) -> None:
    found = configuration.read(
        {"COMMITMENT_CONFIG": str(file), "COMMITMENT_PORT": "8200", "COMMITMENT_MAX_BODY_MB": "8"}
    )
    assert found.settings.access is Access.KEYS
    assert found.settings.port == 8200
    assert found.settings.max_body_bytes == 8 * MEGABYTE
    assert found.settings.trusted_hosts == ("127.0.0.1", "localhost", "commit.example")
    assert found.origins["access"] == f"access in {file}"
    assert found.origins["port"] == "COMMITMENT_PORT"
    assert found.origins["workers"] == "default"


def test_a_secret_may_be_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "commitment_database_url").write_text(URL)
    for name in ("COMMITMENT_SECRETS_DIR", "CREDENTIALS_DIRECTORY"):
        found = configuration.read({name: str(tmp_path)})
        assert found.settings.database_url == URL
        assert found.origins["database_url"] == "the secret commitment_database_url"


def test_nobody_has_to_have_secrets(tmp_path: Path) -> None:
    found = configuration.read({"COMMITMENT_SECRETS_DIR": str(tmp_path / "none")})
    assert found.settings.database_url is None


def test_an_empty_variable_is_none() -> None:
    assert Settings.from_environment({"COMMITMENT_RETENTION_DAYS": ""}).retention_days is None


def test_hosts_are_separated_by_commas() -> None:
    found = Settings.from_environment({"COMMITMENT_TRUSTED_HOSTS": "a.example, b.example,"})
    assert found.trusted_hosts[2:] == ("a.example", "b.example")


def test_requests_are_limited_where_keys_decide() -> None:
    assert Settings.from_environment({}).requests_per_minute is None
    with_keys = Settings.from_environment({"COMMITMENT_ACCESS": "keys"})
    assert with_keys.requests_per_minute == 1200


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ACCESS", "everybody"),
        ("PORT", "0"),
        ("WORKERS", "-1"),
        ("LEASE_SECONDS", "1"),
        ("RETENTION_DAYS", "soon"),
        ("DATABASE_URL", "mysql://db/commitment"),
        ("SESSION_SECRET", "short"),
        ("METRICS_KEY", "short"),
        ("LOG_LEVEL", "loud"),
    ],
)
def test_a_value_that_is_none_is_refused_at_its_variable(name: str, value: str) -> None:
    with pytest.raises(InputError, match=f"COMMITMENT_{name}"):
        configuration.read({f"COMMITMENT_{name}": value})


def test_a_key_that_is_none_is_refused_at_its_place(file: Path) -> None:
    file.write_text("prot = 8100\n")
    with pytest.raises(InputError, match="did you mean 'port'"):
        configuration.read({}, file=file)


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(InputError) as caught:
        configuration.read({"COMMITMENT_PORT": "0", "COMMITMENT_WORKERS": "0"})
    assert "COMMITMENT_PORT" in str(caught.value)
    assert "COMMITMENT_WORKERS" in str(caught.value)


@pytest.mark.parametrize("name", ["SESSION_SECRET", "METRICS_KEY", "DATABASE_URL"])
def test_a_refused_secret_is_not_told(name: str) -> None:
    with pytest.raises(InputError) as caught:
        configuration.read({f"COMMITMENT_{name}": "swordfish"})
    assert "swordfish" not in str(caught.value)


def test_nothing_that_is_shown_is_secret(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    monkeypatch.setenv("COMMITMENT_DATABASE_URL", URL)
    monkeypatch.setenv("COMMITMENT_SESSION_SECRET", SECRET)
    answer = run("config", "show", "--config", file)
    assert answer.exit_code == 0, answer.output
    shown = json.loads(answer.stdout)
    assert shown["access"] == {"value": "keys", "from": f"access in {file}"}
    assert shown["database_url"] == {
        "value": "(set, not shown)",
        "from": "COMMITMENT_DATABASE_URL",
    }
    assert shown["requests_per_minute"]["value"] == "1200"
    assert "swordfish" not in answer.output
    assert SECRET not in answer.output
    assert "swordfish" not in repr(configuration.read())


def test_every_setting_has_words_or_speaks_for_itself() -> None:
    plain = {"port", "log_level"}
    for name, field in configuration.Stated.model_fields.items():
        assert field.description or name in plain, name


class TestCheck:
    def test_settings_that_can_be_used(self, tmp_path: Path, monkeypatch) -> None:
        monkeypatch.setenv("COMMITMENT_DATA_DIR", str(tmp_path / "data"))
        answer = run("config", "check", "--connect")
        assert answer.exit_code == 0, answer.output
        assert "tables are at" in answer.stdout
        assert "can be used" in answer.stdout

    def test_what_is_seldom_meant_is_noted(self, monkeypatch) -> None:
        monkeypatch.setenv("COMMITMENT_ACCESS", "keys")
        monkeypatch.setenv("COMMITMENT_DATABASE_URL", URL)
        answer = run("config", "check")
        assert answer.exit_code == 0, answer.output
        for name in ("trusted_hosts", "artifacts_url", "session_secret", "metrics_key"):
            assert name in answer.stdout

    @pytest.mark.parametrize(
        ("name", "value", "says"),
        [
            ("HOST", "0.0.0.0", "set access to keys"),
            ("ACCES", "keys", "did you mean COMMITMENT_ACCESS"),
            ("PORT", "high", "COMMITMENT_PORT"),
        ],
    )
    def test_what_would_not_start_is_refused(
        self, monkeypatch, name: str, value: str, says: str
    ) -> None:
        monkeypatch.setenv(f"COMMITMENT_{name}", value)
        answer = run("config", "check")
        assert answer.exit_code == 2
        assert says in answer.stderr

    def test_a_store_that_cannot_be_used_is_another_matter(
        self, tmp_path: Path, monkeypatch
    ) -> None:
        (tmp_path / "data").write_text("in the way")
        monkeypatch.setenv("COMMITMENT_DATA_DIR", str(tmp_path / "data"))
        assert run("config", "check").exit_code == 0
        assert run("config", "check", "--connect").exit_code == 1
