"""The cost report of the Claude Enterprise Analytics API: pages of time buckets, in cents.

What its source and its limits are stands in `anthropic_analytics`. `amount` is after the
discount and before credits, `list_amount` before the discount, both in fractional **cents**
("41280.000000" is 412.80 USD): contracted and list cost, from which the negotiated discount can
be read. Without `group_by[]=cost_type` and `token_type` a result is the total of its group. It
has no service tier, no keys and no quantities.
"""

from __future__ import annotations

from typing import Any, Final

from forecast.usage.formats import anthropic_analytics, anthropic_charges, anthropic_pages
from forecast.usage.formats.head import Head
from forecast.usage.formats.json_text import Fields
from forecast.usage.formats.protocol import Parsed

name: Final = "anthropic_enterprise_cost"
description: Final = "Claude Enterprise Analytics cost report (JSON pages)"
recorded_by: Final = anthropic_analytics.RECORDED_BY
input_includes_cache: Final = False
cannot_tell: Final = ("service_tier", "api_key", "workspace", "quantity")
seen_by: Final = "vendor"
holds: Final = ("costs",)
amounts: Final = anthropic_charges.AMOUNTS


def fits(head: Head) -> bool:
    """Tell whether a JSON text has buckets of amounts with and without the discount."""
    return (
        head.kind == "json"
        and head.keys >= {"data", "results", "amount", "list_amount"}
        and "actor" not in head.keys
    )


def read(data: bytes, file: str) -> Parsed:
    """Read one file of pages.

    Raises
    ------
    UsageFormatError
        As `anthropic_pages.read_report`; results by groups of users, an amount that is none,
        another currency than USD, an unknown token type, place or speed. `row` counts results
        through the whole file.

    Examples
    --------
    >>> page = '''{"data": [{"starting_at": "2026-11-01T00:00:00Z",
    ...   "ending_at": "2026-11-02T00:00:00Z", "results": [{"amount": "8500.00",
    ...   "list_amount": "10000.00", "currency": "USD", "cost_type": "tokens",
    ...   "token_type": "output_tokens", "model": "claude-opus-5-5"}]}], "has_more": false}'''
    >>> costs = read(page.encode(), "page.json").costs
    >>> costs[["token_kind", "list_usd", "contracted_usd"]].values.tolist()
    [['output', Decimal('100.0000'), Decimal('85.0000')]]
    """
    report = anthropic_pages.read_report(data, file)
    return anthropic_charges.cost_lines(
        report,
        _details,
        ungrouped="group the report by model, cost_type and token_type",
        more_warnings=anthropic_analytics.check_groups(report),
    )


def _details(result: Fields) -> dict[str, Any]:
    return {
        "api_key": result.text("api_key_id"),
        "workspace": result.text("workspace_id"),
        "description": result.text("product"),
        "list_usd": anthropic_charges.cents(result, "list_amount"),
        "contracted_usd": anthropic_charges.cents(result, "amount"),
    }
