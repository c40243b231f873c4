import tomllib
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from forecast.demand.adjustments import (
    adoption,
    launch_months,
    monthly_units,
    plan_launch,
    retirement,
)
from forecast.demand.analyst import analyst_factors, analyst_notes
from forecast.records.rates import ModelFacts
from forecast.records.workloads import AnalystAdjustment, Launch, Workload
from forecast.units import add_months, month_range

CASES = tomllib.loads((Path(__file__).parents[1] / "cases" / "demand.toml").read_text())
END = date(2026, 10, 31)
MONTHS = month_range(date(2026, 11, 1), 14)


def facts(model):
    return ModelFacts(model=model, family="f", tokens_per_text=1.0)


def launching(month, **changes):
    settings = {
        "monthly_requests": 100,
        "input_tokens_per_request": 1000,
        "output_tokens_per_request": 200,
        "months_to_full": 4,
        "volume_uncertainty": 0.5,
        "model": "m",
    }
    return Workload(name="new", launch=Launch(month=month, **{**settings, **changes}))


def planned(workload, weekly=None, n=4000):
    weekly = np.zeros(100) if weekly is None else weekly
    plan, note = plan_launch(workload, weekly, END, facts)
    rng = np.random.default_rng(0)
    return launch_months(plan, MONTHS, END, n, rng=rng) if plan else None, note


@pytest.mark.parametrize("case", CASES["launch"], ids=lambda c: c["name"])
def test_units_of_a_launch_as_a_buyer_computes_them(case):
    fields = {k: v for k, v in case.items() if k.endswith(("requests", "request"))}
    launch = Launch(month=date(2027, 1, 1), model="m", **fields)
    ratio = ModelFacts(model="m", family="f", tokens_per_text=case["tokens_per_text"])
    assert monthly_units(launch, lambda _: ratio) == pytest.approx(case["monthly_units"])


def test_a_launch_ahead_starts_in_its_month_and_reaches_its_mean_volume():
    units, note = planned(launching(date(2027, 2, 1)))
    mean = units.mean(axis=0)
    assert not mean[:3].any()
    assert (np.diff(mean[3:]) > 0).all()
    assert mean[-1] == pytest.approx(200_000, rel=0.05)
    assert note.what == "launch"
    assert note.start == date(2027, 2, 1)


def test_a_wilder_plan_is_wider_and_not_larger():
    tame, _ = planned(launching(date(2026, 11, 1), volume_uncertainty=0.1))
    wild, _ = planned(launching(date(2026, 11, 1), volume_uncertainty=0.8))
    a, b = tame.sum(axis=1), wild.sum(axis=1)
    assert a.mean() == pytest.approx(b.mean(), rel=0.05)
    assert np.quantile(b, 0.2) < 0.8 * np.quantile(a, 0.2)


def test_no_months_to_full_is_all_at_once():
    units, _ = planned(launching(date(2026, 12, 1), months_to_full=0, volume_uncertainty=0))
    assert units[:, 0].max() == 0
    assert np.allclose(units[:, 1:], 200_000)


def test_adoption_is_five_per_cent_at_first_and_ninety_five_in_the_end():
    launch = launching(date(2027, 1, 1)).launch
    days = [date(2026, 12, 31), date(2027, 1, 1), date(2027, 5, 1)]
    found = [float(adoption(launch, launch.month, day, np.ones(1))[0]) for day in days]
    assert found == pytest.approx([0.0, 0.05, 0.95])


def test_an_overdue_launch_without_usage_starts_next_month_and_says_so():
    units, note = planned(launching(date(2026, 6, 1)))
    assert units[:, 0].mean() > 0
    assert "not seen in usage" in note.effect
    assert note.start == date(2026, 11, 1)


def test_an_old_launch_is_history():
    weekly = np.zeros(100)
    weekly[60:] = 5
    units, note = planned(launching(date(2026, 1, 1)), weekly)
    assert units is None
    assert note.what == "launch_in_history"


