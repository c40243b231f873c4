"""The exact expected cost of one tier as a function of the commitment.

On every path the settled cost is piecewise linear in the commitment C, so their mean is, with a
kink wherever a path has one. An `ExpectedCost` lists all the kinks, so nothing is lost between
grid points.

Without rollover, period p of path m has its kink where its part of C meets its consumption.
With y the sorted list cost of all periods at the scale of the term, prefix sums give the mean
of min(c, y) at every kink, and with it the cost of every tier from one sort. With rollover the
paths are walked (see `walked`).

The mean is convex for ordinary terms without rollover; nothing here assumes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import ceil

import numpy as np

from forecast.paths import Floats
from forecast.records.terms import Terms, Tier
from forecast.sizing.tariff import UnitPrices, tariff_of, unit_prices

FLAT_SLOPE = 1e-11
"""A mean slope below this is rounding noise of a flat stretch: slopes are counts over M·P times
prices, so the smallest true one is far above it."""


@dataclass(frozen=True)
class ExpectedCost:
    """Mean cost on one range of commitments, linear between its points.

    Attributes
    ----------
    at_usd
        [K] rising commitments: both ends of the range and every kink between.
    cost_usd
        [K] mean cost.
    slope
        [K] mean cost of one more dollar just right of each point.
    """

    at_usd: Floats
    cost_usd: Floats
    slope: Floats

    def cheapest(self) -> float:
        """Give the cheapest commitment; the smallest of a flat stretch."""
        k = int(self.cost_usd.argmin())
        while k > 0 and abs(self.slope[k - 1]) < FLAT_SLOPE:
            k -= 1
        return float(self.at_usd[k])

    def cost_at(self, commitment_usd: float) -> float:
        """Give the mean cost at a commitment inside the range."""
        return float(np.interp(commitment_usd, self.at_usd, self.cost_usd))

    def reach_up(self, start_usd: float, limit_usd: float) -> float | None:
        """Give how far up from `start_usd` the cost stays within `limit_usd`.

        None when it does all the way to the end of the range.
        """
        return _crossing(
            np.append(start_usd, self.at_usd[self.at_usd > start_usd]),
            np.append(self.cost_at(start_usd), self.cost_usd[self.at_usd > start_usd]),
            limit_usd,
        )

    def reach_down(self, start_usd: float, limit_usd: float) -> float | None:
        """Give how far down from `start_usd` the cost stays within `limit_usd`, or None."""
        below = self.at_usd < start_usd
        return _crossing(
            np.append(start_usd, self.at_usd[below][::-1]),
            np.append(self.cost_at(start_usd), self.cost_usd[below][::-1]),
            limit_usd,
        )


def _crossing(at: Floats, cost: Floats, limit: float) -> float | None:
    """Walk along a broken line to where it leaves `limit`."""
    beyond = np.flatnonzero(cost > limit)
    if not len(beyond):
        return None
    k = int(beyond[0])
    if k == 0:
        return float(at[0])
    share = (limit - cost[k - 1]) / (cost[k] - cost[k - 1])
    return float(at[k - 1] + share * (at[k] - at[k - 1]))


def sells_at_one_slope(terms: Terms) -> bool:
    """Tell whether what is left is worth the same in every period: then one sort is enough."""
    return terms.n_periods == 1 or terms.unused_value_share == 0


class SortedConsumption:
    """List cost of every path and period at the scale of the term, sorted once.

    Parameters
    ----------
    list_usd
        [M, P] list cost by settlement period.
    """

    def __init__(self, list_usd: Floats) -> None:
        self.n_paths, self.n_periods = list_usd.shape
        n = list_usd.size
        self.y = np.empty(n + 1)
        self.y[0] = 0.0
        np.multiply(list_usd.ravel(), self.n_periods, out=self.y[1:])
        self.y[1:].sort()
        self.n = n
        self.below = self.y.cumsum()
        self.mean_usd = float(self.below[-1]) / n
        self._list_usd = list_usd

    @cached_property
    def above_share(self) -> Floats:
        """Share of the consumption above every y."""
        return np.arange(self.n, -1, -1) / self.n

    @cached_property
    def used(self) -> Floats:
        """Mean of min(c, y) at every y."""
        return self.below / self.n + self.above_share * self.y

    @cached_property
    def last(self) -> SortedConsumption:
        """The last period alone, at its own scale."""
        return self if self.n_periods == 1 else SortedConsumption(self._list_usd[:, -1:])

    @property
    def largest(self) -> float:
        """The largest list commitment that any period of any path would use up."""
        return float(self.y[-1])

    def used_at(self, c: Floats) -> tuple[Floats, Floats]:
        """Give the mean of min(c, y) and its slope right of c."""
        k = self.y.searchsorted(c, side="right") - 1
        above = self.above_share[k]
        return self.below[k] / self.n + above * c, above

    def cheapest(self, terms: Terms, tier: Tier, lower_usd: float, upper_usd: float) -> float:
        """Give the cheapest commitment of a range where `sells_at_one_slope`.

        The mean cost of one more unit is (u − v (1 − r) − w) · P(y > c) + v (1 − r): it rises with
        c, and the first c at which it is not negative is a quantile, or else it falls with c and
        the cheapest end is taken.
        """
        prices = unit_prices(terms, tariff_of(terms, tier))
        lost = prices.unused * (1 - terms.unused_value_share)
        saved = prices.beyond + lost - prices.used
        if saved > 0:
            share = (lost + FLAT_SLOPE) / saved
            k = min(max(ceil(self.n * (1 - share) - 1e-12), 0), self.n)
            return min(max(float(self.y[k]) * prices.list_usd, lower_usd), upper_usd)
        return lower_usd

    def cost(self, terms: Terms, tier: Tier, commitment_usd: float) -> float:
        """Give the mean cost of one commitment where `sells_at_one_slope`."""
        prices, r = unit_prices(terms, tariff_of(terms, tier)), terms.unused_value_share
        c = commitment_usd / prices.list_usd
        k = int(self.y.searchsorted(c, side="right")) - 1
        used = float(self.below[k]) / self.n + (self.n - k) / self.n * c
        lost = prices.unused * (1 - r)
        within = (prices.used - lost - prices.beyond) * used
        return prices.list_usd * (within + lost * c + prices.beyond * self.mean_usd)

    def expected_cost(
        self, terms: Terms, tier: Tier, lower_usd: float, upper_usd: float
    ) -> ExpectedCost:
        """Give the expected cost under `tier` of the commitments of a range, without rollover."""
        prices = unit_prices(terms, tariff_of(terms, tier))
        return self.cost_of(prices, terms.unused_value_share, lower_usd, upper_usd)

    def cost_of(
        self, prices: UnitPrices, unused_value_share: float, lower_usd: float, upper_usd: float
    ) -> ExpectedCost:
        """Give the mean cost of the commitments of a range at these unit prices.

            cost = a · ((u − v) used + w (D̄ − used) − r v left) + v C,     c = C / a

        used is the mean of min(c, y), left what the last period alone does not use.
        """
        a, u, v, w = prices.list_usd, prices.used, prices.unused, prices.beyond
        ends = np.array([lower_usd, upper_usd]) / a
        i, j = self.y.searchsorted(ends, side="right")
        end_used, end_above = self.used_at(ends)
        c = _between(ends, self.y[i:j])
        used = _between(end_used, self.used[i:j])
        above = _between(end_above, self.above_share[i:j])
        cost = (u - v - w) * used + (v * c + w * self.mean_usd)
        slope = (u - v - w) * above + v
        if unused_value_share > 0:
            share = 1 / self.n_periods
            last_used, last_above = (
                (used, above) if self.n_periods == 1 else self.last.used_at(c * share)
            )
            cost -= unused_value_share * v * (c * share - last_used)
            slope -= unused_value_share * v * share * (1 - last_above)
        return ExpectedCost(c * a, cost * a, slope)


def _between(ends: Floats, inner: Floats) -> Floats:
    return np.concatenate((ends[:1], inner, ends[1:]))
