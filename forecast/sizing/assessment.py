"""One commitment, settled on every path and described."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from forecast.paths import Floats
from forecast.records.recommendation import CostRisk, Headline, WasteRisk
from forecast.records.terms import Terms, Tier
from forecast.sizing.risk import cost_risk, headline, waste_risk
from forecast.sizing.schedule import equal_schedule
from forecast.sizing.settlement import (
    HALF_CENT_USD,
    Settlement,
    settle,
    tariffs_by_period,
)
from forecast.units import to_cents


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
        Off list, within the commitment; the mean over consumption when a ramp crosses tiers.
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
    list_usd: Floats,
    *,
    tier: Tier | None = None,
) -> Assessment:
    """Settle one commitment on every path and describe what follows.

    Parameters
    ----------
    terms
        The contract.
    commitment
        Term total, split equally by month, or one amount per settlement period.
    list_usd
        [M, P] list cost by settlement period.
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
        schedule = equal_schedule(terms, total)
    else:
        total = sum(commitment, Decimal(0))
        schedule = np.array([float(amount) for amount in commitment])
    settled = settle(terms, schedule, list_usd, tier=tier)
    list_total = list_usd.sum(axis=1)
    drawable = settled.contracted if terms.drawdown_basis == "contracted" else list_total
    return Assessment(
        commitment_usd=total,
        settlement=settled,
        discount_share=_discount_share(terms, schedule, tier, settled, list_total),
        percentile=_share_of(drawable <= float(total) + HALF_CENT_USD),
    )


def _discount_share(
    terms: Terms, schedule: Floats, tier: Tier | None, settled: Settlement, list_total: Floats
) -> float:
    """Give the discount within the commitment, weighted by consumption where it changes."""
    in_force = {t.discount_share for t in tariffs_by_period(terms, schedule, tier)}
    consumed = float(list_total.sum())
    if len(in_force) == 1 or consumed == 0:
        return max(in_force)
    return 1 - float(settled.contracted.sum()) / consumed


def _share_of(flags: NDArray[np.bool_]) -> float:
    return int(np.count_nonzero(flags)) / len(flags)
