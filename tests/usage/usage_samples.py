"""Exports in the exact shape of each vendor, built by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from forecast.tables import USAGE_ROWS, conform

CONSOLE_HEADER = (
    "usage_date_utc,model_version,api_key,workspace,usage_type,context_window,"
    "usage_input_tokens_no_cache,usage_input_tokens_cache_write_5m,"
    "usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,usage_output_tokens,"
    "web_search_count,inference_geo,speed"
)
CONSOLE = f"""{CONSOLE_HEADER}
2026-08-05,claude-opus-5,Closer App,Default,standard,≤ 200k,46981,15969,0,0,16932,0,global,
2026-08-05,Claude Haiku 4.5,nightly,Default,batch,> 200k,"1,046,981",0,700,90,50,3,us,
2026-08-06,claude-haiku-5-5,nightly,Default,batch,≤ 200k,100,0,0,0,5,0,not_available,fast
"""

CANONICAL = """day,model,input_tokens,output_tokens,service_tier,api_key,requests
2026-08-05,claude-opus-5,1000,100,standard,chat,10
2026-08-05,claude-opus-5,2000,200,batch,chat,
2026-08-06,claude-opus-5,3000,300,standard,chat,30
"""


def result(**changes: Any) -> dict[str, Any]:
    """One result of the messages usage report, as the Admin API returns it."""
    return {
        "account_id": None,
        "api_key_id": "apikey_01Rj2N8SVvo6BePZj99NhmiT",
        "cache_creation": {"ephemeral_1h_input_tokens": 1000, "ephemeral_5m_input_tokens": 500},
        "cache_read_input_tokens": 200,
        "context_window": "0-200k",
        "inference_geo": "global",
        "model": "claude-opus-4-6",
        "output_tokens": 500,
        "server_tool_use": {"web_search_requests": 10},
        "service_account_id": None,
        "service_tier": "standard",
        "uncached_input_tokens": 1500,
        "workspace_id": "wrkspc_01JwQvzr7rXLA5AGx3HKfFUJ",
    } | changes


def time_bucket(start: str, end: str, *results: dict[str, Any]) -> dict[str, Any]:
    """One time bucket."""
    return {"starting_at": start, "ending_at": end, "results": list(results)}


def day_bucket(day: int, *results: dict[str, Any]) -> dict[str, Any]:
    """The bucket of one day of August 2025."""
    return time_bucket(f"2025-08-{day:02}T00:00:00Z", f"2025-08-{day + 1:02}T00:00:00Z", *results)


def page(*buckets: dict[str, Any], more: bool = False) -> dict[str, Any]:
    """One page."""
    token = "page_MjAyNS0wNS0xNFQwMDowMDowMFo=" if more else None
    return {"data": list(buckets), "has_more": more, "next_page": token}


def report(*buckets: dict[str, Any], more: bool = False) -> str:
    """One page as JSON."""
    return json.dumps(page(*buckets, more=more))


def write(folder: Path, name: str, content: str | bytes) -> Path:
    """Write a file and give its path."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def usage_rows(*rows: dict[str, Any]) -> pd.DataFrame:
    """Usage rows with defaults for what a test does not care about."""
    base: dict[str, Any] = {
        "day": pd.Timestamp("2026-11-01"),
        "platform": "anthropic",
        "model": "claude-opus-5-5",
        "service_tier": "standard",
        "geography": "global",
        "speed": "standard",
        "context_window": "",
        "workload": "",
        "api_key": "",
        "workspace": "",
        "tag": "",
        "input_tokens": 100,
        "cache_write_5m_tokens": 0,
        "cache_write_1h_tokens": 0,
        "cache_read_tokens": 0,
        "output_tokens": 10,
        "requests": 1,
        "web_searches": 0,
    }
    return conform(pd.DataFrame([base | row for row in rows]), USAGE_ROWS)
