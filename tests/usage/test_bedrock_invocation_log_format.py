import json

import pytest
from export_samples.samples_b import BEDROCK_INVOCATION_LOG
from mutation_harness import MUTANTS, json_totals, survives
from reading_back import assert_survives_the_canonical_table, read_one

from forecast.errors import UsageFormatError
from forecast.usage.formats.bedrock_invocation_log import read
from forecast.usage.reading import read_usage

RECORD = {
    "timestamp": "2026-11-01T10:20:50Z",
    "accountId": "111122223333",
    "region": "us-east-1",
    "requestId": "c47d391b",
    "operation": "InvokeModel",
    "modelId": "anthropic.claude-opus-5-5",
    "input": {"inputContentType": "application/json", "inputTokenCount": 10},
    "output": {"outputContentType": "application/json", "outputTokenCount": 5},
    "schemaType": "ModelInvocationLog",
    "schemaVersion": "1.0",
}


def log(*records):
    numbered = [RECORD | {"requestId": f"r{i}"} | r for i, r in enumerate(records, start=1)]
    return "\n".join(json.dumps(record) for record in numbered)


def parsed(*records):
    return read(log(*records).encode(), "log.json")


def test_each_record_is_a_request_with_its_model_id_as_it_stands(tmp_path):
    usage = read_one(tmp_path, BEDROCK_INVOCATION_LOG)
    rows = usage.rows.set_index("model")
    told = rows.loc["global.anthropic.claude-opus-4-6-v1"]
    assert (told["input_tokens"], told["cache_read_tokens"], told["output_tokens"]) == (3, 100, 52)
    assert (told["cache_write_5m_tokens"], told["cache_write_1h_tokens"]) == (4479, 20000)
    assert told["tag"] == "costCentre=CC-1234,team=engineering"
    profile = rows.loc[
        "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.anthropic.claude-sonnet-4-6"
    ]
    assert (profile["cache_write_5m_tokens"], profile["cache_write_1h_tokens"]) == (18779, 0)
    assert profile["api_key"] == "arn:aws:sts::111122223333:assumed-role/chat"
    assert rows["requests"].tolist() == [1, 1]
    assert set(rows["workspace"]) == {"111122223333"}
    assert set(rows["platform"]) == {"bedrock"}
    source = usage.sources[0]
    assert not source.input_includes_cache
    assert "1 records do not tell the lifetime" in source.warnings[0]
    assert "cache_write_1h_tokens" in source.cannot_tell


@pytest.mark.parametrize(
    "body",
    [
        {"usage": {"cache_creation": {"ephemeral_5m_input_tokens": 3}}},
        {"usage": {"cache_creation": {"ephemeral_5m_input_tokens": 3, "x": 1}}},
        [
            "text",
            {
                "type": "message_start",
                "message": {"usage": {"cache_creation": {"ephemeral_5m_input_tokens": 3}}},
            },
        ],
        [{"metadata": {"usage": {"cacheDetails": [{"ttl": "5m", "inputTokens": 3}]}}}],
    ],
)
def test_lifetimes_are_read_where_the_response_tells_all_of_them(body):
    sent = {"inputTokenCount": 1, "cacheWriteInputTokenCount": 3}
    got = {"outputTokenCount": 1, "outputBodyJson": body}
    all_told = parsed({"input": sent, "output": got})
    assert all_told.warnings == ()
    some = parsed({"input": sent | {"cacheWriteInputTokenCount": 10}, "output": got})
    assert some.rows["cache_write_5m_tokens"].tolist() == [10]
    assert some.cannot_tell == ("cache_write_1h_tokens",)


