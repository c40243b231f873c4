"""What annual commitments would have cost on real cloud demand: pooled, and series by series.

    python scripts/benchmarks/pooled_annual.py --hourly hourly_regions_1_2.parquet

Shaved Ice regions 1 and 2, weekly sums in their own units. At origins a quarter apart a commitment
for the next 52 weeks is made at a discount of 20 %, overage at list, and what it costs is told over
what all demand of that year costs at list; types that began later are overage for everybody.
Commitments: the recommended one (the 20th percentile of the total, F* = d), none, the last 4 weeks
carried on, .7 of the last quarter carried on, and what came (hindsight). Pooled: one commitment on
the joint total of what ran at the origin. Series by series: one commitment each, so that what moves
to another type is lost. The constants of the method were learned without these series.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from forecast.demand.constants import constants
from forecast.demand.coupling import joint_ranks, rank_correlation
from forecast.demand.hindcast import hindcast, past_origins
from forecast.demand.joint_totals import joint_totals
from forecast.demand.kinds import kinds_of
from forecast.demand.lasting import lasting_shares, observed_falls
from forecast.demand.members.protocol import Floats, Window
from forecast.demand.members.roster import roster
from forecast.demand.pool import Pool, pool_members

DISCOUNT = 0.2
YEAR, QUARTER, MONTH = 52, 13, 4
N_DRAWS = 10_000
POLICIES = ("recommended", "none", "last month x 13", "0.7 x run rate", "hindsight")


def weekly(hourly: Path) -> Floats:
    """Weekly sums of every region and type: [S, n]."""
    frame = pd.read_parquet(hourly)
    table = frame.pivot_table(
        index=["REGION_NUM", "INSTANCE_TYPE"],
        columns=frame["USAGE_HOUR"].dt.floor("D"),
        values="NORM_USAGE",
        aggfunc="sum",
        fill_value=0.0,
    )
    daily = table.to_numpy(dtype=np.float64)
    return np.asarray(daily[:, daily.shape[1] % 7 :].reshape(len(daily), -1, 7).sum(axis=2))


def cost(demand: Floats, committed: Floats) -> Floats:
    """Paid for a year's demand at list, with `committed` (list) of it under contract."""
    return np.asarray((1 - DISCOUNT) * committed + np.maximum(0.0, demand - committed))


def totals(pool: Pool, known: Floats, rng: np.random.Generator) -> Floats:
    """Joint totals of the next year, [N_DRAWS, S]."""
    kinds = kinds_of(known)
    for_ranks, *for_bursts = rng.spawn(1 + len(known))
    ranks = joint_ranks(
        rank_correlation(pool, -1, kinds),
        len(known),
        N_DRAWS,
        rngs=for_ranks.spawn(1 + len(known)),
    )
    return joint_totals(pool, -1, Window(0, YEAR), kinds, ranks, for_bursts)


def lasting(hazard_share: float, shape: tuple[int, int], rng: np.random.Generator) -> Floats:
    """Share of the year that each of [n, S] totals is run before its type falls."""
    n, n_series = shape
    runs = [lasting_shares(hazard_share, YEAR, n, rng=rng).mean(axis=1) for _ in range(n_series)]
    return np.stack(runs, axis=1)


def main() -> int:
    """Commit at every origin and print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--hourly", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    values = weekly(arguments.hourly)
    rng = np.random.default_rng(arguments.seed)
    paid: dict[str, list[Floats]] = {"pooled": [], "by series": []}
    listed: list[float] = []
    origins = list(range(values.shape[1] - YEAR, YEAR - 1, -QUARTER))[::-1]
    for origin in origins:
        coming = values[:, origin : origin + YEAR].sum(axis=1)
        begun = (values[:, :origin] > 0).any(axis=1)
        known, came = values[begun, :origin], coming[begun]
        later = float(coming[~begun].sum())
        pool = pool_members(
            hindcast(
                known,
                roster(),
                season_length=YEAR,
                origins=past_origins(origin, 4, QUARTER),
                horizon=YEAR,
            ),
            constants("shaved"),
        )
        drawn = totals(pool, known, rng)
        falls = observed_falls(known)
        together = drawn * lasting(falls.within, drawn.shape, rng)
        alone = drawn * lasting(falls.alone, drawn.shape, rng)
        carried = [
            YEAR * known[:, -MONTH:].mean(axis=1),
            0.7 * YEAR * known[:, -QUARTER:].mean(axis=1),
        ]
        rest = [np.zeros(len(came)), *carried]
        sums = [np.quantile(together.sum(axis=1), DISCOUNT), *(x.sum() for x in rest)]
        everything = float(came.sum()) + later
        paid["pooled"].append(cost(np.full(5, everything), np.array([*sums, everything])))
        each = np.stack([np.quantile(alone, DISCOUNT, axis=0), *rest, came])
        hindsight = np.array([0.0, 0.0, 0.0, 0.0, DISCOUNT * later])
        paid["by series"].append(cost(came, each).sum(axis=1) + later - hindsight)
        listed.append(everything)
    table = Table("cost over list", *POLICIES, title=f"{len(origins)} origins")
    for name, costs in paid.items():
        share = np.sum(costs, axis=0) / np.sum(listed)
        table.add_row(name, *(f"{value:.3f}" for value in share))
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
