from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from example_buyer import TERMS, TWELVE_WEEKS, WORKLOADS, Buyer, run, usage_csv
from openpyxl import load_workbook

from api.results import (
    ANSWER,
    DAILY,
    SCENARIOS,
    WORKBOOK,
    digest,
    read_result,
)
from forecast.errors import InputError
from forecast.records.recommendation import Recommendation

EVERYTHING = [
    "evidence/daily.parquet",
    "evidence/rate_card.json",
    "evidence/scenarios.parquet",
    "evidence/terms.toml",
    "evidence/workloads.toml",
    "negotiation.xlsx",
    "recommendation.json",
]


def test_a_recommendation_is_written_with_its_evidence(finished: Buyer) -> None:
    written = sorted(
        str(p.relative_to(finished.out)) for p in finished.out.rglob("*") if p.is_file()
    )
    assert written == EVERYTHING
    assert (finished.out / "evidence" / "terms.toml").read_text() == TERMS
    assert (finished.out / "evidence" / "workloads.toml").read_text() == WORKLOADS


def test_the_provenance_names_the_digest_of_every_input_and_evidence_file(
    finished: Buyer,
) -> None:
    inputs = json.loads((finished.out / ANSWER).read_text())["provenance"]["inputs"]
    named = {i["name"]: i["sha256"] for i in inputs}
    expected = {
        **{
            name: finished.directory / name
            for name in ("usage.csv", "workloads.toml", "terms.toml")
        },
        **{name: finished.out / name for name in EVERYTHING if name.startswith("evidence/")},
    }
    assert named == {name: digest(path.read_bytes()) for name, path in expected.items()}


def test_a_result_reads_back_with_its_decision_set(finished: Buyer) -> None:
    stored = read_result(finished.out / ANSWER)
    assert isinstance(stored.result, Recommendation)
    assert stored.result.model_dump_json(indent=2) + "\n" == (finished.out / ANSWER).read_text()
    decisions = stored.decisions()
    assert decisions.n_scenarios == stored.result.provenance.n_scenarios
    assert {w.name for w in stored.result.workloads} <= set(decisions.workloads)


@pytest.mark.slow
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_the_same_inputs_give_the_same_bytes_in_another_process(
    finished: Buyer, buyer: Buyer, jobs: str
) -> None:
    command = [sys.executable, "-m", "api.cli", *map(str, buyer.arguments()), "--jobs", jobs]
    environment = os.environ | {"PYTHONHASHSEED": jobs, "TZ": "Asia/Tokyo"}
    subprocess.run(command, check=True, capture_output=True, env=environment, timeout=200)
    for name in EVERYTHING:
        assert (buyer.out / name).read_bytes() == (finished.out / name).read_bytes(), name


def copy_of(finished: Buyer, place: Path) -> Path:
    for name in EVERYTHING:
        target = place / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((finished.out / name).read_bytes())
    return place


@pytest.mark.parametrize("name", [SCENARIOS, DAILY])
def test_changed_or_absent_evidence_is_noticed(finished: Buyer, tmp_path: Path, name: str) -> None:
    place = copy_of(finished, tmp_path)
    (place / name).write_bytes((place / name).read_bytes() + b" ")
    with pytest.raises(InputError, match="its SHA-256 differs") as caught:
        read_result(place)
    assert caught.value.file == name
    (place / name).unlink()
    with pytest.raises(InputError, match="is absent"):
        read_result(place)


def with_inputs(document: dict[str, Any], name: str) -> dict[str, Any]:
    inputs = [{"name": name, "sha256": ""}]
    return document | {"provenance": document["provenance"] | {"inputs": inputs}}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d | {"status": "signed"}, "not what `commitment recommend` writes"),
        (lambda d: d | {"surprise": 1}, "surprise"),
        (lambda d: [d], "not what `commitment recommend` writes"),
        (lambda d: with_inputs(d, "evidence/../../secret"), "an evidence file nobody writes"),
    ],
)
def test_what_is_no_result_is_refused(finished: Buyer, tmp_path: Path, change, says) -> None:
    place = copy_of(finished, tmp_path)
    document = change(json.loads((place / ANSWER).read_text()))
    (place / ANSWER).write_text(json.dumps(document))
    with pytest.raises(InputError, match=says):
        read_result(place)


