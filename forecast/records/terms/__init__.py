"""The contract as the order form states it: one file for each group of clauses."""

from forecast.records.terms.contract import PERIOD_MONTHS, Terms
from forecast.records.terms.discounts import (
    DiscountShare,
    FamilyDiscount,
    Platform,
    Tier,
    UsageShare,
)
from forecast.records.terms.money import Credit, Currency, Fee
from forecast.records.terms.offer import Offer
from forecast.records.terms.prices import ListChange, PriceProtection
from forecast.records.terms.rights import Renewal, TrueDown

__all__ = [
    "PERIOD_MONTHS",
    "Credit",
    "Currency",
    "DiscountShare",
    "FamilyDiscount",
    "Fee",
    "ListChange",
    "Offer",
    "Platform",
    "PriceProtection",
    "Renewal",
    "Terms",
    "Tier",
    "TrueDown",
    "UsageShare",
]
