"""Workloads that go by another name now: the same rules, or the same recorded tokens."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from forecast.records.usage import TOKEN_COLUMNS, UNASSIGNED
from forecast.records.workloads import Portfolio

SAME_SHARE = 0.99
"""Share of the recorded tokens that must be the other's, day by day. Assumed: less is a split."""


def renamed_workloads(
    old: Portfolio, new: Portfolio, old_daily: pd.DataFrame, new_daily: pd.DataFrame
) -> dict[str, str]:
    """Find workloads whose name changed since: old name → new name.

    A name that is gone and one that is new are one workload when their inventory rules are the
    same, or when the days that both histories hold have the same tokens under them.

    Parameters
    ----------
    old_daily, new_daily
        `tables.DAILY_USAGE`, as recorded then and now.
    """
    before = {w.name for w in old.workloads} | set(old_daily["workload"])
    after = {w.name for w in new.workloads} | set(new_daily["workload"])
    gone, fresh = sorted(before - after), sorted(after - before - {UNASSIGNED})
    found: dict[str, str] = {}
    for name in gone:
        was = old.by_name(name)
        for other in fresh:
            now = new.by_name(other)
            if was and now and was.match and was.match == now.match and other not in found.values():
                found[name] = other
                break
    for name in gone:
        if name not in found and name != UNASSIGNED:
            match = _same_tokens(name, fresh, found.values(), old_daily, new_daily)
            if match is not None:
                found[name] = match
    return found


def _same_tokens(
    name: str,
    fresh: Iterable[str],
    taken: Iterable[str],
    old_daily: pd.DataFrame,
    new_daily: pd.DataFrame,
) -> str | None:
    days = set(old_daily["day"]) & set(new_daily["day"])
    was = _by_day(old_daily, name, days)
    if not was.sum():
        return None
    for other in fresh:
        if other in set(taken):
            continue
        now = _by_day(new_daily, other, days)
        common = pd.concat([was, now], axis=1).fillna(0).min(axis=1).sum()
        if common >= SAME_SHARE * max(was.sum(), now.sum()):
            return other
    return None


def _by_day(daily: pd.DataFrame, name: str, days: set[pd.Timestamp]) -> pd.Series:
    rows = daily[(daily["workload"] == name) & daily["day"].isin(days)]
    tokens = rows[list(TOKEN_COLUMNS)].sum(axis=1)
    return tokens.groupby(rows["day"]).sum()
