"""The cheapest commitment, exactly.

A higher commitment can earn a better discount on everything, so the expected cost jumps at
every threshold and is not convex across tiers: the optimum may be a threshold that no quantile
formula would name. So every tier is searched for itself, at both of its ends and at every kink
between (`expected`), and the best of the tiers is set against no deal at all.

What is minimised is written once, in `objective_usd`; `expected` is its exact form as a
function of the commitment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from forecast.paths import Floats
from forecast.records.terms import Terms, Tier
from forecast.sizing.expected import ExpectedCost, SortedConsumption
from forecast.sizing.schedule import equal_schedule
from forecast.sizing.settlement import settle
from forecast.sizing.tariff import no_deal_discount
from forecast.sizing.walked import candidate_range, walked_expected_cost
from forecast.units import CENT, to_cents

TIE_SHARE = 1e-12
"""Costs this near in relative terms are equal; then the smaller commitment is taken."""


def objective_usd(cost: Floats) -> float:
    """Give what a decision minimises: the expected cost of [M] equally weighted paths."""
    return float(cost.mean())


@dataclass(frozen=True)
class TierOptimum:
    """The best commitment of one tier.

    Attributes
    ----------
    tier
        Its discount and threshold.
    commitment_usd
        Term total in whole cents, inside the tier; 0 is paying on demand.
    expected_cost_usd
        At that commitment, not rounded.
    """

    tier: Tier
    commitment_usd: Decimal
    expected_cost_usd: float


@dataclass(frozen=True)
class Optimum:
    """The best commitment over all tiers, and of every tier.

    Attributes
    ----------
    commitment_usd
        Term total in whole cents; 0 is paying on demand.
    tier
        The tier it earns.
    expected_cost_usd
        At that commitment, not rounded.
    no_deal_expected_cost_usd
        Of paying on demand.
    per_tier
        The best of each tier, in the order of the terms.
    """

    commitment_usd: Decimal
    tier: Tier
    expected_cost_usd: float
    no_deal_expected_cost_usd: float
    per_tier: tuple[TierOptimum, ...]

    def as_tier_optimum(self) -> TierOptimum:
        """Give the best commitment as one of the tiers'."""
        return TierOptimum(self.tier, self.commitment_usd, self.expected_cost_usd)


@dataclass(frozen=True)
class TierRange:
    """The whole-cent commitments of one tier and their exact expected cost."""

    tier: Tier
    lower_usd: Decimal
    upper_usd: Decimal
    expected: ExpectedCost

    def optimum(self) -> TierOptimum:
        """Give the tier's cheapest commitment, rounded to cents without leaving the tier."""
        cents = to_cents(self.expected.cheapest())
        inside = min(max(cents, self.lower_usd), self.upper_usd)
        return TierOptimum(self.tier, inside, self.expected.cost_at(float(inside)))


def tier_ranges(
    terms: Terms, list_usd: Floats, *, limit_usd: float | None = None
) -> Iterator[TierRange]:
    """Give every tier that holds a whole-cent commitment, with its exact expected cost.

    The last tier is followed to twice the largest commitment that any path could use up: from
    there on every dollar more is wasted on every path. With rollover only the part of a tier
    that may hold its best commitment is followed, or that may cost at most `limit_usd`; then
    tiers without such a part are left out.

    Parameters
    ----------
    list_usd
        [M, P] list cost by settlement period.
    """
    consumption = SortedConsumption(list_usd)
    lower = [tier_floor_usd(terms, tier) for tier in terms.tiers]
    ceiling = to_cents(2 * max(consumption.largest, float(lower[-1]), 1.0))
    upper = [threshold - CENT for threshold in lower[1:]] + [ceiling]
    for tier, low, high in zip(terms.tiers, lower, upper, strict=True):
        if high < low:
            continue
        if not rolls_over(terms):
            cost = consumption.expected_cost(terms, tier, float(low), float(high))
            yield TierRange(tier, low, high, cost)
            continue
        part = candidate_range(
            consumption, terms, tier, list_usd, float(low), float(high), limit_usd=limit_usd
        )
        if part:
            yield TierRange(tier, low, high, walked_expected_cost(terms, tier, list_usd, *part))


