"""Counts of a shared key divided among workloads, to the last token.

With q_i the share of part i in billionths, Σ q_i = 10⁹, a count n becomes

    n_i = ⌊n q_i / 10⁹⌋, and the parts with the largest remainders get one more until Σ n_i = n

(Hamilton's method, every count of every row by itself). Where remainders are equal the earlier
part gets it. All of it is whole-number arithmetic, so nothing is lost, doubled or rounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

BILLION: Final = 10**9
"""A share is used to nine digits."""


def billionths(shares: Sequence[float]) -> list[int]:
    """Give shares in billionths, with what is left to one as the last part.

    Raises
    ------
    ValueError
        Shares beyond one in sum.

    Examples
    --------
    >>> billionths([0.4, 0.35])
    [400000000, 350000000, 250000000]
    """
    parts = [round(share * BILLION) for share in shares]
    rest = BILLION - sum(parts)
    if rest < 0:
        raise ValueError(f"shares sum to {sum(shares):g}, more than 1")
    return [*parts, rest]


def divide(counts: NDArray[np.int64], parts: Sequence[int]) -> NDArray[np.int64]:
    """Divide whole counts of any shape into parts, along a new first axis.

    Parameters
    ----------
    counts
        At least 0.
    parts
        Billionths that sum to 10⁹.

    Examples
    --------
    >>> divide(np.array([10, 1, 0]), [400_000_000, 350_000_000, 250_000_000]).tolist()
    [[4, 1, 0], [4, 0, 0], [2, 0, 0]]
    """
    q = np.array(parts, dtype=np.int64).reshape(-1, *[1] * counts.ndim)
    assert int(q.sum()) == BILLION, parts
    high, low = counts // BILLION, counts % BILLION  # products below 10¹⁸ fit an int64
    whole = high * q + low * q // BILLION
    remainder = low * q % BILLION
    missing = counts - whole.sum(axis=0)
    order = np.argsort(-remainder, axis=0, kind="stable")
    rank = np.argsort(order, axis=0, kind="stable")
    return np.asarray(whole + (rank < missing), dtype=np.int64)
