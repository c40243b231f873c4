"""The share of tries that pass on a lighter model, drawn as widely as its evidence is weak.

Without an evaluation it is a stated share like any other (`shares`). An evaluation of n
independent cases is drawn from Beta(p·κ, (1 − p)·κ) with κ = n, and never as if it were less than
an opinion.
"""

from __future__ import annotations

import numpy as np
from scipy.special import betaincinv

from forecast.levers.shares import CONCENTRATION, draw_share, expected_share
from forecast.mix import Floats
from forecast.records.evidence_states import Evidence
from forecast.records.routing import RoutingLever


def evaluated_share(measured: float, effective_cases: float) -> float:
    """Mean of the draws around a share that was measured on so many independent cases.

    >>> evaluated_share(0.8, 200.0), round(evaluated_share(1.0, 200.0), 4)
    (0.8, 0.9975)
    """
    kappa = _weight(effective_cases)
    return min(measured, (kappa + 0.5) / (kappa + 1))


def draw_evaluated(mean: float, effective_cases: float, uniforms: Floats) -> Floats:
    """Map uniform numbers to shares around a measured one, keeping their order.

    >>> draw_evaluated(0.8, 872.0, np.array([0.1, 0.5, 0.9])).round(3).tolist()
    [0.783, 0.8, 0.817]
    """
    if mean in (0.0, 1.0):
        return np.full(len(uniforms), mean)
    kappa = _weight(effective_cases)
    return np.asarray(betaincinv(mean * kappa, (1 - mean) * kappa, uniforms), dtype=np.float64)


def expected_pass_share(lever: RoutingLever) -> float:
    """Mean of the draws of the share that passes on the lighter model."""
    if lever.evaluated is None:
        return expected_share(lever.pass_share, lever.evidence)
    return evaluated_share(lever.pass_share, lever.evaluated.effective_cases)


def draw_pass_share(lever: RoutingLever, uniforms: Floats) -> Floats:
    """Map uniform numbers to shares that pass on the lighter model, keeping their order."""
    if lever.evaluated is None:
        return draw_share(lever.pass_share, lever.evidence, uniforms)
    return draw_evaluated(expected_pass_share(lever), lever.evaluated.effective_cases, uniforms)


def _weight(effective_cases: float) -> float:
    return max(CONCENTRATION[Evidence.ASSUMED], effective_cases)
