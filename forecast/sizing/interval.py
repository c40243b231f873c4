"""How much the number would move: with other evidence, and before it costs anything.

The interval resamples the evidence, so more paths do not narrow it. The indifference band asks
the other question: which commitments are practically as good as the best on these paths.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import numpy as np

from forecast.paths import quantile
from forecast.records.sizing_result import IndifferenceBand, Interval
from forecast.records.terms import Terms
from forecast.sizing.consumption import Consumed
from forecast.sizing.search import Optimum, TierRange, cheapest_commitment, tier_ranges
from forecast.units import CENT, to_cents

INTERVAL_MASS = 0.8
"""The band that the page shows; a convention, like the P80 budget."""

TOLERANCE_SHARE = 0.005
"""Half a per cent of the expected cost counts as the same; a convention, shown with the band."""


def optimum_interval(
    terms: Terms, replicates: Iterable[Consumed], mass: float = INTERVAL_MASS
) -> Interval | None:
    """Give the central quantiles of the optima of resampled evidence.

    Parameters
    ----------
    replicates
        List cost [M, P] by settlement period, as each replicate of the evidence has it.
    mass
        Share of the optima between the bounds.

    Returns
    -------
    Interval or None
        None without any replicate: then the paths are all we know.
    """
    optima = np.array([float(cheapest_commitment(terms, paths)) for paths in replicates])
    if not len(optima):
        return None
    return Interval(
        lower_usd=to_cents(quantile(optima, (1 - mass) / 2)),
        upper_usd=to_cents(quantile(optima, (1 + mass) / 2)),
        interval_mass=mass,
    )


def indifference_band(
    terms: Terms, list_usd: Consumed, best: Optimum, tolerance_share: float = TOLERANCE_SHARE
) -> IndifferenceBand:
    """Give the stretch of commitments around the best that cost at most the tolerance more.

    Every commitment inside the band is within the tolerance. Under tiers there may be others
    beyond a stretch that is not; they are not part of the band.

    Parameters
    ----------
    list_usd
        [M, P] list cost by settlement period, or `Consumption`.
    best
        What `best_commitment` found on them.

    Examples
    --------
    >>> from datetime import date
    >>> from forecast.records.terms import Tier
    >>> from forecast.sizing.search import best_commitment
    >>> terms = Terms(term_start=date(2027, 1, 1), term_months=12, tiers=(
    ...     Tier(from_commitment_usd=Decimal(0), discount_share=0),
    ...     Tier(from_commitment_usd=Decimal(1), discount_share=0.25)))
    >>> paths = np.array([[100.0], [100.0]])
    >>> band = indifference_band(terms, paths, best_commitment(terms, paths))
    >>> str(band.lower_usd), str(band.upper_usd)
    ('73.88', '75.37')
    """
    limit = best.expected_cost_usd + tolerance_share * abs(best.expected_cost_usd)
    ranges = list(tier_ranges(terms, list_usd, limit_usd=limit))
    ours = best.commitment_usd
    return IndifferenceBand(
        lower_usd=_lower([r for r in ranges if r.lower_usd <= ours], ours, limit),
        upper_usd=_upper([r for r in ranges if r.upper_usd >= ours], ours, limit),
        tolerance_share=tolerance_share,
    )


def _lower(ranges: list[TierRange], start: Decimal, limit: float) -> Decimal:
    """Walk down from `start`, tier by tier, to the last cent within the limit."""
    reached = start
    for tier in reversed(ranges) if start else ():
        if tier.upper_usd < reached - CENT:
            break
        from_usd = min(start, tier.upper_usd)
        if from_usd < start and tier.expected.cost_at(float(from_usd)) > limit:
            break
        end = tier.expected.reach_down(float(from_usd), limit)
        if end is not None:
            return min(_cents_above(end), reached)
        reached = tier.lower_usd
    return reached


def _upper(ranges: list[TierRange], start: Decimal, limit: float) -> Decimal:
    """Walk up from `start`, tier by tier, to the last cent within the limit."""
    reached = start
    for tier in ranges:
        if tier.lower_usd > reached + CENT:
            break
        from_usd = max(start, tier.lower_usd)
        if tier.expected.cost_at(float(from_usd)) > limit:
            break
        end = tier.expected.reach_up(float(from_usd), limit)
        if end is not None:
            return max(_cents_below(end), reached)
        reached = tier.upper_usd
    return reached


def _cents_above(amount: float) -> Decimal:
    return Decimal(f"{amount:.6f}").quantize(CENT, rounding=ROUND_CEILING)


def _cents_below(amount: float) -> Decimal:
    return Decimal(f"{amount:.6f}").quantize(CENT, rounding=ROUND_FLOOR)
