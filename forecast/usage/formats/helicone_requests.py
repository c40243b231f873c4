"""Helicone's requests: what its query API and its export tool give (JSON, JSON Lines, CSV).

Source of the shape: HeliconeRequest of `POST /v1/request/query-clickhouse`, the export tool
(examples/export in Helicone's repository), the query behind it and the usage processors that fill
its columns (packages/cost/usage); read 2026-11-24.

* `prompt_tokens` **excludes** cache reads and writes, and audio; `completion_tokens` excludes
  reasoning and audio. Each has a column of its own and is counted in.
* Cache writes are not split by lifetime: five minutes.
* The CSV of the export tool has no cache columns and no provider: use its JSON Lines.
* `cost` is USD that Helicone worked out from its price list: an estimate, summed by day and model.
* A request with a `cache_reference_id` was answered by Helicone's own response cache and counts
  nothing; one without tokens, as failed ones are, gives no usage.
* Times without a zone are UTC, as Helicone's database keeps them. Properties are the tag.

Cannot tell tier, batch, geography or key.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from forecast.records.costs import Amounts
from forecast.usage.formats import cells, json_text, platforms
from forecast.usage.formats.collected import REQUEST_SECONDS, Collected
from forecast.usage.formats.head import Head
from forecast.usage.formats.json_text import Fields
from forecast.usage.formats.protocol import Parsed
from forecast.usage.formats.records import Row, records
from forecast.usage.formats.vocabulary import UNKNOWN_MODEL

name: Final = "helicone_requests"
description: Final = "Helicone requests (query API or export tool)"
recorded_by: Final = "helicone"
input_includes_cache: Final = False
cannot_tell: Final = ("service_tier", "geography", "api_key")
seen_by: Final = "observer"
holds: Final = ("usage", "costs")
amounts: Final = Amounts(unit="USD", meaning="estimated")

_KEY_COLUMNS: Final = frozenset(
    {"response_id", "request_created_at", "response_status", "prompt_tokens", "completion_tokens"}
)
_INPUT: Final = ("prompt_tokens", "prompt_audio_tokens")
_OUTPUT: Final = ("completion_tokens", "reasoning_tokens", "completion_audio_tokens")
_AUDIO: Final = ("prompt_audio_tokens", "completion_audio_tokens")
_READ: Final = "prompt_cache_read_tokens"
_WRITE: Final = "prompt_cache_write_tokens"
_TOKENS: Final = frozenset(
    {*_INPUT, *_OUTPUT, _READ, _WRITE, "total_tokens", "time_to_first_token"}
)
_COLUMNS: Final = frozenset(
    {
        *_KEY_COLUMNS,
        *_TOKENS,
        *("request_id", "provider", "target_url", "cost", "costUSD", "cache_reference_id"),
        *("model", "request_model", "response_model", "request_properties", "properties"),
    }
)
_NO_REFERENCE: Final = frozenset({"", "00000000-0000-0000-0000-000000000000"})
_NO_PROVIDER: Final = frozenset({"", "CUSTOM", "HELICONE", "LOCAL"})
_VERTEX_HOST: Final = "aiplatform."


def fits(head: Head) -> bool:
    """Tell whether a file has Helicone's names of a request and its response.

    In JSON a long body may stand before the counts, so the first names must do.
    """
    if head.kind == "json":
        return {"response_id", "response_created_at"} <= head.keys
    return head.columns >= _KEY_COLUMNS


def read(data: bytes, file: str) -> Parsed:
    """Read the requests of one file.

    Raises
    ------
    UsageFormatError
        A token column nobody has reviewed, a value that is not of its kind, or a request that
        stands twice; with row and column.

    Examples
    --------
    >>> request = '''{"request_id": "r", "response_id": "s", "response_status": 200,
    ...   "request_created_at": "2026-11-01T10:00:00.000Z", "provider": "ANTHROPIC",
    ...   "model": "claude-opus-5-5", "prompt_tokens": 20, "completion_tokens": 5,
    ...   "prompt_cache_read_tokens": 900, "cost": 0.00036}'''
    >>> rows = read(request.encode(), "requests.jsonl").rows
    >>> rows[["platform", "input_tokens", "cache_read_tokens"]].values.tolist()
    [['anthropic', 20, 900]]
    """
    requests = _Requests(file)
    for record in records(data, file, _COLUMNS, envelope="data", tokens=_TOKENS):
        requests.add(record)
    return requests.parsed()


class _Requests:
    def __init__(self, file: str) -> None:
        self.collected = Collected(file)
        self.said: Counter[str] = Counter()

    def add(self, record: Fields) -> None:
        member = "request_id" if record.has("request_id") else "response_id"
        identity = record.read(member, lambda value: cells.given_name(str(value or "")))
        self.collected.once(identity, record, member)
        at = record.read(
            "request_created_at", lambda value: cells.instant(str(value or ""), utc_by_column=True)
        )
        self.collected.cover(at, cells.second_after(at))
        if record.text("cache_reference_id") not in _NO_REFERENCE:
            self.said["hits"] += 1
            return
        served = _served(record)
        self.said["no_provider"] += record.text("provider").upper() in _NO_PROVIDER
        names = {"platform": served.platform, "model": served.model}
        cost = "cost" if record.has("cost") else "costUSD"
        if record.has(cost):
            usd = record.amount(cost)
            self.collected.spend(day=at, row=record.row or 0, usd=usd, **names)
        counts = {
            member: record.count_or_zero(member) for member in (*_INPUT, *_OUTPUT, _READ, _WRITE)
        }
        if not any(counts.values()):
            self.said["empty"] += 1
            return
        self.said["audio"] += any(counts[member] for member in _AUDIO)
        self.said["writes"] += counts[_WRITE] > 0
        self.said["no_cache"] += _READ not in record.members
        self.collected.usage(
            start=at,
            seconds=REQUEST_SECONDS,
            row=record.row or 0,
            **names,
            tag=self.tag(record),
            group=identity,
            input_tokens=sum(counts[member] for member in _INPUT),
            output_tokens=sum(counts[member] for member in _OUTPUT),
            cache_read_tokens=counts[_READ],
            cache_write_5m_tokens=counts[_WRITE],
            requests=1,
        )

    def tag(self, record: Fields) -> str:
        member = "request_properties" if record.has("request_properties") else "properties"
        properties = _properties(record, member)
        text = ",".join(f"{key}={properties.text(key)}" for key in sorted(properties.members))
        if len(text) > cells.MAX_NAME:
            self.said["long"] += 1
            return ""
        return record.read(member, lambda _: cells.name(text))

    def parsed(self) -> Parsed:
        said = {
            "hits": "were answered by Helicone's own cache and count nothing",
            "empty": "have no tokens and give no usage",
            "no_cache": "have no cache columns: cache reads and writes are missing, and so is "
            "their cost; export JSON Lines instead",
            "writes": "do not tell the lifetime of their cache writes: taken as 5 minutes",
            "no_provider": "name no provider: the platform is read off the model id",
            "audio": "count audio tokens, at the rates of text",
            "long": "have properties too long for a tag, left out",
        }
        unknown = ["cache_read_tokens", "cache_write_5m_tokens"] if self.said["no_cache"] else []
        unknown += ["platform"] if self.said["no_provider"] else []
        return self.collected.parsed(
            warnings=[f"{self.said[k]} requests {v}" for k, v in said.items() if self.said[k]],
            cannot_tell=unknown + (["cache_write_1h_tokens"] if self.said["writes"] else []),
        )


def _served(record: Fields) -> platforms.Served:
    """Tell platform and model; on Bedrock the model that was asked for names the region."""
    provider = record.text("provider")
    known = "" if provider.upper() in _NO_PROVIDER else provider
    if platforms.platform(known) == "google" and _VERTEX_HOST in record.text("target_url"):
        known = "vertex"
    answered = record.text("response_model") or record.text("model")
    asked = record.text("request_model")
    on_bedrock = platforms.platform(known) == "bedrock"
    model = (asked or answered) if on_bedrock else (answered or asked)
    return platforms.served(model or UNKNOWN_MODEL, known)


def _properties(record: Fields, member: str) -> Fields:
    """Give the properties of a request; the export tool's CSV escapes them twice."""
    value: Any = record.members.get(member)
    if isinstance(record, Row) and isinstance(value, str):
        text = value.replace('""', '"') if value.startswith('{""') else value
        value = record.read(member, lambda _: json_text.value(text))
    path = f"{record.path}{member}."
    return Fields.of({} if value is None else value, record.file, row=record.row, path=path)
