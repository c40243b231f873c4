"""From an advice and an executed contract to what departing from the advice costs."""

from __future__ import annotations

from decimal import Decimal

from forecast.errors import InputError, TermsError
from forecast.paths import DecisionSet
from forecast.pipeline.standing import Standing
from forecast.records.contract import Deviation, Signature, SignedContract
from forecast.records.recommendation import InputDigest, Recommendation
from forecast.records.sizing_result import PeriodCommitment
from forecast.records.terms import Offer
from forecast.sizing.assessment import Assessment
from forecast.sizing.schedule import schedule_in_cents
from forecast.units import add_months, to_cents


def sign(
    advice: Recommendation,
    decisions: DecisionSet,
    executed: Offer,
    signature: Signature,
    *,
    advice_digest: InputDigest,
    executed_digest: InputDigest,
) -> SignedContract:
    """Keep a signed contract with its deviation from the advice.

    Parameters
    ----------
    decisions
        The stored decision set of the advice: both contracts are settled on it.
    executed
        The terms as signed, with their amount.

    Raises
    ------
    TermsError
        Executed terms for other months than the advice was made for.
    InputError
        A deviation without a reason.
    """
    terms, advised = executed.terms, advice.terms
    if (terms.term_start, terms.term_months) != (advised.term_start, advised.term_months):
        raise TermsError(
            f"the executed contract is for {terms.term_months} months from {terms.term_start}, the "
            f"advice for {advised.term_months} months from {advised.term_start}; recommend again "
            "for the executed term, then sign",
            column="term_start" if terms.term_start != advised.term_start else "term_months",
        )
    schedule = _schedule(executed)
    deviation = _deviation(advice, decisions, executed, schedule)
    if not deviation.is_within_indifference and not signature.reason.strip():
        raise InputError(
            f"the signed contract is not the advised one (it costs {deviation.price_usd:+,} USD "
            "on average over the term); give the reason",
            column="signature.reason",
        )
    return SignedContract(
        terms=terms,
        schedule=schedule,
        signature=signature,
        deviation=deviation,
        advice=advice_digest,
        executed=executed_digest,
    )


def _schedule(executed: Offer) -> tuple[PeriodCommitment, ...]:
    if executed.schedule_usd is None:
        return schedule_in_cents(executed.terms, executed.total_usd)
    terms = executed.terms
    return tuple(
        PeriodCommitment(
            period_start=add_months(terms.term_start, p * terms.period_months),
            period_end=add_months(terms.term_start, (p + 1) * terms.period_months),
            commitment_usd=amount,
        )
        for p, amount in enumerate(executed.schedule_usd)
    )


def _deviation(
    advice: Recommendation,
    decisions: DecisionSet,
    executed: Offer,
    schedule: tuple[PeriodCommitment, ...],
) -> Deviation:
    terms, amount = executed.terms, advice.commitment.recommended_usd
    monthly = decisions.optimised_total_usd
    theirs = Standing(terms, tuple(period.commitment_usd for period in schedule))
    advised = Standing(advice.terms, ()).with_total(amount, monthly)
    moved = theirs.with_total(amount, monthly)
    signed, best = theirs.settled(monthly), theirs.best(monthly)
    levels = [to_cents(found.expected_cost_usd) for found in (advised, moved, signed)]
    band = advice.commitment.indifference_band
    same_clauses = terms.model_copy(update={"name": advice.terms.name}) == advice.terms
    return Deviation(
        advised_commitment_usd=amount,
        commitment_change_usd=signed.commitment_usd - amount,
        advised_expected_cost_usd=levels[0],
        signed_expected_cost_usd=levels[2],
        price_usd=levels[2] - levels[0],
        terms_price_usd=levels[1] - levels[0],
        amount_price_usd=levels[2] - levels[1],
        unused_p95_change_usd=_unused_p95(signed) - _unused_p95(advised),
        percentile=signed.percentile,
        best_commitment_usd=best.commitment_usd,
        best_expected_cost_usd=to_cents(best.expected_cost_usd),
        is_within_indifference=same_clauses
        and band.lower_usd <= signed.commitment_usd <= band.upper_usd,
    )


def _unused_p95(found: Assessment) -> Decimal:
    return found.waste_risk.p95_usd
