"""Offers settled on the paths of a stored recommendation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from forecast.errors import TermsError

if TYPE_CHECKING:
    from api.results import StoredResult
    from forecast.records.sizing_result import OfferScore
    from forecast.records.terms import Offer


def score_stored(stored: StoredResult, offers: Sequence[Offer]) -> tuple[OfferScore, ...]:
    """Score offers against the recommendation's own terms, on its decision set.

    Raises
    ------
    TermsError
        An offer for other months than the recommendation was made for.
    InputError
        A refusal, or evidence that is absent or was changed.
    """
    from forecast.sizing.offers import score_offers

    terms = stored.recommendation().terms
    for offer in offers:
        asked = (offer.terms.term_start, offer.terms.term_months)
        if asked != (terms.term_start, terms.term_months):
            raise TermsError(
                f"{offer.terms.name!r} is for {asked[1]} months from {asked[0]}, the "
                f"recommendation for {terms.term_months} months from {terms.term_start}; offers "
                "are compared on the paths of one term, so recommend again for the other",
                column="term_start",
            )
    monthly = stored.decisions().optimised_usd.sum(axis=2)
    return tuple(score_offers(terms, offers, monthly))