def test_failed_and_uncounted_records_are_left_out_and_said():
    failed = {"errorCode": "ThrottlingException", "input": {}, "output": None}
    broken = {"errorCode": "ModelStreamErrorException"}
    image = {"modelId": "amazon.nova-canvas-v1:0", "input": {}, "output": {}}
    result = parsed(failed, broken, image)
    assert result.rows["output_tokens"].tolist() == [5]
    assert result.warnings == (
        "1 records failed and are left out: ThrottlingException 1",
        "1 records count no tokens and are left out: amazon.nova-canvas-v1:0 1",
    )


def test_an_embedding_has_no_output():
    assert parsed({"output": {}}).rows["output_tokens"].tolist() == [0]


def test_the_tier_of_the_response_is_kept():
    def body(tier):
        return {"output": {"outputTokenCount": 1, "outputBodyJson": {"serviceTier": tier}}}

    tiers = [{"type": "priority"}, {"type": "flex"}, {"type": "default"}, None]
    assert parsed(*map(body, tiers)).rows["service_tier"].tolist() == [
        "priority",
        "flex",
        "standard",
        "standard",
    ]
    with pytest.raises(UsageFormatError, match="not a service tier paid by tokens: 'reserved'"):
        parsed(body({"type": "reserved"}))


def test_application_profiles_and_long_tags_are_said():
    arn = "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/abc"
    result = parsed({"modelId": arn, "requestMetadata": {"k": "v" * 499}})
    assert result.rows["model"].tolist() == [arn]
    assert result.rows["tag"].tolist() == [""]
    assert len(result.warnings) == 2


@pytest.mark.parametrize(
    ("changes", "column", "words"),
    [
        ({"timestamp": "2026-11-01T10:20:50"}, "timestamp", "has no time zone"),
        ({"requestId": None}, "requestId", "is empty"),
        ({"input": {"inputTokenCount": -1}}, "input.inputTokenCount", "is negative"),
        ({"input": {"cacheReadInputTokenCount": 1}}, "input.inputTokenCount", "is missing"),
        ({"input": {"inputTokenCount": 1, "audioInputTokenCount": 3}}, "input.audio", "not know"),
        ({"output": {"outputTokenCount": "5"}}, "output.outputTokenCount", "is not a number"),
        ({"output": []}, "output", "is not an object"),
        ({"requestMetadata": {"a": 5}}, "requestMetadata.a", "is not a text"),
    ],
)
def test_a_bad_value_is_named_by_row_and_path(changes, column, words):
    with pytest.raises(UsageFormatError) as refused:
        parsed({}, changes)
    assert (refused.value.file, refused.value.row) == ("log.json", 2)
    assert refused.value.column.startswith(column)
    assert words in refused.value.problem


def test_a_request_counts_once(tmp_path):
    with pytest.raises(UsageFormatError, match="stands in record 1 already"):
        read(f"{log({})}\n{log({})}".encode(), "log.json")
    one, two = tmp_path / "1.json", tmp_path / "2.json"
    one.write_text(log({}, {}))
    two.write_text(log({}))
    with pytest.raises(UsageFormatError, match="once more"):
        read_usage([one, two])


def test_requests_of_one_second_in_two_files_are_not_one(tmp_path):
    one, two = tmp_path / "1.json", tmp_path / "2.json"
    one.write_text(log({"requestId": "a"}))
    two.write_text(log({"requestId": "b"}))
    assert read_usage([one, two]).rows["requests"].tolist() == [2]


def test_rows_survive_the_canonical_table(tmp_path):
    assert_survives_the_canonical_table(tmp_path, BEDROCK_INVOCATION_LOG)


@pytest.mark.parametrize("n", MUTANTS)
def test_damaged_logs_are_refused_or_read_right(n):
    outcome = survives(
        "bedrock_invocation_log",
        BEDROCK_INVOCATION_LOG,
        n=n,
        totals=json_totals(
            {
                "input_tokens": {"input.inputTokenCount": 1},
                "cache_read_tokens": {"input.cacheReadInputTokenCount": 1},
                "output_tokens": {"output.outputTokenCount": 1},
            }
        ),
    )
    assert outcome.read
    assert outcome.refused
