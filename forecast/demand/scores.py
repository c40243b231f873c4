"""How a forecast of a total is scored; no factor is hidden anywhere.

S is the realised total, q_a the quantile at level a.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def pinball(realised: ArrayLike, quantile: ArrayLike, level: ArrayLike) -> Floats:
    """Pinball loss max(a (S − q), (a − 1)(S − q)); shapes broadcast.

    Source: Koenker and Bassett 1978, doi:10.2307/1913643; no factor 2.

    >>> pinball([10.0, 10.0], [8.0, 12.0], 0.2).tolist()
    [0.4, 1.6]
    """
    miss = np.asarray(realised, dtype=np.float64) - np.asarray(quantile, dtype=np.float64)
    a = np.asarray(level, dtype=np.float64)
    return np.maximum(a * miss, (a - 1.0) * miss)


def crps(realised: ArrayLike, quantiles: ArrayLike, levels: ArrayLike) -> Floats:
    """Continuous ranked probability score, 2 x the mean pinball loss over the levels.

    Parameters
    ----------
    realised
        [...] totals S.
    quantiles
        [..., Q] quantiles at `levels` [Q], equally spaced.

    Source: Gneiting and Raftery 2007, doi:10.1198/016214506000001437, section 4.2.

    >>> levels = np.arange(1, 100) / 100
    >>> float(crps(0.0, np.zeros(99), levels))
    0.0
    """
    s = np.asarray(realised, dtype=np.float64)[..., None]
    return np.asarray(2.0 * pinball(s, quantiles, levels).mean(axis=-1))


def inside(realised: ArrayLike, lower: ArrayLike, upper: ArrayLike) -> NDArray[np.bool_]:
    """Whether q_low ≤ S ≤ q_high.

    >>> inside([1.0, 3.0], [1.0, 1.0], [2.0, 2.0]).tolist()
    [True, False]
    """
    s = np.asarray(realised, dtype=np.float64)
    return np.asarray((np.asarray(lower) <= s) & (s <= np.asarray(upper)))


def capture(
    realised: ArrayLike, committed: ArrayLike, scale: ArrayLike, *, discount_share: float
) -> float | None:
    """Savings capture 1 − Σ pinball(d)/scale ÷ Σ d S/scale of committing `committed`.

    With discount d and overage at list the regret of a commitment is exactly its pinball loss at
    level d; paying list price for everything is 0 and hindsight is 1.

    Returns
    -------
    float or None
        None when there is nothing to save.

    Examples
    --------
    >>> capture([100.0], [100.0], [1.0], discount_share=0.2)
    1.0
    >>> capture([100.0], [0.0], [1.0], discount_share=0.2)
    0.0
    """
    s, w = np.asarray(realised, dtype=np.float64), np.asarray(scale, dtype=np.float64)
    scored = (w > 0) & (s > 0)
    possible = float(np.sum(discount_share * s[scored] / w[scored]))
    if possible <= 0:
        return None
    c = np.asarray(committed, dtype=np.float64)
    regret = float(np.sum((pinball(s, c, discount_share)[scored]) / w[scored]))
    return 1.0 - regret / possible
