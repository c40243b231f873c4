"""The usage CSV that people download from the Claude Console.

Columns have grown over time and are read by name: `usage_date_utc`, `model_version` and the
token columns stand in every generation, the rest may be missing.

1. one `usage_input_tokens_cache_write` column (before the one-hour cache);
2. cache writes by lifetime, `usage_type`, `web_search_count` (seen 2025-06);
3. with `context_window` (seen 2025-12);
4. with `inference_geo` and `speed` (seen 2026-03).

Source: headers quoted in public code that reads these exports, and the project's sample. The
rows are days, or hours and minutes when a shorter span was shown; the column says that times are
UTC. Input excludes cache tokens; requests are not counted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final

from forecast.errors import UsageFormatError
from forecast.records.usage import Geography, ServiceTier, Speed
from forecast.usage.formats import cells, delimited, vocabulary
from forecast.usage.formats.head import Head
from forecast.usage.formats.protocol import DAY_SECONDS, Parsed, bucket_frame

name: Final = "anthropic_console_usage"
description: Final = "Claude Console usage export (CSV)"
recorded_by: Final = "anthropic"
input_includes_cache: Final = False
cannot_tell: Final = ("requests",)
seen_by: Final = "vendor"
holds: Final = ("usage",)
amounts: Final = None

_ONE_WRITE: Final = "usage_input_tokens_cache_write"
_TOKENS: Final = {
    "usage_input_tokens_no_cache": "input_tokens",
    "usage_input_tokens_cache_write_5m": "cache_write_5m_tokens",
    "usage_input_tokens_cache_write_1h": "cache_write_1h_tokens",
    "usage_input_tokens_cache_read": "cache_read_tokens",
    "usage_output_tokens": "output_tokens",
}
_MODEL_COLUMNS: Final = ("model_version", "model")
_NOT_NEEDED: Final = frozenset({"api_key_id", "api_key_status"})


def _model(text: str) -> str:
    return vocabulary.model_id(cells.given_name(text))


def _speed(text: str) -> str:
    return vocabulary.speed(text) if text.strip() else Speed.STANDARD.value


_TEXTS: Final[dict[str, tuple[str, Callable[[str], str], str, str]]] = {
    # source column: (column, reading, value where the column is missing, what that means)
    "usage_type": (
        "service_tier",
        vocabulary.service_tier,
        ServiceTier.STANDARD.value,
        "taken as standard, so batch would be priced at twice its rate",
    ),
    "context_window": ("context_window", vocabulary.context_window, "", ""),
    "inference_geo": (
        "geography",
        vocabulary.inference_geo,
        Geography.GLOBAL.value,
        "taken as global, so a US premium would be missing",
    ),
    "speed": ("speed", _speed, Speed.STANDARD.value, ""),
    "api_key": ("api_key", cells.name, "", ""),
    "workspace": ("workspace", cells.name, "", ""),
}


def fits(head: Head) -> bool:
    """Tell whether a header has the Console's date and at least one of its token columns."""
    return (
        head.kind == "text"
        and "usage_date_utc" in head.columns
        and not head.columns.isdisjoint({*_TOKENS, _ONE_WRITE})
    )


