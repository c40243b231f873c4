"""Langfuse observations: exports of the API (JSON), of blob storage (JSON, JSON Lines, CSV).

Source of the shape: ObservationV2 of the langfuse Python package 5.0.4, the reference of
`/api/public/observations` and the blob storage export (the same members in snake case), read
2026-11-24.

* Only observations of type GENERATION and EMBEDDING count. One with another counted one inside is
  the sum of what was called in it and is left out.
* Usage types (`usageDetails`) are free-form; `usage_types` says how they are read. Input excludes
  cached tokens unless the reported total says otherwise. Older observations have `usage` or
  `promptTokens` and `completionTokens` instead, without any cache.
* `costDetails.total`, or `totalCost`, is USD that Langfuse or the application worked out: an
  estimate, summed by day, model and project.
* The platform is read off the model id; nothing else tells it. Project is the workspace, the name
  of the trace, or of the observation, the tag.
* Times without a zone are UTC: Langfuse requires its databases to run in UTC.

Cannot tell key, geography or batch.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from forecast.records.costs import Amounts
from forecast.usage.formats import cells, platforms
from forecast.usage.formats.collected import REQUEST_SECONDS, Collected, exact_sum
from forecast.usage.formats.head import Head
from forecast.usage.formats.json_text import Fields
from forecast.usage.formats.nesting import around_others
from forecast.usage.formats.protocol import Parsed
from forecast.usage.formats.records import records
from forecast.usage.formats.usage_types import UsageTypes, read_types
from forecast.usage.formats.vocabulary import UNKNOWN_MODEL

name: Final = "langfuse_observations"
description: Final = "Langfuse observations (API or blob storage export)"
recorded_by: Final = "langfuse"
input_includes_cache: Final = False
cannot_tell: Final = ("platform", "service_tier", "geography", "api_key")
seen_by: Final = "observer"
holds: Final = ("usage", "costs")
amounts: Final = Amounts(unit="USD", meaning="estimated")

_COUNTED: Final = ("GENERATION", "EMBEDDING")
_NAMES: Final = {
    "id": ("id",),
    "type": ("type",),
    "start": ("startTime", "start_time"),
    "parent": ("parentObservationId", "parent_observation_id"),
    "usage": ("usageDetails", "usage_details", "usage"),
    "cost": ("costDetails", "cost_details"),
    "total_cost": ("totalCost", "total_cost", "calculatedTotalCost"),
    "model": ("model", "providedModelName", "provided_model_name"),
    "project": ("projectId", "project_id"),
    "trace_name": ("traceName", "trace_name"),
    "name": ("name",),
}
_OLD_COUNTS: Final = ("promptTokens", "completionTokens", "prompt_tokens", "completion_tokens")
_COLUMNS: Final = frozenset({*(n for names in _NAMES.values() for n in names), *_OLD_COUNTS})
_MARKS: Final = (
    {"startTime", "usageDetails"},
    {"start_time", "usage_details"},
    {"traceId", "startTime", "parentObservationId"},
    {"traceId", "startTime", "completionStartTime"},
    {"trace_id", "start_time", "parent_observation_id"},
)
"""Names of which one set tells an observation."""


class _Call(NamedTuple):
    record: Fields
    names: dict[str, str]
    usage: UsageTypes
    usd: Decimal


def fits(head: Head) -> bool:
    """Tell whether a file has observations of traces.

    Long prompts may stand before the usage types, so the names before them must do.
    """
    names = head.keys if head.kind == "json" else head.columns
    return {"id", "type"} <= names and any(mark <= names for mark in _MARKS)


def read(data: bytes, file: str) -> Parsed:
    """Read the observations of one file.

    Raises
    ------
    UsageFormatError
        A usage type that cannot be told, a value that is not of its kind, or an observation that
        stands twice; with row and column.

    Examples
    --------
    >>> observation = '''{"id": "o1", "type": "GENERATION", "startTime": "2026-11-01T10:00:00Z",
    ...   "model": "claude-opus-5-5", "usageDetails": {"input": 20, "output": 5,
    ...   "cache_read_input_tokens": 900}, "costDetails": {"total": 0.00038}}'''
    >>> parsed = read(observation.encode(), "obs.json")
    >>> parsed.rows[["platform", "input_tokens", "cache_read_tokens"]].values.tolist()
    [['anthropic', 20, 900]]
    >>> parsed.costs["billed_usd"].tolist()
    [Decimal('0.00038')]
    """
    observations = _Observations(file)
    walk = records(data, file, _COLUMNS, envelope="data", on_envelope=observations.page)
    for record in walk:
        observations.add(record)
    return observations.parsed()


class _Observations:
    def __init__(self, file: str) -> None:
        self.collected = Collected(file)
        self.calls: dict[str, _Call] = {}
        self.parents: dict[str, str] = {}
        self.pages_missing = False
        self.said: Counter[str] = Counter()

    def page(self, answer: Fields) -> None:
        meta = answer.inner_or_empty("meta")
        pages = [meta.count_or_zero(member) for member in ("page", "totalPages")]
        self.pages_missing = meta.has("cursor") or pages[0] < pages[1]

    def add(self, record: Fields) -> None:
        names = _names(record)
        identity = record.read(names["id"], lambda value: cells.given_name(str(value or "")))
        self.collected.once(identity, record, names["id"])
        self.parents[identity] = record.text(names["parent"])
        at = _instant(record, names)
        self.collected.cover(at, cells.second_after(at))
        details = _usage(record, names)
        if record.text(names["type"]).upper() not in _COUNTED:
            self.said["other"] += any(details.members.values())
            return
        usage = read_types(details)
        self.calls[identity] = _Call(record, names, usage, _cost_usd(record, names))
        self.said["without"] += not usage.any

    def parsed(self) -> Parsed:
        around = around_others(self.parents, {i for i, c in self.calls.items() if c.usage.any})
        for identity, call in self.calls.items():
            if identity not in around:
                self.add_call(identity, call)
        self.said["around"] = len(around)
        said = {
            "other": "carry usage and are neither generation nor embedding: not counted",
            "around": "are the sum of others inside them: not counted",
            "without": "have no usage",
            "unsure": "have a total that their usage types do not give: taken as they stand",
            "modes": "count audio, images or the like, at the rates of text",
            "lifetimes": "do not tell the lifetime of their cache writes: taken as 5 minutes",
        }
        return self.collected.parsed(
            warnings=[f"{self.said[k]} observations {v}" for k, v in said.items() if self.said[k]],
            cannot_tell=["cache_write_1h_tokens"] if self.said["lifetimes"] else [],
            pages_missing=self.pages_missing,
        )

    def add_call(self, identity: str, call: _Call) -> None:
        record, names, usage = call.record, call.names, call.usage
        at = _instant(record, names)
        served = platforms.served(record.text(names["model"]) or UNKNOWN_MODEL)
        dimensions = {
            "platform": served.platform,
            "model": served.model,
            "workspace": record.text(names["project"]),
        }
        row = record.row or 0
        self.collected.spend(day=at, row=row, usd=call.usd, **dimensions)
        if not usage.any:
            return
        plain = usage.plain
        self.said["unsure"] += not plain.sure
        self.said["modes"] += bool(usage.modes)
        self.said["lifetimes"] += usage.write > 0
        self.collected.usage(
            start=at,
            seconds=REQUEST_SECONDS,
            row=row,
            **dimensions,
            service_tier=usage.tier or "standard",
            tag=record.text(names["trace_name"]) or record.text(names["name"]),
            group=identity,
            input_tokens=plain.input,
            output_tokens=plain.output,
            cache_read_tokens=usage.read,
            cache_write_5m_tokens=usage.write + usage.write_5m,
            cache_write_1h_tokens=usage.write_1h,
            web_searches=usage.searches,
            requests=1,
        )


def _names(record: Fields) -> dict[str, str]:
    """Give the names that this record uses, by ours."""
    return {
        ours: next((name for name in theirs if record.has(name)), theirs[0])
        for ours, theirs in _NAMES.items()
    }


def _instant(record: Fields, names: dict[str, str]) -> datetime:
    return record.read(
        names["start"], lambda value: cells.instant(str(value or ""), utc_by_column=True)
    )


def _usage(record: Fields, names: dict[str, str]) -> Fields:
    """Give the usage types, or what older observations have instead."""
    if record.has(names["usage"]):
        usage = record.inner(names["usage"])
        if usage.has("unit") and usage.text("unit").upper() != "TOKENS":
            raise usage.fault("unit", f"is {cells.quoted(usage.text('unit'))}, not tokens")
        counts = {n: v for n, v in usage.members.items() if not _is_no_count(n)}
        if any(value is not None for value in counts.values()):
            return Fields(counts, usage.file, usage.row, usage.path)
    old = {n: record.count(n) for n in _OLD_COUNTS if record.has(n)}
    return Fields(old, record.file, record.row)


def _is_no_count(member: str) -> bool:
    """Tell the members of the deprecated `usage` that are its unit and its costs."""
    return member == "unit" or member.endswith("Cost")


def _cost_usd(record: Fields, names: dict[str, str]) -> Decimal:
    if record.has(names["cost"]):
        details = record.inner(names["cost"])
        if details.has("total"):
            return details.amount("total")
        parts = [details.amount(member) for member in details.members if details.has(member)]
        if parts:
            return exact_sum(parts)
    total = names["total_cost"]
    return record.amount(total) if record.has(total) else Decimal(0)
