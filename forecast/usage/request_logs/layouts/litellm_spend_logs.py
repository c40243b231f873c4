"""LiteLLM's spend logs: rows of the proxy's table `LiteLLM_SpendLogs`, one per request.

Source of the shape: schema.prisma of the proxy and the code that fills it (BerriAI/litellm,
litellm/proxy/spend_tracking, read 2026-11-24). `prompt_tokens` include cache reads and writes;
what was cached stands in `metadata.usage_object`, in older versions in
`metadata.additional_usage_values`. Writes are split by lifetime where
`cache_creation_token_details` is given, else they are taken as 5 minutes. `startTime` is UTC,
with or without a zone.

`cache_hit` means LiteLLM's own response cache: the vendor was not asked and bills nothing.
`session_id` is no prefix: the proxy makes up a new one for every request that brings none.
`messages`, `response` and `proxy_server_request` hold prompts and answers and are never read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from forecast.records.usage import ServiceTier
from forecast.usage.formats import cells, litellm_spend_logs, vocabulary
from forecast.usage.request_logs.fields import (
    Field,
    Record,
    count_field,
    instant_field,
    less,
    name_field,
)
from forecast.usage.request_logs.layouts.protocol import TEXT, Members, Requests

if TYPE_CHECKING:
    import ibis.expr.types as ir

name: Final = "litellm_spend_logs"
description: Final = "LiteLLM spend logs (LiteLLM_SpendLogs as CSV, JSON lines or Parquet)"
recorded_by: Final = litellm_spend_logs.recorded_by
seen_by: Final = litellm_spend_logs.seen_by
holds: Final = ("usage",)
amounts: Final = None
input_includes_cache: Final = True
cannot_tell: Final = ("cache_write_1h_tokens", "web_searches", "prefix")

FROM_ITS_CACHE: Final = "answered from LiteLLM's own cache"
FAILED: Final = "failed without tokens"

_PROVIDERS: Final = {
    "anthropic": "anthropic",
    "bedrock": "bedrock",
    "bedrock_converse": "bedrock",
    "vertex_ai": "vertex",
    "vertex_ai_beta": "vertex",
    "vertex_ai-anthropic_models": "vertex",
}
"""What the proxy calls the platforms of the rate card; others keep their name."""

_BATCH_CALLS: Final = ("aretrieve_batch", "retrieve_batch")
"""Calls whose row carries the tokens of a finished batch."""

_BY_THE_PROXY: Final = "User-Agent:"
"""Beginning of the tags that the proxy adds itself."""

_READ_AT: Final = ("cache_read_input_tokens", "prompt_tokens_details.cached_tokens")
_WRITTEN_AT: Final = ("cache_creation_input_tokens", "prompt_tokens_details.cache_creation_tokens")
_WRITTEN_1H_AT: Final = (
    "prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens",
)

_READABLE, _JSON, _USAGE = "metadata_readable", "metadata_json", "usage_json"
_READ, _WRITTEN, _WRITTEN_1H = "usage_read", "usage_written", "usage_written_1h"
_TIER, _PLACE = "service_tier", "inference_geo"


def platform_of(word: str) -> str:
    """Give the platform of a provider, or of a model id that begins with one.

    >>> platform_of("vertex_ai"), platform_of("bedrock/us.anthropic.claude-sonnet-4-6")
    ('vertex', 'bedrock')
    >>> platform_of("claude-sonnet-4-6")
    'anthropic'
    """
    provider, slash, _ = cells.given_name(word).lower().partition("/")
    if provider in _PROVIDERS:
        return _PROVIDERS[provider]
    return provider if slash or "claude" not in provider else "anthropic"


def model_of(word: str) -> str:
    """Give a model id without the provider that the proxy puts before it.

    >>> model_of("anthropic/claude-sonnet-4-6")
    'claude-sonnet-4-6'
    """
    provider, slash, rest = word.partition("/")
    return cells.name(rest if slash and provider.lower() in _PROVIDERS else word)


def tag_of(text: str) -> str:
    """Give the tags of a request as one name, without those the proxy adds itself.

    >>> tag_of('["prod", "User-Agent: curl", "User-Agent: curl/8.1"]')
    'prod'
    """
    try:
        tags = json.loads(text)
    except (ValueError, RecursionError):
        tags = text
    if not isinstance(tags, list):
        return cells.name(text)
    return cells.name(", ".join(str(t) for t in tags if not str(t).startswith(_BY_THE_PROXY)))


def tier_of(word: str) -> str:
    """Give the service tier; OpenAI's word for the standard one is `default`."""
    plain = word.strip().lower()
    return ServiceTier.STANDARD.value if plain == "default" else vocabulary.service_tier(word)


words: Final[Mapping[str, Callable[[str], str]]] = {
    "platform": platform_of,
    "model": model_of,
    "service_tier": tier_of,
    "geography": vocabulary.inference_geo,
    "tag": tag_of,
}


