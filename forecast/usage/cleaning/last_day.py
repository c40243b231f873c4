"""A last day of usage that is not over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import pandas as pd

from forecast.errors import UsageFormatError
from forecast.records.cleaning import WHOLE_PORTFOLIO, CleaningAction, CleaningKind
from forecast.records.usage import TOKEN_COLUMNS
from forecast.usage.cleaning.finding import Finding

PARTIAL_SHARE: Final = 0.5
"""A last day with less than this share of its weekday's usual tokens looks partial. Assumed: a
report fetched during the day holds half of it on average, and a working day rarely halves."""

SAME_WEEKDAYS: Final = 4
"""Earlier days of the same weekday that make the usual: a month, so that growth hardly matters."""

MIN_SAME_WEEKDAYS: Final = 2
"""With fewer earlier ones nothing is usual yet, and the last day is kept."""


@dataclass(frozen=True)
class LastDay:
    """The last day of usage, whether it looks complete, and why."""

    last_day: date
    complete_until: date
    explanation: str


def last_complete_day(rows: pd.DataFrame) -> date:
    """Give the day up to which usage looks complete: the default `as_of`.

    Parameters
    ----------
    rows
        Any usage table with `day` and the token columns.

    Returns
    -------
    datetime.date
        The last day of usage, or the day before when the last one looks partial
        (`judge_last_day` says why).

    Raises
    ------
    UsageFormatError
        No rows.
    """
    return judge_last_day(rows).complete_until


def judge_last_day(rows: pd.DataFrame) -> LastDay:
    """Judge whether the last day of usage is over.

    It looks partial when its tokens are under `PARTIAL_SHARE` of the median of the last
    `SAME_WEEKDAYS` days of the same weekday that have usage. A complete day that is mistaken for
    a partial one costs a day of history; the other error reads as falling demand.

    Examples
    --------
    >>> rows = pd.DataFrame({"day": pd.date_range("2026-10-31", periods=23), "input_tokens": 100})
    >>> rows = rows.reindex(columns=["day", *TOKEN_COLUMNS], fill_value=0)
    >>> rows.loc[22, "input_tokens"] = 30
    >>> judge_last_day(rows).complete_until
    datetime.date(2026, 11, 21)
    """
    if rows.empty:
        raise UsageFormatError("there is no usage to read a last day from")
    totals = _tokens_by_day(rows)
    last = max(totals)
    earlier = [last - timedelta(weeks=k) for k in range(1, SAME_WEEKDAYS + 1)]
    usual = sorted(totals[day] for day in earlier if totals.get(day, 0) > 0)
    if len(usual) < MIN_SAME_WEEKDAYS:
        return LastDay(last, last, f"{last} is kept: too few earlier {last:%A}s to judge it by")
    median = (usual[(len(usual) - 1) // 2] + usual[len(usual) // 2]) / 2
    share = totals[last] / median
    seen = f"{last} holds {share:.0%} of the median of the last {len(usual)} {last:%A}s"
    if share < PARTIAL_SHARE:
        return LastDay(last, last - timedelta(days=1), f"{seen}: it looks partial")
    return LastDay(last, last, f"{seen}: it looks complete")


def partial_last_day(rows: pd.DataFrame) -> Finding | None:
    """Give the ledger's entry of a last day that looks partial; None when it looks complete."""
    if rows.empty:
        return None
    verdict = judge_last_day(rows)
    if verdict.complete_until == verdict.last_day:
        return None
    return Finding(
        kind=CleaningKind.PARTIAL_LAST_DAY,
        workload=WHOLE_PORTFOLIO,
        start=verdict.last_day,
        end=verdict.last_day,
        action=CleaningAction.CUT,
        seen=verdict.explanation,
        reason="the export was made before the day was over; it reads as a fall of demand",
        proposal=f"history ends on {verdict.complete_until}",
    )


def _tokens_by_day(rows: pd.DataFrame) -> dict[date, float]:
    tokens = rows[list(TOKEN_COLUMNS)].sum(axis=1).astype("float64")
    sums = tokens.groupby(rows["day"]).sum()
    return {day.date(): float(n) for day, n in sums.items()}
