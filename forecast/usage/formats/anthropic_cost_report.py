"""The cost report of Anthropic's Admin API: pages of daily buckets, amounts in cents.

Source of the shape: platform.claude.com, "Get Cost Report", read 2026-11-24. `amount` is a
decimal string in **cents** ("123.45" is 1.23 USD), at the organisation's prices and before
credits: a contracted cost. Without `group_by[]=description` a result is the total of its day
(or workspace) and says neither model nor token type. The report leaves out the priority tier;
web search, code execution and session hours have cost types of their own. It has no speed, no
keys and no quantities, and a null workspace is the default one, or none was grouped by.
"""

from __future__ import annotations

from typing import Any, Final

from forecast.usage.formats import anthropic_charges, anthropic_pages
from forecast.usage.formats.head import Head
from forecast.usage.formats.json_text import Fields
from forecast.usage.formats.protocol import Parsed

name: Final = "anthropic_cost_report"
description: Final = "Anthropic cost report (Admin API, JSON pages)"
recorded_by: Final = "anthropic"
input_includes_cache: Final = False
cannot_tell: Final = ("api_key", "quantity", "speed")
seen_by: Final = "vendor"
holds: Final = ("costs",)
amounts: Final = anthropic_charges.AMOUNTS

_NEEDED: Final = frozenset({"data", "results", "amount"})
_ELSEWHERE: Final = frozenset({"list_amount", "data_refreshed_at", "object", "line_item", "actor"})


def fits(head: Head) -> bool:
    """Tell whether a JSON text has buckets of amounts, and none of what other reports have."""
    return head.kind == "json" and head.keys >= _NEEDED and head.keys.isdisjoint(_ELSEWHERE)


def read(data: bytes, file: str) -> Parsed:
    """Read one file of pages.

    Raises
    ------
    UsageFormatError
        As `anthropic_pages.read_report`; an amount that is none, another currency than USD, an
        unknown token type, tier or place. `row` counts results through the whole file.

    Examples
    --------
    >>> page = '''{"data": [{"starting_at": "2026-11-01T00:00:00Z",
    ...   "ending_at": "2026-11-02T00:00:00Z", "results": [{"amount": "123.45",
    ...   "currency": "USD", "cost_type": "tokens", "model": "claude-opus-5-5",
    ...   "token_type": "output_tokens"}]}], "has_more": false}'''
    >>> costs = read(page.encode(), "page.json").costs
    >>> costs[["model", "token_kind", "contracted_usd"]].values.tolist()
    [['claude-opus-5-5', 'output', Decimal('1.2345')]]
    """
    return anthropic_charges.cost_lines(
        anthropic_pages.read_report(data, file),
        _details,
        ungrouped="group the report by description",
    )


def _details(result: Fields) -> dict[str, Any]:
    return {
        "workspace": result.text("workspace_id"),
        "description": result.text("description"),
        "contracted_usd": anthropic_charges.cents(result, "amount"),
    }
