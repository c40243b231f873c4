"""What it is worth to sign later, or less now with a right to add: policies that do not look ahead.

At month n a path has shown o, its list cost so far. Paths are put into groups by o alone, and each
group decides for itself:

    wait       on demand until n, then a commitment for the rest of the term
    upsize     a smaller commitment for the term now; at n it may be raised, and the rest of the
               term runs at the tier of the raised total and ends with it (a co-termed add-on is
               the same)

With U₁ = min(C₀, a₀ o) drawn before n, the raised total C₁ leaves a pool of C₁ − U₁ for the rest.
Where a contract settles several times, n is the end of a period: what was signed for the periods
before is settled as it was, and the rest of C₁ is split over the periods after.
What a group decides is chosen on one half of its paths and settled on the other half, and the
other way round, so that no path decides on its own future.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from forecast.paths import Floats, period_totals
from forecast.records.negotiation import StagingValue
from forecast.records.terms import Terms, Tier
from forecast.sizing.assessment import assess
from forecast.sizing.search import Optimum, rolls_over
from forecast.sizing.tariff import no_deal_discount, tariff_of, unit_prices
from forecast.sizing.wording import usd_text
from forecast.units import to_cents

MONTHS = (3, 6)
"""Decision days that a negotiation talks about: a quarter, half a year; else the first period."""

N_GROUPS = 10
"""Deciles of what has been seen: with 1,000 paths each half of a group decides on 50."""

LEAST_PATHS = 200
"""Fewer paths leave a half of a group fewer than ten to decide on."""

LEVELS = (0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.65, 0.8)
"""Levels of the rest's consumption that are tried as commitments, in every tier."""

NOW_SHARES = (0.0, 0.25, 0.5, 0.65, 0.8, 0.9, 1.0)
"""What is signed now, as shares of the recommendation."""


def staging_values(
    terms: Terms, list_usd_monthly: Floats, best: Optimum
) -> tuple[StagingValue, ...]:
    """Value waiting and upsizing at the decision days, against signing the best now.

    Parameters
    ----------
    list_usd_monthly
        [M, T] list cost by month.
    best
        What `best_commitment` found for signing now.

    Returns
    -------
    tuple of StagingValue
        Empty with clauses beyond the core, a rollover, or fewer than 200 paths.
    """
    if rolls_over(terms) or not terms.is_core or len(list_usd_monthly) < LEAST_PATHS:
        return ()
    now = assess(terms, best.commitment_usd, period_totals(list_usd_monthly, terms.period_months))
    found = []
    for n in _decision_months(terms):
        history = _History(terms, list_usd_monthly, n)
        found.append(_described("wait", n, 0.0, _waited(terms, n, history), now.cost))
        amounts = [float(best.commitment_usd) * share for share in NOW_SHARES]
        least = float(terms.over_term_usd(terms.minimum_commitment_usd))
        upsized = {c: _upsized(terms, c, history) for c in amounts if c == 0 or c >= least}
        first = min(upsized, key=lambda c: upsized[c][1].mean())
        found.append(_described("upsize", n, first, upsized[first], now.cost))
    return tuple(found)


def _decision_months(terms: Terms) -> list[int]:
    """Months after which something is decided: inside the one period, else where one ends.

    >>> from datetime import date
    >>> def months(term_months, settlement):
    ...     return _decision_months(Terms(term_start=date(2027, 1, 1), term_months=term_months,
    ...         settlement=settlement, tiers=(Tier(from_commitment_usd=0, discount_share=0),)))
    >>> months(12, "annual"), months(12, "quarterly"), months(36, "annual"), months(3, "term")
    ([3, 6], [3, 6], [12], [])
    """
    inside = [n for n in MONTHS if n < terms.term_months]
    if terms.n_periods == 1:
        return inside
    ends = [n for n in inside if n % terms.period_months == 0]
    return ends or [terms.period_months]


class _History:
    """What was consumed before month n, and what is still to come.

    Attributes
    ----------
    seen
        [M] list cost before n: all that a decision may use.
    before
        [M, P₀] list cost of the periods that ended by n.
    current
        [M] list cost before n of the one period that n falls into; zero where n ends a period.
    rest
        [M, P₁] list cost from n on, by period.
    """

    def __init__(self, terms: Terms, list_usd_monthly: Floats, n: int) -> None:
        self.seen: Floats = list_usd_monthly[:, :n].sum(axis=1)
        if terms.n_periods == 1:
            self.before: Floats = np.zeros((len(list_usd_monthly), 0))
            self.current: Floats = self.seen
            self.rest: Floats = list_usd_monthly[:, n:].sum(axis=1, keepdims=True)
        else:
            self.before = period_totals(list_usd_monthly[:, :n], terms.period_months)
            self.current = np.zeros_like(self.seen)
            self.rest = period_totals(list_usd_monthly[:, n:], terms.period_months)


Staged = tuple[Floats, Floats]
"""What each path signs in all, and what it costs, [M]."""


def _described(policy: str, n: int, first: float, staged: Staged, now: Floats) -> StagingValue:
    signed, cost = staged
    saved = now - cost
    error = float(saved.std(ddof=1)) / len(saved) ** 0.5
    value = float(saved.mean())
    what = (
        f"Waiting {n} months and signing for the rest"
        if policy == "wait"
        else f"Signing {usd_text(first)} now with a right to raise it after {n} months"
    )
    verb = "saves" if value >= 0 else "costs"
    return StagingValue(
        policy="wait" if policy == "wait" else "upsize",
        decision_month=n,
        commitment_now_usd=to_cents(first),
        expected_commitment_usd=to_cents(float(signed.mean())),
        expected_cost_usd=to_cents(float(cost.mean())),
        value_usd=to_cents(value),
        standard_error_usd=to_cents(error),
        sentence=f"{what} {verb} {usd_text(abs(value))} on average (standard error "
        f"{usd_text(error)}) against signing the best number now.",
    )


