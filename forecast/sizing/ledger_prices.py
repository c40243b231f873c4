"""What a month's usage comes to under every clause about prices, in exact decimals.

Written apart from `clause_needs`, one month of one path at a time and without arrays, so that
each is a check of the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from forecast.records.terms import Terms, Tier
from forecast.sizing.consumption import Group

ZERO, ONE = Decimal(0), Decimal(1)

Usage = Mapping[Group, Decimal]
"""List cost of one month (or settlement period) by group, in the vendor's list of that month."""


def exact(share: float) -> Decimal:
    """Give the decimal that a share was written as, 0.1 for the float nearest to it.

    >>> exact(0.1)
    Decimal('0.1')
    """
    return Decimal(repr(share))


@dataclass
class PricedUsage:
    """One step in USD, each at contract prices unless it says otherwise.

    Attributes
    ----------
    vendor_list
        Everything, in the vendor's list.
    within, at_list, beyond
        What counts: within the commitment, in the contract's list, beyond the commitment.
    beside
        What does not count.
    fees, counted_fees, credit
        Beside the commitment, drawing it down, and paid by credits.
    """

    vendor_list: Decimal = ZERO
    within: Decimal = ZERO
    at_list: Decimal = ZERO
    beyond: Decimal = ZERO
    beside: Decimal = ZERO
    fees: Decimal = ZERO
    counted_fees: Decimal = ZERO
    credit: Decimal = ZERO


def price_steps(
    terms: Terms,
    tiers: Sequence[Tier | None],
    usage: Sequence[Usage],
    market: Sequence[Decimal] | None,
) -> list[PricedUsage]:
    """Price every step of a term: months, or settlement periods where there are as many.

    Parameters
    ----------
    tiers
        What every settlement period earns; None where usage is on demand.
    usage
        List cost by group at the prices of the first day.
    market
        The vendor's list of every step as a multiple of that of the first day.
    """
    size = len(usage) // terms.n_periods
    months = terms.term_months // len(usage)
    listed = [
        {group: usd * (market[t] if market else ONE) for group, usd in step.items()}
        for t, step in enumerate(usage)
    ]
    lists = _contract_lists(terms, market, len(usage))
    steps = []
    for t, step in enumerate(listed):
        tier = tiers[t // size]
        if tier is None:
            priced = _on_demand(terms, step)
        else:
            year = t * months // 12
            of_year = [s for i, s in enumerate(listed) if i * months // 12 == year]
            priced = _price(terms, step, lists[t], _in_force(terms, tier, of_year, months))
        _add_fees(terms, priced, months, is_on_demand=tier is None)
        steps.append(priced)
    _pay_with_credits(terms, steps, [tiers[t // size] is None for t in range(len(usage))])
    return steps


def _contract_lists(terms: Terms, market: Sequence[Decimal] | None, n: int) -> list[Decimal]:
    """The contract's list of every step over the vendor's."""
    if market is None:
        return [ONE] * n
    clause = terms.price_protection
    months = terms.term_months // n
    found = []
    for t, now in enumerate(market):
        if clause.list_prices == "locked":
            level = min(ONE, now) if clause.cuts_pass_through else ONE
        elif clause.cap_on_rises_share is None:
            level = now
        else:
            level = min(now, (1 + exact(clause.cap_on_rises_share)) ** (t * months // 12 + 1))
        found.append(level / now)
    return found


Discounts = tuple[tuple[Tier, Decimal], ...]
"""Tiers and the share of usage that gets each one's discount."""


def _discount(mix: Discounts, family: str) -> Decimal:
    return sum((exact(tier.discount_of(family)) * share for tier, share in mix), ZERO)


def _counts(terms: Terms, group: Group) -> tuple[Decimal, Decimal | None]:
    for platform in terms.platforms:
        if platform.name == group.platform:
            own = platform.discount_share
            return exact(platform.counts_share), None if own is None else exact(own)
    return ONE, None


def _in_force(terms: Terms, tier: Tier, year: Sequence[Usage], months: int) -> Discounts:
    if terms.tier_by == "commitment":
        return ((tier, ONE),)
    consumed = sum((usd * _counts(terms, g)[0] for s in year for g, usd in s.items()), ZERO)
    consumed = consumed * 12 / (len(year) * months)
    if terms.tier_reach == "all":
        return ((_reached(terms, consumed), ONE),)
    if consumed <= 0:
        return ((terms.tiers[0], ONE),)
    mix = []
    for i, each in enumerate(terms.tiers):
        end = terms.tiers[i + 1].from_commitment_usd if i + 1 < len(terms.tiers) else consumed
        inside = min(consumed, end) - each.from_commitment_usd
        mix.append((each, max(ZERO, inside) / consumed))
    return tuple(mix)


def _reached(terms: Terms, amount: Decimal) -> Tier:
    half_cent = Decimal("0.005")
    return [t for t in terms.tiers if amount + half_cent >= t.from_commitment_usd][-1]


def _price(terms: Terms, step: Usage, listed: Decimal, mix: Discounts) -> PricedUsage:
    found = PricedUsage()
    outside = 1 - exact(terms.outside_discount_share)
    for group, usd in step.items():
        counts, own = _counts(terms, group)
        d = _discount(mix, group.family)
        o = {
            "list": ZERO,
            "committed_rate": d,
            "discounted": min(exact(terms.overage_discount_share), d),
        }[terms.overage]
        if terms.on_exhaustion == "early_renewal":
            o = d
        over = listed * (1 - o)
        if terms.usage_is_portable:
            over = min(over, outside)
        found.vendor_list += usd
        found.within += usd * counts * listed * (1 - d)
        found.at_list += usd * counts * listed
        found.beyond += usd * counts * over
        found.beside += usd * (1 - counts) * (listed * (1 - d) if own is None else 1 - own)
    return found


def _on_demand(terms: Terms, step: Usage) -> PricedUsage:
    found = PricedUsage()
    for group, usd in step.items():
        own = _counts(terms, group)[1]
        first = exact(terms.tiers[0].discount_of(group.family)) if own is None else own
        found.vendor_list += usd
        found.at_list += usd
        found.within += usd * (1 - first)
        found.beyond += usd * (1 - max(first, exact(terms.outside_discount_share)))
    return found


def _add_fees(terms: Terms, priced: PricedUsage, months: int, *, is_on_demand: bool) -> None:
    usage_usd = priced.within + priced.beside
    for fee in terms.fees:
        if is_on_demand and not fee.without_commitment:
            continue
        priced.fees += exact(fee.usage_share) * usage_usd
        fixed = fee.usd_per_month * months
        if fee.counts and not is_on_demand:
            priced.counted_fees += fixed
        else:
            priced.fees += fixed


def _pay_with_credits(
    terms: Terms, steps: Sequence[PricedUsage], on_demand: Sequence[bool]
) -> None:
    months = terms.term_months // len(steps)
    unpaid = [step.within for step in steps]
    for credit in sorted(terms.credits, key=lambda c: c.expires_after_months):
        balance = credit.usd
        for t, step in enumerate(steps):
            if on_demand[t] or t * months >= credit.expires_after_months:
                continue
            paid = min(balance, unpaid[t])
            balance -= paid
            unpaid[t] -= paid
            if credit.counts:
                step.credit += paid
            elif paid:
                rest = 1 - paid / step.within
                step.at_list, step.beyond = step.at_list * rest, step.beyond * rest
                step.within -= paid
