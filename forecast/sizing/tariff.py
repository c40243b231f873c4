"""What a list dollar costs under a tier: within the commitment, beyond it, and with no deal.

    o = 0 | min(o, d) | d        overage at list, discounted, at the committed rate
    o' = max(o, d₀)              where usage is portable, d₀ the outside discount

d is the tier's discount. Overage is never cheaper than the tier itself, but usage that can
move goes to the outside price when that is lower.
"""

from __future__ import annotations

from dataclasses import dataclass

from forecast.records.terms import Terms, Tier


@dataclass(frozen=True)
class Tariff:
    """The two discounts in force in one settlement period.

    Attributes
    ----------
    discount_share
        d: off list, within the commitment.
    overage_discount_share
        o': off list, beyond the commitment.
    """

    discount_share: float
    overage_discount_share: float

    @property
    def committed_price(self) -> float:
        """USD per list dollar within the commitment, 1 − d."""
        return 1.0 - self.discount_share

    @property
    def overage_price(self) -> float:
        """USD per list dollar beyond the commitment, 1 − o'."""
        return 1.0 - self.overage_discount_share


def overage_discount(terms: Terms, discount_share: float) -> float:
    """Give the overage discount in force, o', under a tier with `discount_share`.

    >>> from datetime import date
    >>> from decimal import Decimal
    >>> terms = Terms(term_start=date(2027, 1, 1), term_months=12, overage="discounted",
    ...     overage_discount_share=0.10,
    ...     tiers=(Tier(from_commitment_usd=Decimal(0), discount_share=0),))
    >>> overage_discount(terms, 0.25), overage_discount(terms, 0.08)
    (0.1, 0.08)
    """
    if terms.overage == "committed_rate" or terms.on_exhaustion == "early_renewal":
        contractual = discount_share
    elif terms.overage == "list":
        contractual = 0.0
    else:
        contractual = min(terms.overage_discount_share, discount_share)
    if terms.usage_is_portable:
        return max(contractual, terms.outside_discount_share)
    return contractual


def tariff_of(terms: Terms, tier: Tier) -> Tariff:
    """Give the tariff of a commitment in `tier`."""
    return Tariff(tier.discount_share, overage_discount(terms, tier.discount_share))


def no_deal_discount(terms: Terms) -> float:
    """Give what no commitment at all gets off list: the better of the first tier and outside.

    >>> from datetime import date
    >>> from decimal import Decimal
    >>> no_deal_discount(Terms(term_start=date(2027, 1, 1), term_months=12,
    ...     outside_discount_share=0.1,
    ...     tiers=(Tier(from_commitment_usd=Decimal(0), discount_share=0.05),)))
    0.1
    """
    return max(terms.tiers[0].discount_share, terms.outside_discount_share)


def no_deal_tariff(terms: Terms) -> Tariff:
    """Give the tariff of paying on demand: everything is beyond a commitment of zero."""
    return Tariff(terms.tiers[0].discount_share, no_deal_discount(terms))


@dataclass(frozen=True)
class UnitPrices:
    """What a unit of commitment costs; a unit is a dollar of C, in the drawdown basis.

    Attributes
    ----------
    list_usd
        a: units that a list dollar of consumption draws, 1 − d contracted, 1 on a list basis.
    used, unused
        u, v: USD paid for a unit that is used, and for one that is not.
    beyond
        w: USD paid for consuming a unit beyond the commitment.
    """

    list_usd: float
    used: float
    unused: float
    beyond: float


def unit_prices(terms: Terms, tariff: Tariff) -> UnitPrices:
    """Give the unit prices under a tariff.

        contracted   a = 1 − d,  u = v = 1,               w = (1 − o')/(1 − d)
        list         a = 1,      u = 1 − d,  v = 1 or u,  w = 1 − o'

    >>> from datetime import date
    >>> from decimal import Decimal
    >>> terms = Terms(term_start=date(2027, 1, 1), term_months=12,
    ...     tiers=(Tier(from_commitment_usd=Decimal(0), discount_share=0),))
    >>> unit_prices(terms, Tariff(0.25, 0.0))
    UnitPrices(list_usd=0.75, used=1.0, unused=1.0, beyond=1.3333333333333333)
    """
    if terms.drawdown_basis == "contracted":
        beyond = tariff.overage_price / tariff.committed_price
        return UnitPrices(tariff.committed_price, 1.0, 1.0, beyond)
    unused = 1.0 if terms.shortfall_price == "face" else tariff.committed_price
    return UnitPrices(1.0, tariff.committed_price, unused, tariff.overage_price)
