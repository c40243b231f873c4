"""The finished file: its bytes, its values, and that it says what the recommendation says."""

from __future__ import annotations

import hashlib
import io
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import opened
import pandas as pd
import pytest
import workbook_example as example

from api.scenarios_file import read_scenarios, scenarios_bytes
from excel_templates.cached import Saved
from excel_templates.fill import build_workbook, fill_workbook
from forecast.errors import InputError
from forecast.paths import DecisionSet
from forecast.records.recommendation import Recommendation

Built = tuple[Recommendation, DecisionSet, Saved]


@pytest.fixture(scope="module")
def built() -> Built:
    recommendation, decisions = example.recommendation(decisions=example.paths(150))
    return recommendation, decisions, fill_workbook(recommendation, decisions)


def test_the_same_result_gives_the_same_bytes(built: Built) -> None:
    recommendation, decisions, saved = built
    assert build_workbook(recommendation, decisions) == saved.content


def test_another_process_gives_the_same_bytes(built: Built) -> None:
    code = (
        "import hashlib, workbook_example as e; from excel_templates.fill import build_workbook; "
        "r, d = e.recommendation(decisions=e.paths(150)); "
        "print(hashlib.sha256(build_workbook(r, d)).hexdigest())"
    )
    here = Path(__file__).parent
    told = subprocess.run(
        [sys.executable, "-c", code],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(here), str(here.parents[1])]),
            "PYTHONHASHSEED": "4711",
            "TZ": "Pacific/Auckland",
        },
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert told == hashlib.sha256(built[2].content).hexdigest()


def test_a_value_stands_beside_every_formula(built: Built) -> None:
    saved = built[2]
    assert saved.n_formulas > 4000
    assert saved.n_valued == saved.n_formulas
    workbook = opened.formulas(saved.content)
    in_file = sum(
        cell.data_type == "f" for s in workbook.worksheets for row in s.iter_rows() for cell in row
    )
    assert in_file == saved.n_formulas


def test_no_value_is_an_error(built: Built) -> None:
    workbook = opened.values(built[2].content)
    bad = [
        (sheet.title, cell.coordinate, cell.value)
        for sheet in workbook.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "e" or (isinstance(cell.value, str) and cell.value.startswith("#"))
    ]
    assert bad == []


def test_the_values_are_those_of_the_formulas(built: Built) -> None:
    """Worked out again from the cells alone, without what numpy put beside the scenarios."""
    content = built[2].content
    book, stored = opened.Worked(opened.formulas(content)), opened.values(content)
    sheet = stored["Decision set"]
    first = opened.cells(stored, "scenario_term_list")[0][0].row
    for row in (first, first + 1, first + 149):
        for column in range(1, 11):
            again = book.calculator.cell("Decision set", row, column)
            assert again == pytest.approx(sheet.cell(row, column).value, rel=1e-12)


def test_pandas_reads_numbers(built: Built) -> None:
    recommendation, _, saved = built
    frame = pd.read_excel(io.BytesIO(saved.content), sheet_name="Decision", header=None)
    row = frame.index[frame[0] == "Sign for"][0]
    assert frame.loc[row, 1] == float(recommendation.headline.sign_for_usd)
    assert frame.loc[row + 1, 1] == float(recommendation.headline.expect_to_pay_usd)


def test_headline_to_the_cent(built: Built) -> None:
    recommendation, _, saved = built
    workbook = opened.values(saved.content)
    shown = recommendation.headline
    for key, value in (
        ("sign_for", shown.sign_for_usd),
        ("expect_to_pay", shown.expect_to_pay_usd),
        ("budget_p80", shown.budget_p80_usd),
        ("worst_case_unused", shown.worst_case_unused_usd),
    ):
        for prefix in ("decision", "typed_decision", "service"):
            assert opened.read(workbook, f"{prefix}_{key}") == pytest.approx(float(value), abs=1e-6)
    assert opened.read(workbook, "light_level") == 0
    assert opened.read(workbook, "decision_sentence").startswith("Sign for $")


