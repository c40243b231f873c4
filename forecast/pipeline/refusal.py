"""What to do when the history cannot carry a number: a safe amount and what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

import pandas as pd

from forecast.pipeline.workload_plans import WorkloadPlan
from forecast.records.base import Provenance
from forecast.records.recommendation import (
    Assumption,
    EvidenceMeter,
    MissingEvidence,
    Refusal,
    ResultProvenance,
)
from forecast.records.terms import Terms
from forecast.units import add_months, to_cents

MIN_WEEKS = 13
"""Complete weeks below which no number is named: one quarter, the shortest settlement period
that a forecast error can be measured against."""

LEVER_RESERVE_SHARE = 0.5
"""Largest share of list cost that the do-not-exceed amount keeps: batch alone could halve what
nobody has classified yet. Where the levers on file would leave less, that is kept."""


def _kept_share(plan: WorkloadPlan, terms: Terms) -> float:
    """Share of a workload's list cost that is sure to come: nothing once it retires."""
    ends = plan.workload.retires_month if plan.workload is not None else None
    if ends is not None and ends <= add_months(terms.term_start, terms.term_months - 1):
        return 0.0
    before, after = plan.choice.unit_cost_before, plan.choice.unit_cost_after
    left = after / before if before > 0 else 1.0
    return max(0.0, min(LEVER_RESERVE_SHARE, left * LEVER_MISS))


LEVER_MISS = 0.8
"""A lever may save a fifth more than expected before the safe amount is too large. Assumed."""


def weakest_week_usd(
    rated: pd.DataFrame, as_of: date, kept: Mapping[str, float]
) -> tuple[Decimal, int]:
    """Smallest sure list cost of a complete week up to `as_of`, and the number of such weeks.

    `kept` is the share of each workload's list cost that counts.
    """
    first = rated["day"].min().date()
    n_weeks = (as_of - first + timedelta(days=1)).days // 7
    shares = [
        Decimal(str(round(kept.get(name, LEVER_RESERVE_SHARE), 6))) for name in rated["workload"]
    ]
    sure = rated["list_usd"] * pd.Series(shares, index=rated.index, dtype=object)
    sums = []
    for week in range(n_weeks):
        end = pd.Timestamp(as_of - timedelta(days=7 * week))
        inside = (rated["day"] <= end) & (rated["day"] > end - pd.Timedelta(days=7))
        sums.append(sum(sure[inside], Decimal(0)))
    return (min(sums) if sums else Decimal(0)), n_weeks


def refuse(
    reason: str,
    rated: pd.DataFrame,
    plans: Sequence[WorkloadPlan],
    terms: Terms,
    *,
    as_of: date,
    evidence: EvidenceMeter,
    assumptions: Sequence[Assumption],
    provenance: ResultProvenance,
) -> Refusal:
    """Build the refusal.

    The do-not-exceed amount assumes every week of the term as weak as the weakest observed one,
    at most half of it at list, less where the levers on file would leave less, nothing of a
    workload that retires in the term, all at the best discount of the terms.
    """
    kept = {plan.name: _kept_share(plan, terms) for plan in plans}
    weakest, n_weeks = weakest_week_usd(rated, as_of, kept)
    days = (add_months(terms.term_start, terms.term_months) - terms.term_start).days
    best_discount = Decimal(str(max(t.discount_share for t in terms.tiers)))
    safe = to_cents(weakest / 7 * days * (1 - best_discount))
    quarter = to_cents(safe * 3 / max(terms.term_months, 3))
    missing = [
        MissingEvidence(
            what=f"{MIN_WEEKS - n_weeks} more complete weeks of usage"
            if n_weeks < MIN_WEEKS
            else "usage that a forecaster can be fitted to",
            why=f"{n_weeks} complete weeks are on file; a total can be forecast and checked "
            f"from {MIN_WEEKS} on, with a yearly season from 52",
        ),
        MissingEvidence(
            what="older exports of the same keys or workspaces",
            why="the vendor keeps usage reports longer than most buyers export them; every "
            "quarter more narrows the band",
        ),
        MissingEvidence(
            what="planned launches in workloads.toml, each with its volume and month",
            why="growth that history has not seen is the largest unknown of a young workload",
        ),
    ]
    return Refusal(
        reason=reason,
        do_not_exceed_usd=safe,
        safe_structure=(
            f"Pay on demand, or commit quarter by quarter to at most {quarter:,} USD each with a "
            f"right to raise it; size the term once {MIN_WEEKS} complete weeks are on file."
        ),
        missing_evidence=tuple(missing),
        evidence=evidence,
        assumptions=(
            *assumptions,
            Assumption(
                name="share of list cost kept in the do-not-exceed amount",
                value=f"at most {LEVER_RESERVE_SHARE} of the weakest week",
                provenance=Provenance.CLAIM,
                source="batch halves every token rate; levers on file may leave less",
            ),
        ),
        provenance=provenance,
    )