def rolls_over(terms: Terms) -> bool:
    """Tell whether any dollar can be carried into a later period of the term."""
    return terms.rollover_share > 0 and terms.n_periods > 1


def best_commitment(terms: Terms, list_usd: Floats) -> Optimum:
    """Find the commitment with the lowest expected cost on these paths.

    Parameters
    ----------
    terms
        The contract; a commitment splits equally by month.
    list_usd
        [M, P] list cost by settlement period.

    Returns
    -------
    Optimum
        Of equally good commitments the smallest; 0 when no deal is cheaper than every tier.

    Examples
    --------
    A 15 % discount justifies the 15th percentile; a tier of 25 % from 80 is worth reaching,
    one from 120 is not.

    >>> from datetime import date
    >>> import numpy as np
    >>> paths = np.arange(1.0, 101.0)[:, None] + 50
    >>> def optimum(*tiers):
    ...     terms = Terms(term_start=date(2027, 1, 1), term_months=12, tiers=tuple(
    ...         Tier(from_commitment_usd=Decimal(c), discount_share=d)
    ...         for c, d in ((0, 0), *tiers)))
    ...     best = best_commitment(terms, paths)
    ...     return str(best.commitment_usd), round(best.expected_cost_usd, 2)
    >>> optimum((1, 0.15))
    ('55.25', 91.8)
    >>> optimum((1, 0.15), (80, 0.25))
    ('80.00', 89.61)
    >>> optimum((1, 0.15), (120, 0.25))
    ('55.25', 91.8)
    """
    no_deal = _no_deal(terms, list_usd)
    optima = [found.optimum() for found in tier_ranges(terms, list_usd)]
    first = optima[0]
    if _no_dearer(no_deal.expected_cost_usd, first.expected_cost_usd):
        optima[0] = no_deal
    best = _cheapest(optima)
    return Optimum(
        best.commitment_usd,
        best.tier,
        best.expected_cost_usd,
        no_deal.expected_cost_usd,
        tuple(optima),
    )


def cheapest_commitment(terms: Terms, list_usd: Floats) -> Decimal:
    """Find what `best_commitment` recommends, without the best of the other tiers.

    Rollover never costs us anything, so no tier that cannot do as well as the best without it
    is searched.
    """
    if not rolls_over(terms):
        return best_commitment(terms, list_usd).commitment_usd
    no_deal = _no_deal(terms, list_usd)
    lost = best_commitment(terms.model_copy(update={"rollover_share": 0.0}), list_usd)
    limit = lost.expected_cost_usd
    if lost.commitment_usd:
        limit = cost_at(terms, list_usd, lost.tier, float(lost.commitment_usd))
    found = [each.optimum() for each in tier_ranges(terms, list_usd, limit_usd=limit)]
    return _cheapest([no_deal, *found]).commitment_usd


def _no_deal(terms: Terms, list_usd: Floats) -> TierOptimum:
    mean = float(list_usd.sum(axis=1).mean())
    return TierOptimum(terms.tiers[0], Decimal("0.00"), mean * (1 - no_deal_discount(terms)))


def _cheapest(optima: Sequence[TierOptimum]) -> TierOptimum:
    best = optima[0]
    for candidate in optima[1:]:
        if not _no_dearer(best.expected_cost_usd, candidate.expected_cost_usd):
            best = candidate
    return best


def _no_dearer(cost: float, other: float) -> bool:
    return cost <= other + TIE_SHARE * abs(other)


def tier_floor_usd(terms: Terms, tier: Tier) -> Decimal:
    """Give the smallest term commitment in whole cents that earns `tier`."""
    return terms.threshold_usd(tier).quantize(CENT, rounding=ROUND_CEILING)


def cost_at(terms: Terms, list_usd: Floats, tier: Tier, commitment_usd: float) -> float:
    """Give the objective at one commitment under a discount that need not be on offer."""
    schedule = equal_schedule(terms, commitment_usd)
    return objective_usd(settle(terms, schedule, list_usd, tier=tier).cost)
