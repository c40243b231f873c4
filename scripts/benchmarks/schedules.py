"""The schedule search against the linear program of the same problem, in one run.

    python scripts/benchmarks/schedules.py [--paths 10000] [--repeats 3]

Three years with a ramp and rollover, and four quarters with a season. Prints both costs, how far
they are apart, and how many times faster the search is. Timings are for a person to read; no test
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
from schedule_program import schedule_program

from forecast.paths import Floats
from forecast.records.terms import Terms, Tier
from forecast.sizing.schedules import best_schedule

SEED = 20261124


def contract(**clauses: Any) -> Terms:
    """Write one flat discount of 22 % with other clauses."""
    tiers = (
        Tier(from_commitment_usd=Decimal(0), discount_share=0.0),
        Tier(from_commitment_usd=Decimal(1), discount_share=0.22),
    )
    return Terms(term_start=date(2027, 1, 1), tiers=tiers, **clauses)


def draw(n_paths: int, mean: Floats, rng: np.random.Generator) -> Floats:
    """Draw paths around a profile of means, with a level of its own on each."""
    level = rng.normal(13.5, 0.3, (n_paths, 1))
    noise = rng.normal(0, 0.25, (n_paths, len(mean)))
    return (np.exp(level + noise) * mean).round(6)


def best_time(work: Callable[[], object], repeats: int) -> float:
    """Give the shortest of some runs, in seconds."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--paths", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    rng = np.random.default_rng(SEED)
    cases = {
        "3 years, ramp, rollover 0.5": (
            contract(term_months=36, rollover_share=0.5),
            np.exp([0.0, 0.4, 0.8]),
        ),
        "3 years, ramp, rollover 1": (
            contract(term_months=36, rollover_share=1.0),
            np.exp([0.0, 0.4, 0.8]),
        ),
        "4 quarters, season, rollover 0.5": (
            contract(term_months=12, settlement="quarterly", rollover_share=0.5),
            np.array([1.0, 0.6, 0.8, 1.9]),
        ),
    }
    for name, (terms, mean) in cases.items():
        paths = draw(options.paths, mean, rng)
        found = best_schedule(terms, paths)
        ours = best_time(lambda t=terms, p=paths: best_schedule(t, p), options.repeats)
        start = time.perf_counter()
        exact, _ = schedule_program(terms, paths)
        theirs = time.perf_counter() - start
        apart = found.expected_cost_usd / exact - 1
        print(
            f"{name:<34} search {found.expected_cost_usd:,.2f} in {1e3 * ours:.0f} ms, program "
            f"{exact:,.2f} in {1e3 * theirs:,.0f} ms: {apart:+.1e} apart, "
            f"{theirs / ours:.0f} times faster; worth {found.value_usd:,.0f} USD against even"
        )


if __name__ == "__main__":
    main()
