"""The next commitment, sized from the history of this one, with what this one came to beside it.

last re-forecast ─► history kept, track record ─► recommend (spread widened) ─► next commitment
       └──► terms so far, promises, dates ────────────────────────────────────► renewal file
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from forecast.errors import InputError, TermsError
from forecast.paths import DecisionSet, Floats
from forecast.pipeline.last_forecast import Previous
from forecast.pipeline.standing import Standing, term_outcome
from forecast.records.contract import SignedContract
from forecast.records.dossier import DossierClaim
from forecast.records.recommendation import Recommendation
from forecast.records.reforecast import Reforecast
from forecast.records.renewal import LeverageFact, NextCommitment, Renewal, RenewalTerm
from forecast.records.terms import Terms
from forecast.records.terms.dates import key_dates
from forecast.sizing.renewal import least_renewal_usd
from forecast.units import add_months, to_cents


def last_reforecast(previous: Previous, terms: Terms) -> Reforecast:
    """Give the re-forecast that a renewal starts from.

    Raises
    ------
    InputError
        An advice instead of a re-forecast.
    TermsError
        Next terms that begin before the running contract ends.
    """
    last = previous.result
    if not isinstance(last, Reforecast):
        raise InputError(
            "is an advice, not a re-forecast; re-forecast the running contract first",
            file=previous.digest.name,
        )
    running = last.contract.terms
    end = add_months(running.term_start, running.term_months)
    if terms.term_start < end:
        raise TermsError(
            f"the next term starts on {terms.term_start}, before the running contract ends ({end})",
            column="term_start",
        )
    return last


def renewal(previous: Previous, advice: Recommendation, decisions: DecisionSet) -> Renewal:
    """Write the renewal file.

    Parameters
    ----------
    previous
        The last re-forecast of the running contract.
    advice, decisions
        What is recommended for the next term, and what it was decided on.
    """
    last = last_reforecast(previous, advice.terms)
    contract, record = last.contract, last.track_record
    as_of = last.provenance.as_of
    running = _running(previous, last)
    finished = [RenewalTerm(outcome=t, months_recorded=t.term_months, unused_usd=Decimal(0))
                for t in record.terms if t.term_start != contract.terms.term_start]  # fmt: skip
    following = _next(contract, advice, decisions, record.widening_factor)
    return Renewal(
        contract=contract.terms.name,
        as_of=as_of,
        months_left=contract.terms.term_months - last.months_elapsed,
        dates=tuple(d for d in key_dates(contract.terms) if d.day > as_of),
        terms=(*finished, running),
        next=following,
        leverage=tuple(_leverage(last, advice, running, following)),
        dossier=advice.dossier,
        last=previous.digest,
        provenance=advice.provenance,
    )


def _total(decisions: DecisionSet) -> Floats:
    return decisions.optimised_total_usd


def _running(previous: Previous, last: Reforecast) -> RenewalTerm:
    standing = Standing.of(last.contract)
    return RenewalTerm(
        outcome=term_outcome(standing, _total(previous.decisions)),
        months_recorded=last.months_elapsed,
        unused_usd=last.waste.expected_usd,
    )


def _next(
    contract: SignedContract, advice: Recommendation, decisions: DecisionSet, widening: float
) -> NextCommitment:
    terms, commitment = advice.terms, advice.commitment
    signed = contract.commitment_usd * terms.term_months / contract.terms.term_months
    ratchet = least_renewal_usd(contract.terms, contract.amounts_usd, terms.term_months)
    costs = Decimal(0)
    if ratchet > commitment.recommended_usd:
        forced = Standing(terms, ()).with_total(ratchet, _total(decisions))
        costs = to_cents(forced.expected_cost_usd) - advice.headline.expect_to_pay_usd
    return NextCommitment(
        term_start=terms.term_start,
        term_months=terms.term_months,
        headline=advice.headline,
        discount_share=commitment.tier_discount_share,
        percentile=commitment.percentile,
        interval=commitment.interval,
        indifference_band=commitment.indifference_band,
        no_deal_expected_cost_usd=commitment.no_deal_expected_cost_usd,
        change_usd=to_cents((commitment.recommended_usd - signed) * 12 / terms.term_months),
        ratchet_usd=ratchet,
        ratchet_costs_usd=costs,
        widening_factor=widening,
    )


def _leverage(
    last: Reforecast, advice: Recommendation, running: RenewalTerm, following: NextCommitment
) -> Iterator[LeverageFact]:
    """Give what to rely on: first what the vendor may see, then what only we should know."""
    dossier = advice.dossier
    for claim in dossier.claims if dossier is not None else ():
        yield from _shown(claim)
    kept = [p for p in last.promises if p.verdict.startswith("kept:")]
    if kept:
        yield LeverageFact(
            fact=f"{len(kept)} of {len(last.promises)} migrations planned in the last quarter save "
            "what was promised",
            source=f"usage until {last.provenance.as_of}, re-forecast",
            may_be_shown=True,
        )
    outcome = running.outcome
    past = "paid" if running.months_recorded == outcome.term_months else "is expected to pay"
    yield LeverageFact(
        fact=f"the running contract {past} {outcome.paid_usd:,} USD with {outcome.signed_usd:,} "
        f"signed; {outcome.best_commitment_usd:,} would come to {outcome.best_cost_usd:,}",
        source="settled on usage and the last re-forecast",
        may_be_shown=False,
    )
    worth = following.no_deal_expected_cost_usd - following.headline.expect_to_pay_usd
    yield LeverageFact(
        fact=f"no agreement costs {worth:,} USD more than the advised one over the next term: the "
        "most that its clauses may cost us",
        source="the same scenarios without a commitment",
        may_be_shown=False,
    )
    if following.ratchet_costs_usd > 0:
        yield LeverageFact(
            fact=f"the renewal clause asks for at least {following.ratchet_usd:,} USD, which costs "
            f"{following.ratchet_costs_usd:,} USD more than the advice: what dropping it is worth",
            source="the running contract, settled on the same scenarios",
            may_be_shown=False,
        )
    record = last.track_record
    if record.n_scored:
        yield LeverageFact(
            fact=f"our forecasts: {record.note}",
            source=f"{record.n_scored} re-forecasts that became history",
            may_be_shown=False,
        )


def _shown(claim: DossierClaim) -> Iterator[LeverageFact]:
    before, after = claim.before_share, claim.after_share
    if before is None or after is None or not max(before, after):
        return
    yield LeverageFact(
        fact=f"{claim.claim}: {before:.0%} today, {after:.0%} with what is accepted",
        source=claim.measured_on,
        may_be_shown=True,
    )
