"""The terms: every clause of a contract, each with the plainest meaning as its default."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from forecast.records.base import Name, NonNegativeUsd, Record, Share
from forecast.records.terms.agreement import contradictions
from forecast.records.terms.discounts import DiscountShare, Platform, Tier, UsageShare
from forecast.records.terms.money import Credit, Currency, Fee
from forecast.records.terms.prices import ListChange, PriceProtection
from forecast.records.terms.rights import Renewal, TrueDown

PERIOD_MONTHS = {"monthly": 1, "quarterly": 3, "annual": 12}
"""Months of a settlement period; `term` settles once, at the end."""

Weight = Annotated[float, Field(gt=0.0, le=1e9)]


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
    on_exhaustion: Literal["overage", "early_renewal"] = "overage"
    """`early_renewal`: beyond the commitment, the rest of the term runs at the tier of a new
    commitment of the same size, which is then owed beyond the term."""
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
    ramp_weights: Annotated[tuple[Weight, ...], Field(max_length=10)] = ()
    """The commitment of each contract year relative to the others: [1, 1.5, 2] grows; empty is
    the same every month."""
    minimum_commitment_usd: NonNegativeUsd = Decimal(0)
    """The least that an agreement takes, compared like a tier; nothing at all stays possible."""
    monthly_minimum_share: Share = 0.0
    """Share of a period's commitment that is billed in each of its months, used or not."""
    true_downs: Annotated[tuple[TrueDown, ...], Field(max_length=40)] = ()
    tier_basis: Literal["annual", "term"] = "annual"
    tier_by: Literal["commitment", "consumption"] = "commitment"
    """`consumption`: volume tiers, reached by what a contract year consumes at list."""
    tier_reach: Literal["all", "above"] = "all"
    """Volume tiers: whether a tier's discount is for all usage or for that above its threshold."""
    platforms: Annotated[tuple[Platform, ...], Field(max_length=20)] = ()
    usage_shares: Annotated[tuple[UsageShare, ...], Field(max_length=200)] = ()
    """Our consumption by platform and family, where paths come without that split."""
    price_protection: PriceProtection = PriceProtection(list_prices="follow")
    expected_list_changes: Annotated[tuple[ListChange, ...], Field(max_length=40)] = ()
    """What we think may happen to the list: without any, price protection is worth nothing."""
    payment_months: Annotated[int, Field(ge=1, le=12)] | None = None
    """`burn_down`: months that each payment ahead covers; None pays a settlement period at once."""
    payment_days: Annotated[int, Field(ge=0, le=366)] = 0
    """Days from an invoice to its payment."""
    time_discount_rate: Annotated[float, Field(ge=0.0, le=1.0)] = 0.0
    """Yearly; above 0 every cost is in dollars of the first day of the term."""
    credits: Annotated[tuple[Credit, ...], Field(max_length=20)] = ()
    fees: Annotated[tuple[Fee, ...], Field(max_length=40)] = ()
    currency: Currency | None = None
    tax_share: Share = 0.0
    """Tax on every payment that we cannot recover. It makes all ways to pay dearer alike and moves
    no decision: amounts are before it, and cash tells it beside."""
    renewal: Renewal | None = None
    tiers: Annotated[tuple[Tier, ...], Field(min_length=1, max_length=50)]

    @model_validator(mode="after")
    def _clauses_agree(self) -> Self:
        found = next(contradictions(self), None)
        if found is not None:
            raise ValueError(found)
        return self

    @property
    def period_months(self) -> int:
        """Months of one settlement period."""
        return PERIOD_MONTHS.get(self.settlement, self.term_months)

    @property
    def n_periods(self) -> int:
        """Settlement periods of the term."""
        return self.term_months // self.period_months

    @property
    def period_weights(self) -> tuple[float, ...]:
        """The share of the term's commitment that each settlement period takes; sums to 1.

        >>> terms = Terms(term_start=date(2027, 1, 1), term_months=24, ramp_weights=(1, 3),
        ...     tiers=(Tier(from_commitment_usd=Decimal(0), discount_share=0),))
        >>> terms.period_weights
        (0.25, 0.75)
        """
        n = self.n_periods
        if not self.ramp_weights:
            return (1 / n,) * n
        parts = [self.ramp_weights[p * self.period_months // 12] for p in range(n)]
        return tuple(part / sum(parts) for part in parts)

    def tier_for(self, commitment_usd: Decimal | float) -> Tier:
        """Give the tier that a term commitment earns; with volume tiers always the first.

        >>> terms = Terms(term_start=date(2027, 1, 1), term_months=24, settlement="annual",
        ...     tiers=(Tier(from_commitment_usd=Decimal(0), discount_share=0),
        ...            Tier(from_commitment_usd=Decimal(100), discount_share=.1)))
        >>> terms.tier_for(199).discount_share, terms.tier_for(200).discount_share
        (0.0, 0.1)
        """
        if self.tier_by == "consumption":
            return self.tiers[0]
        amount = Decimal(commitment_usd)
        reached = [t for t in self.tiers if amount >= self.threshold_usd(t)]
        return reached[-1]

    def threshold_usd(self, tier: Tier) -> Decimal:
        """Give the term commitment from which `tier` is in force."""
        return self.over_term_usd(tier.from_commitment_usd)

    def over_term_usd(self, amount: Decimal) -> Decimal:
        """Give the term total of an amount that is stated like a tier's threshold."""
        if self.tier_basis == "term":
            return amount
        return amount * self.term_months / 12

    def platform(self, name: str) -> Platform:
        """Give the clause about a platform; one that is not named counts whole.

        >>> terms = Terms(term_start=date(2027, 1, 1), term_months=12,
        ...     tiers=(Tier(from_commitment_usd=Decimal(0), discount_share=0),))
        >>> terms.platform("anthropic").counts_share
        1.0
        """
        return next((p for p in self.platforms if p.name == name), Platform(name=name))

    @property
    def is_core(self) -> bool:
        """Whether list cost by settlement period settles this contract, at one price for all.

        >>> from forecast.records.terms.money import Fee
        >>> core = Terms(term_start=date(2027, 1, 1), term_months=12,
        ...     tiers=(Tier(from_commitment_usd=Decimal(0), discount_share=0),))
        >>> core.is_core, core.model_copy(update={"fees": (Fee(name="seats"),)}).is_core
        (True, False)
        """
        return not self.beyond_core

    @property
    def beyond_core(self) -> tuple[str, ...]:
        """The clauses in use that need more than one price for all usage of a period."""
        used = {
            "ramp_weights": len(set(self.ramp_weights)) > 1,
            "monthly_minimum_share": self.monthly_minimum_share > 0,
            "true_downs": bool(self.true_downs),
            "tier_by": self.tier_by != "commitment",
            "families": any(tier.families for tier in self.tiers),
            "platforms": bool(self.platforms),
            "expected_list_changes": bool(self.expected_list_changes),
            "time_discount_rate": self.time_discount_rate > 0,
            "credits": bool(self.credits),
            "fees": bool(self.fees),
        }
        return tuple(name for name, is_used in used.items() if is_used)

    @property
    def settles_by_month(self) -> bool:
        """Whether the months inside a settlement period have to be told apart.

        Only a ramp and true-downs do without: all other clauses beyond the core make a unit cost
        another price in another month, or draw in the order of the months.
        """
        return bool(set(self.beyond_core) - {"ramp_weights", "true_downs"})