@dataclass(frozen=True)
class _Stage:
    """The rest of the term from n on, before anything more is signed, on every path.

    Attributes
    ----------
    drawn
        Units of the running period's commitment that were drawn before, [M].
    rest
        List cost still to come, by period, [M, P₁].
    paid
        USD paid before, [M].
    first
        What was signed before, in units.
    settled
        Units of it whose period is over.
    months
        Length that the tiers' thresholds refer to.
    """

    drawn: Floats
    rest: Floats
    paid: Floats
    first: float
    settled: float
    months: int

    def rows(self, chosen: NDArray[np.int64]) -> _Stage:
        """Keep some of the paths."""
        return replace(
            self, drawn=self.drawn[chosen], rest=self.rest[chosen], paid=self.paid[chosen]
        )


def _waited(terms: Terms, n: int, history: _History) -> Staged:
    return _decided(terms, _unsigned(terms, history, terms.term_months - n), history.seen)


def _upsized(terms: Terms, first: float, history: _History) -> Staged:
    return _decided(terms, _signed(terms, first, history), history.seen)


def _signed(terms: Terms, first: float, history: _History) -> _Stage:
    if first == 0:
        return _unsigned(terms, history, terms.term_months)
    price = unit_prices(terms, tariff_of(terms, terms.tier_for(Decimal(repr(first)))))
    settled = first * history.before.shape[1] / terms.n_periods
    need = history.before * price.list_usd
    used = np.minimum(first / terms.n_periods, need)
    over = used * price.used + (need - used) * price.beyond
    over += (first / terms.n_periods - used) * price.unused
    running = history.current * price.list_usd
    drawn = np.minimum(first - settled, running)
    paid = over.sum(axis=1) + drawn * price.used + (running - drawn) * price.beyond
    return _Stage(drawn, history.rest, paid, first, settled, terms.term_months)


def _unsigned(terms: Terms, history: _History, months: int) -> _Stage:
    paid = history.seen * (1 - no_deal_discount(terms))
    return _Stage(np.zeros_like(paid), history.rest, paid, 0.0, 0.0, months)


def _decided(terms: Terms, stage: _Stage, seen: Floats) -> Staged:
    """Let every group decide on one half of its paths for the other half."""
    signed, cost = np.empty_like(seen), np.empty_like(seen)
    order = seen.argsort(kind="stable")
    for group in np.array_split(order, N_GROUPS):
        for learn, use in ((group[::2], group[1::2]), (group[1::2], group[::2])):
            total, tier = _choice(terms, stage.rows(learn))
            signed[use] = total
            cost[use] = _cost(terms, stage.rows(use), total, tier)
    return signed, cost


def _choice(terms: Terms, stage: _Stage) -> tuple[float, Tier | None]:
    """Give the total with the lowest mean cost on these paths, and its tier."""
    tried = list(_candidates(terms, stage))
    means = np.empty(len(tried))
    for tier in {tier for _, tier in tried}:
        same = [i for i, (_, its) in enumerate(tried) if its == tier]
        totals = np.array([tried[i][0] for i in same])
        means[same] = _cost(terms, stage, totals[:, None], tier).mean(axis=-1)
    return tried[int(np.argmin(means))]


def _candidates(terms: Terms, stage: _Stage) -> Iterator[tuple[float, Tier | None]]:
    """Give the totals that may be signed: what is, every threshold, and levels of the rest."""
    if stage.first == 0:
        yield 0.0, None
    else:
        yield stage.first, _tier(terms, stage, stage.first)
    least = float(terms.minimum_commitment_usd) * _scale(terms, stage)
    for tier in terms.tiers:
        floor = max(float(tier.from_commitment_usd) * _scale(terms, stage), stage.first, least)
        price = unit_prices(terms, tariff_of(terms, tier))
        wanted = stage.settled + np.quantile(
            stage.drawn + stage.rest.sum(axis=1) * price.list_usd, LEVELS
        )
        for total in {floor, *(float(x) for x in wanted)}:
            if total >= floor and total > 0:
                yield total, _tier(terms, stage, total)


def _scale(terms: Terms, stage: _Stage) -> float:
    return 1.0 if terms.tier_basis == "term" else stage.months / 12


def _tier(terms: Terms, stage: _Stage, total: float) -> Tier:
    reached: Sequence[Tier] = [
        t
        for t in terms.tiers
        if total + 1e-6 >= float(t.from_commitment_usd) * _scale(terms, stage)
    ]
    return reached[-1]


def _cost(terms: Terms, stage: _Stage, total: float | Floats, tier: Tier | None) -> Floats:
    """Settle the whole term of every path when `total` is what is signed in the end.

    Totals [n, 1] give costs [n, M]; on demand there is nothing to tell them apart, [M].
    """
    to_come = stage.rest.sum(axis=1)
    if tier is None:
        return np.asarray(stage.paid + to_come * (1 - no_deal_discount(terms)))
    price = unit_prices(terms, tariff_of(terms, tier))
    need = stage.rest * price.list_usd
    drawn = np.zeros_like(need)
    drawn[:, 0] = stage.drawn
    pool = np.asarray((total - stage.settled) / need.shape[1])[..., None] - drawn
    used = np.minimum(pool, need)
    lost = (pool - used) * price.unused
    lost[..., -1] *= 1 - terms.unused_value_share
    spent = used * price.used + (need - used) * price.beyond + lost
    return np.asarray(stage.paid + spent.sum(axis=-1))
