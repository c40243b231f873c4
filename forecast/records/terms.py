"""The contract as the order form states it: the core of a terms file, and an offer."""

from __future__ import annotations

import itertools
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from forecast.records.base import Name, NonNegativeUsd, Record, Share
from forecast.units import month_of

DiscountShare = Annotated[float, Field(ge=0.0, lt=1.0)]

PERIOD_MONTHS = {"monthly": 1, "quarterly": 3, "annual": 12}
"""Months of a settlement period; `term` settles once, at the end."""


class Tier(Record):
    """A discount, and the signed commitment from which it is given."""

    from_commitment_usd: NonNegativeUsd
    """Annualised commitment (the term's own with `tier_basis = "term"`)."""
    discount_share: DiscountShare


class Terms(Record):
    """What a contract says; every default is the plainest meaning of the word."""

    name: Name = "Contract"
    term_start: date
    term_months: Annotated[int, Field(ge=1, le=120)]
    settlement: Literal["monthly", "quarterly", "annual", "term"] = "annual"
    """The period a commitment belongs to; each period settles alone."""
    kind: Literal["build_up", "burn_down"] = "build_up"
    """Pay as usage comes and true up, or pay ahead and draw down: same totals, other dates."""
    drawdown_basis: Literal["contracted", "list"] = "contracted"
    """Whether a dollar of commitment is a dollar paid, or a dollar of list usage."""
    shortfall_price: Literal["face", "discounted"] = "face"
    """Basis `list` only: what the unretired rest of the commitment costs."""
    overage: Literal["list", "committed_rate", "discounted"] = "list"
    overage_discount_share: DiscountShare = 0.0
    """Off list, with `overage = "discounted"`; the tier's own discount caps it."""
    rollover_share: Share = 0.0
    """Share of the unused that is carried into the next period of the term."""
    rollover_periods: Annotated[int, Field(ge=1, le=120)] = 1
    """Periods a carried dollar lives."""
    unused_value_share: DiscountShare = 0.0
    """What a dollar still unused at the end of the term is worth to us."""
    outside_discount_share: DiscountShare = 0.0
    """What the same tokens cost elsewhere, off list: the price of no deal."""
    usage_is_portable: bool = True
    """Usage beyond the commitment may go to the outside price too."""
    tier_basis: Literal["annual", "term"] = "annual"
    tiers: Annotated[tuple[Tier, ...], Field(min_length=1, max_length=50)]

    @model_validator(mode="after")
    def _clauses_agree(self) -> Self:
        if self.term_start != month_of(self.term_start):
            raise ValueError(f"term_start is the first day of a month, not {self.term_start}")
        thresholds = [tier.from_commitment_usd for tier in self.tiers]
        if thresholds[0] != 0:
            raise ValueError("tiers: the first one is what on-demand pays, from_commitment_usd 0")
        if any(b <= a for a, b in itertools.pairwise(thresholds)):
            raise ValueError("tiers: from_commitment_usd must rise from each tier to the next")
        period = PERIOD_MONTHS.get(self.settlement, self.term_months)
        if self.term_months % period:
            raise ValueError(
                f"settlement {self.settlement!r} does not divide a term of "
                f"{self.term_months} months; use settlement = 'term' or another term"
            )
        if self.overage_discount_share and self.overage != "discounted":
            raise ValueError(
                f"overage_discount_share contradicts overage = {self.overage!r}; "
                "use overage = 'discounted'"
            )
        return self

    @property
    def period_months(self) -> int:
        """Months of one settlement period."""
        return PERIOD_MONTHS.get(self.settlement, self.term_months)

    @property
    def n_periods(self) -> int:
        """Settlement periods of the term."""
        return self.term_months // self.period_months

    def tier_for(self, commitment_usd: Decimal | float) -> Tier:
        """Give the tier that a term commitment earns.

        >>> terms = Terms(term_start=date(2027, 1, 1), term_months=24, settlement="annual",
        ...     tiers=(Tier(from_commitment_usd=Decimal(0), discount_share=0),
        ...            Tier(from_commitment_usd=Decimal(100), discount_share=.1)))
        >>> terms.tier_for(199).discount_share, terms.tier_for(200).discount_share
        (0.0, 0.1)
        """
        amount = Decimal(commitment_usd)
        reached = [t for t in self.tiers if amount >= self.threshold_usd(t)]
        return reached[-1]

    def threshold_usd(self, tier: Tier) -> Decimal:
        """Give the term commitment from which `tier` is in force."""
        if self.tier_basis == "term":
            return tier.from_commitment_usd
        return tier.from_commitment_usd * self.term_months / 12


class Offer(Record):
    """A vendor's proposal: terms with the commitment filled in."""

    terms: Terms
    commitment_usd: NonNegativeUsd | None = None
    schedule_usd: tuple[NonNegativeUsd, ...] | None = None
    """One amount per settlement period; None splits `commitment_usd` equally by month."""

    @model_validator(mode="after")
    def _names_one_amount(self) -> Self:
        if (self.commitment_usd is None) == (self.schedule_usd is None):
            raise ValueError("an offer names commitment_usd or schedule_usd, one of them")
        if self.schedule_usd is not None and len(self.schedule_usd) != self.terms.n_periods:
            raise ValueError(
                f"schedule_usd has {len(self.schedule_usd)} amounts for "
                f"{self.terms.n_periods} settlement periods"
            )
        return self

    @property
    def total_usd(self) -> Decimal:
        """The term total of the commitment."""
        if self.schedule_usd is not None:
            return sum(self.schedule_usd, Decimal(0))
        assert self.commitment_usd is not None
        return self.commitment_usd
