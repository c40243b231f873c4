"""Bursts out of the rhythm of a workload: backfills, load tests, and what shows no sign of either.

A day t belongs to a burst when u[t] > usual[t] · exp(max(ln 3, 5 σ)), σ the robust spread of
the workload around its level. Days at most two apart are one burst. It is proposed when it

* lasts at most 21 days (longer is a shift of the level) and the days after it are back within
  1.5 times the usual: what is still running cannot be judged,
* begins at least two weeks into the life of the workload,
* has no like a year earlier or later (a season) nor in most months, and is not one of many or of
  a regular row (then bursts are the rhythm),
* holds at least 0.1 % of the usage of the year before it.

It is a *load test* when it lasts at most 5 days, is not mostly batch, and its requests are all
of one size or go to a model or tier that the workload does not use otherwise; a *backfill* when
it is mostly batch or the inventory calls the workload one. An export by day cannot tell hours.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from typing import Final

import numpy as np
import pandas as pd

from forecast.records.cleaning import CleaningAction, CleaningKind
from forecast.records.usage import TOKEN_COLUMNS, ServiceTier
from forecast.usage.cleaning.finding import Finding, days_text
from forecast.usage.cleaning.rhythm import Mask, Rhythm, runs, units_of

MIN_RATIO: Final = 3.0
"""A day under three times its usual is growth or a busy day. Assumed."""

NOISE_MULTIPLE: Final = 5.0
"""And so is one within five robust standard deviations. Assumed, as the forecast mends."""

BRIDGE_DAYS: Final = 2
"""A weekend does not divide a burst."""

MAX_BURST_DAYS: Final = 21
"""Three weeks: the longest that the rhythm's median of eight same weekdays does not follow."""

BACK_DAYS: Final = 7
MIN_BACK_DAYS: Final = 3
BACK_RATIO: Final = 1.5
"""The week after a burst, of which three days must be known, is within 1.5 times its usual."""

EPISODES: Final = 2
EPISODES_A_YEAR: Final = 2
"""More bursts than 2 + 2 a year are how the workload runs. Assumed, as the forecast mends."""

REGULAR_DAYS: Final = 6
"""Three or more bursts whose distances differ by less than this are a schedule."""

MIN_BEFORE_DAYS: Final = 14
"""Days of the workload before a burst; without them it may be a launch, or a fall after it."""

YEAR_DAYS: Final = 365
YEAR_SLACK_DAYS: Final = 10
"""By how much a yearly event may move from one year to the next."""

MONTHS: Final = 12
MIN_MONTHS: Final = 3
MONTH_SLACK_DAYS: Final = 3
"""Months on either side that are looked at, at least three, give or take a weekend."""

MIN_SHARE: Final = 0.001
"""Of the year's usage before it; a smaller burst moves no commitment."""

LOAD_TEST_DAYS: Final = 5
MOSTLY: Final = 0.5
MIN_TEST_REQUESTS: Final = 100
"""Fewer requests may be of one size by chance."""

_SIZES: Final = ["model", "service_tier", "geography", "speed"]


def bursts(
    daily: pd.DataFrame, known: Sequence[Rhythm], *, backfilling: Container[str] = frozenset()
) -> Iterator[Finding]:
    """Find the bursts of every workload.

    Parameters
    ----------
    daily
        `tables.DAILY_USAGE` up to the day of the decision.
    known
        The rhythm of every workload in it.
    backfilling
        Workloads that the inventory calls backfills.
    """
    if not known:
        return
    whole = np.sum([r.units for r in known], axis=0)
    rows_of = daily.groupby("workload", sort=False).indices
    for rhythm in known:
        episodes = _episodes(rhythm)
        if not episodes or _is_a_pattern(rhythm, episodes):
            continue
        rows = daily.iloc[rows_of[rhythm.workload]]
        for first, last in episodes:
            if _comes_every_year(first, episodes) or _comes_every_month(rhythm, first, last):
                continue
            excess = _excess(rhythm, first, last)
            before = float(whole[max(0, last - YEAR_DAYS) : last + 1].sum())
            if excess >= MIN_SHARE * before and _is_over(rhythm, last):
                yield _finding(rhythm, rows, first, last, excess, rhythm.workload in backfilling)


def _episodes(rhythm: Rhythm) -> list[tuple[int, int]]:
    """Runs of days that stand clear of their usual."""
    limit = float(np.exp(max(np.log(MIN_RATIO), NOISE_MULTIPLE * rhythm.spread)))
    clear: Mask = np.zeros(len(rhythm.units), dtype=bool)
    for t in np.flatnonzero(rhythm.units > limit * np.nan_to_num(rhythm.level)).tolist():
        usual = rhythm.usual(t)
        clear[t] = rhythm.units[t] > limit * usual  # False where the usual is not known
    return [
        (a, b)
        for a, b in runs(clear, bridge=BRIDGE_DAYS)
        if b - a < MAX_BURST_DAYS and a - rhythm.begins >= MIN_BEFORE_DAYS
    ]


def _comes_every_year(first: int, episodes: Sequence[tuple[int, int]]) -> bool:
    apart = [abs(first - other) - YEAR_DAYS for other, _ in episodes]
    return any(abs(days) <= YEAR_SLACK_DAYS for days in apart)