def test_lists_hold_what_the_recommendation_lists(built: Built) -> None:
    recommendation, _, saved = built
    workbook = opened.values(saved.content)
    for name, n in (
        ("workload_rows", len(recommendation.workloads)),
        ("clause_rows", len(recommendation.clauses)),
        ("offer_rows", len(recommendation.offers)),
        ("shock_rows", len(recommendation.scenarios)),
        ("migration_rows", len(recommendation.migration)),
        ("curve_rows", len(recommendation.curve)),
        ("move_rows", len(recommendation.moves)),
        ("history_rows", len(recommendation.history)),
        ("bridge_rows", len(recommendation.bridge)),
        ("backtest_policy_rows", len(recommendation.backtest.policies)),
        ("backtest_point_rows", len(recommendation.backtest.points)),
        ("scenario_rows", 1),
    ):
        assert len(opened.cells(workbook, name)) == n, name
    assert len(opened.cells(workbook, "period_list")) == 150
    listed = opened.cells(workbook, "workload_rows")
    assert {r[0].value for r in listed} == {w.name for w in recommendation.workloads}
    amounts = [r[3].value for r in listed]
    assert amounts == sorted(amounts, reverse=True)


def test_the_archive_has_no_macro_no_link_and_no_clock(built: Built) -> None:
    with zipfile.ZipFile(io.BytesIO(built[2].content)) as file:
        names = file.namelist()
        assert not [n for n in names if "vba" in n.lower() or "externalLink" in n]
        assert {entry.date_time for entry in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        core = file.read("docProps/core.xml").decode()
        assert set(re.findall(r">(\d{4}-\d\d-\d\dT[^<]*)<", core)) == {"2026-12-31T00:00:00Z"}
        for name in names:
            if name.endswith(".rels"):
                assert b'TargetMode="External"' not in file.read(name), name
        assert b'fullCalcOnLoad="1"' in file.read("xl/workbook.xml")
        assert sum(n.startswith("xl/charts/chart") for n in names) == opened.N_CHARTS


@pytest.mark.slow
def test_a_thousand_scenarios_of_twelve_periods_stay_small() -> None:
    terms = example.terms(settlement="monthly")
    saved = fill_workbook(*example.recommendation(terms, example.paths(1000)))
    assert saved.n_valued == saved.n_formulas > 20_000
    assert len(saved.content) < 5_000_000


@pytest.mark.parametrize("m", [100, pytest.param(1237, marks=pytest.mark.slow)])
def test_names_cover_exactly_the_scenarios(m: int) -> None:
    recommendation, decisions = example.recommendation(
        decisions=example.paths(m, 12, ("a", "b", "c"))
    )
    workbook = opened.values(build_workbook(recommendation, decisions))
    assert len(opened.cells(workbook, "best_cost")) == m
    assert opened.read(workbook, "n_scenarios") == m
    assert opened.read(workbook, "checks_failed") == 0


def test_no_savings_no_offers_no_findings() -> None:
    decisions = example.paths(100, 12, ("only chat",))
    recommendation, decisions = example.recommendation(
        decisions=decisions, cleaning=(), offers=(), migration=()
    )
    workbook = opened.values(build_workbook(recommendation, decisions))
    assert opened.read(workbook, "checks_failed") == 0
    assert opened.read(workbook, "in_lines") == "no lever saves anything"
    assert opened.cells(workbook, "in_line_on")[0][0].protection.locked
    assert opened.read(workbook, "offer_rows") == "no offer was given"


def test_scenarios_of_another_recommendation_are_refused(built: Built) -> None:
    recommendation = built[0]
    with pytest.raises(InputError, match="140 scenarios, the recommendation was made on 150"):
        build_workbook(recommendation, example.paths(140))
    with pytest.raises(InputError, match="covers 6 months"):
        build_workbook(recommendation, example.paths(150, 6))


def test_the_result_read_from_its_files_gives_the_same_workbook(
    built: Built, tmp_path: Path
) -> None:
    recommendation, decisions, saved = built
    read = Recommendation.model_validate_json(recommendation.model_dump_json())
    (tmp_path / "scenarios.parquet").write_bytes(scenarios_bytes(decisions))
    again = read_scenarios(tmp_path / "scenarios.parquet")
    assert build_workbook(read, again) == saved.content
