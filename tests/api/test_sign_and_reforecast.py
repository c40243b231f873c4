"""From an executed contract to its quarters, through the command line."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from pathlib import Path

import pytest
from contract_buyer import Q1, ContractBuyer, executed
from example_buyer import WORKLOADS, Buyer, run, usage_csv

from api.reforecasts import QUARTER_WORKBOOK, REFORECAST, SUMMARY


@pytest.fixture
def buyer(tmp_path: Path, finished: Buyer) -> ContractBuyer:
    return ContractBuyer(tmp_path, finished)


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory, finished: Buyer) -> ContractBuyer:
    """With a first quarter in Q1; tests only read it."""
    found = ContractBuyer(tmp_path_factory.mktemp("signed"), finished)
    assert found.sign().exit_code == 0
    answer = found.reforecast(found.directory / "Q1")
    assert answer.exit_code == 0, answer.output
    return found


def tree(directory: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(directory)): p.read_bytes() for p in directory.rglob("*") if p.is_file()
    }


def test_a_contract_is_kept_with_its_deviation(buyer: ContractBuyer) -> None:
    answer = buyer.sign("--json")
    assert answer.exit_code == 0, answer.output
    contract = json.loads(answer.stdout)
    assert answer.stdout == buyer.contract.read_text()
    assert contract["signature"]["signatory"] == "Ana Ruiz, CFO"
    assert contract["schedule"][0]["commitment_usd"] == "125000.00"
    deviation = {name: Decimal(v) for name, v in contract["deviation"].items() if "_usd" in name}
    assert deviation["price_usd"] == (
        deviation["signed_expected_cost_usd"] - deviation["advised_expected_cost_usd"]
    )
    assert deviation["price_usd"] > 0


def test_signing_twice_says_so_and_another_contract_is_not_written_over(
    buyer: ContractBuyer,
) -> None:
    assert "The contract is" in buyer.sign().stdout
    before = buyer.contract.read_bytes()
    assert "was there already" in buyer.sign().stdout
    buyer.terms.write_text(executed("126000.00"))
    refused = buyer.sign()
    assert (refused.exit_code, buyer.contract.read_bytes()) == (2, before)
    assert "holds another contract" in refused.stderr


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (executed(signature=""), "signature.signatory: is missing"),
        (executed(signature='[signature]\nsignatory = "Ana"\nsigned_on = 2026-12-18\n'), "reason"),
        (executed(signature="signature = 3\n"), "is not a known key"),
        (executed().replace("term_months = 12", "term_months = 24"), "recommend again"),
        (executed().replace('commitment_usd = "125000.00"\n', ""), "commitment_usd"),
    ],
)
def test_what_cannot_be_signed_is_refused_at_its_place(
    buyer: ContractBuyer, text: str, says: str
) -> None:
    buyer.terms.write_text(text)
    refused = buyer.sign()
    assert refused.exit_code == 2
    assert says in refused.stderr
    assert "executed.toml" in refused.stderr
    assert not buyer.contract.exists()


def test_the_command_line_may_say_who_signed(buyer: ContractBuyer) -> None:
    buyer.terms.write_text(executed(signature=""))
    answer = buyer.sign("--signatory", "Bo", "--signed-on", "2026-12-20", "--reason", "because")
    assert answer.exit_code == 0, answer.output
    assert json.loads(buyer.contract.read_text())["signature"] == {
        "signatory": "Bo",
        "signed_on": "2026-12-20",
        "reason": "because",
    }


def test_a_quarter_is_written_with_what_the_next_one_needs(signed: ContractBuyer) -> None:
    assert sorted(tree(signed.directory / "Q1")) == [
        "evidence/daily.parquet",
        "evidence/rate_card.json",
        "evidence/scenarios.parquet",
        "evidence/workloads.toml",
        REFORECAST,
        SUMMARY,
        QUARTER_WORKBOOK,
    ]
    result = json.loads((signed.directory / "Q1" / REFORECAST).read_text())
    steps = result["attribution"]["steps"]
    change = sum(Decimal(s["cost_change_usd"]) for s in steps)
    before, after = (Decimal(result["attribution"][f"{w}_cost_usd"]) for w in ("before", "after"))
    assert before + change == after
    assert result["provenance"]["as_of"] == str(Q1)


def test_the_same_quarter_again_changes_nothing_and_says_so(signed: ContractBuyer) -> None:
    before = tree(signed.directory / "Q1")
    again = signed.reforecast(signed.directory / "Q1")
    assert again.exit_code == 0
    assert again.stdout.startswith("Nothing changed")
    assert tree(signed.directory / "Q1") == before


def test_the_next_quarter_stands_on_the_last_one(signed: ContractBuyer, tmp_path: Path) -> None:
    answer = run(
        "reforecast", "--contract", signed.contract, "--previous", signed.directory / "Q1",
        "--usage", signed.later, "--out", tmp_path / "Q2", "--json",
    )  # fmt: skip
    assert answer.exit_code == 0, answer.output
    result = json.loads(answer.stdout)
    assert result["months_elapsed"] == 6
    first = json.loads((signed.directory / "Q1" / REFORECAST).read_text())
    assert result["attribution"]["before_cost_usd"] == first["attribution"]["after_cost_usd"]
    assert len(result["track_record"]["scores"]) == 2
    moved = {s["step"] for s in result["attribution"]["steps"] if s["cost_change_usd"] != "0"}
    assert "contract change" not in {m for m in moved if Decimal(_cost(result, m))}


def _cost(result: dict, step: str) -> str:
    return next(s["cost_change_usd"] for s in result["attribution"]["steps"] if s["step"] == step)


def test_the_summary_shows_the_page_as_markdown(signed: ContractBuyer) -> None:
    text = (signed.directory / "Q1" / SUMMARY).read_text()
    result = json.loads((signed.directory / "Q1" / REFORECAST).read_text())
    assert text.startswith("# Draft of the vendor: re-forecast of 2027-03-31\n")
    for title in ("What moved", "Burn-down", "What can be done", "Track record"):
        assert f"## {title}" in text
    expected = round(Decimal(result["headline"]["expect_to_pay_usd"]))
    assert f"| Expect to pay | ${expected:,} |" in text


def test_a_balance_statement_is_reconciled(signed: ContractBuyer, tmp_path: Path) -> None:
    statement = tmp_path / "balance.csv"
    statement.write_text(
        "as_of,period_start,committed_usd,drawn_usd,remaining_usd\n"
        "2027-03-31,2027-01-01,125000.00,61000.00,64000.00\n"
    )
    answer = signed.reforecast(tmp_path / "Q1", "--balance", statement, "--json")
    (check,) = json.loads(answer.stdout)["balance"]
    assert check["agrees"] is False
    ours = Decimal(check["our_drawn_usd"])
    assert Decimal(check["difference_usd"]) == Decimal("61000.00") - ours


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("as_of,period_start,drawn_usd\n", "column committed_usd: is missing"),
        ("as_of,period_start,committed_usd,drawn_usd\n", "holds no line"),
        (
            "as_of,period_start,committed_usd,drawn_usd\n2027-03-31,2027-01-01,10,x\n",
            "row 1, column drawn_usd: is no amount",
        ),
        (
            "as_of,period_start,committed_usd,drawn_usd\n31/03/2027,2027-01-01,10,1\n",
            "row 1, column as_of: is no day",
        ),
        (
            "as_of,period_start,committed_usd,drawn_usd,remaining_usd\n"
            "2027-03-31,2027-01-01,10,1,8\n",
            "row 1, column remaining_usd: is 8",
        ),
        (
            "as_of,period_start,committed_usd,drawn_usd\n2027-03-31,2027-01-01,-10,1\n",
            "row 1, column committed_usd",
        ),
    ],
)
def test_a_balance_statement_that_cannot_be_read_is_refused_at_its_place(
    signed: ContractBuyer, tmp_path: Path, text: str, says: str
) -> None:
    statement = tmp_path / "balance.csv"
    statement.write_text(text)
    refused = signed.reforecast(tmp_path / "Q1", "--balance", statement)
    assert refused.exit_code == 2
    assert "balance.csv" in refused.stderr
    assert says in refused.stderr
    assert not (tmp_path / "Q1").exists()


def test_evidence_that_was_changed_is_refused(signed: ContractBuyer, tmp_path: Path) -> None:
    copy = tmp_path / "Q1"
    shutil.copytree(signed.directory / "Q1", copy)
    (copy / "evidence" / "workloads.toml").write_text(WORKLOADS + "\n")
    refused = run(
        "reforecast", "--contract", signed.contract, "--previous", copy,
        "--usage", signed.later, "--out", tmp_path / "Q2",
    )  # fmt: skip
    assert refused.exit_code == 2
    assert "evidence/workloads.toml" in refused.stderr


def test_a_threshold_has_an_exit_code_of_its_own(signed: ContractBuyer) -> None:
    out = signed.directory / "Q1"
    assert signed.reforecast(out, "--max-budget-p80-usd", "1e9").exit_code == 0
    breached = signed.reforecast(out, "--max-budget-p80-usd", "1000")
    assert breached.exit_code == 4
    assert "the P80 of the total paid is" in breached.stderr


def test_a_late_export_is_bad_input_and_names_its_days(
    signed: ContractBuyer, tmp_path: Path
) -> None:
    refused = signed.reforecast(tmp_path / "Q2", "--as-of", "2027-06-30")
    assert refused.exit_code == 2
    assert "the usage ends on 2027-03-31, 91 days before 2027-06-30" in refused.stderr


def test_files_that_the_inventory_names_go_on_to_the_next_quarter(tmp_path: Path) -> None:
    named = WORKLOADS.replace("deadline_hours = 24", 'deadline_hours = 24\nturnaround = "b.csv"')
    assert named != WORKLOADS
    buyer = Buyer(tmp_path).write(usage_csv(), workloads=named)
    batches = "hours,outcome\n" + "0.5,done\n" * 60
    (tmp_path / "b.csv").write_text(batches)
    assert buyer.recommend().exit_code == 0
    with_contract = ContractBuyer(tmp_path, buyer)
    assert with_contract.sign().exit_code == 0
    answer = with_contract.reforecast(tmp_path / "Q1")
    assert answer.exit_code == 0, answer.output
    assert (tmp_path / "Q1" / "evidence" / "attachment_1.csv").read_text() == batches
    again = with_contract.reforecast(tmp_path / "Q1")
    assert again.stdout.startswith("Nothing changed")
