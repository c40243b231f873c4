"""The commands that write what is handed on."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest
from example_buyer import Buyer, run
from openpyxl import load_workbook

PROPOSAL = """\
title = "Our proposal"
term_months = 12
commitment_usd = "123456.78"
discount_share = 0.11
[[asks]]
clause = "Rollover"
ask = "half of what is unused"
"""


def pack(finished: Buyer, out: Path, *more: object) -> tuple[int, str, str]:
    found = run("vendor-pack", finished.out / "recommendation.json", "--out", out, *more)
    return found.exit_code, found.stdout, found.stderr


def test_the_proposal_is_stated_and_nothing_is_filled_in(finished: Buyer, tmp_path: Path) -> None:
    code, _, said = pack(finished, tmp_path / "pack.xlsx", "--discount", "0.1")
    assert code == 2
    assert "--commitment" in said
    assert "--term-months" in said
    assert not (tmp_path / "pack.xlsx").exists()


def test_a_file_and_options_are_one_proposal_too_many(finished: Buyer, tmp_path: Path) -> None:
    file = tmp_path / "proposal.toml"
    file.write_text(PROPOSAL)
    code, _, said = pack(
        finished, tmp_path / "pack.xlsx", "--proposal", file, "--term-months", "12"
    )
    assert code == 2
    assert "give one of them" in said


@pytest.mark.parametrize("line", ['overage = "discounted"', "sign_for_usd = 1", "rollover_share=2"])
def test_faults_of_the_proposal_are_named(finished: Buyer, tmp_path: Path, line: str) -> None:
    file = tmp_path / "proposal.toml"
    file.write_text(line + "\n" + PROPOSAL)
    code, _, said = pack(finished, tmp_path / "pack.xlsx", "--proposal", file)
    assert code == 2
    assert "proposal.toml" in said


def test_options_and_a_file_make_the_same_pack(finished: Buyer, tmp_path: Path) -> None:
    file = tmp_path / "proposal.toml"
    file.write_text(PROPOSAL.replace('title = "Our proposal"\n', ""))
    one, other = tmp_path / "one.xlsx", tmp_path / "other.xlsx"
    assert pack(finished, one, "--proposal", file)[0] == 0
    options = ("--commitment", "123456.78", "--discount", "0.11", "--term-months", "12")
    asked = ("--ask", "Rollover: half of what is unused")
    assert pack(finished, other, *options, *asked)[0] == 0
    assert one.read_bytes() == other.read_bytes()


def test_the_evidence_is_chosen_and_anonymous(finished: Buyer, tmp_path: Path) -> None:
    file, out = tmp_path / "proposal.toml", tmp_path / "pack.xlsx"
    file.write_text(PROPOSAL)
    code, said, _ = pack(finished, out, "--proposal", file, "--evidence", "nightly tags", "--json")
    assert code == 0
    held = json.loads(said)["holds"]
    assert held["claims"][0]["evidence"] == [
        {"workload": "Workload A", "change": "batch 100 %", "stage": "piloted; accepted"}
    ]
    with zipfile.ZipFile(io.BytesIO(out.read_bytes())) as parts:
        assert not any(b"nightly" in parts.read(name) for name in parts.namelist())
    assert load_workbook(out)["Proposal"]["A1"].value == "Our proposal"
