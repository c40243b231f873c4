"""OpenRouter's activity: usage and spend by day and model, as CSV or from the activity API.

The Activity page exports `Date,Slug,Usage,BYOK Usage,Requests,Prompt Tokens,Completion Tokens,
Reasoning Tokens`; `GET /api/v1/activity` answers with the same by endpoint, and with cached
tokens. Source of the shape: exports quoted in public tests, ActivityItem of the openrouter Python
package 1.3.84 and OpenRouter's documentation; read 2026-11-24.

* Prompt tokens **include** cached ones. The API counts those; the CSV does not, so its prompt is
  all input, and so are cache writes in both. Where cached tokens exceed the prompt, the vendor says
  the two count different requests; they are then taken as they stand.
* Reasoning tokens are inside the completion tokens.
* `Usage` is USD that OpenRouter charged. `BYOK Usage` was charged by the provider to a key of the
  customer's own and is not in the amounts; its tokens are in the counts.
* Days are UTC. The model is OpenRouter's slug, on the platform openrouter.

Cannot tell cache writes, tier, geography or key.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Final

from forecast.records.costs import Amounts
from forecast.usage.formats import cells
from forecast.usage.formats.collected import Collected, exact_sum
from forecast.usage.formats.head import Head
from forecast.usage.formats.json_text import Fields
from forecast.usage.formats.protocol import DAY_SECONDS, Parsed
from forecast.usage.formats.records import Row, records
from forecast.usage.formats.vocabulary import UNKNOWN_MODEL

name: Final = "openrouter_activity"
description: Final = "OpenRouter activity by day and model (CSV or API)"
recorded_by: Final = "openrouter"
input_includes_cache: Final = True
cannot_tell: Final = ("cache_write_5m_tokens", "service_tier", "geography", "api_key")
seen_by: Final = "vendor"
holds: Final = ("usage", "costs")
amounts: Final = Amounts(unit="USD", meaning="billed")

HOUR_SECONDS: Final = 3600

_TABLE: Final = {
    "date": "Date",
    "model": "Slug",
    "usage": "Usage",
    "byok": "BYOK Usage",
    "requests": "Requests",
    "prompt": "Prompt Tokens",
    "completion": "Completion Tokens",
    "reasoning": "Reasoning Tokens",
}
_API: Final = {
    "date": "date",
    "model": "model_permaslug",
    "usage": "usage",
    "byok": "byok_usage_inference",
    "requests": "requests",
    "prompt": "prompt_tokens",
    "completion": "completion_tokens",
    "reasoning": "reasoning_tokens",
}
_CACHED: Final = "cached_tokens"
_COLUMNS: Final = frozenset({*_TABLE.values(), *_API.values(), _CACHED})
_TOKENS: Final = frozenset(name for name in _COLUMNS if "token" in name.lower())


def fits(head: Head) -> bool:
    """Tell whether a file has the columns of the export, or the members of the API's items."""
    if head.kind != "json":
        return {"Date", "Slug", "Prompt Tokens"} <= head.columns
    return {"data", "model_permaslug", "byok_usage_inference", "requests"} <= head.keys


def read(data: bytes, file: str) -> Parsed:
    r"""Read one file.

    Raises
    ------
    UsageFormatError
        A value that is not of its kind, a token column nobody has reviewed, or a day and model
        that stand twice; with row and column.

    Examples
    --------
    >>> table = (b"Date,Slug,Usage,BYOK Usage,Requests,Prompt Tokens,Completion Tokens,"
    ...          b"Reasoning Tokens\n2026-11-01,anthropic/claude-opus-5.5,4.3,0,41,709,30,10\n")
    >>> parsed = read(table, "activity.csv")
    >>> parsed.rows[["platform", "model", "input_tokens", "output_tokens"]].values.tolist()
    [['openrouter', 'anthropic/claude-opus-5.5', 709, 30]]
    >>> parsed.costs["billed_usd"].tolist()
    [Decimal('4.3')]
    """
    activity = _Activity(file)
    for record in records(data, file, _COLUMNS, envelope="data", tokens=_TOKENS):
        activity.add(record)
    return activity.parsed()


