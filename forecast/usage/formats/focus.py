"""FOCUS cost and usage, versions 1.0 to 1.4, CSV or Parquet, of any provider.

Source: FinOps Open Cost and Usage Specification 1.0 to 1.4 and the columns that AWS, Microsoft,
Google and LiteLLM export, read 2026-11-24. Versions differ in columns, which are read by name in
any case: `ProviderName` and `PublisherName` (1.0 to 1.3) are `ServiceProviderName` and
`HostProviderName` from 1.3 on, `SkuMeter` and `SkuPriceDetails` come with 1.1. Times are UTC by
the specification, "NULL" is nothing, and spreadsheets' dates and amounts are read (`focus_dates`).

ListCost, ContractedCost and BilledCost are list, contracted and billed cost; a commitment that
covers usage leaves BilledCost 0 there and stands in a Purchase line. BillingCurrency must be USD.
Tokens and web searches of an LLM are usage, counted where the line tells model and kind
(`focus_tokens`: input is a meter of its own and excludes cache tokens); other usage on the bill
is of something else. Purchases, unused commitments and shortfall fees are commitments; an
Adjustment is a credit where it is negative and a fee where not. Requests are not counted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from forecast.records.costs import Amounts, ChargeKind
from forecast.usage.formats import cells, focus_dates, focus_tokens, tabular, token_units
from forecast.usage.formats.bedrock_usage_types import Metered
from forecast.usage.formats.canonical import DEFAULTS
from forecast.usage.formats.head import Head
from forecast.usage.formats.protocol import (
    ANY_BOOKS,
    BUCKET_ROWS,
    DAY_SECONDS,
    Parsed,
    bucket_frame,
    cost_frame,
)
from forecast.usage.formats.tabular import TextTable

name: Final = "focus"
description: Final = "FOCUS cost and usage, 1.0 to 1.4 (CSV or Parquet)"
recorded_by: Final = ANY_BOOKS
input_includes_cache: Final = False
cannot_tell: Final = ("requests", "web_searches", "speed", "context_window")
seen_by: Final = "vendor"
holds: Final = ("usage", "costs")
amounts: Final = Amounts("USD", "billed")

_NEEDED: Final = ("BilledCost", "ChargeCategory", "ChargePeriodStart", "ChargePeriodEnd")
_AMOUNTS: Final = {"ListCost": "list_usd", "ContractedCost": "contracted_usd"}
_QUANTITIES: Final = (("ConsumedQuantity", "ConsumedUnit"), ("PricingQuantity", "PricingUnit"))
_OTHERS: Final = (
    *("BillingCurrency", "BillingPeriodStart", "BillingPeriodEnd", "ChargeFrequency"),
    *("CommitmentDiscountStatus", "SubAccountId", "RegionId", "CredentialId", "PrincipalId"),
)
_WANTED: Final = frozenset(
    {*_NEEDED, *_AMOUNTS, *sum(_QUANTITIES, ()), *_OTHERS, *focus_tokens.COLUMNS}
)
_BY_LOWER: Final = {column.lower(): column for column in _WANTED}
_GROUP: Final = (
    *("SkuId", "SkuPriceId", "SkuMeter", "ResourceId", "RegionId", "ChargeDescription"),
    *("x_UsageType", "PrincipalId"),
)

_CHARGES: Final = {
    "usage": ChargeKind.USAGE,
    "purchase": ChargeKind.COMMITMENT,
    "tax": ChargeKind.TAX,
    "credit": ChargeKind.CREDIT,
    "adjustment": ChargeKind.FEE,
}
_SHORTFALL: Final = re.compile(r"unused|shortfall|true[- ]?up|minimum (?:fee|commit)", re.I)
_BY_USE: Final = "usage-based"
WEB_SEARCH: Final = "web_search"


def fits(head: Head) -> bool:
    """Tell whether a header or schema has the columns of a FOCUS charge."""
    needed = {column.lower() for column in _NEEDED}
    return {column.lower() for column in head.columns} >= needed


def read(data: bytes, file: str) -> Parsed:
    r"""Read one file.

    Raises
    ------
    UsageFormatError
        A missing column, an amount or a time that is none, an unknown charge category, another
        currency than USD, tokens that are not whole; with row and column.

    Examples
    --------
    >>> text = (
    ...     "BilledCost,ListCost,BillingCurrency,ChargeCategory,ChargePeriodStart,ChargePeriodEnd,"
    ...     "ServiceProviderName,ResourceId,ResourceType,SkuMeter,ConsumedQuantity,ConsumedUnit\n"
    ...     "1.70,2.00,USD,Usage,2026-11-01T00:00:00Z,2026-11-02T00:00:00Z,Anthropic,"
    ...     "claude-opus-5-5,Model,Output Tokens,0.1,1M Tokens\n")
    >>> parsed = read(text.encode(), "focus.csv")
    >>> parsed.rows[["platform", "model", "output_tokens"]].values.tolist()
    [['anthropic', 'claude-opus-5-5', 100000]]
    >>> parsed.costs[["token_kind", "list_usd", "billed_usd"]].values.tolist()
    [['output', Decimal('2.00'), Decimal('1.70')]]
    """
    table = _named(tabular.read_table(data, file, {*_WANTED, *_BY_LOWER}))
    table.need(*_NEEDED)
    _check_currency(table)
    starts, ends = focus_dates.read_instants(table, "ChargePeriodStart", "ChargePeriodEnd")
    focus_dates.refuse_backwards(table, starts, ends, "ChargePeriodEnd")
    second = timedelta(seconds=1)
    ends = [max(end, start + second) for start, end in zip(starts, ends, strict=True)]
    reader = _Reader(table)
    costs: list[dict[str, Any]] = []
    usage: list[dict[str, Any]] = []
    left: Counter[str] = Counter()
    for row, (start, end) in enumerate(zip(starts, ends, strict=True)):
        line = reader.line(row)
        charge, token_kind = reader.charge(row, line)
        metered, tokens, why_not = reader.tokens(row, line, charge)
        shared = _shared(line, metered)
        last_day = (end - second).date()
        costs.append(
            {
                **shared,
                "start": start.date(),
                "end": last_day + timedelta(days=1),
                "token_kind": metered.token_kind if metered else token_kind,
                "charge": charge.value,
                "description": line.get("ChargeDescription", ""),
                "quantity": tokens,
                "list_usd": reader.amounts["ListCost"][row],
                "contracted_usd": reader.amounts["ContractedCost"][row],
                "billed_usd": reader.billed[row],
                "row": row + 1,
            }
        )
        if charge is not ChargeKind.USAGE or token_kind:
            continue
        seconds = int((end - start).total_seconds())
        if metered is None or tokens is None:
            left[why_not] += 1
        elif seconds > DAY_SECONDS or last_day != start.date():
            left["last longer than a day"] += 1
        else:
            usage.append(_usage(shared, metered, tokens, line, start, seconds, row + 1))
    return Parsed(
        bucket_frame({c: [r[c] for r in usage] for c in BUCKET_ROWS.names if c != "day"}),
        first=min(starts),
        last=max(cells.midnight((end - second).date() + timedelta(days=1)) for end in ends),
        costs=cost_frame({c: [cost[c] for cost in costs] for c in costs[0]}),
        warnings=tuple(_warnings(table, left)),
    )


def _named(table: TextTable) -> TextTable:
    """Give the columns the specification's spelling; databases write them in small letters."""
    columns = {_BY_LOWER[column.lower()]: texts for column, texts in table.columns.items()}
    return replace(table, columns=columns)


