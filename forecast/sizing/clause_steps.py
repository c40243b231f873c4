"""Steps of the clauses beyond the core: what a negotiation moves at a time."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from pydantic import ValidationError

from forecast.records.terms import PriceProtection, Terms, TrueDown
from forecast.sizing.wording import share_text, usd_text

TRUE_DOWN_SHARE = 0.2
"""A right to lower later periods by a fifth: what order forms with the clause start from."""

COUNTS_STEP = 0.25
"""A quarter of a dollar more that counts."""

Step = tuple[str, str, Terms]
"""The clause, the change in words, and the terms with it."""


def changed_terms(terms: Terms, **changes: object) -> Terms:
    """Change clauses, checked like any terms."""
    return Terms.model_validate({**dict(terms), **changes})


def agrees(terms: Terms, **changes: object) -> bool:
    """Tell whether the terms would not contradict themselves with these changes."""
    try:
        changed_terms(terms, **changes)
    except ValidationError:
        return False
    return True


def further_steps(terms: Terms) -> Iterator[Step]:
    """Give the steps that change something under these terms and contradict nothing.

    >>> from datetime import date
    >>> from forecast.records.terms import Fee, Tier
    >>> terms = Terms(term_start=date(2027, 1, 1), term_months=12,
    ...     fees=(Fee(name="seats", usd_per_month=Decimal(100)),),
    ...     tiers=(Tier(from_commitment_usd=Decimal(0), discount_share=0),))
    >>> [(clause, change) for clause, change, _ in further_steps(terms)]
    [('fees', 'seats count toward the commitment')]
    """
    yield from _protection(terms)
    yield from _minimums(terms)
    yield from _true_down(terms)
    yield from _counting(terms)
    yield from _payment(terms)


def _protection(terms: Terms) -> Iterator[Step]:
    lower = PriceProtection(cuts_pass_through=True)
    if terms.expected_list_changes and terms.price_protection != lower:
        yield (
            "price protection",
            "the lower of the locked and the current list",
            changed_terms(terms, price_protection=lower),
        )


def _minimums(terms: Terms) -> Iterator[Step]:
    if terms.minimum_commitment_usd:
        yield (
            "minimum commitment",
            f"from {usd_text(terms.minimum_commitment_usd)} to none",
            changed_terms(terms, minimum_commitment_usd=Decimal(0)),
        )
    if terms.monthly_minimum_share:
        yield (
            "monthly minimum",
            f"from {share_text(terms.monthly_minimum_share)} of the commitment to none",
            changed_terms(terms, monthly_minimum_share=0.0),
        )


def _true_down(terms: Terms) -> Iterator[Step]:
    if terms.true_downs or terms.n_periods == 1:
        return
    middle = max(1, terms.n_periods // 2) * terms.period_months
    right = TrueDown(after_months=middle, reduction_share=TRUE_DOWN_SHARE)
    yield (
        "true-down",
        f"later periods may be lowered by {share_text(TRUE_DOWN_SHARE)} after {middle} months",
        changed_terms(terms, true_downs=(right,)),
    )


def _counting(terms: Terms) -> Iterator[Step]:
    for i, platform in enumerate(terms.platforms):
        if platform.counts_share < 1:
            more = min(1.0, round(platform.counts_share + COUNTS_STEP, 9))
            changed = platform.model_copy(update={"counts_share": more})
            platforms = (*terms.platforms[:i], changed, *terms.platforms[i + 1 :])
            yield (
                "eligible platforms",
                f"usage on {platform.name} counts for {share_text(more)}, not "
                f"{share_text(platform.counts_share)}",
                changed_terms(terms, platforms=platforms),
            )
    for i, fee in enumerate(terms.fees):
        if fee.usd_per_month and not fee.counts:
            fees = (*terms.fees[:i], fee.model_copy(update={"counts": True}), *terms.fees[i + 1 :])
            yield "fees", f"{fee.name} count toward the commitment", changed_terms(terms, fees=fees)
    for i, credit in enumerate(terms.credits):
        if credit.expires_after_months < terms.term_months:
            longer = credit.model_copy(update={"expires_after_months": terms.term_months})
            credits_ = (*terms.credits[:i], longer, *terms.credits[i + 1 :])
            yield (
                "credits",
                f"{credit.name} lives to the end of the term",
                changed_terms(terms, credits=credits_),
            )


def _payment(terms: Terms) -> Iterator[Step]:
    if terms.time_discount_rate == 0:
        return
    if terms.kind == "burn_down":
        yield (
            "payment",
            "paid as usage comes, not ahead",
            changed_terms(terms, kind="build_up", payment_months=None),
        )
    yield (
        "payment days",
        f"from {terms.payment_days} to {terms.payment_days + 30}",
        changed_terms(terms, payment_days=terms.payment_days + 30),
    )
