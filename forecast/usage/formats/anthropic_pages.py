"""What the reports of Anthropic's Admin and Analytics APIs share: pages of time buckets.

A page is `{"data": [{"starting_at", "ending_at", "results": [...]}], "has_more", "next_page"}`
(platform.claude.com, "Usage and Cost API" and "Claude Enterprise Analytics API", read
2026-11-24). A file is one page, a JSON list of pages, or one page after the other (JSON Lines).
Buckets are 1 minute, 1 hour or 1 day long and do not cross midnight UTC. No two results of one
bucket are alike: they differ in what the report is grouped by.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from forecast.errors import UsageFormatError
from forecast.records.usage import Geography, ServiceTier, Speed
from forecast.usage.formats import cells, json_text, vocabulary
from forecast.usage.formats.json_text import Fields
from forecast.usage.formats.protocol import DAY_SECONDS
from forecast.usage.formats.vocabulary import UNKNOWN_MODEL

ENVELOPE: Final = frozenset(
    {"data", "starting_at", "ending_at", "results", "has_more", "next_page"}
)
"""The members of a page whose buckets are all empty."""

_COUNTS: Final = {
    "uncached_input_tokens": "input_tokens",
    "cache_read_input_tokens": "cache_read_tokens",
    "output_tokens": "output_tokens",
}
_WRITES: Final = {
    "ephemeral_5m_input_tokens": "cache_write_5m_tokens",
    "ephemeral_1h_input_tokens": "cache_write_1h_tokens",
}


@dataclass(frozen=True)
class Result:
    """One result of one bucket; `start` is UTC without a zone."""

    fields: Fields
    start: datetime
    seconds: int


@dataclass(frozen=True)
class Report:
    """The buckets of one file.

    Attributes
    ----------
    results
        In the order of the file; their `fields.row` counts through it, from 1.
    first, last
        Start of the first bucket and end of the last one, buckets without results included.
    more
        The page that ends last says that more follow.
    refreshed
        Until when the data are complete (`data_refreshed_at`); None where the report does not say.
    """

    results: tuple[Result, ...]
    first: datetime
    last: datetime
    more: bool
    refreshed: datetime | None = None


def read_report(data: bytes, file: str) -> Report:
    """Read the pages of one file.

    Raises
    ------
    UsageFormatError
        A truncated page, another shape, a bucket longer than a day or across midnight UTC, the
        same result twice, or no bucket at all.

    Examples
    --------
    >>> page = '''{"data": [{"starting_at": "2026-11-01T00:00:00Z",
    ...   "ending_at": "2026-11-02T00:00:00Z", "results": [{"amount": "1.5"}]}],
    ...   "has_more": true}'''
    >>> report = read_report(page.encode(), "page.json")
    >>> report.more, report.results[0].fields.amount("amount")
    (True, Decimal('1.5'))
    """
    reader = _Reader(file)
    for page in pages(data, file):
        reader.add_page(page)
    if not reader.ends:
        raise UsageFormatError("holds no time bucket; fetch the report again", file=file)
    _, last, more = max(reader.ends)
    first = min(first for first, _, _ in reader.ends)
    return Report(tuple(reader.results), first, last, more, max(reader.refreshed, default=None))


def pages(data: bytes, file: str) -> Iterator[Fields]:
    """Walk the pages of one file, each with a list `data`."""
    for number, page in enumerate(json_text.documents(data, file), start=1):
        if not isinstance(page, dict) or not isinstance(page.get("data"), list):
            raise UsageFormatError(
                f"page {number} has no list `data`; save whole responses of the report",
                file=file,
                column="data",
            )
        yield Fields(page, file)


def more_pages(page: Fields) -> bool:
    """Tell whether a page says that more follow."""
    more = page.members.get("has_more")
    if more not in (True, False, None):
        raise page.fault("has_more", "is neither true nor false")
    return bool(more)


class Repeats:
    """Finds the same record twice, however its members are ordered."""

    def __init__(self) -> None:
        self._seen: set[tuple[datetime, bytes]] = set()

    def refuse(self, record: Fields, start: datetime, member: str) -> None:
        """Raise for a record that stood there before under the same start."""
        text = json.dumps(dict(record.members), sort_keys=True, default=str).encode()
        content = hashlib.blake2b(text, digest_size=16).digest()
        if (start, content) in self._seen:
            raise record.fault(
                member, f"repeats an earlier result of the bucket {start}; a page stands twice"
            )
        self._seen.add((start, content))


class _Reader:
    """Collects the results of one file, page by page."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.results: list[Result] = []
        self.repeats = Repeats()
        self.ends: list[tuple[datetime, datetime, bool]] = []
        self.refreshed: list[datetime] = []

    def add_page(self, page: Fields) -> None:
        more = more_pages(page)
        if page.has("data_refreshed_at"):
            self.refreshed.append(page.instant("data_refreshed_at"))
        spans = [self.add_bucket(i, bucket) for i, bucket in enumerate(page.items("data"))]
        if spans:
            self.ends.append((min(s for s, _ in spans), max(e for _, e in spans), more))

    def add_bucket(self, index: int, bucket: Any) -> tuple[datetime, datetime]:
        path = f"data[{index}]"
        if not isinstance(bucket, dict) or not isinstance(bucket.get("results"), list):
            raise UsageFormatError("has no list `results`", file=self.file, column=path)
        span = Fields.of(bucket, self.file, row=len(self.results) + 1, path=f"{path}.")
        start, end = span.instant("starting_at"), span.instant("ending_at")
        seconds = int((end - start).total_seconds())
        if not 0 < seconds <= DAY_SECONDS or (end - timedelta(seconds=1)).date() != start.date():
            raise UsageFormatError(
                f"lasts from {start} to {end}; a bucket is at most one UTC day",
                file=self.file,
                column=path,
            )
        for result in bucket["results"]:
            row = len(self.results) + 1
            if not isinstance(result, dict):
                raise UsageFormatError(
                    f"is not an object: {cells.quoted(result)}",
                    file=self.file,
                    row=row,
                    column="results",
                )
            fields = Fields(result, self.file, row)
            self.repeats.refuse(fields, start, "results")
            self.results.append(Result(fields, start, seconds))
        return start, end


