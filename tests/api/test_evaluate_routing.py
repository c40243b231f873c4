"""Paired evaluations from the file to the command and the recommendation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from example_buyer import Buyer
from typer.testing import CliRunner

from api.cli import app
from api.documents import load_portfolio
from api.evidence_files import with_evidence
from api.results import read_result
from api.run import portfolio_document, portfolio_file
from forecast.errors import WorkloadError
from forecast.records.evidence_states import Evidence

SIGNED = ["--margin", "0.03", "--declared-by", "Ana", "--declared-on", "2026-10-01"]


def csv_of(both: int, only_today: int, only_lighter: int) -> str:
    kinds = [("1", "1")] * both + [("1", "0")] * only_today + [("0", "1")] * only_lighter
    rows = [f"c{i},big,{t}\nc{i},small,{x}" for i, (t, x) in enumerate(kinds)]
    return "\n".join(["case,model,pass", *rows]) + "\n"


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    path = tmp_path / "answers.csv"
    path.write_text(csv_of(800, 50, 50))
    return path


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["evaluate-routing", *map(str, arguments)])
    return result.exit_code, result.output


def test_a_declared_margin_proves_the_swap(answers: Path) -> None:
    code, said = run(answers, "--lighter", "small", *SIGNED, "--evaluated-on", "2026-10-09")
    assert code == 0
    assert "earns the state proven, good enough" in said
    assert "declared by Ana on 2026-10-01" in " ".join(said.split())


def test_json_gives_every_figure(answers: Path) -> None:
    code, said = run(answers, "--lighter", "small", "--json")
    found = json.loads(said)
    assert code == 0
    assert (found["n_cases"], found["difference"], found["state"]) == (900, 0.0, "piloted")
    assert found["lower"] == pytest.approx(-0.0221, abs=1e-4)


def test_a_margin_needs_a_name_and_a_day(answers: Path) -> None:
    code, said = run(answers, "--lighter", "small", "--margin", "0.03")
    assert (code, "a margin counts with who" in said) == (2, True)
    code, said = run(answers, "--lighter", "small", "--margin", "3")
    assert (code, "write 0.03 for 3 points" in said) == (2, True)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("a,big,1\na,small,1.2", "row 2, column pass: is 1.2, and has to be from 0 to 1"),
        ("a,big,1\na,small,nan", "row 2, column pass: is not a number: 'nan'"),
        ("a,big,1\na,small,", "row 2, column pass: is empty"),
        ("a,big,1\n,small,1", "row 2, column case: is empty"),
        ("a,big,1\na,small,1\nb,big,1", "row 3, column case: 'b' was answered by big and not"),
        ("a,big,1\na,small,1\na,small,0", "row 3, column pass: 'a' of small is 1 in row 2"),
        ("a,big,1\na,small,1,0", "row 2: has 4 cells where the header has 3"),
        ("", "holds no rows"),
    ],
)
def test_bad_evidence_is_refused_with_the_cell(tmp_path: Path, rows: str, said: str) -> None:
    path = tmp_path / "answers.csv"
    path.write_text(f"case,model,pass\n{rows}\n")
    code, output = run(path, "--lighter", "small")
    assert code == 2
    assert said in output


def test_a_column_that_is_absent_is_named(tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    path.write_text("case,model,score\na,big,1\n")
    code, output = run(path, "--lighter", "small")
    assert (code, "column pass: is missing" in output) == (2, True)


INVENTORY = """
[[workloads]]
name = "triage"
[workloads.routing]
to_model = "small"
evaluation = "answers.csv"
evaluated_on = 2026-10-09
margin = { margin_share = 0.03, declared_by = "Ana", declared_on = 2026-10-01 }
"""


def test_the_inventory_reads_its_evaluation(answers: Path) -> None:
    inventory = answers.with_name("workloads.toml")
    inventory.write_text(INVENTORY)
    document = portfolio_file(inventory)
    lever = document.record.workloads[0].routing
    assert lever is not None
    assert lever.evaluated is not None
    assert lever.evaluated.state is Evidence.PROVEN
    assert lever.pass_share == pytest.approx(850 / 900)
    (attached,) = document.attachments
    assert (attached.name, attached.data) == ("answers.csv", answers.read_bytes())


def test_faults_of_the_evidence_name_the_inventory_or_the_file(answers: Path) -> None:
    inventory = answers.with_name("workloads.toml")
    inventory.write_text(INVENTORY.replace("answers.csv", "other.csv"))
    with pytest.raises(Exception, match=r"other.csv: cannot be read"):
        portfolio_file(inventory)
    inventory.write_text(INVENTORY + "pass_share = 0.5\n")
    with pytest.raises(WorkloadError, match=r"measured 0\.9444") as raised:
        portfolio_file(inventory)
    assert raised.value.file == "workloads.toml"
    assert raised.value.column == "workloads[0].routing.pass_share"


def test_a_request_carries_no_files() -> None:
    with pytest.raises(WorkloadError, match="a request carries none") as raised:
        portfolio_document(INVENTORY.encode(), "workloads.toml")
    assert raised.value.column == "workloads[0].routing.evaluation"


def test_an_inventory_without_evidence_files_is_left_alone(tmp_path: Path) -> None:
    plain = load_portfolio('[[workloads]]\nname = "a"\n')
    found, attached = with_evidence(plain, tmp_path)
    assert (found is plain, attached) == (True, ())


INVENTORY_WITH_FILES = """\
[[workloads]]
name = "nightly tags"
owner = "Ana"
owner_state = "accepted"
match = [{ api_key = "nightly-*" }]
[workloads.latency]
needed_at_once = false
deadline_hours = 3
turnaround = "batches.csv"
[workloads.batch]
evidence = "piloted"
[workloads.routing]
to_model = "claude-haiku-4-5"
share = 0.5
evaluation = "answers.csv"
evaluated_on = 2026-10-09
margin = { margin_share = 0.03, declared_by = "Ana", declared_on = 2026-10-01 }

[[workloads]]
name = "chat"
match = [{ api_key = "chat-1" }]
"""


def test_the_recommendation_rests_on_the_files(tmp_path: Path, usage_text: str) -> None:
    buyer = Buyer(tmp_path).write(usage_text, workloads=INVENTORY_WITH_FILES)
    text = csv_of(800, 50, 50).replace("big", "claude-opus-5").replace("small", "claude-haiku-4-5")
    (tmp_path / "answers.csv").write_text(text)
    (tmp_path / "batches.csv").write_text("hours,outcome\n" + "0.5,done\n" * 400)
    answer = buyer.recommend()
    assert answer.exit_code == 0, answer.output
    stored = read_result(buyer.out)
    assert "evidence/attachment_1.csv" in stored.files
    assert (buyer.out / "evidence/attachment_1.csv").read_text() == text
    result = stored.recommendation()
    named = {i.name for i in result.provenance.inputs}
    assert {"answers.csv", "batches.csv"} <= named
    found = next(e for e in result.workload_evidence if e.workload == "nightly tags")
    assert found.evaluation is not None
    assert found.evaluation.state is Evidence.PROVEN
    assert found.guard.turnaround.startswith("400 batches of batches.csv")
    assert found.guard.late_share < 0.05  # the published turnaround alone would say 13 %
    saved = next(w for w in result.workloads if w.name == "nightly tags")
    assert {lever.lever for lever in saved.levers} == {"routing", "batch"}
    assumed = {a.name: a for a in result.assumptions}
    assert assumed["nightly tags: routing to claude-haiku-4-5 pass share"].value == "0.9444"
    assert "measured batches" in assumed["batch turnaround"].value
