"""The messages usage report of Anthropic's Admin API: pages of time buckets.

A file is one page as the API returns it, a JSON list of pages, or one page after the other
(JSON Lines). Source of the shape: platform.claude.com, "Get Messages Usage Report", read
2026-11-22. Input excludes cache tokens; requests are not counted; what the report was not
grouped by is null.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from forecast.errors import UsageFormatError
from forecast.records.usage import Geography, ServiceTier, Speed
from forecast.usage.formats import cells, json_text, vocabulary
from forecast.usage.formats.head import Head
from forecast.usage.formats.protocol import BUCKET_ROWS, DAY_SECONDS, Parsed, bucket_frame

name: Final = "anthropic_usage_report"
description: Final = "Anthropic messages usage report (Admin API, JSON pages)"
recorded_by: Final = "anthropic"
input_includes_cache: Final = False
cannot_tell: Final = ("requests",)
seen_by: Final = "vendor"
holds: Final = ("usage",)
amounts: Final = None

UNKNOWN_MODEL: Final = "unknown"
"""The model of a report that was not grouped by model: kept, and refused when it is priced."""

_ENVELOPE: Final = frozenset(
    {"data", "starting_at", "ending_at", "results", "has_more", "next_page"}
)
_ELSEWHERE: Final = frozenset({"organization_id", "data_refreshed_at", "amount", "object"})
_COUNTS: Final = {
    "uncached_input_tokens": "input_tokens",
    "cache_read_input_tokens": "cache_read_tokens",
    "output_tokens": "output_tokens",
}
_WRITES: Final = {
    "ephemeral_5m_input_tokens": "cache_write_5m_tokens",
    "ephemeral_1h_input_tokens": "cache_write_1h_tokens",
}
_UNGROUPED: Final = {
    "service_tier": "taken as standard, so batch would be priced at twice its rate",
    "inference_geo": "taken as global, so the US premium would be missing",
    "model": f"taken as {UNKNOWN_MODEL!r}, which no price list knows",
}


def fits(head: Head) -> bool:
    """Tell whether a JSON text has buckets with results, and none of what other reports have."""
    return (
        head.kind == "json"
        and head.keys.isdisjoint(_ELSEWHERE)
        and {"data", "results"} <= head.keys
        and (
            not head.keys.isdisjoint({"uncached_input_tokens", "cache_creation"})
            or head.keys <= _ENVELOPE
        )
    )


def read(data: bytes, file: str) -> Parsed:
    """Read one file of pages.

    Raises
    ------
    UsageFormatError
        A truncated page, a shape that is not the report's, a value that is not of its kind, an
        unknown tier or place, token fields nobody has reviewed, a bucket that crosses midnight
        UTC, or the same page twice. `row` counts results through the whole file.

    Examples
    --------
    >>> page = '''{"data": [{"starting_at": "2026-11-01T00:00:00Z",
    ...   "ending_at": "2026-11-02T00:00:00Z", "results": [{"uncached_input_tokens": 1500,
    ...   "cache_creation": {"ephemeral_5m_input_tokens": 500, "ephemeral_1h_input_tokens": 0},
    ...   "cache_read_input_tokens": 200, "output_tokens": 500, "model": "claude-opus-5-5",
    ...   "service_tier": "batch", "inference_geo": "us"}]}], "has_more": false}'''
    >>> rows = read(page.encode(), "page.json").rows
    >>> rows[["model", "service_tier", "geography", "input_tokens"]].values.tolist()
    [['claude-opus-5-5', 'batch', 'us', 1500]]
    """
    reader = _Reader(file)
    for page in _pages(data, file):
        reader.add_page(page)
    return reader.parsed()


def _pages(data: bytes, file: str) -> Iterator[dict[str, Any]]:
    for number, page in enumerate(json_text.documents(data, file), start=1):
        if not isinstance(page, dict) or not isinstance(page.get("data"), list):
            raise UsageFormatError(
                f"page {number} has no list `data`; save whole responses of the report",
                file=file,
                column="data",
            )
        yield page


class _Reader:
    """Collects the rows of one file, page by page."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.columns: dict[str, list[Any]] = {
            column: [] for column in BUCKET_ROWS.names if column != "day"
        }
        self.nulls: Counter[str] = Counter()
        self.seen: set[tuple[datetime, bytes]] = set()
        self.ends: list[tuple[datetime, datetime, bool]] = []
        self.n_rows = 0
        self.n_no_place = 0

    def add_page(self, page: dict[str, Any]) -> None:
        more = page.get("has_more")
        if more not in (True, False, None):
            raise UsageFormatError("is neither true nor false", file=self.file, column="has_more")
        spans = [self.add_bucket(index, bucket) for index, bucket in enumerate(page["data"])]
        if spans:
            first, last = min(s for s, _ in spans), max(e for _, e in spans)
            self.ends.append((first, last, bool(more)))

    def add_bucket(self, index: int, bucket: Any) -> tuple[datetime, datetime]:
        path = f"data[{index}]"
        if not isinstance(bucket, dict) or not isinstance(bucket.get("results"), list):
            raise UsageFormatError("has no list `results`", file=self.file, column=path)
        start = self.instant(bucket, "starting_at", path)
        end = self.instant(bucket, "ending_at", path)
        seconds = int((end - start).total_seconds())
        if not 0 < seconds <= DAY_SECONDS or (end - timedelta(seconds=1)).date() != start.date():
            raise UsageFormatError(
                f"lasts from {start} to {end}; a bucket is at most one UTC day",
                file=self.file,
                column=path,
            )
        for result in bucket["results"]:
            self.n_rows += 1
            self.add_result(result, start, seconds)
        return start, end

    def instant(self, bucket: dict[str, Any], member: str, path: str) -> datetime:
        try:
            return cells.instant(str(bucket.get(member)))
        except ValueError as fault:
            raise UsageFormatError(
                str(fault), file=self.file, row=self.n_rows + 1, column=f"{path}.{member}"
            ) from None

    def add_result(self, result: Any, start: datetime, seconds: int) -> None:
        if not isinstance(result, dict):
            raise self.fault("results", f"is not an object: {cells.quoted(result)}")
        text = json.dumps(result, sort_keys=True, default=str).encode()
        content = hashlib.blake2b(text, digest_size=16).digest()
        if (start, content) in self.seen:
            raise self.fault(
                "results", f"repeats an earlier result of the bucket {start}; a page stands twice"
            )
        self.seen.add((start, content))
        row = {
            "platform": "anthropic",
            "workload": "",
            "start": start,
            "seconds": seconds,
            "row": self.n_rows,
            "requests": None,
            **self.dimensions(result),
            **self.measures(result),
        }
        for column, values in self.columns.items():
            values.append(row[column])

    def dimensions(self, result: dict[str, Any]) -> dict[str, str]:
        def text(member: str) -> str:
            value = result.get(member)
            if value is None:
                self.nulls[member] += 1
                return ""
            if not isinstance(value, str):
                raise self.fault(member, f"is not a text: {cells.quoted(value)}")
            try:
                return cells.name(value)
            except ValueError as fault:
                raise self.fault(member, str(fault)) from None

        def word(member: str, meaning: Any, default: str) -> str:
            value = text(member)
            try:
                return meaning(value) if value else default
            except ValueError as fault:
                raise self.fault(member, str(fault)) from None

        self.n_no_place += result.get("inference_geo") == vocabulary.NO_PLACE
        account, service = text("account_id"), text("service_account_id")
        return {
            "model": text("model") or UNKNOWN_MODEL,
            "service_tier": word(
                "service_tier", vocabulary.service_tier, ServiceTier.STANDARD.value
            ),
            "geography": word("inference_geo", vocabulary.inference_geo, Geography.GLOBAL.value),
            "speed": word("speed", vocabulary.speed, Speed.STANDARD.value),
            "context_window": word("context_window", vocabulary.context_window, ""),
            "api_key": text("api_key_id"),
            "workspace": text("workspace_id"),
            "tag": service or account,
            "group": f"{account} {service}".strip(),
        }

    def measures(self, result: dict[str, Any]) -> dict[str, int]:
        row = {column: self.number(result, member) for member, column in _COUNTS.items()}
        writes = self.inner(result, "cache_creation")
        for member, column in _WRITES.items():
            row[column] = self.number(writes, member, "cache_creation.")
        for path, members, known in (
            ("", result, _COUNTS),
            ("cache_creation.", writes, _WRITES),
        ):
            for member in members:
                if "token" in member and member not in known:
                    raise self.fault(
                        path + member, "is a token count this version does not know; update it"
                    )
        tools = result.get("server_tool_use")
        searches = 0
        if tools is not None:
            tools = self.inner(result, "server_tool_use")
            if "web_search_requests" in tools:
                searches = self.number(tools, "web_search_requests", "server_tool_use.")
        return row | {"web_searches": searches}

    def inner(self, result: dict[str, Any], member: str) -> dict[str, Any]:
        value = result.get(member)
        if not isinstance(value, dict):
            raise self.fault(member, f"is not an object: {cells.quoted(value)}")
        return value

    def number(self, members: dict[str, Any], member: str, path: str = "") -> int:
        if member not in members:
            raise self.fault(path + member, "is missing")
        try:
            return cells.number(members[member])
        except ValueError as fault:
            raise self.fault(path + member, str(fault)) from None

    def fault(self, column: str, problem: str) -> UsageFormatError:
        return UsageFormatError(problem, file=self.file, row=self.n_rows, column=column[:120])

    def parsed(self) -> Parsed:
        if not self.ends:
            raise UsageFormatError("holds no time bucket; fetch the report again", file=self.file)
        ungrouped = [m for m in _UNGROUPED if self.nulls[m]]
        warnings = [
            f"{m} is null in {self.nulls[m]} of {self.n_rows} results and {_UNGROUPED[m]}; "
            f"group the report by {m}"
            for m in ungrouped
        ]
        warnings += vocabulary.no_place_warning(self.n_no_place, self.n_rows)
        first = min(start for start, _, _ in self.ends)
        _, last, more = max(self.ends)
        return Parsed(
            bucket_frame(self.columns),
            first=first,
            last=last,
            warnings=tuple(warnings),
            cannot_tell=tuple(ungrouped),
            pages_missing=more,
        )
