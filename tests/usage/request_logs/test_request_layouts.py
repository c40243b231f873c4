"""Vendors' own logs, in their documented shape."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from request_samples import request, write, write_csv, write_jsonl

from forecast.errors import UsageFormatError
from forecast.usage.request_logs.importing import RequestUsage, aggregate_requests
from forecast.usage.request_logs.layouts import litellm_spend_logs
from forecast.usage.request_logs.recognition import is_request_log, layout_of

TOKENS = [
    "input_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
    "cache_read_tokens",
    "output_tokens",
]


def bedrock(**changes: Any) -> dict[str, Any]:
    """One record of a model invocation log."""
    return {
        "timestamp": "2026-06-16T00:20:50Z",
        "accountId": "111122223333",
        "region": "us-east-1",
        "requestId": "c47d391b-fc83-4e79-93f9-4c5f477c02b1",
        "operation": "InvokeModelWithResponseStream",
        "modelId": "arn:aws:bedrock:us-east-1:111122223333:inference-profile/"
        "us.anthropic.claude-sonnet-4-6",
        "input": {
            "inputContentType": "application/json",
            "inputBodyJson": {"messages": [{"role": "user", "content": "secret"}]},
            "inputTokenCount": 3,
            "cacheReadInputTokenCount": 7,
            "cacheWriteInputTokenCount": 18779,
        },
        "output": {
            "outputContentType": "application/json",
            "outputBodyJson": [{"type": "message_start"}],
            "outputTokenCount": 12,
        },
        "identity": {"arn": "arn:aws:sts::111122223333:assumed-role/nightly/i-0abc"},
        "inferenceRegion": "us-east-2",
        "schemaType": "ModelInvocationLog",
        "schemaVersion": "1.0",
    } | changes


def spend(usage: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """One row of LiteLLM_SpendLogs."""
    return {
        "request_id": "chatcmpl-1",
        "call_type": "acompletion",
        "api_key": "88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b",
        "spend": 0.0123,
        "total_tokens": 1100,
        "prompt_tokens": 1000,
        "completion_tokens": 100,
        "startTime": "2026-11-02 10:00:00.123",
        "endTime": "2026-11-02 10:00:05",
        "model": "claude-sonnet-4-6",
        "model_group": "sonnet",
        "custom_llm_provider": "anthropic",
        "metadata": json.dumps({"status": "success", "usage_object": usage}),
        "cache_hit": "False",
        "request_tags": '["prod", "User-Agent: curl"]',
        "team_id": "search",
        "messages": "secret",
        "response": "secret",
        "session_id": "aaaa",
        "status": "success",
    } | changes


CACHED = {
    "prompt_tokens": 1000,
    "completion_tokens": 100,
    "cache_read_input_tokens": 600,
    "cache_creation_input_tokens": 300,
    "prompt_tokens_details": {
        "cached_tokens": 600,
        "cache_creation_tokens": 300,
        "cache_creation_token_details": {
            "ephemeral_5m_input_tokens": 200,
            "ephemeral_1h_input_tokens": 100,
        },
    },
    "service_tier": "standard",
    "inference_geo": "us",
}


def read(path: Path) -> RequestUsage:
    return aggregate_requests([path], threads=1)


@pytest.mark.parametrize("name", ["log.json", "log.json.gz"])
def test_bedrock_counts_and_places(tmp_path: Path, name: str) -> None:
    records = [
        bedrock(),
        bedrock(modelId="global.anthropic.claude-sonnet-4-6-v1:0"),
        bedrock(modelId="anthropic.claude-haiku-4-5-20251001-v1:0", input={"inputTokenCount": 5}),
    ]
    usage = read(write_jsonl(tmp_path / name, records))

    told = usage.rows[["model", "geography", *TOKENS, "requests"]].to_numpy().tolist()
    assert told == [
        ["anthropic.claude-haiku-4-5-20251001-v1:0", "regional", 5, 0, 0, 0, 12, 1],
        [
            "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.anthropic.claude-sonnet-4-6",
            *("regional", 3, 18779, 0, 7, 12, 1),
        ],
        ["global.anthropic.claude-sonnet-4-6-v1:0", "global", 3, 18779, 0, 7, 12, 1],
    ]
    assert set(usage.rows["platform"]) == {"bedrock"}
    assert set(usage.rows["workspace"]) == {"111122223333"}
    assert set(usage.rows["api_key"]) == {"arn:aws:sts::111122223333:assumed-role/nightly"}
    source = usage.sources[0]
    assert (source.format_name, source.input_includes_cache) == ("bedrock_invocation_log", False)
    assert {"cache_write_1h_tokens", "prefix", "service_tier"} <= set(source.cannot_tell)


@pytest.mark.parametrize("indent", [None, 2])
def test_bedrock_records_may_be_a_list_or_stand_one_after_the_other(
    tmp_path: Path, indent: int | None
) -> None:
    records = [bedrock(), bedrock(timestamp="2026-06-16T00:25:50Z")]
    as_list = write(tmp_path / "list.json", json.dumps(records, indent=indent))
    in_turn = write(
        tmp_path / "turn.json", "\n".join(json.dumps(r, indent=indent) for r in records)
    )

    assert read(as_list).rows.equals(read(in_turn).rows)
    assert read(as_list).rows["requests"].tolist() == [2]


def test_bedrock_errors_are_not_billed_and_are_told(tmp_path: Path) -> None:
    failed = bedrock(errorCode="ThrottlingException", input={"inputTokenCount": 9}, output=None)
    usage = read(write_jsonl(tmp_path / "log.json", [bedrock(), failed]))

    assert usage.rows["requests"].tolist() == [1]
    assert usage.rows["input_tokens"].tolist() == [3]
    assert usage.sources[0].n_rows == 2
    assert usage.sources[0].warnings == (
        "1 of 2 requests failed at Bedrock: the vendor bills nothing for them, and they are not "
        "counted",
    )


def test_a_bedrock_record_without_counts_is_refused(tmp_path: Path) -> None:
    log = write_jsonl(tmp_path / "log.json", [bedrock(), bedrock(output={})])

    with pytest.raises(UsageFormatError) as caught:
        read(log)

    assert str(caught.value) == (
        "log.json, row 2, column output.outputTokenCount: is missing; write 0 where nothing was "
        "used"
    )


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_litellm_prompts_lose_their_cache_tokens(tmp_path: Path, kind: str) -> None:
    records = [
        spend(CACHED),
        spend(None, startTime="2026-11-02T10:01:00.5Z"),
        spend({"prompt_tokens_details": {"cached_tokens": 400}}, custom_llm_provider="openai"),
        spend(
            None,
            metadata=json.dumps({"additional_usage_values": {"cache_read_input_tokens": 250}}),
            model="bedrock/us.anthropic.claude-sonnet-4-6",
            custom_llm_provider="",
        ),
    ]
    writer = write_csv if kind == "csv" else write_jsonl
    usage = read(writer(tmp_path / f"log.{kind}", records))

    told = usage.rows[["platform", "model", "geography", *TOKENS]].to_numpy().tolist()
    assert told == [
        ["anthropic", "claude-sonnet-4-6", "global", 1000, 0, 0, 0, 100],
        ["anthropic", "claude-sonnet-4-6", "us", 100, 200, 100, 600, 100],
        ["bedrock", "us.anthropic.claude-sonnet-4-6", "global", 750, 0, 0, 250, 100],
        ["openai", "claude-sonnet-4-6", "global", 600, 0, 0, 400, 100],
    ]
    assert set(usage.rows["tag"]) == {"prod"}
    assert set(usage.rows["workspace"]) == {"search"}
    assert usage.sources[0].input_includes_cache


def test_litellm_metadata_may_be_an_object(tmp_path: Path) -> None:
    as_text = write_jsonl(tmp_path / "text.jsonl", [spend(CACHED)])
    as_object = write_jsonl(
        tmp_path / "object.jsonl", [spend(metadata={"usage_object": CACHED}, request_tags=["prod"])]
    )

    assert read(as_text).rows.equals(read(as_object).rows)


def test_litellm_answers_from_its_own_cache_are_not_billed(tmp_path: Path) -> None:
    records = [
        spend(CACHED),
        spend(CACHED, cache_hit="True"),
        spend(None, status="failure", prompt_tokens=0, completion_tokens=0),
        spend(None, status="failure", prompt_tokens=50, completion_tokens=5),
    ]
    usage = read(write_csv(tmp_path / "log.csv", records))

    assert usage.rows["requests"].sum() == 2
    assert usage.rows["input_tokens"].sum() == 150
    assert sorted(usage.sources[0].warnings) == [
        f"1 of 4 requests {why}: the vendor bills nothing for them, and they are not counted"
        for why in (litellm_spend_logs.FROM_ITS_CACHE, litellm_spend_logs.FAILED)
    ]
    assert usage.arrivals is not None
    gaps = usage.arrivals[usage.arrivals["measure"] == "gap_seconds"]
    assert gaps["requests"].sum() == 2


def test_litellm_batches_are_batch(tmp_path: Path) -> None:
    usage = read(write_csv(tmp_path / "log.csv", [spend(CACHED, call_type="aretrieve_batch")]))

    assert usage.rows["service_tier"].tolist() == ["batch"]


@pytest.mark.parametrize(
    ("changes", "column", "problem"),
    [
        ({"metadata": "{oops"}, "metadata", "is not JSON: '{oops'"),
        ({"prompt_tokens": 899}, "prompt_tokens", "is less than metadata.usage_object.cache_read"),
        ({"startTime": ""}, "startTime", "is not an instant of 2000 to 2099: ''"),
        ({"completion_tokens": ""}, "completion_tokens", "is empty"),
    ],
)
def test_litellm_rows_that_cannot_be_are_refused(
    tmp_path: Path, changes: dict[str, Any], column: str, problem: str
) -> None:
    log = write_jsonl(tmp_path / "log.jsonl", [spend(CACHED), spend(CACHED) | changes])

    with pytest.raises(UsageFormatError) as caught:
        read(log)

    assert (caught.value.row, caught.value.column) == (2, column)
    assert caught.value.problem.startswith(problem)


def test_logs_of_several_layouts_are_added_up(tmp_path: Path) -> None:
    files = [
        write_jsonl(tmp_path / "bedrock.json", [bedrock()]),
        write_csv(tmp_path / "own.csv", [request()]),
        write_csv(tmp_path / "litellm.csv", [spend(CACHED)]),
    ]
    usage = aggregate_requests(files)

    assert usage.rows["requests"].tolist() == [1, 1, 1]
    assert [s.format_name for s in usage.sources] == [
        "bedrock_invocation_log",
        "canonical_requests",
        "litellm_spend_logs",
    ]


def test_layouts_are_told_by_their_columns(tmp_path: Path) -> None:
    assert layout_of(write_jsonl(tmp_path / "b.json", [bedrock()])).name == "bedrock_invocation_log"
    assert layout_of(write_csv(tmp_path / "l.csv", [spend()])).name == "litellm_spend_logs"
    assert layout_of(write_csv(tmp_path / "c.csv", [request()])).name == "canonical_requests"
    assert is_request_log(tmp_path / "c.csv")
    assert not is_request_log(write(tmp_path / "days.csv", "day,model,input_tokens\n"))
    assert not is_request_log(write(tmp_path / "empty.csv", ""))
    assert not is_request_log(tmp_path / "missing.csv")
