"""What was signed against what was advised, both on the stored scenarios."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from forecast.errors import InputError, TermsError
from forecast.pipeline.signing import sign
from forecast.records.contract import Signature, SignedContract
from forecast.records.recommendation import InputDigest
from forecast.records.terms import Fee, Offer
from forecast.sizing.assessment import assess
from forecast.units import to_cents

FILE = InputDigest(name="recommendation.json", sha256="0" * 64)
ANA = Signature(signatory="Ana", signed_on=date(2026, 12, 18))
WITH_REASON = ANA.model_copy(update={"reason": "the next tier holds for the second year"})


def signed(outcome, offer: Offer, signature: Signature = WITH_REASON) -> SignedContract:
    return sign(
        outcome.result,
        outcome.decisions,
        offer,
        signature,
        advice_digest=FILE,
        executed_digest=FILE,
    )


def test_signing_the_advice_costs_nothing_and_needs_no_reason(outcome) -> None:
    advice = outcome.result
    amount = advice.commitment.recommended_usd
    found = signed(outcome, Offer(terms=advice.terms, commitment_usd=amount), ANA)
    assert found.schedule == advice.commitment.schedule
    assert found.deviation.price_usd == 0
    assert found.deviation.commitment_change_usd == 0
    assert found.deviation.signed_expected_cost_usd == advice.commitment.cost.expected_usd
    assert found.deviation.is_within_indifference


def test_the_price_of_a_deviation_is_its_terms_then_its_amount(outcome) -> None:
    advice = outcome.result
    worse = advice.terms.model_copy(update={"name": "Executed", "overage": "committed_rate"})
    amount = advice.commitment.recommended_usd * 2
    found = signed(outcome, Offer(terms=worse, commitment_usd=amount)).deviation
    assert found.price_usd == found.terms_price_usd + found.amount_price_usd
    assert found.terms_price_usd < 0 < found.amount_price_usd
    paths = outcome.decisions.optimised_usd.sum(axis=(1, 2))[:, None]
    assert found.signed_expected_cost_usd == to_cents(
        assess(worse, amount, paths).expected_cost_usd
    )
    assert found.best_expected_cost_usd <= found.signed_expected_cost_usd


def test_a_deviation_asks_for_its_reason(outcome) -> None:
    offer = Offer(terms=outcome.result.terms, commitment_usd=Decimal(10**6))
    with pytest.raises(InputError, match="give the reason") as refused:
        signed(outcome, offer, ANA)
    assert refused.value.column == "signature.reason"


def test_a_ramp_keeps_the_amounts_of_its_periods(outcome) -> None:
    terms = outcome.result.terms.model_copy(update={"settlement": "quarterly"})
    amounts = tuple(Decimal(f"{n}0000.00") for n in (4, 6, 8, 9))
    found = signed(outcome, Offer(terms=terms, schedule_usd=amounts))
    assert found.amounts_usd == amounts
    assert found.commitment_usd == sum(amounts)
    assert found.schedule[1].period_start == date(terms.term_start.year, 4, 1)


def test_a_contract_of_other_months_is_refused(outcome) -> None:
    terms = outcome.result.terms
    longer = terms.model_copy(update={"term_months": 24})
    with pytest.raises(TermsError, match="24 months"):
        signed(outcome, Offer(terms=longer, commitment_usd=Decimal(1)))
    with pytest.raises(ValueError, match="settlement periods"):
        SignedContract.model_validate(
            signed(outcome, Offer(terms=terms, commitment_usd=Decimal(1))).model_dump()
            | {"schedule": ()}
        )


def test_a_clause_beyond_the_core_is_settled_too(outcome) -> None:
    advice = outcome.result
    amount = advice.commitment.recommended_usd
    fee = Fee(name="support", usd_per_month=Decimal(500))
    dearer = advice.terms.model_copy(update={"fees": (fee,)})
    found = signed(outcome, Offer(terms=dearer, commitment_usd=amount)).deviation
    assert found.terms_price_usd == Decimal(500) * advice.terms.term_months
    assert found.amount_price_usd == 0
