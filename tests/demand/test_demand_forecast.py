from datetime import date, timedelta

import numpy as np
import pytest
from demand_portfolios import AS_OF, daily_usage, facts, noisy

from forecast.demand.forecast import forecast_demand
from forecast.errors import InputError, ShortHistoryError
from forecast.paths import quantile
from forecast.records.workloads import Launch, Workload
from forecast.units import month_range

TERM = month_range(date(2027, 1, 1), 12)


def forecast(demand, *, workloads=(), months=TERM, n=400, seed=0, as_of=AS_OF, end=AS_OF, **more):
    daily = demand if hasattr(demand, "columns") else daily_usage(demand, end=end)
    names = set(daily["workload"]) | {w.name for w in workloads}
    settings = {
        "workloads": workloads,
        "facts": facts,
        "usd_per_unit": dict.fromkeys(names, 3e-6),
        "as_of": as_of,
        "months": months,
        "n_paths": n,
        "rng": np.random.default_rng(seed),
    }
    return forecast_demand(daily, **(settings | more))


@pytest.fixture(scope="module")
def portfolio():
    bursts = np.zeros(7 * 60)
    for start in (20, 150, 290, 380):
        bursts[start : start + 5] = 4e6
    return {
        "chat": noisy(60, seed=1),
        "tagging": noisy(60, seed=2, level=3e6, growth=0.01),
        "launched": noisy(8, seed=3),
        "bursts": bursts,
        "ended": np.concatenate([noisy(30, seed=4), np.zeros(7 * 30)]),
        "unassigned": noisy(60, seed=5, level=1e5),
    }


@pytest.fixture(scope="module")
def inventory():
    return (
        Workload(name="chat", retires_month=date(2027, 7, 1)),
        Workload(name="tagging"),
        Workload(name="launched"),
        Workload(name="never"),
        Workload(
            name="planned",
            launch=Launch(
                month=date(2027, 4, 1),
                monthly_requests=1000,
                input_tokens_per_request=1000,
                output_tokens_per_request=100,
                model="old",
            ),
        ),
    )


@pytest.fixture(scope="module")
def found(portfolio, inventory):
    return forecast(portfolio, workloads=inventory)


def by_name(found, name):
    return found.paths.of(name)


def units(found):
    return np.stack([found.paths.of(name) for name in found.paths.workloads], axis=2)


def test_shapes_and_order(found, inventory):
    assert found.paths.months == TERM
    listed = tuple(w.name for w in inventory)
    assert found.paths.workloads == (*listed, "bursts", "ended", "unassigned")
    assert units(found).shape == (400, 12, 8)
    assert np.isfinite(units(found)).all()
    assert (units(found) >= 0).all()
    assert found.weekly.observed_units.shape == (60, 8)
    assert found.replicates.shift.shape == (200,)


def test_every_kind_of_workload_gets_what_fits_it(found):
    assert by_name(found, "chat")[:, :6].min() > 0
    assert not by_name(found, "chat")[:, 6:].any()
    assert not by_name(found, "planned")[:, :3].any()
    assert by_name(found, "planned")[:, 3:].min() > 0
    assert not by_name(found, "never").any()
    assert not by_name(found, "ended").any()
    bursts = by_name(found, "bursts").sum(axis=1)
    assert bursts.mean() == pytest.approx(80e6 * 52 / 60, rel=0.4)


def test_a_short_history_is_wide_and_flagged(found):
    scale = {w.workload: w.error_scale for w in found.outlook.workloads}
    assert scale["launched"] > 2 * scale["tagging"]
    notes = {(n.workload, n.what) for n in found.outlook.adjustments}
    expected = {
        ("launched", "short_history"),
        ("bursts", "intermittent"),
        ("ended", "dormant"),
        ("planned", "launch"),
        ("chat", "retirement"),
    }
    assert expected <= notes


def test_the_outlook_sums_up_the_paths(found):
    for line in found.outlook.workloads:
        totals = by_name(found, line.workload).sum(axis=1)
        assert line.term_mean_units == pytest.approx(totals.mean())
        assert line.term_p10_units == quantile(totals, 0.1)
        assert line.term_p90_units == quantile(totals, 0.9)
    for name in ("tagging", "bursts", "launched"):
        weights = [m.weight for m in found.outlook.members if m.workload == name]
        assert sum(weights) == pytest.approx(1.0)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(portfolio, inventory, found):
    again = forecast(portfolio, workloads=inventory)
    assert units(again).tobytes() == units(found).tobytes()
    assert again.backtest == found.backtest
    assert np.array_equal(again.replicates.scale, found.replicates.scale)
    other = forecast(portfolio, workloads=inventory, seed=1)
    assert units(other).tobytes() != units(found).tobytes()


