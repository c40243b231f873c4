"""The commitment curve: what follows from every commitment between none and too much."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from forecast.paths import quantile
from forecast.records.sizing_result import CurvePoint
from forecast.records.terms import Terms
from forecast.sizing.assessment import assess
from forecast.sizing.consumption import Consumed, total_of
from forecast.sizing.search import Optimum, tier_floor_usd
from forecast.units import CENT, to_cents

N_POINTS = 41
"""Points of the curve; enough to draw, few enough to read as a table."""

BEYOND = 1.1
"""The curve ends this much above the 95th percentile of what could be used up."""


def commitment_curve(terms: Terms, list_usd: Consumed, best: Optimum) -> tuple[CurvePoint, ...]:
    """Settle about 41 commitments on the same paths.

    Among them are zero, the recommendation, and both sides of every threshold in reach: there
    the curve jumps.

    Parameters
    ----------
    list_usd
        [M, P] list cost by settlement period, or `Consumption`.
    """
    points = []
    for commitment in _commitments(terms, list_usd, best):
        found = assess(terms, commitment, list_usd)
        points.append(
            CurvePoint(
                commitment_usd=commitment,
                discount_share=found.discount_share,
                expected_cost_usd=found.cost_risk.expected_usd,
                p80_cost_usd=found.cost_risk.p80_usd,
                waste_expected_usd=found.waste_risk.expected_usd,
                shortfall_probability=found.shortfall_probability,
                overage_probability=found.overage_probability,
            )
        )
    return tuple(points)


def _commitments(terms: Terms, list_usd: Consumed, best: Optimum) -> list[Decimal]:
    p95 = quantile(total_of(list_usd), 0.95)
    if terms.drawdown_basis == "contracted":
        p95 *= 1 - terms.tiers[0].discount_share
    end = to_cents(max(BEYOND * p95, BEYOND * float(best.commitment_usd), 1.0))
    marked = {Decimal("0.00"), end, best.commitment_usd}
    for found in best.per_tier[1:]:
        threshold = tier_floor_usd(terms, found.tier)
        if threshold <= end:
            marked |= {threshold - CENT, threshold}
    n_even = max(N_POINTS - len(marked), N_POINTS // 2)
    even = {to_cents(float(x)) for x in np.linspace(0.0, float(end), n_even + 2)[1:-1]}
    return sorted(marked | even)
