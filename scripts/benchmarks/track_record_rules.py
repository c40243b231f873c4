"""Do past misses foretell the next one? The rules of the track record on public series.

    python scripts/benchmarks/track_record_rules.py --series series.parquet

Monthly series of M3 and Tourism are forecast a quarter ahead at origins a quarter apart, with
constants learned on other domains than their own. Every quarter is judged by the errors of the
twelve before it: its 80 % interval is widened as `review.track_record` does, with n₀ forecasts that
count for the method, and scored by the interval score in standard deviations (width plus 10 times
what lies outside; smaller is better). A centre moved by Σ e / (n + n₀) is told beside it by the
root mean square of what is left of the log error.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from forecast_portfolios import pooled
from rich.console import Console
from rich.table import Table

from forecast.demand.calibration import spread_of
from forecast.demand.members.protocol import Floats, Window
from forecast.review.track_record import MAX_FACTOR, MEAN_ABS_NORMAL

N_SERIES = 300
LONGEST = 120
"""Months of a series that are read."""
LEAST_MONTHS = 24
QUARTER = 3
JUDGED_BY = 12
HALF_80 = 1.2815516
PRIORS = (2, 4, 8, 16)


def errors(names: list[str], by_name: dict[str, Floats], domain: str) -> tuple[Floats, Floats]:
    """Log errors [S, O] of the next quarter's total at every origin, and their spreads."""
    panel = np.zeros((len(names), LONGEST))
    for row, name in zip(panel, names, strict=True):
        known = by_name[name][-LONGEST:]
        row[LONGEST - len(known) :] = known
    pool = pooled(panel, 12, domain, 12)
    window = Window(0, QUARTER)
    centre, spread = pool.opinion(window).centre, spread_of(pool, window).scale
    found = np.full(centre.shape, np.nan)
    for i, origin in enumerate(pool.hindcast.origins):
        if origin + QUARTER > LONGEST:
            continue
        came = panel[:, origin : origin + QUARTER].sum(axis=1)
        usable = ((panel[:, :origin] > 0).sum(axis=1) >= LEAST_MONTHS) & (came > 0)
        found[usable, i] = np.log(came[usable]) - centre[usable, i]
    return found, spread


def judged(values: Floats, rule: Callable[[Floats], float]) -> Iterator[tuple[float, float]]:
    """Give every value that has one before it, with what the rule makes of those before."""
    for row in values:
        known = row[np.isfinite(row)]
        for j in range(1, len(known)):
            yield float(known[j]), rule(known[max(0, j - JUDGED_BY) : j])


def widening(prior: int) -> Callable[[Floats], float]:
    """Factor of the spread, as `review.track_record.widening` has it.

    >>> round(widening(4)(np.array([2.0, -2.0])), 3), widening(4)(np.array([0.1]))
    (1.502, 1.0)
    """

    def rule(z: Floats) -> float:
        size = float(np.abs(z).sum()) + prior * MEAN_ABS_NORMAL
        return min(MAX_FACTOR, max(1.0, size / ((len(z) + prior) * MEAN_ABS_NORMAL)))

    return rule


def interval_score(pairs: Iterator[tuple[float, float]]) -> tuple[float, float]:
    """Mean interval score of ±1.28 f, and the share inside."""
    z, factor = np.array(list(pairs)).T
    half = HALF_80 * factor
    outside = np.maximum(0.0, np.abs(z) - half)
    return float(np.mean(2 * half + 10 * outside)), float(np.mean(outside == 0))


def left_over(values: Floats, prior: float) -> float:
    """Root mean square of the errors about a centre that moved by those before."""
    pairs = judged(values, lambda e: float(e.sum()) / (len(e) + prior))
    return float(np.sqrt(np.mean([(e - shift) ** 2 for e, shift in pairs])))


def main() -> int:
    """Parse the arguments and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--series", type=Path, required=True)
    arguments = parser.parse_args()
    frame = pd.read_parquet(arguments.series).sort_values(["series", "t"])
    by_name = {str(k): g["y"].to_numpy(dtype=np.float64) for k, g in frame.groupby("series")}
    table = Table("series", "rule", "interval score", "inside 80", "rms error, centre moved")
    for domain in ("m3", "tourism"):
        names = [name for name in by_name if name.startswith(domain)][:N_SERIES]
        e, spread = errors(names, by_name, domain)
        score, inside = interval_score(judged(e / spread, lambda _: 1.0))
        table.add_row(domain, "none", f"{score:.3f}", f"{inside:.3f}", f"{left_over(e, 1e9):.4f}")
        for prior in PRIORS:
            score, inside = interval_score(judged(e / spread, widening(prior)))
            table.add_row(
                domain,
                f"n0 = {prior}",
                f"{score:.3f}",
                f"{inside:.3f}",
                f"{left_over(e, prior):.4f}",
            )
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
