"""Amounts as affine functions of the commitment, on every path near its own commitment.

A settled cost is built from sums, multiples and minima, so along one path it is piecewise
linear in the commitment. Carrying (value, slope) through the settlement gives the cost and its
slope; noting where each minimum would change sides gives the distance to the next kink.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.paths import Floats


@dataclass(frozen=True, slots=True)
class Affine:
    """value + slope · t for a small t ≥ 0, shape [M]; a slope may be one number for all."""

    value: Floats
    slope: Floats | float

    def __add__(self, other: Affine) -> Affine:
        return Affine(self.value + other.value, self.slope + other.slope)

    def __sub__(self, other: Affine) -> Affine:
        return Affine(self.value - other.value, self.slope - other.slope)

    def __mul__(self, factor: float | Floats) -> Affine:
        return Affine(self.value * factor, self.slope * factor)


def constant(amount: Floats) -> Affine:
    """Take an amount that does not depend on the commitment."""
    return Affine(amount, 0.0)


class KinkTracer:
    """Takes minima of affine amounts and keeps how far the nearest change of sides is.

    Parameters
    ----------
    n_paths
        M.
    tolerance_usd
        Two amounts this near are equal; the slopes then decide which is the smaller.

    Attributes
    ----------
    distance_usd
        [M] growth of the commitment up to the next kink; infinite without one.
    """

    def __init__(self, n_paths: int, tolerance_usd: float) -> None:
        self.tolerance_usd = tolerance_usd
        self.distance_usd = np.full(n_paths, np.inf)

    def least(self, a: Affine, b: Affine) -> Affine:
        """Give the smaller of two amounts just right of here.

        >>> tracer = KinkTracer(1, 1e-9)
        >>> commitment, consumption = Affine(np.array([2.0]), 1.0), Affine(np.array([5.0]), 0.0)
        >>> smaller = tracer.least(commitment, consumption)
        >>> smaller.value.tolist(), tracer.distance_usd.tolist()
        ([2.0], [3.0])
        """
        gap = a.value - b.value
        closing = a.slope - b.slope
        equal = np.abs(gap) <= self.tolerance_usd
        a_is_less = np.where(equal, closing <= 0, gap < 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            distance = gap / np.negative(closing)
        distance[equal | ~(distance > 0)] = np.inf
        np.minimum(self.distance_usd, distance, out=self.distance_usd)
        return Affine(np.where(a_is_less, a.value, b.value), np.where(a_is_less, a.slope, b.slope))
