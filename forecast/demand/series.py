"""The forecast of one series of any unit: the same engine, without workloads, prices or contracts.

Months and weeks are fitted as they come, days as weeks that end on the last day. The calibration
speaks of totals, so single periods come from paths about the pooled profile that are scaled to the
calibrated quantiles of the whole: periods, running totals and the total agree path by path. What
runs in bursts is drawn from its own bursts (`intermittent`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from forecast.demand.calibration import distribution
from forecast.demand.constants import Constants, constants
from forecast.demand.hindcast import hindcast, past_origins
from forecast.demand.intermittent import draw_periods
from forecast.demand.kinds import Kind, kinds_of
from forecast.demand.members.protocol import Floats, Window
from forecast.demand.members.roster import roster
from forecast.demand.pool import Pool, pool_members
from forecast.demand.simulate import Calendar, profile, steady_months
from forecast.errors import InputError, ShortHistoryError

Frequency = Literal["month", "week", "day"]
FREQUENCIES: Final[tuple[Frequency, ...]] = ("month", "week", "day")


@dataclass(frozen=True)
class Rhythm:
    """How series of one frequency are fitted.

    Attributes
    ----------
    season_length
        Fitted periods of a year.
    n_summed
        Values in one fitted period.
    origin_step
        Fitted periods from one past origin to the next.
    least_known
        Fitted periods the first past origin has behind it.
    learned_reach
        Fitted periods ahead that past totals are scored to, as where the constants were learned.
    least_history
        Fitted periods a forecast needs: a quarter.
    """

    season_length: int
    n_summed: int
    origin_step: int
    least_known: int
    learned_reach: int
    least_history: int

    @property
    def quarter(self) -> int:
        """Fitted periods of a quarter of a year."""
        return self.season_length // 4


RHYTHMS: Final[dict[Frequency, Rhythm]] = {
    "month": Rhythm(12, 1, 3, 12, 36, 3),
    "week": Rhythm(52, 1, 4, 13, 52, 13),
    "day": Rhythm(52, 7, 4, 13, 52, 13),
}


BURST_DRAWS = 4000
"""Draws behind the quantiles of a bursty series: P10 of a total stands within 2 % or so."""


@dataclass(frozen=True)
class PastTotals:
    """How totals of one length did at past origins.

    Attributes
    ----------
    n_periods
        Length.
    n_origins, n_independent, n_inside_80
        Past origins; those whose totals do not overlap; those inside the 80 % interval.
    """

    n_periods: int
    n_origins: int
    n_independent: int
    n_inside_80: int


@dataclass(frozen=True)
class SeriesPaths:
    """Sample paths of one series.

    Attributes
    ----------
    paths
        [N, H] the next H fitted periods, N equally weighted paths.
    past
        Totals of a quarter and of H periods at past origins; a length no origin allows is left out.
    """

    paths: Floats
    past: tuple[PastTotals, ...]

    def periods(self, levels: Floats) -> Floats:
        """Quantiles [H, len(levels)] of every period."""
        return _quantiles(self.paths, levels)

    def running_totals(self, levels: Floats) -> Floats:
        """Quantiles [H, len(levels)] of the totals of the first 1 … H periods."""
        return _quantiles(np.cumsum(self.paths, axis=1), levels)


def fitted_periods(values: Floats, frequency: Frequency) -> Floats:
    """Sum days to weeks that end with the last one; give months and weeks as they are.

    >>> fitted_periods(np.ones(17), "day").tolist(), fitted_periods(np.ones(2), "week").tolist()
    ([7.0, 7.0], [1.0, 1.0])
    """
    k = RHYTHMS[frequency].n_summed
    n = len(values) // k
    return np.asarray(values[len(values) - n * k :].reshape(n, k).sum(axis=1))


def series_pool(values: Floats, frequency: Frequency, horizon: int, learned: Constants) -> Pool:
    """Ask every member about every series, now and at past origins.

    Parameters
    ----------
    values
        [S, n] fitted periods, series ending together, each with something above 0.
    horizon
        Fitted periods ahead.
    learned
        Constants of the method.
    """
    rhythm = RHYTHMS[frequency]
    return pool_members(
        hindcast(
            values,
            roster(),
            season_length=rhythm.season_length,
            origins=past_origins(values.shape[1], rhythm.origin_step, rhythm.least_known),
            horizon=max(rhythm.learned_reach, horizon),
        ),
        learned,
    )


def total_quantiles(pool: Pool, i: int, window: Window, levels: Floats, *, seed: int = 0) -> Floats:
    """Quantiles of the total of `window` after origin i, each series in its own way.

    Parameters
    ----------
    pool
        Pool of S series.
    i
        Which origin; -1 is now.
    window
        Fitted periods ahead.
    levels
        [Q] quantile levels, rising.
    seed
        Of the draws of bursty series; the others have none.

    Returns
    -------
    Floats
        [S, Q].
    """
    found = distribution(pool, i, window)
    known, year = pool.hindcast.known[i], pool.hindcast.panel.season_length
    out = np.empty((len(known), len(levels)))
    for s, kind in enumerate(kinds_of(known, year)):
        if kind is Kind.INTERMITTENT:
            drawn = draw_periods(
                known[s],
                window.end,
                window,
                BURST_DRAWS,
                season_length=year,
                ended=float(pool.hindcast.ended[s, i]),
                rng=np.random.default_rng(seed),
            )
            out[s] = _quantiles(drawn[:, window.lead :].sum(axis=1)[:, None], levels)[0]
        else:
            out[s] = np.exp(found.log_quantiles(s, levels))
    return out


def forecast_series(
    values: Floats,
    frequency: Frequency,
    horizon: int,
    *,
    n_paths: int,
    rng: np.random.Generator,
) -> SeriesPaths:
    """Forecast one series.

    Parameters
    ----------
    values
        [n] consecutive values, 0 or more, of any unit; what lies before the first positive one
        does not count.
    frequency
        What they are: month, week or day.
    horizon
        H fitted periods ahead: months, or weeks.
    n_paths
        N sample paths. Quantiles of the total do not depend on which are drawn.

    Raises
    ------
    InputError
        A value that is negative or not finite.
    ShortHistoryError
        Less than a quarter of a year from the first positive value on.

    Examples
    --------
    >>> found = forecast_series(
    ...     np.full(36, 5.0), "month", 12, n_paths=400, rng=np.random.default_rng(0)
    ... )
    >>> found.running_totals(np.array([0.1, 0.5, 0.9]))[-1].round().tolist()
    [59.0, 60.0, 61.0]
    """
    if not (np.isfinite(values).all() and (values >= 0).all()):
        raise InputError("holds values that are negative or not finite; a demand is 0 or more")
    rhythm = RHYTHMS[frequency]
    fitted = fitted_periods(values, frequency)
    running = np.flatnonzero(fitted > 0)
    n_known = len(fitted) - int(running[0]) if len(running) else len(fitted)
    if n_known < rhythm.least_history:
        raise ShortHistoryError(
            f"{n_known} whole {fitted_name(frequency)}s from the first value above 0 on; a "
            f"forecast needs a quarter of a year, {rhythm.least_history} at least"
        )
    if not len(running):
        return SeriesPaths(np.zeros((n_paths, horizon)), ())
    pool = series_pool(fitted[None, :], frequency, horizon, constants())
    return SeriesPaths(
        _paths(pool, horizon, n_paths, rng),
        tuple(_past_totals(pool, fitted, rhythm.quarter, horizon)),
    )


def _paths(pool: Pool, horizon: int, n_paths: int, rng: np.random.Generator) -> Floats:
    """Sample paths [N, H] of the one series of a pool."""
    whole = Window(0, horizon)
    known, year = pool.hindcast.known[-1], pool.hindcast.panel.season_length
    if kinds_of(known, year)[0] is Kind.INTERMITTENT:
        ended = float(pool.hindcast.ended[0, -1])
        return draw_periods(
            known[0], horizon, whole, n_paths, season_length=year, ended=ended, rng=rng
        )
    return steady_months(
        profile(pool, 0, horizon),
        distribution(pool, -1, whole),
        0,
        Calendar(np.eye(horizon), whole),
        rng.permutation(n_paths),
        float(pool.hindcast.half_noise[0]),
        rng=rng,
    )


def fitted_name(frequency: Frequency) -> Literal["month", "week"]:
    """What a fitted period is.

    >>> [fitted_name(frequency) for frequency in FREQUENCIES]
    ['month', 'week', 'week']
    """
    return "month" if frequency == "month" else "week"


def _past_totals(pool: Pool, fitted: Floats, quarter: int, horizon: int) -> Iterator[PastTotals]:
    for length in sorted({quarter, horizon}):
        origins = [o for o in pool.hindcast.origins if o + length <= len(fitted)]
        inside = 0
        for i, origin in enumerate(origins):
            low, high = total_quantiles(pool, i, Window(0, length), np.array([0.1, 0.9]))[0]
            inside += bool(low <= fitted[origin : origin + length].sum() <= high)
        if origins:
            apart = (origins[-1] - origins[0]) // length + 1
            yield PastTotals(length, len(origins), apart, inside)


def _quantiles(values: Floats, levels: Floats) -> Floats:
    """Quantiles [H, len(levels)] of [N, H]: the ⌈N·level − 1e-9⌉-th smallest."""
    n = len(values)
    ranks = np.clip(np.ceil(n * np.asarray(levels) - 1e-9).astype(np.int64), 1, n)
    return np.asarray(np.sort(values, axis=0)[ranks - 1].T)
