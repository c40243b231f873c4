import json
from decimal import Decimal

import pytest
from export_samples.samples_b import (
    OPENROUTER_ACTIVITY,
    OPENROUTER_ACTIVITY_TABLE,
    OPENROUTER_GENERATIONS,
)
from mutation_harness import MUTANTS, csv_totals, json_totals, survives
from reading_back import assert_survives_the_canonical_table, read_one

from forecast.errors import UsageFormatError
from forecast.usage.formats import openrouter_activity, openrouter_generations
from forecast.usage.reading import read_exports

ITEM = json.loads(OPENROUTER_ACTIVITY)["data"][0]


def activity(*changes):
    items = [ITEM | {"endpoint_id": f"e{i}"} | c for i, c in enumerate(changes, start=1)]
    return openrouter_activity.read(json.dumps({"data": items}).encode(), "activity.json")


def generations(*replaced):
    text = OPENROUTER_GENERATIONS.decode()
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new)
    return openrouter_generations.read(text.encode(), "activity.csv")


def test_the_table_counts_days_and_dollars(tmp_path):
    exports = read_one(tmp_path, OPENROUTER_ACTIVITY_TABLE)
    rows = exports.rows
    assert rows["day"].dt.day.tolist() == [1, 2]
    assert set(rows["model"]) == {"anthropic/claude-opus-5.5"}
    assert rows["input_tokens"].tolist() == [70965665, 87199493]
    assert rows["output_tokens"].tolist() == [3009973, 2795119]
    assert rows["requests"].tolist() == [4115, 4254]
    assert exports.costs["billed_usd"].tolist() == [Decimal("430.07"), Decimal("505.87")]
    source = exports.sources[0]
    assert source.amounts == ("USD", "billed")
    assert source.warnings[0] == (
        "1 rows ran on keys of the customer's own: 1.50 USD that the provider charged are left out"
    )
    assert "cache reads are counted as input" in source.warnings[1]


def test_the_api_tells_cache_reads(tmp_path):
    exports = read_one(tmp_path, OPENROUTER_ACTIVITY)
    rows = exports.rows
    assert rows["input_tokens"].tolist() == [2000, 6000]
    assert rows["cache_read_tokens"].tolist() == [3000, 0]
    assert rows["output_tokens"].tolist() == [125, 225]
    assert set(rows["model"]) == {"openai/gpt-5.4-2026-03-05"}
    assert exports.costs["billed_usd"].tolist() == [Decimal("0.015"), Decimal("0.025")]


def test_cached_tokens_of_other_requests_are_no_part_of_the_prompt():
    parsed = activity({"prompt_tokens": 10, "cached_tokens": 3000})
    assert parsed.rows[["input_tokens", "cache_read_tokens"]].values.tolist() == [[10, 3000]]
    assert "1 rows have more cached than prompt tokens" in parsed.warnings[-1]


def test_more_reasoning_than_completion_is_said():
    assert "1 rows count more reasoning" in activity({"reasoning_tokens": 126}).warnings[0]
    assert "1 generations count" in generations(("100,10,0,0,", "100,10,11,0,")).warnings[1]


def test_hours_are_hours():
    parsed = activity({"date": "2026-11-01 05:00:00"}, {"date": "2026-11-01 00:00:00"})
    assert parsed.rows["seconds"].tolist() == [3600, 86400]


def test_each_generation_is_a_request(tmp_path):
    exports = read_one(tmp_path, OPENROUTER_GENERATIONS)
    rows = exports.rows.set_index("model")
    opus = rows.loc["anthropic/claude-opus-5.5-20260901"]
    assert (opus["input_tokens"], opus["cache_read_tokens"], opus["output_tokens"]) == (
        2389,
        8000,
        137,
    )
    assert (opus["api_key"], opus["tag"]) == ("prod", "closer")
    assert rows["requests"].tolist() == [1, 1]
    assert exports.costs["billed_usd"].tolist() == [Decimal("0.0123"), Decimal("0.0001")]
    assert "0.50 USD" in exports.sources[0].warnings[0]


