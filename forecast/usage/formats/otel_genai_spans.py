"""OpenTelemetry spans of calls to models: OTLP JSON with the GenAI semantic conventions.

A file holds trace messages as the collector's file exporter or an OTLP/HTTP request writes them,
one or many. Source of the shape: opentelemetry-proto (JSON: 64-bit integers are strings, kinds
are numbers or names), the GenAI attributes of opentelemetry-semantic-conventions 0.66b2 and its
JavaScript reference, and the older names that instrumentations still send (Sentry's conventions,
OpenLLMetry, Strands); read 2026-11-24.

* `gen_ai.usage.input_tokens` **includes** `gen_ai.usage.cache_read.input_tokens` and
  `gen_ai.usage.cache_creation.input_tokens`; both are taken out. Where a span carries a total that
  only adds up with the cache tokens beside the input, the input is taken as it stands.
* Cache writes are not split by lifetime: five minutes. Reasoning tokens are inside the output.
* Spans nest: an agent's span repeats the sum of the calls in it. Of spans with usage only the
  innermost count, and an agent's or workflow's span of the calling process (kind INTERNAL) never.
* Platform from `gen_ai.provider.name` (older: `gen_ai.system`). The model is the one that
  answered, on Bedrock the one that was asked for: its region decides the price.
* The service is the tag, its deployment environment the workspace.

Cannot tell batch, geography, key or amounts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final, NamedTuple

from forecast.usage.formats import cells, epoch, json_text, platforms, response_usage
from forecast.usage.formats.collected import (
    REQUEST_SECONDS,
    Collected,
    uncached_input,
)
from forecast.usage.formats.head import Head
from forecast.usage.formats.json_text import Fields
from forecast.usage.formats.nesting import around_others
from forecast.usage.formats.protocol import Parsed
from forecast.usage.formats.vocabulary import UNKNOWN_MODEL

name: Final = "otel_genai_spans"
description: Final = "OpenTelemetry GenAI spans (OTLP JSON)"
recorded_by: Final = "opentelemetry"
input_includes_cache: Final = True
cannot_tell: Final = ("service_tier", "geography", "api_key")
seen_by: Final = "observer"
holds: Final = ("usage",)
amounts: Final = None

_USAGE: Final = "gen_ai.usage."
_COUNTS: Final = {
    "input": (f"{_USAGE}input_tokens", f"{_USAGE}prompt_tokens"),
    "output": (f"{_USAGE}output_tokens", f"{_USAGE}completion_tokens"),
    "read": (
        f"{_USAGE}cache_read.input_tokens",
        f"{_USAGE}cache_read_input_tokens",
        f"{_USAGE}cache_read_tokens",
        f"{_USAGE}input_tokens.cached",
    ),
    "write": (
        f"{_USAGE}cache_creation.input_tokens",
        f"{_USAGE}cache_creation_input_tokens",
        f"{_USAGE}cache_write_input_tokens",
        f"{_USAGE}cache_creation_tokens",
        f"{_USAGE}cache_write_tokens",
        f"{_USAGE}input_tokens.cache_write",
    ),
    "total": (f"{_USAGE}total_tokens", "llm.usage.total_tokens"),
}
_INSIDE: Final = frozenset(
    {
        f"{_USAGE}reasoning.output_tokens",
        f"{_USAGE}output_tokens.reasoning",
        f"{_USAGE}reasoning_tokens",
        f"{_USAGE}thoughts_tokens",
    }
)
_DETAILS: Final = f"{_USAGE}details."
"""Copies of the provider's own usage, already inside the counts."""
_KNOWN: Final = _INSIDE | {name for names in _COUNTS.values() for name in names}
_TIERS: Final = ("openai.response.service_tier", "gen_ai.openai.response.service_tier")
_AGENTS: Final = frozenset({"invoke_agent", "create_agent", "invoke_workflow", "execute_tool"})
_INTERNAL: Final = frozenset({"1", "SPAN_KIND_INTERNAL"})
_VALUES: Final = ("stringValue", "intValue", "doubleValue", "boolValue")


