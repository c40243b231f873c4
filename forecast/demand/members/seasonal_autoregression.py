"""A small ARIMA: an autoregression on the yearly changes of the log, with half their mean as drift.

With d_t = x_t − x_{t−m}, μ half the mean of d and z = d − μ,

    z_t = Σ_{i=1..3} c_i z_{t−i} + e_t,      x̂_{t+h} = x̂_{t+h−m} + μ 0.98^h + ẑ_{t+h},

c by least squares with weights 0.98^age and a ridge of twice the variance of z, so that few
observations give small c. It is the seasonal ARIMA (3,0,0)(0,1,0)m with drift.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.demand.members.protocol import Flags, Floats, Ints, Panel, View

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
        origins = np.array(view.origins)
        known = np.maximum(origins - panel.first[:, None], 0)
        served = known >= 2 * m + SPARE_PERIODS
        drift, coefficients = _fit(panel, origins, served)
        phases = origins[:, None] - m + np.arange(m)
        last = np.where(served[:, :, None], panel.log[:, np.maximum(phases, 0)], np.nan)
        back = origins[:, None] - 1 - np.arange(ORDER)
        change = panel.log[:, np.maximum(back, 0)] - panel.log[:, np.maximum(back - m, 0)]
        recent = np.where(served[:, :, None], change - drift[:, :, None], 0.0)
        out = np.empty((*served.shape, view.horizon))
        for h in range(view.horizon):
            z_next = np.clip((coefficients * recent).sum(axis=2), -MAX_CHANGE, MAX_CHANGE)
            recent = np.concatenate([z_next[:, :, None], recent[:, :, :-1]], axis=2)
            before = last[:, :, h] if h < m else out[:, :, h - m]
            out[:, :, h] = before + drift * DECAY**h + z_next
        return out[..., None]


def _fit(panel: Panel, origins: Ints, served: Flags) -> tuple[Floats, Floats]:
    """Fit μ [S, O] and c [S, O, ORDER] from what every origin knows; zero where it is not served.

    With d_t the yearly changes and w_t = DECAY^−t, sums over t up to an origin of w, w d_{t−i} and
    w d_{t−i} d_{t−j} give those of z = d − μ for any μ, so that one pass serves all origins.
    """
    m, n = panel.season_length, panel.n
    drift = np.zeros(served.shape)
    coefficients = np.zeros((*served.shape, ORDER))
    if not served.any():
        return drift, coefficients
    change = np.zeros_like(panel.log)
    change[:, m:] = panel.log[:, m:] - panel.log[:, :-m]
    begun = np.arange(n) - m - panel.first[:, None]
    change = np.where(begun >= 0, change, 0.0)
    sums = np.cumsum(change, axis=1)
    count = np.maximum(origins - m - panel.first[:, None], 1)
    drift = np.where(served, KEPT_DRIFT * sums[:, origins - 1] / count, 0.0)

    lagged = np.stack([np.roll(change, i, axis=1) for i in range(ORDER + 1)], axis=2)
    weight = np.where(begun >= ORDER, DECAY ** -(np.arange(n) - n + 1.0), 0.0)
    weighted = lagged * weight[:, :, None]
    products = weighted[:, :, :, None] * lagged[:, :, None, :]
    total, first, second = (
        np.cumsum(part, axis=1)[:, origins - 1] for part in (weight, weighted, products)
    )
    mu = drift[:, :, None, None]
    moment = second - mu * (first[:, :, :, None] + first[:, :, None, :])
    moment += mu**2 * total[:, :, None, None]
    moment /= weight[:, origins - 1, None, None].clip(min=1e-300)
    variance = moment[:, :, 0, 0] / np.maximum(count - ORDER, 1) + 1e-12
    gram = moment[:, :, 1:, 1:] + RIDGE * variance[:, :, None, None] * np.eye(ORDER)
    target = moment[:, :, 1:, 0]
    coefficients[served] = np.linalg.solve(gram[served], target[served][:, :, None])[:, :, 0]
    return drift, coefficients
