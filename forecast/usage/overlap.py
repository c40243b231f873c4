"""The same usage in two files: found before it is counted twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import combinations
from typing import Final

import pandas as pd

from forecast.errors import UsageFormatError
from forecast.tables import USAGE_ROWS
from forecast.usage.formats.protocol import Parsed, UsageFormat

Source = tuple[str, UsageFormat, Parsed]
"""Name of the file, its format, and what it says."""

_KEY: Final = [*(c.name for c in USAGE_ROWS.columns if c.kind in ("day", "text")), "group"]
_GROUPING: Final = ("model", "service_tier", "geography", "context_window", "speed")
_OWNERS: Final = ("api_key", "workspace", "tag")


def refuse_overlaps(sources: Sequence[Source]) -> None:
    """Refuse files that hold the same buckets of the same groups, or the same books twice.

    Raises
    ------
    UsageFormatError
        Names both files, and the row of the second one.
    """
    if len(sources) < 2:
        return
    _refuse_same_books(sources)
    _refuse_same_buckets(sources)


def _days(parsed: Parsed) -> set[date]:
    return {day.date() for day in parsed.rows["day"].drop_duplicates()}


def _refuse_same_books(sources: Sequence[Source]) -> None:
    booked = [(file, kind, _days(parsed)) for file, kind, parsed in sources if kind.recorded_by]
    for (file, kind, days), (other, other_kind, other_days) in combinations(booked, 2):
        if kind.name == other_kind.name or kind.recorded_by != other_kind.recorded_by:
            continue
        shared = days & other_days
        if shared:
            raise UsageFormatError(
                f"covers {min(shared)}, and so does {file}: {kind.description} and "
                f"{other_kind.description} are two views of the same usage; give one of them. If "
                "they belong to two organisations, import each to a canonical table first",
                file=other,
            )


def _refuse_same_buckets(sources: Sequence[Source]) -> None:
    keys = pd.concat(
        [parsed.rows[_KEY].drop_duplicates() for _, _, parsed in sources], ignore_index=True
    )
    shared = keys[keys.duplicated()].drop_duplicates()
    if shared.empty:
        return
    rows = pd.concat(
        [
            parsed.rows[[*_KEY, "start", "seconds", "row"]].merge(shared, on=_KEY).assign(source=i)
            for i, (_, _, parsed) in enumerate(sources)
        ],
        ignore_index=True,
    ).sort_values([*_KEY, "start", "source", "row"])
    rows["end"] = rows["start"] + pd.to_timedelta(rows["seconds"], unit="s")
    for first, second in _overlapping(rows):
        (file, _, _), (other, _, _) = sources[int(first["source"])], sources[int(second["source"])]
        raise UsageFormatError(
            f"holds {second['start']} of {second['model']} once more; it stands in {file}, row "
            f"{first['row']}, too. Remove one of the two exports of this period",
            file=other,
            row=int(second["row"]),
        )


def _overlapping(rows: pd.DataFrame) -> Iterator[tuple[pd.Series, pd.Series]]:
    """Walk the pairs of rows of one key from different files whose spans overlap.

    Within one file spans may repeat, so the row that ends last is kept for each file.
    """
    same_key = ~rows[_KEY].ne(rows[_KEY].shift()).any(axis=1)
    latest: dict[int, int] = {}
    ends, starts, files = rows["end"].tolist(), rows["start"].tolist(), rows["source"].tolist()
    for i, continues in enumerate(same_key.tolist()):
        if not continues:
            latest = {}
        for file, j in latest.items():
            if file != files[i] and ends[j] > starts[i]:
                pair = sorted((i, j), key=files.__getitem__)
                yield rows.iloc[pair[0]], rows.iloc[pair[1]]
        before = latest.get(files[i])
        if before is None or ends[i] > ends[before]:
            latest[files[i]] = i


def grouping_warnings(sources: Sequence[Source]) -> dict[str, str]:
    """Warn of two files of one format that share days but group them differently.

    Each may be a view of the same requests; nothing in the files can tell.

    Returns
    -------
    dict
        By name of the later file.
    """
    found: dict[str, str] = {}
    booked = [
        (file, kind.name, _grouping(parsed), _days(parsed))
        for file, kind, parsed in sources
        if kind.recorded_by
    ]
    for (file, kind, mine, days), (other, other_kind, theirs, other_days) in combinations(
        booked, 2
    ):
        if kind == other_kind and mine != theirs and days & other_days:
            found[other] = (
                f"groups by {', '.join(sorted(theirs)) or 'nothing'} where {file} groups by "
                f"{', '.join(sorted(mine)) or 'nothing'} over the same days; if both report the "
                "same requests, they are counted twice"
            )
    return found


def _grouping(parsed: Parsed) -> frozenset[str]:
    told = {c for c in _GROUPING if c not in parsed.cannot_tell}
    return frozenset(told | {c for c in _OWNERS if (parsed.rows[c] != "").any()})
