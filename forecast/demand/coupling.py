"""How workloads move together: one shrunk rank correlation, drawn through a Gaussian copula.

What is wanted is how the errors of totals go together. Two things tell of it, each as a mean over
pairs of workloads: the correlation of the signed ranks of the pool's errors at past origins about
zero, and Spearman's correlation of the log changes between 4-week sums. Errors are not centred,
because growth that all workloads had and no member saw is what makes them miss together; changes
are plenty, but say little of a year. With p workloads and n periods in the typical pair, the
variance of such a mean is that of an intraclass correlation (Fisher 1925, Statistical Methods for
Research Workers, section 39),

    v = 2 (1 − ρ̂)² (1 + (p − 1) ρ̂)² / (p (p − 1) n),

with overlapping windows of errors counted by what is new in them. The figure is the mean of errors,
changes and a prior ρ₀, weighted by 1/v, 1/(v + δ²) and 1/τ², and held between 0 and .9: eight
workloads say more of it than two, and a history too short for errors stays near the prior.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from forecast.demand.kinds import Kind
from forecast.demand.members.protocol import Floats, Ints
from forecast.demand.pool import Pool

PRIOR_CORRELATION = 0.3
"""ρ₀. Assumed: the same customers, the same budget and the same adoption drive a company's
workloads. Where there are past errors it hardly counts: portfolios of Shaved Ice machine types,
half a year to two years old, hold 82.0 % with .3, .4 and .5."""

PRIOR_SPREAD = 0.2
"""τ: the prior holds anything from none to a strong correlation. Assumed."""

CHANGES_APART = 0.25
"""δ: how far the correlation of a year's errors may be from that of 4-week changes. Assumed: noise
of weeks is a workload's own, growth is not."""

MIN_PAIRED = 6
"""Paired periods below which a pair says nothing."""

MOST_PAIRED = 250
"""Workloads that are paired at most, evenly taken from all: 31,000 pairs say what they have in
common as well as more would, and pairs grow with the square."""

PERIOD = 4


def rank_correlation(pool: Pool, i: int, kinds: Sequence[Kind]) -> float:
    """Give the shrunk correlation between workloads, as known at origin i."""
    steady = [s for s, kind in enumerate(kinds) if kind is Kind.STEADY]
    rows = steady[:: max(1, -(-len(steady) // MOST_PAIRED))]
    known = pool.hindcast.known[i]
    if len(rows) < 2:
        return PRIOR_CORRELATION
    sums = _period_sums(known[rows])
    live = sums > 0
    logs = np.where(live, np.log(np.where(live, sums, 1.0)), np.nan)
    p = len(rows)
    evidence = [(PRIOR_CORRELATION, PRIOR_SPREAD**2)]
    changes, n = _mean_pair(np.diff(logs, axis=1), centred=True)
    if n:
        evidence.append((changes, _variance(changes, p, n) + CHANGES_APART**2))
    errors = pool.errors(i)[rows]
    told = [_mean_pair(errors[:, :, k], centred=False) for k in range(errors.shape[2])]
    fresh = [
        n * min(1.0, pool.step / window.length)
        for (_, n), window in zip(told, pool.windows, strict=True)
    ]
    if max(fresh) >= 1.0:
        mean = float(np.average([value for value, _ in told], weights=fresh))
        evidence.append((mean, _variance(mean, p, max(fresh))))
    trust = [1.0 / variance for _, variance in evidence]
    found = np.average([value for value, _ in evidence], weights=trust)
    return float(np.clip(found, 0.0, 0.9))


def _variance(raw: float, p: int, n: float) -> float:
    held = float(np.clip(raw, 0.0, 0.9))
    return 2 * ((1 - held) * (1 + (p - 1) * held)) ** 2 / (p * (p - 1) * n)


def joint_ranks(
    correlation: float, n_series: int, n: int, *, rngs: Sequence[np.random.Generator]
) -> Ints:
    """Ranks 0 … n−1 of every series in n paths, coupled; shape [n, n_series].

    Parameters
    ----------
    correlation
        Rank correlation ρ; the copula's is 2 sin(π ρ / 6).
    rngs
        One for what is common, then one for each series.

    Examples
    --------
    >>> rngs = np.random.default_rng(0).spawn(3)
    >>> ranks = joint_ranks(0.5, 2, 1000, rngs=rngs)
    >>> round(float(np.corrcoef(ranks.T)[0, 1]), 1)
    0.5
    """
    common = rngs[0].standard_normal(n)
    every = [coupled_ranks(correlation, common, rng=rng) for rng in rngs[1 : 1 + n_series]]
    return np.stack(every, axis=1)


def coupled_ranks(correlation: float, common: Floats, *, rng: np.random.Generator) -> Ints:
    """Ranks 0 … n−1 of one series in n paths, from the `common` standard normals [n].

    >>> common = np.random.default_rng(0).standard_normal(5)
    >>> alone = coupled_ranks(0.0, common, rng=np.random.default_rng(1))
    >>> alone.tolist(), np.random.default_rng(1).standard_normal(5).argsort().argsort().tolist()
    ([2, 3, 1, 0, 4], [2, 3, 1, 0, 4])
    """
    r = 2.0 * np.sin(np.pi * correlation / 6.0)
    own = np.sqrt(r) * common + np.sqrt(1.0 - r) * rng.standard_normal(len(common))
    ranks = np.empty(len(common), dtype=np.int64)
    ranks[np.argsort(own, kind="stable")] = np.arange(len(common))
    return ranks


def _period_sums(weekly: Floats) -> Floats:
    n = weekly.shape[1] // PERIOD
    return np.asarray(weekly[:, weekly.shape[1] - PERIOD * n :].reshape(-1, n, PERIOD).sum(axis=2))


def _mean_pair(x: Floats, *, centred: bool) -> tuple[float, int]:
    """Mean rank correlation over pairs of rows, and the typical number of paired periods.

    Ranks are of a row's own periods; each pair is correlated over those that both have.
    """
    known = np.isfinite(x).astype(np.float64)
    ranks = np.stack([_ranks(row, centred=centred) for row in x])
    n = known @ known.T
    products, squares = ranks @ ranks.T, ranks**2 @ known.T
    if centred:
        sums = ranks @ known.T
        each = np.maximum(n, 1.0)
        products = products - sums * sums.T / each
        squares = squares - sums**2 / each
    size = np.sqrt(np.maximum(squares * squares.T, 0.0))
    pairs = np.tril(n >= MIN_PAIRED, -1) & (size > 1e-9)
    if not pairs.any():
        return 0.0, 0
    return float((products[pairs] / size[pairs]).mean()), int(np.median(n[pairs]))


def _ranks(x: Floats, *, centred: bool) -> Floats:
    """Mid ranks of what is known, zero elsewhere; not centred, signed ranks of the sizes."""
    known = np.isfinite(x)
    out = np.zeros(len(x))
    if not known.any():
        return out
    values = x[known]
    _, group, count = np.unique(
        values if centred else np.abs(values), return_inverse=True, return_counts=True
    )
    ranks = (np.cumsum(count) - (count - 1) / 2)[group]
    out[known] = ranks if centred else np.sign(values) * ranks
    return out
