"""What it is worth to sign later, or less now with a right to add: policies that do not look ahead.

At month n a path has shown o, its list cost so far. Paths are put into groups by o alone, and each
group decides for itself:

    wait       on demand until n, then a commitment for the rest of the term
    upsize     a smaller commitment for the term now; at n it may be raised, and the rest of the
               term runs at the tier of the raised total and ends with it (a co-termed add-on is
               the same)

With U₁ = min(C₀, a₀ o) drawn before n, the raised total C₁ leaves a pool of C₁ − U₁ for the rest.
What a group decides is chosen on one half of its paths and settled on the other half, and the
other way round, so that no path decides on its own future.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from forecast.paths import Floats
from forecast.records.negotiation import StagingValue
from forecast.records.terms import Terms, Tier
from forecast.sizing.assessment import assess
from forecast.sizing.search import Optimum
from forecast.sizing.tariff import no_deal_discount, tariff_of, unit_prices
from forecast.sizing.wording import usd_text
from forecast.units import to_cents

MONTHS = (3, 6)
"""Decision days that a negotiation talks about: a quarter, half a year."""

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
        Empty with several settlement periods, clauses beyond the core, or fewer than 200 paths.
    """
    if terms.n_periods > 1 or not terms.is_core or len(list_usd_monthly) < LEAST_PATHS:
        return ()
    whole = list_usd_monthly.sum(axis=1, keepdims=True)
    now = assess(terms, best.commitment_usd, whole).cost
    found = []
    for n in MONTHS:
        if n < terms.term_months:
            seen = list_usd_monthly[:, :n].sum(axis=1)
            rest = list_usd_monthly[:, n:].sum(axis=1)
            found.append(_described("wait", n, 0.0, _waited(terms, n, seen, rest), now))
            amounts = [float(best.commitment_usd) * share for share in NOW_SHARES]
            least = float(terms.over_term_usd(terms.minimum_commitment_usd))
            upsized = {c: _upsized(terms, c, seen, rest) for c in amounts if c == 0 or c >= least}
            first = min(upsized, key=lambda c: upsized[c][1].mean())
            found.append(_described("upsize", n, first, upsized[first], now))
    return tuple(found)


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
        Units of the commitment that were drawn before.
    rest
        List cost still to come.
    paid
        USD paid before.
    first
        What was signed before, in units.
    months
        Length that the tiers' thresholds refer to.
    """

    drawn: Floats
    rest: Floats
    paid: Floats
    first: float
    months: int

    def rows(self, chosen: NDArray[np.int64]) -> _Stage:
        """Keep some of the paths."""
        return _Stage(
            self.drawn[chosen], self.rest[chosen], self.paid[chosen], self.first, self.months
        )


def _waited(terms: Terms, n: int, seen: Floats, rest: Floats) -> Staged:
    paid = seen * (1 - no_deal_discount(terms))
    stage = _Stage(np.zeros_like(seen), rest, paid, 0.0, terms.term_months - n)
    return _decided(terms, stage, seen)


def _upsized(terms: Terms, first: float, seen: Floats, rest: Floats) -> Staged:
    if first == 0:
        stage = _Stage(
            np.zeros_like(seen), rest, seen * (1 - no_deal_discount(terms)), 0.0, terms.term_months
        )
        return _decided(terms, stage, seen)
    price = unit_prices(terms, tariff_of(terms, terms.tier_for(Decimal(repr(first)))))
    need = seen * price.list_usd
    drawn = np.minimum(first, need)
    paid = drawn * price.used + (need - drawn) * price.beyond
    return _decided(terms, _Stage(drawn, rest, paid, first, terms.term_months), seen)


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
        wanted = np.quantile(stage.drawn + stage.rest * price.list_usd, LEVELS)
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
    if tier is None:
        return np.asarray(stage.paid + stage.rest * (1 - no_deal_discount(terms)))
    price = unit_prices(terms, tariff_of(terms, tier))
    need = stage.rest * price.list_usd
    pool = total - stage.drawn
    used = np.minimum(pool, need)
    lost = (pool - used) * price.unused * (1 - terms.unused_value_share)
    return np.asarray(stage.paid + used * price.used + (need - used) * price.beyond + lost)
