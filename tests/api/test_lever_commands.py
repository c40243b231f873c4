"""Commands that change an inventory: questionnaires and splits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from example_buyer import WORKLOADS, run
from openpyxl import load_workbook

from api.documents import load_portfolio
from excel_templates.question_columns import COLUMNS
from excel_templates.questionnaire import FIRST_ROW, SHEET


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    path = tmp_path / "workloads.toml"
    path.write_text(WORKLOADS, encoding="utf-8")
    return path


def test_a_questionnaire_goes_out_and_comes_back(inventory: Path) -> None:
    asked, answered = inventory.with_name("q.xlsx"), inventory.with_name("answered.toml")
    assert run("questionnaire", inventory, "--out", asked).exit_code == 0
    book = load_workbook(asked)
    column = {c.field: i for i, c in enumerate(COLUMNS, start=1)}
    book[SHEET].cell(FIRST_ROW, column["latency.deadline_hours"]).value = 6
    book.save(asked)
    found = run(
        "import-questionnaire", asked, "--workloads", inventory, "--out", answered, "--json"
    )
    assert found.exit_code == 0, found.output
    assert json.loads(found.stdout)["changed"] == ["nightly tags"]
    before, after = load_portfolio(inventory), load_portfolio(answered)
    assert after.workloads[0].latency.deadline_hours == 6
    assert after.workloads[1] == before.workloads[1]


def test_a_faulty_answer_writes_nothing(inventory: Path) -> None:
    asked, answered = inventory.with_name("q.xlsx"), inventory.with_name("answered.toml")
    run("questionnaire", inventory, "--out", asked)
    book = load_workbook(asked)
    column = {c.field: i for i, c in enumerate(COLUMNS, start=1)}
    book[SHEET].cell(FIRST_ROW, column["batch.share"]).value = 80
    book.save(asked)
    found = run("import-questionnaire", asked, "--workloads", inventory, "--out", answered)
    assert found.exit_code == 2
    assert "q.xlsx, column Questions!R6: is 80; write a share from 0 to 1" in found.output
    assert not answered.exists()


def test_a_workload_is_divided(inventory: Path) -> None:
    out = inventory.with_name("divided.toml")
    found = run(
        "split-workload", inventory, "--name", "nightly tags", "--asynchronous-share", "0.7",
        "--evidence", "the log of May", "--answered-by", "Ana", "--answered-on", "2026-11-20",
        "--out", out,
    )  # fmt: skip
    assert found.exit_code == 0, found.output
    names = [w.name for w in load_portfolio(out).workloads]
    assert names == ["nightly tags, real time", "nightly tags, asynchronous", "chat"]
