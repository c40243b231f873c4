"""The pool: how much each member counts, from what it said at past origins.

A member's saying f for the log of a total is scored as the distribution with quantiles
f + s_w z_a, s_w the prior spread of window w, by the mean pinball loss at the levels that decide
on a commitment (a = .1 … .5). With ρ_m the ratio of member m's loss to that of the mean member on
the same origins and windows, shrunk in two steps by n effective (not overlapping) windows,

    ρ̄ = 1 + n̄ / (n̄ + n₀) · (mean ρ over series − 1),    ρ* = λ ρ + (1 − λ) ρ̄,    λ = n / (n + n₀),

weights are ∝ exp(−η (ρ* − 1)): equal with no evidence, sharp with much. The constants were
chosen on the totals they quote, so their figures are in-sample.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.demand.hindcast import Hindcast
from forecast.demand.members.protocol import Floats, Window, log_window_totals
from forecast.demand.scores import pinball

SCORED_LEVELS = np.array([0.1, 0.2, 0.3, 0.4, 0.5])
SCORED_NORMAL = np.array([-1.2815516, -0.8416212, -0.5244005, -0.2533471, 0.0])
"""Standard normal quantiles at `SCORED_LEVELS`."""

SHARPNESS = 10.0
"""η. On all 1,428 M3 monthly series the mean absolute log error of the 12-month total fell from
.0854 (equal weights) to .0810, at η = 6 .0821, at 16 .0801; on 150 NN5 totals with two years of
history equal weights were best (.0669, against .0699 at η = 10) and 16 was worse still."""

PRIOR_WINDOWS = 20.0
"""n₀ in windows that do not overlap. 8 did better on M3 (.0804) and worse on NN5."""

PRIOR_SPREAD = 0.2
"""Standard deviation of the log of a one-year total before any evidence. Assumed: above the .10
to .17 measured on M3, Tourism and NN5 totals, below the .5 to 1.2 of Shaved Ice machine types."""

SPREAD_GROWTH = 0.4
"""Exponent of the spread in the distance of the window. Between .27 (M3, robust spread, quarter
to year) and .6 (Shaved Ice); a random walk has .5."""


def prior_spread(window: Window, season_length: int) -> float:
    """Spread of the log total of a window before any evidence.

    s_w = PRIOR_SPREAD · (τ / ½)^SPREAD_GROWTH with τ = (lead + length / 2) in years.

    >>> prior_spread(Window(0, 52), 52), round(prior_spread(Window(0, 13), 52), 3)
    (0.2, 0.115)
    """
    years = (window.lead + window.length / 2) / season_length
    return float(PRIOR_SPREAD * (years / 0.5) ** SPREAD_GROWTH)


@dataclass(frozen=True)
class Pool:
    """Members, weighed at every origin by what was known there.

    Attributes
    ----------
    hindcast
        What members said.
    windows
        K windows members are scored on.
    realised
        For each origin i: [S, i, K] realised log totals as known at i.
    weights
        [S, O, M] weights at every origin, adding to one; zero throughout where no member serves.
    centres
        [S, O, K] pooled log totals; NaN where no member serves.
    losses
        [S, M] mean pinball loss as of now; NaN for a member without a scored origin.
    step
        Periods from one origin to the next.
    """

    hindcast: Hindcast
    windows: tuple[Window, ...]
    realised: tuple[Floats, ...]
    weights: Floats
    centres: Floats
    losses: Floats
    step: int

    def errors(self, i: int) -> Floats:
        """Realised less pooled log totals at origins 0 … i−1, as known at i: [S, i, K]."""
        return np.asarray(self.realised[i] - self.centres[:, :i])

    def member_totals(self, i: int, window: Window) -> Floats:
        """Log total of a window by every member at origin i: [S, M], NaN where not served."""
        paths = np.moveaxis(self.hindcast.paths[:, i], 1, 2)
        return log_window_totals(paths, [window])[..., 0]


def pool_members(hindcast: Hindcast) -> Pool:
    """Weigh the members of a hindcast at every origin, reading nothing after it."""
    panel, origins = hindcast.panel, hindcast.origins
    horizon = hindcast.paths.shape[2]
    m = panel.season_length
    lengths = (panel.quarter, 2 * panel.quarter, m, 2 * m, 3 * m)
    windows = tuple(Window(0, k) for k in lengths if k <= horizon)
    step = origins[-1] - origins[-2] if len(origins) > 1 else 1
    said = log_window_totals(np.moveaxis(hindcast.paths, 2, 3), windows)  # [S, O, M, K]
    realised = tuple(hindcast.realised(i, windows) for i in range(len(origins)))
    served = np.isfinite(said[..., 0])
    weights = np.zeros(served.shape)
    losses = np.full((len(said), said.shape[2]), np.nan)
    for i in range(len(origins)):
        loss = _losses(realised[i], said[:, :i], windows, m)
        ratio, count = _ratios(loss, windows, step)
        weights[:, i] = _weigh(ratio, count, served[:, i])
        scored = np.isfinite(loss)
        n = scored.sum(axis=(1, 3))
        total = np.where(scored, loss, 0.0).sum(axis=(1, 3))
        losses = np.where(n > 0, total / np.maximum(n, 1), np.nan)
    filled = np.where(served[..., None], said, 0.0)
    centres = np.einsum("som,somk->sok", weights, filled)
    centres[~served.any(axis=2)] = np.nan
    return Pool(hindcast, windows, realised, weights, centres, losses, step)


def _losses(realised: Floats, said: Floats, windows: tuple[Window, ...], m: int) -> Floats:
    """Pinball loss [S, i, M, K]; NaN where nothing was said or nothing is known yet."""
    spread = np.array([prior_spread(w, m) for w in windows])
    miss = realised[:, :, None, :] - said
    quantiles = spread[:, None] * SCORED_NORMAL
    return np.asarray(pinball(miss[..., None], quantiles, SCORED_LEVELS).mean(axis=-1))


def _ratios(loss: Floats, windows: tuple[Window, ...], step: int) -> tuple[Floats, Floats]:
    """Loss of every member relative to the mean one on the same cells, and windows scored."""
    known = np.isfinite(loss)
    n_known = known.sum(axis=2, keepdims=True)
    zeroed = np.where(known, loss, 0.0)
    mean = zeroed.sum(axis=2, keepdims=True) / np.maximum(n_known, 1)
    cells = n_known > 0
    typical = np.where(cells, mean, 0.0).sum(axis=1, keepdims=True)
    typical = typical / np.maximum(cells.sum(axis=1, keepdims=True), 1)
    unit = np.where(typical > 0, typical, 1.0)
    own = (zeroed / unit).sum(axis=(1, 3))
    other = (np.where(known, mean, 0.0) / unit).sum(axis=(1, 3))
    ratio = np.where(other > 0, own / np.where(other > 0, other, 1.0), 1.0)
    apart = np.array([min(1.0, step / w.length) for w in windows])
    return ratio, np.asarray(known.sum(axis=1) @ apart)


def _weigh(ratio: Floats, count: Floats, served: np.ndarray) -> Floats:
    """Weights [S, M] from loss ratios and the number of windows behind them."""
    total = count.sum(axis=0)
    mean = np.where(total > 0, (ratio * count).sum(axis=0) / np.maximum(total, 1e-12), 1.0)
    n_mean = count.mean(axis=0)
    panel = 1.0 + n_mean / (n_mean + PRIOR_WINDOWS) * (mean - 1.0)
    own = count / (count + PRIOR_WINDOWS)
    shrunk = own * ratio + (1.0 - own) * panel
    raw = np.exp(-SHARPNESS * (shrunk - 1.0)) * served
    total = raw.sum(axis=1, keepdims=True)
    return np.asarray(raw / np.where(total > 0, total, 1.0))
