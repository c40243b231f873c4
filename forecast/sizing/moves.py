"""What it costs to move from our number to another one, at this discount or a better one.

For the table: "your number costs us this much more; we would not mind it at that discount".
"""

from __future__ import annotations

from decimal import Decimal

from scipy.optimize import brentq

from forecast.paths import quantile
from forecast.records.sizing_result import Move
from forecast.records.terms import Terms, Tier
from forecast.sizing.assessment import assess
from forecast.sizing.consumption import Consumed, total_of
from forecast.sizing.search import Optimum, cost_at, objective_usd, tier_floor_usd
from forecast.sizing.wording import share_text, usd_text
from forecast.units import to_cents

STEPS = (0.75, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0)
"""Commitments as multiples of ours. Vendors propose 15 to 30 % above run-rate, and ours lies
below it."""

THRESHOLDS_EACH_WAY = 3
"""Thresholds next to our number that are moves too."""

EXTRA_DISCOUNTS = (0.0, 0.01, 0.02, 0.05, 0.10)
"""Points that a vendor may add to the discount of our tier."""

ALMOST_FREE = 0.999999
"""No indifference discount is looked for beyond this."""


def moves(terms: Terms, list_usd: Consumed, best: Optimum) -> tuple[Move, ...]:
    """Give the grid of commitments and discounts around the recommendation.

    Parameters
    ----------
    list_usd
        [M, P] list cost by settlement period, or `Consumption`.
    best
        What `best_commitment` found on them.
    """
    rows = []
    for commitment in _commitments(terms, list_usd, best):
        indifference = indifference_discount(terms, list_usd, commitment, best.expected_cost_usd)
        for discount in _discounts(terms, best, commitment):
            found = assess(terms, commitment, list_usd, tier=_at(discount))
            extra = objective_usd(found.cost) - best.expected_cost_usd
            rows.append(
                Move(
                    commitment_usd=commitment,
                    discount_share=discount,
                    extra_expected_cost_usd=to_cents(extra),
                    expected_unused_usd=found.waste_risk.expected_usd,
                    indifference_discount_share=indifference,
                    to_justify=_to_justify(commitment, discount, extra),
                )
            )
    return tuple(rows)


def _to_justify(commitment_usd: Decimal, discount_share: float, extra_usd: float) -> str:
    """Say what else a number has to bring; nothing when it costs no more than ours."""
    if extra_usd < 1:
        return ""
    return (
        f"To justify {usd_text(commitment_usd)} at {share_text(discount_share)} off, whatever else "
        f"it brings (capacity, support, the relationship) has to be worth {usd_text(extra_usd)} "
        "over the term."
    )


def indifference_discount(
    terms: Terms, list_usd: Consumed, commitment_usd: Decimal, cost_usd: float
) -> float | None:
    """Give the discount at which a commitment costs what ours does, on the same paths.

    A better discount never costs more at the same commitment, so the exact expected cost is
    bisected.

    Returns
    -------
    float or None
        None when not even usage for nothing would make up for the commitment.

    Examples
    --------
    With 100 of list consumption for sure and a cost of 80, committing 85 is never as good:

    >>> import numpy as np
    >>> from datetime import date
    >>> terms = Terms(term_start=date(2027, 1, 1), term_months=12,
    ...     tiers=(Tier(from_commitment_usd=Decimal(0), discount_share=0),))
    >>> paths = np.array([[100.0]])
    >>> round(indifference_discount(terms, paths, Decimal(60), 80.0), 6)
    0.25
    >>> indifference_discount(terms, paths, Decimal(85), 80.0) is None
    True
    """

    def extra(discount: float) -> float:
        return cost_at(terms, list_usd, _at(discount), float(commitment_usd)) - cost_usd

    if extra(0.0) <= 0:
        return 0.0
    if extra(ALMOST_FREE) > 0:
        return None
    return float(brentq(extra, 0.0, ALMOST_FREE, xtol=1e-9))


def _at(discount_share: float) -> Tier:
    return Tier(from_commitment_usd=Decimal(0), discount_share=discount_share)


def _commitments(terms: Terms, list_usd: Consumed, best: Optimum) -> list[Decimal]:
    ours = best.commitment_usd
    around = ours if ours else to_cents(quantile(total_of(list_usd), 0.5) / 2)
    floors = [tier_floor_usd(terms, found.tier) for found in best.per_tier[1:]]
    near = [f for f in floors if f < ours][-THRESHOLDS_EACH_WAY:]
    near += [f for f in floors if f >= ours][:THRESHOLDS_EACH_WAY]
    chosen = {to_cents(around * Decimal(str(step))) for step in STEPS} | set(near)
    return sorted(c for c in chosen if c > 0)


def _discounts(terms: Terms, best: Optimum, commitment_usd: Decimal) -> list[float]:
    """Our discount and a few points more, and what the commitment earns by the terms."""
    ours = best.tier.discount_share
    asked = {round(ours + extra, 6) for extra in EXTRA_DISCOUNTS}
    asked.add(terms.tier_for(commitment_usd).discount_share)
    return sorted(d for d in asked if d < 1)
