"""Repriced usage against what was billed, month by month.

Months that usage covers only in part, and months that stand on one side only, are shown and not
judged. Of the others the worst decides:

    |repriced − billed| / billed  ≤ TOLERANCE_SHARE   within_tolerance
                                  ≤ REFUSAL_SHARE     warning
                                  >                   refused
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from forecast.errors import ReconciliationError
from forecast.records.recommendation import HistoryMonth, Reconciliation
from forecast.units import to_cents

TOLERANCE_SHARE = Decimal("0.02")
"""Assumed: room for day boundaries in another time zone and for rounding on the invoice."""

REFUSAL_SHARE = Decimal("0.10")
"""Assumed: beyond it a key, a platform or a price is missing, or the invoice is discounted."""

Verdict = Literal["within_tolerance", "warning", "refused"]


@dataclass(frozen=True)
class MonthCheck:
    """One month on both sides.

    Attributes
    ----------
    difference_share
        Relative to what was billed; None where nothing was billed.
    verdict
        In words, for the reader.
    """

    month: date
    billed_usd: Decimal
    repriced_usd: Decimal
    difference_share: float | None
    verdict: str


def reconcile(
    history: Sequence[HistoryMonth], billed: Mapping[date, Decimal]
) -> tuple[Reconciliation, tuple[MonthCheck, ...]]:
    """Compare list cost with the invoice, by month.

    Parameters
    ----------
    history
        List cost of the observed months.
    billed
        Billed USD by the first day of the month.

    Examples
    --------
    >>> march = date(2026, 3, 1)
    >>> found, months = reconcile(
    ...     [HistoryMonth(month=march, list_usd=Decimal(101), complete=True)],
    ...     {march: Decimal(100)},
    ... )
    >>> found.status, months[0].difference_share
    ('within_tolerance', 0.01)
    """
    seen = {h.month: h for h in history}
    checks, judged = [], []
    for month in sorted(seen.keys() | billed.keys()):
        repriced = seen[month].list_usd if month in seen else Decimal(0)
        invoice = billed.get(month, Decimal(0))
        share = (repriced - invoice) / invoice if invoice else None
        if month not in billed:
            said = "not on the invoice"
        elif month not in seen:
            said = "no usage on file"
        elif not seen[month].complete:
            said = "usage covers a part of it"
        else:
            verdict = _verdict(repriced, invoice)
            said = verdict.replace("_", " ")
            judged.append((repriced, invoice, verdict))
        checks.append(
            MonthCheck(month, invoice, repriced, None if share is None else float(share), said)
        )
    return _overall(judged), tuple(checks)


def _verdict(repriced: Decimal, billed: Decimal) -> Verdict:
    gap = abs(repriced - billed)
    if gap <= TOLERANCE_SHARE * billed:
        return "within_tolerance"
    return "warning" if gap <= REFUSAL_SHARE * billed else "refused"


def _overall(judged: Sequence[tuple[Decimal, Decimal, Verdict]]) -> Reconciliation:
    if not judged:
        return Reconciliation(
            status="not_done", note="no complete month of usage stands on the invoice"
        )
    repriced = sum((r for r, _, _ in judged), Decimal(0))
    billed = sum((b for _, b, _ in judged), Decimal(0))
    verdicts = {v for _, _, v in judged}
    order: tuple[Verdict, ...] = ("refused", "warning", "within_tolerance")
    status = next(v for v in order if v in verdicts)
    share = float((repriced - billed) / billed) if billed else None
    return Reconciliation(
        status=status,
        billed_usd=to_cents(billed),
        repriced_usd=to_cents(repriced),
        difference_share=share,
        note=(
            f"{len(judged)} complete months compared with list cost: up to "
            f"{100 * TOLERANCE_SHARE:.0f} % apart is within tolerance, above "
            f"{100 * REFUSAL_SHARE:.0f} % is refused; a discount on the invoice shows as a "
            "difference of the same share every month"
        ),
    )


def refuse_unreconciled(found: Reconciliation) -> None:
    """Stop when history does not reprice to the invoice.

    Raises
    ------
    ReconciliationError
        When a complete month lies beyond the refusal share.
    """
    if found.status == "refused":
        raise ReconciliationError(
            f"complete months reprice to {found.repriced_usd} USD where {found.billed_usd} USD "
            "was billed; look for keys, platforms or prices that are missing, and give list "
            "amounts when the invoice is discounted"
        )
