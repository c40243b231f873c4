"""Score the total of random portfolios of eight: bottom-up with one rule for the correlation.

    python scripts/benchmarks/forecast_portfolios.py --series series.parquet
        --tasks tasks_m3_full.csv
        --hourly hourly_regions_1_2.parquet [--portfolios 300] [--seed 0]

Independent portfolios mix eight random series of M3 and Tourism (of `series.parquet`, the last 12
months are the total), each counted by its mean of the last year, so that eight matter; correlated
ones eight running machine types of Shaved Ice regions 1 and 2 (the next 13, 26 and 52 weeks from
several origins), in their own units. `top-down` forecasts the bill, the sum of the eight as it
was, with the same method; `top-down, all running` only its stretch in which all eight ran, which
needs the parts to be known; `added quantiles` adds up the quantiles of the eight. Each domain is
forecast with constants learned without it.
"""

from __future__ import annotations

import argparse
import sys
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

LAUNCHED = 0.2
"""A machine type whose quarters of the last year are all above this share of the last one is no
launch; a launch is told by the inventory, not by history."""

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


def independent(
    series: Path, tasks: Path, n: int, rng: np.random.Generator
) -> dict[str, list[tuple[float, bool]]]:
    """Portfolios of M3 and Tourism."""
    frame = pd.read_parquet(series).sort_values(["series", "t"])
    by_name = {str(k): g["y"].to_numpy(dtype=np.float64) for k, g in frame.groupby("series")}
    m3 = pd.read_csv(tasks).sample(120, random_state=1)
    known = [by_name[r.series][: r.origin] for r in m3.itertuples()]
    came = [by_name[r.series][r.origin : r.origin + 12] for r in m3.itertuples()]
    tourism = [y for name, y in by_name.items() if name.startswith("tourism")]
    known += [y[:-12] for y in tourism]
    came += [y[-12:] for y in tourism]
    domains = ["m3"] * len(m3) + ["tourism"] * len(tourism)
    longest = 120
    panel = np.zeros((len(known), longest))
    for row, y in zip(panel, known, strict=True):
        row[max(0, longest - len(y)) :] = y[-longest:]
    by_domain = {d: pooled(panel[[x == d for x in domains]], 12, d, 12) for d in ("m3", "tourism")}
    place = [domains[:k].count(domains[k]) for k in range(len(domains))]
    window = Window(0, 12)
    out: dict[str, list[tuple[float, bool]]] = {name: [] for name in METHODS}
    for _ in range(n):
        rows = rng.permutation(len(known))[:SIZE]
        year = panel[rows, -12:].mean(axis=1)
        weights = 1.0 / year
        real = float(sum(w * came[r].sum() for w, r in zip(weights, rows, strict=True)))
        parts = [(by_domain[domains[r]], place[r], -1) for r in rows]
        # Series of different owners and years: what the rule says of one panel of them.
        length = int(min((panel[r] > 0).sum() for r in rows))
        own = panel[rows][:, -length:]
        shared = (pooled(own, 12, "m3", 12), list(range(SIZE)), -1)
        joint, added = portfolio(parts, shared, window, weights, rng)
        tops = [top_down(weights @ x, 12, "m3", window) for x in (panel[rows], own)]
        for name, q in zip(METHODS, (joint, added, *tops), strict=True):
            out[name].append(scored(real, q, 12.0 * SIZE))
    return out


def correlated(
    hourly: Path, n: int, rng: np.random.Generator
) -> dict[str, list[tuple[float, bool]]]:
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
    out: dict[str, list[tuple[float, bool]]] = {name: [] for name in METHODS}
    origins = pool.hindcast.origins
    old = [i for i, o in enumerate(origins) if o >= 78]
    for _ in range(TRIES * n):
        i = int(rng.choice(old))
        lengths = [k for k in (13, 26, 52) if origins[i] + k <= weekly.shape[1]]
        if not lengths:
            continue
        window = Window(0, int(rng.choice(lengths)))
        before = weekly[:, origins[i] - 52 : origins[i]]
        quarters = before.reshape(len(before), 4, 13).mean(axis=2)
        ready = np.flatnonzero(quarters.min(axis=1) > LAUNCHED * quarters[:, 3])
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
            out[name].append(scored(real, q, year))
    return out


def main() -> int:
    """Parse the arguments and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name in ("series", "tasks", "hourly"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--portfolios", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    table = Table("portfolios of eight", "method", "totals", "scrps", "inside 80")
    for kind, found in (
        ("independent", independent(arguments.series, arguments.tasks, arguments.portfolios, rng)),
        ("correlated", correlated(arguments.hourly, arguments.portfolios, rng)),
    ):
        for name, scores in found.items():
            score, inside = np.array(scores).mean(axis=0)
            table.add_row(kind, name, str(len(scores)), f"{score:.4f}", f"{inside:.3f}")
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
