"""Structural models of the log as Gaussian processes, averaged by likelihood.

x is the sum of independent parts with covariances over periods i, j (unit noise, own variances):

    level      d + q min(i, j)                 a random walk from an unknown start
    trend      d + s i j + v φ^|i−j|           a line with deviations that fade
    season     v_s k(|i−j|) e^(−|i−j| / τ),    k(a) = exp(−2 sin²(π a / m) / ℓ²) less its mean

With K = L Lᵀ over history and horizon, one triangular solve e = L⁻¹x gives the one-step errors at
every origin, and the continuation from origin o is L[o:, :o] e[:o]: all origins of all series cost
one factorisation a setting (Harvey 1989, Forecasting, Structural Time Series Models and the Kalman
Filter; Rasmussen and Williams 2006, Gaussian Processes for Machine Learning, ch. 2). Settings
weigh exp(log-likelihood) with the noise variance profiled out, at most 80 periods counted.

The same errors give the season alone (`season_of_year`): it is expected to be Σ_t B[P, t] e_t at
phase P of the year, B = K_season L⁻ᵀ, and settings that explain the past without one add nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from forecast.demand.members.protocol import Flags, Floats, Ints, Panel, View

UNKNOWN = 1e5
"""Variance, in variances of the noise, of what is not known at the start."""

LEVEL_STEPS = (0.001, 0.01, 0.05, 0.2, 1.0, 5.0, 25.0)
"""q."""

TRENDS = tuple((v, f, s) for v in (0.3, 3.0) for f in (0.5, 0.9) for s in (0.0003, 0.01))
"""v, φ, s."""

MONTHLY_SEASONS = ((1.0, 0.12), (10.0, 0.12), (3.0, 0.5))
WEEKLY_SEASONS = ((0.3, 0.35), (2.0, 0.35))
"""v_s, ℓ; weeks are smooth over a month."""

SEASON_YEARS = 40.0
"""τ in years."""

MIN_PERIODS = 8
MIN_YEARS = 1
"""Years of own history below which no setting with a season is heard."""

WARM_UP = 4
"""Periods before errors count."""

MAX_COUNTED = 80.0
"""Periods that count at most: with more, one setting would take all the weight. Assumed."""

MAX_PERIODS = 260
"""Periods of history that are read: five years of weeks, twenty of months."""

MAX_MOVE = 4.0
"""A log path leaves the last value by no more."""

BLOCK = 52
"""Factorisations are made for a whole number of these periods, and kept."""


@dataclass(frozen=True)
class Factors:
    """Factorised covariances of G settings over N periods of history and what follows.

    Attributes
    ----------
    root
        Columns of the history of L, [G, N + ahead, N]; in single precision, because reading it is
        what a continuation costs.
    inverse
        L⁻¹ of the history, [G, N, N]; likewise.
    season
        B, [G, m, N]: what the errors of the first periods say of the season, by phase.
    log_determinant
        [G, N] half the log determinant of the first periods.
    n_seasons
        Seasons that every level or trend is joined with; the first of them is none.
    """

    root: NDArray[np.float32]
    inverse: NDArray[np.float32]
    season: NDArray[np.float32]
    log_determinant: Floats
    n_seasons: int

    def heard(self, seasonal: bool) -> slice:
        """Which settings count: all, or those without a season."""
        return slice(None) if seasonal else slice(None, None, self.n_seasons)

    def one_step(self, x: Floats) -> tuple[NDArray[np.float32], Floats]:
        """One-step errors of `x` [T, S] and the running sums of their squares, both [G, T, S]."""
        n = len(x)
        errors = self.inverse[:, :n, :n] @ x.astype(np.float32)
        squares = errors**2
        squares[:, :WARM_UP] = 0.0
        return errors, np.cumsum(squares, axis=1, dtype=np.float64)

    def season_told(self, weighted: NDArray[np.float32]) -> Floats:
        """Season by phase [m, S] from weighted errors [G, stop, S] of all settings."""
        part = self.season[:, :, : weighted.shape[1]] @ weighted
        return part.sum(axis=0).astype(np.float64)

    def scores(self, squares: Floats, stops: Ints) -> Floats:
        """Log-likelihood of every setting from the first periods up to each stop, [G, O, S]."""
        count = np.maximum(stops - WARM_UP, 1)
        fit = np.log(squares[:, stops - 1] / count[:, None] + 1e-12)
        spread = self.log_determinant[:, stops - 1] - self.log_determinant[:, [WARM_UP - 1]]
        counted = np.minimum(1.0, MAX_COUNTED / count)[:, None]
        return np.asarray((-0.5 * count[:, None] * fit - spread[:, :, None]) * counted)


class Structural:
    """Two members: a level, and a line with fading deviations; both with or without season."""

    @property
    def names(self) -> tuple[str, ...]:
        """Name of every member, in the order of `paths`."""
        return ("structural_level", "structural_trend")

    def paths(self, view: View) -> Floats:
        """Continue the series; serves from 8 known periods on.

        Examples
        --------
        >>> from forecast.demand.members.protocol import Panel
        >>> from forecast.demand.members.view import view_of
        >>> panel = Panel.of(np.tile([1.0, 2.0, 3.0, 4.0], 6)[None, :], 4)
        >>> path = Structural().paths(view_of(panel, (24,), 4))[0, 0, :, 0]
        >>> np.exp(path - path[0]).round().tolist()
        [1.0, 2.0, 3.0, 4.0]
        """
        panel = view.panel
        out = np.full((len(panel.log), len(view.origins), view.horizon, 2), np.nan)
        first = np.maximum(panel.first, panel.n - MAX_PERIODS)
        for begin in np.unique(first):
            stops = np.array(view.origins) - begin
            served = np.flatnonzero(stops >= MIN_PERIODS)
            if not len(served):
                continue
            rows = np.flatnonzero(first == begin)
            x = panel.log[rows, begin:].T
            base = x[:MIN_PERIODS].mean(axis=0)
            sizes = _whole_blocks(len(x)), _whole_blocks(len(x) + view.horizon)
            for k, kind in enumerate(("level", "trend")):
                found = factors(kind, panel.season_length, *sizes)
                years = stops[served] / panel.season_length
                path = _continue(x - base, stops[served], years >= MIN_YEARS, view.horizon, found)
                out[rows[:, None], served, :, k] = path + base[:, None, None]
        return np.asarray(out + view.half_noise[:, :, None, None])


def _continue(x: Floats, stops: Ints, seasonal: Flags, horizon: int, found: Factors) -> Floats:
    """Continue `x` [T, S] from every stop, with or without a season: [S, O, horizon]."""
    errors, squares = found.one_step(x)
    out = np.empty((len(stops), horizon, x.shape[1]), dtype=np.float32)
    for with_season in (False, True):
        places = np.flatnonzero(seasonal == with_season)
        heard = found.heard(with_season)
        weights = _weights(found.scores(squares, stops[places])[heard]).astype(np.float32)
        for o, i in enumerate(places):
            stop = int(stops[i])
            weighted = errors[heard, :stop] * weights[:, o, None, :]
            np.sum(found.root[heard, stop : stop + horizon, :stop] @ weighted, axis=0, out=out[i])
    last = x[stops - 1][:, None, :]
    return np.clip(out.astype(np.float64), last - MAX_MOVE, last + MAX_MOVE).transpose(2, 0, 1)


def season_of_year(
    panel: Panel, origins: Sequence[int], years: tuple[float, float], *, horizon: int = 0
) -> Floats:
    """Expected season of the log by column mod m, [S, O, m], as all settings together see it.

    Parameters
    ----------
    panel
        The series.
    origins
        Nothing at or after an origin is read for it.
    years
        Own history that is served, [from, below); zero otherwise.
    horizon
        What the same panel is continued by, so that its factors serve both.

    Examples
    --------
    >>> t = np.arange(20)
    >>> panel = Panel.of(np.exp(0.5 * np.sin(2 * np.pi * t / 12))[None, :], 12)
    >>> season_of_year(panel, [20], (1.0, 2.0))[0, 0, [2, 3, 8, 9]].round(1).tolist()
    [0.4, 0.4, -0.4, -0.4]
    """
    m = panel.season_length
    out = np.zeros((len(panel.log), len(origins), m))
    for begin in np.unique(panel.first):
        stops = np.array(origins) - begin
        young = (stops >= np.maximum(years[0] * m, MIN_PERIODS)) & (stops < years[1] * m)
        places = np.flatnonzero(young)
        if not len(places):
            continue
        stops = stops[places]
        rows = np.flatnonzero(panel.first == begin)
        x = panel.log[rows, begin : begin + int(stops.max())].T
        x = x - x[:MIN_PERIODS].mean(axis=0)
        n = min(panel.n - int(begin), MAX_PERIODS)
        sizes = _whole_blocks(n), _whole_blocks(n + horizon)
        kinds = [factors(kind, m, *sizes) for kind in ("level", "trend")]
        told = [found.one_step(x) for found in kinds]
        scores = [f.scores(squares, stops) for f, (_, squares) in zip(kinds, told, strict=True)]
        weights = _weights(np.concatenate(scores)).astype(np.float32)
        season = np.zeros((len(stops), m, len(rows)))
        for found, (errors, _), of_kind in zip(
            kinds, told, np.split(weights, [len(scores[0])]), strict=True
        ):
            for o, stop in enumerate(stops):
                season[o] += found.season_told(errors[:, :stop] * of_kind[:, o, None, :])
        season -= season.mean(axis=1, keepdims=True)
        turned = np.roll(season, int(begin) % m, axis=1)
        out[rows[:, None], places] = turned.transpose(2, 0, 1)
    return out


def _weights(score: Floats) -> Floats:
    weights = np.exp(score - score.max(axis=0))
    return np.asarray(weights / weights.sum(axis=0))


def _whole_blocks(n: int) -> int:
    return -(-n // BLOCK) * BLOCK


@lru_cache(maxsize=8)
def factors(kind: str, m: int, known: int, size: int) -> Factors:
    """Factorise the covariances of a kind over `known` periods, and continue them to `size`.

    >>> found = factors("level", 12, 52, 104)
    >>> found.root.shape, found.n_seasons
    ((28, 104, 52), 4)
    """
    row, column = np.arange(size)[:, None], np.arange(known)
    gap = np.abs(row - column)
    noise = np.eye(size, known) + UNKNOWN
    if kind == "level":
        parts = [q * (np.minimum(row, column) + 1.0) for q in LEVEL_STEPS]
    else:
        line = (row + 1.0) * (column + 1.0)
        parts = [s * line + v * f**gap for v, f, s in TRENDS]
    seasons: list[Floats] = [np.zeros((size, known))]
    for v, width in MONTHLY_SEASONS if m <= 12 else WEEKLY_SEASONS:
        kernel = np.exp(-2 * np.sin(np.pi * np.arange(m) / m) ** 2 / width**2)
        repeating = v * (kernel - kernel.mean()) / (1 - kernel.mean())
        seasons.append(repeating[gap % m] * np.exp(-gap / (SEASON_YEARS * m)))
    covariance = np.stack([noise + part + season for part in parts for season in seasons])
    first_year = np.stack([season[:m] for season in seasons] * len(parts))
    root = np.asarray(np.linalg.cholesky(covariance[:, :known]), dtype=np.float64)
    inverse = _inverse_of_lower(root)
    ahead = covariance[:, known:] @ inverse.swapaxes(1, 2)
    return Factors(
        np.concatenate([root, ahead], axis=1).astype(np.float32),
        inverse.astype(np.float32),
        (first_year @ inverse.swapaxes(1, 2)).astype(np.float32),
        np.cumsum(np.log(np.diagonal(root, axis1=1, axis2=2)), axis=1),
        len(seasons),
    )


def _inverse_of_lower(root: Floats) -> Floats:
    """Inverse of lower triangular matrices [G, N, N], by halves: a sixth of the general work."""
    n = root.shape[1]
    if n <= BLOCK:
        return np.asarray(np.linalg.inv(root))
    half = n // 2
    out = np.zeros_like(root)
    out[:, :half, :half] = _inverse_of_lower(root[:, :half, :half])
    out[:, half:, half:] = _inverse_of_lower(root[:, half:, half:])
    out[:, half:, :half] = -out[:, half:, half:] @ (root[:, half:, :half] @ out[:, :half, :half])
    return out
