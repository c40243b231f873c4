"""Usage of a small company by day, with a rhythm to put faults into."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from forecast.tables import DAILY_USAGE, conform
from forecast.usage.aggregate import sum_by_key

LAST = date(2026, 11, 22)  # a Sunday
N_DAYS = 280
FIRST = LAST - timedelta(days=N_DAYS - 1)


def row(day: date, workload: str = "chat", requests: int = 1000, **changes: Any) -> dict[str, Any]:
    """One row of daily usage; requests are of many sizes, so tokens are no multiple of them."""
    wobble = hash_of(day, workload)
    return {
        "day": pd.Timestamp(day),
        "platform": "anthropic",
        "model": "claude-opus-5-5",
        "service_tier": "standard",
        "geography": "global",
        "speed": "standard",
        "context_window": "",
        "workload": workload,
        "input_tokens": requests * 2000 + wobble,
        "cache_write_5m_tokens": requests * 100 + wobble % 97,
        "cache_write_1h_tokens": 0,
        "cache_read_tokens": requests * 500 + wobble % 89,
        "output_tokens": requests * 300 + wobble % 83,
        "requests": requests,
        "web_searches": 0,
    } | changes


def hash_of(day: date, workload: str) -> int:
    """A number that differs by day and workload, odd as often as even."""
    return int(np.random.default_rng([day.toordinal(), *workload.encode()]).integers(1, 999))


def daily(rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """Daily usage of these rows."""
    return sum_by_key(conform(pd.DataFrame(list(rows)), DAILY_USAGE), DAILY_USAGE)


def steady(
    workload: str = "chat",
    *,
    requests: Callable[[date], int] = lambda day: 1000 if day.weekday() < 5 else 400,
    first: date = FIRST,
    last: date = LAST,
    **changes: Any,
) -> list[dict[str, Any]]:
    """A workload that runs by the week; a day of no requests has no row."""
    span = [first + timedelta(days=k) for k in range((last - first).days + 1)]
    return [row(d, workload, requests(d), **changes) for d in span if requests(d)]


def three(**replaced: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Three workloads, of which some are given."""
    usual = {
        "chat": steady("chat"),
        "nightly": steady("nightly", service_tier="batch", requests=lambda day: 3000),
        "reports": steady("reports", requests=lambda day: 500 if day.weekday() == 0 else 0),
    }
    return [one for rows in (usual | replaced).values() for one in rows]
