"""What was known of past totals at every origin."""

from __future__ import annotations

import numpy as np
import pytest

from forecast.demand.members.past_totals import known_sums

ORIGINS = np.array([4, 7, 10, 13, 16, 19])
VALUES = np.array([[3.0, 1.0, np.nan, 4.0, 1.0, 5.0]])


def _weights(origin: int, length: int, half_life: float) -> np.ndarray:
    age = origin - (ORIGINS + length)
    return np.where((age >= 0) & np.isfinite(VALUES[0]), 0.5 ** (age / half_life), 0.0)


@pytest.mark.parametrize("half_life", [2.0, 50.0, np.inf])
@pytest.mark.parametrize("length", [2, 5, 30])
def test_a_value_counts_from_when_it_is_known_and_fades(length, half_life):
    sums, count = known_sums(VALUES, ORIGINS, length, half_life=half_life)
    for i, origin in enumerate(ORIGINS):
        weights = _weights(origin, length, half_life)
        assert count[0, i] == pytest.approx(weights.sum())
        assert sums[0, i] == pytest.approx(np.nansum(weights * VALUES[0]))
