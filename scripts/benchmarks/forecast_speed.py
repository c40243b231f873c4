"""Time the vectorised pool: one series of three years of days, and a thousand of them.

    python scripts/benchmarks/forecast_speed.py [--many 1000]

One thread, warm (a first run fills the factorisations and imports), best of several. "One series"
sums days to weeks, asks every member at every past origin, calibrates 13, 26 and 52 weeks at every
one of them and draws 10,000 paths of twelve months. "Many" asks and calibrates a panel in blocks.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from datetime import date

import numpy as np
from threadpoolctl import threadpool_limits

from forecast.demand.calibration import distribution
from forecast.demand.constants import constants
from forecast.demand.hindcast import hindcast, past_origins
from forecast.demand.history import MIN_WEEKS
from forecast.demand.members.protocol import Floats, Window
from forecast.demand.members.roster import roster
from forecast.demand.pool import Pool, pool_members
from forecast.demand.simulate import calendar, profile, steady_months
from forecast.units import month_range

DAYS = 3 * 365
BLOCK = 50
END = date(2026, 10, 31)
MONTHS = month_range(date(2026, 11, 1), 12)


def series(n: int, rng: np.random.Generator) -> Floats:
    """Random walks of weeks with a yearly wave, [n, W]."""
    t = np.arange(DAYS)
    walk = np.cumsum(rng.normal(0.0004, 0.01, (n, DAYS)), axis=1)
    daily = np.exp(10 + walk + 0.1 * np.sin(2 * np.pi * t / 364) + rng.normal(0, 0.1, (n, DAYS)))
    return daily[:, DAYS % 7 :].reshape(n, -1, 7).sum(axis=2)


def forecast(weekly: Floats) -> Pool:
    """Pool of a panel, calibrated at every past origin and three horizons."""
    n = weekly.shape[1]
    found = hindcast(
        weekly, roster(), season_length=52, origins=past_origins(n, 4, MIN_WEEKS), horizon=53
    )
    pool = pool_members(found, constants())
    for i in range(len(found.origins)):
        for length in (13, 26, 52):
            distribution(pool, i, Window(0, length))
    return pool


def with_paths(weekly: Floats, rng: np.random.Generator) -> Floats:
    """One series, with 10,000 paths by month."""
    pool = forecast(weekly)
    weeks = calendar(END, MONTHS, np.full(7, 1 / 7))
    assert weeks.window is not None
    found = distribution(pool, -1, weeks.window)
    ranks = rng.permutation(10_000)
    log_profile = profile(pool, 0, len(weeks.shares))
    noise = float(pool.hindcast.half_noise[0])
    return steady_months(log_profile, found, 0, weeks, ranks, noise, rng=rng)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--many", type=int, default=1000)
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    with threadpool_limits(limits=1, user_api="blas"):
        one = series(1, rng)
        with_paths(one, rng)
        times = []
        for _ in range(15):
            start, cpu = time.perf_counter(), time.process_time()
            with_paths(one, rng)
            times.append((time.perf_counter() - start, time.process_time() - cpu))
        wall, processor = 1e3 * np.min(times, axis=0)
        print(f"one series: best {wall:.1f} ms, of which {processor:.1f} ms on the processor")
        many = series(arguments.many, rng)
        start, cpu = time.perf_counter(), time.process_time()
        for begin in range(0, len(many), BLOCK):
            forecast(many[begin : begin + BLOCK])
        taken, cpu = time.perf_counter() - start, time.process_time() - cpu
        print(f"{arguments.many} series: {taken:.1f} s, of which {cpu:.1f} s on the processor")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"resident at most {peak:.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
