"""A dated series in, its forecast out: what `commitment forecast --series` answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from forecast.demand.series import (
    RHYTHMS,
    Frequency,
    fitted_name,
    fitted_periods,
    forecast_series,
)
from forecast.records.recommendation import QUANTILE_LEVELS
from forecast.records.series_forecast import (
    ForecastPeriod,
    ObservedPeriod,
    PastTotal,
    SeriesForecast,
    ValueDistribution,
    ValueQuantile,
)
from forecast.units import add_months

Floats = NDArray[np.float64]


def forecast_dated_series(
    values: Sequence[float],
    *,
    name: str,
    start: date,
    frequency: Frequency,
    n_periods: int | None = None,
    n_paths: int = 4000,
    seed: int = 0,
) -> SeriesForecast:
    """Forecast a series of consecutive days, weeks or months.

    Parameters
    ----------
    values
        0 or more each, in any unit.
    start
        First day of the first value's period.
    n_periods
        Months, or weeks, to forecast; None takes a year.

    Raises
    ------
    InputError, ShortHistoryError
        As `forecast.demand.series.forecast_series`.

    Examples
    --------
    >>> found = forecast_dated_series(
    ...     [5.0] * 24, name="sales", start=date(2025, 1, 1), frequency="month", n_paths=100
    ... )
    >>> found.periods[0].start, len(found.periods), round(found.total.mean)
    (datetime.date(2027, 1, 1), 12, 60)
    """
    known = np.asarray(values, dtype=np.float64)
    rhythm = RHYTHMS[frequency]
    horizon = n_periods or rhythm.season_length
    found = forecast_series(
        known, frequency, horizon, n_paths=n_paths, rng=np.random.default_rng(seed)
    )
    fitted = fitted_periods(known, frequency)
    left_out = len(known) - len(fitted) * rhythm.n_summed
    starts = _starts(
        start + timedelta(days=left_out) if left_out else start,
        len(fitted) + horizon + 1,
        frequency,
    )
    ahead = starts[len(fitted) :]
    totals = np.cumsum(found.paths, axis=1)
    levels = np.array(QUANTILE_LEVELS)
    by_itself = _distributions(found.paths, found.periods(levels))
    running = _distributions(totals, found.running_totals(levels))
    return SeriesForecast(
        name=name,
        frequency=frequency,
        period=fitted_name(frequency),
        n_left_out_days=left_out,
        history=tuple(
            ObservedPeriod(start=day, value=float(value))
            for day, value in zip(starts, fitted, strict=False)
        ),
        periods=tuple(
            ForecastPeriod(start=a, end=b, by_itself=own, running_total=sum_so_far)
            for a, b, own, sum_so_far in zip(ahead, ahead[1:], by_itself, running, strict=False)
        ),
        total=running[-1],
        past=tuple(
            PastTotal(
                n_periods=p.n_periods,
                n_origins=p.n_origins,
                n_independent=p.n_independent,
                n_inside_80=p.n_inside_80,
            )
            for p in found.past
        ),
        seed=seed,
        n_paths=n_paths,
    )


def _starts(first: date, n: int, frequency: Frequency) -> list[date]:
    if frequency == "month":
        return [add_months(first, i) for i in range(n)]
    return [first + timedelta(weeks=i) for i in range(n)]


def _distributions(paths: Floats, quantiles: Floats) -> list[ValueDistribution]:
    return [
        ValueDistribution(
            mean=float(mean),
            quantiles=tuple(
                ValueQuantile(quantile_level=level, value=float(value))
                for level, value in zip(QUANTILE_LEVELS, row, strict=True)
            ),
        )
        for mean, row in zip(paths.mean(axis=0), quantiles, strict=True)
    ]
