"""Typed workbooks as files of the next run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import opened
import pytest
from example_buyer import Buyer, run
from openpyxl import Workbook, load_workbook

from api.documents import load_offer, load_portfolio, load_terms
from api.results import read_result
from forecast.records.workloads import OwnerState


@pytest.fixture
def typed(finished: Buyer, tmp_path: Path) -> Path:
    """A negotiation workbook in the meeting: renamed, away from its recommendation."""
    path = tmp_path / "minutes of the meeting.xlsx"
    shutil.copy(finished.out / "negotiation.xlsx", path)
    return path


def change(path: Path, changes: dict[object, object]) -> None:
    book = load_workbook(path)
    opened.type_in(book, changes)
    book.save(path)


def imported(path: Path, out: Path, *more: object) -> tuple[int, str, str]:
    found = run("import-workbook", path, "--out", out, *more)
    return found.exit_code, found.stdout, found.stderr


def test_a_counter_offer_becomes_files_that_the_next_run_reads(
    finished: Buyer, typed: Path, tmp_path: Path
) -> None:
    answer = read_result(finished.out).recommendation()
    change(
        typed,
        {"in_commitment": 160_000, "in_overage": "committed_rate", ("in_tier_discount", 3): 0.14,
         ("in_line_on", 1): 0, "in_growth_shock": 0.2},
    )  # fmt: skip
    out = tmp_path / "typed"
    code, said, _ = imported(typed, out, "--recommendation", finished.out, "--json")
    assert code == 0
    assert [Path(f).name for f in json.loads(said)["files"]] == [
        "offer_typed.toml", "terms.toml", "workloads.toml"
    ]  # fmt: skip
    assert json.loads(said)["notes"] == [
        "growth shock 0.2 is a question of the meeting, and in none of the files"
    ]
    terms, offer = load_terms(out / "terms.toml"), load_offer(out / "offer_typed.toml")
    tiers = answer.terms.tiers
    better = tiers[2].model_copy(update={"discount_share": 0.14})
    expected = {"overage": "committed_rate", "tiers": (*tiers[:2], better)}
    assert terms == answer.terms.model_copy(update=expected)
    assert (offer.terms, offer.commitment_usd) == (terms, 160_000)
    nightly = load_portfolio(out / "workloads.toml").by_name("nightly tags")
    assert nightly is not None
    assert nightly.owner_state is OwnerState.PROPOSED
    scored = run("compare-offers", finished.out, "--terms", out / "offer_typed.toml", "--json")
    assert json.loads(scored.stdout)["offers"][0]["commitment_usd"] == "160000.00"


def test_untouched_it_gives_back_what_it_was_made_from(finished: Buyer, tmp_path: Path) -> None:
    out = tmp_path / "typed"
    assert imported(finished.out / "negotiation.xlsx", out)[0] == 0
    assert load_terms(out / "terms.toml") == load_terms(finished.terms)
    assert load_portfolio(out / "workloads.toml") == load_portfolio(finished.workloads)


def test_away_from_its_recommendation_it_says_what_is_needed(typed: Path, tmp_path: Path) -> None:
    code, _, said = imported(typed, tmp_path / "typed")
    assert code == 2
    assert "--recommendation" in said


def test_nothing_is_written_when_a_cell_cannot_be_used(
    finished: Buyer, typed: Path, tmp_path: Path
) -> None:
    change(typed, {"in_commitment": "1.5 M", "in_overage": "free"})
    code, _, said = imported(typed, tmp_path / "typed", "--recommendation", finished.out)
    assert code == 2
    assert "Inputs!B6" in said
    assert said.count("Inputs!") == 2
    assert not (tmp_path / "typed").exists()


def test_init_hands_out_an_intake_workbook_that_comes_back(buyer: Buyer, tmp_path: Path) -> None:
    drafts, out = tmp_path / "drafts", tmp_path / "typed"
    assert run("init", buyer.usage, "--out", drafts).exit_code == 0
    book = load_workbook(drafts / "intake.xlsx")
    for column, value in ((1, 200_000), (2, 150_000)):
        opened.cells(book, "intake_commitment_usd")[0][column].value = value
    book.save(drafts / "intake.xlsx")
    assert imported(drafts / "intake.xlsx", out)[0] == 0
    assert load_terms(out / "terms.toml") == load_terms(drafts / "terms.toml")
    assert load_portfolio(out / "workloads.toml") == load_portfolio(drafts / "workloads.toml")
    assert [load_offer(out / f"offer_{x}.toml").commitment_usd for x in "ab"] == [200_000, 150_000]


def test_another_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "negotiation.xlsx"
    Workbook().save(path)
    code, _, said = imported(path, tmp_path / "typed")
    assert code == 2
    assert "defined names" in said
