"""Request logs in, canonical usage rows and arrival histograms out."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal

import pandas as pd

from forecast.errors import UsageFormatError
from forecast.tables import ARRIVALS, USAGE_ROWS, Table, check, conform
from forecast.usage.aggregate import sum_by_key
from forecast.usage.formats import canonical
from forecast.usage.formats.vocabulary import UNKNOWN_MODEL
from forecast.usage.request_logs.arrivals import ARRIVALS_KEY
from forecast.usage.request_logs.engines.duckdb_engine import DuckDBEngine
from forecast.usage.request_logs.engines.protocol import Engine, Progress, UnreadableError
from forecast.usage.request_logs.faults import first_refused, first_unreadable
from forecast.usage.request_logs.files import LogFile, find_files, look
from forecast.usage.request_logs.integrity import Passed, n_empty_lines, pass_over
from forecast.usage.request_logs.layouts.protocol import Layout
from forecast.usage.request_logs.naming import Words, words_of
from forecast.usage.request_logs.recognition import layout_of_file
from forecast.usage.request_logs.summary import (
    FileTotals,
    RefusedError,
    Steps,
    Summary,
    naming,
    summarise,
)

EngineName = Literal["duckdb", "spark"]

DEFAULT_MEMORY_BYTES: Final = 480 * 2**20

PROCESS_BYTES: Final = 270 * 2**20
"""What Python, pandas, Arrow, Ibis and what DuckDB holds outside its limit (buffers of a JSON
reader above all) take beside that limit. Measured by scripts/benchmarks/request_logs.py with a
limit of 210 MiB: 470 MiB resident on Parquet, 486 on CSV, 493 on JSON lines, two threads."""

MAX_THREADS: Final = 4
"""Each thread sorts in memory of its own; with more, the default limit is too small."""

CHECKED_SHARE: Final = 0.1
"""Of the progress: passing over the bytes before any is read as a table."""


@dataclass(frozen=True)
class RequestSource:
    """What one file of a log was read as.

    Attributes
    ----------
    file
        Its name, without the folder.
    format_name
        The layout.
    n_rows
        Requests in the file, those that are not billed included.
    first_day, last_day
        UTC days of the first and the last request.
    input_includes_cache
        Whether the log itself counts cache tokens as input (the rows never do).
    cannot_tell
        Columns the log leaves unknown.
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
class RequestUsage:
    """What request logs add up to.

    Attributes
    ----------
    rows
        `tables.USAGE_ROWS`, one per UTC day and key, sorted; requests are counted.
    arrivals
        `tables.ARRIVALS`, sorted; None when they were not asked for.
    sources
        One for each file.
    """

    rows: pd.DataFrame
    arrivals: pd.DataFrame | None
    sources: tuple[RequestSource, ...]


def aggregate_requests(
    paths: Sequence[Path],
    *,
    engine: EngineName = "duckdb",
    master: str | None = None,
    memory_bytes: int = DEFAULT_MEMORY_BYTES,
    threads: int | None = None,
    with_arrivals: bool = True,
    progress: Progress | None = None,
) -> RequestUsage:
    """Add request logs up to days and arrival histograms.

    Files may be of different kinds, months or layouts, and in any order; the result does not
    depend on it. Only the columns a layout names are read. All files are one log: gaps between
    requests are measured across them.

    Parameters
    ----------
    paths
        Files, folders, or patterns such as `logs/*.jsonl.gz`.
    engine
        `duckdb` in this process, or `spark` on the session at `master`.
    master
        The URL of Spark's master; only with `engine="spark"`.
    memory_bytes
        What the process should hold in memory; what does not fit, DuckDB writes to the folder
        for temporary files. Spark has its own settings.
    threads
        Of DuckDB; None takes those of the machine, at most `MAX_THREADS`.
    with_arrivals
        Whether arrivals are measured; the rows alone take about a quarter of the time.
    progress
        Called with what is done now, and the share of all that is done.

    Raises
    ------
    UsageFormatError
        Anything that is not as its layout promises, with file, row and column.
    """
    files = [look(path) for path in find_files(paths)]
    layouts = {file.path: _known_layout(file) for file in files}
    results: list[tuple[Summary, dict[Path, RequestSource]]] = []
    with TemporaryDirectory(prefix="unpacked-log-") as folder:
        checked = _check_bytes(files, Path(folder), progress, unpack=engine == "duckdb")
        done = CHECKED_SHARE
        for layout in dict.fromkeys(layouts.values()):
            chosen = [file for file in files if layouts[file.path] is layout]
            end = done + (1 - CHECKED_SHARE) * len(chosen) / len(files)
            run = _Run(layout, chosen, checked, memory_bytes, threads, Steps(progress, done, end))
            opened = run.duckdb() if engine == "duckdb" else _spark(master, run.steps)
            results.append(run.on(opened, with_arrivals=with_arrivals))
            done = end
    if progress is not None:
        progress("requests added up", 1.0)
    sources = {path: source for _, found in results for path, source in found.items()}
    return RequestUsage(
        _together([summary.rows for summary, _ in results], USAGE_ROWS),
        _together([s.arrivals for s, _ in results if s.arrivals is not None], ARRIVALS)
        if with_arrivals
        else None,
        tuple(sources[file.path] for file in files),
    )


def _known_layout(file: LogFile) -> Layout:
    layout = layout_of_file(file)
    with naming(file):
        layout.refuse_unknown(frozenset(file.columns))
    return layout


