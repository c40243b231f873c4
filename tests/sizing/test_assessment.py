"""What is said of one commitment: the discount it earns, whatever else changes its price."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from forecast.records.terms import Fee, ListChange, PriceProtection, Terms, Tier
from forecast.sizing.assessment import assess
from forecast.sizing.consumption import Consumption, Group

MONTHLY = np.linspace(60_000, 120_000, 40)[:, None] * np.ones(12)
SIGNED = Decimal(700_000)


def contract(**clauses: object) -> Terms:
    return Terms.model_validate(
        {
            "term_start": date(2027, 1, 1),
            "term_months": 12,
            "tiers": (
                Tier(from_commitment_usd=Decimal(0), discount_share=0.0),
                Tier(from_commitment_usd=Decimal(500_000), discount_share=0.14),
            ),
            **clauses,
        }
    )


@pytest.mark.parametrize(
    "clauses",
    [
        {"expected_list_changes": (ListChange(month=7, change_share=0.1),)},
        {"expected_list_changes": (ListChange(month=2, change_share=-0.3, probability=0.5),)},
        {"fees": (Fee(name="seats", usd_per_month=Decimal(4_000), counts=True),)},
        {"time_discount_rate": 0.08, "payment_days": 60},
        {"monthly_minimum_share": 0.05},
    ],
)
def test_a_tier_of_14_percent_is_14_percent_off_whatever_the_list_does(
    clauses: dict[str, object],
) -> None:
    found = assess(contract(**clauses), SIGNED, Consumption({Group(): MONTHLY}))
    assert found.discount_share == 0.14


def test_a_rise_of_the_list_is_not_a_smaller_discount_where_families_differ() -> None:
    tiers = (
        Tier(from_commitment_usd=Decimal(0), discount_share=0.0),
        Tier.model_validate(
            {
                "from_commitment_usd": Decimal(500_000),
                "discount_share": 0.10,
                "families": ({"family": "opus", "discount_share": 0.20},),
            }
        ),
    )
    used = Consumption({Group(family="opus"): MONTHLY, Group(family="haiku"): MONTHLY / 3})
    rise = (ListChange(month=1, change_share=0.25),)
    still = assess(contract(tiers=tiers), SIGNED, used).discount_share
    follows = contract(tiers=tiers, expected_list_changes=rise)
    locked = contract(tiers=tiers, expected_list_changes=rise, price_protection=PriceProtection())
    assert still == pytest.approx(0.75 * 0.20 + 0.25 * 0.10)
    assert assess(follows, SIGNED, used).discount_share == pytest.approx(still)
    assert assess(locked, SIGNED, used).discount_share == pytest.approx(still)
