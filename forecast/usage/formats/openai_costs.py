"""OpenAI's costs: pages of the organisation's costs endpoint, or the dashboard's table.

Source of the shape: see `openai_report`; `organization.costs.result` in the openai Python package
3.54.0, read 2026-11-24. The vendor recommends this report for financial purposes: it reconciles
to the invoice.

* `amount.value` (in the table `amount_value`) is in the currency beside it, in whole units:
  dollars, never cents. Another currency than USD is refused.
* A line item such as "gpt-5.4-mini-2026-03-17, cached input" names model and token kind, with a
  tier before it ("priority | …"), a word of the mode ("gpt-audio-mini audio, input") or
  ", long context" after it. What does not read like that keeps its words as the description and
  has no model: tool calls and storage are usage of something else.
* `quantity` is kept where its unit is tokens.

Cannot tell batch (its line items look like any other), geography, or list prices.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final, NamedTuple

from forecast.records.costs import Amounts, ChargeKind
from forecast.records.usage import ServiceTier
from forecast.usage.formats import cells
from forecast.usage.formats.collected import Collected
from forecast.usage.formats.head import Head
from forecast.usage.formats.json_text import Fields
from forecast.usage.formats.openai_report import TIMES, Report
from forecast.usage.formats.protocol import Parsed
from forecast.usage.formats.records import Row

name: Final = "openai_costs"
description: Final = "OpenAI costs (API pages or dashboard table)"
recorded_by: Final = "openai"
input_includes_cache: Final = False
cannot_tell: Final = ("service_tier", "geography", "list_usd")
seen_by: Final = "vendor"
holds: Final = ("costs",)
amounts: Final = Amounts(unit="USD", meaning="billed")

_COLUMNS: Final = frozenset(
    {
        *("amount_value", "amount_currency", "line_item", "project_id", "api_key_id", "user_id"),
        *("quantity", "quantity_unit", "object", "organization_id", "project_name"),
    }
)
_ITEM: Final = re.compile(
    r"(?:(?P<tier>[a-z]+) \| )?(?P<model>[\w.:/@-]+)(?: (?:text|audio|image|video))?, "
    r"(?P<kind>cached input|cache writes?|input|output)(?:[ _]tokens)?(?:, long context)?"
)
_KINDS: Final = {
    "input": "input",
    "output": "output",
    "cached input": "cache_read",
    "cache write": "cache_write_5m",
    "cache writes": "cache_write_5m",
}
_TIERS: Final = {
    "priority": ServiceTier.PRIORITY.value,
    "fast": ServiceTier.PRIORITY.value,
    "flex": ServiceTier.FLEX.value,
    "batch": ServiceTier.BATCH.value,
}
_UNITS: Final = {"tokens": 1, "1000_tokens": 1000}


class _Item(NamedTuple):
    model: str
    token_kind: str
    service_tier: str
    charge: ChargeKind


def fits(head: Head) -> bool:
    """Tell whether a file has OpenAI's buckets with amounts."""
    if head.kind != "json":
        return {"start_time", "amount_value", "amount_currency"} <= head.columns
    return {"data", "results", "amount", *TIMES} <= head.keys


def read(data: bytes, file: str) -> Parsed:
    """Read one file of pages or one table.

    Raises
    ------
    UsageFormatError
        Another currency than USD, an amount that is not one, a bucket that crosses midnight UTC,
        or the same result twice; with row and column.

    Examples
    --------
    >>> page = '''{"object": "page", "data": [{"object": "bucket", "start_time": 1730419200,
    ...   "end_time": 1730505600, "results": [{"object": "organization.costs.result",
    ...   "amount": {"value": 0.06, "currency": "usd"}, "project_id": "proj_abc",
    ...   "line_item": "gpt-5-2025-08-07, cached input"}]}]}'''
    >>> costs = read(page.encode(), "page.json").costs
    >>> costs[["model", "token_kind", "billed_usd"]].values.tolist()
    [['gpt-5-2025-08-07', 'cache_read', Decimal('0.06')]]
    """
    collected = Collected(file, member="data")
    report = Report(collected)
    n_without_item = 0
    for result in report.results(data, _COLUMNS):
        fields = result.fields
        what = fields.text("object")
        if what and what != "organization.costs.result":
            raise fields.fault("object", f"is {cells.quoted(what)}, not a result of costs")
        usd, text = _amount_usd(fields), fields.text("line_item")
        n_without_item += not text
        item = _item(text, usd)
        collected.cost(
            day=result.start,
            row=fields.row or 0,
            platform="openai",
            model=item.model,
            token_kind=item.token_kind,
            service_tier=item.service_tier,
            charge=item.charge,
            api_key=fields.text("api_key_id"),
            workspace=fields.text("project_id"),
            description=text,
            quantity=_tokens(fields),
            billed_usd=usd,
        )
    warnings = []
    if n_without_item:
        warnings.append(
            f"line_item is null in {n_without_item} of {collected.n_lines} results: the amounts "
            "name no model; group the report by line_item"
        )
    return collected.parsed(
        warnings=warnings,
        cannot_tell=["model", "token_kind"] if n_without_item else [],
        pages_missing=report.pages_missing,
    )


def _amount_usd(fields: Fields) -> Decimal:
    in_table = isinstance(fields, Row)
    amount = fields if in_table else fields.inner("amount")
    value, currency = ("amount_value", "amount_currency") if in_table else ("value", "currency")
    unit = amount.text(currency)
    if unit.lower() != "usd":
        raise amount.fault(
            currency, f"is {cells.quoted(unit)}; amounts must be in usd, convert the report first"
        )
    return amount.amount(value)


def _item(text: str, usd: Decimal) -> _Item:
    charge = ChargeKind.CREDIT if usd < 0 else ChargeKind.USAGE
    read_as = _ITEM.fullmatch(text)
    tier = read_as["tier"] if read_as else None
    if read_as is None or (tier is not None and tier not in _TIERS):
        if "web search" in text.lower():
            return _Item("", "web_search", "", charge)
        other = bool(text) and read_as is None and charge is ChargeKind.USAGE
        return _Item("", "", "", ChargeKind.OTHER if other else charge)
    return _Item(read_as["model"], _KINDS[read_as["kind"]], _TIERS.get(tier or "", ""), charge)


def _tokens(fields: Fields) -> int | None:
    unit = fields.text("quantity_unit")
    if unit not in _UNITS or not fields.has("quantity"):
        return None
    quantity = fields.amount("quantity")
    return fields.read("quantity", lambda _: cells.number(quantity * _UNITS[unit]))
