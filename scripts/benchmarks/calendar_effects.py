"""Whether turns of the month and public holidays carry signal for totals of days.

    python scripts/benchmarks/calendar_effects.py --series series.parquet --tasks tasks.csv

NN5 (withdrawals of cash in England from 18 March 1996 on) is the daily domain with known dates. A
day's deviation is its log less the median log of the same weekday one and two weeks before and
after it. Printed are the mean deviation of the first and last three days of a month and of public
holidays, with its standard error over series, and what the totals of the tasks gain when each
series' own mean deviations, from its known days and shrunk by one of their error variances, are
taken out before the fit and put back over the window.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))
from backtest import LEVELS, Task, batches, quantiles, read_tasks
from score import score, summary

from forecast.demand.members.protocol import Flags, Floats

START = np.datetime64("1996-03-18")
HOLIDAYS = np.array(
    [
        *("1996-04-05", "1996-04-08", "1996-05-06", "1996-05-27", "1996-08-26", "1996-12-25"),
        *("1996-12-26", "1997-01-01", "1997-03-28", "1997-03-31", "1997-05-05", "1997-05-26"),
        *("1997-08-25", "1997-12-25", "1997-12-26", "1998-01-01"),
    ],
    dtype="M8[D]",
)
TURN_DAYS = 3


def kinds(n: int) -> Mapping[str, Flags]:
    """Which of the first n days are of each kind."""
    days = START + np.arange(n)
    month = days.astype("M8[M]")
    since = (days - month.astype("M8[D]")).astype(int)
    left = ((month + 1).astype("M8[D]") - days).astype(int)
    return {
        "first days of a month": since < TURN_DAYS,
        "last days of a month": left <= TURN_DAYS,
        "public holidays": np.isin(days, HOLIDAYS),
    }


def deviations(values: Floats) -> Floats:
    """Log of every day less what its weekday is around it; NaN where that is not known."""
    log = np.log(np.where(values > 0, values, np.nan))
    around = np.full((4, len(log)), np.nan)
    for row, shift in zip(around, (-14, -7, 7, 14), strict=True):
        if shift > 0:
            row[shift:] = log[:-shift]
        else:
            row[:shift] = log[-shift:]
    enough = np.isfinite(around).sum(axis=0) >= 2
    around[:, ~enough] = 0.0
    return np.where(enough, log - np.nanmedian(around, axis=0), np.nan)


def effects(values: Floats, n: int) -> Floats:
    """Expected deviation of the first n days, from the known days alone."""
    apart = deviations(values)
    out = np.zeros(n)
    for days in kinds(n).values():
        known = apart[days[: len(apart)] & np.isfinite(apart)]
        if len(known) >= 3:
            mean, error = float(known.mean()), float(known.var(ddof=1)) / len(known)
            out[days] = mean * mean**2 / (mean**2 + error)
    return out


def forecast(tasks: list[Task], *, adjusted: bool) -> pd.DataFrame:
    """Quantiles of every task as scripts/backtest.py writes them."""
    effect = {}
    if adjusted:
        for i, task in enumerate(tasks):
            n = len(task.known)
            effect[task.task] = effects(task.known, n + max(task.totals))
            tasks[i] = replace(task, known=task.known / np.exp(effect[task.task][:n]))
    frames = []
    for batch in batches(tasks):
        for task, rows in zip(batch, quantiles(batch), strict=True):
            for total, row in zip(task.totals, rows, strict=True):
                n = len(task.known)
                back = np.exp(effect[task.task][n : n + total]).mean() if adjusted else 1.0
                frames.append(
                    pd.DataFrame(
                        {
                            "task": task.task,
                            "total": total,
                            "quantile_level": LEVELS,
                            "value": row * back,
                        }
                    )
                )
    return pd.concat(frames)


def main() -> int:
    """Parse the arguments and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name in ("series", "tasks"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    arguments = parser.parse_args()
    series = pd.read_parquet(arguments.series)
    nn5 = series[series["series"].str.startswith("nn5")].sort_values("t")
    apart = [deviations(rows["y"].to_numpy(dtype=float)) for _, rows in nn5.groupby("series")]
    table = Table("days", "mean deviation", "standard error")
    for name, days in kinds(len(apart[0])).items():
        means = np.array([np.nanmean(one[days]) for one in apart])
        error = means.std(ddof=1) / np.sqrt(len(means))
        table.add_row(name, f"{means.mean():+.3f}", f"{error:.3f}")
    Console().print(table)
    frame = pd.read_csv(arguments.tasks)
    frame = frame[(frame["group"] == "nn5") & (frame["start"] == 0)]
    asked = [
        t for t in read_tasks(arguments.series, arguments.tasks) if t.task in set(frame["task"])
    ]
    table = Table("totals of NN5", "scrps", "inside 80", "capture %")
    for name, adjusted in (("as they are", False), ("with the calendar", True)):
        scored = score(series, frame, forecast(list(asked), adjusted=adjusted), 0.2)
        columns = ["scrps", "inside_80", "inside_95", "lost", "at_stake"]
        found = summary(scored.assign(n=1)[[*columns, "n"]].sum().to_frame().T.astype(float)).iloc[
            0
        ]
        table.add_row(
            name, f"{found['scrps']:.4f}", f"{found['inside_80']:.3f}", f"{found['capture']:.1f}"
        )
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