class _Activity:
    def __init__(self, file: str) -> None:
        self.collected = Collected(file)
        self.byok: list[Decimal] = []
        self.said: Counter[str] = Counter()

    def add(self, record: Fields) -> None:
        names = _TABLE if isinstance(record, Row) else _API
        bucket = record.read(names["date"], _bucket)
        model = record.text(names["model"]) or UNKNOWN_MODEL
        endpoint, workspace = record.text("endpoint_id"), record.text("workspace_id")
        identity = f"{bucket.start.isoformat()} {model} {endpoint} {workspace}"
        self.collected.once(identity, record, names["date"])
        self.collected.cover(bucket.start, bucket.start + timedelta(seconds=bucket.seconds))
        row = record.row or 0
        dimensions = {"platform": "openrouter", "model": model, "workspace": workspace}
        usd = record.amount(names["usage"])
        self.collected.spend(day=bucket.start, row=row, usd=usd, **dimensions)
        if record.has(names["byok"]) and (byok_usd := record.amount(names["byok"])):
            self.byok.append(byok_usd)
        prompt, cached = record.count(names["prompt"]), record.count_or_zero(_CACHED)
        completion = record.count(names["completion"])
        self.said["reasoning"] += record.count_or_zero(names["reasoning"]) > completion
        self.said["apart"] += cached > prompt
        self.said["uncached"] += _CACHED not in record.members
        self.collected.usage(
            start=bucket.start,
            seconds=bucket.seconds,
            row=row,
            **dimensions,
            group=endpoint,
            input_tokens=prompt if cached > prompt else prompt - cached,
            cache_read_tokens=cached,
            output_tokens=completion,
            requests=record.count(names["requests"]),
        )

    def parsed(self) -> Parsed:
        warnings = byok_warning(self.byok, "rows")
        warnings += reasoning_warning(self.said["reasoning"], "rows")
        if self.said["uncached"]:
            warnings.append(
                "has no cached tokens: cache reads are counted as input, at up to 40 times their "
                "price; the activity API and the export of single generations tell them"
            )
        if self.said["apart"]:
            warnings.append(
                f"{self.said['apart']} rows have more cached than prompt tokens: taken as counts "
                "of different requests"
            )
        return self.collected.parsed(
            warnings=warnings,
            cannot_tell=["cache_read_tokens"] if self.said["uncached"] else [],
        )


def byok_warning(usd: list[Decimal], what: str) -> list[str]:
    """Say how much was charged to keys of the customer's own.

    >>> byok_warning([Decimal("1.5"), Decimal("2")], "rows")
    ["2 rows ran on keys of the customer's own: 3.50 USD that the provider charged are left out"]
    """
    if not usd:
        return []
    return [
        f"{len(usd)} {what} ran on keys of the customer's own: {exact_sum(usd):.2f} USD that the "
        "provider charged are left out"
    ]


def reasoning_warning(n: int, what: str) -> list[str]:
    """Say how often reasoning cannot be inside the completion.

    >>> reasoning_warning(0, "rows")
    []
    """
    if not n:
        return []
    return [
        f"{n} {what} count more reasoning than completion tokens: reasoning may stand beside them, "
        "and is then missing"
    ]


def _bucket(value: object) -> cells.Bucket:
    """Read a UTC day, or an hour where the export was made by the hour."""
    bucket = cells.bucket(str(value or ""), utc_by_column=True)
    at = bucket.start
    if bucket.seconds == DAY_SECONDS or at.hour == at.minute == at.second == 0:
        return cells.Bucket(at, DAY_SECONDS)
    if at.minute or at.second:
        raise ValueError(f"is neither a day nor an hour: {cells.quoted(value)}")
    return cells.Bucket(at, HOUR_SECONDS)
