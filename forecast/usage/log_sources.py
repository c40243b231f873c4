"""Request logs among exports: which files go to the engine, and what they bring back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd

from forecast.usage.containers.limits import LIMITS
from forecast.usage.formats.cells import midnight
from forecast.usage.formats.protocol import BUCKET_ROWS, DAY_SECONDS, Parsed
from forecast.usage.formats.registry import FORMATS, format_named
from forecast.usage.overlap import Source
from forecast.usage.request_logs.files import look
from forecast.usage.request_logs.importing import DEFAULT_MEMORY_BYTES, aggregate_requests
from forecast.usage.request_logs.layouts import canonical as canonical_layout
from forecast.usage.request_logs.layouts.protocol import Layout
from forecast.usage.request_logs.recognition import LAYOUTS, is_request_log, layout_of_file

if TYPE_CHECKING:
    from forecast.usage.request_logs.importing import EngineName, RequestSource, RequestUsage

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class LogSettings:
    """How request logs are added up.

    Attributes
    ----------
    engine, master
        `duckdb` in this process, or `spark` on the session at `master`.
    memory_bytes
        What the process should hold in memory.
    with_arrivals
        Whether arrivals are measured too.
    every_log
        Send every request log to the engine; else only what no format reads: the canonical
        request table, and vendors' logs beyond `containers.limits`.
    """

    engine: EngineName = "duckdb"
    master: str | None = None
    memory_bytes: int = DEFAULT_MEMORY_BYTES
    with_arrivals: bool = False
    every_log: bool = False


@dataclass(frozen=True)
class LogSource:
    """One layout's logs: the files they came from and what they add up to."""

    layout: Layout
    files: tuple[RequestSource, ...]
    parsed: Parsed

    @property
    def as_source(self) -> Source:
        """Give what the rule about overlaps looks at; named by the first file."""
        more = f" and {len(self.files) - 1} more logs" if len(self.files) > 1 else ""
        return f"{self.files[0].file}{more}", self.layout, self.parsed


LAYOUTS_ALONE: Final = tuple(
    layout for layout in LAYOUTS if layout.name not in {kind.name for kind in FORMATS}
)
"""Logs that only the engine reads."""


def is_layout_alone(name: str) -> bool:
    """Tell whether only the engine reads logs of that name.

    >>> is_layout_alone("canonical_requests"), is_layout_alone("litellm_spend_logs")
    (True, False)
    """
    return name in {layout.name for layout in LAYOUTS_ALONE}


def known_name(name: str) -> str:
    """Check the name of a format or a layout.

    Raises
    ------
    UsageFormatError
        With the nearest known name.
    """
    return name if is_layout_alone(name) else format_named(name).name


def separated(paths: Sequence[Path], settings: LogSettings) -> tuple[list[Path], list[Path]]:
    """Tell the request logs that the engine reads from everything else.

    A folder that holds such logs is taken apart into its files.

    Returns
    -------
    tuple of lists
        Logs for the engine, and paths for the formats.
    """
    logs: list[Path] = []
    others: list[Path] = []
    for path in paths:
        files = _files_of(path)
        found = [file for file in files if _for_engine(file, settings)]
        logs += found
        others += [file for file in files if file not in found] if found else [path]
    return logs, others


def read_logs(
    paths: Sequence[Path], settings: LogSettings, progress: Progress | None
) -> Iterator[tuple[LogSource, pd.DataFrame | None]]:
    """Add request logs up, one layout after the other.

    Returns
    -------
    iterator
        What a layout's logs say, and their arrivals (`tables.ARRIVALS`) where they were asked for.

    Raises
    ------
    UsageFormatError
        Anything that is not as its layout promises, with file, row and column.
    """
    layouts = {path: layout_of_file(look(path)) for path in paths}
    for layout in LAYOUTS:
        chosen = [path for path in paths if layouts[path] is layout]
        if not chosen:
            continue
        usage = aggregate_requests(
            chosen,
            engine=settings.engine,
            master=settings.master,
            memory_bytes=settings.memory_bytes,
            with_arrivals=settings.with_arrivals,
            progress=progress,
        )
        yield LogSource(layout, usage.sources, _parsed(usage)), usage.arrivals


def _files_of(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(p for p in path.rglob("*") if p.is_file() and not p.name.startswith("."))


def _for_engine(path: Path, settings: LogSettings) -> bool:
    if not path.is_file() or not is_request_log(path):
        return False
    canonical = layout_of_file(look(path)) is canonical_layout
    return settings.every_log or canonical or path.stat().st_size > LIMITS.entry_bytes


def _parsed(usage: RequestUsage) -> Parsed:
    rows = usage.rows.assign(
        group="",
        start=usage.rows["day"].astype("datetime64[s]"),
        seconds=DAY_SECONDS,
        row=range(1, len(usage.rows) + 1),
    )[BUCKET_ROWS.names]
    first = min(source.first_day for source in usage.sources)
    last: datetime = midnight(max(source.last_day for source in usage.sources)) + timedelta(days=1)
    return Parsed(rows, first=midnight(first), last=last)
