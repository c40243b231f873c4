"""What would make an offer acceptable: one change at a time, everything else as it is.

An offer is acceptable when its expected cost is within the tolerance of the best alternative. Its
amount, its discount and each of its clauses are changed alone; the amount and the discount as
little as is enough.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from scipy.optimize import brentq

from forecast.records.negotiation import OfferChange
from forecast.records.terms import Offer, Terms, Tier
from forecast.sizing.assessment import assess
from forecast.sizing.clauses import clause_steps
from forecast.sizing.consumption import Consumed, for_settlement
from forecast.sizing.wording import share_text, usd_text
from forecast.units import to_cents

ALMOST_FREE = 0.999
"""No discount is looked for beyond this."""

N_TRIES = 40
"""Smaller amounts that are tried before the largest acceptable one is closed in on: thresholds
make the cost jump, so one bracket is not enough."""


def offer_changes(
    terms: Terms, offer: Offer, list_usd_monthly: Consumed, limit_usd: float
) -> tuple[OfferChange, ...]:
    """Give the single changes after which an offer costs at most `limit_usd` on average.

    Parameters
    ----------
    terms
        The offer's terms, with what we know about ourselves.
    list_usd_monthly
        [M, T] list cost by month, or `Consumption`.

    Returns
    -------
    tuple of OfferChange
        Empty when the offer is acceptable as it is, or when nothing alone is enough.
    """
    list_usd = for_settlement(terms, list_usd_monthly)
    amount: Sequence[Decimal] | Decimal = offer.schedule_usd or offer.total_usd
    if assess(terms, amount, list_usd).expected_cost_usd <= limit_usd:
        return ()
    return (
        *_smaller(terms, amount, list_usd, limit_usd),
        *_discounted(terms, amount, list_usd, limit_usd),
        *_other_clauses(terms, amount, list_usd_monthly, limit_usd),
    )


def _part(amount: Sequence[Decimal] | Decimal, share: float) -> Sequence[Decimal] | Decimal:
    if isinstance(amount, Decimal):
        return to_cents(amount * Decimal(repr(share)))
    return [to_cents(each * Decimal(repr(share))) for each in amount]


def _smaller(
    terms: Terms, amount: Sequence[Decimal] | Decimal, list_usd: Consumed, limit_usd: float
) -> Iterator[OfferChange]:
    """Give the largest smaller amount that is acceptable; a schedule keeps its shape."""

    def extra(share: float) -> float:
        return assess(terms, _part(amount, share), list_usd).expected_cost_usd - limit_usd

    shares = [i / N_TRIES for i in range(N_TRIES - 1, 0, -1)]
    enough = next((s for s in shares if extra(s) <= 0), None)
    if enough is None:
        return
    low, high = enough, enough + 1 / N_TRIES
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if extra(middle) <= 0 else (low, middle)
    total = _total(_part(amount, low))
    found = assess(terms, _part(amount, low), list_usd).expected_cost_usd
    yield OfferChange(
        clause="commitment",
        change=f"commit {usd_text(total)} over the term, not {usd_text(_total(amount))}",
        expected_cost_usd=to_cents(found),
    )


def _total(amount: Sequence[Decimal] | Decimal) -> Decimal:
    return amount if isinstance(amount, Decimal) else sum(amount, Decimal(0))


def _discounted(
    terms: Terms, amount: Sequence[Decimal] | Decimal, list_usd: Consumed, limit_usd: float
) -> Iterator[OfferChange]:
    """Give the least flat discount that is enough at this amount."""

    def extra(discount: float) -> float:
        tier = Tier(from_commitment_usd=Decimal(0), discount_share=discount)
        return assess(terms, amount, list_usd, tier=tier).expected_cost_usd - limit_usd

    if extra(ALMOST_FREE) > 0 or extra(0.0) <= 0:
        return
    exact = float(brentq(extra, 0.0, ALMOST_FREE, xtol=1e-9))
    # In tenths of a point, upwards: less would not be enough.
    asked = min(-(-exact // 0.001) * 0.001, ALMOST_FREE)
    yield OfferChange(
        clause="discount",
        change=f"{share_text(round(asked, 6))} off list at this commitment",
        expected_cost_usd=to_cents(extra(asked) + limit_usd),
    )


def _other_clauses(
    terms: Terms,
    amount: Sequence[Decimal] | Decimal,
    list_usd_monthly: Consumed,
    limit_usd: float,
) -> Iterator[OfferChange]:
    """Give the smallest step of every other clause that is enough at this amount."""
    told: set[str] = set()
    for clause, change, changed in clause_steps(terms):
        fits = isinstance(amount, Decimal) or changed.n_periods == terms.n_periods
        if clause in (*told, "discount") or not fits:
            continue
        cost = assess(changed, amount, for_settlement(changed, list_usd_monthly)).expected_cost_usd
        if cost <= limit_usd:
            told.add(clause)
            yield OfferChange(clause=clause, change=change, expected_cost_usd=to_cents(cost))
