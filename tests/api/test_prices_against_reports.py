"""Reports in the vendor's own shape, priced and held against one another."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from example_buyer import run

FIRST = date(2026, 9, 1)
TOKENS = {"uncached_input_tokens": 2_000_000, "cache_read_input_tokens": 5_000_000,
          "output_tokens": 400_000}  # fmt: skip
CENTS = {"uncached_input_tokens": "1000", "cache_read_input_tokens": "250", "output_tokens": "1000"}
"""Opus 4.8: 2M x 5, 5M x 0.50 and 0.4M x 25 USD, in cents."""


def pages(results: list[dict[str, Any]]) -> str:
    buckets = [
        {
            "starting_at": f"{FIRST + timedelta(i)}T00:00:00Z",
            "ending_at": f"{FIRST + timedelta(i + 1)}T00:00:00Z",
            "results": results,
        }
        for i in range(30)
    ]
    return json.dumps({"data": buckets, "has_more": False, "next_page": None})


def usage_report(tier: str = "standard") -> str:
    return pages(
        [
            {
                "account_id": None, "api_key_id": "apikey_1", "workspace_id": "wrkspc_1",
                "model": "claude-opus-4-8", "service_tier": tier, "inference_geo": "global",
                "context_window": "0-200k", "service_account_id": None,
                "cache_creation": {"ephemeral_1h_input_tokens": 0, "ephemeral_5m_input_tokens": 0},
                "server_tool_use": {"web_search_requests": 0}, **TOKENS,
            }
        ]
    )  # fmt: skip


def cost_report(factor: str = "1", tier: str = "standard") -> str:
    return pages(
        [
            {
                "amount": str(Decimal(cents) * Decimal(factor)), "currency": "USD",
                "cost_type": "tokens", "token_type": kind, "model": "claude-opus-4-8",
                "service_tier": tier, "inference_geo": "global", "context_window": "0-200k",
                "workspace_id": "wrkspc_1", "description": "Claude Opus 4.8 Usage",
            }
            for kind, cents in CENTS.items()
        ]
    )  # fmt: skip


def priced(tmp_path: Path, usage: str, costs: str, *more: str) -> tuple[int, dict[str, Any]]:
    (tmp_path / "usage.json").write_text(usage)
    (tmp_path / "costs.json").write_text(costs)
    answer = run(
        "price", tmp_path / "usage.json", "--invoice", tmp_path / "costs.json", "--json", *more
    )
    assert answer.exit_code in (0, 3), answer.output
    return answer.exit_code, json.loads(answer.stdout)["reconciliation"]


def test_the_cost_report_agrees_with_the_usage_report(tmp_path: Path) -> None:
    code, found = priced(tmp_path, usage_report(), cost_report())
    assert (code, found["status"]) == (0, "within_tolerance")
    assert (found["billed_usd"], found["repriced_usd"]) == ("675.00", "675.00")
    assert found["grain"] == "day, platform, model, token kind"
    assert found["differences"] == []
    assert found["covered_share"] == 1.0


def with_more_pages(text: str) -> str:
    return json.dumps(json.loads(text) | {"has_more": True, "next_page": "page_2"})


@pytest.mark.parametrize("cut_off", ["usage.json", "costs.json"])
def test_pages_that_are_missing_are_told(tmp_path: Path, cut_off: str) -> None:
    texts = {"usage.json": usage_report(), "costs.json": cost_report()}
    for name, text in texts.items():
        (tmp_path / name).write_text(with_more_pages(text) if name == cut_off else text)
    command = ("price", tmp_path / "usage.json", "--invoice", tmp_path / "costs.json")
    assert f"{cut_off}: says that more pages follow" in run(*command).stdout
    told = {s["file"]: s["warnings"] for s in json.loads(run(*command, "--json").stdout)["sources"]}
    assert [name for name, warnings in told.items() if warnings] == [cut_off]


def test_its_discount_is_measured(tmp_path: Path) -> None:
    code, found = priced(tmp_path, usage_report(), cost_report("0.85"))
    assert (code, found["status"]) == (0, "within_tolerance")
    assert found["discount"]["discount_share"] == 0.15
    assert found["sources"][0]["compared"] == "contracted"


def test_batch_that_the_usage_report_lost_is_refused(tmp_path: Path) -> None:
    code, found = priced(tmp_path, usage_report(), cost_report("0.5", "batch"))
    assert (code, found["status"]) == (3, "refused")
    assert [c["cause"] for c in found["causes"]] == ["service_tier"]
    assert "lines name another one" in found["causes"][0]["said"]


@pytest.mark.parametrize(("share", "code"), [("0.5", 0), ("0.05", 3)])
def test_limits_are_options(tmp_path: Path, share: str, code: int) -> None:
    told, found = priced(
        tmp_path, usage_report(), cost_report("1.2"),
        "--refusal-share", share, "--tolerance-share", "0.01",
    )  # fmt: skip
    assert told == code
    assert (found["tolerance_share"], found["refusal_share"]) == (0.01, float(share))


def test_a_bill_given_as_usage_says_where_it_belongs(tmp_path: Path) -> None:
    (tmp_path / "costs.json").write_text(cost_report())
    answer = run("price", tmp_path / "costs.json")
    assert answer.exit_code == 2
    assert "--invoice" in answer.output


def test_a_bill_of_totals_and_a_cost_report_are_both_shown(tmp_path: Path) -> None:
    (tmp_path / "totals.csv").write_text("month,usd\n2026-09,675.00\n")
    code, found = priced(
        tmp_path, usage_report(), cost_report(), "--invoice", str(tmp_path / "totals.csv")
    )
    assert (code, found["status"]) == (0, "within_tolerance")
    assert len(found["sources"]) == 2
    assert found["billed_usd"] == "675.00", "the same month counts once"


def test_list_amounts_on_a_bill_are_not_called_billed(tmp_path: Path) -> None:
    """Where a line holds both, list is held against list: nobody paid that column."""
    (tmp_path / "usage.json").write_text(usage_report())
    rows = ["start,model,token_kind,list_usd,billed_usd"]
    for i in range(30):
        day = FIRST + timedelta(i)
        rows += [
            f"{day},claude-opus-4-8,{kind},{usd},{Decimal(usd) * Decimal('0.85')}"
            for kind, usd in (("input", "10"), ("cache_read", "2.5"), ("output", "10"))
        ]
    (tmp_path / "bill.csv").write_text("\n".join(rows) + "\n")
    page = run("price", tmp_path / "usage.json", "--invoice", tmp_path / "bill.csv").stdout
    assert "675.00 USD at list stands on the bill" in " ".join(page.replace("│", " ").split())
    assert "┃ on the bill ┃" in page
    assert "┃ billed" not in page


def test_the_priority_tier_is_in_neither_amount(tmp_path: Path) -> None:
    """The cost report leaves the tier out: 30 days of 22.50 USD are told, and no difference."""
    both = json.loads(usage_report())
    for bucket, priority in zip(
        both["data"], json.loads(usage_report("priority"))["data"], strict=True
    ):
        bucket["results"] += priority["results"]
    code, found = priced(tmp_path, json.dumps(both), cost_report())
    assert (code, found["status"]) == (0, "within_tolerance")
    assert (found["repriced_usd"], found["billed_usd"]) == ("675.00", "675.00")
    assert found["difference_share"] == 0
    assert "675.00 USD of the priority tier are in neither" in found["note"]
    assert "priority tier" in found["months"][0]["said"]
