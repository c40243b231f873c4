"""Months of a bill, and the verdict on them.

    gap = |Σ (repriced − billed)|, less rounding, less what is paid outside of the bill
    gap ≤ tolerance_share · |billed|   within_tolerance
        ≤ refusal_share · |billed|     warning
        >                              refused

A month within tolerance whose differences by model and token kind add up, not set off against one
another, to more than the tolerance is a warning: the total is right and its parts are not.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np
import pandas as pd

from forecast.pricing.reconciliation.examination import Examined
from forecast.records.reconciliation import Cause, ReconciledMonth, Verdict
from forecast.units import to_cents

TOLERANCE_SHARE: Final = 0.02
"""Assumed: room for day boundaries in another time zone and for rounding on the invoice."""

REFUSAL_SHARE: Final = 0.10
"""Assumed: beyond it a key, a platform or a price is missing. The smallest fault there is in a
price, the premium of a geography, moves a bill by a tenth where all of it carries it."""

MIN_JUDGED_DAYS: Final = 7
"""A month with fewer shared days refuses nothing by itself: a time zone moves up to a day's usage,
a seventh of a week. The total of all months counts them. Assumed."""

VERDICTS: Final[tuple[Verdict, ...]] = ("within_tolerance", "warning", "refused")
"""From the best to the worst."""


@dataclass(frozen=True)
class Limits:
    """Where a warning and where a refusal begin, as shares of what was billed."""

    tolerance_share: float = TOLERANCE_SHARE
    refusal_share: float = REFUSAL_SHARE

    def __post_init__(self) -> None:
        if not 0 <= self.tolerance_share <= self.refusal_share <= 1:
            raise ValueError(
                f"needs 0 ≤ tolerance {self.tolerance_share} ≤ refusal {self.refusal_share} ≤ 1"
            )

    def verdict(self, gap: float, billed: float, room: float) -> Verdict:
        """Judge a gap; `room` is what rounding may come to.

        >>> Limits().verdict(2.0, 100.0, 0.0), Limits().verdict(11.0, 100.0, 0.0)
        ('within_tolerance', 'refused')
        """
        over = gap - room - 1e-12 * abs(billed)
        if over <= self.tolerance_share * abs(billed):
            return "within_tolerance"
        return "warning" if over <= self.refusal_share * abs(billed) else "refused"


def months_of(found: Examined, limits: Limits) -> tuple[ReconciledMonth, ...]:
    """Give the months of a bill, those that are not judged too."""
    blocks = found.matched.blocks.join(found.matched.buckets[["start", "end", "why"]], on="bucket")
    rows = [
        _judged(found, part, limits)
        for _, part in blocks[blocks["judged"]].groupby("month", sort=True)
    ]
    rows += [
        _row(found, part, "not_judged", str(why))
        for (_, why), part in blocks[~blocks["judged"]].groupby(["month", "why"], sort=True)
    ]
    rows += _not_billed(found)
    return tuple(sorted(rows, key=lambda row: (row.month, row.first_day)))


def _judged(found: Examined, part: pd.DataFrame, limits: Limits) -> ReconciledMonth:
    month = part["month"].iloc[0]
    here = (found.cells["month"] == month).to_numpy()
    gap, gross, room = totals_of(found, here)
    billed = float(sum(part["billed"], Decimal(0)))
    verdict = limits.verdict(abs(gap), billed, room)
    elsewhere = paid_elsewhere(found, here)
    row = _row(found, part, verdict, verdict.replace("_", " "), elsewhere)
    said = row.said
    if verdict == "within_tolerance" and limits.verdict(gross, billed, room) != verdict:
        verdict, said = "warning", "the total agrees, its models and token kinds do not"
    if verdict == "refused" and row.n_days < MIN_JUDGED_DAYS:
        verdict, said = "warning", f"apart, on {row.n_days} days only"
    if not _whole_month(row):
        said += f" ({row.n_days} day{'' if row.n_days == 1 else 's'})"
    if elsewhere:
        said += f"; {to_cents(elsewhere):,} USD of the priority tier are not in it"
    return row.model_copy(
        update={"verdict": verdict, "said": said, "gross_difference_usd": to_cents(gross)}
    )


def totals_of(found: Examined, here: np.ndarray) -> tuple[float, float, float]:
    """Net and gross difference of some cells, and what rounding may come to, USD.

    What is paid outside of the bill by the vendor's own word is in neither.
    """
    counts = np.array([e.cause is not Cause.PRIORITY_TIER for e in found.causes], dtype=bool)
    cells = found.cells[here & counts]
    difference = cells["difference"].to_numpy()
    return (
        float(difference.sum()),
        float(np.abs(difference).sum()),
        float(np.sqrt((cells["rounding"] ** 2).sum())),
    )


def paid_elsewhere(found: Examined, here: np.ndarray) -> Decimal:
    """Usage of some cells that the bill leaves out by the vendor's own word, in its prices, USD."""
    left_out = np.array([e.cause is Cause.PRIORITY_TIER for e in found.causes], dtype=bool)
    cells = found.cells[here & left_out]
    return sum(cells["expected"], Decimal(0)) - sum(cells["billed"], Decimal(0))


