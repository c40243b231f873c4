"""ccusage's daily report: what coding agents logged on one machine, by day and model (JSON).

`ccusage daily --json`, with `--instances` by project. Source of the shape: the project's JSON
reference and the snapshots of its test suite (ccusage 20, and forks of it), read 2026-11-24.

* Input **excludes** cache reads and writes, which stand beside it. Cache writes are not split by
  lifetime: five minutes.
* `cost` is USD that ccusage multiplied out from a public price list: an estimate.
* Days are those of the machine's time zone unless the report was made with `--timezone UTC`; it
  does not say. Requests are not counted, and only this machine's are known.
* The parts by model must add up to the day. A day without parts counts as its only model, or as
  "unknown".
* Weeks and months are no days, a session gives only its last day and a block names no model:
  those reports are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from forecast.errors import UsageFormatError
from forecast.records.costs import Amounts
from forecast.usage.formats import cells, json_text, platforms
from forecast.usage.formats.collected import Collected
from forecast.usage.formats.head import Head
from forecast.usage.formats.json_text import Fields
from forecast.usage.formats.protocol import DAY_SECONDS, Parsed
from forecast.usage.formats.vocabulary import UNKNOWN_MODEL

name: Final = "ccusage_daily"
description: Final = "ccusage daily report (JSON)"
recorded_by: Final = "ccusage"
input_includes_cache: Final = False
cannot_tell: Final = ("requests", "service_tier", "geography", "platform", "cache_write_1h_tokens")
seen_by: Final = "observer"
holds: Final = ("usage", "costs")
amounts: Final = Amounts(unit="USD", meaning="estimated")

_COUNTS: Final = {
    "inputTokens": "input_tokens",
    "cacheCreationTokens": "cache_write_5m_tokens",
    "cacheReadTokens": "cache_read_tokens",
    "outputTokens": "output_tokens",
}
_TOKENS: Final = frozenset({*_COUNTS, "totalTokens"})
_OTHER_REPORTS: Final = {
    "weekly": "a week is not a day",
    "monthly": "a month is not a day",
    "session": "a session gives only the day it ended on",
    "sessions": "a session gives only the day it ended on",
    "blocks": "a block does not say which model used what",
}


def fits(head: Head) -> bool:
    """Tell whether a JSON text is a report of ccusage, of any kind."""
    if head.kind != "json":
        return False
    return {"inputTokens", "cacheCreationTokens", "cacheReadTokens", "totalCost"} <= head.keys or {
        "blocks",
        "tokenCounts",
        "isGap",
    } <= head.keys


def read(data: bytes, file: str) -> Parsed:
    """Read one report.

    Raises
    ------
    UsageFormatError
        Another report than the daily one, parts that do not add up, a token count nobody has
        reviewed, a value that is not of its kind, or a day that stands twice; with row (day) and
        column.

    Examples
    --------
    >>> report = '''{"daily": [{"date": "2026-11-01", "inputTokens": 20, "outputTokens": 5,
    ...   "cacheCreationTokens": 300, "cacheReadTokens": 900, "totalTokens": 1225,
    ...   "totalCost": 0.002, "modelsUsed": ["claude-opus-5-5"], "modelBreakdowns": [
    ...   {"modelName": "claude-opus-5-5", "inputTokens": 20, "outputTokens": 5,
    ...   "cacheCreationTokens": 300, "cacheReadTokens": 900, "cost": 0.002}]}]}'''
    >>> rows = read(report.encode(), "daily.json").rows
    >>> rows[["model", "input_tokens", "cache_read_tokens"]].values.tolist()
    [['claude-opus-5-5', 20, 900]]
    """
    collected = Collected(file, member="daily")
    n_parts = 0
    for day, project in _days(data, file):
        n_parts = _add_day(day, project, collected, n_parts)
    return collected.parsed(
        warnings=[
            "days are of the machine's time zone unless made with --timezone UTC, and cache "
            "writes are taken as 5-minute ones"
        ]
    )


def _days(data: bytes, file: str) -> Iterator[tuple[Fields, str]]:
    """Walk the days of a report, numbered from 1, each with its project."""
    row = 0
    for value in json_text.documents(data, file, unit="report"):
        report = Fields.of(value, file)
        for other, why in _OTHER_REPORTS.items():
            if other in report.members:
                raise UsageFormatError(
                    f"is another report of ccusage: {why}; save that of `ccusage daily --json`",
                    file=file,
                    column=other,
                )
        lists = [(report, "daily", "")]
        if report.has("projects"):
            by_project = report.inner("projects")
            lists = [(by_project, name, cells.name(name)) for name in _names(by_project)]
        for holder, member, project in lists:
            for place, day in enumerate(holder.items(member)):
                row += 1
                path = f"{holder.path}{member}[{place}]."[:120]
                yield Fields.of(day, file, row=row, path=path), project


def _names(by_project: Fields) -> list[str]:
    for member in by_project.members:
        try:
            cells.name(member)
        except ValueError as fault:
            raise by_project.fault("", f"names a project that {fault}") from None
    return list(by_project.members)


def _add_day(day: Fields, project: str, collected: Collected, n_parts: int) -> int:
    """Add the parts of one day; give how many parts the file has had."""
    day.refuse_unknown_tokens(_TOKENS)
    member = "date" if day.has("date") else "period"
    start = day.read(member, _start)
    collected.once(f"{start.isoformat()} {project}", day, member)
    collected.cover(start, start + timedelta(days=1))
    parts = _parts(day)
    for source in _COUNTS:
        total = day.count(source)
        added = sum(part.count_or_zero(source) for part in parts)
        if parts and added != total:
            raise day.fault(
                source, f"is {total} where its models add up to {added}; some are missing"
            )
    for part in parts or [day]:
        n_parts += 1
        counts = {column: part.count_or_zero(source) for source, column in _COUNTS.items()}
        served = platforms.served(_model(part))
        names = {"platform": served.platform, "model": served.model, "workspace": project}
        cost = "cost" if parts else "totalCost"
        if part.has(cost):
            collected.spend(day=start, row=n_parts, usd=part.amount(cost), **names)
        if any(counts.values()):
            collected.usage(start=start, seconds=DAY_SECONDS, row=n_parts, **names, **counts)
    return n_parts


def _parts(day: Fields) -> list[Fields]:
    if not day.has("modelBreakdowns"):
        return []
    parts = [
        Fields.of(part, day.file, row=day.row, path=f"{day.path}modelBreakdowns[{place}].")
        for place, part in enumerate(day.items("modelBreakdowns"))
    ]
    for part in parts:
        part.refuse_unknown_tokens(_TOKENS)
    return parts


def _model(part: Fields) -> str:
    if part.has("modelName"):
        return part.text("modelName") or UNKNOWN_MODEL
    used = part.items("modelsUsed") if part.has("modelsUsed") else []
    only = used[0] if len(used) == 1 else None
    return cells.name(only) if isinstance(only, str) and only.isprintable() else UNKNOWN_MODEL


def _start(value: object) -> datetime:
    bucket = cells.bucket(str(value or ""))
    if bucket.seconds != DAY_SECONDS:
        raise ValueError(f"is not a day: {cells.quoted(value)}; write 2026-11-22")
    return bucket.start
