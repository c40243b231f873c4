"""Bad input: exit code 2, a message with file, row and column, and no output at all."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from example_buyer import COLUMNS, TERMS, WORKLOADS, Buyer, usage_csv

from api.results import ANSWER

HEAD, *ROWS = usage_csv().splitlines()


def changed(row: int, column: str, value: str) -> str:
    """Give the usage with one cell changed; rows count from 1."""
    cells = ROWS[row - 1].split(",")
    cells[COLUMNS.split(",").index(column)] = value
    lines = [HEAD, *ROWS]
    lines[row] = ",".join(cells)
    return "\n".join(lines) + "\n"


def without(column: str) -> str:
    at = COLUMNS.split(",").index(column)
    lines = [line.split(",") for line in (HEAD, *ROWS)]
    return "\n".join(",".join(c for i, c in enumerate(line) if i != at) for line in lines)


def page() -> str:
    result = {
        "api_key_id": "chat-1",
        "workspace_id": None,
        "model": "claude-opus-5",
        "service_tier": "standard",
        "context_window": "0-200k",
        "inference_geo": "global",
        "uncached_input_tokens": 1,
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
        "cache_read_input_tokens": 0,
        "output_tokens": 1,
        "server_tool_use": {"web_search_requests": 0},
    }
    bucket = {
        "starting_at": "2026-10-01T00:00:00Z",
        "ending_at": "2026-10-02T00:00:00Z",
        "results": [result],
    }
    return json.dumps({"data": [bucket], "has_more": False, "next_page": None})


USAGE: dict[str, tuple[Callable[[], str], str, str]] = {
    "unknown model": (
        lambda: changed(7, "model", "claude-sonata-9"),
        "usage.csv, row 7, column model:",
        "claude-sonata-9",
    ),
    "negative tokens": (
        lambda: changed(9, "output_tokens", "-5"),
        "usage.csv, row 9, column output_tokens:",
        "-5",
    ),
    "missing column": (
        lambda: without("output_tokens"),
        "usage.csv, column output_tokens:",
        "is missing",
    ),
    "duplicate row": (
        lambda: "\n".join([HEAD, *ROWS, ROWS[3]]),
        f"usage.csv, row {len(ROWS) + 1}",
        "repeats",
    ),
    "empty file": (lambda: "", "usage.csv:", "is empty"),
    "header only": (lambda: HEAD + "\n", "usage.csv", "no "),
    "truncated page": (lambda: page()[:-40], "usage.csv:", "is not complete JSON"),
    "naive timestamp": (
        lambda: changed(4, "day", "2026-01-05T10:00:00"),
        "usage.csv, row 4, column day:",
        "zone",
    ),
}


@pytest.mark.parametrize("case", USAGE)
def test_usage_that_cannot_be_used(buyer: Buyer, case: str) -> None:
    text, place, says = USAGE[case]
    buyer.write(text())
    before = buyer.files()
    answer = buyer.recommend()
    assert answer.exit_code == 2, answer.output
    assert place in answer.stderr
    assert says in answer.stderr
    assert "Traceback" not in answer.output
    assert answer.stdout == ""
    assert buyer.files() == before


DOCUMENTS: dict[str, tuple[str, str, str, str]] = {
    "a rule that matches no row": (
        WORKLOADS.replace("chat-1", "chat-2"),
        TERMS,
        "workloads.toml, column workloads[1].match",
        "matches no usage",
    ),
    "tiers out of order": (
        WORKLOADS,
        TERMS.replace('"100000"', '"200000"'),
        "terms.toml, column tiers:",
        "must rise",
    ),
    "a term of no months": (
        WORKLOADS,
        TERMS.replace("term_months = 12", "term_months = 0"),
        "terms.toml, column term_months:",
        "greater than or equal to 1",
    ),
    "a term that has begun": (
        WORKLOADS.replace("adoption_month = 2027-02-01\n", ""),
        TERMS.replace("2027-01-01", "2026-01-01"),
        "terms.toml, column term_start:",
        "before the month of the last usage",
    ),
    "an unknown key": (
        WORKLOADS.replace("owner_state", "owner_stat"),
        TERMS,
        "workloads.toml, column workloads[0].owner_stat:",
        "did you mean 'owner_state'",
    ),
    "a route to a model without a price": (
        WORKLOADS + '[workloads.routing]\nto_model = "claude-sonata-9"\n',
        TERMS,
        "workloads.toml, column workloads[1].routing.to_model:",
        "claude-sonata-9",
    ),
    "a launch on a model without a price": (
        WORKLOADS
        + """
[[workloads]]
name = "summaries"
[workloads.launch]
month = 2027-03-01
monthly_requests = 10000
input_tokens_per_request = 3000
output_tokens_per_request = 300
model = "claude-sonata-9"
""",
        TERMS,
        "workloads.toml",
        "claude-sonata-9",
    ),
    "no TOML": (WORKLOADS, "tiers = [", "terms.toml:", "is not a TOML document"),
}


@pytest.mark.parametrize("case", DOCUMENTS)
def test_documents_that_cannot_be_used(buyer: Buyer, usage_text: str, case: str) -> None:
    workloads, terms, place, says = DOCUMENTS[case]
    buyer.write(usage_text, workloads, terms)
    before = buyer.files()
    answer = buyer.recommend()
    assert answer.exit_code == 2, answer.output
    assert place in answer.stderr
    assert says in answer.stderr
    assert buyer.files() == before


@pytest.mark.parametrize("day", ["2025-12-31", "2026-11-01"])
def test_a_day_outside_the_usage_is_refused(buyer: Buyer, day: str) -> None:
    answer = buyer.recommend("--as-of", day)
    assert answer.exit_code == 2
    assert "which is from 2026-01-04 to 2026-10-31" in answer.stderr
    assert not buyer.out.exists()


def test_a_template_that_is_no_workbook_is_refused(buyer: Buyer) -> None:
    answer = buyer.recommend("--template", str(buyer.usage))
    assert answer.exit_code == 2
    assert "is no .xlsx workbook" in " ".join(answer.stderr.split())


@pytest.mark.slow
def test_a_planned_launch_may_match_nothing_yet(buyer: Buyer, usage_text: str) -> None:
    launch = """
[[workloads]]
name = "summaries"
[workloads.launch]
month = 2027-03-01
monthly_requests = 10000
input_tokens_per_request = 3000
output_tokens_per_request = 300
model = "claude-haiku-5-5"
"""
    buyer.write(usage_text, WORKLOADS + launch)
    answer = buyer.recommend()
    assert answer.exit_code == 0, answer.output
    assert '"summaries"' in (buyer.out / ANSWER).read_text()


def test_an_absent_file_is_named(buyer: Buyer) -> None:
    buyer.usage.unlink()
    answer = buyer.recommend()
    assert answer.exit_code == 2
    assert "usage.csv" in answer.stderr.replace("\n", "").replace("│", "").replace(" ", "")
