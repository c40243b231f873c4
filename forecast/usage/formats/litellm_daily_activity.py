"""LiteLLM's daily activity: what its proxy answers to `/user/daily/activity` (JSON pages).

For those who cannot dump the database. Source of the shape: SpendAnalyticsPaginatedResponse of
litellm 1.109.1 (types/proxy/management_endpoints/common_daily_activity.py), read 2026-11-24.

* A day has metrics of its own and breakdowns by model, and in each model by key. Rows are made of
  the keys of a model; what they leave of the model, and the models of the day, is a row without
  key, or of the model "unknown": nothing of a day is lost, and parts beyond their whole are
  refused.
* `prompt_tokens` **includes** cache reads and writes, which stand beside it and are taken out.
  Cache writes are not split by lifetime: five minutes. Tier and geography are not kept.
* Pages cut through days: a day that goes on in the next page is the sum of both.
* `spend` is USD that LiteLLM multiplied out itself: an estimate. `flat_cost` is a fee.
* The answers for teams and organisations hold only their requests, and the one for tags counts a
  request once for each of its tags; the answer does not say which it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from forecast.records.costs import Amounts, ChargeKind
from forecast.usage.formats import cells, json_text, platforms
from forecast.usage.formats.collected import (
    Collected,
    digest,
    exact_sum,
    uncached_input,
)
from forecast.usage.formats.head import Head
from forecast.usage.formats.json_text import Fields
from forecast.usage.formats.protocol import DAY_SECONDS, Parsed
from forecast.usage.formats.vocabulary import UNKNOWN_MODEL

name: Final = "litellm_daily_activity"
description: Final = "LiteLLM daily activity (API pages)"
recorded_by: Final = "litellm"
input_includes_cache: Final = True
cannot_tell: Final = ("platform", "service_tier", "geography", "cache_write_1h_tokens")
seen_by: Final = "observer"
holds: Final = ("usage", "costs")
amounts: Final = Amounts(unit="USD", meaning="estimated")

_COUNTS: Final = (
    "prompt_tokens",
    "completion_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "successful_requests",
)
_TOKENS: Final = frozenset({*_COUNTS, "total_tokens", "compression_saved_tokens"})


class _Metrics(NamedTuple):
    """The counts of a day, of a model or of a key; `fields` is where they stand."""

    fields: Fields
    counts: tuple[int, ...]
    usd: Decimal

    def less(self, parts: list[_Metrics]) -> _Metrics:
        """Give what the parts leave.

        Raises
        ------
        UsageFormatError
            They are more than the whole.
        """
        left = []
        for place, member in enumerate(_COUNTS):
            added = sum(part.counts[place] for part in parts)
            if added > self.counts[place]:
                raise self.fields.fault(
                    member, f"is {self.counts[place]} where its parts add up to {added}"
                )
            left.append(self.counts[place] - added)
        usd = exact_sum([self.usd, *(-part.usd for part in parts)])
        return self._replace(counts=tuple(left), usd=usd)


def fits(head: Head) -> bool:
    """Tell whether a JSON text has days with metrics and breakdowns of a LiteLLM proxy."""
    return head.kind == "json" and {"results", "metrics", "breakdown", "api_requests"} <= head.keys


def read(data: bytes, file: str) -> Parsed:
    """Read the pages of one file.

    Raises
    ------
    UsageFormatError
        Parts beyond their whole, cache tokens beyond the prompt, a token count nobody has
        reviewed, a value that is not of its kind, or a day that stands twice; with row (day) and
        column.

    Examples
    --------
    >>> metrics = '''{"spend": 0.01, "prompt_tokens": 1000, "completion_tokens": 50,
    ...   "cache_read_input_tokens": 800, "successful_requests": 3, "api_requests": 3}'''
    >>> page = f'''{{"results": [{{"date": "2026-11-01", "metrics": {metrics}, "breakdown":
    ...   {{"models": {{"claude-opus-5-5": {{"metrics": {metrics}}}}}}}}}]}}'''
    >>> rows = read(page.encode(), "activity.json").rows
    >>> rows[["model", "input_tokens", "cache_read_tokens", "requests"]].values.tolist()
    [['claude-opus-5-5', 200, 800, 3]]
    """
    activity = _Activity(file)
    for value in json_text.documents(data, file, unit="page"):
        activity.add_page(Fields.of(value, file))
    return activity.parsed()


class _Activity:
    def __init__(self, file: str) -> None:
        self.collected = Collected(file, member="results")
        self.pages: list[tuple[int, int]] = []
        self.n_days = 0
        self.n_parts = 0

    def add_page(self, page: Fields) -> None:
        about = page.inner_or_empty("metadata")
        number, n_pages = (about.count_or_zero(member) for member in ("page", "total_pages"))
        self.pages.append((number, n_pages))
        group = f"page {number}" if n_pages > 1 else ""
        for place, value in enumerate(page.items("results")):
            self.n_days += 1
            path = f"results[{place}]."
            self.add_day(Fields.of(value, page.file, row=self.n_days, path=path), group)

    def add_day(self, day: Fields, group: str) -> None:
        start = day.read("date", _start)
        self.collected.once(digest(day), day, "date")
        self.collected.cover(start, start + timedelta(days=1))
        whole = _metrics(day)
        flat_usd = whole.fields.amount("flat_cost") if whole.fields.has("flat_cost") else Decimal(0)
        if flat_usd:
            self.collected.cost(
                day=start,
                row=day.row or 0,
                charge=ChargeKind.FEE,
                description="provisioned units",
                billed_usd=flat_usd,
            )
        models = list(_parts(day.inner_or_empty("breakdown"), "models"))
        for model, metrics, holder in models:
            keys = list(_parts(holder, "api_key_breakdown"))
            for key, of_key, about in keys:
                alias = about.inner_or_empty("metadata").text("key_alias")
                self.add_part(start, group, model, alias or key, of_key)
            self.add_part(start, group, model, "", metrics.less([m for _, m, _ in keys]))
        rest = whole.less([metrics for _, metrics, _ in models])
        self.add_part(start, group, UNKNOWN_MODEL, "", rest)

    def add_part(
        self, start: datetime, group: str, model: str, api_key: str, metrics: _Metrics
    ) -> None:
        prompt, output, read_tokens, writes, requests = metrics.counts
        self.n_parts += 1
        served = platforms.served(model)
        names = {"platform": served.platform, "model": served.model, "api_key": api_key}
        self.collected.spend(day=start, row=self.n_parts, usd=metrics.usd, **names)
        plain = metrics.fields.read(
            "prompt_tokens", lambda _: uncached_input(prompt, read_tokens, writes)
        )
        if prompt or output:
            self.collected.usage(
                start=start,
                seconds=DAY_SECONDS,
                row=self.n_parts,
                **names,
                group=group,
                input_tokens=plain,
                cache_read_tokens=read_tokens,
                cache_write_5m_tokens=writes,
                output_tokens=output,
                requests=requests,
            )

    def parsed(self) -> Parsed:
        last, n_pages = max(self.pages, default=(0, 0))
        return self.collected.parsed(
            warnings=[
                "requests that LiteLLM's own response cache answered are counted too, and the "
                "answer for tags counts a request once for each tag: ask /user/daily/activity",
            ],
            pages_missing=last < n_pages,
        )


def _parts(holder: Fields, member: str) -> Iterator[tuple[str, _Metrics, Fields]]:
    """Walk the parts of a breakdown: name, metrics, and where they stand."""
    inside = holder.inner_or_empty(member)
    for part in inside.members:
        about = inside.inner(part)
        try:
            named = cells.name(part)
        except ValueError as fault:
            raise inside.fault("", f"names a part that {fault}") from None
        yield named, _metrics(about), about


def _metrics(holder: Fields) -> _Metrics:
    fields = holder.inner("metrics")
    fields.refuse_unknown_tokens(_TOKENS)
    usd = fields.amount("spend") if fields.has("spend") else Decimal(0)
    return _Metrics(fields, tuple(fields.count_or_zero(member) for member in _COUNTS), usd)


def _start(value: object) -> datetime:
    bucket = cells.bucket(str(value or ""))
    if bucket.seconds != DAY_SECONDS:
        raise ValueError(f"is not a day: {cells.quoted(value)}; write 2026-11-22")
    return bucket.start
