"""Turn every task back in time, so that what grew declines.

    python scripts/benchmarks/mirror_tasks.py --series series.parquet --tasks tasks.csv --out DIR

writes DIR/series.parquet and DIR/tasks.csv for scripts/backtest.py and scripts/score.py: task by
task the segment y[start:origin + horizon], reversed, with as many periods known as before. Groups
keep their names, so that each is forecast with constants learned without its domain.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pandas as pd


def mirror(series: pd.DataFrame, tasks: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Mirrored series, one for each task, and tasks on them.

    >>> series = pd.DataFrame({"series": "a", "t": [0, 1, 2, 3], "y": [1.0, 2.0, 3.0, 4.0]})
    >>> tasks = pd.DataFrame({"task": ["A"], "series": ["a"], "start": [1], "origin": [3],
    ...     "horizon": [1], "totals": ["1"]})
    >>> turned, asked = mirror(series, tasks)
    >>> turned["y"].tolist(), int(asked["origin"].iloc[0])
    ([4.0, 3.0, 2.0], 2)
    """
    values = {str(n): g["y"].to_numpy() for n, g in series.sort_values("t").groupby("series")}
    frames = []
    for row in tasks.itertuples():
        y = values[str(row.series)][int(row.start) : int(row.origin) + int(row.horizon)][::-1]
        frames.append(
            pd.DataFrame({"series": f"{row.series}|{row.task}", "t": range(len(y)), "y": y})
        )
    asked = tasks.assign(
        series=tasks["series"].astype(str) + "|" + tasks["task"].astype(str),
        origin=tasks["origin"] - tasks["start"],
        start=0,
    )
    return pd.concat(frames, ignore_index=True), asked


def main() -> int:
    """Parse the arguments and write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name in ("series", "tasks", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    arguments = parser.parse_args()
    turned, asked = mirror(pd.read_parquet(arguments.series), pd.read_csv(arguments.tasks))
    arguments.out.mkdir(parents=True, exist_ok=True)
    turned.to_parquet(arguments.out / "series.parquet", index=False)
    asked.to_csv(arguments.out / "tasks.csv", index=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
