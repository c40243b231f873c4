"""Stretches of commitments under which the same tiers are in force."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from itertools import groupby

from forecast.records.terms import Terms, Tier
from forecast.sizing.schedule import schedule_of, tiers_by_period
from forecast.units import CENT


@dataclass(frozen=True)
class Band:
    """Whole-cent commitments from `lower_usd` to `upper_usd`, both inside.

    Attributes
    ----------
    tier
        What the term total earns.
    tiers
        What every settlement period earns; they differ where a ramp crosses thresholds.
    """

    tier: Tier
    tiers: tuple[Tier, ...]
    lower_usd: Decimal
    upper_usd: Decimal


def least_commitment(terms: Terms) -> Decimal:
    """Give the smallest term commitment in whole cents that the agreement takes."""
    return terms.over_term_usd(terms.minimum_commitment_usd).quantize(CENT, rounding=ROUND_CEILING)


def tier_floor_usd(terms: Terms, tier: Tier) -> Decimal:
    """Give the smallest term commitment in whole cents that earns `tier`."""
    return terms.threshold_usd(tier).quantize(CENT, rounding=ROUND_CEILING)


def bands(terms: Terms, ceiling_usd: Decimal) -> Iterator[Band]:
    """Give the bands up to a ceiling, from the agreement's minimum on.

    >>> from datetime import date
    >>> terms = Terms(term_start=date(2027, 1, 1), term_months=24, ramp_weights=(1, 3), tiers=(
    ...     Tier(from_commitment_usd=Decimal(0), discount_share=0),
    ...     Tier(from_commitment_usd=Decimal(90), discount_share=.1)))
    >>> for band in bands(terms, Decimal(900)):
    ...     print(band.lower_usd, [tier.discount_share for tier in band.tiers])
    0.01 [0.0, 0.0]
    120.00 [0.0, 0.1]
    180.00 [0.0, 0.1]
    359.98 [0.1, 0.1]

    The first year's part of 359.98 is 89.995, which is 90.00 in cents.
    """
    least = least_commitment(terms)
    if not terms.is_core:
        least = max(least, CENT)  # one cent brings what signing brings; nothing is no deal
    starts = sorted({least, *(floor for floor in _floors(terms) if floor > least)})
    for lower, upper in zip(starts, [s - CENT for s in starts[1:]] + [ceiling_usd], strict=True):
        if upper >= lower:
            tiers = _tiers(terms, lower)
            yield Band(terms.tier_for(lower), tiers, lower, upper)


def _tiers(terms: Terms, commitment_usd: Decimal) -> tuple[Tier, ...]:
    if len(set(terms.ramp_weights)) <= 1:
        return (terms.tier_for(commitment_usd),) * terms.n_periods
    return tiers_by_period(terms, schedule_of(terms, commitment_usd))


def _floors(terms: Terms) -> Iterator[Decimal]:
    """Give every term commitment at which the tier of the total or of a year changes."""
    if terms.tier_by == "consumption":
        return
    for tier in terms.tiers:
        yield tier_floor_usd(terms, tier)
    if terms.tier_basis == "term" or len(set(terms.ramp_weights)) <= 1:
        return
    weights = terms.period_weights
    for _, periods in groupby(range(len(weights)), key=lambda p: p * terms.period_months // 12):
        of_year = list(periods)
        share = Decimal(repr(sum(weights[p] for p in of_year)))
        part = Decimal(len(of_year)) / len(weights)
        for tier in terms.tiers:
            exact = terms.threshold_usd(tier) * part / share
            yield from _changes(terms, exact.quantize(CENT, rounding=ROUND_CEILING))


def _changes(terms: Terms, near_usd: Decimal) -> Iterator[Decimal]:
    """Give the cents near a threshold with other tiers than the cent before.

    A year's part is rounded, and two years may reach their thresholds a cent apart.
    """
    reach = int(1 / min(terms.period_weights)) + 2
    cents = [max(near_usd + CENT * step, Decimal(0)) for step in range(-reach, reach + 1)]
    tiers = [_tiers(terms, amount) for amount in cents]
    for amount, before, now in zip(cents[1:], tiers[:-1], tiers[1:], strict=True):
        if before != now:
            yield amount