def _comes_every_month(rhythm: Rhythm, first: int, last: int) -> bool:
    """Whether the same days of most other months stand out at least half as far."""
    with_level = np.nan_to_num(rhythm.level)
    peak = first + int(np.argmax(rhythm.units[first : last + 1]))
    ratio = np.divide(
        rhythm.units, with_level, out=np.zeros(len(rhythm.units)), where=with_level > 0
    )
    others = []
    for k in range(-MONTHS, MONTHS + 1):
        at = peak + round(k * YEAR_DAYS / 12)
        if k and rhythm.begins <= at < len(ratio):
            others.append(
                float(ratio[max(0, at - MONTH_SLACK_DAYS) : at + MONTH_SLACK_DAYS + 1].max())
            )
    if len(others) < MIN_MONTHS or ratio[peak] <= 0:
        return False
    return float(np.median(others)) >= max(BACK_RATIO, ratio[peak] / 2)


def _is_a_pattern(rhythm: Rhythm, episodes: Sequence[tuple[int, int]]) -> bool:
    years = (len(rhythm.units) - rhythm.begins) / YEAR_DAYS
    if len(episodes) > EPISODES + EPISODES_A_YEAR * years:
        return True
    apart = np.diff([first for first, _ in episodes])
    return len(apart) >= 2 and int(apart.max() - apart.min()) <= REGULAR_DAYS


def _is_over(rhythm: Rhythm, last: int) -> bool:
    """Whether the days after a burst are back in the rhythm."""
    after = range(last + 1, min(last + 1 + BACK_DAYS, len(rhythm.units)))
    ratios = [rhythm.units[t] / rhythm.usual(t) for t in after]
    return len(ratios) >= MIN_BACK_DAYS and float(np.median(ratios)) <= BACK_RATIO


def _excess(rhythm: Rhythm, first: int, last: int) -> float:
    span = slice(first, last + 1)
    level = np.nan_to_num(rhythm.level[span])
    return float(np.maximum(rhythm.units[span] - level, 0.0).sum())


def _finding(
    rhythm: Rhythm, rows: pd.DataFrame, first: int, last: int, excess: float, is_backfill: bool
) -> Finding:
    inside = (rows["day"] >= pd.Timestamp(rhythm.day(first))) & (
        rows["day"] <= pd.Timestamp(rhythm.day(last))
    )
    burst, others = rows[inside], rows[~inside]
    kind, sign = _kind(burst, others, last - first + 1)
    if is_backfill:
        kind, sign = CleaningKind.BACKFILL, "; the inventory calls the workload a backfill"
    high = first + int(np.argmax(rhythm.units[first : last + 1]))
    seen = (
        f"{days_text(last - first + 1)} with up to {rhythm.units[high] / rhythm.usual(high):.1f} "
        f"times the usual of a day, {excess:,.0f} input-equivalent tokens above the rhythm; the "
        f"days after are back in it{sign}"
    )
    reason = {
        CleaningKind.BACKFILL: "work that was caught up on once does not come back",
        CleaningKind.LOAD_TEST: "a test measures a system and is no demand",
        CleaningKind.BURST: "what happened once says nothing about the weeks to come; nothing in "
        "the export says what it was",
    }[kind]
    return Finding(
        kind=kind,
        workload=rhythm.workload,
        start=rhythm.day(first),
        end=rhythm.day(last),
        action=CleaningAction.SCALE_TO_RHYTHM,
        seen=seen,
        reason=reason,
        proposal="bring these days down to the same weekdays around them, the token mix kept",
    )


def _kind(burst: pd.DataFrame, others: pd.DataFrame, n_days: int) -> tuple[CleaningKind, str]:
    units = units_of(burst)
    batch = (burst["service_tier"] == ServiceTier.BATCH.value).to_numpy()
    in_batch = float(units[batch].sum() / units.sum())
    if in_batch >= MOSTLY:
        return CleaningKind.BACKFILL, f"; {in_batch:.0%} of it in batch"
    if n_days <= LOAD_TEST_DAYS:
        usual_keys = set(map(tuple, others[_SIZES].drop_duplicates().to_numpy().tolist()))
        keys = list(map(tuple, burst[_SIZES].to_numpy().tolist()))
        odd = np.array([key not in usual_keys for key in keys], dtype=bool)
        if float(units[odd].sum() / units.sum()) >= MOSTLY:
            named = sorted(
                {f"{key[0]} ({key[1]})" for key, is_odd in zip(keys, odd, strict=True) if is_odd}
            )
            return CleaningKind.LOAD_TEST, f"; only these days use {', '.join(named[:3])}"
        if size := _one_size(burst):
            return CleaningKind.LOAD_TEST, f"; every request has {size}"
    return CleaningKind.BURST, ""


def _one_size(burst: pd.DataFrame) -> str:
    """Say the size that all requests have; empty when they differ or are not counted."""
    requests = burst["requests"]
    if requests.isna().any() or int(requests.sum()) < MIN_TEST_REQUESTS:
        return ""
    n = requests.to_numpy(dtype=np.int64)
    tokens = burst[list(TOKEN_COLUMNS)].to_numpy(dtype=np.int64)
    used = n > 0
    each = tokens[used] // n[used][:, None]
    if (tokens[used] % n[used][:, None]).any() or len(np.unique(each, axis=0)) != 1:
        return ""
    prompt, output = int(each[0, :-1].sum()), int(each[0, -1])
    return f"{prompt:,} prompt and {output:,} output tokens"
