"""Days that stand in the usage twice: copied to another day, or added up with themselves.

Both are arithmetic, not guesses. A day whose every count equals that of another day is a copy;
two honest days with n counts of thousands never agree. A day that was exported twice and added
up has even counts only: n honest counts are all even with chance 1 in 2ⁿ.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import pandas as pd

from forecast.records.cleaning import WHOLE_PORTFOLIO, CleaningAction, CleaningKind
from forecast.records.usage import TOKEN_COLUMNS
from forecast.tables import DAILY_KEY
from forecast.usage.cleaning.finding import Finding
from forecast.usage.cleaning.rhythm import Rhythm, same_weekday_level

MIN_COUNTS: Final = 6
"""Different counts above `MIN_COUNT` that a day must hold before equality proves a copy."""

MIN_COUNT: Final = 1_000
"""Smaller counts agree by chance."""

MAX_COPIES_SHARE: Final = 0.02
"""More equal days than this are a constant flow, not copies."""

EVEN_COUNTS: Final = 20
"""Counts that must all be even: by chance once in a million days."""

ODD_ELSEWHERE: Final = 0.3
"""Share of odd counts that the other days must have; rounded exports prove nothing by it."""

DOUBLE: Final = (1.6, 2.6)
"""Where an added-up day stands against its rhythm. Assumed: twice, give or take a busy day."""

_COUNTS: Final = [*TOKEN_COLUMNS, "web_searches"]
_TOLD_BY: Final = [name for name in DAILY_KEY if name != "day"]


def repeated_days(daily: pd.DataFrame) -> Iterator[Finding]:
    """Find days that equal an earlier day in every key and every count."""
    if daily.empty:
        return
    row = pd.util.hash_pandas_object(daily[[*_TOLD_BY, *_COUNTS]], index=False)
    by_day = row.groupby(daily["day"]).agg(["sum", "count"])
    counts = daily.groupby("day")[_COUNTS]
    first_with: dict[tuple[int, int], pd.Timestamp] = {}
    copies: list[tuple[pd.Timestamp, pd.Timestamp, int]] = []
    for day, digest, n_rows in by_day.itertuples():
        key = int(digest), int(n_rows)
        if key not in first_with:
            first_with[key] = day
            continue
        values = counts.get_group(day).to_numpy().ravel()
        n_counts = len(np.unique(values[values >= MIN_COUNT]))
        if n_counts >= MIN_COUNTS:
            copies.append((day, first_with[key], n_counts))
    if len(copies) > max(1.0, MAX_COPIES_SHARE * len(by_day)):
        return
    for day, original, n_counts in copies:
        yield Finding(
            kind=CleaningKind.REPEATED_DAY,
            workload=WHOLE_PORTFOLIO,
            start=day.date(),
            end=day.date(),
            action=CleaningAction.FILL,
            seen=f"every key and all {n_counts} different counts above {MIN_COUNT:,} equal those "
            f"of {original:%Y-%m-%d}",
            reason="one of the two days is a copy of the other; what the later day held is lost",
            proposal="fill the day from the same weekdays around it",
            proven=True,
        )


def doubled_days(daily: pd.DataFrame, known: Sequence[Rhythm]) -> Iterator[Finding]:
    """Find days, of all workloads or of one, that hold every count twice."""
    if daily.empty or not known:
        return
    total = np.sum([r.units for r in known], axis=0)
    level = same_weekday_level(total)
    first = known[0].first
    parity = _parity(daily)
    whole = {
        day: seen
        for day, seen in _all_even(parity.groupby("day").sum(numeric_only=True))
        if _is_double(total, level, (day.date() - first).days)
    }
    for day, seen in whole.items():
        yield _doubled(WHOLE_PORTFOLIO, day, seen)
    suspected = parity[(parity["odd"] == 0) & (parity["used"] >= EVEN_COUNTS)]["workload"].unique()
    for rhythm in known:
        if rhythm.workload not in suspected:
            continue
        days = parity[parity["workload"] == rhythm.workload].set_index("day")
        for day, seen in _all_even(days[["used", "odd"]]):
            t = (day.date() - first).days
            if day not in whole and _is_double(rhythm.units, rhythm.level, t):
                yield _doubled(rhythm.workload, day, seen)


def _is_double(units: np.ndarray, level: np.ndarray, t: int) -> bool:
    if not 0 <= t < len(units) or not level[t] > 0:
        return False
    return bool(DOUBLE[0] <= units[t] / level[t] <= DOUBLE[1])


def _parity(rows: pd.DataFrame) -> pd.DataFrame:
    """Counts above 0 and odd ones among them, by workload and day."""
    values = rows[_COUNTS].to_numpy(dtype=np.int64)
    used = values > 0
    counted = pd.DataFrame(
        {
            "workload": rows["workload"].to_numpy(),
            "day": rows["day"].to_numpy(),
            "used": used.sum(axis=1),
            "odd": (used & (values % 2 == 1)).sum(axis=1),
        }
    )
    return counted.groupby(["workload", "day"], sort=True, as_index=False).sum()


def _all_even(by_day: pd.DataFrame) -> list[tuple[pd.Timestamp, str]]:
    """Days on which every one of many counts is even although those of other days are not."""
    total = by_day.sum()
    if total["used"] == 0:
        return []
    even = by_day[(by_day["odd"] == 0) & (by_day["used"] >= EVEN_COUNTS)]
    elsewhere = total["used"] - even["used"].sum()
    if elsewhere == 0 or total["odd"] / elsewhere < ODD_ELSEWHERE:
        return []
    share = total["odd"] / elsewhere
    return [
        (day, f"all {n} counts of the day are even, {share:.0%} of the other days' are odd")
        for day, n in even["used"].items()
    ]


def _doubled(workload: str, day: pd.Timestamp, seen: str) -> Finding:
    return Finding(
        kind=CleaningKind.DOUBLED_DAY,
        workload=workload,
        start=day.date(),
        end=day.date(),
        action=CleaningAction.HALVE,
        seen=f"{seen}, and it stands at about twice the same weekdays around it",
        reason="the day was exported twice and added up",
        proposal="halve every count of the day",
        proven=True,
    )
