"""A company of which one thing is known to have happened, and what the quarter says of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from signed_year import Q1, Q2, Contract, kinds, moved
from simulated_company import Company
from simulated_quarters import following

from forecast.errors import InputError
from forecast.pipeline.projection import project
from forecast.pipeline.reforecast import ReforecastOutcome
from forecast.records.reforecast import BalanceLine
from forecast.records.terms import Fee, Tier

BY_CHANCE = {"workload_off_forecast"}
"""One workload in ten lies outside its 90 % band in a quarter in which nothing happened."""


@pytest.fixture(scope="module")
def quiet() -> Contract:
    return Contract()


@pytest.fixture(scope="module")
def first(quiet: Contract) -> ReforecastOutcome:
    return quiet.at(Q1)


def test_old_inputs_put_through_the_same_version_draw_what_was_stored(quiet: Contract) -> None:
    was = quiet.advice.result.provenance
    again = project(
        quiet.advice.daily,
        quiet.advice.portfolio,
        quiet.advice.result.terms,
        quiet.advice.card,
        as_of=was.as_of,
        seed=was.seed,
        n_scenarios=was.n_scenarios,
        order=quiet.advice.decisions.workloads,
    )
    assert again.names == quiet.advice.decisions.workloads
    for state in ("as_is_usd", "optimised_usd", "potential_usd"):
        assert np.array_equal(
            getattr(again.decisions, state), getattr(quiet.advice.decisions, state)
        )


def test_a_quiet_quarter_is_forecast_error_and_volume_alone(
    quiet: Contract, first: ReforecastOutcome
) -> None:
    result = first.result
    assert set(moved(result)) <= {"forecast error", "volume"}
    assert result.attribution.before_cost_usd == quiet.advice.result.commitment.cost.expected_usd
    assert result.attribution.after_cost_usd == result.cost.expected_usd
    assert result.attribution.after_commitment_usd == result.recommended.commitment_usd
    assert kinds(result) - BY_CHANCE == {"history_carried_over"}


def test_the_same_quarter_again_is_the_same_to_the_byte(
    quiet: Contract, first: ReforecastOutcome
) -> None:
    again = quiet.at(Q1)
    assert again.result.model_dump_json() == first.result.model_dump_json()
    assert again.decisions.to_frame().equals(first.decisions.to_frame())


def test_a_projection_that_is_still_at_hand_is_what_drawing_it_again_gives() -> None:
    happens = {"new_on": date(2027, 2, 1), "renamed_on": date(2027, 3, 1)}
    contract = Contract(cut=(date(2027, 5, 10), 0.3), retires_on=date(2027, 8, 1), **happens)
    at_hand = contract.after(Q1)
    assert at_hand.projection is not None
    kept = contract.at(Q2, at_hand)
    drawn = contract.at(Q2, replace(at_hand, projection=None))
    assert kept.result == drawn.result
    assert np.array_equal(kept.decisions.optimised_usd, drawn.decisions.optimised_usd)


def test_the_whole_history_or_the_new_months_alone_say_the_same(
    quiet: Contract, first: ReforecastOutcome
) -> None:
    whole = quiet.at(Q1, usage=quiet.company.usage(Q1)).result
    assert whole.cost == first.result.cost
    assert whole.attribution == first.result.attribution
    carried = [f for f in first.result.findings if f.kind != "history_carried_over"]
    assert list(whole.findings) == carried


def test_recorded_months_are_alike_in_every_scenario(first: ReforecastOutcome) -> None:
    recorded = first.decisions.optimised_usd[:, :3]
    assert (recorded == recorded[:1]).all()
    assert first.decisions.optimised_usd[:, 3:].std(axis=0).sum() > 0
    assert first.result.months_elapsed == 3


def test_a_price_cut_is_price() -> None:
    contract = Contract(cut=(date(2027, 5, 10), 0.3))
    result = contract.at(Q2, contract.after(Q1)).result
    assert "rate_card_changed" in kinds(result)
    months_left = sum(w.expected_usd for w in result.workloads)
    price = moved(result)["price"]
    assert price < 0
    assert abs(price) > Decimal("0.1") * months_left
    assert {"model mix", "token mix", "lever realisation"}.isdisjoint(moved(result))


def test_an_announced_retirement_is_price_and_a_move_between_models_is_model_mix() -> None:
    contract = Contract(retires_on=date(2027, 7, 20))
    result = contract.at(Q2, contract.after(Q1)).result
    found = moved(result)
    assert "rate_card_changed" in kinds(result)
    # large-2 needs 30 % more tokens at four fifths of the price: 4 % dearer.
    assert found["price"] > 0
    third = contract.at(date(2027, 9, 30), following(contract.at(Q2), contract.company, Q2)).result
    assert "lever realisation" not in moved(third)


def test_a_migration_that_came_as_planned_is_hardly_lever_realisation() -> None:
    planned = {"batch_planned": date(2027, 5, 1)}
    kept = Contract(to_batch=(date(2027, 5, 3), 0.9), **planned)
    failed = Contract(to_batch=None, **planned)
    came = kept.at(Q2, kept.after(Q1)).result
    missed = failed.at(Q2, failed.after(Q1)).result
    saving = kept.advice.result.workloads
    promised = sum(lever.list_saving_usd for w in saving for lever in w.levers)
    assert promised > 0
    assert {"model mix", "token mix"}.isdisjoint(moved(came))
    assert abs(moved(came).get("lever realisation", Decimal(0))) < Decimal("0.25") * promised
    assert moved(missed)["lever realisation"] > 0
    who = {w.workload for w in missed.attribution.step("lever realisation").workloads}
    assert who == {"nightly"}
    (held,), (broken,) = came.promises, missed.promises
    assert (held.promised_usd, held.workload) == (broken.promised_usd, "nightly")
    assert held.measured_usd > Decimal("0.8") * held.promised_usd > 0
    assert held.verdict.startswith("kept:")
    assert (broken.measured_usd, broken.verdict[:9]) == (0, "not kept:")
    (batch,) = held.shares
    assert batch.measured == pytest.approx(0.9 * 58 / 91, abs=0.08)  # from the third of May on
    assert broken.shares[0].measured == 0


def test_a_new_workload_is_its_own_step_and_is_named() -> None:
    contract = Contract(new_on=date(2027, 2, 1))
    result = contract.at(Q1).result
    assert "new_workload" in kinds(result)
    step = result.attribution.step("new and retired workloads")
    assert {w.workload for w in step.workloads} == {"agents"}
    assert step.cost_change_usd > 0


def test_a_lost_workload_is_named_though_the_exports_no_longer_hold_it() -> None:
    contract = Contract(lost_on=date(2027, 1, 20))
    lost = contract.at(Q1).result
    assert "silent_workload" in kinds(lost)
    who = {w.workload: w.cost_change_usd for w in lost.attribution.step("volume").workloads}
    assert who["search"] < 0
    assert contract.at(Q2, contract.after(Q1)).result.months_elapsed == 6


def test_a_renamed_workload_changes_no_figure() -> None:
    plain, renamed = Contract(), Contract(renamed_on=date(2027, 3, 1))
    before, after = plain.at(Q1).result, renamed.at(Q1).result
    assert "renamed_workload" in kinds(after)
    assert after.cost == before.cost
    assert moved(after) == moved(before)


def test_restated_usage_is_told_by_month_and_kept_apart_from_forecast_error(
    quiet: Contract, first: ReforecastOutcome
) -> None:
    rows = quiet.company.usage(Q2)
    february = rows["day"].between("2027-02-01", "2027-02-28")
    rows.loc[february, "output_tokens"] = (rows.loc[february, "output_tokens"] * 1.2).astype(int)
    previous = following(first, quiet.company, Q1)
    result = quiet.at(Q2, previous, usage=rows).result
    (finding,) = (f for f in result.findings if f.kind == "restated_usage")
    assert "2027-02" in finding.note
    assert finding.usd > 0
    step = result.attribution.step("restated usage")
    as_it_was = quiet.at(Q2, previous).result
    assert step.commitment_change_usd > 0
    assert as_it_was.attribution.step("restated usage").commitment_change_usd == 0


def test_a_missing_quarter_is_named_and_covered(quiet: Contract) -> None:
    result = quiet.at(Q2).result
    (finding,) = (f for f in result.findings if f.kind == "missing_quarter")
    assert "2027-03-31" in finding.note
    assert result.months_elapsed == 6


@pytest.mark.parametrize(
    ("usage", "as_of", "says"),
    [
        (lambda c: c.usage(date(2027, 3, 12)), Q1, "an export is late"),
        (lambda c: c.usage(date(2026, 12, 31), date(2026, 12, 1)), Q1, "an export is late"),
        (lambda c: c.usage(Q1, date(2026, 12, 20)), None, "an export is missing"),
        (lambda c: c.usage(date(2026, 11, 20)), None, "ends no whole month after"),
    ],
)
def test_late_and_missing_exports_are_refused_by_their_days(
    quiet: Contract, usage: Callable[[Company], object], as_of: date | None, says: str
) -> None:
    with pytest.raises(InputError, match=says):
        quiet.at(Q1, usage=usage(quiet.company), as_of=as_of)


def test_days_after_the_last_whole_month_are_left_out_and_named(
    quiet: Contract, first: ReforecastOutcome
) -> None:
    later = quiet.at(Q1, usage=quiet.company.usage(date(2027, 4, 9), date(2026, 12, 1)))
    assert "part_month_left_out" in kinds(later.result)
    assert later.result.provenance.as_of == Q1
    assert later.result.cost == first.result.cost


def test_an_amended_contract_is_the_last_step(quiet: Contract, first: ReforecastOutcome) -> None:
    dearer = tuple(
        Tier(from_commitment_usd=t.from_commitment_usd, discount_share=t.discount_share / 2)
        for t in quiet.signed.terms.tiers
    )
    terms = quiet.signed.terms.model_copy(update={"tiers": dearer})
    amended = quiet.signed.model_copy(update={"terms": terms})
    result = quiet.at(Q2, following(first, quiet.company, Q1), contract=amended).result
    assert "contract_amended" in kinds(result)
    assert result.attribution.steps[-1].step == "contract change"
    assert result.attribution.steps[-1].cost_change_usd > 0


def test_the_last_quarter_closes_the_term_and_scores_every_forecast_of_it(
    quiet: Contract, first: ReforecastOutcome
) -> None:
    previous = following(first, quiet.company, Q1)
    last = quiet.at(date(2027, 12, 31), previous).result
    assert last.months_elapsed == 12
    assert last.waste.p95_usd == last.waste.expected_usd
    record = last.track_record
    assert (record.n_scored, len(record.scores), record.forecasts) == (2, 4, ())
    (term,) = record.terms
    assert term.paid_usd == last.cost.expected_usd
    assert term.best_cost_usd <= term.paid_usd
    assert term.list_usd == sum(w.recorded_usd for w in last.workloads)
    assert last.remedies == ()
    assert set(moved(last)) <= {"forecast error"}


def test_a_term_that_is_over_is_not_re_forecast(quiet: Contract, first: ReforecastOutcome) -> None:
    end = date(2027, 12, 31)
    over = following(quiet.at(end, following(first, quiet.company, Q1)), quiet.company, end)
    with pytest.raises(InputError, match="a term that is over"):
        quiet.at(date(2028, 3, 31), over)


def test_a_balance_statement_is_held_against_our_own_drawdown(quiet: Contract) -> None:
    ours = sum(m.recorded_usd or 0 for m in quiet.at(Q1).result.burn_down.months[2:3])
    lines = [
        BalanceLine(
            as_of=Q1,
            period_start=date(2027, 1, 1),
            committed_usd=quiet.signed.commitment_usd,
            drawn_usd=drawn,
            remaining_usd=quiet.signed.commitment_usd - drawn,
        )
        for drawn in (ours, ours * Decimal("1.1"))
    ]
    same, more = quiet.at(Q1, balance=lines).result.balance
    assert (same.agrees, more.agrees) == (True, False)
    assert abs(same.difference_usd) <= Decimal("0.01")
    assert more.difference_share == pytest.approx(0.1, abs=1e-4)
    other = lines[0].model_copy(update={"period_start": date(2027, 4, 1)})
    with pytest.raises(InputError, match="no settlement period"):
        quiet.at(Q1, balance=[other])
    early = lines[0].model_copy(update={"as_of": Q2})
    with pytest.raises(InputError, match="after the last usage"):
        quiet.at(Q1, balance=[early])


def test_remedies_are_worth_what_settling_again_says(first: ReforecastOutcome) -> None:
    result = first.result
    values = [r.value_usd for r in result.remedies]
    assert values == sorted(values, reverse=True)
    by_kind = {r.remedy: r for r in result.remedies}
    raised = by_kind["raise_commitment"]
    kept, best = result.cost.expected_usd, result.recommended.expected_cost_usd
    assert abs(raised.value_usd - (kept - best)) <= Decimal("0.02")


def test_an_amendment_may_add_what_lies_beyond_the_core(
    quiet: Contract, first: ReforecastOutcome
) -> None:
    fee = Fee(name="support", usd_per_month=Decimal(1000))
    terms = quiet.signed.terms.model_copy(update={"fees": (fee,)})
    amended = quiet.signed.model_copy(update={"terms": terms})
    result = quiet.at(Q2, following(first, quiet.company, Q1), contract=amended).result
    assert moved(result)["contract change"] == Decimal(12_000)
