"""What a renewal ratchet costs: the share of this commitment that a renewal must reach.

The term's own paths say nothing of the years after it, so the value rests on one stated assumption:
consumption of the last contract year comes again, at the same tiers. Let K(x) be the cheapest way
to pay for that year when an agreement must reach x (not renewing, and paying on demand, stays
possible). With the commitment C_Y of the last contract year and the ratchet's share g the clause
costs

    E[K(g C_Y)] − E[K(0)],

on the same paths, so its standard error is that of paired differences.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from forecast.paths import Floats
from forecast.records.sizing_result import ClauseValue
from forecast.records.terms import PriceProtection, Terms
from forecast.sizing.assessment import assess
from forecast.sizing.consumption import Consumed, Consumption, for_settlement
from forecast.sizing.schedule import schedule_of
from forecast.sizing.search import cheapest_commitment
from forecast.sizing.wording import share_text
from forecast.units import to_cents

YEAR_MONTHS = 12

Amount = Decimal | float


def ratchet_value(
    terms: Terms, commitment_usd: Decimal, list_usd_monthly: Consumed
) -> tuple[ClauseValue, Floats] | None:
    """Price dropping the ratchet, with its saving on every path, [M]; None without a ratchet.

    Parameters
    ----------
    commitment_usd
        Term total that is signed now.
    list_usd_monthly
        [M, T] list cost by month, or `Consumption`.

    Examples
    --------
    A year of 1,000 on every path, of which 900 were signed at 10 % off; next year is bound to it
    only as far as it was worth signing:

    >>> import numpy as np
    >>> from datetime import date
    >>> from forecast.records.terms import Renewal, Tier
    >>> terms = Terms(term_start=date(2027, 1, 1), term_months=12, renewal=Renewal(minimum_share=1),
    ...     tiers=(Tier(from_commitment_usd=Decimal(0), discount_share=0),
    ...            Tier(from_commitment_usd=Decimal(500), discount_share=0.1)))
    >>> year = np.full((3, 12), 1000 / 12)
    >>> [str(ratchet_value(terms, Decimal(c), year)[0].value_usd) for c in (900, 1000)]
    ['0.00', '100.00']
    """
    if terms.renewal is None or not terms.renewal.minimum_share:
        return None
    months = min(YEAR_MONTHS, terms.term_months)
    free = _renewed(terms, months)
    least = least_renewal_usd(terms, schedule_of(terms, commitment_usd), YEAR_MONTHS)
    bound = free.model_copy(update={"minimum_commitment_usd": least})
    year = _last(list_usd_monthly, months)
    bound_cost, free_cost = (_cheapest(each, year) for each in (bound, free))
    saved = bound_cost - free_cost
    error = float(saved.std(ddof=1)) / len(saved) ** 0.5 if len(saved) > 1 else 0.0
    value = ClauseValue(
        clause="renewal ratchet",
        change=f"from {share_text(terms.renewal.minimum_share)} of this commitment to none, if "
        "the last contract year comes again",
        value_usd=to_cents(float(saved.mean())),
        standard_error_usd=to_cents(error),
        commitment_change_usd=Decimal("0.00"),
    )
    return value, saved


def least_renewal_usd(terms: Terms, amounts_usd: Iterable[Amount], term_months: int) -> Decimal:
    """Give the least that a renewal of some length must reach; 0 without a ratchet.

    Parameters
    ----------
    amounts_usd
        What is committed for each settlement period; the last contract year of them binds.
    term_months
        Of the renewal.

    Examples
    --------
    >>> from datetime import date
    >>> from forecast.records.terms import Renewal, Tier
    >>> terms = Terms(term_start=date(2027, 1, 1), term_months=24, ramp_weights=(1, 3),
    ...     renewal=Renewal(minimum_share=0.5),
    ...     tiers=(Tier(from_commitment_usd=Decimal(0), discount_share=0),))
    >>> str(least_renewal_usd(terms, [Decimal(100), Decimal(300)], 12))
    '150.00'
    """
    if terms.renewal is None:
        return Decimal("0.00")
    n_periods = max(1, YEAR_MONTHS // terms.period_months)
    last = [float(amount) for amount in amounts_usd][-n_periods:]
    a_month = sum(last) / (len(last) * terms.period_months)
    return to_cents(terms.renewal.minimum_share * a_month * term_months)


def _renewed(terms: Terms, months: int) -> Terms:
    """The same agreement for one more year, without what belongs to the dates of this term."""
    fits = terms.period_months <= months and months % terms.period_months == 0
    n_periods = months // terms.period_months if fits else 1
    a_year = Decimal(YEAR_MONTHS) / terms.term_months if terms.tier_basis == "term" else Decimal(1)
    tiers = tuple(
        tier.model_copy(update={"from_commitment_usd": tier.from_commitment_usd * a_year})
        for tier in terms.tiers
    )
    return Terms.model_validate(
        {
            **dict(terms),
            "tiers": tiers,
            "term_months": months,
            "settlement": terms.settlement if fits else "term",
            "rollover_share": terms.rollover_share if n_periods > 1 else 0.0,
            "tier_basis": "annual",
            "ramp_weights": (),
            "true_downs": (),
            "credits": (),
            "expected_list_changes": (),
            "price_protection": PriceProtection(list_prices="follow"),
            "payment_months": None if not fits else terms.payment_months,
            "renewal": None,
        }
    )


def _last(list_usd_monthly: Consumed, months: int) -> Consumed:
    if isinstance(list_usd_monthly, Consumption):
        return Consumption({g: usd[:, -months:] for g, usd in list_usd_monthly.usage.items()})
    return list_usd_monthly[:, -months:]


def _cheapest(terms: Terms, monthly: Consumed) -> Floats:
    list_usd = for_settlement(terms, monthly)
    return assess(terms, cheapest_commitment(terms, list_usd), list_usd).cost
