"""Write the example portfolio: two years of daily usage, its inventory, a contract, two offers.

    python scripts/example_portfolio.py --out DIR [--seed 20261101]

The company is invented. The shape of its traffic is not: tokens a request, the share of cache
reads, the rhythm of a week and the size of daily noise are statistics of published traces, each
with its source in example_company/traffic.py. The same seed writes the same bytes.
"""

from __future__ import annotations

import argparse
import shutil
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from example_company.traffic import END, NOISE_PERSISTENCE, START, TOKENS_PER_TEXT, TRAFFIC, Traffic
from numpy.typing import NDArray

from forecast.records.usage import TOKEN_COLUMNS
from forecast.tables import USAGE_ROWS, check, conform
from forecast.usage.formats.canonical import write_canonical

Floats = NDArray[np.float64]

DEFAULT_SEED = 20261101
HERE = Path(__file__).parent / "example_company"
DOCUMENTS = ("workloads.toml", "terms.toml", "offer_a.toml", "offer_b.toml")

MONTHLY_DRIFT = 0.05
"""Standard deviation of the level's random walk over 28 days (assumed; Shaved Ice shows 0.10
including growth and season, which stand apart here)."""

RAMP_DAYS = 5
"""Days over which traffic moves to another model or tier (assumed). Every move is complete four
weeks before the end, so that the last weeks show how the work is done now."""


def usage_rows(*, seed: int) -> pd.DataFrame:
    """Give the rows of the canonical usage table, one generator per api key."""
    frames = [
        _rows_of(one, rng=np.random.default_rng([seed, index])) for index, one in enumerate(TRAFFIC)
    ]
    rows = pd.concat(frames, ignore_index=True).sort_values(
        ["day", "api_key", "model", "service_tier", "geography"], kind="stable"
    )
    return check(conform(rows, USAGE_ROWS), USAGE_ROWS, key=_key())


def write(out: Path, *, seed: int) -> list[Path]:
    """Write usage.csv and the four documents into `out`; give their paths."""
    out.mkdir(parents=True, exist_ok=True)
    write_canonical(usage_rows(seed=seed), out / "usage.csv")
    for name in DOCUMENTS:
        shutil.copyfile(HERE / name, out / name)
    return [out / "usage.csv", *(out / name for name in DOCUMENTS)]


def _key() -> list[str]:
    return [c.name for c in USAGE_ROWS.columns if c.kind in ("day", "text")]


def _level(one: Traffic, days: pd.DatetimeIndex, *, rng: np.random.Generator) -> Floats:
    """Requests of every day: growth x season x week x drift x noise, then one-off work."""
    n = len(days)
    years = (np.arange(n) - (n - 1)) / 365.25
    amplitude, peak = one.season
    turn = 2 * np.pi * (days.day_of_year.to_numpy() - peak) / 365.25
    log_level = one.growth * years + amplitude * np.cos(turn)
    drift = np.cumsum(rng.normal(0.0, MONTHLY_DRIFT / np.sqrt(28), n))
    log_level += drift - drift[-1]
    shocks = rng.normal(0.0, one.noise * np.sqrt(1 - NOISE_PERSISTENCE**2), n)
    noise = np.empty(n)
    noise[0] = rng.normal(0.0, one.noise)
    for t in range(1, n):
        noise[t] = NOISE_PERSISTENCE * noise[t - 1] + shocks[t]
    level = one.requests_a_day * np.exp(log_level + noise)
    level *= np.where(days.day_of_week.to_numpy() >= 5, one.weekend, 1.0)
    busy = (days.day.to_numpy() <= 2) | (days.days_in_month.to_numpy() - days.day.to_numpy() < 3)
    level *= np.where(busy, one.busy_days, 1.0)
    if one.launch is not None:
        first, to_full = one.launch
        age = (days - pd.Timestamp(first)).days.to_numpy()
        logistic = 1 / (1 + np.exp(-8 * (age / to_full - 0.5)))
        level *= np.where(age < 0, 0.0, logistic)
    for first, length, requests in one.spikes:
        age = (days - pd.Timestamp(first)).days.to_numpy()
        level += np.where((age >= 0) & (age < length), requests, 0)
    return level


def _ramp(days: pd.DatetimeIndex, first: date) -> Floats:
    """Share that has moved by each day: a straight line over `RAMP_DAYS`."""
    age = (days - pd.Timestamp(first)).days.to_numpy()
    return np.clip((age + 1) / RAMP_DAYS, 0.0, 1.0)


def _rows_of(one: Traffic, *, rng: np.random.Generator) -> pd.DataFrame:
    days = pd.date_range(START, END, inclusive="left")
    level = _level(one, days, rng=rng)
    length = np.exp(rng.normal(0.0, 0.02, (2, len(days))))
    read_noise = np.exp(rng.normal(0.0, 0.03, len(days)))
    on_model = [np.ones(len(days))] + [_ramp(days, first) for first, _ in one.models[1:]]
    in_batch = one.batch_from[1] * _ramp(days, one.batch_from[0]) if one.batch_from else 0.0 * level
    us = _ramp(days, one.us_from) if one.us_from else 0.0 * level
    frames = []
    for i, (_, model) in enumerate(one.models):
        share = on_model[i] - (on_model[i + 1] if i + 1 < len(on_model) else 0.0)
        for tier, tier_share in (("standard", 1 - in_batch), ("batch", in_batch)):
            for geography, geo_share in (("global", 1 - us), ("us", us)):
                requests = np.rint(level * share * tier_share * geo_share)
                frames.append(
                    _priced_alike(one, days, requests, length, read_noise, model).assign(
                        model=model, service_tier=tier, geography=geography
                    )
                )
    rows = pd.concat(frames, ignore_index=True)
    return rows[rows["requests"] > 0]


def _priced_alike(
    one: Traffic,
    days: pd.DatetimeIndex,
    requests: Floats,
    length: Floats,
    read_noise: Floats,
    model: str,
) -> pd.DataFrame:
    """Rows of one model, tier and geography."""
    per_text = TOKENS_PER_TEXT.get(model, 1.0)
    text_input, text_output = one.text_tokens
    prompt = requests * text_input * per_text * length[0]
    read_share, write_share = one.cache
    read = np.rint(prompt * np.minimum(read_share * read_noise, 1 - write_share))
    write = np.rint(prompt * write_share)
    counts = {
        "input_tokens": np.rint(prompt) - read - write,
        "cache_write_5m_tokens": write,
        "cache_write_1h_tokens": 0.0 * write,
        "cache_read_tokens": read,
        "output_tokens": np.rint(requests * text_output * per_text * length[1]),
        "requests": requests,
        "web_searches": np.rint(requests * one.searches_a_request),
    }
    assert set(TOKEN_COLUMNS) < set(counts)
    return pd.DataFrame(
        {
            "day": days,
            "platform": "anthropic",
            "speed": "standard",
            "context_window": "0-200k",
            "workload": "",
            "api_key": one.api_key,
            "workspace": one.workspace,
            "tag": "",
            **{name: np.maximum(values, 0).astype(np.int64) for name, values in counts.items()},
        }
    )


def main() -> None:
    """Read the command line and write the files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="directory to write into")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    arguments = parser.parse_args()
    for path in write(arguments.out, seed=arguments.seed):
        print(path)


if __name__ == "__main__":
    main()
