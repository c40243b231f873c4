from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from api.scenarios_file import read_scenarios, scenarios_bytes
from forecast.errors import InputError, TermsError, UnknownModelError, UsageFormatError
from forecast.paths import period_totals, quantile
from forecast.records.negotiation import RiskPreference
from forecast.records.recommendation import Recommendation, Refusal
from forecast.records.workloads import OwnerState
from forecast.sizing.decision import size
from forecast.units import to_cents


@pytest.fixture(scope="session")
def answer(outcome) -> Recommendation:
    assert isinstance(outcome.result, Recommendation)
    return outcome.result


def test_the_same_inputs_give_the_same_bytes(buyer, outcome):
    again = buyer.run()
    assert again.result.model_dump_json() == outcome.result.model_dump_json()
    assert again.decisions.to_frame().equals(outcome.decisions.to_frame())


def test_another_seed_draws_other_paths_and_stays_in_the_interval(buyer, answer):
    other = buyer.run(seed=8).result
    assert other.headline.sign_for_usd != answer.headline.sign_for_usd
    interval = answer.commitment.interval
    assert interval.lower_usd <= other.headline.sign_for_usd <= interval.upper_usd


def test_the_stored_decision_set_replays_to_the_cent(tmp_path, outcome, answer):
    (tmp_path / "scenarios.parquet").write_bytes(scenarios_bytes(outcome.decisions))
    stored = read_scenarios(tmp_path / "scenarios.parquet")
    replayed = size(answer.terms, stored.optimised_usd.sum(axis=2))
    assert replayed.headline == answer.headline
    assert replayed.tiers == answer.tiers
    assert replayed.clauses == answer.clauses


def test_the_choice_under_the_risks_that_a_company_states_stands_beside_the_cheapest(
    buyer, outcome, answer
):
    risk = RiskPreference(max_waste_p95_usd=answer.headline.worst_case_unused_usd / 2)
    careful = buyer.run(portfolio=buyer.portfolio.model_copy(update={"risk": risk})).result
    assert answer.risk_choice is None
    assert careful.headline == answer.headline
    choice = careful.risk_choice
    assert choice.preference == risk
    assert choice.waste_p95_usd <= risk.max_waste_p95_usd
    assert choice.commitment_usd < answer.headline.sign_for_usd
    assert choice.extra_expected_cost_usd > 0


def test_the_bridge_walks_from_the_bill_to_the_commitment(answer):
    *steps, last = answer.bridge
    assert [s.step for s in answer.bridge][:5] == [
        "last quarter x 4",
        "one-offs",
        "growth",
        "changes already made",
        "prices and retirements",
    ]
    assert sum(step.usd for step in steps) == last.usd == answer.commitment.recommended_usd


def test_the_waterfall_walks_from_as_is_to_optimised(answer):
    *steps, last = answer.waterfall
    assert sum(step.usd for step in steps) == last.usd
    assert last.usd == answer.optimised.term_list_cost.mean_usd
    assert steps[0].usd == answer.as_is.term_list_cost.mean_usd


def test_workloads_sum_to_the_portfolio(answer, outcome):
    for state in ("as_is", "optimised", "potential"):
        total = sum(getattr(w, f"{state}_usd") for w in answer.workloads)
        mean = getattr(answer, state).term_list_cost.mean_usd
        assert abs(total - mean) <= Decimal("0.01") * len(answer.workloads)


def test_only_accepted_levers_move_the_recommendation(answer):
    for workload in answer.workloads:
        if not workload.owner_state.counts:
            assert workload.optimised_usd == workload.as_is_usd
        if workload.owner_state is OwnerState.DECLINED:
            assert workload.potential_usd == workload.as_is_usd


def test_unassigned_usage_is_forecast_and_never_optimised(answer):
    loose = next(w for w in answer.workloads if w.name == "unassigned")
    assert loose.as_is_usd > 0
    assert loose.as_is_usd == loose.optimised_usd == loose.potential_usd


def test_quantiles_are_those_of_the_decision_set(answer, outcome):
    totals = outcome.decisions.as_is_usd.sum(axis=2).sum(axis=1)
    for q in answer.as_is.term_list_cost.quantiles:
        assert q.usd == to_cents(quantile(totals, q.quantile_level))


