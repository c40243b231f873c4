"""Opening, target and walk-away of every issue, derived from what each is worth on the paths.

commitment   open at the low end of what is practically as good, aim at the recommendation,
walk away where the agreement costs as much as no deal
discount     (at the recommended commitment) open at the best tier of the terms, aim at the
tier that is earned, walk away where it costs as much as no deal
any clause   open with its most valuable step, aim at the least step that is worth more than
twice its standard error, let it go for the points of discount that it is worth
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from forecast.records.negotiation import Exchange, Position
from forecast.records.sizing_result import ClauseValue, Commitment
from forecast.records.terms import Terms
from forecast.sizing.assessment import assess
from forecast.sizing.consumption import Consumed, total_of
from forecast.sizing.moves import indifference_discount
from forecast.sizing.search import Optimum
from forecast.sizing.wording import share_text, usd_text
from forecast.units import to_cents

N_ERRORS = 2.0
"""Standard errors that a value has to be away from zero to be asked for."""


def positions(
    terms: Terms,
    list_usd: Consumed,
    best: Optimum,
    commitment: Commitment,
    clauses: Sequence[ClauseValue],
    exchange: Sequence[Exchange],
) -> tuple[Position, ...]:
    """Give the positions of every issue that can be negotiated.

    Parameters
    ----------
    list_usd
        [M, P] list cost by settlement period, or `Consumption`.
    best, commitment, clauses, exchange
        What was found on them.
    """
    found: list[Position] = []
    if best.commitment_usd:
        found += _amount(terms, list_usd, best, commitment)
        found += _discount(terms, list_usd, best)
    found += _clauses(clauses, exchange)
    return tuple(found)


def _amount(
    terms: Terms, list_usd: Consumed, best: Optimum, commitment: Commitment
) -> Iterator[Position]:
    limit = best.no_deal_expected_cost_usd

    def extra(amount: float) -> float:
        return assess(terms, amount, list_usd).expected_cost_usd - limit

    low, high = float(best.commitment_usd), 2 * float(total_of(list_usd).max())
    if extra(high) <= 0:
        return
    while high - low > 0.01:
        middle = (low + high) / 2
        low, high = (middle, high) if extra(middle) <= 0 else (low, middle)
    walk = to_cents(low)
    saved = limit - best.expected_cost_usd
    yield Position(
        issue="commitment",
        opening=usd_text(commitment.indifference_band.lower_usd),
        target=usd_text(best.commitment_usd),
        walk_away=usd_text(walk),
        reason=f"{usd_text(best.commitment_usd)} saves {usd_text(saved)} on average; "
        f"{usd_text(commitment.indifference_band.lower_usd)} is practically as good, and beyond "
        f"{usd_text(walk)} paying on demand is cheaper.",
    )


def _discount(terms: Terms, list_usd: Consumed, best: Optimum) -> Iterator[Position]:
    walk = indifference_discount(
        terms, list_usd, best.commitment_usd, best.no_deal_expected_cost_usd
    )
    if walk is None or not terms.is_core:
        return
    ours = best.tier.discount_share
    top = max(tier.discount_share for tier in terms.tiers)
    yield Position(
        issue="discount",
        opening=f"{share_text(max(top, ours))} off list at {usd_text(best.commitment_usd)}",
        target=f"{share_text(ours)} off list",
        walk_away=f"{share_text(round(walk, 4))} off list",
        reason=f"The terms give {share_text(top)} to their largest customer; below "
        f"{share_text(round(walk, 4))} the commitment costs more than paying on demand.",
    )


def _clauses(clauses: Sequence[ClauseValue], exchange: Sequence[Exchange]) -> Iterator[Position]:
    points = {(row.clause, row.change): row.discount_points for row in exchange}
    for clause in dict.fromkeys(value.clause for value in clauses):
        steps = [v for v in clauses if v.clause == clause and _is_worth_asking(v)]
        if clause == "discount" or not steps:
            continue
        most = max(steps, key=lambda v: v.value_usd)
        least = min(steps, key=lambda v: v.value_usd)
        worth = points.get((clause, least.change))
        yield Position(
            issue=clause,
            opening=most.change,
            target=least.change,
            walk_away="as it is"
            if worth is None
            else f"as it is, for {worth:.2f} points of discount",
            reason=f"{most.change}: {usd_text(most.value_usd)} on average; {least.change}: "
            f"{usd_text(least.value_usd)}.",
        )


def _is_worth_asking(value: ClauseValue) -> bool:
    least = Decimal(repr(N_ERRORS)) * value.standard_error_usd
    return value.value_usd > 0 and value.value_usd > least
