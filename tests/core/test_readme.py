"""The README names only what exists."""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.app import create_app
from api.cli import app
from forecast.records.terms import Terms

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


@pytest.fixture(scope="module")
def helped() -> str:
    return CliRunner().invoke(app, ["--help"]).output


@pytest.mark.parametrize(
    "command", sorted(set(re.findall(r"^ +commitment ([a-z-]+)", README, re.M)))
)
def test_every_command_exists_with_its_options(command, helped):
    assert re.search(rf"\b{command}\b", helped)
    said = CliRunner().invoke(app, [command, "--help"], terminal_width=200).output
    for line in re.findall(rf"^ +commitment {command} (.*?)(?:  #|$)", README, re.M):
        for option in re.findall(r"--[a-z-]+", line):
            assert option in said, (command, option)


@pytest.mark.parametrize("script", sorted(set(re.findall(r"scripts/[\w/.]+", README))))
def test_every_script_exists(script):
    assert (ROOT / script.rstrip(".")).exists()


def test_every_endpoint_is_documented():
    client = create_app().test_client()
    paths = client.get("/openapi.json", headers={"Host": "127.0.0.1"}).get_json()["paths"]
    for path in re.findall(r"http://127\.0\.0\.1:8000(/[\w/]+)", README):
        pattern = re.compile(re.escape(path).replace("/ID", r"/\{\w+\}"))
        assert any(pattern.fullmatch(known) for known in paths), path


def test_pictures_exist():
    for picture in re.findall(r"!\[.*?\]\((.*?)\)", README):
        assert (ROOT / picture).stat().st_size > 10_000


def test_the_contract_file_is_read():
    (text,) = re.findall(r"```toml\n(.*?)```", README, re.S)
    terms = Terms.model_validate(tomllib.loads(text, parse_float=Decimal))
    assert [tier.discount_share for tier in terms.tiers] == [0.0, 0.1]
