"""The messages usage report of Anthropic's Admin API: pages of time buckets.

Source of the shape: platform.claude.com, "Get Messages Usage Report", read 2026-11-22. Input
excludes cache tokens; requests are not counted; what the report was not grouped by is null.
"""

from __future__ import annotations

from typing import Any, Final

from forecast.usage.formats import anthropic_pages, vocabulary
from forecast.usage.formats.anthropic_pages import Grouping, Result
from forecast.usage.formats.head import Head
from forecast.usage.formats.protocol import BUCKET_ROWS, Parsed, bucket_frame
from forecast.usage.formats.vocabulary import UNKNOWN_MODEL

name: Final = "anthropic_usage_report"
description: Final = "Anthropic messages usage report (Admin API, JSON pages)"
recorded_by: Final = "anthropic"
input_includes_cache: Final = False
cannot_tell: Final = ("requests",)
seen_by: Final = "vendor"
holds: Final = ("usage",)
amounts: Final = None

_ELSEWHERE: Final = frozenset(
    {"organization_id", "data_refreshed_at", "product", "requests", "amount", "object"}
)
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
            or head.keys <= anthropic_pages.ENVELOPE
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
    report = anthropic_pages.read_report(data, file)
    grouping = Grouping(_UNGROUPED, n_results=len(report.results))
    rows = [_row(result, grouping) for result in report.results]
    return Parsed(
        bucket_frame({c: [row[c] for row in rows] for c in BUCKET_ROWS.names if c != "day"}),
        first=report.first,
        last=report.last,
        warnings=tuple(grouping.warnings()),
        cannot_tell=tuple(grouping.missing),
        pages_missing=report.more,
    )


def _row(result: Result, grouping: Grouping) -> dict[str, Any]:
    fields = result.fields
    account, service = fields.text("account_id"), fields.text("service_account_id")
    return {
        "platform": "anthropic",
        "model": grouping.model(fields),
        "service_tier": grouping.tier(fields),
        "geography": grouping.place(fields),
        "speed": grouping.speed(fields),
        "context_window": fields.word("context_window", vocabulary.context_window, ""),
        "workload": "",
        "api_key": fields.text("api_key_id"),
        "workspace": fields.text("workspace_id"),
        "tag": service or account,
        "group": f"{account} {service}".strip(),
        "start": result.start,
        "seconds": result.seconds,
        "row": fields.row,
        "requests": None,
        **anthropic_pages.token_counts(fields),
        "web_searches": anthropic_pages.web_searches(fields),
    }
