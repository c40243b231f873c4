"""explain-terms, its schema and calendar; commitments as FOCUS rows."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from example_buyer import Buyer
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from api.cli import app
from api.documents import load_offer, load_terms

RUNNER = CliRunner()
TERMS = """
name = "Order form"
term_start = 2027-01-01
term_months = 24
kind = "burn_down"
[[tiers]]
from_commitment_usd = "0"
discount_share = 0.0
[[tiers]]
from_commitment_usd = "250000"
discount_share = 0.12
[[true_downs]]
after_months = 12
reduction_share = 0.2
notice_days = 45
[renewal]
notice_days = 60
"""


@pytest.fixture
def terms_file(tmp_path: Path) -> Path:
    path = tmp_path / "terms.toml"
    path.write_text(TERMS)
    return path


def run(*arguments: object) -> str:
    answer = RUNNER.invoke(app, [str(a) for a in arguments])
    assert answer.exit_code == 0, answer.output
    return answer.stdout


def test_terms_are_explained_with_their_days(terms_file: Path, tmp_path: Path) -> None:
    shown = run("explain-terms", terms_file)
    assert "runs 24 months, from 2027-01-01 to 2028-12-31" in shown
    assert "2028-11-02  Last day to give notice" in shown
    found = json.loads(run("explain-terms", terms_file, "--json", "--ics", tmp_path / "x.ics"))
    last = {d["day"] for d in found["dates"] if d["is_last_day_to_act"]}
    assert last == {"2027-11-17", "2028-11-02"}
    calendar = (tmp_path / "x.ics").read_bytes().decode()
    lines = calendar.split("\r\n")
    assert (lines[0], lines[-2], lines[-1]) == ("BEGIN:VCALENDAR", "END:VCALENDAR", "")
    assert lines.count("BEGIN:VEVENT") == len(found["dates"])
    assert lines.count("TRIGGER:-P14D") == 2
    assert "DTSTART;VALUE=DATE:20281102" in lines
    assert max(len(line.encode()) for line in lines) <= 75
    unfolded = calendar.replace("\r\n ", "")
    assert "SUMMARY:Order form: Last day to give notice\\; without it" in unfolded


def test_the_schema_takes_a_terms_file_and_refuses_a_wrong_one(terms_file: Path) -> None:
    schema = json.loads(run("explain-terms", "--schema"))
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    good = load_terms(terms_file).model_dump(mode="json")
    assert not list(validator.iter_errors(good))
    assert list(validator.iter_errors(good | {"overage": "free"}))
    assert list(validator.iter_errors(good | {"surprise": 1}))


def test_contradictions_are_refused_by_the_command(terms_file: Path) -> None:
    terms_file.write_text(TERMS.replace("after_months = 12", "after_months = 7"))
    answer = RUNNER.invoke(app, ["explain-terms", str(terms_file)])
    assert answer.exit_code == 2
    assert "true_downs" in answer.stderr
    assert "settlement" in answer.stderr


def test_a_commitment_in_force_becomes_an_offer_file(tmp_path: Path) -> None:
    rows = (
        "ContractId,ContractCommitmentLifecycleStatus,ContractCommitmentPeriodStart,"
        "ContractCommitmentPeriodEnd,ContractCommitmentCost,ContractCommitmentDiscountPercentage,"
        "ContractCommitmentFulfillmentInterval\r\n"
        "C-9,Active,2027-01-01T00:00:00Z,2028-01-01T00:00:00Z,500000,0.1,Annual\r\n"
        "C-9,Pending,2028-01-01T00:00:00Z,2029-01-01T00:00:00Z,700000,0.1,Annual\r\n"
    )
    (tmp_path / "focus.csv").write_text(rows, newline="")
    run("import-commitment", tmp_path / "focus.csv", "--out", tmp_path / "current.toml")
    offer = load_offer(tmp_path / "current.toml")
    assert offer.schedule_usd is not None
    assert [str(amount) for amount in offer.schedule_usd] == ["500000", "700000"]
    assert offer.terms.tier_for(offer.total_usd).discount_share == 0.1


def test_a_recommendation_is_proposed_in_focus_rows(finished: Buyer, tmp_path: Path) -> None:
    out = tmp_path / "proposed.csv"
    run("export-commitment", finished.out / "recommendation.json", "--out", out)
    rows = list(csv.DictReader(out.read_text().splitlines()))
    result = json.loads((finished.out / "recommendation.json").read_text())
    assert [row["ContractCommitmentCost"] for row in rows] == [
        part["commitment_usd"] for part in result["commitment"]["schedule"]
    ]
    assert {row["ContractCommitmentLifecycleStatus"] for row in rows} == {"Proposed"}
