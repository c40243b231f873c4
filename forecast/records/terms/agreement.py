"""Which clauses contradict each other. Every sentence names the two, and what would agree."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from forecast.units import month_of

if TYPE_CHECKING:
    from forecast.records.terms.contract import Terms

SHARE_TOLERANCE = 1e-9
"""Shares that were typed sum to 1 up to this."""


def contradictions(terms: Terms) -> Iterator[str]:
    """Give one sentence for every pair of clauses that cannot both hold.

    >>> from datetime import date
    >>> from forecast.records.terms import Terms, Tier
    >>> agreed = Terms(term_start=date(2027, 1, 1), term_months=12,
    ...     tiers=(Tier(from_commitment_usd=0, discount_share=0),))
    >>> next(contradictions(agreed.model_copy(update={"payment_months": 3}))).split("; ")[0]
    "payment_months contradicts kind = 'build_up': only burn_down pays ahead"
    """
    yield from _term(terms)
    yield from _tiers(terms)
    yield from _commitment(terms)
    yield from _overage(terms)
    yield from _usage(terms)
    yield from _prices(terms)
    yield from _money(terms)


def _term(terms: Terms) -> Iterator[str]:
    if terms.term_start != month_of(terms.term_start):
        yield f"term_start is the first day of a month, not {terms.term_start}"
    if terms.term_months % terms.period_months or terms.n_periods == 0:
        yield (
            f"settlement {terms.settlement!r} does not divide a term of "
            f"{terms.term_months} months; use settlement = 'term' or another term"
        )


def _tiers(terms: Terms) -> Iterator[str]:
    thresholds = [tier.from_commitment_usd for tier in terms.tiers]
    if thresholds[0] != 0:
        yield "tiers: the first one is what on-demand pays, from_commitment_usd 0"
    if any(b <= a for a, b in itertools.pairwise(thresholds)):
        yield "tiers: from_commitment_usd must rise from each tier to the next"
    for tier in terms.tiers:
        names = [each.family for each in tier.families]
        if len(set(names)) < len(names):
            yield f"tiers: a family stands twice in the tier from {tier.from_commitment_usd}"
    if terms.tier_reach == "above" and terms.tier_by == "commitment":
        yield (
            "tier_reach = 'above' contradicts tier_by = 'commitment': a commitment earns one "
            "discount for everything; use tier_by = 'consumption'"
        )
    if terms.tier_by == "consumption" and terms.tier_basis == "term":
        yield (
            "tier_basis = 'term' contradicts tier_by = 'consumption': volume tiers are reached "
            "year by year; use tier_basis = 'annual'"
        )


def _commitment(terms: Terms) -> Iterator[str]:
    years = -(-terms.term_months // 12)
    if terms.ramp_weights and len(terms.ramp_weights) != years:
        yield (
            f"ramp_weights has {len(terms.ramp_weights)} years, term_months = "
            f"{terms.term_months} has {years}; give one weight a contract year"
        )
    if len(set(terms.ramp_weights)) > 1 and terms.n_periods == 1:
        yield (
            f"ramp_weights contradicts settlement = {terms.settlement!r}: one settlement has no "
            "years to tell apart; use settlement = 'annual' or finer"
        )
    share, months = terms.monthly_minimum_share, terms.period_months
    if share * months > 1 + SHARE_TOLERANCE:
        yield (
            f"monthly_minimum_share = {share:g} contradicts settlement = {terms.settlement!r}: "
            f"{months} months of it are more than the commitment; at most {1 / months:.4f}"
        )
    if share and terms.rollover_share:
        yield (
            "monthly_minimum_share contradicts rollover_share: what a month must use or lose "
            "cannot be carried; drop one of them"
        )
    if share and terms.drawdown_basis == "list":
        yield (
            "monthly_minimum_share contradicts drawdown_basis = 'list': a minimum bill is in "
            "dollars paid; use drawdown_basis = 'contracted'"
        )
    yield from _true_downs(terms)


def _true_downs(terms: Terms) -> Iterator[str]:
    days = [right.after_months for right in terms.true_downs]
    for month in days:
        if month >= terms.term_months:
            yield (
                f"true_downs after {month} months contradicts term_months = "
                f"{terms.term_months}: nothing is left to lower"
            )
        if month % terms.period_months:
            yield (
                f"true_downs after {month} months contradicts settlement = "
                f"{terms.settlement!r}: it falls inside a settlement period; use a multiple of "
                f"{terms.period_months}"
            )
    if any(b <= a for a, b in itertools.pairwise(days)):
        yield "true_downs: after_months must rise from each to the next"


def _overage(terms: Terms) -> Iterator[str]:
    if terms.overage_discount_share and terms.overage != "discounted":
        yield (
            f"overage_discount_share contradicts overage = {terms.overage!r}; "
            "use overage = 'discounted'"
        )
    if terms.on_exhaustion == "early_renewal" and terms.overage != "list":
        yield (
            f"on_exhaustion = 'early_renewal' contradicts overage = {terms.overage!r}: once the "
            "agreement renews nothing is overage; drop one of them"
        )


def _usage(terms: Terms) -> Iterator[str]:
    names = [platform.name for platform in terms.platforms]
    if len(set(names)) < len(names):
        yield "platforms: a name stands twice"
    parts = [(part.platform, part.family) for part in terms.usage_shares]
    if len(set(parts)) < len(parts):
        yield "usage_shares: a platform and family stand twice"
    total = sum(part.share for part in terms.usage_shares)
    if terms.usage_shares and abs(total - 1) > 1e-6:
        yield f"usage_shares: the shares sum to {total:g}, not to 1"


def _prices(terms: Terms) -> Iterator[str]:
    clause = terms.price_protection
    if clause.list_prices == "follow" and clause.cuts_pass_through:
        yield (
            "price_protection: cuts_pass_through contradicts list_prices = 'follow', which "
            "passes them on anyway; use list_prices = 'locked'"
        )
    if clause.list_prices == "locked" and clause.cap_on_rises_share is not None:
        yield (
            "price_protection: cap_on_rises_share contradicts list_prices = 'locked', which "
            "never rises; use list_prices = 'follow'"
        )
    for change in terms.expected_list_changes:
        if change.month > terms.term_months:
            yield (
                f"expected_list_changes in month {change.month} contradicts term_months = "
                f"{terms.term_months}"
            )


def _money(terms: Terms) -> Iterator[str]:
    if terms.payment_months is not None and terms.kind == "build_up":
        yield (
            "payment_months contradicts kind = 'build_up': only burn_down pays ahead; drop it or "
            "use kind = 'burn_down'"
        )
    if terms.payment_months is not None and terms.period_months % terms.payment_months:
        yield (
            f"payment_months = {terms.payment_months} contradicts settlement = "
            f"{terms.settlement!r}: it does not divide {terms.period_months} months"
        )
    for credit in terms.credits:
        if credit.expires_after_months > terms.term_months:
            yield (
                f"credits: {credit.name!r} expires after {credit.expires_after_months} months, "
                f"which contradicts term_months = {terms.term_months}; it ends with the term"
            )
