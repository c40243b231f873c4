"""The canonical usage table as CSV or Parquet: the fallback for every other source.

Columns are those of `tables.USAGE_ROWS`. Needed are `day`, `model`, `input_tokens` (uncached
only) and `output_tokens`; the others default to what `DEFAULTS` says. A `day` is an ISO date, or
an instant with a zone, which counts on its UTC day. Two rows of the same date with the same key
are a duplicate; instants are parts of a day and add up.
"""

from __future__ import annotations

import csv
import difflib
import io
import os
import tempfile
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from forecast.errors import UsageFormatError
from forecast.records.usage import TOKEN_COLUMNS, Geography, ServiceTier, Speed
from forecast.tables import USAGE_ROWS, Column, check
from forecast.usage.formats import cells, delimited, parquet, vocabulary
from forecast.usage.formats.head import PARQUET_MAGIC, Head
from forecast.usage.formats.protocol import DAY_SECONDS, Parsed, bucket_frame

name: Final = "canonical"
description: Final = "this product's own usage table (CSV or Parquet)"
recorded_by: Final = ""
input_includes_cache: Final = False
cannot_tell: Final[tuple[str, ...]] = ()
seen_by: Final = "vendor"
holds: Final = ("usage",)
amounts: Final = None

REQUIRED: Final = ("day", "model", "input_tokens", "output_tokens")
DEFAULTS: Final[dict[str, Any]] = {
    "platform": "anthropic",
    "service_tier": ServiceTier.STANDARD.value,
    "geography": Geography.GLOBAL.value,
    "speed": Speed.STANDARD.value,
    "context_window": "",
    "workload": "",
    "api_key": "",
    "workspace": "",
    "tag": "",
    "cache_write_5m_tokens": 0,
    "cache_write_1h_tokens": 0,
    "cache_read_tokens": 0,
    "requests": None,
    "web_searches": 0,
}
"""What a column that is left out holds in every row."""

KEY: Final = [c.name for c in USAGE_ROWS.columns if c.kind in ("day", "text")]
_TEXT: Final[dict[str, Callable[[str], str]]] = {
    "platform": cells.given_name,
    "workload": cells.workload_name,
    "model": cells.given_name,
    "service_tier": vocabulary.service_tier,
    "geography": vocabulary.geography,
    "speed": vocabulary.speed,
    "context_window": vocabulary.context_window,
}


def fits(head: Head) -> bool:
    """Tell whether a header or schema has a day and any token column."""
    return "day" in head.columns and not head.columns.isdisjoint(TOKEN_COLUMNS)


def read(data: bytes, file: str) -> Parsed:
    r"""Read a canonical table.

    Raises
    ------
    UsageFormatError
        A column that is missing or unknown, a value that is not of its kind, a day without a
        zone, or a duplicate; with row and column.

    Examples
    --------
    >>> text = b"day,model,input_tokens,output_tokens\n2026-11-01,claude-opus-5-5,1000,100\n"
    >>> read(text, "march.csv").rows[["platform", "input_tokens", "requests"]].values.tolist()
    [['anthropic', 1000, <NA>]]
    """
    is_parquet = data.startswith(PARQUET_MAGIC)
    parse = _parse_parquet if is_parquet else _parse_text
    columns, buckets = parse(data, file)
    n_rows = len(buckets)
    for column, value in DEFAULTS.items():
        columns.setdefault(column, [value] * n_rows)
    columns["start"] = [b.start for b in buckets]
    columns["seconds"] = [b.seconds for b in buckets]
    columns["group"] = [""] * n_rows
    columns["row"] = range(1, n_rows + 1)
    rows = bucket_frame(columns)
    _refuse_repeats(rows, file)
    spans = set(buckets)
    return Parsed(
        rows,
        first=min(b.start for b in spans),
        last=max(b.start + timedelta(seconds=b.seconds) for b in spans),
        cannot_tell=("requests",) if rows["requests"].isna().any() else (),
    )


def _check_names(present: Sequence[str], file: str) -> None:
    for column in REQUIRED:
        if column not in present:
            raise UsageFormatError(
                f"is missing; the table needs {', '.join(REQUIRED)} and may have "
                f"{', '.join(DEFAULTS)}",
                file=file,
                column=column,
            )
    for column in present:
        if column not in USAGE_ROWS.names:
            near = difflib.get_close_matches(column, USAGE_ROWS.names, n=1)
            hint = f"did you mean {near[0]}? Else remove it" if near else "remove it"
            raise UsageFormatError(
                f"is not a column of the usage table; {hint}", file=file, column=column[:80]
            )


def _parse_text(data: bytes, file: str) -> tuple[dict[str, Sequence[Any]], list[cells.Bucket]]:
    table = delimited.read_columns(data, file)
    _check_names(list(table.by_name), file)
    columns: dict[str, Sequence[Any]] = {}
    for column in USAGE_ROWS.columns:
        texts = table.by_name.get(column.name)
        if texts is not None and column.kind != "day":
            convert = cells.convert if column.kind == "text" else cells.convert_counts
            columns[column.name] = convert(texts, _reader(column), file=file, column=column.name)
    buckets = cells.convert(table.by_name["day"], cells.bucket, file=file, column="day")
    return columns, buckets


def _reader(column: Column) -> Callable[[str], Any]:
    if column.kind == "text":
        return _TEXT.get(column.name, cells.name)
    if column.kind == "maybe_count":
        return lambda text: cells.count(text) if text.strip() else None
    return cells.count


