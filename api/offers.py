"""Offers settled on the paths of a recommendation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from forecast.errors import TermsError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from api.results import StoredResult
    from forecast.records.sizing_result import OfferScore
    from forecast.records.terms import Offer, Terms


@dataclass(frozen=True)
class OfferPaths:
    """What offers are settled on.

    Attributes
    ----------
    terms
        The recommendation's own, which the regret is measured against.
    optimised_usd
        [M, T] list cost of every scenario by month, all workloads together.
    """

    terms: Terms
    optimised_usd: NDArray[np.float64]

    @classmethod
    def of(cls, stored: StoredResult) -> OfferPaths:
        """Read them from a recommendation on disk.

        Raises
        ------
        InputError
            A refusal, or evidence that is absent.
        """
        return cls(stored.recommendation().terms, stored.decisions().optimised_total_usd)

    def score(self, offers: Sequence[Offer]) -> tuple[OfferScore, ...]:
        """Score offers against the recommendation's own terms.

        Raises
        ------
        TermsError
            An offer for other months than the recommendation was made for.
        """
        from forecast.sizing.offers import score_offers

        for offer in offers:
            self._check_term(offer)
        return tuple(score_offers(self.terms, offers, self.optimised_usd))

    def _check_term(self, offer: Offer) -> None:
        asked = (offer.terms.term_start, offer.terms.term_months)
        if asked != (self.terms.term_start, self.terms.term_months):
            raise TermsError(
                f"{offer.terms.name!r} is for {asked[1]} months from {asked[0]}, the "
                f"recommendation for {self.terms.term_months} months from "
                f"{self.terms.term_start}; offers are compared on the paths of one term, so "
                "recommend again for the other",
                column="term_start",
            )
