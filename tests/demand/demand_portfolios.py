"""Small portfolios of usage, made from what a day of each workload takes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
import pandas as pd

from forecast.records.rates import ModelFacts
from forecast.tables import DAILY_USAGE, conform

AS_OF = date(2026, 10, 31)

RATIOS = {"old": 1.0, "new": 1.3}


def facts(model: str) -> ModelFacts:
    return ModelFacts(model=model, family="test", tokens_per_text=RATIOS[model])


def daily_usage(
    demand: Mapping[str, np.ndarray], *, end: date = AS_OF, model: str = "old"
) -> pd.DataFrame:
    """One row per workload and day with usage; each array ends on `end`, input tokens only."""
    rows = [
        {"day": end - timedelta(days=len(units) - 1 - i), "workload": name, "input_tokens": int(u)}
        for name, units in demand.items()
        for i, u in enumerate(units)
        if u > 0
    ]
    frame = pd.DataFrame(rows, columns=["day", "workload", "input_tokens"])
    frame["day"] = pd.to_datetime(frame["day"])
    for column in DAILY_USAGE.columns:
        if column.name not in frame:
            fill: object = 0 if column.kind in ("count", "maybe_count") else ""
            frame[column.name] = {"platform": "anthropic", "model": model}.get(column.name, fill)
    return conform(frame, DAILY_USAGE)


def noisy(
    n_weeks: int, *, seed: int, level: float = 1e6, growth: float = 0.003, drift: float = 0.03
) -> np.ndarray:
    """Daily demand with a wandering level, a weekday rhythm and noise."""
    rng = np.random.default_rng(seed)
    walk = np.cumsum(rng.normal(growth, drift, n_weeks))
    rhythm = np.array([1.2, 1.3, 1.2, 1.1, 1.0, 0.6, 0.6])
    days = np.exp(walk)[:, None] * rhythm * np.exp(rng.normal(0, 0.08, (n_weeks, 7)))
    return np.round(level * days.ravel())
