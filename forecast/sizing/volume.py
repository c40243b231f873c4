"""Volume tiers: which discounts a contract year's consumption earns.

all     every dollar gets the discount of the tier that the year reaches
above   dollars between two thresholds get the lower tier's discount
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from forecast.paths import Floats
from forecast.records.terms import Terms, Tier


def discounts(
    terms: Terms, by_month: Sequence[Tier | None], counted_usd: Floats, families: Iterable[str]
) -> dict[str, Floats]:
    """Give the discount of every model family, [T], or [M, T] with volume tiers.

    Parameters
    ----------
    by_month
        The tier in force, a month; None on demand, which is given the first. A tier that is not
        one of the terms' is taken as it is, also under volume tiers.
    counted_usd
        [M, T] list cost that counts.
    """
    tiers = [terms.tiers[0] if tier is None else tier for tier in by_month]
    if terms.tier_by == "consumption" and all(tier in terms.tiers for tier in tiers):
        weights = volume_weights(terms, counted_usd)
        table = {f: np.array([tier.discount_of(f) for tier in terms.tiers]) for f in families}
        return {f: np.asarray(weights @ of_tier) for f, of_tier in table.items()}
    return {f: np.array([tier.discount_of(f) for tier in tiers]) for f in families}


def volume_weights(terms: Terms, list_usd: Floats) -> Floats:
    """Give the share of each month's usage that gets each tier's discount, [M, T, K]."""
    years = []
    for first in range(0, terms.term_months, 12):
        year = list_usd[:, first : first + 12]
        years.append(np.repeat(_year(terms, year), year.shape[1], axis=1))
    return np.concatenate(years, axis=1)


def _year(terms: Terms, list_usd: Floats) -> Floats:
    """Weights of one contract year, [M, 1, K]."""
    consumed = list_usd.sum(axis=1) * (12 / list_usd.shape[1])
    thresholds = np.array([float(tier.from_commitment_usd) for tier in terms.tiers])
    if terms.tier_reach == "all":
        # Half a cent: consumption that equals a threshold reaches it.
        reached = np.searchsorted(thresholds, consumed + 0.005, side="right") - 1
        return np.asarray(np.eye(len(thresholds))[reached][:, None, :])
    ends = np.append(thresholds[1:], np.inf)
    inside = np.clip(consumed[:, None], thresholds, ends) - thresholds
    total = np.maximum(consumed, 1e-9)[:, None]
    weights = inside / total
    weights[:, 0] += 1 - weights.sum(axis=1)
    return np.asarray(weights[:, None, :])
