from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from forecast.pricing.rate_cards import load_rate_card
from forecast.records.rates import RateCard
from forecast.tables import DAILY_USAGE, conform

AS_OF = date(2026, 11, 22)

_DEFAULTS = {
    "platform": "anthropic",
    "service_tier": "standard",
    "geography": "global",
    "speed": "standard",
    "context_window": "",
    "workload": "w",
    "requests": pd.NA,
}


def _usage(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    full = [
        {c.name: _DEFAULTS.get(c.name, 0) for c in DAILY_USAGE.columns} | dict(row) for row in rows
    ]
    frame = pd.DataFrame(full, columns=DAILY_USAGE.names)
    frame["day"] = pd.to_datetime(frame["day"])
    return conform(frame, DAILY_USAGE)


@pytest.fixture(scope="session")
def usage() -> Callable[[Sequence[Mapping[str, Any]]], pd.DataFrame]:
    """Make a daily usage table of rows that name only what matters."""
    return _usage


@pytest.fixture(scope="session")
def card() -> RateCard:
    return load_rate_card(AS_OF)


@pytest.fixture
def sheet(tmp_path: Path) -> Callable[..., Path]:
    """Write a price sheet."""

    def write(text: str, name: str = "ours.toml") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write