def token_counts(result: Fields) -> dict[str, int]:
    """Read the token columns of a usage result; input excludes cache tokens.

    Raises
    ------
    UsageFormatError
        A count that is missing or not one, or a token count nobody has reviewed.
    """
    row = {column: result.count(member) for member, column in _COUNTS.items()}
    writes = result.inner("cache_creation")
    for member, column in _WRITES.items():
        row[column] = writes.count(member)
    result.refuse_unknown_tokens(set(_COUNTS))
    writes.refuse_unknown_tokens(set(_WRITES))
    return row


def web_searches(result: Fields) -> int:
    """Read the web searches of a usage result; 0 where it has none."""
    return result.inner_or_empty("server_tool_use").count_or_zero("web_search_requests")


@dataclass
class Grouping:
    """Counts what a report was not grouped by, to say it once and not for every result."""

    meanings: dict[str, str]
    """What a null member is taken as, in words."""
    nulls: Counter[str] = field(default_factory=Counter)
    n_no_place: int = 0
    n_results: int = 0

    def tier(self, result: Fields) -> str:
        """Read the service tier, standard where it is null."""
        return self._word(
            result, "service_tier", vocabulary.service_tier, ServiceTier.STANDARD.value
        )

    def place(self, result: Fields) -> str:
        """Read the inference geography, global where it is null."""
        self.n_no_place += result.members.get("inference_geo") == vocabulary.NO_PLACE
        return self._word(result, "inference_geo", vocabulary.inference_geo, Geography.GLOBAL.value)

    def speed(self, result: Fields) -> str:
        """Read the speed, standard where it is null."""
        return self._word(result, "speed", vocabulary.speed, Speed.STANDARD.value)

    def model(self, result: Fields) -> str:
        """Read the model, `UNKNOWN_MODEL` where it is null."""
        self.nulls["model"] += not result.has("model")
        return result.text("model") or UNKNOWN_MODEL

    def _word(
        self, result: Fields, member: str, meaning: Callable[[str], str], default: str
    ) -> str:
        self.nulls[member] += not result.has(member)
        return result.word(member, meaning, default)

    @property
    def missing(self) -> list[str]:
        """The members that are null in some result."""
        return [member for member in self.meanings if self.nulls[member]]

    def warnings(self) -> list[str]:
        """Say what the report was not grouped by, and what that was taken as."""
        return [
            f"{member} is null in {self.nulls[member]} of {self.n_results} results and "
            f"{self.meanings[member]}; group the report by {member}"
            for member in self.missing
        ] + vocabulary.no_place_warning(self.n_no_place, self.n_results)
