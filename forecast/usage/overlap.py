"""The same usage in two files: found before it is counted twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import combinations
from typing import Final

import numpy as np
import pandas as pd

from forecast.errors import UsageFormatError
from forecast.tables import COST_LINES, USAGE_ROWS
from forecast.usage.formats import platforms
from forecast.usage.formats.protocol import ANY_BOOKS, Books, Parsed

Source = tuple[str, Books, Parsed]
"""Name of the file, its format, and what it says."""

_KEY: Final = [*(c.name for c in USAGE_ROWS.columns if c.kind in ("day", "text")), "group"]
_GROUPING: Final = ("model", "service_tier", "geography", "context_window", "speed")
_OWNERS: Final = ("api_key", "workspace", "tag")


@dataclass(frozen=True)
class Kept:
    """Masks over the usage rows and the cost lines of one source."""

    rows: pd.Series
    costs: pd.Series


def prefer_formats(sources: Sequence[Source], preferred: Sequence[str]) -> list[Kept]:
    """Tell what to keep where two views of the same usage, or of the same amounts, meet.

    Where two exports are views of one another (`views`) and cover the same UTC day of the same
    platform, what the format that stands first in `preferred` says is kept; formats that are not
    named there come after those that are, and among themselves none gives way. Amounts give way
    only to amounts of the same meaning.

    Returns
    -------
    list of Kept
        One for each source.
    """
    rank = {name: place for place, name in enumerate(preferred)}
    last = len(rank)
    found = []
    for mine in sources:
        kept = Kept(*(pd.Series(True, index=f.index) for f in (mine[2].rows, mine[2].costs)))
        for theirs in sources:
            gives_way = rank.get(theirs[1].name, last) < rank.get(mine[1].name, last)
            if gives_way and views(mine[1], theirs[1]):
                kept = Kept(
                    kept.rows & ~_covered(mine, theirs, "usage"),
                    kept.costs & ~_covered(mine, theirs, "costs"),
                )
        found.append(kept)
    return found


def refuse_overlaps(sources: Sequence[Source]) -> None:
    """Refuse files that hold the same buckets of the same groups, or the same books twice.

    Raises
    ------
    UsageFormatError
        Names both files, and the row of the second one.
    """
    if len(sources) < 2:
        return
    _refuse_twoviews(sources)
    _refuse_same_buckets(sources)
    _refuse_same_lines(sources)


def views(kind: Books, other: Books) -> bool:
    """Tell whether two formats may show the same requests.

    Two exports of the same books do, an exchange format may copy any books, and an observer sees
    what the vendor's books hold. A table of the customer's own (`recorded_by` empty) is taken at
    its word.
    """
    if kind.name == other.name or not (kind.recorded_by and other.recorded_by):
        return False
    books = {kind.recorded_by, other.recorded_by}
    return len(books) == 1 or ANY_BOOKS in books or "observer" in (kind.seen_by, other.seen_by)


def _meaning(kind: Books) -> str:
    """Give what the amounts of a format mean; cents and dollars may be the same books."""
    return kind.amounts.meaning if kind.amounts else ""


def _days(parsed: Parsed) -> set[date]:
    return {day.date() for day in parsed.rows["day"].drop_duplicates()}


def _places(source: Source, what: str, *, by_maker: bool) -> pd.MultiIndex:
    """Give the day of every row or line, and the platform it is of, or the maker of its model."""
    _, _, parsed = source
    frame, day = (parsed.rows, "day") if what == "usage" else (parsed.costs, "start")
    where = frame["model"].map(platforms.maker) if by_maker else frame["platform"]
    return pd.MultiIndex.from_arrays([frame[day], where.astype("str")])


def _meet(mine: Source, theirs: Source, what: str) -> tuple[pd.MultiIndex, pd.MultiIndex]:
    """Give the places of both sources, told apart by what both of them can tell.

    A tracer that cannot tell the platform sees Claude, wherever it runs.
    """
    unsure = any("platform" in (*s[1].cannot_tell, *s[2].cannot_tell) for s in (mine, theirs))
    own, other = (_places(s, what, by_maker=unsure) for s in (mine, theirs))
    return own, other


def _covered(mine: Source, theirs: Source, what: str) -> np.ndarray:
    """Mask the rows, or lines, of one source whose place the other covers too."""
    if what == "costs" and _meaning(mine[1]) != _meaning(theirs[1]):
        return np.zeros(len(mine[2].costs), dtype=bool)
    own, other = _meet(mine, theirs, what)
    return own.isin(other.unique())


def _refuse_twoviews(sources: Sequence[Source]) -> None:
    for one, two in combinations(sources, 2):
        (file, kind, _), (other, other_kind, _) = one, two
        if not views(kind, other_kind):
            continue
        for what in ("usage", "costs"):
            shared = _covered(one, two, what)
            if shared.any():
                day, where = min(_meet(one, two, what)[0][shared])
                raise UsageFormatError(
                    f"covers {day.date()} of {where}, and so does {file}: {kind.description} "
                    f"and {other_kind.description} are two views of the same {what}; give one of "
                    f"them, or say which counts with --prefer {kind.name}. If they belong to two "
                    "organisations, import each to a canonical table first",
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


SAME_LINES_SHARE: Final = Decimal("0.5")
"""Two bills that share more than half of the smaller one's dollars, line by line, are one bill
exported twice; split bills share some lines that look alike (the same hour, the same amount)."""


def _refuse_same_lines(sources: Sequence[Source]) -> None:
    """Refuse two files of one format whose cost lines are mostly the same."""
    for (file, kind, parsed), (other, other_kind, others) in combinations(sources, 2):
        if kind.name != other_kind.name or parsed.costs.empty or others.costs.empty:
            continue
        mine, theirs = _lines(parsed.costs), _lines(others.costs)
        shared = _dollars(mine & theirs)
        if shared > SAME_LINES_SHARE * min(_dollars(mine), _dollars(theirs)):
            raise UsageFormatError(
                f"holds {shared:.2f} USD of the same lines as {file}; remove one of the two "
                "exports of this period",
                file=other,
            )


def _lines(costs: pd.DataFrame) -> Counter[tuple[object, ...]]:
    """Count the lines of a bill; quantities that are missing compare as such."""
    named = [c.name for c in COST_LINES.columns if c.name != "row"]
    frame = costs[named].astype({"quantity": "object"})
    return Counter(frame.where(frame.notna(), None).itertuples(index=False, name=None))


def _dollars(lines: Counter[tuple[object, ...]]) -> Decimal:
    total = Decimal(0)
    for line, n in lines.items():
        amount = next((x for x in reversed(line) if isinstance(x, Decimal)), Decimal(0))
        total += n * abs(amount)
    return total


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