def _check_currency(table: TextTable) -> None:
    for row, code in enumerate(table.columns.get("BillingCurrency", ()), start=1):
        if code.strip() != "USD":
            raise table.fault(
                f"is {cells.quoted(code)}, not USD; convert the amounts at the contract's "
                "exchange rate and give them as canonical_costs",
                row,
                "BillingCurrency",
            )


class _Reader:
    """Reads amounts and names column by column, and tells what each line is."""

    def __init__(self, table: TextTable) -> None:
        self.table = table
        self.categories = table.read("ChargeCategory", _category)
        self.billed = table.read("BilledCost", cells.spreadsheet_amount)
        self.amounts: dict[str, list[Decimal | None]] = {
            column: table.read_or(column, cells.spreadsheet_amount, None) for column in _AMOUNTS
        }
        texts = {*focus_tokens.COLUMNS, *_OTHERS, *(unit for _, unit in _QUANTITIES)}
        self.texts = {c: table.read(c, _text) for c in texts if c in table}

    def line(self, row: int) -> dict[str, str]:
        return {column: texts[row] for column, texts in self.texts.items()}

    def charge(self, row: int, line: focus_tokens.Line) -> tuple[ChargeKind, str]:
        """Give what a line is for, and its kind where that is no kind of token."""
        kind = _CHARGES[self.categories[row]]
        if self.categories[row] == "adjustment" and self.billed[row] < 0:
            return ChargeKind.CREDIT, ""
        if kind is not ChargeKind.USAGE:
            return kind, ""
        if line.get("CommitmentDiscountStatus", "").lower() == "unused" or (
            line.get("ChargeFrequency", _BY_USE).lower() != _BY_USE
            and _SHORTFALL.search(line.get("ChargeDescription", ""))
        ):
            return ChargeKind.COMMITMENT, ""
        if not focus_tokens.is_llm(line):
            return ChargeKind.OTHER, ""
        if focus_tokens.is_web_search(line):
            return kind, WEB_SEARCH
        return (kind if focus_tokens.counts_tokens(line) else ChargeKind.OTHER), ""

    def tokens(
        self, row: int, line: focus_tokens.Line, charge: ChargeKind
    ) -> tuple[Metered | None, int | None, str]:
        """Give what a line counts, how many tokens, and else why it gives none."""
        if charge is not ChargeKind.USAGE or focus_tokens.is_web_search(line):
            return None, None, ""
        try:
            metered = focus_tokens.counted(line)
        except ValueError as fault:
            raise self.table.fault(str(fault), row + 1, "SkuPriceDetails") from None
        if metered is None:
            return None, None, "do not tell model and token kind"
        for column, unit in _QUANTITIES:
            text = self.table.columns[column][row] if column in self.table else ""
            described = line.get("ChargeDescription", "")
            per_unit = token_units.tokens_per(line.get(unit, ""), described)
            if per_unit is None or not text.strip():
                continue
            try:
                quantity = cells.spreadsheet_amount(text)
                if quantity < 0:
                    return metered, None, "correct usage downwards"
                return metered, token_units.whole_tokens(quantity, per_unit), ""
            except ValueError as fault:
                raise self.table.fault(str(fault), row + 1, column) from None
        return metered, None, "do not count in tokens"


