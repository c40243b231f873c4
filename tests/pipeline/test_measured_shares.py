"""A contract that tells model families apart is recommended on the measured split."""

from __future__ import annotations

import pytest

from forecast.records.recommendation import Recommendation
from forecast.records.terms import FamilyDiscount
from forecast.sizing.decision import size


@pytest.fixture(scope="module")
def family_outcome(buyer):
    first, *others = buyer.terms.tiers
    raised = [
        tier.model_copy(update={"families": (FamilyDiscount(family="haiku", discount_share=0.35),)})
        for tier in others
    ]
    return buyer.run(terms=buyer.terms.model_copy(update={"tiers": (first, *raised)}))


def test_the_split_is_measured_and_stands_in_the_terms(family_outcome):
    result = family_outcome.result
    assert isinstance(result, Recommendation)
    shares = result.terms.usage_shares
    assert sum(part.share for part in shares) == pytest.approx(1, abs=1e-9)
    assert len({part.family for part in shares}) > 1
    assert result.commitment.recommended_usd > 0


def test_the_stored_decision_set_replays_it(family_outcome):
    result = family_outcome.result
    replayed = size(result.terms, family_outcome.decisions.optimised_usd.sum(axis=2))
    assert replayed.headline == result.headline


def test_a_contract_that_needs_no_split_states_none(outcome):
    assert outcome.result.terms.usage_shares == ()
