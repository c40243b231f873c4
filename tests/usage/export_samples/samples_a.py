"""Exports of Anthropic, of AWS and of FOCUS generators, and invoices, in each vendor's shape."""

from __future__ import annotations

import json
from typing import Any

from usage_samples import CANONICAL, CONSOLE, day_bucket, page, result


def cost_result(**changes: Any) -> dict[str, Any]:
    """One result of the Admin API's cost report, grouped by workspace and description."""
    return {
        "amount": "123.78912",
        "context_window": "0-200k",
        "cost_type": "tokens",
        "currency": "USD",
        "description": "Claude Opus 5 Usage - Input Tokens",
        "inference_geo": "global",
        "model": "claude-opus-5",
        "service_tier": "standard",
        "token_type": "uncached_input_tokens",
        "workspace_id": "wrkspc_01JwQvzr7rXLA5AGx3HKfFUJ",
    } | changes


def search_result(**changes: Any) -> dict[str, Any]:
    """Web searches in the cost report: no model, no tokens."""
    return (
        cost_result(
            amount="250",
            cost_type="web_search",
            description="Web Search Usage",
            context_window=None,
            model=None,
            service_tier=None,
            token_type=None,
        )
        | changes
    )


COST_REPORT = (
    json.dumps(page(day_bucket(1, cost_result(), search_result()), more=True))
    + "\n"
    + json.dumps(
        page(
            day_bucket(
                2,
                cost_result(
                    amount="0.5",
                    token_type="output_tokens",
                    description="Claude Opus 5 Usage - Output Tokens, Batch",
                    service_tier="batch",
                    workspace_id=None,
                ),
            )
        )
    )
)

SAMPLES: dict[str, bytes] = {
    "anthropic_usage_report": json.dumps(page(day_bucket(1, result(), result(model="b")))).encode(),
    "anthropic_console_usage": CONSOLE.encode(),
    "canonical": CANONICAL.encode(),
    "anthropic_cost_report": COST_REPORT.encode(),
}
