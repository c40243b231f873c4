"""Shares that somebody states, drawn as widely as their evidence is weak.

A stated share m is drawn from Beta(m·κ, (1 − m)·κ), as if κ cases had been observed: the weaker
the evidence, the smaller κ and the wider the band. No mean is believed above (κ + ½) / (κ + 1),
what κ successes in κ cases say under Jeffreys' prior, except a 100 % that is proven or measured;
what is stated as nothing stays nothing.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.special import betaincinv

from forecast.mix import Floats
from forecast.records.workloads import Evidence

CONCENTRATION: Final[dict[Evidence, float]] = {
    Evidence.ASSUMED: 10.0,
    Evidence.PILOTED: 50.0,
    Evidence.PROVEN: 872.0,
    Evidence.MEASURED: 5000.0,
}
"""κ by evidence. Proven is the 872 pairs that show a margin of 3 points at 10 % discordance with
80 % power; the others are assumed: ten cases for an opinion (a stated 80 % lies between 63 % and
94 % in four of five draws), fifty for a pilot, five thousand for a figure read off production."""

EXACT: Final = (Evidence.PROVEN, Evidence.MEASURED)
"""Evidence strong enough that a stated 100 % is taken at its word."""


def expected_share(stated: float, evidence: Evidence) -> float:
    """Mean of the draws around a stated share.

    >>> expected_share(0.8, Evidence.ASSUMED), round(expected_share(1.0, Evidence.ASSUMED), 4)
    (0.8, 0.9545)
    >>> expected_share(1.0, Evidence.PROVEN)
    1.0
    """
    if stated == 1.0 and evidence in EXACT:
        return 1.0
    kappa = CONCENTRATION[evidence]
    return min(stated, (kappa + 0.5) / (kappa + 1))


def draw_share(stated: float, evidence: Evidence, uniforms: Floats) -> Floats:
    """Map uniform numbers to shares around a stated one, keeping their order.

    >>> u = np.array([0.1, 0.5, 0.9])
    >>> draw_share(0.8, Evidence.ASSUMED, u).round(3).tolist()
    [0.632, 0.82, 0.939]
    >>> draw_share(0.8, Evidence.MEASURED, u).round(3).tolist()
    [0.793, 0.8, 0.807]
    """
    mean = expected_share(stated, evidence)
    if mean in (0.0, 1.0):
        return np.full(len(uniforms), mean)
    kappa = CONCENTRATION[evidence]
    return np.asarray(betaincinv(mean * kappa, (1 - mean) * kappa, uniforms), dtype=np.float64)


def share_quantile(mean: float, evidence: Evidence, level: float) -> float:
    """Quantile of the draws around a mean that is believed as it is.

    >>> round(share_quantile(0.8, Evidence.ASSUMED, 0.1), 3)
    0.632
    """
    if mean in (0.0, 1.0):
        return mean
    kappa = CONCENTRATION[evidence]
    return float(betaincinv(mean * kappa, (1 - mean) * kappa, level))
