"""Score forecast quantiles of totals, by group, with a bootstrap over series.

    python scripts/score.py --series series.parquet --tasks tasks.csv --quantiles quantiles.parquet
                            [--peers peers.parquet] [--discount 0.2] [--resamples 1000] [--seed 0]

`quantiles.parquet` is what scripts/backtest.py writes. For the realised total S and the quantile
q_a at level a,

    scrps    = 2 · mean over levels of max(a (S − q_a), (a − 1)(S − q_a)) / scale,
    scale    = (mean of the last year before the origin · k + S) / 2,
    capture  = 1 − Σ pinball(d)/scale ÷ Σ d·S/scale

(the share of hindsight's saving at discount d that committing q_d catches). Brackets hold the
2.5 % and 97.5 % points over resampled series.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from forecast.demand.scores import crps, pinball

DAYS_A_YEAR = {"month": 12, "week": 52, "day": 365}
COVERAGES = {"inside_80": (0.10, 0.90), "inside_95": (0.025, 0.975)}


def score(
    series: pd.DataFrame, tasks: pd.DataFrame, quantiles: pd.DataFrame, d: float
) -> pd.DataFrame:
    """Score every total: group, frequency, series, scrps, inside_80, inside_95, lost, at_stake."""
    values = {str(n): g["y"].to_numpy() for n, g in series.sort_values("t").groupby("series")}
    by_total = {}
    for key, found in quantiles.groupby(["task", "total"]):
        by_total[key] = found
    rows = []
    for task in tasks.itertuples():
        y = values[task.series]
        for k in (int(k) for k in str(task.totals).split()):
            found = by_total[(task.task, k)].sort_values("quantile_level")
            levels = found["quantile_level"].to_numpy()
            q = found["value"].to_numpy()
            real = float(y[task.origin : task.origin + k].sum())
            year = y[max(task.start, task.origin - DAYS_A_YEAR[task.frequency]) : task.origin]
            scale = (float(year.mean()) * k + real) / 2
            row = {
                "group": task.group,
                "frequency": task.frequency,
                "series": task.series,
                "scrps": float(crps(real, q, levels)) / scale,
                "lost": float(pinball(real, np.interp(d, levels, q), d)) / scale,
                "at_stake": d * real / scale,
            }
            for name, (low, high) in COVERAGES.items():
                row[name] = np.interp(low, levels, q) <= real <= np.interp(high, levels, q)
            rows.append(row)
    return pd.DataFrame(rows)


def summary(sums: pd.DataFrame) -> pd.DataFrame:
    """Means over totals and the capture, from (possibly many rows of) column sums."""
    means = sums[["scrps", "inside_80", "inside_95"]].div(sums["n"], axis=0)
    return means.assign(capture=100 * (1 - sums["lost"] / sums["at_stake"]))


def bootstrap(scored: pd.DataFrame, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Give the summary of the totals, then `n` of resampled whole series."""
    columns = ["scrps", "inside_80", "inside_95", "lost", "at_stake"]
    by_series = scored.assign(n=1).groupby("series")[[*columns, "n"]].sum().astype(float)
    size = len(by_series)
    counts = rng.multinomial(size, np.full(size, 1 / size), size=n)
    draws = np.vstack([np.ones((1, size)), counts]) @ by_series.to_numpy()
    return summary(pd.DataFrame(draws, columns=by_series.columns))


def main() -> int:
    """Parse the arguments and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name in ("series", "tasks", "quantiles"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--discount", type=float, default=0.2)
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    tasks = pd.read_csv(arguments.tasks)
    scored = score(
        pd.read_parquet(arguments.series),
        tasks,
        pd.read_parquet(arguments.quantiles),
        arguments.discount,
    )
    rng = np.random.default_rng(arguments.seed)
    table = Table("tasks", "totals", "scrps", "inside 80", "inside 95", "capture %")
    parts = [(f, rows) for f, rows in scored.groupby("frequency")]
    parts += [(f"  {g}", rows) for g, rows in scored.groupby("group")]
    for name, rows in parts:
        found = bootstrap(rows, arguments.resamples, rng)
        mean, spread = found.iloc[0], found.iloc[1:]
        low, high = spread.quantile(0.025), spread.quantile(0.975)
        digits = {"scrps": ".4f", "inside_80": ".3f", "inside_95": ".3f", "capture": ".1f"}
        cells = [f"{mean[c]:{f}} [{low[c]:{f}}, {high[c]:{f}}]" for c, f in digits.items()]
        table.add_row(name, str(len(rows)), *cells)
    Console(width=140).print(table)
    if arguments.peers:
        peers = pd.read_parquet(arguments.peers)
        peers = peers.merge(tasks[["task", "frequency"]], on="task")
        table = Table("peers", "forecaster", "totals", "scrps", "inside 80", "inside 95")
        means = peers.groupby(["frequency", "model"])[["scrps", "inside_80", "inside_95"]]
        for (frequency, model), row in means.mean().sort_values("scrps").iterrows():
            n = int(((peers["frequency"] == frequency) & (peers["model"] == model)).sum())
            table.add_row(
                frequency,
                model,
                str(n),
                f"{row['scrps']:.4f}",
                f"{row['inside_80']:.3f}",
                f"{row['inside_95']:.3f}",
            )
        Console(width=140).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
