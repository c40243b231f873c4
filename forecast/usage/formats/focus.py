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

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from forecast.records.costs import Amounts
from forecast.usage.formats import cells, focus_lines, focus_tokens, tabular
from forecast.usage.formats.bedrock_usage_types import Metered
from forecast.usage.formats.canonical import DEFAULTS
from forecast.usage.formats.focus_lines import Charge
from forecast.usage.formats.head import Head
from forecast.usage.formats.protocol import (
    ANY_BOOKS,
    BUCKET_ROWS,
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


def fits(head: Head) -> bool:
    """Tell whether a header or schema has the columns of a FOCUS charge."""
    needed = {column.lower() for column in focus_lines.NEEDED}
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
    wanted = {*focus_lines.WANTED, *focus_lines.BY_LOWER}
    table = focus_lines.named(tabular.read_table(data, file, wanted, nulls=tabular.DATABASE_NULLS))
    charges = focus_lines.charges_of(table)
    costs = [_cost(charge) for charge in charges]
    usage = [
        _usage(charge, charge.metered)
        for charge in charges
        if charge.metered is not None and not charge.why_no_tokens
    ]
    return Parsed(
        bucket_frame({c: [row[c] for row in usage] for c in BUCKET_ROWS.names if c != "day"}),
        first=min(charge.start for charge in charges),
        last=max(cells.midnight(charge.end_day) for charge in charges),
        costs=cost_frame({column: [cost[column] for cost in costs] for column in costs[0]}),
        warnings=tuple(_warnings(table, charges)),
    )


def _cost(charge: Charge) -> dict[str, Any]:
    return {
        **_shared(charge),
        "start": charge.start.date(),
        "end": charge.end_day,
        "token_kind": charge.token_kind,
        "charge": charge.kind.value,
        "description": charge.line.get("ChargeDescription", ""),
        "quantity": charge.tokens,
        "list_usd": charge.list_usd,
        "contracted_usd": charge.contracted_usd,
        "billed_usd": charge.billed_usd,
    }


def _usage(charge: Charge, metered: Metered) -> dict[str, Any]:
    """Give the usage of a line: its tokens in the column of their kind, zeros beside it."""
    return {
        **DEFAULTS,
        "input_tokens": 0,
        "output_tokens": 0,
        **_shared(charge),
        f"{metered.token_kind}_tokens": charge.tokens,
        "tag": charge.line.get("ResourceId", ""),
        "group": charge.group,
        "start": charge.start,
        "seconds": charge.seconds,
    }


def _shared(charge: Charge) -> dict[str, Any]:
    metered = charge.metered
    return {
        "platform": focus_tokens.platform_of(charge.line),
        "model": metered.model if metered else "",
        "service_tier": metered.service_tier if metered else "",
        "geography": metered.geography if metered else "",
        "speed": metered.speed if metered else "",
        "context_window": metered.context_window if metered else "",
        "api_key": charge.line.get("CredentialId", ""),
        "workspace": charge.line.get("SubAccountId", ""),
        "row": charge.row,
    }


def _warnings(table: TextTable, charges: Sequence[Charge]) -> list[str]:
    left = Counter(charge.why_no_tokens for charge in charges if charge.why_no_tokens)
    found = [
        f"{n} lines of LLM usage {why}: they give costs and no usage"
        for why, n in sorted(left.items())
    ]
    if focus_lines.CURRENCY not in table:
        found.append(f"has no column {focus_lines.CURRENCY!r}: amounts are taken as USD")
    return found
