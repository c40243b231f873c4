"""Recording faults: days an export lost, and a last day that is not over.

Nothing is removed or filled here. What the history did that usage itself explains (spikes,
shifts, quiet weekends) is no fault of recording.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import pandas as pd

from forecast.errors import UsageFormatError
from forecast.records.outlook import Adjustment
from forecast.records.usage import TOKEN_COLUMNS
from forecast.units import days

WHOLE_PORTFOLIO: Final = "all workloads"
"""What an adjustment names when it concerns every workload at once."""

PARTIAL_SHARE: Final = 0.5
"""A last day with less than this share of its weekday's usual tokens looks partial. Assumed: a
report fetched during the day holds half of it on average, and a working day rarely halves."""

SAME_WEEKDAYS: Final = 4
"""Earlier days of the same weekday that make the usual: a month, so that growth hardly matters."""

MIN_SAME_WEEKDAYS: Final = 2
"""With fewer earlier ones nothing is usual yet, and the last day is kept."""

SILENT_WEEK_DAYS: Final = 7
"""A silence this long is a fault whatever the weekdays are."""


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


def recording_faults(daily: pd.DataFrame, as_of: date) -> list[Adjustment]:
    """List what the export seems to have lost up to `as_of`; nothing is changed.

    Days on which the whole portfolio is silent are a fault when the silence lasts a week or
    more, or when usage stands on more than half of the days of that weekday.

    Parameters
    ----------
    daily
        Any usage table with `day` and the token columns.
    as_of
        Usage after this day is not looked at; silence up to it is.
    """
    totals = {day: n for day, n in _tokens_by_day(daily).items() if day <= as_of}
    active = {day for day, n in totals.items() if n > 0}
    if not active:
        return []
    start = min(active)
    found = []
    for first, end in _silences(active, start, as_of + timedelta(days=1)):
        n_days = (end - first).days
        found.append(
            Adjustment(
                workload=WHOLE_PORTFOLIO,
                what="missing_days",
                start=first,
                end=end - timedelta(days=1),
                effect=f"{n_days} day{'s' if n_days > 1 else ''} without any usage",
                source="no workload has a row with tokens on these days; an export is missing, "
                "or nothing ran",
            )
        )
    verdict = judge_last_day(daily[daily["day"] <= pd.Timestamp(as_of)])
    if verdict.complete_until < verdict.last_day:
        found.append(
            Adjustment(
                workload=WHOLE_PORTFOLIO,
                what="partial_last_day",
                start=verdict.last_day,
                end=verdict.last_day,
                effect=f"{verdict.explanation}; it reads as a fall of demand",
                source="compared with the same weekday of the weeks before",
            )
        )
    return found


def _silences(active: set[date], start: date, end: date) -> Iterator[tuple[date, date]]:
    """Walk the faulty silences in [start, end), each as a half-open period."""
    seen, on = [0] * 7, [0] * 7
    for day in days(start, end):
        seen[day.weekday()] += 1
        on[day.weekday()] += day in active
    expected = [2 * on[w] > seen[w] for w in range(7)]
    for first, last in _runs([d for d in days(start, end) if d not in active]):
        if (last - first).days + 1 >= SILENT_WEEK_DAYS:
            yield first, last + timedelta(days=1)
            continue
        faulty = [d for d in days(first, last + timedelta(days=1)) if expected[d.weekday()]]
        for part_first, part_last in _runs(faulty):
            yield part_first, part_last + timedelta(days=1)


def _runs(ordered: list[date]) -> Iterator[tuple[date, date]]:
    """Walk the runs of consecutive days, each as (first, last).

    >>> list(_runs([date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 5)]))[0][1]
    datetime.date(2026, 1, 2)
    """
    first: date | None = None
    previous: date | None = None
    for day in ordered:
        if first is None or previous is None:
            first = day
        elif day - previous > timedelta(days=1):
            yield first, previous
            first = day
        previous = day
    if first is not None and previous is not None:
        yield first, previous


def _tokens_by_day(rows: pd.DataFrame) -> dict[date, float]:
    tokens = rows[list(TOKEN_COLUMNS)].sum(axis=1).astype("float64")
    sums = tokens.groupby(rows["day"]).sum()
    return {day.date(): float(n) for day, n in sums.items()}
