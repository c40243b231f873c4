"""LiteLLM's spend logs: rows of its table `LiteLLM_SpendLogs`, one a request.

A file is a dump of the table (CSV, Parquet, JSON), or the answer of `/spend/logs` or
`/spend/logs/v2` (JSON). Source of the shape: schema.prisma of litellm-proxy-extras 0.4.110 and
proxy/spend_tracking/spend_tracking_utils.py of litellm 1.109.1, read 2026-11-24.

* `prompt_tokens` **includes** cache reads and writes. They stand in `metadata`, in
  `usage_object` or, before it existed, in `additional_usage_values`; without either the row is
  taken to have none, and a warning says so. Where `total_tokens` only adds up with the cache
  tokens beside the prompt, as some pass-through routes log them, they are not taken out.
* Cache writes are split by lifetime where the usage object splits them, else five minutes.
* `cache_hit` is LiteLLM's own response cache: the vendor saw no request, and nothing is counted.
* `spend` is USD that LiteLLM multiplied out from its own price list: an estimate, summed by day,
  model, key and team.
* The row that a finished batch leaves (`aretrieve_batch`) holds the tokens of all its requests,
  at the batch tier. `startTime` is stored in UTC without a zone.
* Model and platform come from `model` and `custom_llm_provider`; key and team are their aliases
  where `metadata` gives them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from forecast.records.costs import Amounts
from forecast.records.usage import ServiceTier
from forecast.usage.formats import cells, json_text, platforms, response_usage, vocabulary
from forecast.usage.formats.collected import (
    REQUEST_SECONDS,
    Collected,
    uncached_input,
)
from forecast.usage.formats.head import Head
from forecast.usage.formats.json_text import Fields
from forecast.usage.formats.protocol import Parsed
from forecast.usage.formats.records import records
from forecast.usage.formats.vocabulary import UNKNOWN_MODEL

name: Final = "litellm_spend_logs"
description: Final = "LiteLLM spend logs (table dump or API answer)"
recorded_by: Final = "litellm"
input_includes_cache: Final = True
cannot_tell: Final = ()
seen_by: Final = "observer"
holds: Final = ("usage", "costs")
amounts: Final = Amounts(unit="USD", meaning="estimated")

_KEY_COLUMNS: Final = frozenset({"request_id", "call_type", "startTime", "prompt_tokens"})
_COLUMNS: Final = frozenset(
    {
        *_KEY_COLUMNS,
        *("completion_tokens", "total_tokens", "spend", "model", "custom_llm_provider", "api_key"),
        *("team_id", "metadata", "cache_hit", "request_tags", "end_user", "status"),
    }
)
_TOKENS: Final = frozenset({"prompt_tokens", "completion_tokens", "total_tokens"})
_BATCH_CALLS: Final = ("aretrieve_batch", "retrieve_batch")
_AGENT_TAG: Final = "User-Agent:"
"""LiteLLM tags every request with its client; that names no workload."""


def fits(head: Head) -> bool:
    """Tell whether a file has the columns of the spend log table."""
    names = head.keys if head.kind == "json" else head.columns
    return names >= _KEY_COLUMNS


def read(data: bytes, file: str) -> Parsed:
    r"""Read the rows of one file.

    Raises
    ------
    UsageFormatError
        Cache tokens beyond the prompt, an unknown service tier or place, a value that is not of
        its kind, or a request that stands twice; with row and column.

    Examples
    --------
    >>> row = b'''{"request_id": "r1", "call_type": "acompletion", "prompt_tokens": 1000,
    ...   "completion_tokens": 50, "spend": 0.0102, "startTime": "2026-11-01T10:00:00Z",
    ...   "model": "claude-opus-5-5", "custom_llm_provider": "anthropic",
    ...   "metadata": {"usage_object": {"cache_read_input_tokens": 800}}}'''
    >>> parsed = read(row, "logs.json")
    >>> parsed.rows[["input_tokens", "cache_read_tokens", "requests"]].values.tolist()
    [[200, 800, 1]]
    >>> parsed.costs["billed_usd"].tolist()
    [Decimal('0.0102')]
    """
    log = _Log(file)
    rows = records(data, file, _COLUMNS, envelope="data", on_envelope=log.page, tokens=_TOKENS)
    for record in rows:
        log.add(record)
    return log.parsed()


class _Log:
    def __init__(self, file: str) -> None:
        self.collected = Collected(file)
        self.pages: list[tuple[int, int]] = []
        self.n_hits = 0
        self.n_empty = 0
        self.n_without_usage = 0
        self.n_unsplit_writes = 0
        self.n_without_provider = 0
        self.n_apart = 0

    def page(self, answer: Fields) -> None:
        if answer.has("total_pages"):
            self.pages.append((answer.count("page"), answer.count("total_pages")))

    def add(self, record: Fields) -> None:
        request = record.read("request_id", lambda value: cells.given_name(str(value or "")))
        self.collected.once(request, record, "request_id")
        at = record.read(
            "startTime", lambda value: cells.instant(str(value or ""), utc_by_column=True)
        )
        self.collected.cover(at, cells.second_after(at))
        if _is_cache_hit(record):
            self.n_hits += 1
            return
        metadata = _object(record, "metadata")
        model = record.text("model")
        served = platforms.served(model or UNKNOWN_MODEL, record.text("custom_llm_provider"))
        self.n_without_provider += not record.has("custom_llm_provider")
        names = {
            "platform": served.platform,
            "model": served.model,
            "api_key": metadata.text("user_api_key_alias") or record.text("api_key"),
            "workspace": metadata.text("user_api_key_team_alias") or record.text("team_id"),
        }
        if record.has("spend"):
            usd = record.amount("spend")
            self.collected.spend(day=at, row=record.row or 0, usd=usd, **names)
        self.usage(record, metadata, at, {**names, "group": request})

    def usage(self, record: Fields, metadata: Fields, at: datetime, names: dict[str, str]) -> None:
        prompt, output = record.count("prompt_tokens"), record.count("completion_tokens")
        if not prompt and not output:
            self.n_empty += 1
            return
        usage = next(_usage_objects(metadata), None)
        if usage is None:
            self.n_without_usage += 1
            usage = Fields({}, record.file, record.row, "metadata.usage_object.")
        cached = response_usage.cache_tokens(usage)
        self.n_unsplit_writes += not cached.lifetimes_told
        inside = sum(cached[:3])
        total = record.count_or_zero("total_tokens")
        apart = inside > 0 and total == prompt + output + inside
        self.n_apart += apart
        plain = (
            prompt
            if apart
            else record.read("prompt_tokens", lambda _: uncached_input(prompt, inside))
        )
        batch = record.text("call_type") in _BATCH_CALLS
        self.collected.usage(
            start=at,
            seconds=REQUEST_SECONDS,
            row=record.row or 0,
            **names,
            service_tier=(ServiceTier.BATCH.value if batch else response_usage.service_tier(usage)),
            geography=usage.word("inference_geo", vocabulary.inference_geo, "global"),
            speed=usage.word("speed", vocabulary.speed, "standard"),
            tag=_tag(record),
            input_tokens=plain,
            cache_read_tokens=cached.read,
            cache_write_5m_tokens=cached.write_5m,
            cache_write_1h_tokens=cached.write_1h,
            output_tokens=output,
            requests=_batch_requests(metadata) if batch else 1,
            web_searches=usage.inner_or_empty("server_tool_use").count_or_zero(
                "web_search_requests"
            ),
        )

    def parsed(self) -> Parsed:
        told = (
            (self.n_hits, "were answered by LiteLLM's own cache and count nothing"),
            (self.n_empty, "have no tokens and give no usage"),
            (
                self.n_without_usage,
                "carry no usage object: taken to have no cache tokens, which prices reads as input",
            ),
            (self.n_apart, "have a total that counts cache tokens beside the prompt: taken so"),
            (
                self.n_unsplit_writes,
                "do not tell the lifetime of their cache writes: taken as 5 minutes",
            ),
        )
        unsure = ["cache_read_tokens"] if self.n_without_usage else []
        unsure += ["platform"] if self.n_without_provider else []
        return self.collected.parsed(
            warnings=[f"{n} records {what}" for n, what in told if n],
            cannot_tell=unsure + (["cache_write_1h_tokens"] if self.n_unsplit_writes else []),
            pages_missing=any(
                page < n_pages for page, n_pages in [max(self.pages, default=(0, 0))]
            ),
        )


def _is_cache_hit(record: Fields) -> bool:
    """Tell whether LiteLLM answered itself; the column is text ("True", "False", "None")."""
    value = record.members.get("cache_hit")
    word = str(value if value is not None else "").strip().lower()
    if word not in ("true", "false", "none", ""):
        raise record.fault("cache_hit", f"is neither True nor False: {cells.quoted(value)}")
    return word == "true"


def _object(record: Fields, member: str) -> Fields:
    """Give a member that is an object, or JSON text of one; an empty object where it is null."""
    value = record.members.get(member)
    if isinstance(value, str):
        value = record.read(member, json_text.value)
    path = f"{record.path}{member}."
    return Fields.of({} if value is None else value, record.file, row=record.row, path=path)


def _usage_objects(metadata: Fields) -> Iterator[Fields]:
    for member in ("usage_object", "additional_usage_values"):
        inside = metadata.inner_or_empty(member)
        if inside.members:
            yield inside


def _batch_requests(metadata: Fields) -> int | None:
    member = "batch_successful_requests"
    return metadata.count(member) if metadata.has(member) else None


def _tag(record: Fields) -> str:
    """Give the request's tags, without LiteLLM's own; the end user where there are none."""
    value: Any = record.members.get("request_tags")
    if isinstance(value, str):
        value = record.read("request_tags", json_text.value)
    tags = [t for t in value or () if isinstance(t, str)] if isinstance(value, list) else []
    text = ",".join(sorted(tag for tag in tags if not tag.startswith(_AGENT_TAG)))
    if not text:
        return record.text("end_user")
    return record.read("request_tags", lambda _: cells.name(text[: cells.MAX_NAME]))
