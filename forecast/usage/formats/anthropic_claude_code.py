"""The Claude Code Analytics report of Anthropic's Admin API: one record a user, day and terminal.

Source of the shape: platform.claude.com, "Claude Code Analytics API" and "Get Claude Code Usage
Report", read 2026-11-24. A response holds one UTC day, in pages; a file is one page, a list of
pages, or one after the other. Tokens stand by model, input excludes cache tokens, and cache
writes are **not split** by lifetime: taken as 5 minutes. `estimated_cost.amount` is in **cents**
and an estimate at list prices, not a bill. Tiers, places, speed, searches and requests are not
told. Usage on Bedrock and Google is not in it, and what is in it stands in the messages usage
report too.

`customer_type` is `api`, billed by the token, or `subscription`, which a seat pays for: those
records are not read, and their number and estimate are said.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from forecast.errors import UsageFormatError
from forecast.records.costs import Amounts, ChargeKind
from forecast.usage.formats import anthropic_charges, anthropic_pages, cells
from forecast.usage.formats.canonical import DEFAULTS
from forecast.usage.formats.head import Head
from forecast.usage.formats.json_text import Fields
from forecast.usage.formats.protocol import (
    BUCKET_ROWS,
    DAY_SECONDS,
    Parsed,
    bucket_frame,
    cost_frame,
)
from forecast.usage.formats.vocabulary import UNKNOWN_MODEL

name: Final = "anthropic_claude_code"
description: Final = "Claude Code Analytics report (Admin API, JSON pages)"
recorded_by: Final = "anthropic"
input_includes_cache: Final = False
cannot_tell: Final = (
    *("requests", "service_tier", "geography", "speed", "context_window", "workspace"),
    *("cache_write_1h_tokens", "web_searches"),
)
seen_by: Final = "vendor"
holds: Final = ("usage", "costs")
amounts: Final = Amounts("US cents", "estimated")

_TOKENS: Final = {
    "input": "input_tokens",
    "cache_creation": "cache_write_5m_tokens",
    "cache_read": "cache_read_tokens",
    "output": "output_tokens",
}
_METERED: Final = "api"
_SEATED: Final = "subscription"
_ACTORS: Final = {"user_actor": "email_address", "api_actor": "api_key_name"}


def fits(head: Head) -> bool:
    """Tell whether a JSON text has records of Claude Code."""
    return head.kind == "json" and head.keys >= {"data", "core_metrics", "model_breakdown"}


def read(data: bytes, file: str) -> Parsed:
    """Read one file of pages.

    Raises
    ------
    UsageFormatError
        A truncated page, a record of another shape, a count or an amount that is none, token
        counts nobody has reviewed, another currency, or the same record twice. `row` counts
        records through the whole file.

    Examples
    --------
    >>> page = '''{"data": [{"date": "2025-09-08T00:00:00Z", "customer_type": "api",
    ...   "actor": {"type": "api_actor", "api_key_name": "ci"}, "terminal_type": "tmux",
    ...   "core_metrics": {}, "model_breakdown": [{"model": "claude-opus-5",
    ...   "tokens": {"input": 1000, "output": 350, "cache_read": 100, "cache_creation": 50},
    ...   "estimated_cost": {"currency": "USD", "amount": 141}}]}], "has_more": false}'''
    >>> parsed = read(page.encode(), "page.json")
    >>> parsed.rows[["api_key", "input_tokens", "cache_write_5m_tokens"]].values.tolist()
    [['ci', 1000, 50]]
    >>> parsed.costs["contracted_usd"].tolist()
    [Decimal('1.41')]
    """
    found = _Found(file)
    for page in anthropic_pages.pages(data, file):
        found.add_page(page)
    return found.parsed()


@dataclass
class _Found:
    """What the pages of one file say, record by record."""

    file: str
    rows: list[dict[str, Any]] = field(default_factory=list)
    costs: list[dict[str, Any]] = field(default_factory=list)
    unfinished: dict[datetime, bool] = field(default_factory=lambda: defaultdict(lambda: True))
    repeats: anthropic_pages.Repeats = field(default_factory=anthropic_pages.Repeats)
    n_records: int = 0
    n_seated: int = 0
    seated_usd: Decimal = Decimal(0)

    def add_page(self, page: Fields) -> None:
        more = anthropic_pages.more_pages(page)
        for value in page.items("data"):
            self.n_records += 1
            record = Fields.of(value, self.file, row=self.n_records)
            day = cells.midnight(record.read("date", _day).start.date())
            self.repeats.refuse(record, day, "date")
            self.unfinished[day] &= more
            self.add_record(record, day)

    def add_record(self, record: Fields, day: datetime) -> None:
        customer = record.text("customer_type")
        if customer not in (_METERED, _SEATED):
            raise record.fault(
                "customer_type",
                f"is not a known customer type: {cells.quoted(customer)}; known are {_METERED}, "
                f"billed by the token, and {_SEATED}",
            )
        self.n_seated += customer == _SEATED
        person, key = _actor(record)
        for number, value in enumerate(record.items("model_breakdown")):
            used = Fields.of(value, self.file, row=record.row, path=f"model_breakdown[{number}].")
            tokens, usd = _tokens(used), _estimate(used)
            if customer == _SEATED:
                self.seated_usd += usd
                continue
            shared = {
                "platform": "anthropic",
                "model": used.text("model") or UNKNOWN_MODEL,
                "api_key": key,
                "row": len(self.rows) + 1,
            }
            group = f"{person or key} {record.text('terminal_type')}".strip()
            self.rows.append(
                {
                    **DEFAULTS,
                    **shared,
                    **tokens,
                    "start": day,
                    "seconds": DAY_SECONDS,
                    "tag": person,
                    "group": group,
                }
            )
            self.costs.append(
                {
                    **shared,
                    "start": day,
                    "end": day + timedelta(days=1),
                    "charge": ChargeKind.USAGE.value,
                    "contracted_usd": usd,
                }
            )

    def parsed(self) -> Parsed:
        if not self.n_records:
            raise UsageFormatError("holds no record; fetch the report again", file=self.file)
        columns = [c for c in BUCKET_ROWS.names if c != "day"]
        lines = list(self.costs[0]) if self.costs else ["start"]
        return Parsed(
            bucket_frame({c: [row[c] for row in self.rows] for c in columns}),
            first=min(self.unfinished),
            last=max(self.unfinished) + timedelta(days=1),
            costs=cost_frame({c: [line[c] for line in self.costs] for c in lines}),
            warnings=tuple(self.warnings()),
        )

    def warnings(self) -> list[str]:
        found = [
            f"more pages of {day.date()} follow; they are missing unless another file holds them"
            for day, more in sorted(self.unfinished.items())
            if more
        ]
        if any(row["cache_write_5m_tokens"] for row in self.rows):
            found.append("cache writes do not tell their lifetime: taken as 5 minutes")
        if self.n_seated:
            found.append(
                f"{self.n_seated} of {self.n_records} records belong to subscriptions, whose "
                f"seats pay for their tokens: not read ({self.seated_usd:.2f} USD by estimate)"
            )
        return found


def _day(value: object) -> cells.Bucket:
    return cells.bucket(str(value))


def _actor(record: Fields) -> tuple[str, str]:
    """Give the person and the key behind a record; one of them is empty."""
    actor = record.inner("actor")
    kind = actor.text("type")
    if kind not in _ACTORS:
        raise actor.fault("type", f"is not a known actor: {cells.quoted(kind)}")
    who = actor.text(_ACTORS[kind])
    return (who, "") if kind == "user_actor" else ("", who)


def _tokens(used: Fields) -> dict[str, int]:
    tokens = used.inner("tokens")
    for member in tokens.members:
        if member not in _TOKENS:
            raise tokens.fault(member, "is a token count this version does not know; update it")
    return {column: tokens.count(member) for member, column in _TOKENS.items()}


def _estimate(used: Fields) -> Decimal:
    estimate = used.inner("estimated_cost")
    anthropic_charges.need_usd(estimate)
    return anthropic_charges.cents(estimate, "amount")
