"""Hold the integer program of the migration plan against trying everything, and time a large one.

    python scripts/benchmarks/migration_plan.py [--exhaustive 500] [--workloads 200] [--months 24]

First, random questions of up to six workloads, three configurations and four months are answered
twice, by the program and by striking every combination that breaks a rule; then portfolios of the
given size are planned to a gap of 1 %. Timings are for a person to read; no test depends on them.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from datetime import date
from itertools import combinations
from pathlib import Path

import numpy as np

from forecast.levers.plan.constraints import choices
from forecast.levers.plan.program import best_order
from forecast.levers.plan.volume_first import volume_first
from forecast.records.capacity import LeverName
from forecast.records.migration import Candidate, Configuration, MigrationQuestion
from forecast.units import month_range

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "levers"))

from every_order import best_saving_usd
from migration_questions import random_question

GAP_SHARE = 0.01
LEVERS: tuple[LeverName, ...] = ("routing", "batch", "caching")
SUBSETS = [s for size in (1, 2, 3) for s in combinations(range(3), size)]
SMALLEST_USD = 1e-6


def portfolio(rng: np.random.Generator, n_workloads: int, n_months: int) -> MigrationQuestion:
    """Draw a portfolio with more work than engineers.

    Spend is lognormal over four orders of magnitude and grows by 2 % a month; seven sets of
    levers a workload, each lever with a saving and an effort of its own, gates before routing,
    a dependency for one in five, no start in December.
    """
    months = month_range(date(2027, 1, 1), n_months)
    candidates = []
    for w in range(n_workloads):
        spend = rng.lognormal(9, 1.5) * np.exp(rng.normal(0.02, 0.02) * np.arange(n_months))
        share, hours = rng.uniform(0.02, 0.5, 3), rng.integers(10, 200, 3)
        gate = int(rng.integers(0, 4))
        candidates.append(
            Candidate(
                name=f"w{w}",
                volume_usd=float(spend.sum()),
                configurations=tuple(
                    Configuration(
                        levers=tuple(LEVERS[i] for i in subset),
                        effort_hours=int(hours[list(subset)].sum()),
                        first_month=gate if 0 in subset else 0,
                        saving_usd=tuple(
                            float(spend[t:].sum() * (1 - np.prod(1 - share[list(subset)])))
                            for t in range(n_months)
                        ),
                    )
                    for subset in SUBSETS
                ),
                after=(f"w{int(rng.integers(0, w))}",) if w and rng.random() < 0.2 else (),
            )
        )
    return MigrationQuestion(
        months=months,
        hours=(870,) * n_months,
        starts=tuple(0 if m.month == 12 else 10 for m in months),
        candidates=tuple(candidates),
    )


def small(n: int) -> MigrationQuestion:
    """Draw one of the small questions; every other one is of the largest size."""
    rng = np.random.default_rng(n)
    q = random_question(rng)
    return q if n % 2 else _smaller(q, int(rng.integers(1, 6)))


def _smaller(q: MigrationQuestion, n_workloads: int) -> MigrationQuestion:
    """Keep the first workloads; each waits only for workloads before it."""
    return q.model_copy(update={"candidates": q.candidates[:n_workloads]})


def main() -> None:
    """Print both parts; the exit code is 1 when an order was found that saves more."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--exhaustive", type=int, default=500)
    parser.add_argument("--workloads", type=int, default=200)
    parser.add_argument("--months", type=int, default=24)
    parser.add_argument("--portfolios", type=int, default=5)
    options = parser.parse_args()
    wrong, decided = [], 0
    start = time.perf_counter()
    for n in range(options.exhaustive):
        q = small(n)
        best = best_saving_usd(q)
        decided += math.fsum(c.v for c in volume_first(q)) < best - SMALLEST_USD
        if not math.isclose(best_order(q).saving_usd, best, rel_tol=1e-9, abs_tol=SMALLEST_USD):
            wrong.append(n)
    print(
        f"{options.exhaustive} random questions, {decided} of them not solved by the largest "
        f"volume first: {len(wrong)} differ from the best of all orders "
        f"({time.perf_counter() - start:.0f} s)"
    )
    for n_workloads in (4, 8):
        for gap_share in (0.0, 0.005):
            seconds, sizes = [], []
            for seed in range(options.portfolios * 4):
                rng = np.random.default_rng(seed)
                q = portfolio(rng, n_workloads, 12)
                tight = (int(rng.integers(60, 250)),) * 12
                q = q.model_copy(update={"hours": tight, "starts": (0, *(1,) * 11)})
                start = time.perf_counter()
                best_order(q, gap_share=gap_share)
                seconds.append(time.perf_counter() - start)
                sizes.append(len(choices(q)))
            print(
                f"{n_workloads} workloads x 12 months, {min(sizes)} to {max(sizes)} choices, to "
                f"{100 * gap_share:g} %: {np.median(seconds):.2f} s median, {max(seconds):.2f} s "
                "at most"
            )
    for seed in range(options.portfolios):
        q = portfolio(np.random.default_rng(seed), options.workloads, options.months)
        start = time.perf_counter()
        answer = best_order(q, gap_share=GAP_SHARE)
        seconds = time.perf_counter() - start
        by_volume = math.fsum(c.v for c in volume_first(q))
        print(
            f"{options.workloads} workloads x {options.months} months, {len(choices(q)):,} "
            f"choices: {seconds:5.1f} s, gap {100 * answer.gap_share:.2f} %, "
            f"{len(answer.starts)} planned, "
            f"{100 * (answer.saving_usd / by_volume - 1):.0f} % more than the largest volume first"
        )
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