def fits(columns: frozenset[str]) -> bool:
    """Tell whether a source has the names that only this table has together."""
    return {"startTime", "prompt_tokens", "completion_tokens", "model", "metadata"} <= columns


def members(columns: frozenset[str]) -> Members:  # noqa: ARG001 the same for every file
    """Give the columns that are read."""
    return dict.fromkeys(
        (
            "startTime",
            "model",
            "custom_llm_provider",
            "call_type",
            "prompt_tokens",
            "completion_tokens",
            "metadata",
            "cache_hit",
            "status",
            "api_key",
            "team_id",
            "request_tags",
        ),
        TEXT,
    )


def refuse_unknown(columns: frozenset[str]) -> None:
    """Refuse nothing: the table belongs to the proxy, and grows with it."""


def requests(record: Record) -> Requests:
    """Map the table, and take cache tokens out of the prompt's."""
    text = record.need("metadata").cast("string").fill_null("")
    readable = (text == "") | record.is_json(text)
    record = record.derive(**{_READABLE: readable, _JSON: readable.ifelse(text, "{}")})
    record = record.derive(**{_USAGE: _usage(record).fill_null("{}")})
    usage = record.table[_USAGE]
    paths = {_READ: _READ_AT, _WRITTEN: _WRITTEN_AT, _WRITTEN_1H: _WRITTEN_1H_AT}
    record = record.derive(
        **{column: _first(record, usage, at) for column, at in paths.items()},
        **{column: record.json_text(usage, f"$.{column}") for column in (_TIER, _PLACE)},
    )
    read, written, written_1h = (
        count_field(f"metadata.usage_object.{at[0]}", record.table[column], required=False)
        for column, at in paths.items()
    )
    prompt = count_field("prompt_tokens", record.need("prompt_tokens"), required=True)
    output = count_field("completion_tokens", record.need("completion_tokens"), required=True)
    return Requests(
        table=record.table,
        time_ms=instant_field(record, "startTime", naive_is_utc=True),
        counts={
            "input_tokens": less(prompt, read, written),
            "cache_write_5m_tokens": less(written, written_1h),
            "cache_write_1h_tokens": written_1h,
            "cache_read_tokens": _of_json(record, read),
            "output_tokens": output,
        },
        names=_names(record),
        prompt_tokens=prompt,
        not_billed=_not_billed(record, prompt, output),
    )


def _usage(record: Record) -> ir.Value:
    """Give the vendor's own usage object as JSON text; NULL where there is none."""
    metadata = record.table[_JSON]
    new = record.json_text(metadata, "$.usage_object")
    return new.fill_null(record.json_text(metadata, "$.additional_usage_values"))


def _first(record: Record, usage: ir.Value, paths: tuple[str, ...]) -> ir.Value:
    first, *others = (record.json_text(usage, f"$.{path}") for path in paths)
    raw: Any = first
    for other in others:
        raw = raw.fill_null(other)
    return raw


def _of_json(record: Record, count: Field) -> Field:
    """Refuse a count whose metadata are not JSON, instead of taking it for nothing."""
    import ibis

    value = record.table[_READABLE].ifelse(count.value, ibis.null("int64"))

    def why(found: Any) -> None:
        try:
            json.loads(found or "{}")
        except (TypeError, ValueError, RecursionError):
            raise ValueError(f"is not JSON: {cells.quoted(found)}") from None

    return Field("metadata", record.need("metadata"), value, why)


def _names(record: Record) -> dict[str, Field]:
    model = record.need("model")
    provider = record.find("custom_llm_provider")
    platform = model if provider is None else (provider.fill_null("") == "").ifelse(model, provider)
    names = {
        "model": name_field("model", model),
        "platform": name_field("custom_llm_provider", platform),
        "service_tier": name_field("metadata.usage_object.service_tier", _tier(record)),
        "geography": name_field("metadata.usage_object.inference_geo", record.table[_PLACE]),
    }
    for column, source in (
        ("api_key", "api_key"),
        ("workspace", "team_id"),
        ("tag", "request_tags"),
    ):
        if (raw := record.find(source)) is not None:
            names[column] = name_field(source, raw)
    return names


def _tier(record: Record) -> ir.Value:
    import ibis

    told = record.table[_TIER]
    call = record.find("call_type")
    if call is None:
        return told
    return call.fill_null("").isin(_BATCH_CALLS).ifelse(ibis.literal("batch"), told)


def _not_billed(record: Record, prompt: Field, output: Field) -> ir.Value:
    import ibis

    reason: Any = ibis.literal("")
    if (status := record.find("status")) is not None:
        none = (prompt.value.fill_null(0) == 0) & (output.value.fill_null(0) == 0)
        reason = ((status.fill_null("") == "failure") & none).ifelse(FAILED, reason)
    if (hit := record.find("cache_hit")) is not None:
        reason = (hit.cast("string").fill_null("").lower() == "true").ifelse(FROM_ITS_CACHE, reason)
    return reason
