"""A contract explained back in plain sentences, clause by clause, in the order of an order form."""

from __future__ import annotations

from collections.abc import Iterator

from forecast.records.terms.cautions import cautions
from forecast.records.terms.contract import PERIOD_MONTHS, Terms
from forecast.records.terms.discounts import Tier
from forecast.records.terms.offer import Offer
from forecast.records.terms.wording import per_cent, usd
from forecast.units import add_months

_PERIOD = {"monthly": "month", "quarterly": "quarter", "annual": "year", "term": "term"}


def sentences(terms: Terms) -> tuple[str, ...]:
    """Say what the contract says.

    >>> from datetime import date
    >>> from decimal import Decimal
    >>> terms = Terms(term_start=date(2027, 1, 1), term_months=12, tiers=(
    ...     Tier(from_commitment_usd=Decimal(0), discount_share=0),
    ...     Tier(from_commitment_usd=Decimal(250000), discount_share=0.1)))
    >>> for sentence in sentences(terms)[:4]:
    ...     print(sentence)
    The agreement runs 12 months, from 2027-01-01 to 2027-12-31.
    A commitment is in dollars paid: usage draws it down at its discounted price.
    It is settled once a year; usage is paid as it comes and what is missing is trued up.
    Without a commitment usage is at list; from 250,000 USD a year it is 10 % off list.
    """
    clauses = (_term, _discounts, _commitment, _overage, _unused, _usage, _prices, _money)
    said = tuple(sentence for clause in clauses for sentence in clause(terms))
    return (*said, *(f"Check: {caution}" for caution in cautions(terms)))


def offer_sentences(terms: Terms, offer: Offer | None) -> tuple[str, ...]:
    """Say what an offer says: its terms, and the amounts that it names."""
    said = sentences(terms)
    if offer is None:
        return said
    if offer.schedule_usd is None:
        return (f"The commitment is {usd(offer.total_usd)} over the term.", *said)
    parts = ", ".join(usd(amount) for amount in offer.schedule_usd)
    return (f"The commitment is {usd(offer.total_usd)} over the term, by period {parts}.", *said)


def _term(terms: Terms) -> Iterator[str]:
    last = add_months(terms.term_start, terms.term_months)
    ends = f"{last.fromordinal(last.toordinal() - 1)}"
    yield f"The agreement runs {terms.term_months} months, from {terms.term_start} to {ends}."
    if terms.drawdown_basis == "contracted":
        yield "A commitment is in dollars paid: usage draws it down at its discounted price."
    else:
        owed = "at face" if terms.shortfall_price == "face" else "at the discounted price"
        yield (
            "A commitment is in list dollars: usage draws it down at list and is invoiced with "
            f"the discount; what is not drawn is owed {owed}."
        )
    once = "once, at the end of the term"
    if terms.settlement in PERIOD_MONTHS and terms.n_periods >= 1:
        once = f"once a {_PERIOD[terms.settlement]}"
    if terms.kind == "build_up":
        yield f"It is settled {once}; usage is paid as it comes and what is missing is trued up."
    else:
        months = terms.payment_months or terms.period_months
        yield (
            f"It is settled {once}, and paid ahead every {_months(months)}; what is not used "
            "by the settlement expires."
        )


def _discounts(terms: Terms) -> Iterator[str]:
    first, *others = terms.tiers
    counted = "a year" if terms.tier_basis == "annual" else "over the term"
    if terms.tier_by == "consumption":
        counted = "of list consumption a year"
    parts = [
        f"from {usd(tier.from_commitment_usd)} {counted} it is {_off(tier)}" for tier in others
    ]
    opening = f"Without a commitment usage is {_off(first)}"
    yield "; ".join([opening, *parts]) + "."
    if terms.tier_by == "consumption":
        reach = "all of it" if terms.tier_reach == "all" else "what lies above the threshold only"
        yield f"Tiers are reached by what a contract year consumes, and discount {reach}."


def _off(tier: Tier) -> str:
    base = f"{per_cent(tier.discount_share)} off list" if tier.discount_share else "at list"
    own = [f"{per_cent(f.discount_share)} for {f.family}" for f in tier.families]
    return f"{base} ({', '.join(own)})" if own else base


def _commitment(terms: Terms) -> Iterator[str]:
    if len(set(terms.ramp_weights)) > 1:
        ratio = " : ".join(f"{w:g}" for w in terms.ramp_weights)
        yield f"The commitment ramps over the years in the ratio {ratio}, each year with its tier."
    if terms.minimum_commitment_usd:
        unit = " a year" if terms.tier_basis == "annual" else " over the term"
        yield f"An agreement takes at least {usd(terms.minimum_commitment_usd)}{unit}."
    if terms.monthly_minimum_share:
        yield (
            f"In every month at least {per_cent(terms.monthly_minimum_share)} of the period's "
            "commitment is billed, used or not; it counts toward the commitment."
        )
    for right in terms.true_downs:
        notice = f", with {right.notice_days} days' notice" if right.notice_days else ""
        yield (
            f"After {_months(right.after_months)} the commitment of each later period may be "
            f"lowered by up to {per_cent(right.reduction_share)}{notice}; the discount stays."
        )