def test_a_refusal_takes_the_place_of_an_older_result(finished: Buyer, buyer: Buyer) -> None:
    copy_of(finished, buyer.out)
    (buyer.out / "notes.txt").write_text("mine")
    buyer.write(usage_csv(last=TWELVE_WEEKS))
    assert buyer.recommend().exit_code == 3
    left = sorted(p.name for p in buyer.out.iterdir())
    assert left == ["notes.txt", ANSWER]


@pytest.mark.parametrize("existing", [pytest.param(False, marks=pytest.mark.slow), True])
def test_a_failure_in_the_last_step_leaves_nothing_half_written(
    buyer: Buyer, monkeypatch: pytest.MonkeyPatch, existing: bool
) -> None:
    if existing:
        buyer.out.mkdir()
        (buyer.out / ANSWER).write_text("older")
    before = buyer.files()
    move = Path.replace
    failures = []

    def fail_at_the_end(self: Path, target: Path) -> Path:
        last = buyer.out / ANSWER if existing else buyer.out
        if Path(target) == last and not failures:
            failures.append(target)
            raise OSError(28, "No space left on device", str(target))
        return move(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", fail_at_the_end)
        answer = buyer.recommend()
    assert answer.exit_code == 1
    assert "No space left on device" in answer.stderr
    assert buyer.files() == before
    if existing:
        assert (buyer.out / ANSWER).read_text() == "older"


def test_a_failing_workbook_leaves_nothing(buyer: Buyer, tmp_path: Path) -> None:
    before = buyer.files()
    template = tmp_path / "template.xlsx"
    template.write_bytes(b"no workbook")
    answer = buyer.recommend("--template", str(template))
    assert answer.exit_code == 2, answer.output
    template.unlink()
    assert buyer.files() == before


def test_the_workbook_is_one(finished: Buyer) -> None:
    book = load_workbook(finished.out / WORKBOOK, read_only=True)
    assert "Inputs" in book.sheetnames
    book.close()


def test_the_workbook_can_be_written_again(finished: Buyer, tmp_path: Path) -> None:
    again = tmp_path / "again.xlsx"
    answer = run("workbook", finished.out / ANSWER, "--out", again)
    assert answer.exit_code == 0, answer.output
    assert again.read_bytes() == (finished.out / WORKBOOK).read_bytes()


def test_the_workbook_compares_with_an_earlier_result(finished: Buyer, tmp_path: Path) -> None:
    compared = tmp_path / "compared.xlsx"
    answer = finished.out / ANSWER
    told = run("workbook", answer, "--out", compared, "--previous", answer)
    assert told.exit_code == 0, told.output
    book = load_workbook(compared, data_only=True)
    rows = list(book["Changes"].iter_rows(min_row=7, max_col=6, values_only=True))
    (row,) = [r for r in rows if r[1] == "Sign for"]
    assert row[2] == row[3]
    assert row[4] == 0
    assert not [r for r in rows if r[0] in ("contract", "input", "workload")]


def test_offers_stand_on_the_workbook(finished: Buyer, tmp_path: Path) -> None:
    offered = tmp_path / "offered.xlsx"
    offer = tmp_path / "offer.toml"
    terms = finished.terms.read_text()
    offer.write_text(f'commitment_usd = "150000"\n{terms}')
    told = run("workbook", finished.out / ANSWER, "--out", offered, "--terms", offer)
    assert told.exit_code == 0, told.output
    book = load_workbook(offered, data_only=True)
    service = [r for r in book["Offers"].iter_rows(values_only=True) if r[1] == 150_000]
    assert len(service) == 2
    live, scored = service
    assert live[2] == scored[2]
    assert live[4] == pytest.approx(scored[4], abs=0.0051)
    assert live[5] == pytest.approx(scored[6], abs=0.0051)
