"""Days that stand in the usage twice: copied to another day, or added up with themselves.

A day whose every count equals that of another day is a copy: two honest days of several keys do not
agree in counts of thousands. A day that was exported twice and added up has even counts only: n
honest counts are all even with chance 1 in 2ⁿ, which proves it from 20 on and suggests it from 10.
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
"""Different counts above `MIN_COUNT` that a day must hold before equality proves a copy: more than
one key has, because all counts of one job may follow from its number of requests."""

MIN_COUNT: Final = 1_000
"""Smaller counts agree by chance."""

MAX_ALIKE: Final = 3
"""More days that all equal each other are a constant flow, not copies."""

PROVING_COUNTS: Final = 20
"""Counts that are all even by chance once in a million days."""

SUGGESTING_COUNTS: Final = 10
"""And once in a thousand days: proposed where the day also stands at nearly twice its rhythm."""

ODD_ELSEWHERE: Final = 0.3
"""Share of odd counts that the other days must have; rounded exports prove nothing by it."""

DOUBLE: Final = (1.6, 2.6)
NEARLY_DOUBLE: Final = (1.8, 2.2)
"""Where an added-up day stands against its rhythm, and where it must for fewer counts. Assumed:
twice, give or take a busy day."""

_COUNTS: Final = [*TOKEN_COLUMNS, "web_searches"]
_TOLD_BY: Final = [name for name in DAILY_KEY if name != "day"]


def repeated_days(daily: pd.DataFrame) -> Iterator[Finding]:
    """Find days that equal an earlier day in every key and every count."""
    if daily.empty:
        return
    row = pd.util.hash_pandas_object(daily[[*_TOLD_BY, *_COUNTS]], index=False)
    by_day = row.groupby(daily["day"]).agg(["sum", "count"])
    counts = daily.groupby("day")[_COUNTS]
    alike: dict[tuple[int, int], list[pd.Timestamp]] = {}
    for day, digest, n_rows in by_day.itertuples():
        alike.setdefault((int(digest), int(n_rows)), []).append(day)
    for days in alike.values():
        if not 1 < len(days) <= MAX_ALIKE:
            continue
        values = counts.get_group(days[0]).to_numpy().ravel()
        n_counts = len(np.unique(values[values >= MIN_COUNT]))
        if n_counts < MIN_COUNTS:
            continue
        for day in days[1:]:
            yield _repeated(day, days[0], n_counts)


def _repeated(day: pd.Timestamp, original: pd.Timestamp, n_counts: int) -> Finding:
    return Finding(
        kind=CleaningKind.REPEATED_DAY,
        workload=WHOLE_PORTFOLIO,
        start=day.date(),
        end=day.date(),
        action=CleaningAction.FILL,
        seen=f"every key and all {n_counts} different counts above {MIN_COUNT:,} equal those of "
        f"{original:%Y-%m-%d}",
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
    whole = set()
    for day, n, seen in _all_even(parity.groupby("day").sum(numeric_only=True)):
        if _is_double(total, level, (day.date() - first).days, n):
            whole.add(day)
            yield _doubled(WHOLE_PORTFOLIO, day, n, seen)
    even = (parity["odd"] == 0) & (parity["used"] >= SUGGESTING_COUNTS)
    suspected = set(parity.loc[even, "workload"])
    for rhythm in known:
        if rhythm.workload not in suspected:
            continue
        days = parity[parity["workload"] == rhythm.workload].set_index("day")
        for day, n, seen in _all_even(days[["used", "odd"]]):
            t = (day.date() - first).days
            if day not in whole and _is_double(rhythm.units, rhythm.level, t, n):
                yield _doubled(rhythm.workload, day, n, seen)


def _is_double(units: np.ndarray, level: np.ndarray, t: int, n_counts: int) -> bool:
    if not 0 <= t < len(units) or not level[t] > 0:
        return False
    low, high = DOUBLE if n_counts >= PROVING_COUNTS else NEARLY_DOUBLE
    return bool(low <= units[t] / level[t] <= high)


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


def _all_even(by_day: pd.DataFrame) -> list[tuple[pd.Timestamp, int, str]]:
    """Days on which every one of many counts is even although those of other days are not."""
    total = by_day.sum()
    if total["used"] == 0:
        return []
    even = by_day[(by_day["odd"] == 0) & (by_day["used"] >= SUGGESTING_COUNTS)]
    elsewhere = total["used"] - even["used"].sum()
    if elsewhere == 0 or total["odd"] / elsewhere < ODD_ELSEWHERE:
        return []
    share = total["odd"] / elsewhere
    return [
        (day, int(n), f"all {n} counts of the day are even, {share:.0%} of the other days' are odd")
        for day, n in even["used"].items()
    ]


def _doubled(workload: str, day: pd.Timestamp, n_counts: int, seen: str) -> Finding:
    return Finding(
        kind=CleaningKind.DOUBLED_DAY,
        workload=workload,
        start=day.date(),
        end=day.date(),
        action=CleaningAction.HALVE,
        seen=f"{seen}, and it stands at about twice the same weekdays around it",
        reason="the day was exported twice and added up",
        proposal="halve every count of the day",
        proven=n_counts >= PROVING_COUNTS,
    )
