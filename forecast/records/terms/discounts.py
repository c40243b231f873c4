"""Who gets which discount: tiers, model families, and the platforms that count."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from forecast.records.base import Name, NonNegativeUsd, Record, Share

DiscountShare = Annotated[float, Field(ge=0.0, lt=1.0)]


class FamilyDiscount(Record):
    """The discount of one model family inside a tier."""

    family: Name
    """As rate cards name it: opus, sonnet, haiku, …"""
    discount_share: DiscountShare


class Tier(Record):
    """A discount, and the signed commitment from which it is given."""

    from_commitment_usd: NonNegativeUsd
    """Annualised commitment (the term's own with `tier_basis = "term"`); annualised list
    consumption with `tier_by = "consumption"`."""
    discount_share: DiscountShare
    families: Annotated[tuple[FamilyDiscount, ...], Field(max_length=50)] = ()
    """Families with a discount of their own; `discount_share` is that of all others."""

    def discount_of(self, family: str) -> float:
        """Give the discount of a model family.

        >>> from decimal import Decimal
        >>> tier = Tier(from_commitment_usd=Decimal(0), discount_share=0.1,
        ...     families=(FamilyDiscount(family="haiku", discount_share=0.3),))
        >>> tier.discount_of("haiku"), tier.discount_of("opus")
        (0.3, 0.1)
        """
        own = {each.family: each.discount_share for each in self.families}
        return own.get(family, self.discount_share)


class Platform(Record):
    """How usage on one platform stands to the commitment; one that is not named counts whole."""

    name: Name
    counts_share: Share = 1.0
    """Share of a dollar used there that draws the commitment down: 0 is not eligible, 0.25 a
    marketplace that credits a quarter."""
    discount_share: DiscountShare | None = None
    """Off list, on the part that does not count; None gives it the tier's discount too."""


class UsageShare(Record):
    """A part of our consumption, where paths come without a split by platform and family."""

    platform: Name = "anthropic"
    family: Name = "all"
    share: Share
