"""How much each setting of a grid counts, from its one-step errors so far."""

from __future__ import annotations

import numpy as np

from forecast.demand.members.protocol import Floats

MAX_COUNTED = 80.0
"""Errors that count at most: with more, one setting would take all the weight. Assumed."""


def likelihood_weights(squares: Floats, count: float) -> Floats:
    """Weights ∝ (mean squared error)^(−n/2), the Gaussian likelihood of n errors; they add to 1.

    Parameters
    ----------
    squares
        [G] sum of squared errors of every setting.
    count
        n, the (faded) number of errors in the sum; more than `MAX_COUNTED` count as that many.

    Examples
    --------
    >>> likelihood_weights(np.array([1.0, 2.0]), 4).round(3).tolist()
    [0.8, 0.2]
    """
    score = -0.5 * min(count, MAX_COUNTED) * np.log(squares / max(count, 1.0) + 1e-10)
    weights = np.exp(score - score.max())
    return np.asarray(weights / weights.sum())