def _overage(terms: Terms) -> Iterator[str]:
    if terms.on_exhaustion == "early_renewal":
        yield (
            "When the commitment is used up the agreement renews early at the same size, and the "
            "rest of the term runs at the same discount."
        )
        return
    price = {
        "list": "at list",
        "committed_rate": "at the committed rate",
        "discounted": f"at {per_cent(terms.overage_discount_share)} off list, at most the tier's "
        "own discount",
    }[terms.overage]
    yield f"Usage beyond the commitment is {price}."


def _unused(terms: Terms) -> Iterator[str]:
    if terms.rollover_share and terms.n_periods > 1:
        lives = (
            "the next period"
            if terms.rollover_periods == 1
            else f"the next {terms.rollover_periods} periods"
        )
        yield (
            f"{per_cent(terms.rollover_share)} of what a period leaves unused is carried into "
            f"{lives} of the term and drawn first; the rest is lost."
        )
    else:
        yield "What a period leaves unused is lost."
    if terms.unused_value_share:
        yield (
            f"We value a dollar left at the end of the term at {terms.unused_value_share:.2f} USD."
        )


def _usage(terms: Terms) -> Iterator[str]:
    for platform in terms.platforms:
        counts = {
            0.0: "does not count toward the commitment",
            1.0: "counts toward the commitment like any other",
        }.get(
            platform.counts_share,
            f"counts for {per_cent(platform.counts_share)} toward the commitment",
        )
        price = ""
        if platform.counts_share < 1:
            own = platform.discount_share
            price = (
                "; the rest of it gets the tier's discount too"
                if own is None
                else f"; the rest of it is {per_cent(own)} off list"
            )
        yield f"Usage on {platform.name} {counts}{price}."
    for part in terms.usage_shares:
        yield (
            f"We take {per_cent(part.share)} of our usage to be on {part.platform}"
            + (f", {part.family}." if part.family != "all" else ".")
        )
    if terms.outside_discount_share:
        moves = (
            "usage beyond the commitment may go there"
            if terms.usage_is_portable
            else "usage beyond the commitment cannot go there"
        )
        yield (
            f"Elsewhere the same tokens cost us {per_cent(terms.outside_discount_share)} less "
            f"than list; {moves}."
        )


def _prices(terms: Terms) -> Iterator[str]:
    clause = terms.price_protection
    if clause.list_prices == "locked":
        cuts = "cuts pass through" if clause.cuts_pass_through else "cuts do not pass through"
        yield f"List prices are locked for the term; {cuts}."
    elif clause.cap_on_rises_share is not None:
        yield (
            f"List prices may rise by at most {per_cent(clause.cap_on_rises_share)} in each "
            "contract year."
        )
    else:
        yield "List prices follow the vendor's list."
    for change in terms.expected_list_changes:
        way = "rising" if change.change_share > 0 else "falling"
        yield (
            f"We give {per_cent(change.probability)} to the list {way} by "
            f"{per_cent(abs(change.change_share))} in month {change.month}."
        )


def _money(terms: Terms) -> Iterator[str]:
    if terms.payment_days:
        yield f"Invoices are paid after {terms.payment_days} days."
    if terms.time_discount_rate:
        yield (
            f"Money is worth {per_cent(terms.time_discount_rate)} a year to us: every cost is in "
            "dollars of the first day of the term."
        )
    for credit in terms.credits:
        counts = "counts" if credit.counts else "does not count"
        yield (
            f"{credit.name}: {usd(credit.usd)} pay for usage in the first "
            f"{_months(credit.expires_after_months)}; usage paid with it {counts} toward the "
            "commitment."
        )
    for fee in terms.fees:
        parts = [f"{usd(fee.usd_per_month)} a month"] if fee.usd_per_month else []
        parts += [f"{per_cent(fee.usage_share)} of usage"] if fee.usage_share else []
        counts = "drawing the commitment down" if fee.counts else "beside the commitment"
        also = ", also without one" if fee.without_commitment else ""
        yield f"{fee.name}: {' and '.join(parts) or 'nothing'}, {counts}{also}."
    if terms.currency is not None:
        yield (
            f"The order form is in {terms.currency.code}, at {terms.currency.usd_per_unit} USD for "
            "one, for the whole term."
        )
    if terms.tax_share:
        yield (
            f"Tax of {per_cent(terms.tax_share)} that we cannot recover comes on top of every "
            "payment; amounts are before it."
        )
    if terms.renewal is not None:
        yield from _renewal(terms)


def _renewal(terms: Terms) -> Iterator[str]:
    renewal = terms.renewal
    assert renewal is not None
    end = add_months(terms.term_start, terms.term_months)
    last = end.fromordinal(end.toordinal() - renewal.notice_days)
    if renewal.is_automatic:
        yield f"It renews by itself unless notice is given by {last}."
    else:
        yield f"It ends by itself; a renewal has to be agreed by {last}."
    if renewal.cap_on_rises_share is not None:
        yield f"At renewal prices may rise by at most {per_cent(renewal.cap_on_rises_share)}."
    if renewal.minimum_share:
        yield f"A renewal must reach {per_cent(renewal.minimum_share)} of this commitment."


def _months(n: int) -> str:
    return "month" if n == 1 else f"{n} months"
