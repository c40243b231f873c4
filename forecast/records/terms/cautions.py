"""What a contract says that is allowed and can hardly be meant."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from forecast.records.terms.contract import Terms
from forecast.records.terms.wording import per_cent, usd


def cautions(terms: Terms) -> tuple[str, ...]:
    """Name the clauses that change nothing, and those that look mistyped.

    >>> from datetime import date
    >>> from decimal import Decimal
    >>> from forecast.records.terms import Tier
    >>> terms = Terms(term_start=date(2027, 1, 1), term_months=12, rollover_share=0.2, tiers=(
    ...     Tier(from_commitment_usd=Decimal(0), discount_share=0),))
    >>> [caution.split(":")[0] for caution in cautions(terms)]
    ['rollover_share = 0.2 changes nothing']
    """
    return (*_rollover(terms), *_tiers(terms))


def _rollover(terms: Terms) -> Iterator[str]:
    if terms.rollover_share and terms.n_periods == 1:
        yield (
            f"rollover_share = {terms.rollover_share:g} changes nothing: the term is one "
            "settlement period, and there is no next one to carry into; a credit in a renewal is "
            "stated as unused_value_share."
        )


def _tiers(terms: Terms) -> Iterator[str]:
    for lower, higher in pairwise(terms.tiers):
        if higher.discount_share < lower.discount_share:
            less, more = per_cent(higher.discount_share), per_cent(lower.discount_share)
            yield (
                f"The tier from {usd(higher.from_commitment_usd)} gives {less}, less than the "
                f"{more} from {usd(lower.from_commitment_usd)}: check the tiers against the order "
                "form."
            )
