"""Exports in, canonical usage rows and cost lines out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Literal

import pandas as pd

from forecast.errors import UsageFormatError
from forecast.records.costs import Amounts
from forecast.tables import COST_LINES, USAGE_ROWS, check, conform
from forecast.usage.aggregate import sum_by_key
from forecast.usage.containers.opening import Entry, opened
from forecast.usage.formats import canonical
from forecast.usage.formats.head import Head
from forecast.usage.formats.protocol import Books, Parsed, UsageFormat
from forecast.usage.formats.registry import FORMATS, format_named, format_of
from forecast.usage.log_sources import (
    LogSettings,
    LogSource,
    is_layout_alone,
    known_name,
    read_logs,
    separated,
)
from forecast.usage.overlap import (
    Kept,
    Source,
    grouping_warnings,
    prefer_formats,
    refuse_overlaps,
)

__all__ = [
    "FORMATS",
    "Exports",
    "SourceReport",
    "detect",
    "format_named",
    "read_exports",
    "read_usage",
    "sources_of",
]

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class SourceReport:
    """What one file was read as.

    Attributes
    ----------
    file
        Its name; in an archive or a folder, with that of the archive or folder before it.
    n_rows, n_cost_lines
        Records in the file: of usage, before they are added up to days, and of money.
    first_day, last_day
        UTC days that the file covers, days without usage included.
    seen_by
        Whether the vendor that bills counted, or an observer.
    input_includes_cache
        Whether the export itself counts cache tokens as input (the rows never do).
    amounts
        Unit and meaning of its amounts; None where it has none.
    cannot_tell
        Columns the file leaves unknown.
    warnings
        What a reader of the result should know.
    """

    file: str
    format_name: str
    description: str
    n_rows: int
    n_cost_lines: int
    first_day: date
    last_day: date
    sha256: str
    seen_by: Literal["vendor", "observer"]
    input_includes_cache: bool
    amounts: Amounts | None
    cannot_tell: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def estimated(self) -> bool:
        """Whether its amounts were multiplied out by an observer, and billed by nobody."""
        return self.amounts is not None and self.amounts.meaning == "estimated"


@dataclass(frozen=True)
class Exports:
    """What all files say together.

    Attributes
    ----------
    rows
        `tables.USAGE_ROWS`, one row per day and key, sorted; empty when the files hold money only.
    costs
        `tables.COST_LINES` of all files, as they stand there.
    sources
        One report a file, in the order they were given.
    skipped
        Files of folders and archives that were passed over, each with the reason.
    cost_source
        For every cost line, the place of its file in `sources`.
    arrivals
        `tables.ARRIVALS` of the request logs; None when they were not asked for.
    """

    rows: pd.DataFrame
    costs: pd.DataFrame
    sources: tuple[SourceReport, ...]
    skipped: tuple[str, ...] = ()
    cost_source: tuple[int, ...] = ()
    arrivals: pd.DataFrame | None = None

    def costs_of(self, places: Collection[int]) -> pd.DataFrame:
        """Give the cost lines of some of the sources."""
        here = [place in places for place in self.cost_source]
        return self.costs[here].reset_index(drop=True)

    def bills(self) -> pd.DataFrame:
        """Give the cost lines that somebody was billed: no estimates of an observer."""
        return self.costs_of([i for i, source in enumerate(self.sources) if not source.estimated])


def detect(path: Path) -> UsageFormat:
    """Tell the format of a file by its content; of several in one archive, that of the first.

    Raises
    ------
    UsageFormatError
        No format fits, or more than one.
    """
    entry = next(iter(opened([path])))
    return format_of(entry.data, entry.name)


def read_usage(
    paths: Sequence[Path],
    *,
    format_name: str | None = None,
    prefer: Sequence[str] = (),
    logs: LogSettings | None = None,
    progress: Progress | None = None,
) -> Exports:
    """Read exports that must hold usage; the rest as `read_exports`.

    Raises
    ------
    UsageFormatError
        Also when no file holds a single row of usage.
    """
    if not paths:
        raise UsageFormatError("no usage file is given; name at least one export")
    exports = read_exports(
        paths, format_name=format_name, prefer=prefer, logs=logs, progress=progress
    )
    if exports.rows.empty:
        first = exports.sources[0]
        if len(exports.costs):
            raise UsageFormatError(
                f"is recognised as {first.description}: it holds money, not tokens; give a usage "
                "export of the same days, and this one as --invoice",
                file=first.file,
            )
        raise UsageFormatError("holds no usage in any of its days", file=first.file)
    return exports


def read_exports(
    paths: Sequence[Path],
    *,
    format_name: str | None = None,
    prefer: Sequence[str] = (),
    logs: LogSettings | None = None,
    progress: Progress | None = None,
) -> Exports:
    """Read exports of usage, of money, or of both into one usage table and one of cost lines.

    Files may be of different formats, pages or months of one export, and in any order; the
    result does not depend on it. Buckets are summed to UTC days.

    Parameters
    ----------
    paths
        Files, compressed files, zip or tar archives, and folders of these (`containers.opening`).
    format_name
        Read every file as this format; None tells each by its content.
    prefer
        Formats whose rows are kept where another view of the same usage covers the same days of
        a platform, the first one before the others; without it such views are refused.
    logs
        How request logs are added up; they are read where they lie, at any size.
    progress
        Called with the file at hand and the share of files that are done.

    Raises
    ------
    UsageFormatError
        A file that cannot be read, or usage that stands in two files; with file, row and column.
    """
    if not paths:
        raise UsageFormatError("no file is given; name at least one export")
    settings = logs or LogSettings()
    preferred = [known_name(name) for name in prefer]
    at_engine: list[Path] = []
    others = list(paths)
    if format_name is None:
        at_engine, others = separated(paths, settings)
    elif is_layout_alone(format_name):
        at_engine, others = list(paths), []
    skipped: list[str] = []
    sources: list[Source] = []
    digests: dict[str, str] = {}
    for done, entry, source in sources_of(others, format_name=format_name, skipped=skipped):
        if progress is not None:
            progress(f"reading {entry.name}", done)
        digest = hashlib.sha256(entry.data).hexdigest()
        if digest in digests:
            raise UsageFormatError(
                f"is the same file as {digests[digest]}; give it once", file=entry.name
            )
        digests[digest] = entry.name
        sources.append(source())
    log_sources, arrivals = _logs(at_engine, settings, progress)
    every = [*sources, *(log.as_source for log in log_sources)]
    every = _left_out(every, prefer_formats(every, preferred))
    refuse_overlaps(every)
    costs, cost_source = _cost_lines([parsed for _, _, parsed in every])
    n_read = len(sources)
    exports = Exports(
        rows=_added_up(parsed for _, _, parsed in every),
        costs=costs,
        sources=(
            *_reports(every[:n_read], list(digests)),
            *_log_reports(log_sources, every[n_read:]),
        ),
        skipped=tuple(skipped),
        cost_source=cost_source,
        arrivals=arrivals,
    )
    if progress is not None:
        progress("usage read", 1.0)
    return exports


def _logs(
    paths: Sequence[Path], settings: LogSettings, progress: Progress | None
) -> tuple[list[LogSource], pd.DataFrame | None]:
    found = list(read_logs(paths, settings, progress)) if paths else []
    arrivals = [frame for _, frame in found if frame is not None]
    together = pd.concat(arrivals, ignore_index=True) if arrivals else None
    return [log for log, _ in found], together


def _log_reports(logs: Sequence[LogSource], kept: Sequence[Source]) -> Iterator[SourceReport]:
    for log, (_, kind, parsed) in zip(logs, kept, strict=True):
        for source in log.files:
            yield SourceReport(
                file=source.file,
                format_name=source.format_name,
                description=kind.description,
                n_rows=source.n_rows,
                n_cost_lines=0,
                first_day=source.first_day,
                last_day=source.last_day,
                sha256=source.sha256,
                seen_by=kind.seen_by,
                input_includes_cache=source.input_includes_cache,
                amounts=None,
                cannot_tell=source.cannot_tell,
                warnings=(*source.warnings, *parsed.warnings),
            )


def sources_of(
    paths: Sequence[Path], *, format_name: str | None = None, skipped: list[str] | None = None
) -> Iterator[tuple[float, Entry, Callable[[], Source]]]:
    """Open files, archives and folders, and give what parses each file in them.

    Parameters
    ----------
    skipped
        Takes a sentence for every file of a folder or archive that is passed over.

    Returns
    -------
    iterator
        Share of the paths that are done, the file, and the function that parses it.
    """
    chosen = None if format_name is None or not paths else format_named(format_name)
    told: list[str] = [] if skipped is None else skipped
    done = 0

    def parse(entry: Entry) -> Source:
        Head.of(entry.data, entry.name)
        kind = chosen or format_of(entry.data, entry.name)
        return entry.name, kind, kind.read(entry.data, entry.name)

    for entry in opened(paths, on_skipped=lambda one: told.append(str(one))):
        while done < len(paths) - 1 and not entry.path.is_relative_to(paths[done]):
            done += 1
        yield done / len(paths), entry, partial(parse, entry)


def _added_up(parsed: Iterable[Parsed]) -> pd.DataFrame:
    rows = pd.concat([p.rows for p in parsed], ignore_index=True)
    return check(sum_by_key(rows, USAGE_ROWS), USAGE_ROWS, key=canonical.KEY)


def _cost_lines(parsed: Sequence[Parsed]) -> tuple[pd.DataFrame, tuple[int, ...]]:
    """Give the lines of all files in order, and the file of each."""
    lines = pd.concat([p.costs.assign(source=i) for i, p in enumerate(parsed)], ignore_index=True)
    in_order = lines.sort_values(
        ["start", "end", "platform", "model", "token_kind", "description", "row"], kind="stable"
    )
    return check(conform(in_order, COST_LINES), COST_LINES), tuple(in_order["source"].tolist())


def _left_out(sources: Sequence[Source], keep: Sequence[Kept]) -> list[Source]:
    """Keep what the preference leaves, and say of how much it did not."""
    found = []
    for (file, kind, parsed), kept in zip(sources, keep, strict=True):
        for what, mask in (("rows", kept.rows), ("costs", kept.costs)):
            n_out = int((~mask).sum())
            if n_out:
                words = "rows" if what == "rows" else "cost lines"
                warning = (
                    f"{n_out} of {len(mask)} {words} are left out: a preferred export covers "
                    "the same days"
                )
                frame = getattr(parsed, what)[mask].reset_index(drop=True)
                parsed = replace(parsed, warnings=(*parsed.warnings, warning), **{what: frame})
        found.append((file, kind, parsed))
    return found


def _reports(sources: Sequence[Source], digests: Sequence[str]) -> list[SourceReport]:
    grouping = grouping_warnings(sources)
    reports = []
    for (file, kind, parsed), digest in zip(sources, digests, strict=True):
        warnings = list(parsed.warnings)
        if parsed.pages_missing and not _continued(parsed, kind, sources):
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
                description=kind.description,
                n_rows=len(parsed.rows),
                n_cost_lines=len(parsed.costs),
                first_day=parsed.first.date(),
                last_day=_last_day(parsed),
                sha256=digest,
                seen_by=kind.seen_by,
                input_includes_cache=kind.input_includes_cache,
                amounts=kind.amounts,
                cannot_tell=tuple(dict.fromkeys((*kind.cannot_tell, *parsed.cannot_tell))),
                warnings=tuple(warnings),
            )
        )
    return reports


def _last_day(parsed: Parsed) -> date:
    return (parsed.last - timedelta(seconds=1)).date()


def _continued(before: Parsed, kind: Books, sources: Sequence[Source]) -> bool:
    return any(
        other.name == kind.name and parsed.first >= before.last for _, other, parsed in sources
    )
