from datetime import date
from decimal import Decimal

import pytest
from pydantic import ValidationError

from forecast.records.terms import Offer, Terms, Tier

FLAT = {"term_start": date(2027, 1, 1), "term_months": 12}
ZERO = {"from_commitment_usd": "0", "discount_share": 0.0}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tiers": []}, "at least 1 item"),
        ({"tiers": [{"from_commitment_usd": "5", "discount_share": 0.1}]}, "on-demand"),
        (
            {
                "tiers": [
                    ZERO,
                    {"from_commitment_usd": "9", "discount_share": 0.1},
                    {"from_commitment_usd": "5", "discount_share": 0.2},
                ]
            },
            "must rise",
        ),
        ({"term_months": 0}, "greater than or equal to 1"),
        ({"term_months": 14, "settlement": "quarterly"}, "does not divide"),
        ({"overage_discount_share": 0.05}, "contradicts overage"),
        ({"term_start": date(2027, 1, 15)}, "first day of a month"),
        ({"surprise": 1}, "Extra inputs"),
    ],
)
def test_terms_that_cannot_be_settled_are_refused(changes, said):
    with pytest.raises(ValidationError, match=said):
        Terms.model_validate(FLAT | {"tiers": [ZERO]} | changes)


def test_tiers_compare_with_the_annualised_commitment():
    tiers = (
        Tier(from_commitment_usd=Decimal(0), discount_share=0),
        Tier(from_commitment_usd=Decimal(250_000), discount_share=0.1),
    )
    two_years = Terms(**FLAT | {"term_months": 24}, tiers=tiers)
    assert two_years.tier_for(499_999).discount_share == 0
    assert two_years.tier_for(500_000).discount_share == 0.1
    by_term = two_years.model_copy(update={"tier_basis": "term"})
    assert by_term.tier_for(250_000).discount_share == 0.1


def test_an_offer_names_one_amount():
    terms = Terms(**FLAT, settlement="quarterly", tiers=(Tier.model_validate(ZERO),))
    quarters = tuple(Decimal(n) for n in (1, 2, 3, 4))
    assert Offer(terms=terms, schedule_usd=quarters).total_usd == 10
    with pytest.raises(ValidationError, match="one of them"):
        Offer(terms=terms, schedule_usd=quarters, commitment_usd=Decimal(1))
    with pytest.raises(ValidationError, match="3 amounts for 4"):
        Offer(terms=terms, schedule_usd=quarters[:3])
