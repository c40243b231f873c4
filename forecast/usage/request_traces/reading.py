"""The door for request traces: files in any known shape become one trace."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from forecast.errors import UsageFormatError
from forecast.traces import RequestTrace
from forecast.usage.containers.opening import Entry, opened
from forecast.usage.formats.head import Head
from forecast.usage.formats.json_text import documents
from forecast.usage.request_traces import json_lines, request_table, session_json
from forecast.usage.request_traces.building import TraceBuilder

SHAPES: Final = (
    "a request table with time, input_tokens and either prefix and prefix_tokens or block_hashes "
    "and block_tokens (Parquet, CSV); a JSON document per session (t, in, hash_ids); or JSON "
    "lines with timestamp, input_length and hash_ids"
)


def read_traces(
    paths: Sequence[Path],
    *,
    platform: str = "anthropic",
    block_tokens: int | None = None,
    prefix_tokens: int | None = None,
    only: Mapping[str, str] | None = None,
    on_file: Callable[[str], None] | None = None,
) -> RequestTrace:
    """Read request traces, recognised by content: plain, compressed, in archives or in folders.

    Parameters
    ----------
    platform
        Of rows that name none.
    block_tokens, prefix_tokens
        Where the files do not state the length of a block or of the prefix.
    only
        Shell wildcards by column of the sender of a request table; the other shapes name none.
    on_file
        Told the name of each file before it is read.

    Raises
    ------
    UsageFormatError
        A file in no known shape, or a cell that cannot be, with file, row and column.
    """
    builder = TraceBuilder()
    for entry in opened(paths):
        if on_file is not None:
            on_file(entry.name)
        _add(entry, builder, platform, block_tokens, prefix_tokens, only or {})
    return builder.build()


def _add(
    entry: Entry,
    builder: TraceBuilder,
    platform: str,
    block_tokens: int | None,
    prefix_tokens: int | None,
    only: Mapping[str, str],
) -> None:
    head = Head.of(entry.data, entry.name)
    if head.kind == "json":
        if only:
            raise UsageFormatError(
                "names no senders to choose by; --only goes with request tables and arrivals",
                file=entry.name,
            )
        values = list(documents(entry.data, entry.name, unit="record"))
        if all(map(session_json.fits, values)):
            for number, value in enumerate(values, start=1):
                name = entry.name if len(values) == 1 else f"{entry.name} document {number}"
                session_json.read(value, name, builder, platform)
            return
        if values and json_lines.fits(values[0]):
            json_lines.read(values, entry.name, builder, platform, block_tokens=block_tokens)
            return
    elif request_table.fits(head.columns):
        request_table.read(
            entry.data,
            entry.name,
            builder,
            platform,
            block_tokens=block_tokens,
            prefix_tokens=prefix_tokens,
            only=only,
        )
        return
    raise UsageFormatError(f"is no request trace; what can be replayed: {SHAPES}", file=entry.name)
