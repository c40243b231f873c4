import json
from decimal import Decimal

import pytest
from export_samples.samples_a import CLAUDE_CODE, code_model, code_record
from mutation_harness import MUTANTS, json_totals, survives
from usage_samples import report, result, time_bucket, write

from forecast.errors import UsageFormatError
from forecast.usage.formats.canonical import write_canonical
from forecast.usage.reading import read_exports, read_usage


def text_of(*records, more=False):
    return json.dumps({"data": list(records), "has_more": more, "next_page": None})


def read_one(tmp_path, *records, more=False):
    return read_exports([write(tmp_path, "code.json", text_of(*records, more=more))])


def test_tokens_and_estimates_by_model_and_user(tmp_path):
    exports = read_exports([write(tmp_path, "code.jsonl", CLAUDE_CODE)])
    rows = exports.rows
    assert rows["day"].dt.day.tolist() == [8, 8, 8, 9]
    ours = rows[(rows["tag"] == "developer@example.com") & (rows["model"] == "claude-opus-5")]
    assert ours["input_tokens"].tolist() == [100000, 100000]
    assert ours["cache_write_5m_tokens"].tolist() == [5000, 5000]
    assert ours["cache_read_tokens"].tolist() == [10000, 10000]
    assert rows.loc[rows["api_key"] == "ci", "output_tokens"].tolist() == [35000]
    assert exports.costs["contracted_usd"].tolist() == [Decimal("1.41")] * 4
    (source,) = exports.sources
    assert (source.amounts.unit, source.amounts.meaning) == ("US cents", "estimated")
    assert "cache_write_1h_tokens" in source.cannot_tell
    assert source.warnings == ("cache writes do not tell their lifetime: taken as 5 minutes",)


def test_rows_survive_a_round_trip(tmp_path):
    rows = read_exports([write(tmp_path, "code.jsonl", CLAUDE_CODE)]).rows
    write_canonical(rows, tmp_path / "usage.csv")
    assert read_usage([tmp_path / "usage.csv"]).rows.equals(rows)


def test_a_fraction_of_a_cent(tmp_path):
    cost = {"currency": "USD", "amount": "10.25"}
    exports = read_one(tmp_path, code_record(8, code_model(estimated_cost=cost)))
    assert exports.costs["contracted_usd"].tolist() == [Decimal("0.1025")]


def test_what_a_seat_pays_for_is_not_billed_by_the_token(tmp_path):
    seated = code_record(8, code_model(), customer_type="subscription")
    exports = read_one(tmp_path, code_record(8, code_model()), seated)
    assert exports.rows["input_tokens"].tolist() == [100000]
    assert exports.costs["contracted_usd"].sum() == Decimal("1.41")
    assert exports.sources[0].warnings[-1] == (
        "1 of 2 records belong to subscriptions, whose seats pay for their tokens: not read "
        "(1.41 USD by estimate)"
    )


def test_two_terminals_of_one_user_add_up(tmp_path):
    records = [code_record(8, code_model(), terminal_type=t) for t in ("vscode", "tmux")]
    assert read_one(tmp_path, *records).rows["input_tokens"].tolist() == [200000]


def test_a_day_whose_pages_are_not_all_there(tmp_path):
    (source,) = read_one(tmp_path, code_record(8, code_model()), more=True).sources
    assert "more pages of 2025-09-08 follow" in source.warnings[0]
    both = text_of(code_record(8, code_model()), more=True) + text_of(
        code_record(8, code_model(), terminal_type="tmux")
    )
    (source,) = read_exports([write(tmp_path, "both.json", both)]).sources
    assert not any("more pages" in warning for warning in source.warnings)


def test_it_is_a_view_of_the_usage_report(tmp_path):
    day = time_bucket("2025-09-08T00:00:00Z", "2025-09-09T00:00:00Z", result())
    paths = [write(tmp_path, "code.json", CLAUDE_CODE), write(tmp_path, "b.json", report(day))]
    with pytest.raises(UsageFormatError, match="two views of the same usage"):
        read_exports(paths)
    kept = read_exports(paths, prefer=["anthropic_usage_report"]).rows
    assert kept["day"].dt.day.tolist() == [8, 9]
    assert kept["model"].tolist() == ["claude-opus-4-6", "claude-opus-5"]


