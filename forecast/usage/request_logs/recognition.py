"""Which layout a request log is of, told by its columns."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from forecast.errors import UsageFormatError
from forecast.usage.request_logs.files import LogFile, look
from forecast.usage.request_logs.layouts import (
    bedrock_invocation_log,
    canonical,
    litellm_spend_logs,
)
from forecast.usage.request_logs.layouts.protocol import Layout

LAYOUTS: Final[tuple[Layout, ...]] = (litellm_spend_logs, bedrock_invocation_log, canonical)


def layout_of(path: Path) -> Layout:
    """Tell the layout of a request log by its columns.

    Raises
    ------
    UsageFormatError
        No layout fits, or the file cannot be read.
    """
    return layout_of_file(look(path))


def is_request_log(path: Path) -> bool:
    """Tell whether a file is a request log of a known layout.

    A file that cannot be read is not; whoever reads it next says why.
    """
    try:
        layout_of(path)
    except UsageFormatError:
        return False
    return True


def layout_of_file(file: LogFile) -> Layout:
    """Tell the layout of a file that was looked at."""
    columns = frozenset(file.columns)
    for layout in LAYOUTS:
        if layout.fits(columns):
            return layout
    shown = ", ".join(sorted(columns)[:8]) or "no column names"
    known = "; ".join(f"{layout.name} ({layout.description})" for layout in LAYOUTS)
    raise UsageFormatError(
        f"is no request log of a known layout (it has {shown}); known are {known}",
        file=file.name,
    )