def _category(text: str) -> str:
    word = text.strip().lower()
    if word not in _CHARGES:
        raise ValueError(
            f"is not a known charge category: {cells.quoted(text)}; known are "
            f"{', '.join(c.capitalize() for c in _CHARGES)}"
        )
    return word


def _text(text: str) -> str:
    return cells.name(" ".join(text.split())[: cells.MAX_NAME])


def _shared(line: focus_tokens.Line, metered: Metered | None) -> dict[str, str]:
    told = metered._asdict() if metered else {}
    return {
        "platform": focus_tokens.platform_of(line),
        "model": told.get("model", ""),
        "service_tier": told.get("service_tier", ""),
        "geography": told.get("geography", ""),
        "speed": told.get("speed", ""),
        "context_window": told.get("context_window", ""),
        "api_key": line.get("CredentialId", ""),
        "workspace": line.get("SubAccountId", ""),
    }


def _usage(
    shared: dict[str, str],
    metered: Metered,
    tokens: int,
    line: focus_tokens.Line,
    start: datetime,
    seconds: int,
    row: int,
) -> dict[str, Any]:
    return {
        **DEFAULTS,
        **shared,
        "input_tokens": 0,
        "output_tokens": 0,
        f"{metered.token_kind}_tokens": tokens,
        "tag": line.get("ResourceId", ""),
        "group": " ".join(filter(None, (line.get(column, "") for column in _GROUP))),
        "start": start,
        "seconds": seconds,
        "row": row,
    }


def _warnings(table: TextTable, left: Counter[str]) -> Sequence[str]:
    found = [
        f"{n} lines of LLM usage {why}: they give costs and no usage"
        for why, n in sorted(left.items())
    ]
    if "BillingCurrency" not in table:
        found.append("has no column 'BillingCurrency': amounts are taken as USD")
    return found
