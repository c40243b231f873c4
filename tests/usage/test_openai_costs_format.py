import json
from decimal import Decimal

import pytest
from export_samples.samples_b import OPENAI_COSTS, OPENAI_COSTS_TABLE
from mutation_harness import MUTANTS, csv_totals, json_totals, survives
from reading_back import read_one

from forecast.errors import UsageFormatError
from forecast.usage.formats.openai_costs import read

RESULT = {
    "object": "organization.costs.result",
    "amount": {"value": 0.06, "currency": "usd"},
    "line_item": "gpt-5.4, input",
    "project_id": "proj_abc",
}


def page(*results):
    bucket = {"object": "bucket", "start_time": 1793491200, "end_time": 1793577600}
    return json.dumps({"object": "page", "data": [bucket | {"results": list(results)}]})


def lines(*results):
    return read(page(*results).encode(), "costs.json").costs


def test_dollars_stay_dollars_and_exact(tmp_path):
    costs = read_one(tmp_path, OPENAI_COSTS).costs.set_index("description")
    cached = costs.loc["gpt-5.4-mini-2026-03-17, cached input"]
    assert cached["billed_usd"] == Decimal("0.06")
    assert (cached["model"], cached["token_kind"], cached["quantity"]) == (
        "gpt-5.4-mini-2026-03-17",
        "cache_read",
        24000,
    )
    priority = costs.loc["priority | gpt-5.6-sol, output, long context"]
    assert (priority["model"], priority["token_kind"], priority["service_tier"]) == (
        "gpt-5.6-sol",
        "output",
        "priority",
    )
    assert priority["quantity"] == 277778
    search = costs.loc["web search tool calls"]
    assert (search["model"], search["token_kind"], search["billed_usd"]) == (
        "",
        "web_search",
        Decimal("0.3409"),
    )
    assert sum(costs["billed_usd"]) == Decimal("12.9009")


def test_the_table_of_the_dashboard_says_the_same(tmp_path):
    exports = read_one(tmp_path, OPENAI_COSTS_TABLE)
    costs = exports.costs.set_index("model")
    assert costs.loc["gpt-4o-2024-08-06", "billed_usd"] == Decimal("0.895874")
    assert costs.loc["gpt-image-1", "token_kind"] == "output"
    assert exports.sources[0].last_day.day == 2
    assert exports.rows.empty


@pytest.mark.parametrize(
    ("item", "model", "kind", "charge"),
    [
        ("gpt-5.6-sol, cache writes", "gpt-5.6-sol", "cache_write_5m", "usage"),
        ("gpt-audio-mini-2025-12-15 audio, input", "gpt-audio-mini-2025-12-15", "input", "usage"),
        ("gpt-6-astra, input_tokens", "gpt-6-astra", "input", "usage"),
        ("ft:gpt-4o:acme::x1, output", "ft:gpt-4o:acme::x1", "output", "usage"),
        ("Vector storage", "", "", "other"),
        ("overdrive | gpt-6, output", "", "", "usage"),
        (None, "", "", "usage"),
    ],
)
def test_line_items_read_as_model_and_kind_or_not_at_all(item, model, kind, charge):
    line = lines(RESULT | {"line_item": item}).iloc[0]
    assert (line["model"], line["token_kind"], line["charge"]) == (model, kind, charge)
    assert line["billed_usd"] == Decimal("0.06")


def test_a_credit_is_negative():
    line = lines(RESULT | {"amount": {"value": "-5.25", "currency": "usd"}}).iloc[0]
    assert (line["charge"], line["billed_usd"]) == ("credit", Decimal("-5.25"))


def test_an_ungrouped_report_is_said():
    parsed = read(page(RESULT | {"line_item": None}).encode(), "costs.json")
    assert "group the report by line_item" in parsed.warnings[0]
    assert parsed.cannot_tell == ("model", "token_kind")


@pytest.mark.parametrize(
    ("changes", "column", "words"),
    [
        ({"amount": {"value": 1, "currency": "eur"}}, "results.amount.currency", "must be in usd"),
        ({"amount": {"value": None, "currency": "usd"}}, "results.amount.value", "is missing"),
        (
            {"amount": {"value": "1,000", "currency": "usd"}},
            "results.amount.value",
            "not an amount",
        ),
        ({"amount": None}, "results.amount", "not an object"),
        (
            {"quantity": 1.5, "quantity_unit": "tokens"},
            "results.quantity",
            "has a fraction",
        ),
    ],
)
def test_a_bad_value_is_named_by_row_and_path(changes, column, words):
    with pytest.raises(UsageFormatError) as refused:
        lines(RESULT, RESULT | {"project_id": "b"} | changes)
    assert (refused.value.row, refused.value.column) == (2, column)
    assert words in refused.value.problem


def test_a_result_that_stands_twice_is_refused():
    with pytest.raises(UsageFormatError, match="stands in record 1 already"):
        lines(RESULT, RESULT)


PAGES = json_totals({"billed_usd": {"data[].results[].amount.value": 1}})
TABLE = csv_totals({"billed_usd": {"amount_value": 1}})


@pytest.mark.parametrize(
    ("sample", "totals"),
    [(OPENAI_COSTS, PAGES), (OPENAI_COSTS_TABLE, TABLE)],
    ids=["pages", "table"],
)
@pytest.mark.parametrize("n", MUTANTS)
def test_damaged_costs_are_refused_or_read_right(n, sample, totals):
    outcome = survives("openai_costs", sample, n=n, totals=totals)
    assert outcome.read
    assert outcome.refused