def test_a_saved_dollar_is_worth_at_most_a_list_dollar(answer):
    for workload in answer.workloads:
        for lever in workload.levers:
            if lever.list_saving_usd > 0:
                assert lever.settled_saving_usd <= lever.list_saving_usd


def test_signing_the_as_is_number_costs_more(answer):
    avoided = answer.avoided_over_commitment
    assert avoided.commitment_usd == answer.as_is.commitment_usd - answer.headline.sign_for_usd
    assert avoided.cost_usd >= 0


def test_more_paths_do_not_narrow_the_interval(buyer, answer):
    wide = buyer.run(n_scenarios=800).result.commitment.interval
    narrow = answer.commitment.interval
    before = narrow.upper_usd - narrow.lower_usd
    assert wide.upper_usd - wide.lower_usd > before * Decimal("0.7")


def test_a_model_that_retires_is_migrated_with_more_tokens(answer):
    found = [a for a in answer.assumptions if a.name.startswith("retirement of")]
    assert [a.name for a in found] == ["retirement of claude-sonnet-4-5"]


def test_a_move_to_batch_is_a_saving_and_not_falling_demand(buyer, outcome):
    batched = buyer.usage.copy()
    chat = batched["api_key"] == "key-support-chat"
    batched.loc[chat, "service_tier"] = "batch"
    after = buyer.run(usage=batched).result
    before = outcome.result
    for old, new in zip(before.outlook.workloads, after.outlook.workloads, strict=True):
        assert new.term_mean_units == pytest.approx(old.term_mean_units)
    cost = {w.name: w.as_is_usd for w in before.workloads}
    halved = next(w for w in after.workloads if w.name == "Support chat")
    assert float(halved.as_is_usd / cost["Support chat"]) == pytest.approx(0.5, rel=0.05)


def test_a_commitment_of_nothing_is_an_answer(buyer):
    on_demand = buyer.terms.model_copy(update={"tiers": buyer.terms.tiers[:1]})
    result = buyer.run(terms=on_demand).result
    assert result.headline.sign_for_usd == 0
    assert result.headline.expect_to_pay_usd == result.commitment.no_deal_expected_cost_usd


def test_without_a_deal_a_saved_dollar_is_a_dollar(buyer):
    """Nothing committed, nothing off list: levers and steps settle at their list saving."""
    on_demand = buyer.terms.model_copy(
        update={"tiers": buyer.terms.tiers[:1], "outside_discount_share": 0.0}
    )
    result = buyer.run(terms=on_demand).result
    levers = [s for w in result.workloads for s in w.levers]
    assert any(s.list_saving_usd > 0 for s in levers)
    for lever in levers:
        assert abs(lever.settled_saving_usd - lever.list_saving_usd) <= Decimal("0.01")
    for step in result.migration:
        assert abs(step.settled_saving_usd - step.saving_usd) <= Decimal("0.01")
        assert abs(step.before_signing_saving_usd - step.saving_usd) <= Decimal("0.01")


@pytest.mark.parametrize("weeks", [1, 5, 12])
def test_a_short_history_is_refused_with_a_safe_amount(buyer, weeks):
    last = buyer.usage["day"].max()
    first = last - pd.Timedelta(days=7 * weeks + 2)
    recent = buyer.usage[buyer.usage["day"] > first].reset_index(drop=True)
    known = set(recent["api_key"])
    portfolio = buyer.portfolio.model_copy(
        update={
            "workloads": tuple(
                w for w in buyer.portfolio.workloads if {r.api_key for r in w.match} & known
            )
        }
    )
    result = buyer.run(usage=recent, portfolio=portfolio)
    assert isinstance(result.result, Refusal)
    assert result.decisions is None
    refusal = result.result
    assert f"{13 - weeks} more complete weeks" in refusal.missing_evidence[0].what
    year_at_last_month = float(refusal.do_not_exceed_usd) / 52
    assert 0 < year_at_last_month < 30_000


