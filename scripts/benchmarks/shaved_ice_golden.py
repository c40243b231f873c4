"""Compare the exact search with published optima of hourly commitments (Shaved Ice).

    python scripts/benchmarks/shaved_ice_golden.py total_hourly.csv.gz

DATA is the sum over all regions of the Shaved Ice data set (Snowflake-Labs/shavedice-dataset,
CC BY 4.0): columns USAGE_HOUR, demand. A window is scaled to a peak of 100 and its last hour
dropped. Committing c to every hour costs

    Σ c + 2.1 max(0, f − c)

which is one contract per hour at list prices 2.1 f with a discount of 1 − 1/2.1 and overage at
list, every hour a path. Exits 1 when a cost is off by more than 1e-4, or above the published one
by more than a cent.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd

from forecast.paths import Floats
from forecast.records.terms import Terms, Tier
from forecast.sizing.search import best_commitment, cost_at

OVERAGE_MULTIPLE = 2.1
HOURS_A_WEEK = 168
DOLLARS = 1e6
"""Scale of a unit of demand, so that whole cents are fine enough."""

TERMS = Terms(
    term_start=date(2024, 1, 1),
    term_months=1,
    settlement="monthly",
    tiers=(
        Tier(from_commitment_usd=Decimal(0), discount_share=0.0),
        Tier(from_commitment_usd=Decimal("0.12"), discount_share=1 - 1 / OVERAGE_MULTIPLE),
    ),
)


def window(demand: pd.Series, first: str, last: str) -> Floats:
    """Cut days out of the hourly series, scaled to a peak of 100, without the last hour."""
    hours = demand.loc[first:last].to_numpy(dtype=np.float64)
    return np.asarray(100 * hours / hours.max())[:-1]


def best_cost(hours: Floats, committed_on: Floats | None = None) -> tuple[float, float]:
    """Give the best level for some hours, and what it costs over `hours`."""
    paths = (OVERAGE_MULTIPLE * DOLLARS * hours)[:, None]
    learnt = hours if committed_on is None else committed_on
    best = best_commitment(TERMS, (OVERAGE_MULTIPLE * DOLLARS * learnt)[:, None])
    level = float(best.commitment_usd)
    mean = cost_at(TERMS, paths, best.tier, level)
    return level / DOLLARS, mean / DOLLARS * len(hours)


def weekly_cost(hours: Floats) -> tuple[float, float]:
    """Commit every week for itself; give the mean level and the cost."""
    weeks = [hours[i : i + HOURS_A_WEEK] for i in range(0, len(hours), HOURS_A_WEEK)]
    levels, costs = zip(*(best_cost(week) for week in weeks), strict=True)
    return float(np.mean(levels)), float(sum(costs))


def main(arguments: Sequence[str] | None = None) -> int:
    """Print ours beside the published."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, metavar="DATA")
    path = parser.parse_args(arguments).data
    demand = pd.read_csv(path, parse_dates=["USAGE_HOUR"], index_col="USAGE_HOUR")["demand"]
    january = window(demand, "2024-01-07", "2024-01-20")
    december = window(demand, "2023-12-17", "2023-12-30")
    month = window(demand, "2023-12-03", "2023-12-30")
    rows = [
        ("2024-01-07..20", best_cost(january), 29326.43),
        (
            "2023-12-17..30, level of its first week",
            best_cost(december, december[:HOURS_A_WEEK]),
            28150.64,
        ),
        ("2023-12-17..30", best_cost(december), 27755.0),
        ("2023-12-03..30", best_cost(month), 55646.87),
        ("2023-12-03..30, a level a week", weekly_cost(month), 55183.8),
    ]
    wrong = False
    for name, (level, cost), published in rows:
        off = cost > published + 0.01 or abs(cost / published - 1) > 1e-4
        wrong |= off
        told = "OFF" if off else "ok"
        print(f"{name:<42} c {level:9.5f}  cost {cost:12.4f}  published {published:10.2f}  {told}")
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
