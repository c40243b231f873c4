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
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from forecast.paths import Floats
from forecast.records.terms import Terms, Tier
from forecast.sizing.bands import bands, least_commitment
from forecast.sizing.bands import tier_floor_usd as tier_floor_usd
from forecast.sizing.consumption import Consumed, periods_of, split_by_group
from forecast.sizing.expected import ExpectedCost, SortedConsumption, sells_at_one_slope
from forecast.sizing.list_changes import market_list
from forecast.sizing.needs import period_needs
from forecast.sizing.schedule import schedule_of
from forecast.sizing.settlement import settle
from forecast.sizing.tariff import no_deal_discount
from forecast.sizing.walked import candidate_range, walked_expected_cost
from forecast.units import to_cents

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
        inside = _inside(self.expected.cheapest(), self.lower_usd, self.upper_usd)
        return TierOptimum(self.tier, inside, self.expected.cost_at(float(inside)))


def _inside(commitment_usd: float, lower_usd: Decimal, upper_usd: Decimal) -> Decimal:
    return min(max(to_cents(commitment_usd), lower_usd), upper_usd)


def tier_ranges(
    terms: Terms, list_usd: Consumed, *, limit_usd: float | None = None
) -> Iterator[TierRange]:
    """Give every tier that holds a whole-cent commitment, with its exact expected cost.

    The last tier is followed to twice the largest commitment that any path could use up: from
    there on every dollar more is wasted on every path. With rollover only the part of a tier
    that may hold its best commitment is followed, or that may cost at most `limit_usd`; then
    tiers without such a part are left out. A ramp that crosses thresholds in different years has
    several ranges in one tier.

    Parameters
    ----------
    list_usd
        [M, P] list cost by settlement period, or `Consumption`.
    """
    consumption = SortedConsumption(periods_of(terms, list_usd))
    for band in bands(terms, _ceiling(terms, list_usd, consumption)):
        low, high = float(band.lower_usd), float(band.upper_usd)
        if sorts(terms):
            cost = consumption.expected_cost(terms, band.tier, low, high)
            yield TierRange(band.tier, band.lower_usd, band.upper_usd, cost)
            continue
        needs = period_needs(terms, band.tiers, list_usd)
        part: tuple[float, float] | None = (low, high)
        if terms.is_core:
            part = candidate_range(
                consumption, terms, band.tier, needs, low, high, limit_usd=limit_usd
            )
        if part:
            cost = walked_expected_cost(terms, needs, *part)
            yield TierRange(band.tier, band.lower_usd, band.upper_usd, cost)


def _ceiling(terms: Terms, list_usd: Consumed, consumption: SortedConsumption) -> Decimal:
    """Give a commitment that no path could use up by half."""
    largest = consumption.largest
    if not terms.is_core:
        usage = split_by_group(terms, list_usd)
        market = market_list(terms, usage.n_paths)
        fees = sum(float(fee.usd_per_month) for fee in terms.fees)
        drawn = periods_of(terms, usage.times(market)) + fees * terms.period_months
        largest = float((drawn / np.array(terms.period_weights)).max())
    floor = max(float(terms.threshold_usd(terms.tiers[-1])), float(least_commitment(terms)))
    return to_cents(2 * max(largest, floor, 1.0))


def sorts(terms: Terms) -> bool:
    """Tell whether sorted consumption gives the expected cost: the core without rollover."""
    return terms.is_core and not rolls_over(terms)


def rolls_over(terms: Terms) -> bool:
    """Tell whether any dollar can be carried into a later period of the term."""
    return terms.rollover_share > 0 and terms.n_periods > 1


def best_commitment(terms: Terms, list_usd: Consumed) -> Optimum:
    """Find the commitment with the lowest expected cost on these paths.

    Parameters
    ----------
    terms
        The contract; a commitment splits equally by month, or by its ramp.
    list_usd
        [M, P] list cost by settlement period, or `Consumption` where a clause needs more.

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
    optima = _tier_optima(terms, list_usd)
    first = optima[0] if optima else None
    if first is None or first.tier != no_deal.tier:
        optima.insert(0, no_deal)
    elif _no_dearer(no_deal.expected_cost_usd, first.expected_cost_usd):
        optima[0] = no_deal
    best = _cheapest(optima)
    return Optimum(
        best.commitment_usd,
        best.tier,
        best.expected_cost_usd,
        no_deal.expected_cost_usd,
        tuple(optima),
    )


def _tier_optima(terms: Terms, list_usd: Consumed) -> list[TierOptimum]:
    """Give the cheapest commitment of every tier that holds any, in the order of the terms."""
    if sorts(terms) and sells_at_one_slope(terms):
        consumption = SortedConsumption(periods_of(terms, list_usd))
        optima = []
        for band in bands(terms, _ceiling(terms, list_usd, consumption)):
            ends = float(band.lower_usd), float(band.upper_usd)
            named = consumption.cheapest(terms, band.tier, *ends)
            inside = _inside(named, band.lower_usd, band.upper_usd)
            cost = consumption.cost(terms, band.tier, float(inside))
            optima.append(TierOptimum(band.tier, inside, cost))
        return optima
    best: dict[Decimal, TierOptimum] = {}
    for each in tier_ranges(terms, list_usd):
        found = each.optimum()
        if not terms.is_core:
            cost = objective_usd(
                settle(terms, schedule_of(terms, found.commitment_usd), list_usd).cost
            )
            found = replace(found, expected_cost_usd=cost)
        key = found.tier.from_commitment_usd
        if key not in best or not _no_dearer(best[key].expected_cost_usd, found.expected_cost_usd):
            best[key] = found
    return list(best.values())


def cheapest_commitment(terms: Terms, list_usd: Consumed) -> Decimal:
    """Find what `best_commitment` recommends, without the best of the other tiers.

    Rollover never costs us anything, so no tier that cannot do as well as the best without it
    is searched.
    """
    if not (terms.is_core and rolls_over(terms)):
        return best_commitment(terms, list_usd).commitment_usd
    no_deal = _no_deal(terms, list_usd)
    lost = best_commitment(terms.model_copy(update={"rollover_share": 0.0}), list_usd)
    limit = lost.expected_cost_usd
    if lost.commitment_usd:
        limit = cost_at(terms, list_usd, lost.tier, float(lost.commitment_usd))
    found = [each.optimum() for each in tier_ranges(terms, list_usd, limit_usd=limit)]
    return _cheapest([no_deal, *found]).commitment_usd


def _no_deal(terms: Terms, list_usd: Consumed) -> TierOptimum:
    if terms.is_core:
        mean = float(periods_of(terms, list_usd).sum(axis=1).mean())
        cost = mean * (1 - no_deal_discount(terms))
    else:
        cost = objective_usd(settle(terms, np.zeros(terms.n_periods), list_usd).cost)
    return TierOptimum(terms.tiers[0], Decimal("0.00"), cost)


def _cheapest(optima: Sequence[TierOptimum]) -> TierOptimum:
    best = optima[0]
    for candidate in optima[1:]:
        if not _no_dearer(best.expected_cost_usd, candidate.expected_cost_usd):
            best = candidate
    return best


def _no_dearer(cost: float, other: float) -> bool:
    return cost <= other + TIE_SHARE * abs(other)


def cost_at(terms: Terms, list_usd: Consumed, tier: Tier, commitment_usd: float) -> float:
    """Give the objective at one commitment under a discount that need not be on offer."""
    schedule = schedule_of(terms, commitment_usd)
    return objective_usd(settle(terms, schedule, list_usd, tier=tier).cost)
