"""Forecast the total of every task and write its quantiles.

    python scripts/backtest.py --series series.parquet --tasks tasks.csv --out quantiles.parquet
                               [--seed 0] [--jobs 2]

`series.parquet` has the columns series, t, y; `tasks.csv` has task, series, group, frequency
(month, week or day), season_length, start, origin, horizon, totals. A task is given y[start:origin]
and answers with the distribution of the total of the next k periods for every k in `totals`
(separated by blanks): task, total, quantile_level (.01 … .99), value.

Every task is a panel of one series: nothing is learned across tasks, and nothing at or after an
origin is read. The constants of the method are learned on other series (`learn_forecast.py`): for
a group of the public benchmark without its domain, for any other on all domains. Days are fitted as
weeks. The method has no randomness; the seed is accepted so that callers need not know.
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

from forecast.demand.calibration import distribution
from forecast.demand.constants import constants
from forecast.demand.hindcast import hindcast, past_origins
from forecast.demand.members.protocol import Floats, Window
from forecast.demand.members.roster import roster
from forecast.demand.pool import pool_members
from forecast.errors import InputError

LEVELS = np.round(np.arange(1, 100) / 100, 2)
PERIODS_A_YEAR = {"month": 12, "week": 52, "day": 52}
ORIGIN_STEP = {"month": 3, "week": 4, "day": 4}
MIN_TRAINING = {"month": 12, "week": 13, "day": 13}
DOMAIN_OF_GROUP = {
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
    frequency: str
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
        if row.frequency not in PERIODS_A_YEAR:
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
        found.append(Task(str(row.task), str(row.group), str(row.frequency), known, totals))
    return found


def quantiles(task: Task) -> Floats:
    """Quantiles of every total of one task, shape [len(totals), len(LEVELS)]."""
    known = np.maximum(np.nan_to_num(task.known), 0.0)
    days = 7 if task.frequency == "day" else 1
    n = len(known) // days
    values = known[len(known) - n * days :].reshape(n, days).sum(axis=1)
    lengths = [max(1, round(k / days)) for k in task.totals]
    season = PERIODS_A_YEAR[task.frequency]
    if not (values > 0).any():
        return np.zeros((len(lengths), len(LEVELS)))
    pool = pool_members(
        hindcast(
            values[None, :],
            roster(),
            season_length=season,
            origins=past_origins(n, ORIGIN_STEP[task.frequency], MIN_TRAINING[task.frequency]),
            horizon=max(season, *lengths),
        ),
        constants(DOMAIN_OF_GROUP.get(task.group)),
    )
    out = np.empty((len(lengths), len(LEVELS)))
    for row, (length, total) in enumerate(zip(lengths, task.totals, strict=True)):
        found = distribution(pool, len(pool.hindcast.origins) - 1, Window(0, length))
        # A total that is no whole number of weeks is scaled to its days.
        out[row] = np.exp(found.log_quantiles(0, LEVELS)) * total / (length * days)
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
    answers = run(joblib.delayed(quantiles)(task) for task in tasks)
    frames = []
    for task, values in zip(tasks, track(answers, "forecasting", total=len(tasks)), strict=True):
        for total, row in zip(task.totals, values, strict=True):
            frames.append(
                pd.DataFrame(
                    {
                        "task": task.task,
                        "total": total,
                        "quantile_level": LEVELS,
                        "value": row,
                    }
                )
            )
    pd.concat(frames, ignore_index=True).to_parquet(arguments.out, index=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
