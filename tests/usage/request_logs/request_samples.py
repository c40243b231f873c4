"""Request logs spelled out small, and what a careful loop over their records adds up to."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from forecast.tables import ARRIVALS, USAGE_ROWS, conform

Request = dict[str, Any]

EDGES = (
    *(1, 2, 5, 10, 20, 40, 75, 150, 300, 600, 1200, 1800, 3600),
    *(7200, 14400, 28800, 57600, 86400),
)
"""Written down once more, so that a changed edge is seen."""

COUNTS = (
    "input_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
    "cache_read_tokens",
    "output_tokens",
    "web_searches",
)
DEFAULTS = {
    "platform": "anthropic",
    "service_tier": "standard",
    "geography": "global",
    "speed": "standard",
    "workload": "",
    "api_key": "",
    "workspace": "",
    "tag": "",
}
SENDER = ("workload", "api_key", "workspace", "tag", "model")


def request(time: str = "2026-11-02T10:00:00Z", **changes: Any) -> Request:
    """One canonical request."""
    return {
        "time": time,
        "model": "claude-opus-5-5",
        "input_tokens": 100,
        "output_tokens": 10,
    } | changes


def millis(time: str) -> int:
    """Milliseconds since 1970 of an ISO instant, exactly."""
    moment = datetime.fromisoformat(time).astimezone(UTC)
    whole = int(moment.replace(microsecond=0).timestamp())
    return whole * 1000 + moment.microsecond // 1000


def band(prompt_tokens: int) -> str:
    """The price band of a prompt."""
    if prompt_tokens <= 100_000:
        return "0-100k"
    return "100k-200k" if prompt_tokens <= 200_000 else "200k-1M"


def expected_rows(requests: Iterable[Request]) -> pd.DataFrame:
    """Usage rows, added up one request after the other."""
    sums: dict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)
    for r in requests:
        full = DEFAULTS | r
        prompt = sum(r.get(c) or 0 for c in COUNTS if c.endswith("tokens") and c[0] != "o")
        day = datetime.fromtimestamp(millis(r["time"]) // 1000, UTC).date().isoformat()
        key = tuple(
            {"day": day, "context_window": band(prompt), **full}[c.name]
            for c in USAGE_ROWS.columns
            if c.kind in ("day", "text")
        )
        sums[key]["requests"] += 1
        for count in COUNTS:
            sums[key][count] += r.get(count) or 0
    names = [c.name for c in USAGE_ROWS.columns if c.kind in ("day", "text")]
    records = [dict(zip(names, key, strict=True)) | dict(sums[key]) for key in sorted(sums)]
    return conform(pd.DataFrame(records), USAGE_ROWS)


def expected_arrivals(requests: Iterable[Request]) -> Counter[tuple[Any, ...]]:
    """Requests by sender, prefix, measure and lower end, counted one after the other."""
    found: Counter[tuple[Any, ...]] = Counter()
    last: dict[tuple[Any, ...], int] = {}
    for r in sorted(requests, key=lambda r: millis(r["time"])):
        at = millis(r["time"])
        sender = tuple((DEFAULTS | r)[c] for c in SENDER)
        lane = (*sender, r.get("prefix") or "")
        lower: int | None = None
        if lane in last:
            lower = max([0, *(e for e in EDGES if e * 1000 <= at - last[lane])])
        last[lane] = at
        found[(*lane, "gap_seconds", lower)] += 1
        moment = datetime.fromtimestamp(at // 1000, UTC)
        found[(*sender, "", "hour_of_week", moment.weekday() * 24 + moment.hour)] += 1
        found[(*sender, "", "minute_of_hour", moment.minute)] += 1
    return found


def counted_arrivals(arrivals: pd.DataFrame) -> Counter[tuple[Any, ...]]:
    """The same of a table of arrivals without pooled rows."""
    assert arrivals["pooled"].eq(0).all()
    found: Counter[tuple[Any, ...]] = Counter()
    for row in arrivals[[*SENDER, "prefix", "measure", "at_least", "requests"]].itertuples(
        index=False
    ):
        *key, lower, n = row
        found[(*key, None if pd.isna(lower) else int(lower))] += n
    assert list(arrivals.columns) == ARRIVALS.names
    return found


def columns_of(records: Sequence[Request]) -> list[str]:
    """All columns of the records, in the order in which they appear."""
    return list(dict.fromkeys(column for r in records for column in r))


def write_csv(path: Path, records: Sequence[Request], delimiter: str = ",") -> Path:
    """Write records as CSV; what is missing or None becomes an empty cell."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(
        text, columns_of(records), restval="", delimiter=delimiter, lineterminator="\n"
    )
    writer.writeheader()
    writer.writerows(records)
    return write(path, text.getvalue())


def write_jsonl(path: Path, records: Sequence[Request]) -> Path:
    """Write records as JSON lines."""
    return write(path, "".join(json.dumps(r) + "\n" for r in records))


def write_parquet(path: Path, records: Sequence[Request]) -> Path:
    """Write records as Parquet, with times as instants."""
    columns = columns_of(records)
    data = {c: pa.array([r.get(c) for r in records]) for c in columns if c != "time"}
    times = [datetime.fromisoformat(r["time"]) for r in records]
    data = {"time": pa.array(times, pa.timestamp("us", tz="UTC")), **data}
    pq.write_table(pa.table(data), path)
    return path


def write(path: Path, text: str | bytes) -> Path:
    """Write a text, gzipped where its name says so."""
    data = text.encode() if isinstance(text, str) else text
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


WRITERS = {"csv": write_csv, "jsonl": write_jsonl, "parquet": write_parquet}
