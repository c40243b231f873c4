"""Run rate: the recent level, with part of the recent growth continued.

With L the mean level of the last periods and g the least-squares slope of the log over the last
year (half a year where there is no more), the log of the h-th period ahead is

    L + c · g · (h + age of L),      |c · g · horizon| bounded,

c = 0 for the plain run rate and c = ½ for "half of the growth goes on".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.demand.members.protocol import Floats, Ints, View

MAX_LOG_GROWTH = 1.0
"""Growth carried forward changes demand at most by e, up or down, over any horizon. Assumed."""


@dataclass(frozen=True)
class RunRate:
    """Mean of the last periods, with a share of the recent growth.

    Attributes
    ----------
    continued_share
        c: share of the measured growth that goes on.
    level_quarters
        Quarters of a year in the level; a shorter history uses its last third.
    """

    continued_share: float = 0.5
    level_quarters: float = 1.0

    @property
    def names(self) -> tuple[str, ...]:
        """`run_rate`, or `growth_run_rate` where growth goes on."""
        return ("growth_run_rate" if self.continued_share else "run_rate",)

    def paths(self, view: View) -> Floats:
        """Continue the series; serves from one known period on.

        Examples
        --------
        >>> from forecast.demand.members.view import view_of
        >>> from forecast.demand.members.protocol import Panel
        >>> panel = Panel.of(np.exp(0.01 * np.arange(26.0))[None, :], 52)
        >>> path = RunRate().paths(view_of(panel, (26,), 2))[0, 0, :, 0]
        >>> (path - 0.01 * 21.5).round(4).tolist()
        [0.0228, 0.0278]
        """
        panel = view.panel
        origins = np.array(view.origins)
        known = np.maximum(origins - panel.first[:, None], 0)
        most = max(1, round(self.level_quarters * panel.quarter))
        taken = np.minimum(most, np.maximum(1, known // 3))
        columns = origins[:, None] - most + np.arange(most)
        phases = np.broadcast_to(columns % panel.season_length, (len(known), *columns.shape))
        season = np.take_along_axis(view.seasons, phases, axis=2)
        recent = panel.log[:, np.maximum(columns, 0)] - season
        used = np.arange(most) >= most - np.minimum(taken, known)[:, :, None]
        top = np.where(used, recent, -np.inf).max(axis=2, initial=-700.0)
        total = np.exp(np.where(used, recent - top[:, :, None], -np.inf)).sum(axis=2)
        level = np.where(known > 0, np.log(np.maximum(total, 1e-300) / taken) + top, np.nan)
        path = level[:, :, None] + view.season_path()
        if self.continued_share:
            bound = MAX_LOG_GROWTH / view.horizon
            slope = np.stack(
                [
                    _slope(view.adjusted(i), panel.known(origin), panel.quarter)
                    for i, origin in enumerate(view.origins)
                ],
                axis=1,
            )
            growth = np.clip(slope * self.continued_share, -bound, bound)
            steps = np.arange(view.horizon) + (taken[:, :, None] + 1) / 2
            path += growth[:, :, None] * steps
        return np.asarray(path[..., None])


def _slope(x: Floats, known: Ints, quarter: int) -> Floats:
    """Least-squares slope over up to four quarters; zero for a series of less than two."""
    out = np.zeros(len(x))
    quarters = np.clip(known // quarter, 0, 4)
    for q in (2, 3, 4):
        rows = quarters == q
        if rows.any():
            t = np.arange(q * quarter) - (q * quarter - 1) / 2
            out[rows] = x[rows, -q * quarter :] @ t / (t @ t)
    return out
