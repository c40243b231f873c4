"""What bills do to a recommendation: nothing, a warning on its first line, or a refusal."""

from __future__ import annotations

import json
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from example_buyer import Buyer, run, usage_csv

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def buyer(tmp_path_factory: pytest.TempPathFactory) -> Buyer:
    return Buyer(tmp_path_factory.mktemp("reconciled")).write(usage_csv())


@pytest.fixture(scope="module")
def months(buyer: Buyer) -> list[dict[str, Any]]:
    return json.loads(run("price", buyer.usage, "--json").stdout)["months"]


def invoice(buyer: Buyer, months: list[dict[str, Any]], factor: str) -> Path:
    path = buyer.directory / f"billed-{factor}.csv"
    lines = [f"{m['month']},{Decimal(m['list_usd']) * Decimal(factor):.2f}" for m in months]
    path.write_text("\n".join(["month,usd", *lines]) + "\n")
    return path


def answer(buyer: Buyer) -> dict[str, Any]:
    return json.loads((buyer.out / "recommendation.json").read_text())


def test_a_bill_that_agrees_is_in_the_provenance(
    buyer: Buyer, months: list[dict[str, Any]]
) -> None:
    bill = invoice(buyer, months, "1")
    page = buyer.recommend("--invoice", str(bill))
    assert page.exit_code == 0, page.output
    found = answer(buyer)
    assert found["warnings"] == []
    assert found["reconciliation"]["status"] == "within_tolerance"
    digests = {i["name"]: i["sha256"] for i in found["provenance"]["inputs"]}
    assert digests[bill.name] == sha256(bill.read_bytes()).hexdigest()
    assert "The usage reprices to the bill" in page.stdout
    assert not page.stdout.lstrip().startswith("╭─ Warning")


def test_a_bill_that_is_apart_warns_on_the_first_line(
    buyer: Buyer, months: list[dict[str, Any]]
) -> None:
    page = buyer.recommend("--invoice", str(invoice(buyer, months, "1.05")))
    assert page.exit_code == 0, page.output
    found = answer(buyer)
    assert next(iter(found)) == "status"
    assert list(found)[1] == "warnings"
    assert "does not quite reprice" in found["warnings"][0]
    assert page.stdout.lstrip().startswith("╭─ Warning")


def test_told_limits_decide(buyer: Buyer, months: list[dict[str, Any]]) -> None:
    bill = str(invoice(buyer, months, "1.05"))
    assert buyer.recommend("--invoice", bill, "--refusal-share", "0.03").exit_code == 3
    assert answer(buyer)["status"] == "insufficient_evidence"
    wide = buyer.recommend("--invoice", bill, "--tolerance-share", "0.06")
    assert wide.exit_code == 0
    assert answer(buyer)["warnings"] == []
    below = buyer.recommend("--tolerance-share", "0.2", "--refusal-share", "0.1")
    assert below.exit_code == 2
    assert "below the tolerance" in below.output


def test_history_that_does_not_reprice_is_refused_with_a_safe_amount(
    buyer: Buyer, months: list[dict[str, Any]]
) -> None:
    """The bill is half of the usage: all of it went through batch, and the export lost that."""
    unbilled = buyer.recommend("--invoice", str(invoice(buyer, months, "4")))
    assert unbilled.exit_code == 3
    whole = Decimal(answer(buyer)["do_not_exceed_usd"])
    page = buyer.recommend("--invoice", str(invoice(buyer, months, "0.5")))
    assert page.exit_code == 3
    found = answer(buyer)
    assert found["status"] == "insufficient_evidence"
    assert "does not reprice" in found["reason"]
    assert Decimal(found["do_not_exceed_usd"]) == pytest.approx(whole / 2, abs=Decimal("0.5"))
    assert "service tier" in found["missing_evidence"][0]["what"]
    assert found["reconciliation"]["causes"][0]["cause"] == "service_tier"
    assert not (buyer.out / "negotiation.xlsx").exists()
    assert "What is apart, the largest first" in page.stdout


def test_a_measured_discount_is_an_assumption(buyer: Buyer, months: list[dict[str, Any]]) -> None:
    assert buyer.recommend("--invoice", str(invoice(buyer, months, "0.88"))).exit_code == 0
    found = answer(buyer)
    (measured,) = [a for a in found["assumptions"] if a["name"].startswith("negotiated discount")]
    assert (measured["value"], measured["provenance"]) == ("12.0 % off list", "measured")
    assert "on-demand tier of the terms says 0.0 %" in measured["source"]
    assert "Totals cannot tell a discount from a missing key" in found["warnings"][0]


def test_a_discount_that_the_terms_do_not_give_stands_above_the_savings(
    buyer: Buyer, months: list[dict[str, Any]]
) -> None:
    bill = str(invoice(buyer, months, "0.88"))
    page = buyer.recommend("--invoice", bill)
    totals, no_deal = answer(buyer)["warnings"]
    assert totals.startswith("The usage reprices to the bill only with an unconfirmed discount")
    assert "-0.0 %" not in page.stdout
    assert no_deal.startswith("The bills show 12.0 % off list today")
    assert "gives 0.0 % without a commitment" in no_deal
    told = buyer.directory / "told.toml"
    text = buyer.terms.read_text().replace("discount_share = 0.12", "discount_share = 0.2")
    text = text.replace("discount_share = 0.08", "discount_share = 0.15")
    told.write_text(text.replace("discount_share = 0.0\n", "discount_share = 0.12\n"))
    agreed = buyer.recommend("--invoice", bill, "--terms", str(told))
    assert agreed.exit_code == 0, agreed.output
    assert answer(buyer)["warnings"] == []


def test_a_file_without_amounts_is_no_bill(buyer: Buyer) -> None:
    page = buyer.recommend("--invoice", str(buyer.usage))
    assert page.exit_code == 2
    assert "holds no amounts" in page.output
