"""One commitment, settled on every path and described."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from forecast.paths import Floats
from forecast.records.sizing_result import CostRisk, Headline, WasteRisk
from forecast.records.terms import Terms, Tier
from forecast.sizing.consumption import Consumed, split_by_group, total_of
from forecast.sizing.list_changes import contract_list, market_list
from forecast.sizing.risk import cost_risk, headline, waste_risk
from forecast.sizing.schedule import schedule_of
from forecast.sizing.settlement import (
    HALF_CENT_USD,
    Settlement,
    settle,
    tiers_in_force,
)
from forecast.units import to_cents

AT_ONE_DISCOUNT = frozenset(
    {
        "ramp_weights",
        "monthly_minimum_share",
        "expected_list_changes",
        "time_discount_rate",
        "credits",
        "fees",
    }
)
"""Clauses beyond the core that leave all usage of a period at the discount of its tier."""


@dataclass(frozen=True)
class Assessment:
    """What follows from signing one commitment.

    Attributes
    ----------
    commitment_usd
        Term total.
    settlement
        Every path, arrays of shape [M].
    discount_share
        Off list, within the commitment; the mean over consumption where it changes.
    percentile
        P(term consumption in the drawdown basis ≤ commitment).
    """

    commitment_usd: Decimal
    settlement: Settlement
    discount_share: float
    percentile: float

    @property
    def cost(self) -> Floats:
        """Cost of every path, [M] USD."""
        return self.settlement.cost

    @property
    def unused(self) -> Floats:
        """Committed and not used on every path, [M] USD."""
        return self.settlement.unused

    @property
    def expected_cost_usd(self) -> float:
        """Mean cost, not rounded."""
        return float(self.cost.mean())

    @property
    def sampling_error_usd(self) -> float:
        """Standard error of the expected cost; 0 for a single path."""
        m = len(self.cost)
        return float(self.cost.std(ddof=1)) / m**0.5 if m > 1 else 0.0

    @property
    def shortfall_probability(self) -> float:
        """P(any period is trued up)."""
        return _share_of(self.settlement.shortfall)

    @property
    def overage_probability(self) -> float:
        """P(any period goes beyond its commitment)."""
        return _share_of(self.settlement.overrun)

    @property
    def cost_risk(self) -> CostRisk:
        """Everything paid over the term."""
        return cost_risk(self.cost)

    @property
    def waste_risk(self) -> WasteRisk:
        """Committed and not used."""
        return waste_risk(self.unused)

    @property
    def headline(self) -> Headline:
        """The four numbers."""
        return headline(self.commitment_usd, self.cost_risk, self.waste_risk)


def assess(
    terms: Terms,
    commitment: Decimal | float | Sequence[Decimal],
    list_usd: Consumed,
    *,
    tier: Tier | None = None,
) -> Assessment:
    """Settle one commitment on every path and describe what follows.

    Parameters
    ----------
    terms
        The contract.
    commitment
        Term total, split as the terms say, or one amount per settlement period.
    list_usd
        [M, P] list cost by settlement period, or `Consumption` where a clause needs more.
    tier
        The discount to use; by default what the commitment earns.

    Examples
    --------
    >>> from datetime import date
    >>> terms = Terms(term_start=date(2027, 1, 1), term_months=12, tiers=(
    ...     Tier(from_commitment_usd=Decimal(0), discount_share=0),
    ...     Tier(from_commitment_usd=Decimal(50), discount_share=0.25)))
    >>> found = assess(terms, Decimal(75), np.array([[80.0], [140.0]]))
    >>> found.percentile, found.shortfall_probability, found.expected_cost_usd
    (0.5, 0.5, 95.0)
    """
    if isinstance(commitment, Decimal | float | int):
        total = to_cents(Decimal(commitment) if isinstance(commitment, int) else commitment)
        schedule = schedule_of(terms, total)
    else:
        total = sum(commitment, Decimal(0))
        schedule = np.array([float(amount) for amount in commitment])
    settled = settle(terms, schedule, list_usd, tier=tier)
    by_contract = terms.drawdown_basis == "contracted"
    drawable = settled.contracted if by_contract else total_of(list_usd)
    return Assessment(
        commitment_usd=total,
        settlement=settled,
        discount_share=_discount_share(terms, schedule, tier, settled, list_usd),
        percentile=_share_of(drawable <= float(total) + HALF_CENT_USD),
    )


def _discount_share(
    terms: Terms, schedule: Floats, tier: Tier | None, settled: Settlement, list_usd: Consumed
) -> float:
    """Give the discount within the commitment, weighted by consumption where it changes."""
    if AT_ONE_DISCOUNT.issuperset(terms.beyond_core):
        in_force = {
            no_deal.discount_share if each is None else each.discount_share
            for no_deal in [terms.tiers[0]]
            for each in tiers_in_force(terms, schedule, tier)
        }
        if len(in_force) == 1:
            return max(in_force)
    consumed = float(at_contract_list(terms, list_usd).sum())
    if consumed == 0:
        return terms.tiers[0].discount_share
    return min(1.0, max(0.0, 1 - float(settled.contracted.sum()) / consumed))


def at_contract_list(terms: Terms, list_usd: Consumed) -> Floats:
    """Give the consumption of the term at the list that contract prices are taken off, [M].

    >>> from datetime import date
    >>> from forecast.records.terms import ListChange
    >>> from forecast.sizing.consumption import for_settlement
    >>> terms = Terms(term_start=date(2027, 1, 1), term_months=12, tiers=(
    ...     Tier(from_commitment_usd=Decimal(0), discount_share=0),),
    ...     expected_list_changes=(ListChange(month=7, change_share=0.1),))
    >>> at_contract_list(terms, for_settlement(terms, np.full((1, 12), 10.0))).tolist()
    [126.0]
    """
    if not terms.expected_list_changes:
        return total_of(list_usd)
    usage = split_by_group(terms, list_usd).total
    market = market_list(terms, len(usage))
    return np.asarray((usage * contract_list(terms.price_protection, market)).sum(axis=1))


def _share_of(flags: NDArray[np.bool_]) -> float:
    return int(np.count_nonzero(flags)) / len(flags)