def test_a_page_twice_is_refused(tmp_path):
    once = text_of(code_record(8, code_model()))
    with pytest.raises(UsageFormatError, match="a page stands twice") as refused:
        read_exports([write(tmp_path, "code.json", once + once)])
    assert refused.value.row == 2


@pytest.mark.parametrize(
    ("changes", "column", "words"),
    [
        ({"date": "2025-09-08T00:00:00"}, "date", "has no time zone"),
        ({"date": None}, "date", "not an ISO date"),
        ({"customer_type": "enterprise"}, "customer_type", "not a known customer type"),
        ({"actor": {"type": "robot"}}, "actor.type", "not a known actor"),
        ({"actor": None}, "actor", "is not an object"),
        ({"model_breakdown": None}, "model_breakdown", "is not a list"),
        ({"model_breakdown": [5]}, "model_breakdown[0]", "is not an object"),
    ],
)
def test_a_bad_record_is_named(tmp_path, changes, column, words):
    records = code_record(8, code_model()), code_record(9, code_model()) | changes
    with pytest.raises(UsageFormatError) as refused:
        read_one(tmp_path, *records)
    where = (refused.value.file, refused.value.row, refused.value.column)
    assert where == ("code.json", 2, column)
    assert words in refused.value.problem


@pytest.mark.parametrize(
    ("tokens", "column", "words"),
    [
        ({"input": -1}, "tokens.input", "is negative"),
        ({"output": 1.5}, "tokens.output", "has a fraction"),
        ({"cache_creation": None}, "tokens.cache_creation", "is not a number"),
        ({"cache_creation_1h": 3}, "tokens.cache_creation_1h", "does not know"),
    ],
)
def test_a_bad_count_is_named(tmp_path, tokens, column, words):
    used = code_model()
    used["tokens"] = used["tokens"] | tokens
    with pytest.raises(UsageFormatError) as refused:
        read_one(tmp_path, code_record(8, code_model(), used))
    assert refused.value.column == f"model_breakdown[1].{column}"
    assert words in refused.value.problem


@pytest.mark.parametrize(
    ("cost", "column", "words"),
    [
        ({"currency": "EUR", "amount": 141}, "currency", "is 'EUR', not USD"),
        ({"currency": "USD", "amount": "1,41"}, "amount", "is not an amount"),
        ({"currency": "USD"}, "amount", "is missing"),
    ],
)
def test_a_bad_estimate_is_named(tmp_path, cost, column, words):
    with pytest.raises(UsageFormatError) as refused:
        read_one(tmp_path, code_record(8, code_model(estimated_cost=cost)))
    assert refused.value.column == f"model_breakdown[0].estimated_cost.{column}"
    assert words in refused.value.problem


def _metered(data):
    """Give the totals of what is billed by the token, where nothing else is in the text."""
    return None if b'"subscription"' in data else TOTALS(data)


TOTALS = json_totals(
    {
        "input_tokens": {"data[].model_breakdown[].tokens.input": 1},
        "output_tokens": {"data[].model_breakdown[].tokens.output": 1},
        "cache_read_tokens": {"data[].model_breakdown[].tokens.cache_read": 1},
        "cache_write_5m_tokens": {"data[].model_breakdown[].tokens.cache_creation": 1},
        "contracted_usd": {"data[].model_breakdown[].estimated_cost.amount": Decimal("0.01")},
    }
)


@pytest.mark.parametrize("n", MUTANTS)
def test_damaged_reports_are_refused_or_read_right(n):
    survived = survives("anthropic_claude_code", CLAUDE_CODE, n=n, totals=_metered)
    assert survived.read > n / 10
    assert survived.refused > n / 10
