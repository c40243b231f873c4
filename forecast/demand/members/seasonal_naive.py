"""Seasonal naive with recent growth: last year again, as much higher as the last quarter was.

With g = log(last quarter's total) − log(the same quarter a year earlier), the log of the h-th
period ahead is x_{o + h − j·m} + (c + c² + … + c^j)·g with j = ⌈(h + 1) / m⌉ years back: every
further year keeps a share c of the growth of the year before.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.demand.members.protocol import Floats, View, Window, log_window_totals

MIN_YEARS = 1.25
"""Years of own history it needs: a year, and the quarter that growth is measured on."""


@dataclass(frozen=True)
class SeasonalNaive:
    """Last year's periods, scaled by recent growth.

    Attributes
    ----------
    continued_share
        c: share of the year-on-year growth of the last quarter that goes on.
    """

    continued_share: float = 0.5

    @property
    def names(self) -> tuple[str, ...]:
        """The name in results."""
        return ("seasonal_naive",)

    def paths(self, view: View) -> Floats:
        """Continue the series; serves from five quarters of own history on.

        Examples
        --------
        >>> from forecast.demand.members.protocol import Panel
        >>> from forecast.demand.members.view import view_of
        >>> panel = Panel.of(np.exp(0.01 * np.arange(24.0))[None, :], 12)
        >>> SeasonalNaive().paths(view_of(panel, (24,), 2))[0, 0, :, 0].round(3).tolist()
        [0.18, 0.19]
        """
        panel, m, quarter = view.panel, view.panel.season_length, view.panel.quarter
        origins = np.array(view.origins)
        served = origins - panel.first[:, None] >= MIN_YEARS * m
        back = origins[:, None] - 1 - np.arange(quarter)
        now, then = (
            log_window_totals(panel.log[:, np.maximum(columns, 0)], [Window(0, quarter)])
            for columns in (back, back - m)
        )
        ahead = np.arange(view.horizon)
        years = ahead // m + 1
        kept = np.cumsum(self.continued_share ** np.arange(1, years.max() + 1))[years - 1]
        columns = np.maximum(origins[:, None] + ahead - years * m, 0)
        path = panel.log[:, columns] + kept * (now - then)
        return np.asarray(np.where(served[:, :, None], path, np.nan)[..., None])
