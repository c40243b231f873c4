"""Simulated companies over twelve quarters: attribution to the cent, and what is pooled."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from reforecast_companies import pooled, run
from simulated_company import LAST_DAY, NOTICE_DAYS, Company, story
from simulated_quarters import quarters

from forecast.records.reforecast import STEPS


@pytest.fixture(scope="module")
def stories() -> list:
    return [story(seed) for seed in range(200)]


def test_two_hundred_companies_are_not_alike_and_everything_happens_to_some(stories: list) -> None:
    assert len({repr(s) for s in stories}) == 200
    for what in ("cut", "retires_on", "to_batch", "caching_planned", "lost_on", "new_on"):
        share = np.mean([getattr(s, what) is not None for s in stories])
        assert 0.2 < share < 0.95, what


def test_nothing_is_known_before_its_day(stories: list) -> None:
    seed = next(i for i, s in enumerate(stories) if s.cut and s.retires_on and s.new_on)
    company, happens = Company(seed), stories[seed]
    cut_on, ends = happens.cut[0], happens.retires_on
    assert len(company.prices(cut_on - timedelta(days=1)).sheet.rates) == 2
    assert len(company.prices(cut_on).sheet.rates) == 3
    announced = ends - timedelta(days=NOTICE_DAYS)
    before = company.prices(announced - timedelta(days=1)).sheet.models
    assert all(m.retires_on is None for m in before)
    assert any(m.retires_on == ends for m in company.prices(announced).sheet.models)
    planned = happens.new_on - timedelta(days=NOTICE_DAYS)
    before = {w.name for w in company.portfolio(planned - timedelta(days=1)).workloads}
    assert "agents" not in before
    (launch,) = (w.launch for w in company.portfolio(planned).workloads if w.name == "agents")
    assert launch.month == happens.new_on.replace(day=1)
    rows = company.usage(LAST_DAY)
    agents = rows[rows["api_key"] == "agents"]
    assert agents["day"].min().date() >= happens.new_on
    gone = rows[(rows["model"] == "large-1") & (rows["day"].dt.date >= ends)]
    assert gone.empty


def test_the_same_seed_is_the_same_company() -> None:
    first, again = (Company(9).usage(date(2026, 1, 31)) for _ in range(2))
    assert first.equals(again)
    assert not first.equals(Company(10).usage(date(2026, 1, 31)))


def test_plans_of_launches_are_right_on_average_and_never_exactly(stories: list) -> None:
    errors = []
    for seed in [i for i, s in enumerate(stories) if s.new_on][:40]:
        company, new_on = Company(seed), stories[seed].new_on
        (launch,) = (w.launch for w in company.portfolio(new_on).workloads if w.name == "agents")
        rows = company.usage(LAST_DAY, new_on + timedelta(days=91))
        used = rows.loc[rows["api_key"] == "agents", "requests"]
        days = (LAST_DAY - new_on).days - 90
        if days >= 90:
            errors.append(np.log(launch.monthly_requests / (used.sum() / days * 365.25 / 12)))
    assert len(errors) > 20
    assert 0.3 < np.std(errors) < 0.8
    assert abs(np.mean(np.exp(errors)) - 1) < 0.5


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(5))
def test_attribution_sums_to_the_cent_in_each_of_twelve_quarters(seed: int) -> None:
    seen = 0
    for quarter in quarters(Company(seed), seed=seed, n_scenarios=100):
        result, previous = quarter.outcome.result, quarter.previous.result
        found = result.attribution
        assert tuple(step.step for step in found.steps) == STEPS
        cost = sum((s.cost_change_usd for s in found.steps), Decimal(0))
        amount = sum((s.commitment_change_usd for s in found.steps), Decimal(0))
        assert found.before_cost_usd + cost == found.after_cost_usd == result.cost.expected_usd
        assert (
            found.before_commitment_usd + amount
            == found.after_commitment_usd
            == result.recommended.commitment_usd
        )
        was = previous.cost if quarter.quarter > 1 else previous.commitment.cost
        assert found.before_cost_usd == was.expected_usd
        for step in found.steps[:-1]:
            parts = sum((w.cost_change_usd for w in step.workloads), Decimal(0))
            assert parts == step.cost_change_usd
        if quarter.quarter < 4:
            assert found.step("contract change").cost_change_usd == 0
        seen += 1
    assert seen == 12
    assert len(result.track_record.terms) == 3
    assert result.track_record.n_scored == 12


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_company_gives_what_is_pooled() -> None:
    found = run(2, n_scenarios=50)
    assert (len(found["costs"]), len(found["next"]), len(found["rest"])) == (3, 12, 12)
    for list_usd, advised, run_rate, hindsight in found["costs"]:
        assert hindsight <= min(advised, run_rate) + 0.01
        assert hindsight <= list_usd
    assert found["largest_change_usd"] > 0
    assert pooled([found]).startswith("1 companies, 12 quarters\n")
