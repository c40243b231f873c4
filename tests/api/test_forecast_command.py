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


@pytest.fixture
def sales(tmp_path: Path) -> Path:
    file = tmp_path / "sales.csv"
    rows = [f"{2024 + i // 12}-{i % 12 + 1:02d},{100 + i + 10 * (i % 3)},7" for i in range(36)]
    file.write_text("month,sold,flat\n" + "\n".join(rows) + "\n")
    return file


def series(file: Path, *options: object) -> dict:
    done = run("forecast", "--series", file, "--paths", 200, "--json", *options)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_a_series_of_anything_is_forecast_by_period_and_in_total(sales: Path) -> None:
    found = series(sales, "--column", "sold", "--periods", 6)
    assert [p["start"] for p in found["periods"]][::5] == ["2027-01-01", "2027-06-01"]
    assert found["periods"][0]["by_itself"] == found["periods"][0]["running_total"]
    assert found["periods"][-1]["running_total"] == found["total"]
    means = sum(p["by_itself"]["mean"] for p in found["periods"])
    assert means == pytest.approx(found["total"]["mean"])
    assert [h["value"] for h in found["history"][:3]] == [100.0, 111.0, 122.0]
    assert len(series(sales, "--column", "flat")["periods"]) == 12
    assert series(sales, "--column", "sold", "--periods", 6) == found
    assert series(sales, "--column", "sold", "--periods", 6, "--seed", 1) != found


def test_a_series_is_printed_and_drawn(sales: Path, tmp_path: Path) -> None:
    chart = tmp_path / "fan.svg"
    done = run("forecast", "--series", sales, "--column", "sold", "--periods", 3, "--out", chart)
    assert done.exit_code == 0, done.output
    assert "sold, by month" in done.stdout
    assert "2027-03" in done.stdout
    assert "36 months from 2024-01-01" in done.stdout
    assert "past origins" in done.stdout
    assert SVG in chart.read_bytes()[:300]


@pytest.mark.parametrize("value", [0.0004321, 1.0, 123_456.0, 9.9e13])
def test_no_figure_is_cut_on_the_page(tmp_path: Path, value: float) -> None:
    file = tmp_path / "series.csv"
    rows = [f"{2024 + i // 12}-{i % 12 + 1:02d},{value * (1 + i % 2)}" for i in range(30)]
    file.write_text("m,v\n" + "\n".join(rows) + "\n")
    done = run("forecast", "--series", file, "--periods", 2, "--paths", 100)
    assert done.exit_code == 0
    assert "…" not in done.stdout
    line = next(row for row in done.stdout.splitlines() if "2026-07" in row)
    assert len(line.split("│")) == 9


def test_the_two_doors_are_not_mixed(sales: Path, finished: Buyer) -> None:
    for options in (
        (finished.usage, "--series", sales),
        ("--series", sales, "--months", 12),
        ("--series", sales, "--as-of", "2026-01-31"),
        (finished.usage, "--periods", 3),
        (finished.usage, "--column", "sold"),
        (),
    ):
        done = run("forecast", *options)
        assert done.exit_code == 2, options
    assert "name exports, or a series with --series" in done.stderr


def test_a_gap_and_a_short_history_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "series.csv"
    file.write_text("m,v\n2026-01,1\n2026-03,1\n")
    done = run("forecast", "--series", file)
    assert done.exit_code == 2
    assert "series.csv, row 2, column m: is 2026-03 where 2026-02 is expected" in " ".join(
        done.stderr.split()
    )
    file.write_text("m,v\n2026-01,1\n2026-02,1\n")
    done = run("forecast", "--series", file)
    assert done.exit_code == 3
    assert "a forecast needs a quarter of a year" in done.stderr
