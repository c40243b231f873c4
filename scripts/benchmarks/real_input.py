"""Run the whole path on real consumption data and print figures, time and peak memory.

    python scripts/benchmarks/real_input.py DATA [--only shaved_ice|exports|sessions]

DATA is a folder with `shavedice/hourly_regions_1_2.parquet` (Snowflake-Labs/shavedice-dataset,
CC BY 4.0), `usage_exports/` (samples in the shape of vendor exports) and
`prompt_cache_traces/claude_code/` (callanjfox/kv-cache-tester, Apache-2.0).

Shaved Ice is demand for virtual machines, so one normalised machine-hour is taken as 300,000
input and 20,000 output tokens of Sonnet 4.6, and days are moved by whole weeks to the present.
The Claude Code sessions are laid one a day, in turn, over half a year; cache writes and reads are
replayed at the 5-minute TTL.
"""

from __future__ import annotations

import argparse
import gzip
import json
import resource
import sys
import time
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pandas as pd

from forecast.errors import CommitmentError
from forecast.pipeline.recommend import recommend
from forecast.records.recommendation import Recommendation
from forecast.records.terms import Terms, Tier
from forecast.records.workloads import Portfolio, Rule, Workload
from forecast.tables import USAGE_ROWS, conform
from forecast.usage.reading import read_usage

LAST_DAY = date(2026, 10, 31)
MODEL = "claude-sonnet-4-6"
TTL_SECONDS = 300


def _rows(frame: pd.DataFrame) -> pd.DataFrame:
    """Fill the columns of the canonical table that this source does not have."""
    for column in USAGE_ROWS.columns:
        if column.name not in frame:
            frame[column.name] = (
                pd.NA if column.kind == "maybe_count" else (0 if column.kind == "count" else "")
            )
    defaults = {"platform": "anthropic", "service_tier": "standard", "geography": "global"}
    for name, value in {**defaults, "speed": "standard"}.items():
        frame[name] = value
    return conform(frame, USAGE_ROWS)


def shaved_ice(data: Path) -> pd.DataFrame:
    """Daily consumption of 23 region x type series as usage rows."""
    hourly = pd.read_parquet(data / "shavedice" / "hourly_regions_1_2.parquet")
    hourly["day"] = hourly["USAGE_HOUR"].dt.tz_localize(None).dt.normalize()
    hourly["tag"] = "region-" + hourly["REGION_NUM"].astype(str) + "-" + hourly["INSTANCE_TYPE"]
    daily = hourly.groupby(["day", "tag"], as_index=False)["NORM_USAGE"].sum()
    weeks = (pd.Timestamp(LAST_DAY) - daily["day"].max()).days // 7
    daily["day"] = (daily["day"] + pd.Timedelta(weeks=weeks)).astype("datetime64[s]")
    daily["input_tokens"] = (daily["NORM_USAGE"] * 300_000).round().astype("int64")
    daily["output_tokens"] = (daily["NORM_USAGE"] * 20_000).round().astype("int64")
    daily["model"] = MODEL
    return _rows(daily)


def sessions(data: Path) -> pd.DataFrame:
    """Claude Code sessions, one a day in turn over 26 weeks, with the cache replayed."""
    traces = sorted((data / "prompt_cache_traces" / "claude_code").glob("*.json.gz"))
    loaded = [json.loads(gzip.decompress(path.read_bytes())) for path in traces]
    counted = [_replay(trace) for trace in loaded]
    days = [LAST_DAY - timedelta(days=offset) for offset in reversed(range(26 * 7))]
    records = [
        {"day": pd.Timestamp(day), "model": model, "tag": "claude-code", **tokens}
        for i, day in enumerate(days)
        for model, tokens in counted[i % len(counted)].items()
    ]
    return _rows(pd.DataFrame(records).astype({"day": "datetime64[s]"}))


def _replay(trace: dict) -> dict[str, dict[str, int]]:
    """Tokens by model of one session; a block hits when all before it hit within the TTL."""
    last_used: dict[tuple[str, int], float] = {}
    totals: dict[str, dict[str, int]] = {}
    for request in trace["requests"]:
        tokens = totals.setdefault(
            request["model"],
            {
                "input_tokens": 0,
                "cache_read_tokens": 0,
                "cache_write_5m_tokens": 0,
                "output_tokens": 0,
                "requests": 0,
            },
        )
        prefix, hits = True, 0
        for block in request["hash_ids"]:
            key = (request["model"], block)
            prefix = prefix and request["t"] - last_used.get(key, -1e9) <= TTL_SECONDS
            hits += prefix
            last_used[key] = request["t"]
        read = min(hits * trace["block_size"], request["in"])
        write = min((len(request["hash_ids"]) - hits) * trace["block_size"], request["in"] - read)
        tokens["cache_read_tokens"] += read
        tokens["cache_write_5m_tokens"] += write
        tokens["input_tokens"] += request["in"] - read - write
        tokens["output_tokens"] += request["out"]
        tokens["requests"] += 1
    return totals


def _terms() -> Terms:
    """Tiers at example thresholds; the term starts two months after the last day."""
    return Terms(
        name="example tiers",
        term_start=date(2027, 1, 1),
        term_months=12,
        tiers=tuple(
            Tier(from_commitment_usd=Decimal(start), discount_share=share)
            for start, share in ((0, 0.0), (10_000, 0.05), (250_000, 0.10), (1_000_000, 0.18))
        ),
    )


def _size(name: str, usage: pd.DataFrame) -> None:
    tags = sorted(set(usage["tag"]))
    portfolio = Portfolio(workloads=tuple(Workload(name=t, match=(Rule(tag=t),)) for t in tags))
    start = time.perf_counter()
    outcome = recommend(usage, portfolio, _terms(), seed=1)
    seconds = time.perf_counter() - start
    result = outcome.result
    print(f"{name}: {len(usage):,} rows, {len(tags)} workloads, {seconds:.1f} s")
    if not isinstance(result, Recommendation):
        print(f"  refused: {result.reason}; do not exceed {result.do_not_exceed_usd:,} USD")
        return
    h, c, b = result.headline, result.commitment, result.backtest
    print(
        f"  sign {h.sign_for_usd:,}  pay {h.expect_to_pay_usd:,}  budget {h.budget_p80_usd:,}  "
        f"worst unused {h.worst_case_unused_usd:,} USD"
    )
    print(
        f"  percentile {c.percentile:.3f}  shortfall {c.shortfall_probability:.3f}  "
        f"no deal {c.no_deal_expected_cost_usd:,} USD"
    )
    print(
        f"  backtest: {b.origins} origins, 80 % interval held {b.interval_coverage_80}, "
        f"capture {b.savings_capture} (run rate {b.savings_capture_run_rate})"
    )


def _exports(data: Path) -> None:
    for path in sorted((data / "usage_exports").iterdir()):
        try:
            read = read_usage([path])
            print(f"{path.name}: {read.sources[0].format_name}, {len(read.rows)} rows")
            for warning in read.sources[0].warnings:
                print(f"  {warning}")
        except CommitmentError as error:
            print(f"{path.name}: {error}")


def main() -> int:
    """Parse the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--only", choices=["shaved_ice", "exports", "sessions"])
    arguments = parser.parse_args()
    if arguments.only in (None, "exports"):
        _exports(arguments.data)
    if arguments.only in (None, "sessions"):
        _size("Claude Code sessions", sessions(arguments.data))
    if arguments.only in (None, "shaved_ice"):
        _size("Shaved Ice regions 1 and 2", shaved_ice(arguments.data))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak:.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
