"""Forecast the total of every task and write its quantiles.

    python scripts/backtest.py --series series.parquet --tasks tasks.csv --out quantiles.parquet
                               [--seed 0] [--jobs 2]

`series.parquet` has the columns series, t, y; `tasks.csv` has task, series, group, frequency
(month, week or day), season_length, start, origin, horizon, totals. A task is given y[start:origin]
and answers with the distribution of the total of the next k periods for every k in `totals`
(separated by blanks): task, total, quantile_level (.01 … .99), value.

Tasks of like length are worked on together; nothing is learned across them, and nothing at or after
an origin is read. The constants of the method are learned on other series (`learn_forecast.py`):
for a group of the public benchmark without its domain, for any other on all domains. Days are
fitted as weeks. Only series that run in bursts are drawn at random, from the seed.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from rich.progress import track

from forecast.demand.constants import constants
from forecast.demand.members.protocol import Floats, Window
from forecast.demand.series import (
    RHYTHMS,
    Frequency,
    fitted_periods,
    series_pool,
    total_quantiles,
)
from forecast.errors import InputError

LEVELS = np.round(np.arange(1, 100) / 100, 2)
BATCH = 50
"""Tasks in a batch at most: memory does not grow with the file."""

DOMAIN_OF_GROUP = {
    "m1": "m1",
    "m3": "m3",
    "m3_full": "m3",
    "tourism": "tourism",
    "nn5": "nn5",
    "shaved": "shaved",
}
"""The domain whose series must not have taught the constants that score a group."""


@dataclass(frozen=True)
class Task:
    """One series up to its origin, and the totals that are asked for."""

    task: str
    group: str
    frequency: Frequency
    known: Floats
    totals: tuple[int, ...]


def read_tasks(series: Path, tasks: Path) -> list[Task]:
    """Join the two files."""
    frame = pd.read_parquet(series).sort_values(["series", "t"])
    values = {
        str(name): rows["y"].to_numpy(dtype=np.float64) for name, rows in frame.groupby("series")
    }
    found = []
    for row in pd.read_csv(tasks).itertuples():
        frequency = next((known for known in RHYTHMS if known == row.frequency), None)
        if frequency is None:
            raise InputError(
                f"is not month, week or day: {row.frequency!r}",
                file=tasks.name,
                row=row.Index + 1,
                column="frequency",
            )
        if row.series not in values:
            raise InputError(
                f"is not in {series.name}: {row.series!r}",
                file=tasks.name,
                row=row.Index + 1,
                column="series",
            )
        totals = tuple(int(k) for k in str(row.totals).split())
        known = values[row.series][int(row.start) : int(row.origin)]
        found.append(Task(str(row.task), str(row.group), frequency, known, totals))
    return found


def fitted(task: Task) -> Floats:
    """What is fitted; a value that is missing or below 0 counts as nothing."""
    return fitted_periods(np.maximum(np.nan_to_num(task.known), 0.0), task.frequency)


def batches(tasks: list[Task]) -> list[list[Task]]:
    """Tasks that can be asked together: alike in everything but their values."""
    alike: dict[tuple[object, ...], list[Task]] = {}
    for task in tasks:
        domain = DOMAIN_OF_GROUP.get(task.group)
        key = (domain, task.frequency, len(fitted(task)), task.totals)
        alike.setdefault(key, []).append(task)
    return [same[i : i + BATCH] for same in alike.values() for i in range(0, len(same), BATCH)]


def quantiles(tasks: list[Task], seed: int = 0) -> Floats:
    """Quantiles of every total of tasks that are alike, [len(tasks), len(totals), len(LEVELS)]."""
    first = tasks[0]
    values = np.stack([fitted(task) for task in tasks])
    days = RHYTHMS[first.frequency].n_summed
    lengths = [max(1, round(k / days)) for k in first.totals]
    out = np.zeros((len(tasks), len(lengths), len(LEVELS)))
    live = np.flatnonzero((values > 0).any(axis=1))
    if not len(live):
        return out
    pool = series_pool(
        values[live], first.frequency, max(lengths), constants(DOMAIN_OF_GROUP.get(first.group))
    )
    for column, (length, total) in enumerate(zip(lengths, first.totals, strict=True)):
        whole = total_quantiles(pool, -1, Window(0, length), LEVELS, seed=seed)
        # A total that is no whole number of weeks is scaled to its days.
        out[live, column] = whole * total / (length * days)
    return out


def main() -> int:
    """Parse the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--series", type=Path, required=True)
    parser.add_argument("--tasks", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    arguments = parser.parse_args()
    tasks = read_tasks(arguments.series, arguments.tasks)
    run = joblib.Parallel(n_jobs=arguments.jobs, return_as="generator")
    asked = batches(tasks)
    answers = run(joblib.delayed(quantiles)(batch, arguments.seed) for batch in asked)
    found: dict[str, Floats] = {}
    for batch, values in zip(asked, track(answers, "forecasting", total=len(asked)), strict=True):
        found |= {task.task: rows for task, rows in zip(batch, values, strict=True)}
    frames = [
        pd.DataFrame({"task": task.task, "total": total, "quantile_level": LEVELS, "value": row})
        for task in tasks
        for total, row in zip(task.totals, found[task.task], strict=True)
    ]
    pd.concat(frames, ignore_index=True).to_parquet(arguments.out, index=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
