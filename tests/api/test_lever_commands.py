"""Commands that draft or change an inventory: clocks, questionnaires and splits."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from example_buyer import WORKLOADS, run
from openpyxl import load_workbook

from api.documents import load_portfolio
from excel_templates.question_columns import COLUMNS
from excel_templates.questionnaire import FIRST_ROW, SHEET
from forecast.records.workloads import Archetype


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


def test_a_draft_reads_the_clock_of_a_request_log(tmp_path: Path) -> None:
    """One key fires at 2:02 every night, another one is used over the working day."""
    rng = np.random.default_rng(3)
    lines = ["time,model,api_key,input_tokens,output_tokens"]
    for day in range(30):
        start = datetime(2026, 9, 1, tzinfo=UTC) + timedelta(days=day)
        nightly = 2 * 3600 + 120 + rng.random(60) * 40
        office = np.clip(rng.normal(13, 2.6, size=60), 7, 20) * 3600
        for key, seconds in (("job-7", nightly), ("job-8", office)):
            lines += [
                f"{(start + timedelta(seconds=float(s))).isoformat()},claude-opus-5,{key},2000,200"
                for s in np.sort(seconds)
            ]
    log, usage = tmp_path / "log.csv", tmp_path / "usage.parquet"
    arrivals = tmp_path / "arrivals.parquet"
    log.write_text("\n".join(lines) + "\n")
    found = run("import", log, "--out", usage, "--arrivals", arrivals)
    assert found.exit_code == 0, found.output
    found = run("init", usage, "--arrivals", arrivals, "--out", tmp_path / "drafts")
    assert found.exit_code == 0, found.output
    drafted = load_portfolio(tmp_path / "drafts/workloads.toml")
    kinds = {w.name: w.archetype for w in drafted.workloads}
    assert kinds == {"job-7": Archetype.OVERNIGHT_ENRICHMENT, "job-8": Archetype.INTERACTIVE}
    assert all(w.latency.needed_at_once is None and w.batch is None for w in drafted.workloads)