class _Call(NamedTuple):
    span: Fields
    attributes: Fields
    service: Fields
    at: datetime
    counts: dict[str, int]


def fits(head: Head) -> bool:
    """Tell whether a JSON text has spans by resource and scope."""
    return head.kind == "json" and {"resourceSpans", "spans"} <= head.keys


def read(data: bytes, file: str) -> Parsed:
    """Read the spans of one file.

    Raises
    ------
    UsageFormatError
        Cache tokens beyond the input, a token attribute nobody has reviewed, two attributes that
        disagree, a value that is not of its kind, or a span that stands twice; with row (span)
        and column (attribute).

    Examples
    --------
    >>> span = '''{"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "t", "spanId": "s",
    ...   "kind": 3, "startTimeUnixNano": "1793527200000000000", "attributes": [
    ...   {"key": "gen_ai.provider.name", "value": {"stringValue": "anthropic"}},
    ...   {"key": "gen_ai.response.model", "value": {"stringValue": "claude-opus-5-5"}},
    ...   {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "1000"}},
    ...   {"key": "gen_ai.usage.cache_read.input_tokens", "value": {"intValue": "800"}},
    ...   {"key": "gen_ai.usage.output_tokens", "value": {"intValue": "50"}}]}]}]}]}'''
    >>> rows = read(span.encode(), "spans.json").rows
    >>> rows[["model", "input_tokens", "cache_read_tokens", "output_tokens"]].values.tolist()
    [['claude-opus-5-5', 200, 800, 50]]
    """
    spans = _Spans(file)
    for span, service in _walk(data, file):
        spans.add(span, service)
    return spans.parsed()


def _walk(data: bytes, file: str) -> Iterator[tuple[Fields, Fields]]:
    """Walk the spans of a file, numbered from 1, each with the attributes of its service."""
    row = 0
    for message in json_text.documents(data, file, unit="message"):
        for resource in _each(Fields.of(message, file), "resourceSpans", row):
            service = _attributes(resource.inner_or_empty("resource"))
            for scope in _each(resource, "scopeSpans", row):
                for value in scope.items("spans") if scope.has("spans") else ():
                    row += 1
                    yield Fields.of(value, file, row=row), service


def _each(holder: Fields, member: str, row: int) -> Iterator[Fields]:
    for place, value in enumerate(holder.items(member) if holder.has(member) else ()):
        path = f"{holder.path}{member}[{place}]."
        yield Fields.of(value, holder.file, row=row + 1, path=path)


def _attributes(holder: Fields) -> Fields:
    """Give a list of keys and values as an object, with integers as numbers."""
    members: dict[str, Any] = {}
    for place, pair in enumerate(holder.items("attributes") if holder.has("attributes") else ()):
        path = f"{holder.path}attributes[{place}]."
        one = Fields.of(pair, holder.file, row=holder.row, path=path)
        key, value = one.text("key"), one.inner_or_empty("value")
        if key in members:
            raise one.fault("key", f"stands twice: {cells.quoted(key)}")
        found = [kind for kind in _VALUES if value.has(kind)]
        members[key] = value.members[found[0]] if found else None
        if found == ["intValue"] and isinstance(members[key], str):
            members[key] = value.read("intValue", cells.count)
    return Fields(members, holder.file, holder.row)


