"""The best commitment when waste or budget risk counts, each by its own name.

    minimise  E[cost] + a · CVaR95[waste] + b · CVaR95[cost]
    subject to  P95[waste] ≤ W,  P80[cost] ≤ B

Waste rises with the commitment and the budget risk falls with it, so a and b pull in opposite
directions. Along one tier every term is piecewise linear in the commitment, but their sum need
not be convex: a grid is settled, and around the best of it ever finer ones, down to the cent.
"""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from forecast.errors import InputError
from forecast.paths import quantile, tail_mean
from forecast.records.negotiation import RiskChoice, RiskPreference
from forecast.records.terms import Terms
from forecast.sizing.assessment import Assessment, assess
from forecast.sizing.bands import bands
from forecast.sizing.consumption import Consumed, total_of
from forecast.sizing.risk import TAIL_LEVEL
from forecast.sizing.search import Optimum
from forecast.sizing.wording import usd_text
from forecast.units import CENT, to_cents

N_GRID = 25
"""Commitments settled in every stretch with the same tiers, in each round."""

N_NEAR = 3
"""Grid points that are looked at closer; the sum is rarely without a single valley."""


def risk_choice(
    terms: Terms, list_usd: Consumed, best: Optimum, preference: RiskPreference
) -> RiskChoice:
    """Find the best commitment under a preference.

    Parameters
    ----------
    list_usd
        [M, P] list cost by settlement period, or `Consumption`.
    best
        What `best_commitment` found on them; it is the answer when nothing is preferred.

    Raises
    ------
    InputError
        A cap that no commitment keeps, with the least that one comes to.

    Examples
    --------
    >>> from datetime import date
    >>> from forecast.records.terms import Tier
    >>> from forecast.sizing.search import best_commitment
    >>> terms = Terms(term_start=date(2027, 1, 1), term_months=12, tiers=(
    ...     Tier(from_commitment_usd=Decimal(0), discount_share=0),
    ...     Tier(from_commitment_usd=Decimal(1), discount_share=0.25)))
    >>> paths = np.arange(1.0, 101.0)[:, None] + 50
    >>> best = best_commitment(terms, paths)
    >>> def chosen(**preference):
    ...     found = risk_choice(terms, paths, best, RiskPreference(**preference))
    ...     return str(found.commitment_usd), str(found.extra_expected_cost_usd)
    >>> chosen(), chosen(waste_weight=1), chosen(budget_weight=1)
    (('56.25', '0.00'), ('39.00', '2.76'), ('75.00', '3.00'))
    >>> chosen(max_waste_p95_usd=Decimal(10))
    ('52.00', '0.19')
    """
    tried: dict[Decimal, tuple[float, Assessment]] = {}

    def score(commitment: Decimal) -> float:
        if commitment not in tried:
            found = assess(terms, commitment, list_usd)
            tried[commitment] = (_objective(found, preference), found)
        return tried[commitment][0]

    score(Decimal("0.00"))
    score(best.commitment_usd)
    top = Decimal(str(round(2 * float(total_of(list_usd).max()) + 1, 2)))
    for band in bands(terms, top):
        low, high = band.lower_usd, min(band.upper_usd, top)
        if low > high:
            continue
        stretches = [(low, high)]
        while stretches:
            points = sorted({p for a, b in stretches for p in _grid(a, b)})
            ranked = sorted(points, key=score)[:N_NEAR]
            near = [points.index(p) for p in ranked]
            around = [(points[max(i - 1, 0)], points[min(i + 1, len(points) - 1)]) for i in near]
            stretches = [(a, b) for a, b in around if b - a > 2 * CENT]
    commitment = min(tried, key=lambda c: (round(tried[c][0], 6), c))
    value, found = tried[commitment]
    if not np.isfinite(value):
        _refuse(preference, [each for _, each in tried.values()])
    return RiskChoice(
        preference=preference,
        commitment_usd=commitment,
        expected_cost_usd=found.cost_risk.expected_usd,
        extra_expected_cost_usd=to_cents(found.expected_cost_usd - best.expected_cost_usd),
        waste_p95_usd=found.waste_risk.p95_usd,
        waste_cvar95_usd=found.waste_risk.cvar95_usd,
        budget_p80_usd=found.cost_risk.p80_usd,
        cost_cvar95_usd=found.cost_risk.cvar95_usd,
    )


def _grid(low: Decimal, high: Decimal) -> list[Decimal]:
    return [to_cents(float(x)) for x in np.linspace(float(low), float(high), N_GRID)]


def _objective(found: Assessment, preference: RiskPreference) -> float:
    waste, budget = preference.max_waste_p95_usd, preference.max_budget_p80_usd
    if waste is not None and found.waste_risk.p95_usd > waste:
        return np.inf
    if budget is not None and to_cents(quantile(found.cost, 0.8)) > budget:
        return np.inf
    value = found.expected_cost_usd
    if preference.waste_weight:
        value += preference.waste_weight * tail_mean(found.unused, TAIL_LEVEL)
    if preference.budget_weight:
        value += preference.budget_weight * tail_mean(found.cost, TAIL_LEVEL)
    return value


def _refuse(preference: RiskPreference, tried: list[Assessment]) -> None:
    within = [
        each
        for each in tried
        if preference.max_waste_p95_usd is None
        or each.waste_risk.p95_usd <= preference.max_waste_p95_usd
    ]
    least = min(each.cost_risk.p80_usd for each in within)
    also = "" if preference.max_waste_p95_usd is None else " that keeps max_waste_p95_usd"
    raise InputError(
        f"no commitment{also} has a P80 of the total paid of at most "
        f"{usd_text(preference.max_budget_p80_usd or 0)}; the least is {usd_text(least)}",
        column="max_budget_p80_usd",
    )