def _check_bytes(
    files: Sequence[LogFile], folder: Path, progress: Progress | None, *, unpack: bool
) -> dict[Path, Passed]:
    """Pass over every file once; a gzipped one is unpacked into `folder`."""
    checked: dict[Path, Passed] = {}
    digests: dict[str, str] = {}
    total = sum(file.path.stat().st_size for file in files)
    done = 0
    for number, file in enumerate(files):
        if progress is not None:
            progress(f"checking {file.name}", CHECKED_SHARE * done / max(total, 1))
        done += file.path.stat().st_size
        target = folder / f"{number:06}.txt" if unpack and file.gzipped else None
        passed = pass_over(file, target)
        if passed.sha256 in digests:
            raise UsageFormatError(
                f"is the same file as {digests[passed.sha256]}; give it once", file=file.name
            )
        digests[passed.sha256] = file.name
        checked[file.path] = passed
    return checked


def _spark(master: str | None, steps: Steps) -> Engine:
    from forecast.usage.request_logs.engines.spark_engine import SparkEngine

    if master is None:
        raise UsageFormatError("the engine spark needs the URL of a master, such as local[2]")
    return SparkEngine(master, watch=steps.watch)


@dataclass(frozen=True)
class _Run:
    """The files of one layout on one engine."""

    layout: Layout
    files: Sequence[LogFile]
    checked: Mapping[Path, Passed]
    memory_bytes: int
    threads: int | None
    steps: Steps

    def duckdb(self, *, in_order: bool = False) -> Engine:
        return DuckDBEngine(
            self.files,
            engine_bytes=self.memory_bytes - PROCESS_BYTES,
            threads=self.threads or min(os.cpu_count() or 1, MAX_THREADS),
            watch=None if in_order else self.steps.watch,
            in_order=in_order,
            unpacked={p: c.unpacked for p, c in self.checked.items() if c.unpacked is not None},
        )

    def on(
        self, engine: Engine, *, with_arrivals: bool
    ) -> tuple[Summary, dict[Path, RequestSource]]:
        words = words_of(self.layout)
        groups: dict[tuple[str, str], list[LogFile]] = {}
        for file in self.files:
            groups.setdefault((file.kind, file.schema), []).append(file)
        with closing(engine):
            try:
                summary = summarise(
                    engine,
                    self.layout,
                    list(groups.values()),
                    words,
                    self.steps,
                    with_arrivals=with_arrivals,
                )
            except RefusedError as refused:
                raise self.first_fault(words, refused.bad_words) from None
            except UnreadableError as fault:
                raise self.first_unreadable(fault) from None
            totals = {engine.path_of(key): t for key, t in summary.files.items() if key}
        if not totals:
            totals = {self.files[0].path: summary.files[""]}
        return summary, {f.path: self.source(f, totals.get(f.path), summary) for f in self.files}

    def first_fault(self, words: Words, bad_words: Mapping[str, Sequence[str]]) -> UsageFormatError:
        with closing(self.duckdb(in_order=True)) as engine:
            for file in self.files:
                fault = first_refused(engine, file, self.layout, words, bad_words)
                if fault is not None:
                    return fault
        return UsageFormatError(
            f"holds records that are refused ({', '.join(bad_words) or 'times or counts'})",
            file=self.files[0].name,
        )

    def first_unreadable(self, fault: UnreadableError) -> UsageFormatError:
        """Say where a text stops to be one; the engine's own words may quote a prompt."""
        for file in self.files:
            if fault.file in (None, file.name):
                found = first_unreadable(file, self.checked[file.path].unpacked or file.path)
                if found is not None:
                    return found
        return UsageFormatError(fault.problem, file=fault.file)

    def refuse_lost_rows(self, file: LogFile, n_rows: int) -> None:
        """Hold the rows that were read against the lines that passed by."""
        passed = self.checked[file.path]
        if passed.n_rows is None or passed.n_rows == n_rows:
            return
        expected = passed.n_rows - n_empty_lines(passed.unpacked or file.path)
        if n_rows != expected:
            raise UsageFormatError(
                f"has {expected} lines of requests, of which {n_rows} were read; check its line "
                "ends and quotes",
                file=file.name,
            )

    def source(self, file: LogFile, totals: FileTotals | None, summary: Summary) -> RequestSource:
        if totals is None:
            raise UsageFormatError("holds no requests; export it again", file=file.name)
        n_rows = totals.n_requests
        self.refuse_lost_rows(file, n_rows)
        warnings = [
            f"{n:,} of {n_rows:,} requests {why}: the vendor bills nothing for them, and they "
            "are not counted"
            for why, n in totals.not_billed.items()
        ]
        if summary.n_no_model:
            warnings.append(
                f"the model is empty in {summary.n_no_model:,} requests of the log and taken as "
                f"{UNKNOWN_MODEL!r}, which no price list knows"
            )
        unknown = (*self.layout.cannot_tell, *(() if summary.has_prefix else ("prefix",)))
        return RequestSource(
            file=file.name,
            format_name=self.layout.name,
            n_rows=n_rows,
            first_day=_day(totals.first_ms),
            last_day=_day(totals.last_ms),
            sha256=self.checked[file.path].sha256,
            input_includes_cache=self.layout.input_includes_cache,
            cannot_tell=tuple(dict.fromkeys(unknown)),
            warnings=tuple(warnings),
        )


def _day(ms: int) -> date:
    return datetime.fromtimestamp(ms / 1000, UTC).date()


def _together(frames: Sequence[pd.DataFrame], table: Table) -> pd.DataFrame:
    """Add up the frames of several layouts."""
    if len(frames) == 1:
        return frames[0]
    joined = pd.concat(frames, ignore_index=True)
    if table is USAGE_ROWS:
        return check(sum_by_key(joined, table), table, key=canonical.KEY)
    summed = joined.groupby(ARRIVALS_KEY, dropna=False, sort=True)["requests"].sum()
    return check(conform(summed.reset_index(), table), table, key=ARRIVALS_KEY)
