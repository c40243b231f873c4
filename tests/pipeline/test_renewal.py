"""The renewal file: sized from the history kept, wider after misses, honest about the last term."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from signed_year import Q1, Contract
from simulated_company import terms_of
from simulated_quarters import following

from forecast.errors import InputError, TermsError
from forecast.pipeline.last_forecast import Previous
from forecast.pipeline.quarter_inputs import as_usage_rows
from forecast.pipeline.recommend import Outcome, recommend
from forecast.pipeline.renewal import last_reforecast, renewal
from forecast.records.contract import SignedContract
from forecast.records.recommendation import Recommendation
from forecast.records.reforecast import TrackRecord
from forecast.records.renewal import Renewal
from forecast.records.terms import Renewal as RenewalClause

NEXT = terms_of(2028)


class Year:
    """A contract after its first quarter, and what it is advised for the next term."""

    def __init__(self) -> None:
        self.contract = Contract(batch_planned=date(2027, 2, 1), to_batch=(date(2027, 2, 3), 0.9))
        self.outcome = self.contract.at(Q1)
        self.last = following(self.outcome, self.contract.company, Q1)

    def advised(self, factor: float = 1.0) -> Outcome:
        record = TrackRecord(widening_factor=factor, note="2 of 4 held what came")
        return recommend(
            as_usage_rows(self.last.daily),
            self.last.portfolio,
            NEXT,
            as_of=Q1,
            seed=5,
            n_scenarios=200,
            price_sheets=[self.contract.company.prices(Q1)],
            record=record,
        )


@pytest.fixture(scope="module")
def year() -> Year:
    return Year()


@pytest.fixture(scope="module")
def advised(year: Year) -> Outcome:
    return year.advised()


def renewed(last: Previous, advised: Outcome) -> Renewal:
    assert isinstance(advised.result, Recommendation)
    assert advised.decisions is not None
    return renewal(last, advised.result, advised.decisions)


def clause(last: Previous, **given: object) -> Previous:
    """The same re-forecast of a contract with a clause on its renewal."""
    contract: SignedContract = last.result.contract
    terms = contract.terms.model_copy(update={"renewal": RenewalClause.model_validate(given)})
    amended = contract.model_copy(update={"terms": terms})
    return replace(last, result=last.result.model_copy(update={"contract": amended}))


def test_the_history_kept_is_usage_again(year: Year) -> None:
    rows = as_usage_rows(year.last.daily)
    whole = year.contract.company.usage(Q1)
    for column in ("input_tokens", "output_tokens", "requests"):
        assert rows[column].sum() == whole[column].sum()
    assert set(rows["workload"]) == {"chat", "nightly", "drafts", "search"}


def test_the_running_term_is_told_as_it_is_expected(year: Year, advised: Outcome) -> None:
    found = renewed(year.last, advised)
    (term,) = found.terms
    last = year.outcome.result
    assert (term.months_recorded, found.months_left) == (3, 9)
    assert term.outcome.signed_usd == last.headline.sign_for_usd
    assert term.outcome.paid_usd == last.headline.expect_to_pay_usd
    assert term.outcome.best_commitment_usd == last.recommended.commitment_usd
    assert term.unused_usd == last.waste.expected_usd
    at_list = sum(w.recorded_usd + w.expected_usd for w in last.workloads)
    assert abs(term.outcome.list_usd - at_list) < Decimal("0.05")


def test_misses_of_the_past_widen_the_next_term_about_its_middle(
    year: Year, advised: Outcome
) -> None:
    wide = year.advised(1.5)
    logs = [np.log(o.decisions.as_is_usd.sum(axis=(1, 2))) for o in (advised, wide)]
    assert logs[1].std() == pytest.approx(1.5 * logs[0].std(), rel=0.02)
    assert logs[1].mean() == pytest.approx(logs[0].mean(), abs=0.01)
    assert wide.result.commitment.recommended_usd < advised.result.commitment.recommended_usd
    (said,) = (a for a in wide.result.assumptions if a.name.startswith("spread of the term"))
    assert (said.value, said.source) == ("1.50 times", "2 of 4 held what came")
    assert not [a for a in advised.result.assumptions if a.name.startswith("spread of the term")]
    shown = [
        replace(year.contract.advice, result=o.result).widening_factor for o in (advised, wide)
    ]
    assert shown == [1.0, 1.5]


def test_a_ratchet_above_the_advice_is_priced(year: Year, advised: Outcome) -> None:
    free = renewed(clause(year.last, notice_days=60, minimum_share=0.0), advised)
    assert (free.next.ratchet_usd, free.next.ratchet_costs_usd) == (0, 0)
    signed = year.outcome.result.headline.sign_for_usd
    bound = renewed(clause(year.last, notice_days=60, minimum_share=1.0), advised)
    assert bound.next.ratchet_usd == signed
    binds = signed > advised.result.commitment.recommended_usd
    assert (bound.next.ratchet_costs_usd > 0) == binds
    assert date(2027, 11, 2) in {d.day for d in bound.dates}


def test_what_the_vendor_may_see_gives_no_amount_away(year: Year, advised: Outcome) -> None:
    found = renewed(year.last, advised)
    shown = [f for f in found.leverage if f.may_be_shown]
    hidden = [f for f in found.leverage if not f.may_be_shown]
    assert any("batch rates" in f.fact for f in shown)
    assert not [f for f in shown if "USD" in f.fact or "$" in f.fact]
    assert any(f.fact.startswith("no agreement costs") for f in hidden)


def test_terms_that_overlap_and_advice_in_place_of_a_reforecast_are_refused(year: Year) -> None:
    with pytest.raises(TermsError, match="before the running contract ends"):
        last_reforecast(year.last, terms_of(2027))
    with pytest.raises(InputError, match="re-forecast the running contract first"):
        last_reforecast(year.contract.advice, NEXT)
