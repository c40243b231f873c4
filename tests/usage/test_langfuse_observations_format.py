import json
from decimal import Decimal

import pytest
from export_samples.samples_b import LANGFUSE_OBSERVATIONS, LANGFUSE_OBSERVATIONS_TABLE
from mutation_harness import MUTANTS, survives
from mutation_kinds import json_values
from reading_back import assert_survives_the_canonical_table, read_one

from forecast.errors import UsageFormatError
from forecast.usage.formats.json_text import Fields
from forecast.usage.formats.langfuse_observations import read
from forecast.usage.formats.nesting import around_others
from forecast.usage.formats.usage_types import read_types

CALL = {
    "id": "o",
    "type": "GENERATION",
    "startTime": "2026-11-01T10:00:00Z",
    "model": "claude-opus-5-5",
    "usageDetails": {"input": 20, "output": 5},
}


def parsed(*changes):
    calls = [CALL | {"id": f"o{i}"} | change for i, change in enumerate(changes, start=1)]
    return read(json.dumps(calls).encode(), "obs.json")


def types(**details):
    return read_types(Fields(details, "obs.json", row=1, path="usageDetails."))


def test_usage_types_become_token_kinds(tmp_path):
    exports = read_one(tmp_path, LANGFUSE_OBSERVATIONS)
    rows = exports.rows.set_index("model")
    opus = rows.loc["claude-opus-5-5"]
    assert (opus["input_tokens"], opus["cache_read_tokens"], opus["output_tokens"]) == (
        20,
        9000,
        150,
    )
    assert (opus["cache_write_5m_tokens"], opus["cache_write_1h_tokens"]) == (300, 700)
    assert (opus["platform"], opus["workspace"], opus["tag"]) == ("anthropic", "proj-1", "support")
    mini = rows.loc["gpt-5.4-mini"]
    assert (mini["platform"], mini["input_tokens"], mini["cache_read_tokens"]) == (
        "openai",
        100,
        900,
    )
    assert (mini["output_tokens"], mini["tag"]) == (50, "classify")
    assert rows["requests"].tolist() == [1, 1]
    assert exports.costs["billed_usd"].tolist() == [Decimal("0.01198"), Decimal("0.0004")]
    assert exports.sources[0].warnings == ()


def test_the_table_of_blob_storage_says_the_same(tmp_path):
    exports = read_one(tmp_path, LANGFUSE_OBSERVATIONS_TABLE)
    (row,) = exports.rows.to_dict("records")
    assert (row["platform"], row["model"]) == ("anthropic", "claude-opus-5-5")
    assert (row["input_tokens"], row["cache_read_tokens"], row["output_tokens"]) == (20, 9000, 150)
    assert exports.costs["billed_usd"].tolist() == [Decimal("0.01198")]


@pytest.mark.parametrize(
    ("details", "plain"),
    [
        ({"input": 100, "output": 10, "cached_tokens": 80}, (100, 10, True)),
        ({"input": 100, "output": 10, "cached_tokens": 80, "total": 190}, (100, 10, True)),
        ({"input": 100, "output": 10, "cached_tokens": 80, "total": 110}, (20, 10, True)),
        ({"input": 80, "output": 10, "cached_tokens": 100, "total": 90}, (80, 10, False)),
        ({"input": 5, "output": 10, "output_reasoning": 4, "total": 15}, (5, 10, True)),
        ({"input": 5, "output": 10, "output_reasoning": 4, "total": 19}, (5, 14, True)),
        ({"input": 5, "output": 10, "input_audio_tokens": 4, "total": 19}, (9, 10, True)),
        ({"input": 9, "output": 9, "cached_tokens": 3, "reasoning": 2, "total": 18}, (6, 9, True)),
        ({"input": 5, "output": 10, "total": 400}, (5, 10, False)),
    ],
)
def test_the_total_tells_what_is_inside_what(details, plain):
    assert types(**details).plain == plain


def test_names_of_every_integration():
    told = types(
        input_cache_read=1, input_ephemeral_1h_input_tokens=2, cache_creation_input_tokens=4
    )
    assert (told.read, told.write_1h, told.write) == (1, 2, 4)
    assert types(input_cache_creation_5m=3).write_5m == 3
    split = types(input_cache_creation=0, input_cache_creation_5m=0, input_cache_creation_1h=1076)
    assert (split.write, split.write_1h) == (0, 1076)
    copies = types(
        input_cached_tokens=9,
        cache_read_input_tokens=9,
        cache_creation_input_tokens=5,
        input_cache_creation_5m=2,
        input_cache_creation_1h=3,
    )
    assert (copies.read, copies.write, copies.write_5m, copies.write_1h) == (9, 0, 2, 3)
    assert types(input=9, input_priority=9, output_priority=0).tier == "priority"
    assert types(input=9, web_search_requests=2).searches == 2
    assert types(input=9, seconds=0).any == 9


@pytest.mark.parametrize(
    ("details", "words"),
    [
        ({"seconds": 5}, "usageDetails.seconds: counts 5 of something"),
        ({"context_cache_hits": 5}, "cache tokens in a way this version does not know"),
        ({"input": 5, "prompt_tokens": 6}, "is 6 where another name of the same says 5"),
        ({"input": 1.5}, "has a fraction"),
        ({"input": "5"}, "is not a number"),
    ],
)
def test_a_type_that_cannot_be_told_is_refused(details, words):
    with pytest.raises(UsageFormatError, match=words):
        types(**details)


