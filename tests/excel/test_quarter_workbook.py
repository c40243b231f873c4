"""The workbook of a re-forecast: what it says adds up, and its checks can fail."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import opened
import pytest
from openpyxl import load_workbook
from simulated_company import Company
from simulated_quarters import quarters

from excel_templates.cached import Saved
from excel_templates.formulas.calculate import Calculator
from excel_templates.quarter.workbook import quarter_workbook
from forecast.records.reforecast import Reclassification, Reforecast
from forecast.records.workloads import Decision

SHEETS = ["Quarter", "Burn-down", "What moved", "Remedies", "Promised and measured",
          "Track record", "Changes"]  # fmt: skip


@pytest.fixture(scope="module")
def results() -> list[Reforecast]:
    """Of the four quarters of a year; a lost workload is named like a formula."""
    walk = quarters(Company(4), seed=4, n_scenarios=60, n_years=1)
    asked = Reclassification(
        workload="=HYPERLINK(1)",
        stands_as=Decision.REAL_TIME,
        now="used on 71% of the days",
        before="used on 100% of the days",
        ask="is it still the same work?",
    )
    return [
        quarter.outcome.result.model_copy(update={"reclassifications": (asked,)})
        for quarter in walk
    ]


@pytest.fixture(scope="module")
def second(results: list[Reforecast]) -> Saved:
    return quarter_workbook(results[1])


def test_every_formula_has_its_value_and_no_check_fails(results: list[Reforecast]) -> None:
    for result in results:
        saved = quarter_workbook(result)
        assert saved.n_formulas == saved.n_valued > 100
        book = opened.values(saved.content)
        assert book.sheetnames == SHEETS
        assert opened.read(book, "checks_failed") == 0
        assert book["Quarter"]["A3"].value == "All checks pass"


def test_the_same_result_gives_the_same_bytes(results: list[Reforecast], second: Saved) -> None:
    assert quarter_workbook(results[1]).content == second.content


@pytest.mark.parametrize("name", ["moved_rows", "moved_workload_rows"])
def test_a_changed_figure_turns_the_light(second: Saved, name: str) -> None:
    book = opened.formulas(second.content)
    cell = opened.cells(book, name)[1][1]
    cell.value += 0.01
    calculator = Calculator(book, {})
    assert calculator.name("checks_failed") >= 1
    assert calculator.name("light_text") == "A check fails: see Quarter"


def test_it_says_what_the_service_says(results: list[Reforecast], second: Saved) -> None:
    book, result = opened.values(second.content), results[1]

    def usd(name: str, column: int) -> list[Decimal]:
        cells = (row[column].value for row in opened.cells(book, name))
        return [Decimal(str(round(value, 2))) for value in cells if value is not None]

    head = result.headline
    assert usd("quarter_headline_rows", 2)[:4] == [
        head.sign_for_usd,
        head.expect_to_pay_usd,
        head.budget_p80_usd,
        head.worst_case_unused_usd,
    ]
    assert usd("quarter_headline_rows", 1)[:2] == [
        results[0].headline.sign_for_usd,
        results[0].headline.expect_to_pay_usd,
    ]
    assert usd("moved_rows", 1)[1:-1] == [s.cost_change_usd for s in result.attribution.steps]
    levels = usd("moved_rows", 5)
    assert levels[-2] == levels[-1] == result.attribution.after_cost_usd
    recorded = [m.recorded_usd for m in result.burn_down.months if m.recorded_usd is not None]
    assert usd("burn_down_rows", 2) == recorded
    worth = [r.value_usd for r in result.remedies]
    assert usd("remedy_rows", 1) == worth


def test_the_bands_of_the_fan_add_up_to_p90(results: list[Reforecast], second: Saved) -> None:
    rows = [[c.value for c in row] for row in opened.cells(opened.values(second.content),
            "burn_down_rows")]  # fmt: skip
    ahead = [row for row in rows if row[1] == "ahead"]
    assert len(ahead) == 12 - results[1].months_elapsed
    for row in ahead:
        assert sum(row[11:15]) == pytest.approx(row[9])
    last = next(row for row in rows if row[0].date() == date(2027, 6, 1))
    assert (last[7], last[11], last[12:15]) == (last[2], last[2], [0, 0, 0])


def test_the_track_record_counts_itself(results: list[Reforecast]) -> None:
    result = results[3]
    book = opened.values(quarter_workbook(result).content)
    short = [s.inside_80 for s in result.track_record.scores if s.horizon != "rest of term"]
    assert book["Track record"]["B8"].value == pytest.approx(sum(short) / len(short))
    (term,) = result.track_record.terms
    (row,) = opened.cells(book, "past_term_rows")
    assert row[8].value == pytest.approx(float(term.paid_usd - term.best_cost_usd))


def test_names_of_people_stay_texts(second: Saved) -> None:
    book = opened.formulas(second.content)
    (row,) = opened.cells(book, "question_rows")
    assert (row[0].value, row[0].data_type) == ("=HYPERLINK(1)", "s")


def test_it_prints_on_landscape_a4_with_native_charts(second: Saved) -> None:
    book = load_workbook(io.BytesIO(second.content))
    for ws in book.worksheets:
        assert (ws.page_setup.orientation, ws.page_setup.paperSize) == ("landscape", 9)
        assert ws.page_setup.fitToWidth == 1
        assert ws.protection.sheet
        assert ws.print_area
    parts = zipfile.ZipFile(io.BytesIO(second.content)).namelist()
    assert len([p for p in parts if p.startswith("xl/charts/chart")]) == 2


@pytest.mark.libreoffice
def test_libreoffice_makes_the_same_of_every_formula(
    second: Saved, tmp_path: Path, convert: Callable[[Path, str], Path]
) -> None:
    file = tmp_path / "reforecast.xlsx"
    file.write_bytes(second.content)
    ours, theirs = opened.values(second.content), opened.values(convert(file, "xlsx"))
    n = 0
    for ws in opened.formulas(second.content).worksheets:
        for cell in (c for row in ws.iter_rows() for c in row if c.data_type == "f"):
            mine, other = (b[ws.title][cell.coordinate].value for b in (ours, theirs))
            if isinstance(mine, (int, float)):
                assert other == pytest.approx(mine, rel=1e-9, abs=1e-6), cell.coordinate
            else:
                assert (mine or "") == (other or ""), cell.coordinate
            n += 1
    assert n == second.n_formulas
