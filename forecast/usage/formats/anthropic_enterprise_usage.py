"""The usage report of the Claude Enterprise Analytics API: pages of time buckets.

What its source and its limits are stands in `anthropic_analytics`. Input excludes cache tokens,
cache writes are split by lifetime, and requests are counted (for code execution: runs). It has
no service tier and no keys; what it was not grouped by is null. A result without a model, tokens
and searches is code execution, which this table has no column for.
"""

from __future__ import annotations

from typing import Any, Final

from forecast.usage.formats import anthropic_analytics, anthropic_pages, vocabulary
from forecast.usage.formats.anthropic_pages import Grouping, Result
from forecast.usage.formats.head import Head
from forecast.usage.formats.protocol import BUCKET_ROWS, Parsed, bucket_frame
from forecast.usage.formats.vocabulary import UNKNOWN_MODEL

name: Final = "anthropic_enterprise_usage"
description: Final = "Claude Enterprise Analytics usage report (JSON pages)"
recorded_by: Final = anthropic_analytics.RECORDED_BY
input_includes_cache: Final = False
cannot_tell: Final = ("service_tier", "api_key", "workspace")
seen_by: Final = "vendor"
holds: Final = ("usage",)
amounts: Final = None

_UNGROUPED: Final = {
    "inference_geo": "taken as global, so the US premium would be missing",
    "speed": "taken as standard, so fast mode would be priced at half its rate",
    "model": f"taken as {UNKNOWN_MODEL!r}, which no price list knows",
}


_OWN: Final = frozenset({"data_refreshed_at", "organization_id", "product", "requests"})


def fits(head: Head) -> bool:
    """Tell whether a JSON text has buckets of tokens with what only this report has."""
    return (
        head.kind == "json"
        and head.keys >= {"data", "results"}
        and not head.keys.isdisjoint(_OWN)
        and head.keys.isdisjoint({"amount", "list_amount", "actor"})
        and ("uncached_input_tokens" in head.keys or head.keys <= anthropic_pages.ENVELOPE | _OWN)
    )


def read(data: bytes, file: str) -> Parsed:
    """Read one file of pages.

    Raises
    ------
    UsageFormatError
        As `anthropic_pages.read_report`; results by groups of users, a value that is not of its
        kind, an unknown place or speed, token fields nobody has reviewed. `row` counts results
        through the whole file.

    Examples
    --------
    >>> page = '''{"data": [{"starting_at": "2026-11-01T00:00:00Z",
    ...   "ending_at": "2026-11-02T00:00:00Z", "results": [{"uncached_input_tokens": 1500,
    ...   "cache_creation": {"ephemeral_5m_input_tokens": 500, "ephemeral_1h_input_tokens": 0},
    ...   "cache_read_input_tokens": 200, "output_tokens": 500, "model": "claude-opus-5-5",
    ...   "product": "chat", "requests": 12, "speed": "fast", "inference_geo": "us"}]}],
    ...   "data_refreshed_at": "2026-11-02T08:00:00Z", "has_more": false}'''
    >>> rows = read(page.encode(), "page.json").rows
    >>> rows[["tag", "speed", "geography", "input_tokens", "requests"]].values.tolist()
    [['chat', 'fast', 'us', 1500, 12]]
    """
    report = anthropic_pages.read_report(data, file)
    warnings = anthropic_analytics.check_groups(report)
    grouping = Grouping(_UNGROUPED)
    rows = [row for result in report.results if (row := _row(result, grouping)) is not None]
    grouping.n_results = len(rows)
    n_left_out = len(report.results) - len(rows)
    if n_left_out:
        warnings.append(
            f"{n_left_out} of {len(report.results)} results have no model, no tokens and no "
            "searches (code execution): not read"
        )
    return Parsed(
        bucket_frame({c: [row[c] for row in rows] for c in BUCKET_ROWS.names if c != "day"}),
        first=report.first,
        last=report.last,
        warnings=(*grouping.warnings(), *warnings),
        cannot_tell=tuple(grouping.missing),
        pages_missing=report.more,
    )


def _row(result: Result, grouping: Grouping) -> dict[str, Any] | None:
    fields = result.fields
    tokens = anthropic_pages.token_counts(fields)
    searches = anthropic_pages.web_searches(fields)
    requests = fields.count("requests") if fields.has("requests") else None
    if not fields.has("model") and not searches and not any(tokens.values()):
        return None
    return {
        "platform": "anthropic",
        "model": grouping.model(fields),
        "service_tier": fields.word("service_tier", vocabulary.service_tier, "standard"),
        "geography": grouping.place(fields),
        "speed": grouping.speed(fields),
        "context_window": fields.word("context_window", vocabulary.context_window, ""),
        "workload": "",
        "api_key": fields.text("api_key_id"),
        "workspace": fields.text("workspace_id"),
        "tag": fields.text("product"),
        "group": anthropic_analytics.group_of(result),
        "start": result.start,
        "seconds": result.seconds,
        "row": fields.row,
        "requests": requests,
        **tokens,
        "web_searches": searches,
    }
