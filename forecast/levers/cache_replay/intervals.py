"""How sure a hit share is: whole sessions are redrawn, because requests of one are alike."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]

INTERVAL_MASS: Final = 0.8
"""Mass of every band of a hit share: from the 10th to the 90th percentile."""

N_REPLICATES: Final = 1000
MIN_REPLICATES: Final = 200
MAX_DRAWN: Final = 20_000_000
"""Draws of one interval; beyond 20,000 sessions fewer replicates are made, down to the least. The
10th percentile of 200 replicates is off by an eighth of a standard error."""

MIN_CLUSTERS: Final = 8
"""Fewer sessions carry no interval. Intervals of five held the share of all in 57 to 82 % of
draws on three traces, where 80 % were promised (scripts/benchmarks/cache_replay.py, with 5 here
and among its SUBSETS)."""

LEAST_EFFECTIVE: Final = 1.5
"""Effective number of sessions below which the stretch of an interval grows no further."""

_CHUNK: Final = 2_000_000


def cluster_interval(
    part: Floats, whole: Floats, cluster: NDArray[np.int64], *, rng: np.random.Generator
) -> tuple[float, float] | None:
    """Interval of Σ part / Σ whole when clusters are redrawn with replacement.

    The percentile interval is stretched about the estimate by t/z · √(k/(k − 1)), because with few
    clusters it is too narrow (Hesterberg 2015, doi:10.1080/00031305.2015.1089789, section 4). k is
    the effective number of clusters (Kish: (Σx)²/Σx²) of what was read, of what was not, or of
    both, whichever is the least: a few long sessions hold most of the hits of chat traffic.
    Without it, intervals of 12 of its sessions held the share of all in 59 % of draws; with it in
    76 % (`scripts/benchmarks/cache_replay.py`; 72 to 88 % over three traces and 8 to 150 sessions).
    Where everything or nothing is read, Jeffreys' interval of k cases is taken.

    Parameters
    ----------
    part, whole
        [n] numerator and denominator of every request.
    cluster
        [n] session or prefix root, numbered from 0.

    Returns
    -------
    tuple of float or None
        10th and 90th percentile, within 0 and 1; None with fewer than `MIN_CLUSTERS`.

    Examples
    --------
    >>> part, whole = np.array([8.0, 9, 5, 7, 6, 9, 8, 7]), np.full(8, 10.0)
    >>> found = cluster_interval(part, whole, np.arange(8), rng=np.random.default_rng(0))
    >>> [round(x, 2) for x in found]
    [0.66, 0.82]
    """
    parts: Floats = np.bincount(cluster, part).astype(np.float64)
    wholes: Floats = np.bincount(cluster, whole).astype(np.float64)
    k = len(wholes)
    if k < MIN_CLUSTERS or wholes.sum() <= 0:
        return None
    estimate = parts.sum() / wholes.sum()
    ratios: list[Floats] = []
    n_replicates = int(np.clip(MAX_DRAWN // k, MIN_REPLICATES, N_REPLICATES))
    step = max(1, _CHUNK // k)
    for start in range(0, n_replicates, step):
        drawn = rng.integers(k, size=(min(step, n_replicates - start), k))
        below = wholes[drawn].sum(axis=1)
        above = parts[drawn].sum(axis=1)
        ratios.append(np.where(below > 0, above / np.where(below > 0, below, 1), estimate))
    tail = (1 - INTERVAL_MASS) / 2
    least = min(_effective(parts), _effective(wholes - parts), _effective(wholes))
    effective = max(LEAST_EFFECTIVE, least)
    if estimate in (0.0, 1.0):
        read, missed = 0.5 + estimate * effective, 0.5 + (1 - estimate) * effective
        ends = stats.beta.ppf([tail, 1 - tail], read, missed)
        return (float(ends[0]), 1.0) if estimate else (0.0, float(ends[1]))
    lower, upper = np.quantile(np.concatenate(ratios), [tail, 1 - tail])
    stretch = float(
        stats.t.ppf(1 - tail, effective - 1)
        / stats.norm.ppf(1 - tail)
        * np.sqrt(effective / (effective - 1))
    )
    return (
        float(np.clip(estimate + stretch * (lower - estimate), 0.0, estimate)),
        float(np.clip(estimate + stretch * (upper - estimate), estimate, 1.0)),
    )


def _effective(weights: Floats) -> float:
    """Kish's effective number of clusters; all of them where none has any weight."""
    squares = float((weights**2).sum())
    return float(weights.sum() ** 2 / squares) if squares > 0 else float(len(weights))
