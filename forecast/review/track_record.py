"""Past forecasts against what happened, and what their misses do to the next one.

With z = log(realised / P50) over the spread that was forecast, log(P90 / P10) / 2.563, n forecasts
whose windows do not overlap and n₀ = 4 that count for the method,

    factor = max(1, (Σ |z| + n₀ a) / ((n + n₀) a)),    a = E |N(0, 1)|

z is measured on the bands as they were shown, so a factor that was in force is part of them, and
is multiplied back. One miss moves the factor little, misses that go on move it to what they say. A
forecast that was too wide is not narrowed: a few calm quarters prove little.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log, pi, sqrt
from typing import Final

import numpy as np

from forecast.paths import Floats
from forecast.records.recommendation import Quantile
from forecast.records.reforecast import ForecastScore, KeptForecast, TermOutcome, TrackRecord
from forecast.units import to_cents

PRIOR_FORECASTS: Final = 4
"""n₀, as evidence replicates count their priors. On the quarters of 300 series of M3 and 40 of
Tourism, each judged by the twelve before it, the interval score of the 80 % interval is 5.584 and
5.564 unwidened, 5.461 and 5.579 with 2, 5.436 and 5.557 with 4, 5.428 and 5.532 with 8, 5.446 and
5.503 with 16. Moving the centre by the mean of past errors was rejected there: the next error grows
at any weight (root mean square .2104 without and .2159 with 4 on M3, .2048 and .2109 on Tourism).
`scripts/benchmarks/track_record_rules.py --series FILE` repeats it."""

MAX_FACTOR: Final = 2.5
"""As the scale of an evidence replicate."""

Z_80: Final = 2.5631031
"""Width of the central 80 % of a normal in standard deviations."""

MEAN_ABS_NORMAL: Final = sqrt(2 / pi)

MIN_LOG_WIDTH: Final = 0.02
"""Smallest spread an error is divided by."""


def at(quantiles: Sequence[Quantile], level: float) -> float:
    """Give one of the quantiles kept."""
    return next(float(q.usd) for q in quantiles if abs(q.quantile_level - level) < 1e-9)


def score(forecast: KeptForecast, realised_usd: float, *, is_rest_of_term: bool) -> ForecastScore:
    """Hold one forecast against what happened.

    Examples
    --------
    >>> from datetime import date
    >>> from decimal import Decimal
    >>> kept = KeptForecast(as_of=date(2027, 3, 31), first_month=date(2027, 4, 1), n_months=3,
    ...     mean_usd=Decimal(100), quantiles=tuple(Quantile(quantile_level=q, usd=Decimal(usd))
    ...     for q, usd in ((0.1, 80), (0.5, 100), (0.9, 120))))
    >>> found = score(kept, 125.0, is_rest_of_term=False)
    >>> found.inside_80, round(found.bias_share, 6), round(found.pinball_usd, 2)
    (False, -0.2, 7.17)
    """
    losses = []
    for q in forecast.quantiles:
        over = realised_usd - float(q.usd)
        losses.append(max(q.quantile_level * over, (q.quantile_level - 1) * over))
    return ForecastScore(
        horizon="rest of term" if is_rest_of_term else "until next forecast",
        forecast=forecast,
        realised_usd=to_cents(realised_usd),
        inside_80=at(forecast.quantiles, 0.1) <= realised_usd <= at(forecast.quantiles, 0.9),
        pinball_usd=float(np.mean(losses)),
        bias_share=float(forecast.mean_usd) / realised_usd - 1 if realised_usd > 0 else None,
    )


def track_record(
    forecasts: Sequence[KeptForecast],
    scores: Sequence[ForecastScore],
    terms: Sequence[TermOutcome],
) -> TrackRecord:
    """Sum up what is kept, and say what it does to the bands."""
    short = [s for s in scores if s.horizon == "until next forecast"]
    factor, note = widening(short)
    biases = [s.bias_share for s in short if s.bias_share is not None]
    return TrackRecord(
        forecasts=tuple(forecasts),
        scores=tuple(scores),
        terms=tuple(terms),
        n_scored=len(short),
        interval_coverage_80=sum(s.inside_80 for s in short) / len(short) if short else None,
        mean_pinball_usd=float(np.mean([s.pinball_usd for s in short])) if short else None,
        mean_bias_share=float(np.mean(biases)) if biases else None,
        widening_factor=factor,
        note=note,
    )


def widening(scores: Sequence[ForecastScore]) -> tuple[float, str]:
    """Give the factor of the spread, and what to say of it."""
    n, missed = len(scores), sum(not s.inside_80 for s in scores)
    if not n:
        return 1.0, "no forecast has become history yet"
    errors = [(standardised(s), s.forecast.widening_factor) for s in scores]
    known = [abs(z) * factor for z, factor in errors if z is not None]
    a = MEAN_ABS_NORMAL
    factor = (sum(known) + PRIOR_FORECASTS * a) / ((len(known) + PRIOR_FORECASTS) * a)
    factor = min(MAX_FACTOR, max(1.0, factor))
    held = f"{n - missed} of {n} past 80 % intervals held what came"
    if factor == 1.0:
        return factor, f"{held}; nothing says that the bands are too narrow"
    return factor, f"{held}; by their errors the new bands are {factor:.2f} times as wide"


def standardised(found: ForecastScore) -> float | None:
    """Give the error in standard deviations of the log, z; None where nothing is above 0."""
    low, middle, high = (at(found.forecast.quantiles, level) for level in (0.1, 0.5, 0.9))
    realised = float(found.realised_usd)
    if min(low, realised) <= 0:
        return None
    return log(realised / middle) / max(log(high / low) / Z_80, MIN_LOG_WIDTH)


def widened(list_usd: Floats, factor: float) -> Floats:
    """Spread the totals of the paths [M, T, W] about their mean log by `factor`.

    Every month and workload of a path moves by the same factor, so its shape stays.

    >>> paths = np.exp([[[0.0]], [[2.0]]])
    >>> np.log(widened(paths, 1.5)).round(6).ravel().tolist()
    [-0.5, 2.5]
    """
    if factor == 1.0:
        return list_usd
    return np.asarray(list_usd * spread_apart(list_usd.sum(axis=(1, 2)), factor)[:, None, None])


def spread_apart(totals: Floats, factor: float) -> Floats:
    """Give what each of M totals is multiplied by to spread them about their mean log, [M]."""
    change = np.ones(len(totals))
    live = totals > 0
    if live.any():
        x = np.log(totals[live])
        change[live] = np.exp((factor - 1) * (x - x.mean()))
    return change