def test_both_exports_of_one_day_are_two_views(tmp_path):
    one, two = tmp_path / "1.csv", tmp_path / "2.csv"
    one.write_bytes(OPENROUTER_ACTIVITY_TABLE)
    two.write_bytes(OPENROUTER_GENERATIONS)
    with pytest.raises(UsageFormatError, match="two views of the same usage"):
        read_exports([one, two])


def test_a_header_without_rows_is_said(tmp_path):
    header = OPENROUTER_ACTIVITY_TABLE.split(b"\n")[0] + b"\n"
    with pytest.raises(UsageFormatError, match="holds a header and no rows"):
        read_one(tmp_path, header)


@pytest.mark.parametrize(
    ("changes", "column", "words"),
    [
        ({"date": "2026-11-01 05:30:00"}, "date", "neither a day nor an hour"),
        ({"date": None}, "date", "not an ISO date"),
        ({"endpoint_id": "e1"}, "date", "stands in record 1 already"),
        ({"usage": None}, "usage", "is missing"),
        ({"usage": "$5"}, "usage", "is not an amount"),
        ({"reasoning_tokens": -1}, "reasoning_tokens", "negative"),
        ({"prompt_tokens": -1}, "prompt_tokens", "negative"),
        ({"image_tokens": 1}, "image_tokens", "does not know"),
        ({"requests": 1.5}, "requests", "has a fraction"),
    ],
)
def test_a_bad_item_is_named_by_row_and_path(changes, column, words):
    with pytest.raises(UsageFormatError) as refused:
        activity({}, changes)
    assert (refused.value.row, refused.value.column) == (2, column)
    assert words in refused.value.problem


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("100,10,0,0,", "100,10,0,101,", "row 2, column tokens_prompt: is 100, less than the 101"),
        ("100,10,0,0,", "NaN,10,0,0,", "row 2, column tokens_prompt: is not a finite number"),
        ("-AAAAAAAAAAAAAAAAAAAA", "-NEpXKqXYIDjS7TmNrT9j", "stands in record 1 already"),
        ("variant", "tokens_audio", "column tokens_audio: is a token column"),
    ],
)
def test_a_bad_generation_is_named_by_row_and_column(old, new, words):
    same_id = [("gen-1793527201", "gen-1793527200")] if "NEp" in new else []
    with pytest.raises(UsageFormatError, match=words):
        generations((old, new), *same_id)


@pytest.mark.parametrize(
    "sample", [OPENROUTER_ACTIVITY, OPENROUTER_ACTIVITY_TABLE, OPENROUTER_GENERATIONS]
)
def test_rows_survive_the_canonical_table(tmp_path, sample):
    assert_survives_the_canonical_table(tmp_path, sample)


TABLE = {
    "input_tokens": {"Prompt Tokens": 1},
    "output_tokens": {"Completion Tokens": 1},
    "requests": {"Requests": 1},
    "billed_usd": {"Usage": 1},
}
ITEMS = {
    "output_tokens": {"data[].completion_tokens": 1},
    "cache_read_tokens": {"data[].cached_tokens": 1},
    "requests": {"data[].requests": 1},
    "billed_usd": {"data[].usage": 1},
}
LOG = {
    "input_tokens": {"tokens_prompt": 1, "tokens_cached": -1},
    "output_tokens": {"tokens_completion": 1},
    "billed_usd": {"cost_total": 1},
}


def of_items(data):
    """Add up the items of an answer; an item alone, which the reader takes too, is none."""
    return json_totals(ITEMS)(data) if b'"data"' in data else None


@pytest.mark.parametrize(
    ("kind", "sample", "totals"),
    [
        (openrouter_activity, OPENROUTER_ACTIVITY_TABLE, csv_totals(TABLE)),
        (openrouter_activity, OPENROUTER_ACTIVITY, of_items),
        (openrouter_generations, OPENROUTER_GENERATIONS, csv_totals(LOG)),
    ],
    ids=["table", "api", "generations"],
)
@pytest.mark.parametrize("n", MUTANTS)
def test_damaged_exports_are_refused_or_read_right(n, kind, sample, totals):
    outcome = survives(kind, sample, n=n, totals=totals)
    assert outcome.rederived > 5
    assert outcome.refused
