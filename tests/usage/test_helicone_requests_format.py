import json
from decimal import Decimal

import pytest
from export_samples.samples_b import HELICONE_REQUESTS, HELICONE_REQUESTS_TABLE
from mutation_harness import MUTANTS, csv_totals, json_totals, survives
from reading_back import assert_survives_the_canonical_table, read_one

from forecast.errors import UsageFormatError
from forecast.usage.formats.helicone_requests import read

REQUEST = {
    "request_id": "r",
    "response_id": "s",
    "response_created_at": "2026-11-01T10:00:02.000Z",
    "response_status": 200,
    "request_created_at": "2026-11-01T10:00:00.000Z",
    "provider": "ANTHROPIC",
    "model": "claude-opus-5-5",
    "prompt_tokens": 20,
    "completion_tokens": 5,
    "prompt_cache_read_tokens": 900,
    "prompt_cache_write_tokens": 0,
    "cost": 0.01,
}


def parsed(*changes):
    requests = [REQUEST | {"request_id": f"r{i}"} | c for i, c in enumerate(changes, start=1)]
    return read("\n".join(map(json.dumps, requests)).encode(), "requests.jsonl")


def test_cache_reasoning_and_prompt_stand_beside_each_other(tmp_path):
    exports = read_one(tmp_path, HELICONE_REQUESTS)
    rows = exports.rows.set_index("model")
    opus = rows.loc["claude-opus-5-5"]
    assert (opus["input_tokens"], opus["cache_read_tokens"]) == (1000, 9000)
    assert (opus["cache_write_5m_tokens"], opus["output_tokens"]) == (2000, 150)
    assert (opus["platform"], opus["tag"]) == ("anthropic", "app=closer,team=support")
    mini = rows.loc["gpt-5.4-mini-2026-03-17"]
    assert (mini["platform"], mini["input_tokens"], mini["output_tokens"]) == ("openai", 100, 75)
    assert rows["requests"].tolist() == [1, 1]
    assert exports.costs["billed_usd"].tolist() == [Decimal("0.0188"), Decimal("0.0004")]
    assert exports.sources[0].amounts == ("USD", "estimated")


def test_the_table_of_the_export_tool_lacks_the_cache(tmp_path):
    exports = read_one(tmp_path, HELICONE_REQUESTS_TABLE)
    (row,) = exports.rows.to_dict("records")
    assert (row["platform"], row["input_tokens"], row["tag"]) == ("openai", 1000, "app=closer")
    source = exports.sources[0]
    assert "cache_read_tokens" in source.cannot_tell
    assert source.warnings == (
        "1 requests have no tokens and give no usage",
        "1 requests have no cache columns: cache reads and writes are missing, and so is their "
        "cost; export JSON Lines instead",
        "2 requests name no provider: the platform is read off the model id",
    )


def test_what_helicone_answered_itself_counts_nothing():
    hit = {"cache_reference_id": "9f1d8c4e-7c4a-4f0a-9a53-000000000001"}
    result = parsed({}, hit)
    assert len(result.rows) == 1
    assert result.costs["billed_usd"].tolist() == [Decimal("0.01")]
    assert "1 requests were answered by Helicone's own cache" in result.warnings[0]


@pytest.mark.parametrize(
    ("changes", "platform", "model"),
    [
        (
            {"provider": "AWS", "request_model": "eu.anthropic.claude-opus-5"},
            "bedrock",
            "eu.anthropic.claude-opus-5",
        ),
        (
            {"provider": "GOOGLE", "target_url": "https://us-east5-aiplatform.googleapis.com"},
            "vertex",
            "claude-opus-5-5",
        ),
        ({"provider": "CUSTOM"}, "anthropic", "claude-opus-5-5"),
        ({"provider": None, "model": None}, "unknown", "unknown"),
        ({"provider": "GROQ", "model": "llama-4"}, "groq", "llama-4"),
        ({"response_model": "claude-opus-5-5-20260901"}, "anthropic", "claude-opus-5-5-20260901"),
    ],
)
def test_platform_and_model(changes, platform, model):
    row = parsed(changes).rows.iloc[0]
    assert (row["platform"], row["model"]) == (platform, model)


def test_audio_and_long_properties_are_said():
    result = parsed({"prompt_audio_tokens": 7}, {"properties": {"k": "v" * 499}})
    assert result.rows["input_tokens"].tolist() == [27, 20]
    assert [w.split(" requests ")[1][:5] for w in result.warnings] == ["count", "have "]


@pytest.mark.parametrize(
    ("changes", "column", "words"),
    [
        ({"prompt_tokens": -1}, "prompt_tokens", "negative"),
        ({"prompt_tokens": 1.5}, "prompt_tokens", "has a fraction"),
        ({"cost": float("nan")}, "cost", "not a finite amount"),
        ({"request_created_at": "01.11.2026"}, "request_created_at", "not an ISO date"),
        ({"image_tokens": 3}, "image_tokens", "does not know"),
        ({"request_id": "r1"}, "request_id", "stands in record 1 already"),
        ({"properties": {"a": 1}}, "properties.a", "is not a text"),
        ({"provider": 7}, "provider", "is not a text"),
    ],
)
def test_a_bad_value_is_named_by_row_and_path(changes, column, words):
    with pytest.raises(UsageFormatError) as refused:
        parsed({}, changes)
    assert (refused.value.file, refused.value.row) == ("requests.jsonl", 2)
    assert refused.value.column == column
    assert words in refused.value.problem


def test_rows_survive_the_canonical_table(tmp_path):
    assert_survives_the_canonical_table(tmp_path, HELICONE_REQUESTS)


@pytest.mark.parametrize("n", MUTANTS)
def test_damaged_requests_are_refused_or_read_right(n):
    totals = json_totals(
        {
            "input_tokens": {"prompt_tokens": 1},
            "cache_read_tokens": {"prompt_cache_read_tokens": 1},
            "output_tokens": {"completion_tokens": 1, "reasoning_tokens": 1},
            "billed_usd": {"cost": 1},
        }
    )
    requests = [REQUEST | {"request_id": i} for i in ("a", "b")]
    outcome = survives("helicone_requests", json.dumps(requests), n=n, totals=totals)
    assert outcome.rederived > 5
    assert outcome.refused


@pytest.mark.parametrize("n", MUTANTS)
def test_damaged_exports_are_refused_or_read(n):
    assert survives("helicone_requests", HELICONE_REQUESTS, n=n).read


@pytest.mark.parametrize("n", MUTANTS)
def test_damaged_tables_are_refused_or_read_right(n):
    totals = csv_totals(
        {"input_tokens": {"prompt_tokens": 1}, "output_tokens": {"completion_tokens": 1}}
    )
    assert survives("helicone_requests", HELICONE_REQUESTS_TABLE, n=n, totals=totals).rederived