def test_audio_is_counted_and_said():
    result = parsed({"usageDetails": {"input": 5, "input_audio_tokens": 7, "output": 1}})
    assert result.rows["input_tokens"].tolist() == [12]
    assert result.warnings == (
        "1 observations count audio, images or the like, at the rates of text",
    )


def test_what_no_model_used_is_not_looked_into():
    tool = {"type": "TOOL", "usageDetails": {"pages": 3}}
    assert "neither generation nor embedding" in parsed({}, tool).warnings[0]


def test_a_span_around_others_is_not_counted_twice():
    around = parsed(
        {"id": "outer"},
        {"id": "step", "type": "SPAN", "parentObservationId": "outer", "usageDetails": None},
        {"id": "inner", "parentObservationId": "step"},
        {"id": "tool", "type": "TOOL", "parentObservationId": "outer"},
    )
    assert around.rows["group"].tolist() == ["inner"]
    assert around.warnings == (
        "1 observations carry usage and are neither generation nor embedding: not counted",
        "1 observations are the sum of others inside them: not counted",
    )


def test_parents_in_a_circle_end():
    assert around_others({"a": "b", "b": "a"}, {"a"}) == {"a"}
    assert around_others({"a": "b", "b": "c", "c": "b"}, {"a", "c"}) == {"c"}
    assert around_others({"a": "gone"}, {"a"}) == set()


def test_older_observations_have_no_types(tmp_path):
    old = [
        {"usageDetails": None, "usage": {"input": 7, "output": 3, "total": 10, "unit": "TOKENS"}},
        {"usageDetails": {}, "promptTokens": 7, "completionTokens": 3, "calculatedTotalCost": 0.5},
        {"usageDetails": None, "usage": {"input": 7, "output": 3, "unit": None, "inputCost": 0.1}},
    ]
    result = parsed(*old)
    assert result.rows["input_tokens"].tolist() == [7, 7, 7]
    assert result.costs["billed_usd"].tolist() == [Decimal("0.5")]
    with pytest.raises(UsageFormatError, match=r"usage.unit: is 'CHARACTERS', not tokens"):
        parsed({"usageDetails": None, "usage": {"input": 7, "unit": "CHARACTERS"}})


def test_pages_say_when_more_follow():
    for meta, missing in [
        ({"page": 1, "totalPages": 2}, True),
        ({"page": 2, "totalPages": 2}, False),
        ({"cursor": "abc"}, True),
        ({}, False),
    ]:
        content = json.dumps({"data": [CALL], "meta": meta}).encode()
        assert read(content, "a.json").pages_missing is missing


def test_cost_without_a_total_is_the_sum_of_its_parts():
    costs = parsed({"costDetails": {"input": 0.1, "output": 0.2}}, {"totalCost": "0.05"}).costs
    assert costs["billed_usd"].tolist() == [Decimal("0.35")]


@pytest.mark.parametrize(
    ("changes", "column", "words"),
    [
        ({"startTime": "yesterday"}, "startTime", "not an ISO date"),
        ({"id": "o1"}, "id", "stands in record 1 already"),
        ({"usageDetails": {"input": -1}}, "usageDetails.input", "negative"),
        ({"usageDetails": [5]}, "usageDetails", "is not an object"),
        ({"costDetails": {"total": float("inf")}}, "costDetails.total", "not a finite amount"),
        ({"model": ["x"]}, "model", "not a text"),
    ],
)
def test_a_bad_value_is_named_by_row_and_path(changes, column, words):
    with pytest.raises(UsageFormatError) as refused:
        parsed({}, changes)
    assert (refused.value.file, refused.value.row) == ("obs.json", 2)
    assert refused.value.column == column
    assert words in refused.value.problem


def test_rows_survive_the_canonical_table(tmp_path):
    assert_survives_the_canonical_table(tmp_path, LANGFUSE_OBSERVATIONS)


def by_name(data):
    """Add up what is named input and output, as Langfuse's own pages do."""
    sums = {"input_tokens": Decimal(0), "output_tokens": Decimal(0), "billed_usd": Decimal(0)}
    try:
        for call in (call for value in json_values(data) for call in value):
            if call.get("type") != "GENERATION":
                return None
            for name, count in (call.get("usageDetails") or {}).items():
                for word in ("input", "output"):
                    sums[f"{word}_tokens"] += (count or 0) * (word in name.lower())
            sums["billed_usd"] += Decimal(str(call.get("totalCost") or 0))
    except (ValueError, TypeError, AttributeError, ArithmeticError):
        return None
    return sums


@pytest.mark.parametrize("n", MUTANTS)
def test_damaged_observations_are_refused_or_read_right(n):
    calls = [CALL | {"id": i, "totalCost": 0.25} for i in ("a", "b", "c")]
    outcome = survives("langfuse_observations", json.dumps(calls), n=n, totals=by_name)
    assert outcome.rederived > 5
    assert outcome.refused


@pytest.mark.parametrize("sample", [LANGFUSE_OBSERVATIONS, LANGFUSE_OBSERVATIONS_TABLE])
@pytest.mark.parametrize("n", MUTANTS)
def test_damaged_exports_are_refused_or_read(n, sample):
    outcome = survives("langfuse_observations", sample, n=n)
    assert outcome.read
    assert outcome.refused
