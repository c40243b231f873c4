"""How often the cleaning ledger cries wolf, and which bursts it sees, on real daily series.

    python scripts/benchmarks/cleaning.py DATA [--series FILE]

DATA is the folder of real_input.py, of which `shavedice/hourly_regions_1_2.parquet` is read. FILE
is a Parquet of `series, t, y` with daily series (NN5: 25 cash machines). Nothing is known to be
wrong in either, so every burst that is found as they stand is taken for a false alarm. Then one
burst of one to five days is put into each series, 3 to 15 times its level on top of it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from real_input import MODEL, _rows, shaved_ice

from forecast.records.cleaning import CleaningKind
from forecast.tables import DAILY_USAGE
from forecast.usage.aggregate import sum_by_key
from forecast.usage.cleaning.ledger import find

BURSTS = (CleaningKind.BURST, CleaningKind.BACKFILL, CleaningKind.LOAD_TEST)
TIMES = (3, 5, 8, 15)
SEED = 0
MIN_DAYS = 300
"""Active days of a series that a burst is put into."""


def _of_series(path: Path) -> pd.DataFrame:
    frame = pd.read_parquet(path)
    frame = frame[frame["series"].str.startswith("nn5")].reset_index(drop=True)
    first = pd.Timestamp("2024-10-01")
    frame["day"] = (first + pd.to_timedelta(frame["t"], unit="D")).astype("datetime64[s]")
    y = frame["y"].fillna(0)
    frame["input_tokens"] = (y * 300_000).round().astype("int64")
    frame["output_tokens"] = (y * 20_000).round().astype("int64")
    frame["model"], frame["tag"] = MODEL, frame["series"]
    return _rows(frame)


def _daily(rows: pd.DataFrame) -> pd.DataFrame:
    return sum_by_key(rows.assign(workload=rows["tag"]), DAILY_USAGE)


def _with_burst(
    usage: pd.DataFrame, times: int, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.Timestamp, pd.Timestamp]:
    """Put one burst into the usage of one workload, away from its ends."""
    days = np.sort(usage["day"].unique())
    at, n = int(rng.integers(70, len(days) - 40)), int(rng.integers(1, 6))
    out = usage.copy()
    inside = (out["day"] >= days[at]) & (out["day"] < days[at + n])
    for column in ("input_tokens", "output_tokens"):
        level = usage[column].rolling(57, center=True, min_periods=10).median()
        more = ((times - 1) * level[inside]).astype("int64")
        out.loc[inside, column] = out.loc[inside, column] + more
    return out, pd.Timestamp(days[at]), pd.Timestamp(days[at + n - 1])


def _trials(daily: pd.DataFrame, times: int) -> Iterator[bool]:
    rng = np.random.default_rng(SEED)
    last = daily["day"].max()
    for _, usage in daily.groupby("workload", sort=True):
        runs_to_the_end = usage["day"].max() > last - pd.Timedelta(days=10)
        if usage["day"].nunique() <= MIN_DAYS or not runs_to_the_end:
            continue
        odd, first, end = _with_burst(usage.reset_index(drop=True), times, rng)
        yield any(
            f.kind in BURSTS and pd.Timestamp(f.start) <= end and pd.Timestamp(f.end) >= first
            for f in find(odd, as_of=last.date())
        )


def main() -> None:
    """Read the command line and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--series", type=Path)
    arguments = parser.parse_args()
    tables = {"shaved ice": _daily(shaved_ice(arguments.data))}
    if arguments.series:
        tables["nn5"] = _daily(_of_series(arguments.series))
    for name, daily in tables.items():
        began = time.perf_counter()
        found = find(daily, as_of=daily["day"].max().date())
        took = time.perf_counter() - began
        years = daily.groupby("workload")["day"].nunique().sum() / 365
        alarms = sum(f.kind in BURSTS for f in found)
        others = sorted(f.id for f in found if f.kind not in BURSTS)
        print(
            f"{name}: {daily['workload'].nunique()} workloads, {years:.0f} active years, "
            f"{took:.2f} s; {alarms} bursts as it stands; {', '.join(others) or 'nothing else'}"
        )
        for times in TIMES:
            seen = list(_trials(daily, times))
            print(f"  a burst of {times:2d} times the level: seen in {sum(seen)} of {len(seen)}")


if __name__ == "__main__":
    main()