class _Spans:
    def __init__(self, file: str) -> None:
        self.collected = Collected(file, member="spans")
        self.parents: dict[str, str] = {}
        self.calls: dict[str, _Call] = {}
        self.said: Counter[str] = Counter()

    def add(self, span: Fields, service: Fields) -> None:
        trace = span.read("traceId", lambda value: cells.given_name(str(value or "")))
        identity = span.read("spanId", lambda value: cells.given_name(str(value or "")))
        self.collected.once(f"{trace} {identity}", span, "spanId")
        parent = span.text("parentSpanId")
        self.parents[f"{trace} {identity}"] = f"{trace} {parent}" if parent else ""
        at = span.read("startTimeUnixNano", lambda value: epoch.seconds(value, per_second=10**9))
        self.collected.cover(at, cells.second_after(at))
        attributes = _attributes(span)
        _refuse_unknown_counts(attributes)
        counts = {kind: _count(attributes, names) for kind, names in _COUNTS.items()}
        if not any(counts.values()):
            return
        inside = attributes.text("gen_ai.operation.name") in _AGENTS
        if inside and str(span.members.get("kind")) in _INTERNAL:
            self.said["agents"] += 1
            return
        self.calls[f"{trace} {identity}"] = _Call(span, attributes, service, at, counts)

    def parsed(self) -> Parsed:
        around = around_others(self.parents, self.calls)
        for identity, call in self.calls.items():
            if identity not in around:
                self.add_call(identity, call)
        self.said["around"] = len(around)
        said = {
            "agents": "are an agent's own, which repeat the calls in them: not counted",
            "around": "are the sum of others inside them: not counted",
            "apart": "have a total that counts cache tokens beside the input: taken so",
            "provider": "name no provider: the platform is read off the model id",
            "writes": "do not tell the lifetime of their cache writes: taken as 5 minutes",
        }
        warnings = [f"{self.said[k]} spans {v}" for k, v in said.items() if self.said[k]]
        if not self.calls and self.parents:
            warnings.append(f"none of the {len(self.parents)} spans carries gen_ai.usage tokens")
        return self.collected.parsed(
            warnings=warnings,
            cannot_tell=(["cache_write_1h_tokens"] if self.said["writes"] else [])
            + (["platform"] if self.said["provider"] else []),
        )

    def add_call(self, identity: str, call: _Call) -> None:
        counts, told = call.counts, call.attributes
        apart = counts["read"] + counts["write"] > 0 and counts["total"] == sum(
            counts[k] for k in ("input", "output", "read", "write")
        )
        self.said["apart"] += apart
        self.said["writes"] += counts["write"] > 0
        served = _served(told)
        self.said["provider"] += not _provider(told)
        tier = next((name for name in _TIERS if told.has(name)), _TIERS[0])
        self.collected.usage(
            start=call.at,
            seconds=REQUEST_SECONDS,
            row=call.span.row or 0,
            platform=served.platform,
            model=served.model,
            service_tier=response_usage.service_tier(told, tier),
            workspace=call.service.text("deployment.environment.name")
            or call.service.text("deployment.environment"),
            tag=call.service.text("service.name"),
            group=identity,
            input_tokens=counts["input"]
            if apart
            else told.read(
                _COUNTS["input"][0],
                lambda _: uncached_input(counts["input"], counts["read"], counts["write"]),
            ),
            cache_read_tokens=counts["read"],
            cache_write_5m_tokens=counts["write"],
            output_tokens=counts["output"],
            requests=1,
        )


def _provider(told: Fields) -> str:
    return told.text("gen_ai.provider.name") or told.text("gen_ai.system")


def _served(told: Fields) -> platforms.Served:
    asked, answered = told.text("gen_ai.request.model"), told.text("gen_ai.response.model")
    provider = _provider(told)
    on_bedrock = platforms.platform(provider) == "bedrock" if provider else False
    first, second = (asked, answered) if on_bedrock else (answered, asked)
    return platforms.served(first or second or UNKNOWN_MODEL, provider)


def _count(attributes: Fields, names: tuple[str, ...]) -> int:
    """Read the one count that stands under several names."""
    told = {name: attributes.count(name) for name in names if attributes.has(name)}
    if len(set(told.values())) > 1:
        first, *others = told
        raise attributes.fault(
            others[-1], f"is {told[others[-1]]} where {first} is {told[first]}; which is right?"
        )
    return next(iter(told.values()), 0)


def _refuse_unknown_counts(attributes: Fields) -> None:
    for member in attributes.members:
        known = member in _KNOWN or member.startswith(_DETAILS)
        if member.startswith(_USAGE) and "token" in member and not known:
            raise attributes.fault(member, "is a token count this version does not know; update it")
