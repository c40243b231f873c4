from datetime import date, timedelta

import numpy as np
import pytest
from demand_portfolios import AS_OF, daily_usage, facts, noisy

from forecast.demand.history import Kept, mend, read_history
from forecast.demand.kinds import Kind, kinds_of
from forecast.demand.repair import repair
from forecast.demand.report import shift_notes
from forecast.errors import ShortHistoryError


def read(demand, *, end=AS_OF, as_of=AS_OF, names=()):
    return read_history(daily_usage(demand, end=end), facts, as_of=as_of, names=names)


def calm(n_weeks, *, seed=0, level=100.0, noise=0.03):
    rng = np.random.default_rng(seed)
    return level * np.exp(rng.normal(0, noise, n_weeks))


def test_weeks_are_seven_day_sums_that_end_on_the_last_day():
    history = read({"a": np.arange(1, 1 + 7 * 20 + 3)})
    assert history.n_weeks == 20
    assert history.week_ends[-1] == AS_OF
    assert history.start == AS_OF - timedelta(days=139)
    assert history.weekly[0, -1] == sum(range(137, 144))
    assert history.weekly[0, 0] == sum(range(4, 11))


def test_rows_after_as_of_are_not_read():
    demand = {"a": noisy(40, seed=1)}
    early = AS_OF - timedelta(days=21)
    cut = read({"a": demand["a"][:-21]}, end=early, as_of=early)
    assert np.array_equal(read(demand, as_of=early).weekly, cut.weekly)


def test_inventory_names_come_first_and_others_are_not_dropped():
    history = read({"unassigned": noisy(20, seed=1), "b": noisy(20, seed=2)}, names=("z", "b"))
    assert history.names == ("z", "b", "unassigned")
    assert not history.weekly[0].any()


def test_tokenizer_and_token_kind_do_not_move_demand():
    plain = daily_usage({"a": np.full(140, 100.0)})
    changed = daily_usage({"a": np.full(140, 130.0)}, model="new")
    changed["cache_read_tokens"], changed["input_tokens"] = changed["input_tokens"], 0
    a = read_history(plain, facts, as_of=AS_OF, names=())
    b = read_history(changed, facts, as_of=AS_OF, names=())
    assert np.allclose(a.weekly, b.weekly)


def test_a_silent_day_of_the_whole_portfolio_is_filled_and_told():
    days = np.tile([70.0, 70, 70, 70, 70, 20, 20], 20)
    holed = days.copy()
    holed[-10:-7] = 0
    history = read({"a": holed, "b": holed})
    assert np.array_equal(history.daily[:, 0], days)
    (note,) = [n for n in history.adjustments if n.what == "missing_days_filled"]
    assert (note.start, note.end) == (AS_OF - timedelta(days=9), AS_OF - timedelta(days=7))


def test_a_day_that_is_always_silent_stays_silent():
    days = np.tile(
        [
            70.0,
            70,
            70,
            70,
            70,
            0,
            0,
        ],
        20,
    )
    days[-2:] = 70
    history = read({"a": days})
    assert history.daily.sum() == days.sum()
    assert not history.adjustments


def test_a_hole_of_one_workload_is_its_own_silence():
    quiet = np.full(140, 50.0)
    quiet[60:64] = 0
    history = read({"a": quiet, "b": np.full(140, 50.0)})
    assert history.daily[:, 0].sum() == quiet.sum()


def test_usage_that_ends_before_as_of_is_not_zero_and_is_told():
    history = read({"a": noisy(20, seed=1)}, as_of=AS_OF + timedelta(days=4))
    assert history.end == AS_OF
    assert [n.what for n in history.adjustments] == ["history_ends_early"]


@pytest.mark.parametrize("n_days", [0, 1, 7 * 13 - 1])
def test_less_than_thirteen_weeks_is_refused(n_days):
    with pytest.raises(ShortHistoryError, match="13"):
        read({"a": np.full(n_days, 5.0)})


def test_thirteen_weeks_are_enough():
    assert read({"a": np.full(91, 5.0)}).n_weeks == 13


def test_a_backfill_is_removed_listed_and_measured():
    weekly = calm(60)
    weekly[40:42] *= 6
    days = np.repeat(np.round(weekly), 7)
    history = read({"a": days})
    (note,) = history.adjustments
    assert note.what == "one_off_removed"
    assert note.start == AS_OF - timedelta(days=7 * 20 - 1)
    assert note.end == AS_OF - timedelta(days=7 * 18)
    removed = history.weekly.sum() - history.fitted.sum()
    assert f"{removed:,.0f} input-equivalent tokens" in note.effect
    assert history.fitted[0, 40] == pytest.approx(700, rel=0.1)


