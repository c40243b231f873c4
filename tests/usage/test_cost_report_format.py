import json
from datetime import date
from decimal import Decimal

import pytest
from export_samples.samples_a import COST_REPORT, cost_result, search_result
from mutation_harness import MUTANTS, json_totals, survives
from usage_samples import day_bucket, page, report, write

from forecast.errors import UsageFormatError
from forecast.usage.reading import read_exports, read_usage


def read_one(tmp_path, text, name="cost.json"):
    return read_exports([write(tmp_path, name, text)])


def test_cents_become_dollars_by_model_and_token_kind(tmp_path):
    exports = read_one(tmp_path, COST_REPORT)
    assert exports.rows.empty
    lines = exports.costs.to_dict("records")
    assert [
        (
            line["start"].date(),
            line["model"],
            line["service_tier"],
            line["token_kind"],
            line["charge"],
            line["contracted_usd"],
        )
        for line in lines
    ] == [
        (date(2025, 8, 1), "", "", "web_search", "usage", Decimal("2.50")),
        (date(2025, 8, 1), "claude-opus-5", "standard", "input", "usage", Decimal("1.2378912")),
        (date(2025, 8, 2), "claude-opus-5", "batch", "output", "usage", Decimal("0.005")),
    ]
    assert (exports.costs["end"] - exports.costs["start"]).dt.days.tolist() == [1, 1, 1]
    assert exports.costs["list_usd"].isna().all()
    assert exports.costs["billed_usd"].isna().all()
    (source,) = exports.sources
    assert (source.format_name, source.n_rows, source.n_cost_lines) == (
        "anthropic_cost_report",
        0,
        3,
    )
    assert (source.amounts.unit, source.amounts.meaning) == ("US cents", "billed")
    assert source.warnings == ()


def test_the_documented_example_is_a_dollar_and_23(tmp_path):
    costs = read_one(tmp_path, report(day_bucket(1, cost_result(amount="123.45")))).costs
    assert costs["contracted_usd"].tolist() == [Decimal("1.2345")]


def test_thirty_digits_of_a_cent_are_kept(tmp_path):
    amount = "123456789012.345678901234567890123456789"
    costs = read_one(tmp_path, report(day_bucket(1, cost_result(amount=amount)))).costs
    assert costs["contracted_usd"].tolist() == [Decimal("1234567890.12345678901234567890123456789")]


def test_what_no_tokens_go_with_is_not_compared_with_tokens(tmp_path):
    others = [
        search_result(cost_type=word, description=word)
        for word in ("code_execution", "session_usage", "file_storage")
    ]
    exports = read_one(tmp_path, report(day_bucket(1, *others)))
    assert exports.costs["charge"].tolist() == ["other"] * 3
    assert exports.costs["contracted_usd"].sum() == Decimal("7.50")
    (warning,) = exports.sources[0].warnings
    assert "cost type 'file_storage' of 1 results is not reviewed" in warning


def test_a_report_without_groups_compares_by_day(tmp_path):
    total = {"amount": "100", "currency": "USD", "workspace_id": None}
    exports = read_one(tmp_path, report(day_bucket(1, total)))
    (line,) = exports.costs.to_dict("records")
    assert (line["model"], line["token_kind"], line["charge"]) == ("", "", "usage")
    assert line["contracted_usd"] == Decimal("1.00")
    (source,) = exports.sources
    assert {"model", "token_type", "cost_type"} <= set(source.cannot_tell)
    assert "compare by day only; group the report by description" in source.warnings[0]


def test_a_correction_keeps_its_sign(tmp_path):
    costs = read_one(tmp_path, report(day_bucket(1, cost_result(amount="-50.00")))).costs
    assert costs["contracted_usd"].tolist() == [Decimal("-0.50")]


def test_missing_pages_are_said(tmp_path):
    (source,) = read_one(tmp_path, report(day_bucket(1, cost_result()), more=True)).sources
    assert "more pages follow 2025-08-01" in source.warnings[0]


def test_it_is_no_usage_export(tmp_path):
    with pytest.raises(UsageFormatError, match=r"recognised as .*: it holds money, not tokens"):
        read_usage([write(tmp_path, "cost.json", COST_REPORT)])


def test_a_page_twice_in_one_file_is_refused(tmp_path):
    once = report(day_bucket(1, cost_result()))
    with pytest.raises(UsageFormatError, match="a page stands twice") as refused:
        read_one(tmp_path, f"{once}\n{once}")
    assert refused.value.row == 2


def test_the_same_lines_in_two_files_are_refused(tmp_path):
    once = page(day_bucket(1, cost_result()))
    paths = [
        write(tmp_path, "a.json", json.dumps(once)),
        write(tmp_path, "b.json", json.dumps(once, indent=1)),
    ]
    with pytest.raises(UsageFormatError, match=r"1\.24 USD of the same lines as a\.json"):
        read_exports(paths)


@pytest.mark.parametrize(
    ("changes", "column", "words"),
    [
        ({"amount": "1,234.50"}, "amount", "is not an amount"),
        ({"amount": "$5"}, "amount", "is not an amount"),
        ({"amount": "NaN"}, "amount", "is not an amount"),
        ({"amount": float("inf")}, "amount", "not a finite amount"),
        ({"amount": None}, "amount", "is missing"),
        ({"amount": True}, "amount", "is not an amount"),
        ({"amount": "1e40"}, "amount", "not an amount of a bill"),
        ({"currency": "EUR"}, "currency", "is 'EUR', not USD"),
        ({"currency": None}, "currency", "is None, not USD"),
        ({"token_type": "thinking_tokens"}, "token_type", "not a known token type"),
        ({"cost_type": "web_search"}, "token_type", "stands beside the cost type 'web_search'"),
        ({"service_tier": "turbo"}, "service_tier", "not a known service tier"),
        ({"inference_geo": "eu"}, "inference_geo", "not a known inference geography"),
        ({"context_window": "huge"}, "context_window", "not a context window"),
        ({"model": 5}, "model", "is not a text"),
        ({"workspace_id": "a\x00"}, "workspace_id", "control character"),
    ],
)
def test_a_bad_value_is_named_by_row_and_member(tmp_path, changes, column, words):
    text = report(day_bucket(1, cost_result()), day_bucket(2, cost_result(**changes)))
    with pytest.raises(UsageFormatError) as refused:
        read_one(tmp_path, text)
    assert (refused.value.file, refused.value.row) == ("cost.json", 2)
    assert refused.value.column == column
    assert words in refused.value.problem


@pytest.mark.parametrize("n", MUTANTS)
def test_damaged_reports_are_refused_or_read_right(n):
    totals = json_totals({"contracted_usd": {"data[].results[].amount": Decimal("0.01")}})
    survived = survives("anthropic_cost_report", COST_REPORT, n=n, totals=totals)
    assert survived.read > n / 10
    assert survived.refused > n / 10