def _parse_parquet(data: bytes, file: str) -> tuple[dict[str, Sequence[Any]], list[cells.Bucket]]:
    _check_names(parquet.column_names(data, file), file)
    table = parquet.read_columns(data, file, USAGE_ROWS.names)
    if not table["day"].items and table["day"].holds in ("date", "instant", "text"):
        raise UsageFormatError("holds no usage; export it again", file=file)
    columns: dict[str, Sequence[Any]] = {}
    for column in USAGE_ROWS.columns:
        typed = table.get(column.name)
        if typed is None or column.kind == "day":
            continue
        _check_type(
            typed, ("text",) if column.kind == "text" else ("integer", "float"), file, column
        )
        read_cell = _typed_reader(column)
        columns[column.name] = cells.convert(typed.items, read_cell, file=file, column=column.name)
    day = table["day"]
    if day.holds == "naive_instant":
        raise UsageFormatError(
            "has no time zone; write the column as dates, or as timestamps with a zone",
            file=file,
            row=1,
            column="day",
        )
    _check_type(day, ("date", "instant", "text"), file, USAGE_ROWS.columns[0])
    return columns, cells.convert(day.items, _typed_bucket, file=file, column="day")


def _check_type(
    typed: parquet.TypedColumn, allowed: tuple[str, ...], file: str, column: Column
) -> None:
    if typed.holds not in allowed:
        raise UsageFormatError(
            f"is of type {typed.holds}; it should be {' or '.join(allowed)}",
            file=file,
            column=column.name,
        )


def _typed_reader(column: Column) -> Callable[[Any], Any]:
    if column.kind == "text":
        text = _TEXT.get(column.name, cells.name)
        return lambda value: text(value or "")
    if column.kind == "maybe_count":
        return lambda value: None if value is None or value != value else cells.number(value)
    return lambda value: cells.number(value)


def _typed_bucket(value: Any) -> cells.Bucket:
    if isinstance(value, str):
        return cells.bucket(value)
    if isinstance(value, datetime):
        return cells.bucket(f"{value.isoformat()}Z")
    if isinstance(value, date):
        return cells.bucket(value.isoformat())
    raise ValueError("is empty")


def _refuse_repeats(rows: pd.DataFrame, file: str) -> None:
    """Refuse two rows of one date and key, and a date that stands beside instants within it."""
    is_day = (rows["seconds"] == DAY_SECONDS).to_numpy()
    order = np.concatenate([np.flatnonzero(is_day), np.flatnonzero(~is_day)])
    ordered = rows.iloc[order]
    repeats = ordered.duplicated(subset=KEY).to_numpy()
    if is_day.all():
        clash = repeats
    else:
        dated = pd.MultiIndex.from_frame(rows.loc[is_day, KEY])
        clash = repeats & pd.MultiIndex.from_frame(ordered[KEY]).isin(dated)
    if clash.any():
        row = int(ordered["row"].to_numpy()[clash].min())
        raise UsageFormatError(
            "repeats an earlier row of the same day with the same platform, model, tiers, key, "
            "workspace, tag and workload; remove the duplicate, or add the two up",
            file=file,
            row=row,
        )


def write_canonical(rows: pd.DataFrame, path: Path) -> None:
    """Write usage rows as `.parquet` or `.csv`, all at once or not at all.

    The same rows give the same bytes. What is written can be read back by `read`.

    Parameters
    ----------
    rows
        `tables.USAGE_ROWS`, one row per day and key.
    path
        Ends in .parquet or .csv; an existing file is replaced.

    Raises
    ------
    UsageFormatError
        Rows that break the contract of the table, a name that could not be read back, or
        another ending.
    """
    check(rows, USAGE_ROWS, key=KEY, file=path.name)
    for column in USAGE_ROWS.columns:
        if column.kind == "text":
            read_text = _TEXT.get(column.name, cells.name)
            cells.convert(
                rows[column.name].tolist(),
                _as_written(read_text),
                file=path.name,
                column=column.name,
            )
    encoders = {".csv": _csv_bytes, ".parquet": _parquet_bytes}
    if path.suffix not in encoders:
        raise UsageFormatError("should end in .parquet or .csv", file=path.name)
    replace_file(path, encoders[path.suffix](rows))


def _as_written(read_text: Callable[[str], str]) -> Callable[[str], str]:
    def same(value: str) -> str:
        if read_text(value) != value:
            raise ValueError(f"would be read back as {read_text(value)!r}: {cells.quoted(value)}")
        return value

    return same


def _csv_bytes(rows: pd.DataFrame) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(USAGE_ROWS.names)
    columns: list[list[Any]] = []
    for column in USAGE_ROWS.columns:
        values = rows[column.name]
        if column.kind == "day":
            columns.append(values.dt.strftime("%Y-%m-%d").tolist())
        else:
            columns.append(["" if value is pd.NA else value for value in values.tolist()])
    writer.writerows(zip(*columns, strict=True))
    return text.getvalue().encode()


def _parquet_bytes(rows: pd.DataFrame) -> bytes:
    kinds = {
        "day": pa.date32(),
        "text": pa.string(),
        "count": pa.int64(),
        "maybe_count": pa.int64(),
    }
    arrays = [
        pa.array(
            rows[c.name].dt.date.tolist() if c.kind == "day" else rows[c.name], type=kinds[c.kind]
        )
        for c in USAGE_ROWS.columns
    ]
    sink = io.BytesIO()
    table = pa.Table.from_arrays(arrays, names=USAGE_ROWS.names)
    pq.write_table(table, sink, compression="zstd", store_schema=False, write_page_checksum=True)
    return sink.getvalue()


def replace_file(path: Path, data: bytes) -> None:
    """Write a file all at once or not at all."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
