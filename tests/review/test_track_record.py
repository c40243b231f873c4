"""Past forecasts against what came; only a persistent miss widens, and nothing narrows."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from forecast.records.recommendation import QUANTILE_LEVELS, Quantile
from forecast.records.reforecast import ForecastScore, KeptForecast
from forecast.review.track_record import score, track_record, widened, widening


def kept(median: float = 100.0, spread: float = 0.1) -> KeptForecast:
    z = np.array([-1.645, -1.282, -1.036, -0.842, -0.674, -0.524, -0.385, -0.253, -0.126])
    logs = np.concatenate([z, [0.0], -z[::-1]])
    return KeptForecast(
        as_of=date(2027, 3, 31),
        first_month=date(2027, 4, 1),
        n_months=3,
        mean_usd=Decimal(str(median)),
        quantiles=tuple(
            Quantile(quantile_level=level, usd=Decimal(f"{median * np.exp(spread * x):.2f}"))
            for level, x in zip(QUANTILE_LEVELS, logs, strict=True)
        ),
    )


def came(*realised: float) -> list[ForecastScore]:
    return [score(kept(), usd, is_rest_of_term=False) for usd in realised]


def test_one_miss_moves_the_factor_less_than_misses_that_go_on() -> None:
    once, twice, often = (widening(came(*[140.0] * n))[0] for n in (1, 2, 8))
    assert 1 < once < twice < often
    note = widening(came(140.0, 100.0))[1]
    assert note.startswith("1 of 2 past 80 % intervals held")


def test_an_error_on_bands_already_widened_counts_as_much_as_on_plain_ones() -> None:
    wide = kept(spread=0.15).model_copy(update={"widening_factor": 1.5})
    (plain,) = came(140.0)
    found = widening([score(wide, 140.0, is_rest_of_term=False)])[0]
    assert found == pytest.approx(widening([plain])[0], rel=2e-3)


def test_the_factor_is_the_errors_shrunk_towards_none() -> None:
    # Two errors of log(1.4)/0.1 = 3.365 standard deviations, and four that count for the method.
    factor, _ = widening(came(140.0, 140.0))
    assert factor == pytest.approx((2 * 3.365 + 4 * 0.798) / (6 * 0.798), rel=2e-3)


def test_intervals_that_held_never_narrow() -> None:
    assert widening(came(*[100.0] * 12))[0] == 1.0


def test_the_record_sums_up_the_short_windows_alone() -> None:
    scores = [*came(105.0, 95.0), score(kept(), 500.0, is_rest_of_term=True)]
    found = track_record([kept()], scores, [])
    assert (found.n_scored, found.interval_coverage_80) == (2, 1.0)
    assert found.mean_bias_share == pytest.approx((100 / 105 + 100 / 95) / 2 - 1)
    assert len(found.scores) == 3
    assert track_record([], [], []).interval_coverage_80 is None


def test_pinball_is_zero_only_for_a_point_that_came() -> None:
    assert score(kept(spread=0.0), 100.0, is_rest_of_term=False).pinball_usd == 0
    assert score(kept(), 100.0, is_rest_of_term=False).pinball_usd > 0


def test_widening_keeps_the_mean_log_and_the_shape_of_every_path() -> None:
    rng = np.random.default_rng(5)
    paths = rng.gamma(5.0, 2.0, (40, 6, 3))
    wide = widened(paths, 1.7)
    logs, wider = np.log(paths.sum(axis=(1, 2))), np.log(wide.sum(axis=(1, 2)))
    assert wider.mean() == pytest.approx(logs.mean())
    assert wider.std() == pytest.approx(1.7 * logs.std())
    shares = paths / paths.sum(axis=(1, 2), keepdims=True)
    assert wide / wide.sum(axis=(1, 2), keepdims=True) == pytest.approx(shares)
    assert widened(paths, 1.0) is paths
