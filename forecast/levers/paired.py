"""The difference of two pass shares that were measured on the same cases.

With n cases, b that only the lighter model passes and c that only today's passes, the difference
is d = (b − c) / n. Tango's score interval holds every δ whose score

    T(δ) = (b − c − nδ) / sqrt(n (2 q(δ) + δ (1 − δ)))
    q(δ) = (sqrt(B² − 8nC) − B) / 4n,   B = (2n − b + c) δ − b − c,   C = −c δ (1 − δ)

lies within ± z; q is the likeliest probability of "only today's passes" when the difference is δ
(Tango 1998, Statistics in Medicine 17:891-908). Unlike d ± z·se it keeps its promise on few or
rarely differing cases, and it does not shrink to a point when all cases agree.

Where cases repeat, or belong together, whole groups are drawn again instead.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from forecast.mix import Floats

INTERVAL_MASS: Final = 0.95

POWER: Final = 0.8

N_RESAMPLES: Final = 4000
"""Draws of the cluster bootstrap. The ends of ten seeds then lie within 0.4 points of pass share
on 200 cases of three repeats; with a tenth of the draws within 0.9."""

_BLOCK_CELLS: Final = 4_000_000
"""Clusters times draws held at once: 32 MB."""

FEW_CLUSTERS: Final = 30
"""Below it the bootstrap alone holds the truth too rarely; see `tests/levers/test_paired.py`."""

_BISECTIONS: Final = 60
"""Halvings of an interval of width 2: far below the rounding of a share."""


@dataclass(frozen=True)
class PairedDifference:
    """Lighter less today, with the interval of `INTERVAL_MASS`."""

    difference: float
    lower: float
    upper: float
    method: str


def score(n: float, only_lighter: float, only_today: float, difference: float) -> float:
    """T(δ), the score of a supposed difference; it falls as δ grows.

    Parameters
    ----------
    n, only_lighter, only_today
        n, b and c; shares of cases that passed in part may make b and c fractions.
    difference
        δ, inside (−1, 1).

    Examples
    --------
    The score at zero is McNemar's statistic, (b − c) / sqrt(b + c).

    >>> round(score(100, 6, 10, 0.0), 6)
    -1.0
    """
    b, c, delta = only_lighter, only_today, difference
    linear = (2 * n - b + c) * delta - b - c
    constant = -c * delta * (1 - delta)
    root = math.sqrt(max(0.0, linear * linear - 8 * n * constant))
    q = max(0.0, (root - linear) / (4 * n))
    variance = n * (2 * q + delta * (1 - delta))
    gap = b - c - n * delta
    if variance <= 0:
        return 0.0 if gap == 0 else math.copysign(math.inf, gap)
    return gap / math.sqrt(variance)


def score_interval(n: float, only_lighter: float, only_today: float) -> PairedDifference:
    """Give Tango's interval of the difference.

    Examples
    --------
    One of 21 children has the trait only after, seven only before a treatment (Bentur et al.
    2009); published as −0.286 (−0.517 to −0.026).

    >>> found = score_interval(21, 1, 7)
    >>> [round(x, 3) for x in (found.difference, found.lower, found.upper)]
    [-0.286, -0.517, -0.026]

    Forty cases on which both models agree do not prove that they always do.

    >>> round(score_interval(40, 0, 0).lower, 3)
    -0.088
    """
    z = NormalDist().inv_cdf((1 + INTERVAL_MASS) / 2)
    estimate = (only_lighter - only_today) / n

    def score_at(delta: float) -> float:
        return score(n, only_lighter, only_today, delta)

    lower = _crossing(lambda delta: score_at(delta) > z, -1.0, estimate)
    upper = _crossing(lambda delta: score_at(delta) > -z, estimate, 1.0)
    return PairedDifference(estimate, lower, upper, "Tango's score interval of paired shares")


def _crossing(above: Callable[[float], bool], low: float, high: float) -> float:
    """Find where `above` turns from true to false."""
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if above(middle) else (low, middle)
    return (low + high) / 2


def cluster_interval(
    differences: Floats, clusters: NDArray[np.int64], *, rng: np.random.Generator
) -> PairedDifference:
    """Draw whole clusters again and again, and give the interval of the mean difference.

    The ends are the expanded percentiles of the means drawn, at Φ(−t·sqrt(k / (k − 1))) with t
    the quantile of Student's distribution at k − 1 degrees of freedom, because plain percentiles
    of k clusters are too narrow (Hesterberg 2015, doi:10.1080/00031305.2015.1089789). Under
    `FEW_CLUSTERS`, or when no case differs, no end lies inside the score interval of k cases that
    differ as much: drawing again what always agrees can never disagree.

    Parameters
    ----------
    differences
        [n] per case, pass share of the lighter model less that of today's.
    clusters
        [n] the cluster of every case, 0 to k − 1.
    """
    k = int(clusters.max()) + 1
    sums = np.bincount(clusters, weights=differences, minlength=k).astype(np.float64)
    sizes = np.bincount(clusters, minlength=k).astype(np.float64)
    estimate = float(differences.mean())
    lower = upper = estimate
    if k > 1:
        means = _drawn_means(sums, sizes, rng)
        student = float(stdtrit(k - 1, (1 - INTERVAL_MASS) / 2))
        tail = NormalDist().cdf(student * math.sqrt(k / (k - 1)))
        lower, upper = (float(x) for x in np.quantile(means, [tail, 1 - tail]))
    if k < FEW_CLUSTERS or not differences.any():
        better, worse = (float(np.maximum(d, 0).mean()) for d in (differences, -differences))
        floor = score_interval(k, k * better, k * worse)
        lower, upper = min(lower, floor.lower), max(upper, floor.upper)
    return PairedDifference(estimate, lower, upper, f"cluster bootstrap of {k} groups")


def _drawn_means(sums: Floats, sizes: Floats, rng: np.random.Generator) -> Floats:
    """Means of `N_RESAMPLES` draws of all clusters with replacement, in blocks of bounded size."""
    k = len(sums)
    block = max(1, min(N_RESAMPLES, _BLOCK_CELLS // k))
    means = []
    for start in range(0, N_RESAMPLES, block):
        n = min(block, N_RESAMPLES - start)
        drawn = rng.multinomial(k, np.full(k, 1 / k), size=n)
        means.append((drawn @ sums) / (drawn @ sizes))
    return np.concatenate(means)


def needed_cases(
    margin_share: float, discordant_share: float, *, difference: float = 0.0
) -> int | None:
    """Cases that show non-inferiority with `POWER`, when `difference` is the true one.

        n = (z(1 − α/2) + z(power))² (ψ − d²) / (margin + d)²

    with ψ the share of cases on which the models differ, to the nearest case (the sample-based
    test of Liu et al. 2002, doi:10.1002/sim.1012).

    Returns
    -------
    int or None
        None when the lighter model is worse by the margin or more: no number would do.

    Examples
    --------
    >>> needed_cases(0.03, 0.10), needed_cases(0.03, 0.10, difference=-0.01)
    (872, 1960)
    >>> needed_cases(0.03, 0.10, difference=-0.03) is None
    True
    """
    if margin_share + difference <= 0:
        return None
    normal = NormalDist()
    z = normal.inv_cdf((1 + INTERVAL_MASS) / 2) + normal.inv_cdf(POWER)
    variance = max(discordant_share, abs(difference)) - difference**2
    return max(1, round(z**2 * variance / (margin_share + difference) ** 2))
