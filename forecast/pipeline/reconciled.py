"""What a reconciliation changes in the answer: a warning, an assumption, or a refusal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from forecast.pricing.reconciliation import warning_of
from forecast.records.base import Provenance
from forecast.records.recommendation import Assumption, MissingEvidence, Refusal
from forecast.records.reconciliation import ReconciledDifference, Reconciliation
from forecast.records.terms import Terms
from forecast.records.terms.cautions import cautions
from forecast.units import to_cents

MAX_CAUSES = 6
"""Causes that a refusal asks to be mended; the record holds all of them."""

SAME_DISCOUNT_SHARE = 0.005
"""A measured discount and that of a tier are the same within half a point."""


def warnings_of(checked: Reconciliation, terms: Terms) -> tuple[str, ...]:
    """Give what stands above the first number.

    Bills with a discount beside terms without one make no deal too dear: every saving against it
    is too large by the discount.
    """
    found = [warning_of(checked)]
    measured, on_demand = checked.discount, terms.tiers[0].discount_share
    if measured is not None and measured.discount_share > on_demand + SAME_DISCOUNT_SHARE:
        found.append(
            f"The bills show {100 * measured.discount_share:.1f} % off list today, and the first "
            f"tier of the terms gives {100 * on_demand:.1f} % without a commitment: if today's "
            "discount goes on, put it there, because no deal is priced without it and every saving "
            "against no deal is too large"
        )
    found += cautions(terms)
    return tuple(text[:2000] for text in found if text is not None)


def discount_assumptions(
    checked: Reconciliation, terms: Terms, as_of: date
) -> tuple[Assumption, ...]:
    """Give the discount that the bills show, held against the on-demand tier of the terms."""
    found = checked.discount
    if found is None:
        return ()
    on_demand = terms.tiers[0].discount_share
    if abs(found.discount_share - on_demand) <= SAME_DISCOUNT_SHARE:
        against = "the on-demand tier of the terms says the same"
    else:
        against = (
            f"the on-demand tier of the terms says {100 * on_demand:.1f} %: if today's discount "
            "goes on without a commitment, it belongs there, or no deal looks too dear"
        )
    files = ", ".join(name for bill in checked.sources if bill.judged for name in bill.files)
    return (
        Assumption(
            name="negotiated discount in the history",
            value=f"{100 * found.discount_share:.1f} % off list",
            provenance=Provenance.MEASURED,
            source=f"{found.said}; {against} ({files})"[:2000],
            as_of=as_of,
        ),
    )


def refuse_history(checked: Reconciliation, refusal: Refusal, terms: Terms) -> Refusal:
    """Turn a refusal for want of history into one because history does not reprice.

    Where the usage comes to more than the bill, its weakest weeks do too: the safe amount is
    lowered to what the worst month was billed of its repriced usage.

    Parameters
    ----------
    refusal
        As `pipeline.refusal.refuse` builds it from the usage alone.
    """
    kept = billed_of_repriced(checked)
    safe = to_cents(refusal.do_not_exceed_usd * kept)
    quarter = to_cents(safe * 3 / max(terms.term_months, 3))
    lowered = (
        f" The usage comes to more than the bill, so that the amount is {100 * kept:.0f} % of what "
        "the usage alone would allow."
        if kept < 1
        else ""
    )
    return refusal.model_copy(
        update={
            "reason": f"the history does not reprice to the bill: {checked.note}"[:2000],
            "do_not_exceed_usd": safe,
            "safe_structure": (
                f"Pay on demand, or commit quarter by quarter to at most {quarter:,} USD each with "
                f"a right to raise it; size the term once usage and bill agree.{lowered}"
            ),
            "missing_evidence": _to_mend(checked),
            "reconciliation": checked,
        }
    )


def billed_of_repriced(checked: Reconciliation) -> Decimal:
    """Give the smallest share of a judged month's repriced usage that was billed, at most 1.

    >>> from forecast.pricing.reconciliation import NOT_DONE
    >>> billed_of_repriced(NOT_DONE)
    Decimal('1')
    """
    shares = [
        max(Decimal(0), month.billed_usd / month.repriced_usd)
        for month in checked.months
        if month.verdict != "not_judged" and month.repriced_usd > 0
    ]
    return min([Decimal(1), *shares])


def _to_mend(checked: Reconciliation) -> tuple[MissingEvidence, ...]:
    """Ask for what would close the gap, the most dollars first."""
    return tuple(
        MissingEvidence(
            what=cause.what_to_do,
            why=f"{cause.gross_difference_usd:,} USD{_where(cause.said, checked.differences)}: "
            f"{cause.said}",
        )
        for cause in checked.causes[:MAX_CAUSES]
    )


def _where(said: str, differences: Sequence[ReconciledDifference]) -> str:
    """Name the largest difference of a cause."""
    for found in differences:
        if found.said == said:
            kind = found.token_kind.replace("_", " ")
            what = " ".join(part for part in (found.model, kind) if part)
            return f", most of it in {found.month:%Y-%m}{', ' + what if what else ''}"
    return ""
