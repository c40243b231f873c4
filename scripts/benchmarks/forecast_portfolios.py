"""Score the total of random portfolios of eight: bottom-up with one rule for the correlation.

    python scripts/benchmarks/forecast_portfolios.py --series series.parquet
        --tasks tasks_m3_full.csv
        --hourly hourly_regions_1_2.parquet [--portfolios 900] [--seed 0]

Independent portfolios mix eight random series of M3 and Tourism (of `series.parquet`), each counted
by its mean of the last year, so that eight matter. The total is the last 12 months or those of one
of the five years before: the series of a domain have good and bad years together, and one year
alone would tell of that year. Correlated ones are eight machine types of Shaved Ice regions 1 and 2
that have run for half a year (the next 13, 26 and 52 weeks from every origin with eight of them),
in their own units. `top-down` forecasts the bill, the sum of the eight as it was, with the same
method; `top-down, all running` only its stretch in which all eight ran, which needs the parts to be
known; `added quantiles` adds up the quantiles of the eight. Each domain is forecast with constants
learned without it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from forecast.demand.calibration import distribution
from forecast.demand.constants import constants
from forecast.demand.coupling import joint_ranks, rank_correlation
from forecast.demand.hindcast import hindcast, past_origins
from forecast.demand.kinds import Kind
from forecast.demand.members.protocol import Floats, Window
from forecast.demand.members.roster import roster
from forecast.demand.pool import Pool, pool_members
from forecast.demand.scores import crps

SIZE = 8
N_DRAWS = 2000

TRIES = 5
"""Correlated draws for one independent one: at most origins fewer than eight types run."""

YEARS = 6
"""Years whose totals are asked for in turn."""

LEAST_KNOWN = 36
"""Months that a series has behind it."""

RUNNING = 26
"""Weeks that a machine type has run for; a launch is told by the inventory, not by history."""

LAUNCHED = 0.2
"""Share of the last quarter, which is not empty, that the quarter before must have reached."""

Score = tuple[int, float, bool]
"""When it was asked (years back, or week), scaled CRPS, and whether the central 80 % held it."""

LEVELS = np.round(np.arange(1, 100) / 100, 2)
MIDDLES = (np.arange(N_DRAWS) + 0.5) / N_DRAWS
METHODS = ("bottom-up", "added quantiles", "top-down", "top-down, all running")
STEP = {12: 3, 52: 4}
LEAST = {12: 12, 52: 13}


def pooled(values: Floats, m: int, domain: str, horizon: int) -> Pool:
    """Pool of a panel, zeros before a series begins."""
    n = values.shape[1]
    origins = past_origins(n, STEP[m], LEAST[m])
    found = hindcast(values, roster(), season_length=m, origins=origins, horizon=horizon)
    return pool_members(found, constants(domain))


def scored(real: float, quantiles: Floats, year: float) -> tuple[float, bool]:
    """Scaled crps, and whether the central 80 % held the total."""
    scale = (year + real) / 2
    inside = bool(quantiles[9] <= real <= quantiles[89])
    return float(crps(real, quantiles, LEVELS)) / scale, inside


def totals(pool: Pool, i: int, window: Window, row: int) -> Floats:
    """Total of one series at `MIDDLES`, rising."""
    return np.exp(distribution(pool, i, window).log_quantiles(row, MIDDLES))


def portfolio(
    pools: list[tuple[Pool, int, int]],
    shared: tuple[Pool, list[int], int] | None,
    window: Window,
    weights: Floats,
    rng: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Quantiles of a portfolio's total: drawn jointly, and added up."""
    correlation = 0.0
    if shared is not None:
        pool, rows, i = shared
        kinds = [Kind.STEADY if s in rows else Kind.SILENT for s in range(len(pool.hindcast.paths))]
        correlation = rank_correlation(pool, i, kinds)
    ranks = joint_ranks(correlation, SIZE, N_DRAWS, rngs=rng.spawn(SIZE + 1))
    sorted_totals = [totals(p, i, window, row) for p, row, i in pools]
    joint = sum(
        w * t[ranks[:, k]] for k, (w, t) in enumerate(zip(weights, sorted_totals, strict=True))
    )
    added = sum(w * np.quantile(t, LEVELS) for w, t in zip(weights, sorted_totals, strict=True))
    return np.quantile(joint, LEVELS), np.asarray(added)


def top_down(bill: Floats, m: int, domain: str, window: Window) -> Floats:
    """Quantiles of one series' total."""
    pool = pooled(bill[None, :], m, domain, window.end)
    return np.exp(distribution(pool, -1, window).log_quantiles(0, LEVELS))


@dataclass(frozen=True)
class Year:
    """Series as one year found them.

    Attributes
    ----------
    panel
        [S, 120] months known, zeros before a series begins.
    came
        [S, 12] what came.
    domains
        S names.
    pools
        By domain, of its series in turn.
    """

    panel: Floats
    came: Floats
    domains: list[str]
    pools: dict[str, Pool]


def year_before(every: Sequence[tuple[Floats, int, str]], back: int) -> Year:
    """Go `back` years back from the origins of (series, origin, domain)."""
    old = [(y, origin - 12 * back, d) for y, origin, d in every]
    old = [(y, o, d) for y, o, d in old if o >= LEAST_KNOWN and y[o - 12 : o].any()]
    panel = np.zeros((len(old), 120))
    for row, (y, o, _) in zip(panel, old, strict=True):
        row[max(0, 120 - o) :] = y[max(0, o - 120) : o]
    domains = [d for *_, d in old]
    pools = {d: pooled(panel[[x == d for x in domains]], 12, d, 12) for d in ("m3", "tourism")}
    return Year(panel, np.stack([y[o : o + 12] for y, o, _ in old]), domains, pools)


