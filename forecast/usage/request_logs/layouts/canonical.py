"""The canonical request table: one row per request (Parquet, CSV or JSON lines).

| column | kind | |
|---|---|---|
| `time` | instant with a zone | or `time_s` (seconds since 1970), or `time_ms` (milliseconds) |
| `model` | name | the id the vendor bills; empty is taken as "unknown" and refused when priced |
| `input_tokens` | count | uncached input only |
| `output_tokens` | count | |
| `cache_write_5m_tokens`, `cache_write_1h_tokens`, `cache_read_tokens` | count | default 0 |
| `web_searches` | count | default 0 |
| `platform` | name | default anthropic |
| `service_tier`, `geography`, `speed` | word | default standard, global, standard |
| `context_window` | word | as the vendor reports it; left out, the band of the prompt is taken |
| `prompt_tokens` | count | all input-side tokens; left out, they are added up |
| `workload`, `api_key`, `workspace`, `tag` | name | default empty |
| `prefix` | name | id or hash of the prompt prefix that requests share; default empty |

Exactly one of the three times stands in a table. Any other column is ignored and never read,
unless its name holds "token" or is nearly one of these: then it is refused, because a misspelt
column would otherwise count nothing.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import Final

from forecast.errors import UsageFormatError
from forecast.records.usage import TOKEN_COLUMNS
from forecast.usage.request_logs.fields import (
    Field,
    Record,
    count_field,
    epoch_field,
    instant_field,
    name_field,
)
from forecast.usage.request_logs.layouts.protocol import COUNTS, NAMES, TEXT, Members, Requests

name: Final = "canonical_requests"
description: Final = "this product's own request table (Parquet, CSV or JSON lines)"
recorded_by: Final = ""
seen_by: Final = "vendor"
holds: Final = ("usage",)
amounts: Final = None
input_includes_cache: Final = False
cannot_tell: Final[tuple[str, ...]] = ()
words: Final[Mapping[str, Callable[[str], str]]] = {}

TIMES: Final[Mapping[str, int]] = {"time": 0, "time_s": 1, "time_ms": 1000}
"""The three ways to write a time, and units per second where it is a number."""

REQUIRED: Final = ("model", "input_tokens", "output_tokens")
COLUMNS: Final = (*TIMES, *NAMES, "prefix", *COUNTS, "prompt_tokens")
REPLAYED: Final = frozenset({"prefix_tokens", "block_hashes", "block_tokens", "session"})
"""Columns that `usage.request_traces.request_table` reads of the same table."""

_TOLD_BY_HEAD: Final = (*TIMES, "context_window", "prompt_tokens")
_NEARLY: Final = 0.85
"""Similarity (difflib) from which a column is taken for a misspelt one: `work_load`, `models`."""


def fits(columns: frozenset[str]) -> bool:
    """Tell whether a source has a time and a token column, and no day."""
    return (
        "day" not in columns
        and not columns.isdisjoint(TIMES)
        and not columns.isdisjoint(TOKEN_COLUMNS)
    )


def members(columns: frozenset[str]) -> Members:
    """Give the members of a JSON record that are read; all are on its top level.

    A member may be missing in the first records and stand in later ones, unless its absence in
    the whole log means something.
    """
    return {column: TEXT for column in COLUMNS if column in columns or column not in _TOLD_BY_HEAD}


def refuse_unknown(columns: frozenset[str]) -> None:
    """Refuse a column that holds tokens nobody has reviewed, or a misspelt one."""
    for column in sorted(columns - set(COLUMNS) - REPLAYED):
        near = difflib.get_close_matches(column.lower(), COLUMNS, n=1, cutoff=_NEARLY)
        if near and near[0] not in columns:
            raise UsageFormatError(
                f"is not a column of the request table; did you mean {near[0]}? Else rename it",
                column=column[:80],
            )
        if "token" in column.lower():
            raise UsageFormatError(
                "is a token column that the request table does not have; rename it, or remove it "
                "if its tokens stand in another column",
                column=column[:80],
            )


def requests(record: Record) -> Requests:
    """Map a source table; see the module for its columns.

    Raises
    ------
    UsageFormatError
        A missing column, more than one time, or a column of a wrong type.
    """
    for column in REQUIRED:
        record.need(column)
    prompt = record.find("prompt_tokens")
    return Requests(
        table=record.table,
        time_ms=_time(record),
        counts={
            column: count_field(column, raw, required=column in REQUIRED)
            for column in COUNTS
            if (raw := record.find(column)) is not None
        },
        names={
            column: name_field(column, raw)
            for column in (*NAMES, "prefix")
            if (raw := record.find(column)) is not None
        },
        prompt_tokens=None
        if prompt is None
        else count_field("prompt_tokens", prompt, required=True),
    )


def _time(record: Record) -> Field:
    present = [column for column in TIMES if record.find(column) is not None]
    if len(present) != 1:
        raise UsageFormatError(
            f"stands beside {present[0]}; keep one of the times" if present else "is missing",
            column=present[1] if present else "time",
        )
    column = present[0]
    if TIMES[column]:
        return epoch_field(column, record.need(column), per_second=TIMES[column])
    return instant_field(record, column, naive_is_utc=False)