def test_thirteen_weeks_are_enough(buyer):
    last = buyer.usage["day"].max()
    recent = buyer.usage[buyer.usage["day"] > last - pd.Timedelta(days=91)].reset_index(drop=True)
    known = set(recent["api_key"])
    portfolio = buyer.portfolio.model_copy(
        update={
            "workloads": tuple(
                w for w in buyer.portfolio.workloads if {r.api_key for r in w.match} & known
            )
        }
    )
    result = buyer.run(usage=recent, portfolio=portfolio).result
    assert isinstance(result, Recommendation)
    short = result.commitment.interval
    assert short is not None
    assert short.lower_usd < result.headline.sign_for_usd < short.upper_usd


def test_a_running_contract_is_not_sized_here(buyer):
    begun = buyer.terms.model_copy(update={"term_start": date(2026, 9, 1)})
    with pytest.raises(TermsError, match="re-forecast"):
        buyer.run(terms=begun)


@pytest.mark.parametrize("days", [-1000, 1])
def test_a_day_outside_the_usage_is_refused(buyer, days):
    day = buyer.usage["day"].max().date() + timedelta(days=days)
    with pytest.raises(InputError, match="lies outside the usage"):
        buyer.run(as_of=day)


def test_no_usage_is_refused(buyer):
    with pytest.raises(UsageFormatError, match="holds no usage"):
        buyer.run(usage=buyer.usage.iloc[:0])


def test_an_unknown_model_is_an_error_and_never_free(buyer):
    usage = buyer.usage.copy()
    usage.loc[5, "model"] = "claude-nobody-9"
    with pytest.raises(UnknownModelError, match="claude-nobody-9"):
        buyer.run(usage=usage)


def test_usage_after_as_of_is_not_read(buyer):
    day = buyer.usage["day"].max().date() - timedelta(days=10)
    cut = buyer.usage[buyer.usage["day"] <= pd.Timestamp(day)].reset_index(drop=True)
    full = buyer.run(as_of=day).result
    assert full.model_dump_json() == buyer.run(usage=cut, as_of=day).result.model_dump_json()


def test_monthly_lists_and_periods_agree(answer, outcome):
    monthly = outcome.decisions.optimised_usd.sum(axis=2)
    assert len(answer.optimised.monthly) == answer.terms.term_months == monthly.shape[1]
    periods = period_totals(monthly, answer.terms.period_months)
    assert np.allclose(periods.sum(axis=1), monthly.sum(axis=1))


def test_every_step_has_its_gate_and_three_predictions_and_waits_for_a_measurement(answer):
    saved = {w.name: sum(s.list_saving_usd for s in w.levers) for w in answer.workloads}
    assert answer.migration
    for step in answer.migration:
        assert abs(step.saving_usd - saved[step.workload]) <= Decimal("0.02")
        assert step.configuration
        assert step.gate.endswith("then the next")
        assert step.measured_saving_usd is None
    states = {w.name: w.owner_state for w in answer.workloads}
    counted = [s for s in answer.migration if states[s.workload].counts]
    assert answer.migration_plan.saving_usd == pytest.approx(
        sum(s.saving_usd for s in counted), abs=Decimal("0.05")
    )
    for step in counted:
        assert step.before_signing_saving_usd <= step.settled_saving_usd <= step.saving_usd


def test_the_plan_is_held_against_the_largest_volume_first(buyer):
    """One week of engineering a month, and the largest workload takes six: the pass starts with
    it and everything else waits, the plan does the small ones first."""
    largest = "Catalog enrichment"
    free = tuple(
        w.model_copy(
            update={
                "adoption_month": None,
                "owner_state": OwnerState.ACCEPTED,
                "effort_weeks": 6.0 if w.name == largest else 1.0,
            }
        )
        for w in buyer.portfolio.workloads
    )
    slow = buyer.portfolio.capacity.model_copy(update={"weeks_per_month": 1.0})
    portfolio = buyer.portfolio.model_copy(update={"workloads": free, "capacity": slow})
    result = buyer.run(portfolio=portfolio).result
    plan = result.migration_plan
    assert plan.volume_first[0].workload == largest
    assert result.migration[0].workload != largest
    assert plan.gap_share == 0
    assert plan.gain_usd == plan.saving_usd - plan.volume_first_saving_usd
    assert 0 < plan.settled_gain_usd <= plan.gain_usd
    assert "more than the largest volume first" in plan.described
