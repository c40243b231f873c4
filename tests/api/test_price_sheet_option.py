"""The customer's own prices in `price` and `recommend`, down to the evidence."""

import hashlib
import json
from decimal import Decimal

import pytest
from example_buyer import Buyer, run

SHEET = """\
[[amendments]]
platforms = ["anthropic"]
families = ["opus"]
effective_from = 2026-10-01
discount_share = 0.25
source = "order form 12, annex B"
checked_on = 2026-11-20
"""


@pytest.fixture
def sheet(tmp_path):
    path = tmp_path / "ours.toml"
    path.write_text(SHEET, encoding="utf-8")
    return path


def _by_month(buyer: Buyer, *more: str) -> dict[str, Decimal]:
    answer = run("price", str(buyer.usage), *more, "--json")
    assert answer.exit_code == 0, answer.output
    months = json.loads(answer.stdout)["months"]
    return {row["month"]: Decimal(row["list_usd"]) for row in months}


def test_price_takes_a_quarter_off_from_the_day_on(buyer, sheet):
    listed = _by_month(buyer)
    ours = _by_month(buyer, "--price-sheet", str(sheet))
    assert ours.keys() == listed.keys()
    for month, usd in listed.items():
        expected = usd * Decimal("0.75") if month >= "2026-10" else usd
        assert abs(ours[month] - expected) <= Decimal("0.01"), month


def test_own_prices_are_not_called_list(buyer, sheet):
    page = run("price", buyer.usage, "--price-sheet", sheet).stdout
    assert "Cost at your own prices in total" in page
    assert "List cost in total" not in page
    assert "List cost in total" in run("price", buyer.usage).stdout


def test_a_later_sheet_wins(buyer, sheet, tmp_path):
    later = tmp_path / "later.toml"
    later.write_text(SHEET.replace("0.25", "0.5"), encoding="utf-8")
    both = _by_month(buyer, "--price-sheet", str(sheet), "--price-sheet", str(later))
    listed = _by_month(buyer)
    assert abs(both["2026-10"] - listed["2026-10"] / 2) <= Decimal("0.01")


@pytest.mark.parametrize("command", ["price", "recommend"])
def test_a_bad_sheet_is_bad_input_with_its_place(buyer, sheet, command):
    sheet.write_text(SHEET.replace('"opus"', '"opvs"'), encoding="utf-8")
    option = ("--price-sheet", str(sheet))
    answer = (
        run("price", str(buyer.usage), *option) if command == "price" else buyer.recommend(*option)
    )
    assert answer.exit_code == 2
    assert "ours.toml" in answer.stderr
    assert "amendments[0].families" in answer.stderr
    assert "no model of opvs" in answer.stderr


def test_a_recommendation_on_own_prices_names_and_keeps_the_sheet(buyer, finished, sheet):
    answer = buyer.recommend("--price-sheet", str(sheet))
    assert answer.exit_code == 0, answer.output
    ours = json.loads((buyer.out / "recommendation.json").read_text(encoding="utf-8"))
    listed = json.loads((finished.out / "recommendation.json").read_text(encoding="utf-8"))

    def mean(result):
        return float(result["as_is"]["term_list_cost"]["mean_usd"])

    assert mean(ours) == pytest.approx(0.75 * mean(listed), rel=0.002)
    digest = hashlib.sha256(SHEET.encode()).hexdigest()
    inputs = {i["name"]: i["sha256"] for i in ours["provenance"]["inputs"]}
    assert inputs["ours.toml"] == inputs["evidence/price_sheet_1.toml"] == digest
    assert (buyer.out / "evidence" / "price_sheet_1.toml").read_text(encoding="utf-8") == SHEET
    (own,) = [a for a in ours["assumptions"] if a["name"] == "own prices"]
    assert own["provenance"] == "contract"
    assert own["value"].startswith("ours.toml: ")


def test_changed_evidence_of_a_sheet_is_noticed(buyer, sheet):
    assert buyer.recommend("--price-sheet", str(sheet)).exit_code == 0
    kept = buyer.out / "evidence" / "price_sheet_1.toml"
    kept.write_text(SHEET.replace("0.25", "0.3"), encoding="utf-8")
    answer = run(
        "workbook", str(buyer.out / "recommendation.json"), "--out", str(buyer.out / "w.xlsx")
    )
    assert answer.exit_code == 2
    assert "price_sheet_1.toml" in answer.stderr
