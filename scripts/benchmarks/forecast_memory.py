"""Peak memory of a joint forecast by the number of workloads.

    python scripts/benchmarks/forecast_memory.py [--workloads 100 2000] [--paths 1000] [--months 36]

Each number runs in a process of its own, on two years of days of random walks. Printed are the
time, the peak of resident memory above what it was before the forecast, and what all paths together
would take (paths x months x workloads), which are drawn again rather than kept.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from datetime import date

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from forecast.demand.forecast import forecast_demand
from forecast.records.rates import ModelFacts
from forecast.tables import DAILY_USAGE, conform
from forecast.units import month_range

DAYS = 2 * 364
END = date(2026, 10, 31)
MEGABYTE = 1 << 20


def usage(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Daily usage of n workloads."""
    walk = np.cumsum(rng.normal(0.0005, 0.01, (n, DAYS)), axis=1)
    tokens = np.exp(13 + walk + 0.1 * rng.standard_normal((n, DAYS))).astype(np.int64)
    days = pd.date_range(end=pd.Timestamp(END), periods=DAYS)
    names = pd.Categorical.from_codes(np.repeat(np.arange(n), DAYS), [f"w{i:04}" for i in range(n)])
    frame = pd.DataFrame(
        {"day": np.tile(days, n), "workload": names.astype(str), "input_tokens": tokens.ravel()}
    )
    for column in DAILY_USAGE.columns:
        if column.name not in frame:
            fill: object = 0 if column.kind in ("count", "maybe_count") else ""
            frame[column.name] = {"platform": "anthropic", "model": "model"}.get(column.name, fill)
    return conform(frame, DAILY_USAGE)


def peak_bytes() -> int:
    """Most memory this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def measure(n: int, n_paths: int, n_months: int) -> tuple[float, float, float]:
    """Seconds, megabytes above the start, megabytes of all paths together."""
    daily = usage(n, np.random.default_rng(0))
    before, start = peak_bytes(), time.perf_counter()
    forecast_demand(
        daily,
        workloads=(),
        facts=lambda model: ModelFacts(model=model, family="any", tokens_per_text=1.0),
        usd_per_unit={f"w{i:04}": 1e-6 for i in range(n)},
        as_of=END,
        months=month_range(date(2026, 11, 1), n_months),
        n_paths=n_paths,
        rng=np.random.default_rng(0),
    )
    taken = time.perf_counter() - start
    return taken, (peak_bytes() - before) / MEGABYTE, 8 * n_paths * n_months * n / MEGABYTE


def main() -> int:
    """Parse the arguments, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--workloads", type=int, nargs="+", default=[100, 2000])
    parser.add_argument("--paths", type=int, default=1000)
    parser.add_argument("--months", type=int, default=36)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(*measure(arguments.one, arguments.paths, arguments.months))
        return 0
    table = Table("workloads", "seconds", "MB at most", "all paths together")
    for n in arguments.workloads:
        settings = ["--one", str(n), "--paths", str(arguments.paths), "--months"]
        out = subprocess.run(
            [sys.executable, __file__, *settings, str(arguments.months)],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        seconds, most, answer = (float(x) for x in out.split())
        table.add_row(str(n), f"{seconds:.1f}", f"{most:.0f}", f"{answer:.0f}")
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
