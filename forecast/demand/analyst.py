"""What somebody knows and history cannot: adjustments of a workload's volume, with provenance.

An adjustment of share c and uncertainty s multiplies the months it acts in by

    (1 + c) · exp(s z − s² / 2),    z standard normal, one draw for each path,

so that an uncertain adjustment is not a larger one; several multiply.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from forecast.demand.members.protocol import Floats
from forecast.records.outlook import Adjustment
from forecast.records.workloads import AnalystAdjustment, Workload


def analyst_factors(
    workload: Workload, months: Sequence[date], n: int, *, rng: np.random.Generator
) -> Floats:
    """Factors [n, T] of the analyst adjustments of a workload; ones without any.

    Examples
    --------
    >>> known = AnalystAdjustment(month=date(2027, 2, 1), change_share=-0.5, reason="contract ends",
    ...     decided_by="Ana", decided_on=date(2026, 11, 2))
    >>> chat = Workload(name="Chat", adjustments=(known,))
    >>> months = [date(2027, 1, 1), date(2027, 2, 1)]
    >>> analyst_factors(chat, months, 1, rng=np.random.default_rng(0)).tolist()
    [[1.0, 0.5]]
    """
    out = np.ones((n, len(months)))
    for change in workload.adjustments:
        s = change.uncertainty
        factor = (1 + change.change_share) * np.exp(s * rng.standard_normal(n) - s**2 / 2)
        acts = np.array([_acts(change, month) for month in months])
        out *= np.where(acts[None, :], factor[:, None], 1.0)
    return out


def analyst_notes(workload: Workload, months: Sequence[date]) -> list[Adjustment]:
    """Tell of every adjustment that acts in the months, with whose word it is."""
    return [
        Adjustment(
            workload=workload.name,
            what="analyst_adjustment",
            start=max(change.month, months[0]),
            end=change.until,
            effect=f"{change.change_share:+.0%} (log volume ± {change.uncertainty:g}): "
            f"{change.reason}"[:2000],
            source=f"{change.decided_by}, {change.decided_on}",
        )
        for change in workload.adjustments
        if any(_acts(change, month) for month in months)
    ]


def _acts(change: AnalystAdjustment, month: date) -> bool:
    return change.month <= month and (change.until is None or month <= change.until)
