"""Usage exports in, canonical usage rows out."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

import pandas as pd

from forecast.errors import UsageFormatError
from forecast.tables import USAGE_ROWS, check
from forecast.usage.aggregate import sum_by_key
from forecast.usage.formats import anthropic_console_usage, anthropic_usage_report, canonical
from forecast.usage.formats.head import Head, read_bytes
from forecast.usage.formats.protocol import Parsed, UsageFormat
from forecast.usage.overlap import Source, grouping_warnings, refuse_overlaps

FORMATS: Final[tuple[UsageFormat, ...]] = (
    anthropic_usage_report,
    anthropic_console_usage,
    canonical,
)

MAX_FILE_BYTES: Final = 256 * 2**20
"""Per file; ten years of 100 groups a day are about 40 MiB of CSV."""

_NOT_USAGE: Final[tuple[tuple[frozenset[str], str], ...]] = (
    (
        frozenset({"token_type", "cost_usd"}),
        "is the Console cost export: it holds money, not tokens; export usage instead",
    ),
    (
        frozenset({"amount", "list_amount"}),
        "is the Enterprise Analytics cost report: it holds money, not tokens",
    ),
    (
        frozenset({"amount", "token_type"}),
        "is the Admin API cost report: it holds money, not tokens; fetch usage_report/messages",
    ),
    (
        frozenset({"model_breakdown", "core_metrics"}),
        "is the Claude Code analytics report: it does not split cache writes by lifetime; fetch "
        "usage_report/messages",
    ),
)
"""Exports that look like usage and are not: members or columns that give them away."""


@dataclass(frozen=True)
class SourceReport:
    """What one file was read as.

    Attributes
    ----------
    file
        Its name, without the folder.
    n_rows
        Records in the file, before they are added up to days.
    first_day, last_day
        UTC days that the file covers, days without usage included.
    input_includes_cache
        Whether the export itself counts cache tokens as input (the rows never do).
    cannot_tell
        Columns the file leaves unknown.
    warnings
        What a reader of the result should know.
    """

    file: str
    format_name: str
    n_rows: int
    first_day: date
    last_day: date
    sha256: str
    input_includes_cache: bool
    cannot_tell: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class UsageImport:
    """Usage rows (`tables.USAGE_ROWS`, one per day and key, sorted) and where they come from."""

    rows: pd.DataFrame
    sources: tuple[SourceReport, ...]


def detect(path: Path) -> UsageFormat:
    """Tell the format of a file by its content.

    Raises
    ------
    UsageFormatError
        No format fits, or more than one.
    """
    return _fitting(read_bytes(path, MAX_FILE_BYTES), path.name)


def _fitting(data: bytes, file: str) -> UsageFormat:
    head = Head.of(data, file)
    fitting = [kind for kind in FORMATS if kind.fits(head)]
    if len(fitting) == 1:
        return fitting[0]
    names = ", ".join(kind.name for kind in fitting or FORMATS)
    if fitting:
        raise UsageFormatError(f"fits more than one format ({names}); say which", file=file)
    seen = head.columns | head.keys
    for marks, what in _NOT_USAGE:
        if marks <= seen:
            raise UsageFormatError(what, file=file)
    shown = ", ".join(sorted(seen)[:8]) or "no column names"
    raise UsageFormatError(
        f"is of no known format (it has {shown}); known are {names}. Anything else goes through "
        f"the canonical table with {', '.join(canonical.REQUIRED)}",
        file=file,
    )


def format_named(format_name: str) -> UsageFormat:
    """Give the format of that name.

    Raises
    ------
    UsageFormatError
        With the nearest known name.

    Examples
    --------
    >>> format_named("canonical").name
    'canonical'
    """
    names = [kind.name for kind in FORMATS]
    if format_name not in names:
        near = difflib.get_close_matches(format_name, names, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise UsageFormatError(
            f"there is no format {format_name!r}; known are {', '.join(names)}{hint}"
        )
    return FORMATS[names.index(format_name)]


def read_usage(
    paths: Sequence[Path],
    *,
    format_name: str | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> UsageImport:
    """Read usage exports into one table.

    Files may be of different formats, pages or months of one export, and in any order; the
    result does not depend on it. Buckets are summed to UTC days.

    Parameters
    ----------
    paths
        Ordinary files; nothing else is read.
    format_name
        Read every file as this format; None tells each by its content.
    progress
        Called with the file at hand and the share of files that are done.

    Raises
    ------
    UsageFormatError
        A file that cannot be read, or usage that stands in two files; with file, row and column.
    """
    if not paths:
        raise UsageFormatError("no usage file is given; name at least one export")
    chosen = None if format_name is None else format_named(format_name)
    sources: list[Source] = []
    digests: dict[str, str] = {}
    for done, path in enumerate(paths):
        if progress is not None:
            progress(f"reading {path.name}", done / len(paths))
        data = read_bytes(path, MAX_FILE_BYTES)
        digest = hashlib.sha256(data).hexdigest()
        if digest in digests:
            raise UsageFormatError(
                f"is the same file as {digests[digest]}; give it once", file=path.name
            )
        digests[digest] = path.name
        kind = chosen or _fitting(data, path.name)
        if chosen is not None:
            Head.of(data, path.name)
        sources.append((path.name, kind, kind.read(data, path.name)))
    refuse_overlaps(sources)
    rows = pd.concat([parsed.rows for _, _, parsed in sources], ignore_index=True)
    if rows.empty:
        raise UsageFormatError("holds no usage in any of its days", file=sources[0][0])
    rows = check(sum_by_key(rows, USAGE_ROWS), USAGE_ROWS, key=canonical.KEY)
    if progress is not None:
        progress("usage read", 1.0)
    return UsageImport(rows, tuple(_reports(sources, list(digests))))


def _reports(sources: Sequence[Source], digests: Sequence[str]) -> list[SourceReport]:
    grouping = grouping_warnings(sources)
    reports = []
    for (file, kind, parsed), digest in zip(sources, digests, strict=True):
        warnings = list(parsed.warnings)
        if parsed.pages_missing and not _continued(parsed.last, kind, sources):
            warnings.append(
                f"says that more pages follow {_last_day(parsed)}; they are missing, fetch them "
                "with its next_page"
            )
        if file in grouping:
            warnings.append(grouping[file])
        reports.append(
            SourceReport(
                file=file,
                format_name=kind.name,
                n_rows=len(parsed.rows),
                first_day=parsed.first.date(),
                last_day=_last_day(parsed),
                sha256=digest,
                input_includes_cache=kind.input_includes_cache,
                cannot_tell=tuple(dict.fromkeys((*kind.cannot_tell, *parsed.cannot_tell))),
                warnings=tuple(warnings),
            )
        )
    return reports


def _last_day(parsed: Parsed) -> date:
    return (parsed.last - timedelta(seconds=1)).date()


def _continued(last: datetime, kind: UsageFormat, sources: Sequence[Source]) -> bool:
    return any(other.name == kind.name and parsed.first >= last for _, other, parsed in sources)
