"""The product's own request table with prefixes: one row per request, Parquet or CSV.

| column | kind | |
|---|---|---|
| `time`, `time_s` or `time_ms` | instant with a zone, or seconds, or milliseconds | one of them |
| `input_tokens` | count | uncached input, as in the request table that `import` reads |
| `cache_write_5m_tokens`, `cache_write_1h_tokens`, `cache_read_tokens` | count | default 0 |
| `prompt_tokens` | count | all input-side tokens; left out, they are added up |
| `model`, `platform`, `workspace` | name | decide the cache a request can see |
| `workload`, `api_key`, `tag` | name | tell whose requests are replayed (`--only`) |
| `session` | name | requests that belong together; default: told from their prefixes |
| `service_tier` | word | rows in batch are left out: they run when the vendor likes |
| `prefix`, `prefix_tokens` | name, count | id of the shared prefix and its length |
| `block_hashes`, `block_tokens` | list of ids, count | or all blocks of the prompt, in order |

In CSV a list is written with blanks between its ids. Either the prefix or the blocks must be
there. `time` is read to the second, the numbers to the millisecond.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import partial
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from forecast.errors import UsageFormatError
from forecast.records.usage import ServiceTier
from forecast.traces import Integers, Sender
from forecast.usage.formats import cells, vocabulary
from forecast.usage.formats.head import PARQUET_MAGIC
from forecast.usage.formats.tabular import DATABASE_NULLS, TextTable, read_table
from forecast.usage.request_traces.building import MAX_REQUESTS, ColumnNames, Request, TraceBuilder
from forecast.usage.request_traces.times import milliseconds

TIMES: Final = ("time", "time_s", "time_ms")
BLOCKS: Final = "block_hashes"
INPUT_SIDE: Final = (
    *("input_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "cache_read_tokens"),
)
PLAIN: Final = frozenset(
    (
        *TIMES,
        *INPUT_SIDE,
        *("prompt_tokens", "model", "platform", "workspace", "session", "service_tier"),
        *("workload", "api_key", "tag"),
        *("prefix", "prefix_tokens", "block_tokens"),
    )
)
SENDER: Final = ("workload", "api_key", "workspace", "tag", "model")
"""Columns that `only` chooses by, as in the arrivals table."""

BATCH_ROWS: Final = 4096


def fits(columns: frozenset[str]) -> bool:
    """Tell whether a table has a time, tokens and prefixes.

    >>> fits(frozenset({"time_ms", "prompt_tokens", "prefix"}))
    True
    """
    return (
        not columns.isdisjoint(TIMES)
        and not columns.isdisjoint((*INPUT_SIDE, "prompt_tokens"))
        and not columns.isdisjoint(("prefix", BLOCKS))
    )


def read(
    data: bytes,
    file: str,
    builder: TraceBuilder,
    platform: str,
    *,
    block_tokens: int | None = None,
    prefix_tokens: int | None = None,
    only: Mapping[str, str] | None = None,
) -> None:
    """Add the requests of a table; the two counts stand in for columns that are left out.

    Parameters
    ----------
    only
        Shell wildcards by column of the sender; rows that match all of them are added.

    Raises
    ------
    UsageFormatError
        A cell that cannot be, or a column that is missing, with file, row and column.
    """
    wanted = PLAIN if data.startswith(PARQUET_MAGIC) else PLAIN | {BLOCKS}
    if not data.startswith(PARQUET_MAGIC) and data.count(b"\n") > MAX_REQUESTS + 1:
        raise UsageFormatError(
            f"has more than {MAX_REQUESTS} rows; replay fewer days, or a sample of the sessions",
            file=file,
        )
    table = read_table(data, file, wanted, nulls=DATABASE_NULLS)
    has_blocks = BLOCKS in table.names
    content = "block_tokens" if has_blocks else "prefix_tokens"
    stated = block_tokens if has_blocks else prefix_tokens
    if content not in table and stated is None:
        option = f"--{content.replace('_', '-')}"
        raise UsageFormatError(
            f"is missing; add the column, or state one length for all with {option}",
            file=file,
            column=content,
        )
    chosen = _chosen(table, only or {})
    columns = _Columns.of(table, platform)
    names = ColumnNames(
        columns.time_name,
        "prompt_tokens" if "prompt_tokens" in table.names else "input_tokens",
        BLOCKS if has_blocks else "prefix",
        content if content in table.names else f"--{content.replace('_', '-')}",
    )
    builder.begin(file, names)
    sizes = _counts(table, content, default=stated or 0)
    found = _blocks(data, table, file) if has_blocks else _prefixes(table, sizes)
    n_batch = 0
    for i, blocks in enumerate(found):
        if not chosen[i]:
            continue
        if columns.tier[i] == ServiceTier.BATCH:
            n_batch += 1
            continue
        builder.add(
            Request(
                row=i + 1,
                time_ms=int(columns.time_ms[i]),
                input_tokens=int(columns.input_tokens[i]),
                block_tokens=int(sizes[i]),
                blocks=blocks,
                sender=Sender(columns.platform[i], columns.workspace[i], columns.model[i]),
                session=columns.session[i] or None,
                whole_blocks=not has_blocks,
            )
        )
    if n_batch:
        builder.note(
            f"{n_batch} requests in batch of {file} are left out: when they ran is not known"
        )


def _chosen(table: TextTable, only: Mapping[str, str]) -> NDArray[np.bool_]:
    """Tell which rows match; columns that nothing else reads are let go."""
    kept = np.ones(table.n_rows, dtype=bool)
    for column, pattern in only.items():
        if column not in SENDER:
            raise UsageFormatError(
                f"is no column of a sender; --only takes {', '.join(SENDER)}",
                file=table.file,
                column=column[:80],
            )
        table.need(column)
        fits = {name: fnmatchcase(name.strip(), pattern) for name in set(table.columns[column])}
        kept &= np.fromiter((fits[name] for name in table.columns[column]), bool, table.n_rows)
    for column in ("workload", "api_key", "tag"):
        table.columns.pop(column, None)
    return kept


@dataclass(frozen=True)
class _Columns:
    """The plain columns, converted; their texts are let go one after the other."""

    time_name: str
    time_ms: Integers
    input_tokens: Integers
    platform: Sequence[str]
    workspace: Sequence[str]
    model: Sequence[str]
    session: Sequence[str]
    tier: Sequence[str]

    @classmethod
    def of(cls, table: TextTable, platform: str) -> _Columns:
        times = [name for name in TIMES if name in table]
        if len(times) != 1:
            raise UsageFormatError(
                f"stands beside {times[0]}; keep one of the times" if times else "is missing",
                file=table.file,
                column=times[1] if times else "time",
            )
        read: Callable[[str], int] = {
            "time": partial(_instant_ms, utc_by_column="time" in table.naive_instants),
            "time_s": partial(_number_ms, per_second=1),
            "time_ms": partial(_number_ms, per_second=1000),
        }[times[0]]
        if "prompt_tokens" in table:
            tokens = _counts(table, "prompt_tokens")
        else:
            table.need("input_tokens")
            sides = (_counts(table, name) for name in INPUT_SIDE if name in table)
            tokens = sum(sides, np.zeros(table.n_rows, dtype=np.int64))
        return cls(
            times[0],
            _numbers(table, times[0], read),
            tokens,
            _names(table, "platform", cells.given_name, platform),
            _names(table, "workspace", cells.name, ""),
            _names(table, "model", cells.name, ""),
            _names(table, "session", cells.name, ""),
            _names(table, "service_tier", vocabulary.service_tier, ServiceTier.STANDARD),
        )


def _counts(table: TextTable, column: str, *, default: int = 0) -> Integers:
    if column not in table:
        return np.full(table.n_rows, default, dtype=np.int64)
    return _numbers(table, column, lambda cell: cells.count(cell) if cell.strip() else default)


def _numbers(table: TextTable, column: str, by: Callable[[str], int]) -> Integers:
    """Read a column cell by cell, so that neither texts nor numbers stand in memory twice."""
    found = np.empty(table.n_rows, dtype=np.int64)
    for i, cell in enumerate(table.columns.pop(column)):
        try:
            found[i] = by(cell)
        except ValueError as fault:
            raise table.fault(str(fault), i + 1, column) from None
    return found


def _names(table: TextTable, column: str, by: Callable[[str], str], default: str) -> Sequence[str]:
    found = table.read_or(column, by, default)
    table.columns.pop(column, None)
    return found


def _instant_ms(cell: str, *, utc_by_column: bool) -> int:
    moment = cells.instant(cell, utc_by_column=utc_by_column).replace(tzinfo=UTC)
    return int(moment.timestamp()) * 1000


def _number_ms(cell: str, *, per_second: int) -> int:
    try:
        value = Decimal(cell.strip())
    except ArithmeticError:
        raise ValueError(f"is not a time in numbers: {cells.quoted(cell)}") from None
    return milliseconds(value, per_second=per_second)


def _prefixes(table: TextTable, sizes: Integers) -> Iterator[Sequence[object]]:
    known: dict[str, int] = {}
    for i, prefix in enumerate(_names(table, "prefix", cells.name, "")):
        size = int(sizes[i])
        if prefix and known.setdefault(prefix, size) != size:
            raise table.fault(
                f"is {size}, but {known[prefix]} in an earlier row of the same prefix; a "
                "prefix is the same text every time",
                i + 1,
                "prefix_tokens",
            )
        yield [prefix] if prefix else []


def _blocks(data: bytes, table: TextTable, file: str) -> Iterator[Sequence[object]]:
    if BLOCKS in table:
        for cell in table.columns[BLOCKS]:
            yield cell.split()
        return
    with pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True) as parquet:
        kind = parquet.schema_arrow.field(BLOCKS).type
        if not (pa.types.is_list(kind) or pa.types.is_large_list(kind)):
            raise UsageFormatError(
                f"is of type {str(kind)[:80]}, not a list of ids", file=file, column=BLOCKS
            )
        try:
            for batch in parquet.iter_batches(BATCH_ROWS, columns=[BLOCKS], use_threads=False):
                for ids in batch.column(0).to_pylist():
                    yield _given(ids)
        except (pa.ArrowException, OSError) as fault:
            raise UsageFormatError(
                f"cannot be read: {str(fault)[:200]}", file=file, column=BLOCKS
            ) from None


def _given(ids: Any) -> Sequence[object]:
    return [] if ids is None else ids
