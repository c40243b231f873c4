"""The best commitment of every tier side by side, and what reaching for another tier means."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
from scipy.optimize import brentq

from forecast.records.negotiation import ReachingUp
from forecast.records.sizing_result import TierRow
from forecast.records.terms import Terms
from forecast.sizing.assessment import assess
from forecast.sizing.consumption import Consumed, mean_path, periods_of, scaled, total_of
from forecast.sizing.search import Optimum, TierOptimum, tier_floor_usd
from forecast.sizing.settlement import HALF_CENT_USD
from forecast.sizing.wording import share_text, usd_text
from forecast.units import CENT, to_cents

FAR = 4.0
"""Clauses beyond the core may count a part only: look this much further for a break-even."""


def tier_rows(terms: Terms, list_usd: Consumed, best: Optimum) -> tuple[TierRow, ...]:
    """Describe the best commitment of every tier, with one sentence each.

    Parameters
    ----------
    list_usd
        [M, P] list cost by settlement period, or `Consumption`.
    best
        What `best_commitment` found on them.
    """
    return tuple(
        TierRow(
            from_commitment_usd=tier_floor_usd(terms, found.tier),
            discount_share=found.tier.discount_share,
            best_commitment_usd=found.commitment_usd,
            expected_cost_usd=to_cents(found.expected_cost_usd),
            waste_expected_usd=assess(
                terms, found.commitment_usd, list_usd
            ).waste_risk.expected_usd,
            verdict=_verdict(terms, list_usd, best, found),
        )
        for found in best.per_tier
    )


def reaching_up(
    terms: Terms, list_usd: Consumed, best: Optimum, rows: Sequence[TierRow]
) -> tuple[ReachingUp, ...]:
    """Say of every tier above the recommendation what reaching for it means.

    Parameters
    ----------
    rows
        What `tier_rows` wrote for the same optimum.
    """
    ours = best.as_tier_optimum()
    found = []
    for row, above in zip(rows, best.per_tier, strict=True):
        if above.tier == best.tier or above.commitment_usd <= best.commitment_usd:
            continue
        even = break_even_consumption(terms, list_usd, ours, above)
        found.append(
            ReachingUp(
                from_commitment_usd=row.from_commitment_usd,
                discount_share=row.discount_share,
                commitment_usd=row.best_commitment_usd,
                break_even_list_usd=None if even is None else to_cents(even),
                reach_probability=0.0 if even is None else share_reaching(list_usd, even),
                expected_loss_usd=to_cents(above.expected_cost_usd - best.expected_cost_usd),
                sentence=row.verdict,
            )
        )
    return tuple(found)


def _at(terms: Terms, commitment_usd: Decimal) -> str:
    """Place an amount; in whole dollars the cent below a threshold would read as the threshold."""
    floors = [tier_floor_usd(terms, tier) for tier in terms.tiers]
    below = any(0 < floor - commitment_usd <= CENT for floor in floors)
    return f"{'just below' if below else 'at'} {usd_text(commitment_usd)}"


def _verdict(terms: Terms, list_usd: Consumed, best: Optimum, found: TierOptimum) -> str:
    if found.tier == best.tier:
        return _why_best(best)
    loss = usd_text(found.expected_cost_usd - best.expected_cost_usd)
    if found.commitment_usd < best.commitment_usd:
        what = (
            f"Stopping {_at(terms, found.commitment_usd)}"
            if found.commitment_usd
            else "Committing nothing and paying on demand"
        )
        costs = f"{what} costs {loss} more on average."
        even = break_even_consumption(terms, list_usd, found, best.as_tier_optimum())
        if even is None:
            return f"{costs} It is cheaper at no consumption above zero."
        missed = 1 - share_reaching(list_usd, even)
        return (
            f"{costs} It is cheaper only below {usd_text(even)} of list consumption over the "
            f"term, and {share_text(missed)} of the paths stay below that."
        )
    costs = (
        f"Reaching up to {usd_text(found.commitment_usd)} for "
        f"{share_text(found.tier.discount_share)} off costs {loss} more on average."
    )
    even = break_even_consumption(terms, list_usd, best.as_tier_optimum(), found)
    if even is None:
        return f"{costs} It does not break even at any consumption."
    return (
        f"{costs} It breaks even at {usd_text(even)} of list consumption over the term, which "
        f"{share_text(share_reaching(list_usd, even))} of the paths reach."
    )


def _why_best(best: Optimum) -> str:
    if best.commitment_usd == 0:
        return "Recommended: commit nothing and pay on demand; no tier is cheaper on average."
    saved = best.no_deal_expected_cost_usd - best.expected_cost_usd
    return (
        f"Recommended: sign {usd_text(best.commitment_usd)} at "
        f"{share_text(best.tier.discount_share)} off; it saves {usd_text(saved)} on average "
        "against paying on demand."
    )


def share_reaching(list_usd: Consumed, consumption_usd: float) -> float:
    """Give the share of the paths whose term list cost is at least `consumption_usd`."""
    total = total_of(list_usd)
    return int(np.count_nonzero(total >= consumption_usd)) / len(total)


def break_even_consumption(
    terms: Terms, list_usd: Consumed, lower: TierOptimum, higher: TierOptimum
) -> float | None:
    """Give the term's list consumption from which the higher commitment is the cheaper one.

    Consumption is spread over the settlement periods like the mean of the paths. Up to where
    the higher commitment is used up in every period, its cost less that of the lower one falls
    as consumption grows; so there is one such point, or none.

    Returns
    -------
    float or None
        USD; None when the higher commitment is not even cheaper when it is used up.

    Examples
    --------
    Nothing at list, or 75 at a quarter off, which is cheaper once 75 are used at list:

    >>> from datetime import date
    >>> from decimal import Decimal
    >>> from forecast.records.terms import Tier
    >>> none, some = (Tier(from_commitment_usd=Decimal(c), discount_share=d)
    ...     for c, d in ((0, 0.0), (50, 0.25)))
    >>> terms = Terms(term_start=date(2027, 1, 1), term_months=12, tiers=(none, some))
    >>> round(break_even_consumption(terms, np.array([[90.0]]),
    ...     TierOptimum(none, Decimal(0), 90), TierOptimum(some, Decimal(75), 75)), 6)
    75.0
    """
    mean = mean_path(list_usd)
    whole = float(total_of(mean)[0])
    if whole <= 0:
        return None
    spread = periods_of(terms, mean)[0] / whole
    used = spread > 0
    unit = 1.0
    if terms.drawdown_basis == "contracted":
        unit -= higher.tier.discount_share
    part = float(higher.commitment_usd) * np.array(terms.period_weights) / unit
    used_up = float((part[used] / spread[used]).max()) * (1 if terms.is_core else FAR)

    def extra(total: float) -> float:
        path = scaled(mean, total / whole)
        return float(
            assess(terms, higher.commitment_usd, path).cost[0]
            - assess(terms, lower.commitment_usd, path).cost[0]
        )

    if extra(used_up) > -HALF_CENT_USD or extra(0.0) <= 0:
        return None
    return float(brentq(extra, 0.0, used_up, xtol=1e-6))
