"""What OpenAI's usage and cost reports share: pages of time buckets, or their table.

The organisation's usage and costs endpoints answer with pages of buckets of results (JSON); the
usage dashboard exports the same results as a table, one row a result, in which a bucket without
results is a row with its times alone and equal rows occur. Times are seconds since 1970 (UTC); the
table repeats them as ISO text in columns that are not read. Source: the API reference as carried
by the openai Python package 3.54.0 (types/admin/organization), and dashboard exports quoted in
public repositories; both read 2026-11-24.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from forecast.errors import UsageFormatError
from forecast.usage.formats import epoch, json_text, tabular
from forecast.usage.formats.collected import Collected, digest
from forecast.usage.formats.json_text import Fields
from forecast.usage.formats.protocol import DAY_SECONDS
from forecast.usage.formats.records import Row, is_json, refuse_unknown_tokens

TIMES: Final = ("start_time", "end_time")
ENVELOPE: Final = frozenset({"object", "data", "results", "has_more", "next_page", *TIMES})
"""Members of a page that holds no result."""


@dataclass(frozen=True)
class Result:
    """One result and the bucket it stands in; `start` is UTC without a zone."""

    start: datetime
    seconds: int
    fields: Fields


@dataclass
class Report:
    """The results of one file, and whether pages are missing at its end.

    Attributes
    ----------
    collected
        Covered by every bucket, with results or not.
    """

    collected: Collected
    ends: list[tuple[datetime, bool]] = field(default_factory=list)

    @property
    def pages_missing(self) -> bool:
        """Whether the last page says that more follow."""
        return bool(self.ends) and max(self.ends)[1]

    def results(self, data: bytes, columns: Collection[str]) -> Iterator[Result]:
        """Walk the results of a file, numbered from 1.

        Parameters
        ----------
        columns
            What to read of a table beside its times.

        Raises
        ------
        UsageFormatError
            A shape that is not the report's, a bucket that crosses midnight UTC, the same
            result twice in pages, or a table that stands in the file twice.
        """
        if is_json(data):
            for result in self._pages(data):
                self.collected.once(_identity(result), result.fields, "results")
                yield result
            return
        seen: Counter[str] = Counter()
        for result in self._table(data, columns):
            seen[_identity(result)] += 1
            yield result
        if seen and min(seen.values()) > 1:
            raise UsageFormatError(
                "holds every row at least twice; remove the second copy of the table",
                file=self.collected.file,
            )

    def _pages(self, data: bytes) -> Iterator[Result]:
        row = 0
        for number, page in enumerate(json_text.documents(data, self.collected.file), start=1):
            fields = Fields.of(page, self.collected.file, path=f"page {number}.")
            more = fields.members.get("has_more")
            if more not in (True, False, None):
                raise fields.fault("has_more", "is neither true nor false")
            last = None
            for place, bucket in enumerate(fields.items("data")):
                path = f"{fields.path}data[{place}]."
                inside = Fields.of(bucket, self.collected.file, row=row + 1, path=path)
                start, end = self._cover(inside)
                last = end if last is None else max(last, end)
                for result in inside.items("results"):
                    row += 1
                    seconds = int((end - start).total_seconds())
                    yield Result(
                        start,
                        seconds,
                        Fields.of(result, self.collected.file, row=row, path="results."),
                    )
            if last is not None:
                self.ends.append((last, bool(more)))

    def _table(self, data: bytes, columns: Collection[str]) -> Iterator[Result]:
        table = tabular.read_table(
            data, self.collected.file, {*TIMES, *columns}, nulls=tabular.DATABASE_NULLS
        )
        table.need(*TIMES)
        refuse_unknown_tokens(table, columns)
        for row in range(table.n_rows):
            members = {n: c[row] if c[row].strip() else None for n, c in table.columns.items()}
            fields = Row(members, table.file, row + 1)
            start, end = self._cover(fields)
            if any(members[name] is not None for name in members if name not in TIMES):
                yield Result(start, int((end - start).total_seconds()), fields)

    def _cover(self, bucket: Fields) -> tuple[datetime, datetime]:
        start, end = (bucket.read(name, epoch.seconds) for name in TIMES)
        inside = 0 < (end - start).total_seconds() <= DAY_SECONDS
        if not inside or (end - timedelta(seconds=1)).date() != start.date():
            raise bucket.fault(
                "end_time", f"ends at {end} what starts at {start}; a bucket is at most a UTC day"
            )
        self.collected.cover(start, end)
        return start, end


def _identity(result: Result) -> str:
    return f"{result.start.isoformat()} {digest(result.fields)}"
