"""The cheapest schedule: a commitment of its own for every settlement period.

Along every path the settled cost is convex in the amounts of the periods as long as the tiers in
force do not change, and unused dollars that roll over are drawn before they would be lost (one
period of life, or everything rolled). So every assignment of tiers to contract years is searched
for itself, with planes (see `cutting_planes`), unless it cannot beat the best schedule known:

    cost of a year  ≥  the cheapest commitment of its tier, if what rolls over saved all it can

The even split is always a candidate, so the value of a ramp is never negative.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby

import numpy as np

from forecast.errors import TermsError
from forecast.paths import Floats
from forecast.records.terms import Terms, Tier
from forecast.sizing.affine import Affine, constant
from forecast.sizing.bands import least_commitment
from forecast.sizing.consumption import Consumed, periods_of
from forecast.sizing.cutting_planes import Region, minimise
from forecast.sizing.expected import SortedConsumption
from forecast.sizing.needs import PeriodNeed, period_needs
from forecast.sizing.schedule import schedule_of
from forecast.sizing.search import Optimum, best_commitment, objective_usd
from forecast.sizing.settlement import flows, settle
from forecast.sizing.tariff import UnitPrices, no_deal_discount, tariff_of, unit_prices
from forecast.units import CENT, to_cents

TOLERANCE_SHARE = 6e-7
"""The search stops this near the bound of the planes, in relative cost; the linear program is held
against the result at 1e-6 (tests/sizing/test_schedules.py)."""


N_ROUGH = 1000
"""Paths of a first, rough search; with 10,000 it halves the time of the whole
(scripts/benchmarks/schedules.py)."""

ROUGH_SHARE = 1e-5
"""How near the rough search comes to its own optimum; its paths differ by more."""


@dataclass(frozen=True)
class BestSchedule:
    """The cheapest commitments by settlement period.

    Attributes
    ----------
    schedule_usd
        One amount a period, in whole cents.
    expected_cost_usd
        At that schedule, not rounded.
    even
        The best commitment that splits as the terms say.
    paths
        [M, P] list cost by settlement period that it was found on.
    """

    schedule_usd: tuple[Decimal, ...]
    expected_cost_usd: float
    even: Optimum
    paths: Floats

    @property
    def value_usd(self) -> float:
        """What the schedule saves on average against the split of the terms."""
        return max(0.0, self.even.expected_cost_usd - self.expected_cost_usd)


def best_schedule(terms: Terms, list_usd: Consumed) -> BestSchedule:
    """Find the schedule with the lowest expected cost on these paths.

    Parameters
    ----------
    terms
        A contract of core clauses: their tiers are those of each year's commitment, or of the
        term's.
    list_usd
        [M, P] list cost by settlement period.

    Raises
    ------
    TermsError
        The cost is not convex in the amounts: clauses beyond the core, or a share that rolls over
        and lives several periods (drawing it first may then lose more than it saves).

    Examples
    --------
    Year two uses three times as much, and each year is committed for itself:

    >>> from datetime import date
    >>> terms = Terms(term_start=date(2027, 1, 1), term_months=24, tiers=(
    ...     Tier(from_commitment_usd=Decimal(0), discount_share=0),
    ...     Tier(from_commitment_usd=Decimal(1), discount_share=0.25)))
    >>> found = best_schedule(terms, np.array([[100.0, 300.0]]))
    >>> [str(amount) for amount in found.schedule_usd], round(found.expected_cost_usd, 2)
    (['75.00', '225.00'], 300.0)
    >>> round(found.even.expected_cost_usd, 2), round(found.value_usd, 2)
    (350.0, 50.0)
    """
    beyond = _beyond(terms)
    if beyond:
        raise TermsError(
            f"a schedule is searched where its cost is convex, and {beyond[0]} is beyond that; "
            "size it with ramp_weights instead",
            column=beyond[0],
        )
    even = best_commitment(terms, list_usd)
    free = terms.model_copy(update={"ramp_weights": ()})
    paths = periods_of(terms, list_usd)
    search = _Search(free, paths, schedule_of(terms, even.commitment_usd), even.expected_cost_usd)
    search.run()
    schedule = _in_cents(search.parts, search.best)
    settled = settle(free, np.array([float(amount) for amount in schedule]), paths)
    return BestSchedule(schedule, objective_usd(settled.cost), even, paths)


def has_schedules(terms: Terms) -> bool:
    """Tell whether schedules are searched under these terms."""
    return not _beyond(terms)


def _beyond(terms: Terms) -> list[str]:
    beyond = [clause for clause in terms.beyond_core if clause != "ramp_weights"]
    lives_on = min(terms.rollover_periods, terms.n_periods - 1) > 1
    return [*beyond, "rollover_periods"] if lives_on and 0 < terms.rollover_share < 1 else beyond


def _in_cents(parts: list[list[int]], schedule_usd: Floats) -> tuple[Decimal, ...]:
    """Round to whole cents such that what each part commits is rounded as a whole."""
    found: dict[int, Decimal] = {}
    for part in parts:
        through = [to_cents(float(total)) for total in schedule_usd[part].cumsum()]
        found |= {
            p: b - a for p, a, b in zip(part, [Decimal(0), *through[:-1]], through, strict=True)
        }
    return tuple(found[p] for p in sorted(found))


def _parts(terms: Terms) -> list[list[int]]:
    """The settlement periods of every part of the term that earns a tier for itself."""
    if terms.tier_basis == "term":
        return [list(range(terms.n_periods))]
    keys = groupby(range(terms.n_periods), key=lambda p: p * terms.period_months // 12)
    return [list(periods) for _, periods in keys]


@dataclass(frozen=True)
class _Choice:
    """One tier for one part of the term, and a bound of what the part then costs."""

    tier: Tier | None
    least_usd: float
    most_usd: float
    bound_usd: float


class _Search:
    """The parts of a term, what each may choose, and the best schedule so far."""

    def __init__(self, terms: Terms, paths: Floats, schedule: Floats, cost: float) -> None:
        self.terms = terms
        self.paths = paths
        self.parts = _parts(terms)
        self.best, self.cost = schedule, cost
        self.is_improved = False
        self.ceiling = 2 * max(float(paths.max()) * terms.n_periods, 1.0)
        self.choices = [sorted(self._choices(p), key=lambda c: c.bound_usd) for p in self.parts]

    def run(self) -> None:
        """Search every assignment that can beat the best schedule known."""
        rest = [min(c.bound_usd for c in choices) for choices in self.choices]
        self._descend((), 0.0, rest)

    def _descend(self, chosen: tuple[_Choice, ...], bound: float, rest: list[float]) -> None:
        if bound + sum(rest) >= self.cost * (1 - TOLERANCE_SHARE):
            return
        if len(chosen) == len(self.parts):
            self._settle(chosen)
            return
        for choice in self.choices[len(chosen)]:
            self._descend((*chosen, choice), bound + choice.bound_usd, rest[1:])

    def _choices(self, part: list[int]) -> Iterator[_Choice]:
        """Give every tier of a part, with a bound that no commitment in it can go below.

        A unit that rolls over saves at most what the dearest unit beyond any commitment costs;
        the saving is booked where the unit was left, so the parts' bounds add up. All that a part
        can leave is its commitment, which bounds the saving of a part that commits little.
        """
        terms, share = self.terms, len(part) / self.terms.n_periods
        columns = [SortedConsumption(self.paths[:, [p]]) for p in part]
        no_deal = 1 - no_deal_discount(terms)
        rolls = terms.rollover_share if terms.n_periods > 1 else 0.0
        beyond = [unit_prices(terms, tariff_of(terms, tier)).beyond for tier in terms.tiers]
        dearest = max(no_deal, *beyond)
        if len(self.parts) > 1:
            yield _Choice(None, 0.0, 0.0, no_deal * sum(c.mean_usd for c in columns))
        floors = [float(terms.threshold_usd(tier)) * share for tier in terms.tiers]
        for tier, least, most in zip(terms.tiers, floors, [*floors[1:], np.inf], strict=True):
            prices = unit_prices(terms, tariff_of(terms, tier))
            lost = prices.unused * (1 - terms.unused_value_share)
            worst = replace(prices, unused=lost - rolls * max(0.0, dearest - prices.used + lost))
            below = most - float(CENT) if np.isfinite(most) else self.ceiling * len(part)
            dearest_left = rolls * dearest * min(below, self.ceiling * len(part))
            bound = max(
                _least(columns, worst, self.ceiling),
                _least(columns, replace(prices, unused=lost), self.ceiling) - dearest_left,
            )
            yield _Choice(tier, np.ceil(100 * least - 1e-6) / 100, below, bound)

    def _settle(self, chosen: tuple[_Choice, ...]) -> None:
        """Search the schedules of one assignment, and keep the best if it is the best of all."""
        terms, n = self.terms, self.terms.n_periods
        tiers: list[Tier | None] = [None] * n
        upper = np.full(n, self.ceiling)
        sums = []
        for part, choice in zip(self.parts, chosen, strict=True):
            for p in part:
                tiers[p] = choice.tier
            if choice.tier is None:
                upper[part] = 0.0
            sums.append((tuple(part), choice.least_usd, choice.most_usd))
        least = float(least_commitment(terms))
        if least:
            sums.append((tuple(range(n)), least, np.inf))
        region = Region(np.zeros(n), upper, tuple(sums))
        needs = period_needs(terms, tiers, self.paths)
        found = minimise(
            lambda at: cost_and_slopes(terms, needs, at),
            region,
            self._starts(region, needs),
            tolerance_share=TOLERANCE_SHARE,
            give_up_above=self.cost * (1 - TOLERANCE_SHARE),
        )
        if found.cost < self.cost and _is_inside(region, found.at):
            self.best, self.cost, self.is_improved = found.at, found.cost, True

    def _starts(self, region: Region, needs: list[PeriodNeed]) -> list[Floats]:
        """Give amounts to begin with: near the best schedule of some of the paths, if many.

        Most other assignments are given up after a few planes, and need no such start.
        """
        start = self._inside(region)
        if len(self.paths) < 2 * N_ROUGH or self.is_improved:
            return [start]
        some = np.zeros(len(self.paths), dtype=bool)
        by_total = self.paths.sum(axis=1).argsort(kind="stable")
        some[by_total[:: len(self.paths) // N_ROUGH]] = True
        few = [need.rows(some) for need in needs]
        rough = minimise(
            lambda at: cost_and_slopes(self.terms, few, at),
            region,
            [start],
            tolerance_share=ROUGH_SHARE,
        )
        return list(rough.trail)

    def _inside(self, region: Region) -> Floats:
        """Scale every part of the best schedule into a region, to begin from there."""
        at = np.minimum(self.best, region.upper)
        for members, least, most in region.sums:
            chosen = list(members)
            total = float(at[chosen].sum())
            if total > most or (total < least and total > 0):
                at[chosen] *= (most if total > most else least) / total
            elif total < least:
                at[chosen] = least / len(chosen)
        return np.minimum(at, region.upper)


def _least(columns: Sequence[SortedConsumption], prices: UnitPrices, ceiling: float) -> float:
    """Give the sum of what each period costs at least, at these prices."""
    return sum(float(c.cost_of(prices, 0.0, 0.0, ceiling).cost_usd.min()) for c in columns)


def _is_inside(region: Region, at: Floats) -> bool:
    near = 1e-4
    return all(
        least - near <= float(at[list(members)].sum()) <= most + near
        for members, least, most in region.sums
    )


def lesser(a: Affine, b: Affine) -> Affine:
    """Give the smaller of two amounts with its slopes; of two equal ones the second."""
    first = a.value < b.value
    return Affine(np.where(first, a.value, b.value), np.where(first, a.slope, b.slope))


def cost_and_slopes(
    terms: Terms, needs: Sequence[PeriodNeed], schedule_usd: Floats
) -> tuple[float, Floats]:
    """Give the mean cost of a schedule [P] and its slope in the amount of every period.

    >>> from datetime import date
    >>> terms = Terms(term_start=date(2027, 1, 1), term_months=24,
    ...     tiers=(Tier(from_commitment_usd=Decimal(0), discount_share=0.2),))
    >>> needs = period_needs(terms, terms.tiers * 2, np.array([[100.0, 100.0]]))
    >>> cost, slopes = cost_and_slopes(terms, needs, np.array([40.0, 90.0]))
    >>> cost, slopes.tolist()
    (180.0, [-0.25, 1.0])
    """
    m, n = len(needs[0].steps[0].units), len(schedule_usd)
    schedule = [
        Affine(np.full(m, amount), np.eye(n)[:, [p]]) for p, amount in enumerate(schedule_usd)
    ]
    cost = flows(terms, needs, schedule, least=lesser, known=constant).cost
    slopes = np.broadcast_to(np.asarray(cost.slope, dtype=np.float64), (n, m))
    return objective_usd(cost.value), slopes.mean(axis=1)
