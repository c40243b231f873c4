"""What to do when the history cannot carry a number: a safe amount and what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import pandas as pd

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

LEVER_RESERVE_SHARE = Decimal("0.5")
"""Share of list cost that batch alone could remove from everything (assumed, the worst case for
the do-not-exceed amount: DOMAIN's batch halves the rate)."""


def weakest_week_usd(rated: pd.DataFrame, as_of: date) -> tuple[Decimal, int]:
    """Smallest list cost of a complete week up to `as_of`, and the number of complete weeks."""
    first = rated["day"].min().date()
    n_weeks = (as_of - first + timedelta(days=1)).days // 7
    sums = []
    for week in range(n_weeks):
        end = pd.Timestamp(as_of - timedelta(days=7 * week))
        inside = (rated["day"] <= end) & (rated["day"] > end - pd.Timedelta(days=7))
        sums.append(sum(rated.loc[inside, "list_usd"], Decimal(0)))
    return (min(sums) if sums else Decimal(0)), n_weeks


def refuse(
    reason: str,
    rated: pd.DataFrame,
    terms: Terms,
    *,
    as_of: date,
    evidence: EvidenceMeter,
    assumptions: Sequence[Assumption],
    provenance: ResultProvenance,
) -> Refusal:
    """Build the refusal.

    The do-not-exceed amount assumes every week of the term as weak as the weakest observed one,
    every dollar of it halved by batch, at the best discount of the terms: a commitment below it
    would have been used even then.
    """
    weakest, n_weeks = weakest_week_usd(rated, as_of)
    days = (add_months(terms.term_start, terms.term_months) - terms.term_start).days
    best_discount = Decimal(str(max(t.discount_share for t in terms.tiers)))
    safe = weakest / 7 * days * LEVER_RESERVE_SHARE * (1 - best_discount)
    missing = [
        MissingEvidence(
            what=f"{MIN_WEEKS - n_weeks} more complete weeks of usage"
            if n_weeks < MIN_WEEKS
            else "usage that a forecaster can be fitted to",
            why=f"{n_weeks} complete weeks are on file; a total can be forecast and checked "
            f"from {MIN_WEEKS} on, with a yearly season from 104",
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
        do_not_exceed_usd=to_cents(safe),
        safe_structure=(
            "Pay on demand, or sign a quarterly commitment of at most a quarter of the "
            "do-not-exceed amount with a right to raise it; size the year once "
            f"{MIN_WEEKS} complete weeks are on file."
        ),
        missing_evidence=tuple(missing),
        evidence=evidence,
        assumptions=(
            *assumptions,
            Assumption(
                name="share of list cost kept in the do-not-exceed amount",
                value=str(LEVER_RESERVE_SHARE),
                provenance=Provenance.CLAIM,
                source="batch halves every token rate",
            ),
        ),
        provenance=provenance,
    )