def test_an_outage_is_filled():
    weekly = calm(60)[None, :]
    weekly[0, 30] = 0
    mended, (found,) = repair(weekly, 52)
    assert mended[0, 30] == pytest.approx(100, rel=0.1)
    assert found.removed < 0


def test_a_level_shift_is_kept():
    weekly = calm(60)
    weekly[30:] *= 4
    assert np.array_equal(mend(weekly[None, :])[0], weekly)


def test_a_peak_that_comes_every_year_is_kept_and_a_single_one_is_not():
    weekly = calm(120)
    weekly[[25, 77]] *= 3
    assert np.array_equal(mend(weekly[None, :])[0], weekly)
    weekly[77] /= 3
    assert mend(weekly[None, :])[0, 25] == pytest.approx(100, rel=0.1)


def test_monthly_bursts_are_how_the_workload_runs():
    weekly = calm(80)
    weekly[3:-6:9] *= 4
    assert np.array_equal(mend(weekly[None, :])[0], weekly)


def test_the_last_weeks_cannot_be_judged_yet():
    weekly = calm(60)
    weekly[-3] *= 6
    assert np.array_equal(mend(weekly[None, :])[0], weekly)


def test_repair_does_not_depend_on_the_unit():
    weekly = calm(60)[None, :]
    weekly[0, 30] *= 9
    assert np.allclose(mend(weekly * 1e9), mend(weekly) * 1e9, rtol=1e-12)


def test_kinds():
    burst = np.zeros(60)
    burst[[5, 20, 38, 55]] = 1
    ended = np.ones(60)
    ended[40:] = 0
    paused = np.ones(60)
    paused[50:] = 0
    kinds = kinds_of(np.stack([np.ones(60), burst, ended, np.zeros(60), paused]))
    assert kinds == [Kind.STEADY, Kind.INTERMITTENT, Kind.DORMANT, Kind.SILENT, Kind.STEADY]


def test_single_backfills_without_a_base_are_not_mended_away():
    weekly = np.zeros(60)
    weekly[[10, 55]] = 50
    assert np.array_equal(mend(weekly[None, :])[0], weekly)


def test_as_of_may_be_any_weekday():
    for shift in range(7):
        end = date(2026, 10, 25) + timedelta(days=shift)
        assert read({"a": np.full(100, 1.0)}, end=end, as_of=end).week_ends[-1] == end


class TestKeptStretches:
    def read(self, days, *keep):
        usage = daily_usage({"a": days, "b": noisy(30, seed=2)})
        return read_history(usage, facts, as_of=AS_OF, names=(), keep=keep)

    def test_what_somebody_decided_to_keep_is_not_mended(self):
        days = noisy(30, seed=1)
        days[98:105] *= 9
        first = AS_OF - timedelta(days=len(days) - 1 - 98)
        mended = self.read(days)
        assert mended.fitted[0].max() < mended.weekly[0].max() / 2
        assert any(n.what == "one_off_removed" for n in mended.adjustments)
        kept = self.read(days, Kept("a", first, first + timedelta(days=6)))
        assert np.array_equal(kept.fitted[0], kept.weekly[0])
        assert not any(n.what == "one_off_removed" for n in kept.adjustments)
        other = self.read(days, Kept("b", first, first + timedelta(days=6)))
        assert np.array_equal(other.fitted, mended.fitted)

    def test_a_silence_that_was_meant_stays_one(self):
        days = noisy(30, seed=1)
        days[-10:-7] = 0
        usage = daily_usage({"a": days})
        span = Kept("all workloads", AS_OF - timedelta(days=9), AS_OF - timedelta(days=7))
        kept = read_history(usage, facts, as_of=AS_OF, names=(), keep=[span])
        assert kept.daily[-10:-7].sum() == 0
        assert read_history(usage, facts, as_of=AS_OF, names=()).daily[-10:-7].sum() > 0


def test_a_lasting_change_of_level_is_told():
    days = np.concatenate([noisy(30, seed=1), 2.5 * noisy(30, seed=2)])
    history = read({"a": days})
    (note,) = shift_notes(history, kinds_of(history.weekly))
    assert (note.what, note.workload) == ("level_shift", "a")
    assert note.effect.startswith("2.5 times") or note.effect.startswith("2.4 times")
