"""How far settings of a member missed past totals, as known at every origin.

A total of w periods after origin j is known at origin i when o_j + w ≤ o_i. Origins one step
apart share most of a long window, so each of its totals counts as min(1, step / w) of one.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from forecast.demand.members.protocol import Floats, Ints, View, running_sums

ERROR_FLOOR = 0.004
"""Added to a mean absolute log error before its log is taken: less than .4 % is no merit."""

MAX_MISS = 2.0
"""A log error counts as no more."""


def known_sums(
    values: Floats, origins: Ints, length: int, *, half_life: float = np.inf
) -> tuple[Floats, Floats]:
    """Sum of what is known at every origin of values [S, O, …] made at origins, and its count.

    A value counts half as much for every `half_life` periods that it has been known, in both.

    >>> sums, count = known_sums(np.ones((1, 3, 1)), np.array([4, 6, 8]), 2)
    >>> sums[0, :, 0].tolist(), count[0, :, 0].tolist()
    ([0.0, 1.0, 2.0], [0.0, 1.0, 2.0])
    """
    made = np.isfinite(values)
    risen = (0.5 ** ((origins[-1] - origins) / half_life)).reshape(1, -1, *[1] * (values.ndim - 2))
    sums = np.cumsum(np.where(made, values, 0.0) * risen, axis=1)
    count = np.cumsum(made * risen, axis=1)
    last = np.searchsorted(origins, origins - length, side="right") - 1
    none = (last < 0).reshape(1, -1, *([1] * (values.ndim - 2)))
    taken = np.maximum(last, 0)
    age = (origins - length - origins[-1]).reshape(risen.shape)
    share = np.where(none, 0.0, 0.5 ** (age / half_life))
    return sums[:, taken] * share, count[:, taken] * share


class TotalsSoFar:
    """Realised log totals of a quarter to three years, read from the panel of a view."""

    def __init__(self, view: View, min_periods: int) -> None:
        self._view = view
        self._origins = np.array(view.origins, dtype=np.int64)
        self._begun = self._origins - view.panel.first[:, None] >= min_periods
        self._realised: dict[int, Floats] = {}
        gaps = np.diff(self._origins)
        self._step = int(gaps[0]) if len(gaps) else 1

    @cached_property
    def lengths(self) -> tuple[int, ...]:
        """Periods of the windows, a quarter to three years; of the horizon where that is less."""
        m, quarter = self._view.panel.season_length, self._view.panel.quarter
        horizon = self._view.horizon
        found = tuple(k for k in (quarter, 2 * quarter, m, 2 * m, 3 * m) if k <= horizon)
        return found or (horizon,)

    def realised(self, length: int) -> Floats:
        """Log totals [S, O]; NaN where the window reaches beyond the panel."""
        if length not in self._realised:
            self._realised[length] = self._log_totals(length)
        return self._realised[length]

    def _log_totals(self, length: int) -> Floats:
        values = np.nan_to_num(self._view.panel.values)
        sums = running_sums(values)
        inside = self._origins + length <= self._view.panel.n
        ends = np.where(inside, self._origins + length, self._origins)
        total = sums[:, ends] - sums[:, self._origins]
        known = inside & self._begun & (total > 0)
        return np.where(known, np.log(np.where(known, total, 1.0)), np.nan)

    def missed(self, length: int, said: Floats) -> Floats:
        """N log ε of settings that said the log totals `said` [S, O, G], as known at origins."""
        miss = np.minimum(np.abs(said - self.realised(length)[:, :, None]), MAX_MISS)
        total, count = known_sums(miss, self._origins, length)
        n = count * min(1.0, self._step / length)
        mean = total / np.maximum(count, 1.0)
        return np.asarray(np.where(n > 0, n * np.log(mean + ERROR_FLOOR), 0.0))
