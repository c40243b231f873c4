import io
import json
from decimal import Decimal

import pandas as pd
import pytest
from export_samples.samples_b import LITELLM_SPEND_LOGS, LITELLM_SPEND_LOGS_TABLE
from mutation_harness import MUTANTS, csv_totals, json_totals, survives
from reading_back import assert_survives_the_canonical_table, read_one

from forecast.errors import UsageFormatError
from forecast.usage.formats.litellm_spend_logs import read

ROW = {
    "request_id": "r",
    "call_type": "acompletion",
    "api_key": "k",
    "spend": 0.01,
    "prompt_tokens": 1000,
    "completion_tokens": 50,
    "total_tokens": 1050,
    "startTime": "2026-11-01T10:00:00Z",
    "model": "claude-opus-5-5",
    "custom_llm_provider": "anthropic",
    "metadata": {"usage_object": {"prompt_tokens": 1000}},
    "cache_hit": "False",
}


def parsed(*rows):
    numbered = [ROW | {"request_id": f"r{i}"} | row for i, row in enumerate(rows, start=1)]
    return read(json.dumps(numbered).encode(), "logs.json")


def usage(**members):
    return {"metadata": {"usage_object": members}}


def test_cache_tokens_are_taken_out_of_the_prompt(tmp_path):
    exports = read_one(tmp_path, LITELLM_SPEND_LOGS)
    rows = exports.rows.set_index("model")
    opus = rows.loc["claude-opus-5-5"]
    assert opus["input_tokens"] == 12000 - 9000 - 2000
    assert (opus["cache_read_tokens"], opus["output_tokens"]) == (9000, 100)
    assert (opus["cache_write_5m_tokens"], opus["cache_write_1h_tokens"]) == (500, 1500)
    assert (opus["api_key"], opus["workspace"], opus["tag"]) == ("closer", "support", "nightly")
    assert (opus["geography"], opus["web_searches"]) == ("us", 2)
    gpt = rows.loc["gpt-5.4"]
    assert (gpt["platform"], gpt["input_tokens"], gpt["cache_read_tokens"]) == ("openai", 100, 600)
    assert gpt["tag"] == "customer-7"
    assert rows["requests"].tolist() == [1, 1]
    assert exports.costs["billed_usd"].tolist() == [Decimal("0.01935"), Decimal("0.002")]
    source = exports.sources[0]
    assert source.amounts == ("USD", "estimated")
    assert source.seen_by == "observer"
    assert source.warnings == ()


def test_what_litellm_answered_itself_counts_nothing(tmp_path):
    exports = read_one(tmp_path, LITELLM_SPEND_LOGS_TABLE)
    row = exports.rows.iloc[0]
    assert (row["platform"], row["model"]) == ("bedrock", "us.anthropic.claude-sonnet-4-6")
    assert (row["input_tokens"], row["cache_read_tokens"], row["requests"]) == (200, 800, 1)
    assert row["tag"] == "a,b"
    assert exports.costs["billed_usd"].tolist() == [Decimal("0.0102")]
    assert "1 records were answered by LiteLLM's own cache" in exports.sources[0].warnings[0]


def test_a_parquet_dump_says_the_same(tmp_path):
    table = pd.read_csv(io.BytesIO(LITELLM_SPEND_LOGS_TABLE), dtype={"cache_hit": "str"})
    table["startTime"] = pd.to_datetime(table["startTime"], format="ISO8601")
    sink = io.BytesIO()
    table.to_parquet(sink)
    one = read_one(tmp_path, sink.getvalue())
    other = read_one(tmp_path, LITELLM_SPEND_LOGS_TABLE)
    pd.testing.assert_frame_equal(one.rows, other.rows)
    assert one.costs["billed_usd"].tolist() == other.costs["billed_usd"].tolist()


def test_spend_is_added_up_by_day_and_key_without_losing_a_digit():
    result = parsed(
        {"spend": 1e-17},
        {"spend": "1000000000.1"},
        {"spend": 0, "startTime": "2026-11-02T00:00:00Z"},
    )
    (line,) = result.costs.to_dict("records")
    assert line["billed_usd"] == Decimal("1000000000.10000000000000001")
    assert (line["description"], line["row"]) == ("2 records", 1)


def test_a_finished_batch_is_one_row_of_many_requests():
    metadata = {"usage_object": {"prompt_tokens": 1000}, "batch_successful_requests": 40}
    batch = {"call_type": "aretrieve_batch", "metadata": metadata}
    rows = parsed(batch, batch | usage()).rows
    assert rows["service_tier"].tolist() == ["batch", "batch"]
    assert rows["requests"].tolist() == [40, pd.NA]


