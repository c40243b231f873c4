"""How a commitment splits over the settlement periods, and which tier each period earns."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import groupby, pairwise

import numpy as np

from forecast.paths import Floats
from forecast.records.sizing_result import PeriodCommitment
from forecast.records.terms import Terms, Tier
from forecast.units import CENT, add_months, to_cents


def schedule_of(terms: Terms, commitment_usd: Decimal | float) -> Floats:
    """Split a term commitment over the settlement periods, shape [P].

    Equally by month, or by the ramp of the terms. The parts are not rounded: every expected cost
    is settled on this split.
    """
    return float(commitment_usd) * np.array(terms.period_weights)


def schedule_in_cents(terms: Terms, commitment_usd: Decimal) -> tuple[PeriodCommitment, ...]:
    """Split a term commitment into whole cents whose sum is the commitment.

    What is committed up to the end of each period is rounded, so no period is a cent away
    from its part.

    >>> from datetime import date
    >>> terms = Terms(term_start=date(2027, 1, 1), term_months=36, settlement="annual",
    ...     tiers=(Tier(from_commitment_usd=Decimal(0), discount_share=0),))
    >>> [str(part.commitment_usd) for part in schedule_in_cents(terms, Decimal("100.00"))]
    ['33.33', '33.34', '33.33']
    """
    weights = [Fraction(w) for w in terms.ramp_weights] or [Fraction(1)]
    parts = [
        weights[(p * terms.period_months // 12) % len(weights)] for p in range(terms.n_periods)
    ]
    upto = [sum(parts[:p], Fraction(0)) / sum(parts) for p in range(terms.n_periods + 1)]
    through = [to_cents(commitment_usd * share.numerator / share.denominator) for share in upto]
    return dated(terms, [b - a for a, b in pairwise(through)])


def dated(terms: Terms, amounts: Sequence[Decimal]) -> tuple[PeriodCommitment, ...]:
    """Put one amount a settlement period beside its days."""
    months = terms.period_months
    return tuple(
        PeriodCommitment(
            period_start=add_months(terms.term_start, p * months),
            period_end=add_months(terms.term_start, (p + 1) * months),
            commitment_usd=amount,
        )
        for p, amount in enumerate(amounts)
    )


def tiers_by_period(terms: Terms, schedule_usd: Floats) -> tuple[Tier, ...]:
    """Give the tier in force in each period of a schedule.

    With volume tiers a commitment earns none, and the first stands for all. An equal split earns
    the tier of its term total. A ramp earns, in every contract year, the
    tier of that year's commitment (annualised in a shorter last year), unless tiers compare
    with the term total.

    >>> from datetime import date
    >>> terms = Terms(term_start=date(2027, 1, 1), term_months=24, settlement="annual",
    ...     tiers=(Tier(from_commitment_usd=Decimal(0), discount_share=0),
    ...            Tier(from_commitment_usd=Decimal(100), discount_share=.1)))
    >>> [t.discount_share for t in tiers_by_period(terms, np.array([60.0, 140.0]))]
    [0.0, 0.1]
    """
    total = to_cents(float(schedule_usd.sum()))
    n = terms.n_periods
    is_equal = bool(np.ptp(schedule_usd) <= 2 * float(CENT))
    if is_equal or terms.tier_basis == "term" or terms.tier_by == "consumption":
        return (terms.tier_for(total),) * n
    tiers: list[Tier] = []
    for _, periods in groupby(range(n), key=lambda p: p * terms.period_months // 12):
        of_year = list(periods)
        committed = to_cents(float(schedule_usd[of_year].sum()))
        share_of_term = Decimal(len(of_year)) / n
        tiers += [_tier_at(terms, committed, share_of_term)] * len(of_year)
    return tuple(tiers)


def on_demand_periods(terms: Terms, schedule_usd: Floats) -> list[bool]:
    """Tell the periods of contract years (or terms) in which nothing is committed at all."""
    n = terms.n_periods
    if terms.tier_basis == "term":
        return [not schedule_usd.any()] * n
    years = [p * terms.period_months // 12 for p in range(n)]
    committed = dict.fromkeys(years, 0.0)
    for year, amount in zip(years, schedule_usd, strict=True):
        committed[year] += float(amount)
    return [committed[year] == 0 for year in years]


def _tier_at(terms: Terms, committed_usd: Decimal, share_of_term: Decimal) -> Tier:
    """Give the tier of a part of the term, whose thresholds are that part of the term's."""
    reached = [t for t in terms.tiers if committed_usd >= terms.threshold_usd(t) * share_of_term]
    return reached[-1]
