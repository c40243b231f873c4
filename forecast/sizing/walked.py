"""The exact expected cost of one tier when no sorting can give it: rollover and other clauses.

What a period carries depends on all periods before it, so the kinks of a path are not known
beforehand. Each path is walked from kink to kink by settling it with slopes (see `affine`).

That takes a settlement of all paths for every kink of a path, so only commitments that can
matter are walked. Rollover lets at most ρ of what is unused without it be used after all, which
saves at most w − u + v (1 − r) a unit; so

    cost without rollover  ≥  cost  ≥  cost without rollover, at r = 0 and the unused price

    v* = v (1 − r) − ρ max(0, w − u + v (1 − r))

and a commitment whose lower bound is above the best upper bound cannot be the best.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from forecast.paths import Floats
from forecast.records.terms import Terms, Tier
from forecast.sizing.affine import Affine, KinkTracer, constant
from forecast.sizing.expected import ExpectedCost, SortedConsumption
from forecast.sizing.needs import PeriodNeed
from forecast.sizing.settlement import flows, plain
from forecast.sizing.tariff import tariff_of, unit_prices


def candidate_range(
    consumption: SortedConsumption,
    terms: Terms,
    tier: Tier,
    needs: Sequence[PeriodNeed],
    lower_usd: float,
    upper_usd: float,
    *,
    limit_usd: float | None = None,
) -> tuple[float, float] | None:
    """Give the part of a range outside which no commitment is its best.

    Parameters
    ----------
    consumption
        The paths' list cost, sorted.
    needs
        What every settlement period needs under the tier.
    limit_usd
        Keep instead what can cost at most this much.

    Returns
    -------
    tuple of float or None
        None when nothing in the range can cost as little as the limit.
    """
    prices, r = unit_prices(terms, tariff_of(terms, tier)), terms.unused_value_share
    if limit_usd is None:
        without = consumption.cost_of(prices, r, lower_usd, upper_usd)
        limit_usd = float(_start(terms, needs, without.cheapest()).mean())
    lost = prices.unused * (1 - r)
    saved = max(0.0, prices.beyond - prices.used + lost)
    unused = lost - terms.rollover_share * saved
    bound = consumption.cost_of(replace(prices, unused=unused), 0.0, lower_usd, upper_usd)
    possible = np.flatnonzero(bound.cost_usd <= limit_usd + 1e-9 * abs(limit_usd))
    if not len(possible):
        return None
    first, last = max(int(possible[0]) - 1, 0), min(int(possible[-1]) + 1, len(bound.at_usd) - 1)
    return max(float(bound.at_usd[first]), lower_usd), min(float(bound.at_usd[last]), upper_usd)


def walked_expected_cost(
    terms: Terms, needs: Sequence[PeriodNeed], lower_usd: float, upper_usd: float
) -> ExpectedCost:
    """Give the expected cost of the commitments of a range, for any terms.

    Parameters
    ----------
    needs
        What every settlement period needs under the tiers of the range.
    """
    m = len(needs[0].steps[0].units)
    total = float(np.sum([need.units for need in needs], axis=0).max())
    tolerance_usd = 1e-9 + 1e-12 * max(total, upper_usd)
    cost_at_lower = float(_start(terms, needs, lower_usd).mean())
    at, slope_before = np.full(m, lower_usd), np.zeros(m)
    kinks: list[Floats] = []
    bends: list[Floats] = []
    while len(at):
        slope, distance = _slope_and_distance(terms, needs, at, tolerance_usd)
        kinks.append(at)
        bends.append(slope - slope_before)
        at = at + distance
        walking = at < upper_usd
        at, slope_before = at[walking], slope[walking]
        if not walking.all():
            needs = [need.rows(walking) for need in needs]
    everywhere = np.concatenate(kinks)
    order = everywhere.argsort(kind="stable")
    at_usd = np.append(everywhere[order], upper_usd)
    slopes = np.concatenate(bends)[order].cumsum() / m
    rises = (slopes * np.diff(at_usd)).cumsum()
    return ExpectedCost(
        at_usd, cost_at_lower + np.append(0.0, rises), np.append(slopes, slopes[-1])
    )


def _start(terms: Terms, needs: Sequence[PeriodNeed], commitment_usd: float) -> Floats:
    """Settle every path at one commitment; at zero, where the tier's cost tends to there."""
    n_paths = len(needs[0].steps[0].units)
    schedule = [np.full(n_paths, commitment_usd * w) for w in terms.period_weights]
    return flows(terms, needs, schedule, least=np.minimum, known=plain).cost


def _slope_and_distance(
    terms: Terms, needs: Sequence[PeriodNeed], at_usd: Floats, tolerance_usd: float
) -> tuple[Floats, Floats]:
    """Settle every path at its own commitment; give the slope and the distance to its kink."""
    tracer = KinkTracer(len(at_usd), tolerance_usd)
    schedule = [Affine(at_usd * w, w) for w in terms.period_weights]
    cost = flows(terms, needs, schedule, least=tracer.least, known=constant).cost
    slope = np.broadcast_to(np.asarray(cost.slope, dtype=np.float64), at_usd.shape)
    return slope, tracer.distance_usd
