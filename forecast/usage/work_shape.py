"""When and how a workload works, read off its usage and its arrivals."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecast.records.archetypes import WorkShape
from forecast.usage.request_logs.arrivals import GAP_SECONDS, HOUR_OF_WEEK, MINUTE_OF_HOUR

Floats = NDArray[np.float64]

MIN_REQUESTS: Final = 200
"""Fewer arrivals have no shape: of 200 spread evenly over the minutes, none is five times as busy
as the mean in 95 of 100 draws."""

MIN_DAYS: Final = 28
"""Fewer days have no calendar: a month in which nothing ran is not told from one not exported."""

CRON_TIMES: Final = 5.0
"""How much busier than the mean one a minute of a scheduler is."""

NIGHT_HOURS: Final = (22, 23, 0, 1, 2, 3, 4, 5)
PEAK_HOURS: Final = 4
LONGEST_GAP_SECONDS: Final = 3600
"""Longer gaps are nights and pauses, which everybody has: with them people who come one by one
seemed bursty (0.76 on the made-up days of `tests/usage/test_archetypes.py`), without them they are
told from queues (0.23 against 0.58 and more)."""


def work_shape(
    daily: pd.DataFrame,
    n_days: int,
    arrivals: pd.DataFrame | None = None,
    *,
    utc_offset_hours: int = 0,
) -> WorkShape:
    """Describe one workload.

    Parameters
    ----------
    daily
        Its usage by day: day, prompt_tokens, output_tokens, requests (missing where unknown).
    n_days
        Days that the exports cover, of all workloads.
    arrivals
        Its rows of `tables.ARRIVALS`.
    utc_offset_hours
        Local time less UTC where its people are.

    Examples
    --------
    >>> days = pd.date_range("2026-10-05", periods=5)
    >>> used = pd.DataFrame({"day": days, "prompt_tokens": 90.0, "output_tokens": 10.0,
    ...     "requests": pd.array([3] * 5, dtype="Int64")})
    >>> found = work_shape(used, 50)
    >>> found.active_day_share, found.stretch_share, found.output_share, found.prompt_tokens
    (0.1, 1.0, 0.1, 30.0)
    """
    used = daily[daily["prompt_tokens"] + daily["output_tokens"] > 0]
    told: dict[str, float | int | None] = {}
    if len(used):
        days = used["day"].drop_duplicates()
        tokens = used["prompt_tokens"] + used["output_tokens"]
        weekend = used["day"].dt.day_of_week >= 5
        if n_days >= MIN_DAYS:
            told = {
                "active_day_share": min(1.0, len(days) / n_days),
                "stretch_share": len(days) / ((days.max() - days.min()).days + 1),
            }
        told |= {
            "output_share": float(used["output_tokens"].sum() / tokens.sum()),
            "weekend_share": float(tokens[weekend].sum() / tokens.sum()),
        }
        requests = used["requests"]
        if not requests.isna().any() and int(requests.sum()) > 0:
            told["prompt_tokens"] = float(used["prompt_tokens"].sum()) / int(requests.sum())
    if arrivals is not None and len(arrivals):
        told |= _clock(arrivals, utc_offset_hours)
    return WorkShape.model_validate(told)


def _clock(arrivals: pd.DataFrame, utc_offset_hours: int) -> dict[str, float | int | None]:
    """Read the histograms of one workload."""
    minutes = _counts(arrivals, MINUTE_OF_HOUR, 60)
    n = int(minutes.sum())
    if n < MIN_REQUESTS:
        return {"n_requests": n}
    hours = _counts(arrivals, HOUR_OF_WEEK, 168)
    local = np.roll(hours, utc_offset_hours)
    by_hour = local.reshape(7, 24).sum(axis=0)
    busy = minutes >= CRON_TIMES * minutes.mean()
    around = np.concatenate([by_hour, by_hour[: PEAK_HOURS - 1]])
    peaks = np.convolve(around, np.ones(PEAK_HOURS), mode="valid")
    found: dict[str, float | int | None] = {
        "n_requests": n,
        "cron_share": float(minutes[busy].sum() / n),
        "burstiness": _burstiness(arrivals),
    }
    if hours.sum() > 0:
        found |= {
            "night_share": float(by_hour[list(NIGHT_HOURS)].sum() / hours.sum()),
            "peak_share": float(peaks.max() / hours.sum()),
            "weekend_share": float(local.reshape(7, 24)[5:].sum() / hours.sum()),
        }
    return found


def _counts(arrivals: pd.DataFrame, measure: str, n: int) -> Floats:
    rows = arrivals[arrivals["measure"] == measure]
    counts = np.zeros(n)
    np.add.at(counts, rows["at_least"].to_numpy(dtype=np.int64), rows["requests"].to_numpy())
    return counts


def _burstiness(arrivals: pd.DataFrame) -> float | None:
    """(σ − μ) / (σ + μ) of the gaps up to an hour, each bucket standing for its middle.

    Goh and Barabási 2008, doi:10.1209/0295-5075/81/48002.
    """
    short = (arrivals["below"] <= LONGEST_GAP_SECONDS).fillna(False)
    gaps = arrivals[(arrivals["measure"] == GAP_SECONDS) & short]
    if gaps.empty:
        return None
    low = gaps["at_least"].to_numpy(dtype=np.float64)
    middle = (low + gaps["below"].to_numpy(dtype=np.float64)) / 2
    weight = gaps["requests"].to_numpy(dtype=np.float64)
    mean = float(np.average(middle, weights=weight))
    spread = float(np.sqrt(np.average((middle - mean) ** 2, weights=weight)))
    return (spread - mean) / (spread + mean) if spread + mean > 0 else None
