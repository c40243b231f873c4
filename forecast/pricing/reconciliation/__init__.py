"""Repriced usage against what was billed: the gate that history has to pass.

    usage ─► added up, priced ─┐
                               ├─► blocks ─► discount ─► cells ─► causes ─► months, verdict
    lines of bills ────────────┘

Everything that decides is exact Decimal; causes are looked for in float64.
"""

from forecast.pricing.reconciliation.months import REFUSAL_SHARE, TOLERANCE_SHARE, Limits
from forecast.pricing.reconciliation.report import (
    NOT_DONE,
    heading_of,
    reconcile,
    refuse_unreconciled,
    warning_of,
)
from forecast.pricing.reconciliation.statements import Statement

__all__ = [
    "NOT_DONE",
    "REFUSAL_SHARE",
    "TOLERANCE_SHARE",
    "Limits",
    "Statement",
    "heading_of",
    "reconcile",
    "refuse_unreconciled",
    "warning_of",
]
