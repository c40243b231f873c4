"""Amazon Bedrock's model invocation log: JSON records in S3 or CloudWatch, often gzipped.

Source of the shape: docs.aws.amazon.com/bedrock, "Monitor model invocation using CloudWatch Logs
and Amazon S3" (schemaType ModelInvocationLog 1.0), read 2026-11-22. The input excludes cache
tokens. Bodies (`inputBodyJson`, `outputBodyJson`) hold prompts and answers and are never read.

`modelId` may be an ARN or an inference profile; it stays as it is, pricing reads it. Where it
runs decides the price: `global.` profiles are without the regional premium, every other profile
and a plain id are with it. Cache writes are not split by lifetime and are taken as 5 minutes,
Bedrock's default. Batch inference is not in this log.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from forecast.records.usage import Geography
from forecast.usage.formats import bedrock_invocation_log, cells
from forecast.usage.request_logs.fields import Record, count_field, instant_field, name_field
from forecast.usage.request_logs.layouts.protocol import TEXT, Members, Requests

name: Final = "bedrock_invocation_log"
description: Final = "Amazon Bedrock model invocation log (JSON)"
recorded_by: Final = bedrock_invocation_log.recorded_by
seen_by: Final = bedrock_invocation_log.seen_by
holds: Final = ("usage",)
amounts: Final = None
input_includes_cache: Final = False
cannot_tell: Final = ("service_tier", "cache_write_1h_tokens", "web_searches", "tag", "prefix")

FAILED: Final = "failed at Bedrock"

_COUNTS: Final = {
    "input_tokens": "input.inputTokenCount",
    "cache_write_5m_tokens": "input.cacheWriteInputTokenCount",
    "cache_read_tokens": "input.cacheReadInputTokenCount",
    "output_tokens": "output.outputTokenCount",
}
_ROLE: Final = "^(arn:[^:]+:sts::[0-9]+:assumed-role/[^/]+)/.*$"
"""A session of a role; its last part is often a name of its own for every process."""


def geography_of(model_id: str) -> str:
    """Tell whether an id runs at the global or at a regional endpoint.

    >>> geography_of("global.anthropic.claude-sonnet-4-6"), geography_of("arn:aws:bedrock:us-east-1"
    ...     ":111122223333:inference-profile/us.anthropic.claude-sonnet-4-6")
    ('global', 'regional')
    """
    is_global = model_id.rsplit("/", 1)[-1].startswith("global.")
    return Geography.GLOBAL.value if is_global else Geography.REGIONAL.value


words: Final[Mapping[str, Callable[[str], str]]] = {"geography": geography_of}


def fits(columns: frozenset[str]) -> bool:
    """Tell whether a source has what every invocation record has."""
    return {"timestamp", "modelId", "operation", "input", "output"} <= columns


def members(columns: frozenset[str]) -> Members:  # noqa: ARG001 the same for every file
    """Give the members that are read: none that hold text of a conversation."""
    return {
        "timestamp": TEXT,
        "accountId": TEXT,
        "modelId": TEXT,
        "errorCode": TEXT,
        "identity": {"arn": TEXT},
        "input": {
            "inputTokenCount": TEXT,
            "cacheReadInputTokenCount": TEXT,
            "cacheWriteInputTokenCount": TEXT,
        },
        "output": {"outputTokenCount": TEXT},
    }


def refuse_unknown(columns: frozenset[str]) -> None:
    """Refuse nothing: the record has a version, and its counts stand one level down."""


def requests(record: Record) -> Requests:
    """Map the records; those with an error code are not billed."""
    import ibis

    names = {
        "model": name_field("modelId", record.need("modelId")),
        "geography": name_field("modelId", record.need("modelId"), why=cells.given_name),
    }
    if (account := record.find("accountId")) is not None:
        names["workspace"] = name_field("accountId", account)
    if (arn := record.find("identity.arn")) is not None:
        role = arn.re_search(_ROLE).ifelse(arn.re_extract(_ROLE, 1), arn)
        names["api_key"] = name_field("identity.arn", role)
    counts = {}
    for column, path in _COUNTS.items():
        raw = record.find(path)
        if raw is not None or column == "input_tokens":
            needed = column in ("input_tokens", "output_tokens")
            counts[column] = count_field(path, record.need(path), required=needed)
    error = record.find("errorCode")
    failed = None if error is None else (error.fill_null("") != "").ifelse(FAILED, "")
    return Requests(
        table=record.table,
        time_ms=instant_field(record, "timestamp", naive_is_utc=False),
        counts=counts,
        names={**names, "platform": name_field("platform", ibis.literal("bedrock"))},
        not_billed=failed,
    )
