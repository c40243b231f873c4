"""Vendors' offers on the same paths: what they cost, where they sit, and what to answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from forecast.errors import TermsError
from forecast.records.sizing_result import OfferScore
from forecast.records.terms import Offer, Terms
from forecast.sizing.assessment import Assessment, assess
from forecast.sizing.consumption import Consumed, for_settlement
from forecast.sizing.interval import TOLERANCE_SHARE
from forecast.sizing.offer_changes import offer_changes
from forecast.sizing.path_checks import by_settlement_period
from forecast.sizing.search import Optimum, best_commitment
from forecast.sizing.wording import share_text, usd_text
from forecast.units import to_cents

_ANSWERS: dict[str, Literal["accept", "counter", "walk_away"]] = {
    "Accept": "accept",
    "Counter": "counter",
    "Walk": "walk_away",
}


@dataclass(frozen=True)
class _Settled:
    """An offer as it is, and the best number that its own clauses would bear.

    `as_ours` are its terms with what we know about ourselves.
    """

    offer: Offer
    as_ours: Terms
    found: Assessment
    best: Optimum


@dataclass(frozen=True)
class _Alternative:
    name: str
    expected_cost_usd: float


def score_offers(
    terms: Terms, offers: Sequence[Offer], list_usd_monthly: Consumed
) -> tuple[OfferScore, ...]:
    """Settle offers on our paths and say what to do with each.

    Each is set against the best alternative to it: our own terms at their best commitment, the
    other offers, and no deal. Within half a per cent of that it can be accepted. Otherwise, if
    its clauses with another number would come that near, or at least beat no deal, that is the
    counter-offer; if they would not, walk away.

    What tokens cost elsewhere, whether usage can go there, what money is worth to us, and what we
    expect of the list are facts about us: they are taken from `terms` for every offer.

    Parameters
    ----------
    terms
        Our own terms, which the regret is measured against.
    list_usd_monthly
        [M, T] list cost by month; an offer may settle other periods than we do.

    Raises
    ------
    TermsError
        An offer for other months than the paths'.
    """
    if not offers:
        return ()
    ours = best_commitment(terms, by_settlement_period(terms, list_usd_monthly))
    settled = [_settle(terms, offer, list_usd_monthly) for offer in offers]
    return tuple(
        OfferScore(
            name=s.offer.terms.name,
            commitment_usd=s.found.commitment_usd,
            discount_share=s.found.discount_share,
            percentile=s.found.percentile,
            expected_cost_usd=s.found.cost_risk.expected_usd,
            p95_cost_usd=s.found.cost_risk.p95_usd,
            waste_expected_usd=s.found.waste_risk.expected_usd,
            regret_usd=to_cents(s.found.expected_cost_usd - ours.expected_cost_usd),
            verdict=verdict,
            answer=_ANSWERS[verdict.split(":")[0].split(" ")[0]],
            p50_cost_usd=s.found.cost_risk.p50_usd,
            cvar95_cost_usd=s.found.cost_risk.cvar95_usd,
            waste_p95_usd=s.found.waste_risk.p95_usd,
            acceptable_with=offer_changes(s.as_ours, s.offer, list_usd_monthly, _limit(others)),
        )
        for s in settled
        for others in [_alternatives(terms, ours, settled, s)]
        for verdict in [_verdict(s, others)]
    )


def _settle(terms: Terms, offer: Offer, list_usd_monthly: Consumed) -> _Settled:
    asked = offer.terms
    if (asked.term_start, asked.term_months) != (terms.term_start, terms.term_months):
        raise TermsError(
            f"{asked.name!r} is for {asked.term_months} months from {asked.term_start}, the "
            f"paths are for {terms.term_months} months from {terms.term_start}; offers are "
            "compared over one term",
            column="term_start" if asked.term_start != terms.term_start else "term_months",
        )
    facts = {
        "outside_discount_share": terms.outside_discount_share,
        "time_discount_rate": terms.time_discount_rate,
        "expected_list_changes": terms.expected_list_changes,
        "usage_shares": terms.usage_shares,
        "usage_is_portable": terms.usage_is_portable and asked.usage_is_portable,
    }
    as_ours = asked.model_copy(update=facts)
    list_usd = for_settlement(as_ours, list_usd_monthly)
    amount = offer.schedule_usd or offer.total_usd
    return _Settled(
        offer, as_ours, assess(as_ours, amount, list_usd), best_commitment(as_ours, list_usd)
    )


def _alternatives(
    terms: Terms, ours: Optimum, settled: Sequence[_Settled], asked: _Settled
) -> list[_Alternative]:
    """Everything we could do instead of accepting `asked`."""
    own = (
        f"{usd_text(ours.commitment_usd)} under {terms.name!r}"
        if ours.commitment_usd
        else "paying on demand"
    )
    return [
        _Alternative(own, ours.expected_cost_usd),
        _Alternative("paying on demand", ours.no_deal_expected_cost_usd),
        *(
            _Alternative(f"{s.offer.terms.name!r}", s.found.expected_cost_usd)
            for s in settled
            if s is not asked
        ),
    ]


def _limit(alternatives: Sequence[_Alternative]) -> float:
    """Give the expected cost up to which an offer is accepted."""
    return min(a.expected_cost_usd for a in alternatives) * (1 + TOLERANCE_SHARE)


def _verdict(asked: _Settled, alternatives: Sequence[_Alternative]) -> str:
    cost = asked.found.expected_cost_usd
    best = min(alternatives, key=lambda other: other.expected_cost_usd)
    no_deal = alternatives[1].expected_cost_usd
    extra = cost - best.expected_cost_usd
    sits = f"it sits at the {share_text(asked.found.percentile)} point of our consumption"
    if extra <= TOLERANCE_SHARE * best.expected_cost_usd:
        if extra < 0:
            return f"Accept: {usd_text(-extra)} cheaper on average than {best.name}; {sits}."
        return f"Accept: within {share_text(TOLERANCE_SHARE)} of {best.name}; {sits}."
    dearer = f"it costs {usd_text(extra)} more on average than {best.name}; {sits}"
    bearable = asked.best.expected_cost_usd
    if asked.best.commitment_usd == 0 or bearable >= no_deal:
        return f"Walk away: {dearer}, and no number under its clauses beats paying on demand."
    saved = cost - bearable
    if saved > TOLERANCE_SHARE * bearable:
        return (
            f"Counter with {usd_text(asked.best.commitment_usd)} under its clauses, which saves "
            f"{usd_text(saved)} on average: as asked, {dearer}."
        )
    return f"Counter on the clauses: no other number mends it, {dearer}."