def test_older_rows_have_their_cache_tokens_in_another_member():
    old = {"metadata": {"additional_usage_values": {"cache_read_input_tokens": 800}}}
    rows = parsed(old, {"metadata": json.dumps(old["metadata"])}).rows
    assert rows["input_tokens"].tolist() == [200, 200]


def test_a_total_tells_that_cache_tokens_stand_beside_the_prompt():
    beside = usage(cache_read_input_tokens=9000) | {"total_tokens": 10050}
    result = parsed(beside, usage(cache_read_input_tokens=900))
    assert result.rows["input_tokens"].tolist() == [1000, 100]
    assert "1 records have a total that counts cache tokens beside" in result.warnings[0]


def test_what_a_row_cannot_tell_is_said():
    result = parsed({"metadata": None}, usage(cache_creation_input_tokens=10), {"spend": None})
    assert result.cannot_tell == ("cache_read_tokens", "cache_write_1h_tokens")
    assert [w.split(" records ")[1][:12] for w in result.warnings] == [
        "carry no usa",
        "do not tell ",
    ]


def test_a_failure_without_tokens_is_no_usage():
    result = parsed({}, {"prompt_tokens": 0, "completion_tokens": 0, "status": "failure"})
    assert len(result.rows) == 1
    assert "1 records have no tokens" in result.warnings[0]


def test_pages_of_the_api_say_when_more_follow():
    answer = {"data": [ROW], "total": 90, "page": 1, "page_size": 50, "total_pages": 2}
    assert read(json.dumps(answer).encode(), "a.json").pages_missing
    assert not read(json.dumps(answer | {"page": 2}).encode(), "a.json").pages_missing


@pytest.mark.parametrize(
    ("changes", "column", "words"),
    [
        (usage(cache_read_input_tokens=1001), "prompt_tokens", "less than the 1001 cached"),
        (
            usage(cache_read_input_tokens=5, prompt_tokens_details={"cached_tokens": 6}),
            "metadata.usage_object.prompt_tokens_details.cached_tokens",
            "is 6 where",
        ),
        (usage(service_tier="turbo"), "metadata.usage_object.service_tier", "not a known service"),
        (usage(inference_geo="eu"), "metadata.usage_object.inference_geo", "not a known"),
        ({"prompt_tokens": -1}, "prompt_tokens", "negative"),
        ({"spend": float("nan")}, "spend", "not a finite amount"),
        ({"spend": "0,5"}, "spend", "not an amount"),
        ({"startTime": None}, "startTime", "not an ISO date"),
        ({"metadata": "{"}, "metadata", "is not JSON"),
        ({"metadata": [1]}, "metadata", "is not an object"),
        ({"audio_tokens": 3}, "audio_tokens", "does not know"),
        ({"cache_hit": "maybe"}, "cache_hit", "neither True nor False"),
        ({"request_id": "r1"}, "request_id", "stands in record 1 already"),
    ],
)
def test_a_bad_value_is_named_by_row_and_path(changes, column, words):
    with pytest.raises(UsageFormatError) as refused:
        parsed({}, changes)
    assert (refused.value.file, refused.value.row) == ("logs.json", 2)
    assert refused.value.column == column
    assert words in refused.value.problem


def test_rows_survive_the_canonical_table(tmp_path):
    assert_survives_the_canonical_table(tmp_path, LITELLM_SPEND_LOGS)


COLUMNS = {"output_tokens": {"completion_tokens": 1}, "billed_usd": {"spend": 1}}


def unless_a_hit(totals):
    """Leave out mutants in which LiteLLM may have answered a request itself."""
    return lambda data: None if b"true" in data.lower() else totals(data)


@pytest.mark.parametrize("n", MUTANTS)
def test_damaged_logs_are_refused_or_read_right(n):
    rows = json.dumps([ROW | {"request_id": "a"}, ROW | {"request_id": "b"}])
    outcome = survives("litellm_spend_logs", rows, n=n, totals=unless_a_hit(json_totals(COLUMNS)))
    assert outcome.rederived > 5
    assert outcome.refused


@pytest.mark.parametrize("sample", [LITELLM_SPEND_LOGS, LITELLM_SPEND_LOGS_TABLE])
@pytest.mark.parametrize("n", MUTANTS)
def test_damaged_dumps_are_refused_or_read(n, sample):
    outcome = survives("litellm_spend_logs", sample, n=n)
    assert outcome.read
    assert outcome.refused


def test_totals_of_a_table_are_those_of_its_columns():
    table = LITELLM_SPEND_LOGS_TABLE.replace(b'"True"', b'"False"')
    totals = unless_a_hit(csv_totals(COLUMNS))
    assert survives("litellm_spend_logs", table, n=300, totals=totals).rederived > 5
