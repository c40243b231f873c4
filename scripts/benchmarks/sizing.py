"""Time the exact search and a whole sizing, on paths drawn with a fixed seed.

    python scripts/benchmarks/sizing.py [--paths 10000] [--repeats 200]

Prints the best and the median time of every case. Timings are for a person to read; no test
depends on them.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np

from forecast.paths import Floats, period_totals
from forecast.records.terms import Terms, Tier
from forecast.sizing.decision import size
from forecast.sizing.search import best_commitment, cheapest_commitment

LADDER = (
    (0, 0.0),
    (250_000, 0.08),
    (500_000, 0.12),
    (750_000, 0.15),
    (1_000_000, 0.20),
    (2_000_000, 0.25),
)
SEED = 20261122


def contract(**clauses: Any) -> Terms:
    """Write the six tiers of the benchmark with other clauses."""
    clauses.setdefault("term_months", 12)
    tiers = tuple(Tier(from_commitment_usd=Decimal(c), discount_share=d) for c, d in LADDER)
    return Terms(term_start=date(2027, 1, 1), tiers=tiers, **clauses)


def monthly_paths(n: int, months: int, rng: np.random.Generator) -> Floats:
    """Draw lognormal paths of about a million a year, with a level of its own on each."""
    level = rng.normal(11.4, 0.3, (n, 1))
    return np.exp(level + rng.normal(0, 0.2, (n, months))).round(6)


def show(what: str, work: Callable[[], object], repeats: int) -> None:
    """Time `work` and print one line."""
    work()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    best, median = 1e3 * min(seconds), 1e3 * float(np.median(seconds))
    print(f"{what:<58} {best:9.2f} ms best {median:9.2f} ms median")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--paths", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=200)
    options = parser.parse_args()
    rng = np.random.default_rng(SEED)
    yearly = period_totals(monthly_paths(options.paths, 12, rng), 12)
    annual = contract()
    show(f"sort {options.paths:,} totals", lambda: np.sort(yearly[:, 0]), options.repeats)
    show(
        f"best of 6 tiers, {options.paths:,} totals",
        lambda: best_commitment(annual, yearly),
        options.repeats,
    )
    for settlement, months, clauses in (
        ("quarterly", 12, {}),
        ("quarterly", 12, {"rollover_share": 0.5}),
        ("annual", 36, {"rollover_share": 0.5}),
        ("monthly", 12, {"rollover_share": 0.5}),
        ("monthly", 36, {"rollover_share": 0.5}),
    ):
        terms = contract(settlement=settlement, term_months=months, **clauses)
        paths = period_totals(monthly_paths(1000, months, rng), terms.period_months)
        words = f"1,000 paths, {months} months {settlement}, rollover {terms.rollover_share:g}"
        few = max(1, options.repeats // 40)
        show(f"best of 6 tiers, {words}", lambda t=terms, p=paths: best_commitment(t, p), few)
        show(f"best commitment, {words}", lambda t=terms, p=paths: cheapest_commitment(t, p), few)
    monthly = monthly_paths(1000, 12, rng)
    factors = np.exp(rng.normal(0, 0.1, 200))
    for clauses in ({}, {"settlement": "quarterly", "rollover_share": 0.25}):
        terms = contract(**clauses)
        show(
            f"whole sizing with 200 replicates, {terms.settlement}, "
            f"rollover {terms.rollover_share:g}",
            lambda t=terms: size(t, monthly, replicates=(f * monthly for f in factors)),
            3,
        )


if __name__ == "__main__":
    main()
