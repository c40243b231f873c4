"""A whole decision under any contract: it comes about, agrees with itself and reads back."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
from clause_contracts import clause_contracts, consumption, usage_of
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast.records.sizing_result import Sizing
from forecast.records.terms import Offer, Terms
from forecast.sizing.consumption import Consumption
from forecast.sizing.decision import size


@st.composite
def decisions(draw: st.DrawFn) -> tuple[Terms, Consumption, Decimal]:
    terms = draw(clause_contracts())
    paths = consumption(draw(usage_of(terms.term_months, draw(st.sampled_from([1, 4])))))
    return terms, paths, draw(st.integers(0, 400_000).map(Decimal))


@given(decisions())
@settings(max_examples=25, deadline=None)
def test_any_contract_is_decided(drawn: tuple[Terms, Consumption, Decimal]) -> None:
    terms, paths, amount = drawn
    offer = Offer(terms=terms.model_copy(update={"name": "As asked"}), commitment_usd=amount)
    found = size(terms, paths, offers=[offer])
    assert Sizing.model_validate_json(found.model_dump_json(), strict=True) == found
    assert sum(p.commitment_usd for p in found.commitment.schedule) == (
        found.commitment.recommended_usd
    )
    cheapest = found.commitment.cost.expected_usd
    assert cheapest <= found.commitment.no_deal_expected_cost_usd + Decimal("0.01")
    (score,) = found.offers
    assert score.expected_cost_usd >= cheapest - Decimal("0.02") * terms.n_periods
    if not terms.time_discount_rate and not terms.unused_value_share:
        cash = sum((row.cash_usd for row in found.cash), Decimal(0))
        assert abs(cash - cheapest) <= Decimal("0.02") * (len(found.cash) + 1)
    assert all(move.expected_unused_usd >= 0 for move in found.moves)


def test_paths_without_any_consumption_are_decided() -> None:
    from sizing_contracts import contract

    found = size(contract([(0, 0.0), (100, 0.1)]), np.zeros((300, 12)))
    assert found.commitment.recommended_usd == 0
    assert found.positions == () or all(p.issue != "commitment" for p in found.positions)
