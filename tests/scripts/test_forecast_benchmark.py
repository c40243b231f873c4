"""The benchmark of totals: any series is answered, and what is learned is what was there."""

import backtest
import learn_forecast
import numpy as np
import pandas as pd
import pytest
import score

from forecast.demand.constants import SIGNALS, constants

YEAR = {"month": 12, "week": 52, "day": 365}


def task(values, frequency, *totals, group="private"):
    return backtest.Task("T", group, frequency, np.asarray(values, dtype=np.float64), totals)


def odd_series(n, seed=0):
    rng = np.random.default_rng(seed)
    walk = np.exp(np.cumsum(rng.normal(0, 0.1, n)))
    spike, ended = np.zeros(n), walk.copy()
    spike[n // 2] = 1.0
    ended[-n // 6 :] = 0.0
    return {
        "walk": walk,
        "tiny": 1e-6 * walk,
        "huge": 1e15 * walk,
        "constant": np.ones(n),
        "spike": spike,
        "ended": ended,
        "shift": np.where(np.arange(n) < n // 2, 1.0, 1e3) * walk,
        "gaps": walk * (np.arange(n) % 3 > 0),
        "exploding": np.exp(0.3 * np.arange(n)),
    }


@pytest.mark.parametrize("frequency", list(YEAR))
@pytest.mark.parametrize("name", list(odd_series(24)))
def test_any_series_of_24_periods_or_more_is_answered(frequency, name):
    for n in (24, 150):
        answer = backtest.quantiles([task(odd_series(n)[name], frequency, 3, 12)])[0]
        assert np.isfinite(answer).all()
        over = name in ("spike", "ended", "gaps")  # silent now and then: the lowest totals are zero
        assert (answer >= 0).all()
        assert over or (answer > 0).all()
        assert (np.diff(answer, axis=1) >= 0).all()


def test_tasks_asked_together_are_answered_as_if_alone():
    every = [task(values, "day", 91, 182) for values in odd_series(500).values()]
    (batch,) = backtest.batches(every)
    together = backtest.quantiles(batch)
    for one, answer in zip(every, together, strict=True):
        assert answer == pytest.approx(backtest.quantiles([one])[0], rel=1e-6)


def test_nothing_at_all_is_forecast_as_nothing():
    assert not backtest.quantiles([task(np.zeros(40), "week", 13)]).any()


def test_a_total_of_days_that_is_no_whole_number_of_weeks_is_scaled():
    values = np.exp(np.random.default_rng(1).normal(0, 0.1, 400))
    whole, more = backtest.quantiles([task(values, "day", 91, 92)])[0]
    assert more == pytest.approx(whole * 92 / 91)


def test_a_group_of_the_benchmark_is_scored_with_constants_learned_without_it():
    values = odd_series(90)["walk"]
    own = backtest.quantiles([task(values, "month", 12, group="m3")])
    other = backtest.quantiles([task(values, "month", 12, group="nobody's")])
    assert constants("m3") != constants()
    assert not np.allclose(own, other, rtol=1e-4)


def test_learning_finds_the_spread_that_made_the_errors():
    rng = np.random.default_rng(2)
    n = 20_000
    shown = np.concatenate([np.ones((n, 1)), rng.normal(0, 1, (n, len(SIGNALS) - 1))], axis=1)
    true = np.array([-2.0, 0.5, -0.3, *np.zeros(len(SIGNALS) - 3)])
    drawn = rng.standard_t(5, n)
    errors = np.exp(shown @ true) * np.where(np.abs(drawn) < 9, drawn, 0.0)
    found = {
        nu: learn_forecast.fit_scale({"m3": (errors, shown, np.full(n, nu))}) for nu in (5.0, 30.0)
    }
    spread, crps, inside = found[5.0]
    assert spread == pytest.approx(true, abs=0.06)
    assert inside == pytest.approx(0.95, abs=0.01)
    assert crps < found[30.0][1]


def test_a_perfect_and_a_run_rate_forecast_score_as_by_hand():
    """Known 12 months of 100; then 110 and 130: S = 240 and scale = (200 + 240) / 2."""
    series = pd.DataFrame({"series": "a", "t": range(14), "y": [100.0] * 12 + [110.0, 130.0]})
    tasks = pd.DataFrame(
        {
            "task": ["A"], "series": ["a"], "group": ["g"], "frequency": ["month"],
            "start": [0], "origin": [12], "horizon": [2], "totals": ["2"],
        }
    )  # fmt: skip
    levels = backtest.LEVELS

    def scored(value):
        frame = pd.DataFrame({"task": "A", "total": 2, "quantile_level": levels, "value": value})
        return score.score(series, tasks, frame, 0.2).iloc[0]

    perfect, flat = scored(240.0), scored(200.0)
    assert (perfect.scrps, perfect.lost) == (0.0, 0.0)
    assert flat.scrps == pytest.approx(2 * np.mean(levels * 40) / 220)
    assert flat.lost == pytest.approx(0.2 * 40 / 220)
    assert not flat.inside_80
