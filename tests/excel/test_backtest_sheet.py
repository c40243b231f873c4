"""Had you used this: past origins in the workbook, with a chart where there are any."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from typing import Any

import opened
import pytest
import workbook_example as example
from openpyxl.workbook import Workbook

from excel_templates.fill import build_workbook
from forecast.records.outlook import Backtest

ORIGINS = (60, 64, 68, 72, 76, 80, 84, 88)
TITLE = "List cost of the next 13 weeks"


def built(past: Backtest) -> bytes:
    recommendation, decisions = example.recommendation(decisions=example.paths(60), backtest=past)
    return build_workbook(recommendation, decisions)


def values(past: Backtest) -> Workbook:
    return opened.values(built(past))


def charts(content: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return [file.read(n).decode() for n in file.namelist() if n.startswith("xl/charts/chart")]


@pytest.fixture(scope="module")
def past() -> Backtest:
    return example.past(ORIGINS, 104)


@pytest.fixture(scope="module")
def content(past: Backtest) -> bytes:
    return built(past)


def rows(workbook: Workbook, name: str) -> list[list[Any]]:
    return [[cell.value for cell in row] for row in opened.cells(workbook, name)]


def test_every_way_of_naming_the_commitment_is_compared(content: bytes, past: Backtest) -> None:
    found = rows(opened.values(content), "backtest_policy_rows")
    assert [row[:3] for row in found[:5]] == [
        [13, "this method", 8],
        [13, "last quarter carried on", 8],
        [13, "last month carried on", 8],
        [13, "no deal", 8],
        [13, "hindsight", 8],
    ]
    assert [row[4] for row in found] == pytest.approx([p.cost_share for p in past.policies])
    assert found[3][4:] == [pytest.approx(1.0), pytest.approx(0.0, abs=1e-12)]
    assert found[4][4:] == [pytest.approx(0.8), pytest.approx(1.0)]


def test_the_share_inside_is_counted_from_the_points(content: bytes, past: Backtest) -> None:
    """Every other origin is above P90; at 26 weeks five origins remain, three of them inside."""
    found = rows(opened.values(content), "backtest_policy_rows")
    assert {row[3] for row in found[:5]} == {0.5}
    assert {row[3] for row in found[5:]} == {0.6}
    assert opened.read(opened.values(content), "backtest_coverage") == past.interval_coverage_80


def test_points_stand_by_horizon_and_say_what_was_paid(content: bytes, past: Backtest) -> None:
    found = rows(opened.values(content), "backtest_point_rows")
    assert [row[0] for row in found] == [13] * 8 + [26] * 5
    days = [row[1].date() for row in found[:8]]
    assert days == sorted(days)
    assert days[0] == date(2026, 2, 26)
    first = past.points[0]
    assert found[0][2:7] == [
        *(float(v) for v in (first.realised_usd, first.p10_usd, first.p50_usd, first.p90_usd)),
        "yes",
    ]
    assert found[0][7:9] == [float(first.recommended_usd), float(first.cost_recommended_usd)]
    assert found[0][9] == pytest.approx(float(first.cost_recommended_usd / first.realised_usd))


def test_the_chart_shows_the_shortest_horizon_only(content: bytes) -> None:
    at = opened.cells(opened.values(content), "backtest_point_rows")[0][0].row
    (drawn,) = [xml for xml in charts(content) if TITLE in xml]
    for column in "BCDEO":
        assert f"'Backtest'!${column}${at}:${column}${at + 7}<" in drawn, column


def test_a_single_origin_is_drawn_too() -> None:
    content = built(example.past((60,), 80))
    at = opened.cells(opened.values(content), "backtest_point_rows")[0][0].row
    (drawn,) = [xml for xml in charts(content) if TITLE in xml]
    assert f"'Backtest'!$O${at}<" in drawn or f"'Backtest'!$O${at}:$O${at}<" in drawn


def test_a_history_without_an_origin_says_so_and_draws_nothing() -> None:
    content = built(example.past((), 34))
    found = opened.values(content)
    assert "34 weeks of history allow no past origin" in opened.read(found, "backtest_note")
    assert opened.read(found, "backtest_coverage") == "not known"
    assert rows(found, "backtest_policy_rows") == [[None, "no past origin", *[None] * 4]]
    assert not [xml for xml in charts(content) if TITLE in xml]
    assert opened.read(found, "checks_failed") == 0


def test_the_note_says_how_little_few_origins_prove(content: bytes, past: Backtest) -> None:
    found = opened.values(content)
    assert "windows that do not overlap: 3 of 13 weeks, 1 of 26 weeks" in past.note
    assert opened.read(found, "backtest_note") == past.note
    assert opened.read(found, "backtest_origins") == 8
