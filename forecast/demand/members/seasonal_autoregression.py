"""A small ARIMA: an autoregression on the yearly changes of the log, with half their mean as drift.

With d_t = x_t − x_{t−m}, μ half the mean of d and z = d − μ,

    z_t = Σ_{i=1..3} c_i z_{t−i} + e_t,      x̂_{t+h} = x̂_{t+h−m} + μ 0.98^h + ẑ_{t+h},

c by least squares with weights 0.98^age and a ridge of twice the variance of z, so that few
observations give small c. It is the seasonal ARIMA (3,0,0)(0,1,0)m with drift.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.demand.members.protocol import Floats, View

ORDER = 3

DECAY = 0.98
"""Weight of an observation one period older, and of the drift one period further. Assumed."""

RIDGE = 2.0
"""Ridge in variances of z: two observations' worth of evidence that nothing persists. Assumed."""

KEPT_DRIFT = 0.5
"""Share of the mean yearly change that continues: the half continuation of the theta method."""

SPARE_PERIODS = 8
"""Periods beyond two years from which on the autoregression is fitted."""

MAX_CHANGE = 1.0
"""Largest |z| of a forecast: a factor of e within a year beyond the drift."""


@dataclass(frozen=True)
class SeasonalAutoregression:
    """Autoregression on yearly changes; serves from two years and `SPARE_PERIODS` on."""

    @property
    def names(self) -> tuple[str, ...]:
        """`seasonal_autoregression`."""
        return ("seasonal_autoregression",)

    def paths(self, view: View) -> Floats:
        """Continue the series.

        Examples
        --------
        >>> from forecast.demand.members.protocol import Panel
        >>> from forecast.demand.members.view import view_of
        >>> panel = Panel.of(np.tile([1.0, 2.0, 3.0, 4.0], 6)[None, :], 4)
        >>> path = SeasonalAutoregression().paths(view_of(panel, (24,), 4))
        >>> np.exp(path[0, 0, :, 0]).round(3).tolist()
        [1.0, 2.0, 3.0, 4.0]
        """
        panel, m = view.panel, view.panel.season_length
        n_series, n_origins = len(panel.log), len(view.origins)
        drift = np.zeros((n_series, n_origins))
        coefficients = np.zeros((n_series, n_origins, ORDER))
        recent = np.zeros((n_series, n_origins, ORDER))
        last = np.full((n_series, n_origins, m), np.nan)
        for i, origin in enumerate(view.origins):
            for s in np.flatnonzero(panel.known(origin) >= 2 * m + SPARE_PERIODS):
                x = panel.log[s, panel.first[s] : origin]
                change = x[m:] - x[:-m]
                drift[s, i] = KEPT_DRIFT * change.mean()
                z = change - drift[s, i]
                coefficients[s, i] = _fit(z)
                recent[s, i] = z[-ORDER:][::-1]
                last[s, i] = x[-m:]
        out = np.empty((n_series, n_origins, view.horizon))
        for h in range(view.horizon):
            z_next = np.clip((coefficients * recent).sum(axis=2), -MAX_CHANGE, MAX_CHANGE)
            recent = np.concatenate([z_next[:, :, None], recent[:, :, :-1]], axis=2)
            before = last[:, :, h] if h < m else out[:, :, h - m]
            out[:, :, h] = before + drift * DECAY**h + z_next
        return out[..., None]


def _fit(z: Floats) -> Floats:
    lagged = np.stack([z[ORDER - 1 - i : len(z) - 1 - i] for i in range(ORDER)], axis=1)
    target = z[ORDER:]
    weights = DECAY ** np.arange(len(target))[::-1]
    weighted = lagged * weights[:, None]
    variance = float((weights * target**2).mean()) + 1e-12
    gram = weighted.T @ lagged + RIDGE * variance * np.eye(ORDER)
    return np.asarray(np.linalg.solve(gram, weighted.T @ target))