def read(data: bytes, file: str) -> Parsed:
    r"""Read one export.

    Raises
    ------
    UsageFormatError
        A missing column, a token column nobody has reviewed, an unknown usage type or place, a
        value that is not of its kind; with row and column.

    Examples
    --------
    >>> text = (
    ...     "usage_date_utc,model_version,usage_type,usage_input_tokens_no_cache,"
    ...     "usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,"
    ...     "usage_input_tokens_cache_read,usage_output_tokens\n"
    ...     '2026-08-05,Claude Haiku 4.5,batch,"46,981",15969,0,0,16932\n')
    >>> rows = read(text.encode(), "usage.csv").rows
    >>> rows[["model", "service_tier", "input_tokens"]].values.tolist()
    [['claude-haiku-4-5', 'batch', 46981]]
    """
    table = delimited.read_columns(data, file)
    source = table.by_name
    model_column, extra = _check_names(list(source), file)
    warnings = [f"column {column!r} is not read" for column in extra]
    unknown: list[str] = []
    columns: dict[str, Sequence[Any]] = {
        "platform": ["anthropic"] * table.n_rows,
        "model": cells.convert(source[model_column], _model, file=file, column=model_column),
        "requests": [None] * table.n_rows,
    }
    for column, (target, reading, default, meaning) in _TEXTS.items():
        if column in source:
            columns[target] = cells.convert(source[column], reading, file=file, column=column)
            continue
        columns[target] = [default] * table.n_rows
        unknown.append(target)
        if meaning:
            warnings.append(f"has no column {column!r}: {meaning}")
    for column, target in {**_TOKENS, "web_search_count": "web_searches"}.items():
        columns[target] = _counts(source, column, table.n_rows, file)
    places = [place.strip() for place in source.get("inference_geo", ())]
    warnings += vocabulary.no_place_warning(places.count(vocabulary.NO_PLACE), table.n_rows)
    if _ONE_WRITE in source:
        columns["cache_write_5m_tokens"] = _counts(source, _ONE_WRITE, table.n_rows, file)
        unknown.append("cache_write_1h_tokens")
        warnings.append("cache writes do not tell their lifetime: taken as 5 minutes")
    buckets = _buckets(source["usage_date_utc"], file)
    for column in ("workload", "tag", "group"):
        columns[column] = [""] * table.n_rows
    columns["start"] = [b.start for b in buckets]
    columns["seconds"] = [b.seconds for b in buckets]
    columns["row"] = range(1, table.n_rows + 1)
    spans = set(buckets)
    return Parsed(
        bucket_frame(columns),
        first=min(b.start for b in spans),
        last=max(b.start + timedelta(seconds=b.seconds) for b in spans),
        warnings=tuple(warnings),
        cannot_tell=tuple(unknown),
    )


def _check_names(present: Sequence[str], file: str) -> tuple[str, list[str]]:
    """Give the column that names the model, and the columns that are not read."""
    models = [column for column in _MODEL_COLUMNS if column in present]
    writes = ("usage_input_tokens_cache_write_5m", "usage_input_tokens_cache_write_1h")
    needed = {"usage_date_utc", *_TOKENS}
    if _ONE_WRITE in present:
        needed -= set(writes)
        if not set(writes).isdisjoint(present):
            raise UsageFormatError(
                "stands beside cache writes by lifetime; one of the two would count twice",
                file=file,
                column=_ONE_WRITE,
            )
    for column in ("usage_date_utc", *_TOKENS):
        if column in needed and column not in present:
            raise UsageFormatError("is missing; export usage again", file=file, column=column)
    if len(models) != 1:
        raise UsageFormatError(
            "is missing; export usage again" if not models else "stands beside `model`",
            file=file,
            column="model_version",
        )
    known = {*needed, _ONE_WRITE, "web_search_count", *models, *_TEXTS, *_NOT_NEEDED}
    extra = [column for column in present if column not in known]
    for column in extra:
        if "token" in column:
            raise UsageFormatError(
                "is a token column this version does not know; update it",
                file=file,
                column=column[:80],
            )
    return models[0], [column[:80] for column in extra]


def _counts(
    source: dict[str, tuple[str, ...]], column: str, n_rows: int, file: str
) -> Sequence[int]:
    if column not in source:
        return [0] * n_rows
    return cells.convert_counts(source[column], cells.grouped_count, file=file, column=column)


def _buckets(texts: Sequence[str], file: str) -> list[cells.Bucket]:
    """Read the dates; a time stands for its hour, or for its minute where minutes occur."""

    def at(text: str) -> cells.Bucket:
        return cells.bucket(text, utc_by_column=True)

    buckets = cells.convert(texts, at, file=file, column="usage_date_utc")
    hourly = all(b.start.minute == b.start.second == 0 for b in buckets)
    length = 3600 if hourly else 60
    return [b if b.seconds == DAY_SECONDS else cells.Bucket(b.start, length) for b in buckets]
