"""What share of totals the 80 % interval held, at every past origin of every series.

    python scripts/benchmarks/forecast_coverage.py --series series.parquet [--most 1500] [--seed 0]

Tasks ask each series once, all of a domain at about the same time: whatever moved that whole domain
then counts as many misses. Here every past origin with two years of months or half a year of weeks
behind it is asked, forwards and with time turned back (what grew declines), each domain with
constants learned without it. Beside the share of all stands the lowest and the highest share of one
year (one quarter of weeks), counted back from the end, with at least 100 totals.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table
from scipy.special import stdtrit

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from learn_forecast import TRAINED, again, ask, monthly, weekly

from forecast.demand.calibration import spread_of
from forecast.demand.constants import constants
from forecast.demand.members.protocol import Floats, Window
from forecast.demand.pool import Pool

MONTHLY, WEEKLY = ("m1", "m3", "tourism"), ("nn5", "shaved")
LENGTHS = {12: (12,), 52: (13, 26, 52)}
LEVEL = 0.9
LEAST_TOTALS = 100


def turned(series: Sequence[Floats]) -> list[Floats]:
    """Reverse every series in time.

    >>> [s.tolist() for s in turned([np.array([0.0, 1.0, 2.0])])]
    [[2.0, 1.0]]
    """
    return [s[np.argmax(s > 0) :][::-1].copy() for s in series]


def held(pool: Pool, window: Window) -> pd.DataFrame:
    """Every realised total: how long ago, and whether it was inside, above or below."""
    found = pool.hindcast
    m = found.panel.season_length
    error = found.realised(window) - pool.opinion(window).centre
    spread = spread_of(pool, window)
    limit = spread.scale * stdtrit(spread.degrees, LEVEL)
    old = np.stack([found.panel.known(o) >= TRAINED[m] for o in found.origins], axis=1)
    series, origin = np.nonzero(np.isfinite(error) & old)
    ago = (found.panel.n - np.array(found.origins)) // (12 if m == 12 else 13)
    at = error[series, origin], limit[series, origin]
    return pd.DataFrame(
        {"ago": ago[origin], "inside": np.abs(at[0]) <= at[1], "above": at[0] > at[1]}
    )


def row(rows: pd.DataFrame) -> list[str]:
    """Totals, share inside, lowest and highest share of a year, share above and below."""
    each = rows.groupby("ago")["inside"].agg(["mean", "size"])
    large = each.loc[each["size"] >= LEAST_TOTALS, "mean"]
    span = f"{large.min():.2f} to {large.max():.2f}" if len(large) > 1 else ""
    inside, above = rows["inside"].mean(), rows["above"].mean()
    return [f"{len(rows):,}", f"{inside:.3f}", span, f"{above:.3f}", f"{1 - inside - above:.3f}"]


def main() -> int:
    """Parse the arguments and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--series", type=Path, required=True)
    parser.add_argument("--most", type=int, default=1500, help="series of a monthly domain, drawn")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    every = {name: (monthly(name, arguments.most, rng), 12) for name in MONTHLY}
    every |= {name: (weekly(name, arguments.series), 52) for name in WEEKLY}
    table = Table("domain", "periods", "time", "totals", "inside 80", "by year", "above", "below")
    for name, (series, m) in every.items():
        for way, asked in (("forwards", series), ("turned back", turned(series))):
            pools = [again(pool, constants(name)) for pool in ask(asked, m)]
            for length in LENGTHS[m]:
                rows = pd.concat([held(pool, Window(0, length)) for pool in pools])
                table.add_row(name, str(length), way, *row(rows))
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