def _row(
    found: Examined,
    part: pd.DataFrame,
    verdict: Verdict,
    said: str,
    elsewhere: Decimal = Decimal(0),
) -> ReconciledMonth:
    billed = sum(part["billed"], Decimal(0))
    repriced = sum(part["expected"], Decimal(0)) - elsewhere
    days = part[["start", "end"]].drop_duplicates()
    covered = {
        day
        for start, end in days.itertuples(index=False)
        for day in pd.date_range(start, end, inclusive="left", unit="s")
    }
    apart = [e - b for e, b in zip(part["expected"], part["billed"], strict=True)]
    return ReconciledMonth(
        month=part["month"].iloc[0].date(),
        source=found.statement.name,
        first_day=days["start"].min().date(),
        last_day=(days["end"].max() - pd.Timedelta(days=1)).date(),
        n_days=len(covered),
        billed_usd=to_cents(billed),
        repriced_usd=to_cents(repriced),
        difference_usd=to_cents(repriced - billed),
        difference_share=float((repriced - billed) / billed) if billed else None,
        gross_difference_usd=to_cents(sum(map(abs, apart), Decimal(0))),
        verdict=verdict,
        said=said,
    )


def _whole_month(row: ReconciledMonth) -> bool:
    last = pd.Timestamp(row.month) + pd.offsets.MonthEnd(0)
    return row.first_day <= row.month and row.last_day >= last.date()


def _not_billed(found: Examined) -> list[ReconciledMonth]:
    """Give the months of usage that the bill does not speak of."""
    usage = found.usage
    groups = set(found.matched.buckets["group"])
    rows = (found.matched.block_of < 0).all(axis=1)
    if "" not in groups:
        rows &= usage.frame["platform"].isin(groups).to_numpy()
    frame = usage.frame[rows]
    if frame.empty:
        return []
    month = frame["day"].dt.to_period("M").dt.to_timestamp()
    listed = pd.Series([sum(row, Decimal(0)) for row in usage.usd[rows]], index=frame.index)
    return [
        ReconciledMonth(
            month=at.date(),
            source=found.statement.name,
            first_day=frame.loc[part.index, "day"].min().date(),
            last_day=frame.loc[part.index, "day"].max().date(),
            n_days=int(frame.loc[part.index, "day"].nunique()),
            billed_usd=Decimal(0),
            repriced_usd=to_cents(sum(part, Decimal(0))),
            difference_usd=to_cents(sum(part, Decimal(0))),
            difference_share=None,
            gross_difference_usd=to_cents(sum(part, Decimal(0))),
            verdict="not_judged",
            said="not on the bill",
        )
        for at, part in listed.groupby(month)
    ]