@pytest.mark.parametrize("reached", [0.5, 1.0])
def test_a_young_launch_adds_what_is_left_as_far_as_it_came_true(reached):
    """Six weeks in, with adoption 11 % on plan; the rest comes at the share reached so far."""
    month = END - timedelta(days=42)
    month = month.replace(day=1)
    workload = launching(month, volume_uncertainty=0)
    already = float(adoption(workload.launch, month, END, np.ones(1))[0])
    weekly = np.zeros(100)
    weekly[-6:] = 200_000 * already * reached * 7 * 12 / 365.25
    units, note = planned(workload, weekly)
    assert note.what == "launch_under_way"
    assert f"{reached:.0%}" in note.effect
    assert np.median(units[:, -1]) == pytest.approx(200_000 * (1 - already) * reached, rel=0.02)


def test_a_retirement_is_told_only_where_it_matters():
    ending = Workload(name="old", retires_month=date(2027, 3, 1))
    assert retirement(ending, MONTHS).start == date(2027, 3, 1)
    later = Workload(name="old", retires_month=date(2029, 3, 1))
    assert retirement(later, MONTHS) is None
    assert retirement(Workload(name="old"), MONTHS) is None


class TestAdoptionCurves:
    def curve(self, **changes):
        launch = Launch(
            month=date(2027, 1, 1),
            monthly_requests=1,
            input_tokens_per_request=1,
            output_tokens_per_request=1,
            model="m",
            **{"months_to_full": 12, "curve": "bass"} | changes,
        )
        days = [add_months(launch.month, i) for i in range(25)]
        return np.array([adoption(launch, launch.month, day, np.ones(1))[0] for day in days])

    def test_bass_starts_at_nothing_and_is_full_after_its_months(self):
        found = self.curve()
        assert found[0] == 0
        assert found[12] == pytest.approx(0.95)
        assert (np.diff(found) > 0).all()

    def test_bass_is_the_solution_of_its_equation(self):
        # dA/dt = (p + q A)(1 - A), the pace set so that 95 % is reached in twelve months.
        k = 10.0
        speed = -np.log(0.05 / (1 + 0.95 * k)) / 12
        p, q = speed / (1 + k), speed * k / (1 + k)
        adopted, steps = 0.0, 4000
        for _ in range(12 * steps):
            adopted += (p + q * adopted) * (1 - adopted) / steps
        assert adopted == pytest.approx(0.95, abs=1e-3)

    def test_more_imitation_starts_slower(self):
        assert self.curve(imitation_ratio=40)[4] < self.curve(imitation_ratio=2)[4]


class TestAnalystAdjustments:
    MONTHS = tuple(add_months(date(2027, 1, 1), i) for i in range(6))

    def workload(self, **changes):
        known = {
            "month": date(2027, 3, 1),
            "change_share": 0.25,
            "reason": "second region goes live",
            "decided_by": "Ana",
            "decided_on": date(2026, 11, 2),
        }
        return Workload(name="Chat", adjustments=(AnalystAdjustment(**known | changes),))

    def test_it_acts_in_its_months_only(self):
        chat = self.workload(until=date(2027, 4, 1))
        factors = analyst_factors(chat, self.MONTHS, 3, rng=np.random.default_rng(0))
        assert factors.tolist() == [[1, 1, 1.25, 1.25, 1, 1]] * 3

    def test_an_uncertain_one_is_not_a_larger_one(self):
        chat = self.workload(uncertainty=0.5)
        factors = analyst_factors(chat, self.MONTHS, 200_000, rng=np.random.default_rng(0))
        assert factors[:, 2].mean() == pytest.approx(1.25, rel=0.01)
        assert np.log(factors[:, 2]).std() == pytest.approx(0.5, rel=0.01)
        assert (factors[:, 2] == factors[:, 5]).all()

    def test_it_is_told_with_whose_word_it_is(self):
        (note,) = analyst_notes(self.workload(), self.MONTHS)
        assert (note.what, note.source) == ("analyst_adjustment", "Ana, 2026-11-02")
        assert note.effect.startswith("+25%")
        assert analyst_notes(self.workload(month=date(2028, 1, 1)), self.MONTHS) == []

    @pytest.mark.parametrize(
        "changes",
        [
            {"month": date(2027, 3, 2)},
            {"until": date(2027, 1, 1)},
            {"change_share": -1.0},
            {"reason": ""},
        ],
    )
    def test_what_contradicts_itself_is_refused(self, changes):
        with pytest.raises(ValueError, match=r"month|until|change_share|reason"):
            self.workload(**changes)