def test_order_of_the_inventory_and_of_rows_do_not_matter(portfolio, inventory, found):
    daily = daily_usage(portfolio).sample(frac=1, random_state=1)
    other = forecast(daily, workloads=tuple(reversed(inventory)))
    for name in found.paths.workloads:
        assert np.allclose(by_name(other, name), by_name(found, name), rtol=1e-9)


@pytest.mark.slow
def test_the_same_inputs_give_the_same_bytes(portfolio, inventory, found):
    other = forecast(portfolio, workloads=inventory)
    assert units(other).tobytes() == units(found).tobytes()


def test_more_paths_do_not_narrow_the_evidence(portfolio):
    demand = {"chat": portfolio["chat"]}
    few, many = (forecast(demand, n=n) for n in (200, 4000))
    assert many.replicates.shift.std() == pytest.approx(few.replicates.shift.std(), rel=0.05)


def test_usage_after_as_of_is_not_read(portfolio):
    early = AS_OF - timedelta(weeks=10)
    cut = {"chat": portfolio["chat"][:-70]}
    a = forecast({"chat": portfolio["chat"]}, as_of=early)
    b = forecast(cut, as_of=early, end=early)
    assert np.array_equal(units(a), units(b))
    assert a.backtest == b.backtest


def test_price_tier_cache_and_tokenizer_do_not_move_demand(portfolio):
    plain = daily_usage({"chat": portfolio["chat"]})
    plain["input_tokens"] = plain["input_tokens"] // 10 * 10
    changed = plain.copy()
    late = changed["day"] > "2026-06-01"
    changed.loc[late, "model"] = "new"
    changed.loc[late, "service_tier"] = "batch"
    changed.loc[late, "cache_read_tokens"] = changed.loc[late, "input_tokens"] // 10 * 13
    changed.loc[late, "input_tokens"] = 0
    a, b = forecast(plain), forecast(changed)
    assert np.allclose(units(a), units(b), rtol=1e-6)


def test_the_current_month_is_what_was_seen_and_what_is_to_come():
    end = date(2026, 10, 20)
    days = np.full(7 * 40, 1000.0)
    found = forecast({"a": days}, end=end, as_of=end, months=month_range(end, 3))
    october = by_name(found, "a")[:, 0]
    assert october.min() > 20_000
    assert np.median(october) == pytest.approx(31_000, rel=0.02)
    assert np.median(by_name(found, "a")[:, 1]) == pytest.approx(30_000, rel=0.05)


def test_a_term_that_starts_later_is_wider(portfolio):
    demand = {"chat": portfolio["chat"]}
    near = forecast(demand, months=month_range(date(2026, 11, 1), 3))
    far = forecast(demand, months=month_range(date(2027, 11, 1), 3))
    assert far.outlook.workloads[0].error_scale > 1.3 * near.outlook.workloads[0].error_scale


def test_last_quarter_with_and_without_one_offs():
    days = np.full(7 * 40, 1000.0)
    days[-56:-49] = 9000
    observed, fitted = forecast({"a": days}).last_quarter_units({"a": 2.0})
    assert fitted == pytest.approx(2 * 91_000, rel=1e-6)
    assert observed == pytest.approx(2 * (91_000 + 56_000), rel=1e-6)


def test_thirteen_weeks_are_forecast_and_twelve_are_refused(portfolio):
    found = forecast({"chat": portfolio["chat"][-91:]})
    assert found.backtest.origins == 0
    assert found.outlook.workloads[0].error_scale > 0.2
    with pytest.raises(ShortHistoryError):
        forecast({"chat": portfolio["chat"][-90:]})


@pytest.mark.parametrize("days", [np.ones(7 * 13), np.full(7 * 30, 10**15)], ids=["tiny", "vast"])
def test_extreme_sizes_stay_finite(days):
    found = forecast({"a": days})
    totals = units(found).sum(axis=(1, 2))
    assert np.isfinite(totals).all()
    assert quantile(totals, 0.1) < quantile(totals, 0.9) < 10 * quantile(totals, 0.1)


@pytest.mark.parametrize(
    ("months", "problem"),
    [
        ((), "no month"),
        ((date(2027, 1, 1), date(2027, 3, 1)), "consecutive"),
        ((date(2027, 1, 15),), "first days"),
        (month_range(date(2026, 9, 1), 3), "before the month of as_of"),
    ],
)
def test_months_that_cannot_be_forecast_are_refused(portfolio, months, problem):
    with pytest.raises(InputError, match=problem):
        forecast({"chat": portfolio["chat"]}, months=months)


@pytest.mark.parametrize("weights", [{}, {"chat": float("nan")}, {"chat": -1.0}])
def test_a_workload_without_a_weight_is_refused(portfolio, weights):
    with pytest.raises(InputError, match="'chat' needs a list cost"):
        forecast({"chat": portfolio["chat"]}, usd_per_unit=weights)
