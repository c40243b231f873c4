"""The rates command: what a price is, since when, and where that was read."""

import json

import pytest
from typer.testing import CliRunner

from api.cli import app


def _run(*arguments: str):
    return CliRunner().invoke(app, ["rates", "--on", "2026-11-22", *arguments])


def _row(output: str, first: str) -> list[str]:
    return next(line.split() for line in output.splitlines() if line.startswith(first))


def test_a_row_has_every_rate_the_multiples_and_the_source():
    shown = _run("--platform", "anthropic", "--model", "claude-opus-5-5")
    assert shown.exit_code == 0
    assert _row(shown.stdout, "claude-opus-5-5") == [
        *("claude-opus-5-5", "4", "5", "8", "0.2", "20", "0.5", "1", "2", "1.1", "10", "1,2,3")
    ]
    assert "anthropic, last checked on 2026-11-22" in shown.stdout
    assert "1 genai-prices 0.2.3, anthropic, under the model's id" in shown.stdout
    assert "US-only inference" in shown.stdout


def test_both_bands_of_a_banded_model():
    shown = _run("--platform", "anthropic", "--model", "claude-haiku-5-5").stdout
    assert _row(shown, "claude-haiku-5-5")[1:5] == ["≤", "100K", "0.1", "0.125"]
    assert any(line.split()[:4] == [">", "100K", "0.5", "0.625"] for line in shown.splitlines())


def test_a_tier_with_rates_of_its_own_has_its_own_lines():
    shown = _run("--platform", "openai", "--model", "gpt-5.4").stdout
    lines = [line.split() for line in shown.splitlines()]
    assert ["batch", "1.25", "0.13", "7.5"] in lines
    assert ["batch", ">", "272K", "2.5", "0.25", "11.25"] in lines
    assert ["priority", "5", "0.5", "30"] in lines


def test_a_retirement_and_an_announced_price_are_shown():
    sonnet = _run("--platform", "anthropic", "--model", "claude-sonnet-4-5").stdout
    assert "2026-11-30" in _row(sonnet, "claude-sonnet-4-5")
    assert "claude-sonnet-4-5 retires on 2026-11-30, then claude-sonnet-5-5" in sonnet
    gone = _run("--platform", "anthropic", "--model", "claude-opus-4-1").stdout
    assert "2026-08-05" in _row(gone, "claude-opus-4-1")
    assert "retires on" not in gone
    argon = _run("--platform", "google", "--model", "gemini-4-argon").stdout
    assert "from 2026-12-01: input 2 → 4, cache read 0.1 → 0.2, output 10 → 20" in argon
    reads = _run("--platform", "anthropic", "--model", "claude-sonnet-5-5").stdout
    assert "claude-sonnet-5-5: these rates since 2026-10-07" in reads


@pytest.mark.parametrize(
    "platform", ["anthropic", "bedrock", "vertex", "openai", "azure", "google"]
)
def test_a_platform_fits_into_110_columns_with_every_figure_whole(platform):
    shown = _run("--platform", platform)
    document = json.loads(_run("--platform", platform, "--json").stdout)
    assert shown.exit_code == 0
    assert max(len(line) for line in shown.stdout.splitlines()) <= 110
    words = set(shown.stdout.split())
    for rates in document["rates"]:
        for figure in rates["standard"].values():
            if figure is not None:
                assert f"{float(figure):.6f}".rstrip("0").rstrip(".") in words


def test_json_has_exact_figures_facts_and_the_next_change():
    document = json.loads(
        _run("--platform", "google", "--model", "gemini-4-argon", "--json").stdout
    )
    (rates,) = document["rates"]
    assert document["on"] == "2026-11-22"
    assert rates["standard"] == {
        "input": "2",
        "cache_write_5m": None,
        "cache_write_1h": None,
        "cache_read": "0.1",
        "output": "10",
    }
    assert (rates["next_change_on"], rates["family"], rates["retires_on"]) == (
        "2026-12-01",
        "gemini",
        None,
    )
    assert rates["source"].startswith("genai-prices 0.2.3, google/gemini-4-argon")


def test_a_price_sheet_is_shown_with_its_source(tmp_path):
    sheet = tmp_path / "ours.toml"
    sheet.write_text(
        '[[amendments]]\nplatforms = ["anthropic"]\nfamilies = ["opus"]\ndiscount_share = 0.10\n'
        'source = "order form 12"\nchecked_on = 2026-11-20\n',
        encoding="utf-8",
    )
    shown = _run(
        "--platform", "anthropic", "--model", "claude-opus-5-5", "--price-sheet", str(sheet)
    )
    assert _row(shown.stdout, "claude-opus-5-5")[1:6] == ["3.6", "4.5", "7.2", "0.18", "18"]
    assert "last checked on 2026-11-20" in shown.stdout
    assert "order form 12" in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--model", "claude-opus-9"], "no model 'claude-opus-9' has a price"),
        (["--platform", "amazon"], "no platform 'amazon' has a price"),
        (["--on", "2026-13-01"], "is not a day"),
        (["--on", "2020-01-01"], "no price is in force on 2020-01-01; the first begin on"),
    ],
)
def test_what_is_not_there_is_bad_input(arguments, says):
    found = _run(*arguments)
    assert found.exit_code == 2
    assert says in found.stderr


def test_without_a_day_the_prices_are_todays():
    found = CliRunner().invoke(app, ["rates", "--platform", "anthropic", "--model", "opus"])
    assert found.exit_code == 0
