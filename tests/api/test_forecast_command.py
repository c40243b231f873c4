from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from example_buyer import Buyer, run

PNG, SVG = b"\x89PNG\r\n\x1a\n", b"<svg"


@pytest.fixture(scope="module")
def answer(finished: Buyer, tmp_path_factory: pytest.TempPathFactory) -> dict:
    chart = tmp_path_factory.mktemp("fan") / "fan.svg"
    done = run("forecast", finished.usage, "--months", 6, "--paths", 400, "--out", chart, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout) | {"chart": chart.read_bytes()}


def test_the_total_is_that_of_the_months(answer: dict) -> None:
    assert len(answer["monthly"]) == 6
    months = sum(Decimal(m["mean_usd"]) for m in answer["monthly"])
    assert abs(months - Decimal(answer["total"]["mean_usd"])) <= Decimal("0.06")
    parts = sum(Decimal(w["total"]["mean_usd"]) for w in answer["workloads"])
    assert abs(parts - Decimal(answer["total"]["mean_usd"])) <= Decimal("0.06")


def test_quantiles_rise_and_a_total_is_surer_than_its_months(answer: dict) -> None:
    def width(distribution: dict) -> float:
        at = {q["quantile_level"]: float(q["usd"]) for q in distribution["quantiles"]}
        assert list(at.values()) == sorted(at.values())
        return at[0.9] - at[0.1]

    assert width(answer["total"]) <= sum(width(m) for m in answer["monthly"])


def test_the_chart_is_drawn_as_its_name_asks(answer: dict, finished: Buyer, tmp_path: Path) -> None:
    assert SVG in answer["chart"][:300]
    png = tmp_path / "fan.png"
    done = run("forecast", finished.usage, "--months", 2, "--paths", 100, "--out", png)
    assert done.exit_code == 0
    assert png.read_bytes().startswith(PNG)
    assert "List cost to come" in done.stdout
    refused = run("forecast", finished.usage, "--months", 2, "--out", tmp_path / "fan.gif")
    assert refused.exit_code == 2
    assert "should end in .png or .svg" in refused.stderr


def test_own_prices_enter(answer: dict, finished: Buyer, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.toml"
    sheet.write_text(
        '[[amendments]]\nplatforms = ["anthropic"]\nfamilies = ["opus"]\n'
        "effective_from = 2025-01-01\ndiscount_share = 0.5\n"
        'source = "order form"\nchecked_on = 2026-10-01\n'
    )
    done = run("forecast", finished.usage, "--months", 6, "--paths", 400, "--json",
               "--price-sheet", sheet)  # fmt: skip
    assert done.exit_code == 0, done.output
    half = Decimal(json.loads(done.stdout)["total"]["mean_usd"])
    assert abs(2 * half - Decimal(answer["total"]["mean_usd"])) <= Decimal("0.02")


def test_a_fault_of_the_inventory_names_its_file(finished: Buyer, tmp_path: Path) -> None:
    inventory = tmp_path / "shared.toml"
    inventory.write_text(
        "\n".join(
            f'[[workloads]]\nname = "{name}"\n'
            'match = [{ api_key = "chat-1", share = 0.7, share_source = "measured" }]'
            for name in ("one", "two")
        )
    )
    done = run("forecast", finished.usage, "--workloads", inventory)
    assert done.exit_code == 2
    assert "shared.toml, column workloads[1].match[0].share" in done.stderr


def test_a_view_that_counts_is_named_as_in_other_commands(finished: Buyer) -> None:
    done = run("forecast", finished.usage, "--prefer", "canonicle")
    assert done.exit_code == 2
    assert "did you mean canonical" in done.stderr


def test_the_same_seed_gives_the_same_forecast(answer: dict, finished: Buyer) -> None:
    again = run("forecast", finished.usage, "--months", 6, "--paths", 400, "--json")
    other = run("forecast", finished.usage, "--months", 6, "--paths", 400, "--seed", 1, "--json")
    kept = {name: value for name, value in answer.items() if name != "chart"}
    assert json.loads(again.stdout) == kept
    assert json.loads(other.stdout)["monthly"] != answer["monthly"]