def independent(
    series: Path, tasks: Path, n: int, rng: np.random.Generator
) -> dict[str, list[Score]]:
    """Portfolios of M3 and Tourism."""
    frame = pd.read_parquet(series).sort_values(["series", "t"])
    by_name = {str(k): g["y"].to_numpy(dtype=np.float64) for k, g in frame.groupby("series")}
    m3 = pd.read_csv(tasks).sample(120, random_state=1)
    every = [(by_name[str(r.series)], int(r.origin), "m3") for r in m3.itertuples()]
    every += [(y, len(y) - 12, "tourism") for name, y in by_name.items() if "tourism" in name]
    years = [year_before(every, back) for back in range(YEARS)]
    window = Window(0, 12)
    out: dict[str, list[Score]] = {name: [] for name in METHODS}
    for turn in range(n):
        then = years[turn % YEARS]
        rows = rng.permutation(len(then.domains))[:SIZE]
        year = then.panel[rows, -12:].mean(axis=1)
        weights = 1.0 / year
        real = float(weights @ then.came[rows].sum(axis=1))
        parts = [
            (then.pools[then.domains[r]], then.domains[:r].count(then.domains[r]), -1) for r in rows
        ]
        # Series of different owners and years: what the rule says of one panel of them.
        length = int(min((then.panel[r] > 0).sum() for r in rows))
        own = then.panel[rows][:, -length:]
        shared = (pooled(own, 12, "m3", 12), list(range(SIZE)), -1)
        joint, added = portfolio(parts, shared, window, weights, rng)
        tops = [top_down(weights @ x, 12, "m3", window) for x in (then.panel[rows], own)]
        for name, q in zip(METHODS, (joint, added, *tops), strict=True):
            out[name].append((turn % YEARS, *scored(real, q, 12.0 * SIZE)))
    return out


def correlated(hourly: Path, n: int, rng: np.random.Generator) -> dict[str, list[Score]]:
    """Portfolios of Shaved Ice machine types, at past origins."""
    frame = pd.read_parquet(hourly)
    day = frame["USAGE_HOUR"].dt.floor("D")
    table = (
        frame.groupby(["REGION_NUM", "INSTANCE_TYPE", day])["NORM_USAGE"]
        .sum()
        .reset_index()
        .pivot_table(
            index=["REGION_NUM", "INSTANCE_TYPE"],
            columns="USAGE_HOUR",
            values="NORM_USAGE",
            fill_value=0.0,
        )
    )
    daily = table.to_numpy(dtype=np.float64)
    weekly = daily[:, daily.shape[1] % 7 :].reshape(len(daily), -1, 7).sum(axis=2)
    pool = pooled(weekly, 52, "shaved", 52)
    out: dict[str, list[Score]] = {name: [] for name in METHODS}
    origins = pool.hindcast.origins
    old = [i for i, o in enumerate(origins) if o >= 2 * RUNNING]
    for _ in range(TRIES * n):
        i = int(rng.choice(old))
        lengths = [k for k in (13, 26, 52) if origins[i] + k <= weekly.shape[1]]
        if not lengths:
            continue
        window = Window(0, int(rng.choice(lengths)))
        before = weekly[:, origins[i] - 52 : origins[i]]
        halves = before[:, -RUNNING:].reshape(len(before), 2, RUNNING // 2).mean(axis=2)
        runs = (weekly[:, : origins[i]] > 0).sum(axis=1) >= RUNNING
        ready = np.flatnonzero(runs & (halves.min(axis=1) > LAUNCHED * halves[:, 1]))
        rows = rng.permutation(ready)[:SIZE]
        if len(rows) < SIZE:
            continue
        weights = np.ones(len(rows))
        real = float(weights @ weekly[rows, origins[i] : origins[i] + window.length].sum(axis=1))
        parts = [(pool, int(r), i) for r in rows]
        joint, added = portfolio(parts, (pool, [int(r) for r in rows], i), window, weights, rng)
        known = weekly[rows, : origins[i]]
        since = int(np.argmax((known > 0).all(axis=0)))
        tops = [top_down(weights @ x, 52, "shaved", window) for x in (known, known[:, since:])]
        for name, q in zip(METHODS, (joint, added, *tops), strict=True):
            year = float(before[rows].sum(axis=0).mean()) * window.length
            out[name].append((origins[i], *scored(real, q, year)))
    return out


def main() -> int:
    """Parse the arguments and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name in ("series", "tasks", "hourly"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--portfolios", type=int, default=900)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    table = Table("portfolios of eight", "method", "totals", "scrps", "inside 80")
    by_year = Table("portfolios of eight, bottom-up", "year back, or week", "totals", "inside 80")
    for kind, found in (
        ("independent", independent(arguments.series, arguments.tasks, arguments.portfolios, rng)),
        ("correlated", correlated(arguments.hourly, arguments.portfolios, rng)),
    ):
        for name, scores in found.items():
            _, score, inside = np.array(scores, dtype=np.float64).mean(axis=0)
            table.add_row(kind, name, str(len(scores)), f"{score:.4f}", f"{inside:.3f}")
        for when in sorted({at for at, *_ in found["bottom-up"]}):
            held = [inside for at, _, inside in found["bottom-up"] if at == when]
            by_year.add_row(kind, str(when), str(len(held)), f"{np.mean(held):.3f}")
    console = Console()
    console.print(table)
    console.print(by_year)
    return 0


if __name__ == "__main__":
    sys.exit(main())
