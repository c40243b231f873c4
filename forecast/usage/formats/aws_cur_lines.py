"""One line of an AWS bill that concerns an LLM: what it counts, charges and costs.

How the columns are read is documented in `aws_cur`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final, TypeVar

from forecast.errors import UsageFormatError
from forecast.records.costs import ChargeKind
from forecast.usage.formats import bedrock_usage_types, cells, token_units
from forecast.usage.formats.bedrock_usage_types import Metered
from forecast.usage.formats.protocol import DAY_SECONDS
from forecast.usage.formats.tabular import TextTable
from forecast.usage.formats.vocabulary import UNKNOWN_MODEL

T = TypeVar("T")

TYPE: Final = "line_item_line_item_type"
USAGE_TYPE: Final = "line_item_usage_type"
AMOUNT: Final = "line_item_usage_amount"
COST: Final = "line_item_unblended_cost"
NET_COST: Final = "line_item_net_unblended_cost"
LIST_COST: Final = "pricing_public_on_demand_cost"
START: Final = "line_item_usage_start_date"
END: Final = "line_item_usage_end_date"
CURRENCY: Final = "line_item_currency_code"
PRODUCT_CODE: Final = "line_item_product_code"
UNIT: Final = "pricing_unit"
OTHER_UNIT: Final = "product_pricing_unit"
DESCRIPTION: Final = "line_item_line_item_description"
ACCOUNT: Final = "line_item_usage_account_id"
PRINCIPAL: Final = "line_item_iam_principal"
RESOURCE: Final = "line_item_resource_id"
IDENTITY: Final = "identity_line_item_id"
OPERATION: Final = "line_item_operation"
PRODUCT: Final = "product"
PRODUCT_NAMES: Final = ("product_product_name", "product_servicename")
NEEDED: Final = (TYPE, USAGE_TYPE, AMOUNT, COST, START, END, PRODUCT_CODE)
WANTED: Final = frozenset(
    {
        *(*NEEDED, NET_COST, LIST_COST, CURRENCY, UNIT, OTHER_UNIT, DESCRIPTION, ACCOUNT),
        *(PRINCIPAL, RESOURCE, IDENTITY, OPERATION, PRODUCT, *PRODUCT_NAMES),
    }
)

_BEDROCK: Final = "amazonbedrock"
_CLAUDE_PLATFORM: Final = "claude platform"
_CONSUMPTION_UNITS: Final = re.compile(r"claude consumption unit", re.IGNORECASE)

_CHARGES: Final = {
    "Usage": ChargeKind.USAGE,
    "DiscountedUsage": ChargeKind.USAGE,
    "SavingsPlanCoveredUsage": ChargeKind.USAGE,
    "SavingsPlanNegation": ChargeKind.CREDIT,
    "SavingsPlanRecurringFee": ChargeKind.COMMITMENT,
    "SavingsPlanUpfrontFee": ChargeKind.COMMITMENT,
    "RIFee": ChargeKind.COMMITMENT,
    "Fee": ChargeKind.FEE,
    "Tax": ChargeKind.TAX,
    "Credit": ChargeKind.CREDIT,
    "Refund": ChargeKind.CREDIT,
    "EdpDiscount": ChargeKind.CREDIT,
    "PrivateRateDiscount": ChargeKind.CREDIT,
    "BundledDiscount": ChargeKind.CREDIT,
    "Discount": ChargeKind.CREDIT,
    "SppDiscount": ChargeKind.CREDIT,
}
"""The line item types of the CUR data dictionary."""

_IN_NET: Final = frozenset(
    {"EdpDiscount", "PrivateRateDiscount", "BundledDiscount", "Discount", "SppDiscount"}
)
"""Discounts that the net costs of usage lines hold already; without a net cost they are 0."""


@dataclass(frozen=True)
class Line:
    """One line; `row` counts lines of the file from 1, `end` is exclusive, both times UTC."""

    row: int
    start: datetime
    end: datetime
    platform: str
    charge: ChargeKind
    usage_type: str
    metered: Metered | None
    tokens: int | None
    list_usd: Decimal | None
    contracted_usd: Decimal | None
    billed_usd: Decimal
    account: str
    principal: str
    resource: str
    description: str
    group: str

    @property
    def seconds(self) -> int:
        """Length of the line."""
        return int((self.end - self.start).total_seconds())

    @property
    def last_day(self) -> date:
        """The last UTC day that it covers."""
        return (self.end - timedelta(seconds=1)).date()

    @property
    def has_a_day(self) -> bool:
        """Whether it lies within one UTC day."""
        return self.seconds <= DAY_SECONDS and self.last_day == self.start.date()

    @property
    def is_unread(self) -> bool:
        """Whether it counts tokens that this version does not know."""
        return (
            self.charge is ChargeKind.USAGE
            and self.metered is None
            and bedrock_usage_types.mentions_tokens(self.usage_type)
        )


def concerns_llm(product_code: str, product: str) -> bool:
    """Tell whether a line is of Bedrock, of a model sold for it, or of Claude Platform on AWS.

    >>> concerns_llm("AmazonBedrock", ""), concerns_llm("AmazonEC2", "Amazon EC2")
    (True, False)
    >>> concerns_llm("4xhkzexample", "Claude Haiku 4.5 (Amazon Bedrock Edition)")
    True
    """
    return (
        product_code.strip().lower().startswith(_BEDROCK)
        or product.endswith(bedrock_usage_types.EDITION)
        or product.lower().startswith(_CLAUDE_PLATFORM)
    )


def product_names(table: TextTable) -> list[str]:
    """Give the product of every line, by whichever column names the model or else anything."""
    columns = [table.read_or(PRODUCT, _name_in_map, "")]
    columns += [table.read_or(column, cells.name, "") for column in PRODUCT_NAMES]
    return [max(names, key=_tells_most) for names in zip(*columns, strict=True)]


def _tells_most(product: str) -> tuple[bool, bool]:
    return product.endswith(bedrock_usage_types.EDITION), bool(product)


def _name_in_map(text: str) -> str:
    try:
        named = json.loads(text).get("product_name")
    except (ValueError, RecursionError, AttributeError):
        raise ValueError(f"is not a JSON object: {cells.quoted(text)}") from None
    return cells.name(str(named or ""))


def lines_of(table: TextTable, products: Sequence[str], rows: Sequence[int]) -> list[Line]:
    """Read the lines at `rows` (from 0).

    Raises
    ------
    UsageFormatError
        An unknown line item type, an amount or a time that is none, tokens that are not whole or
        whose unit cannot be read, or another currency than USD; with row and column.
    """
    reader = _Reader(table, products, rows)
    return [reader.line(i) for i in range(len(rows))]


class _Reader:
    """Reads columns at some rows, and puts lines together from them."""

    def __init__(self, table: TextTable, products: Sequence[str], rows: Sequence[int]) -> None:
        self.table = table
        self.products = products
        self.rows = rows
        self.types = self.read(TYPE, _line_type)
        self.usage_types = self.read(USAGE_TYPE, cells.name)
        self.starts = self.read(START, _instant)
        self.ends = self.read(END, _instant)
        self.costs = self.read(COST, cells.amount)
        self.net = self.read_or(NET_COST, cells.amount, None)
        self.list = self.read_or(LIST_COST, cells.amount, None)
        self.currencies = self.read_or(CURRENCY, str.strip, "")
        texts = (ACCOUNT, PRINCIPAL, RESOURCE, IDENTITY, OPERATION)
        self.texts = {column: self.read_or(column, cells.name, "") for column in texts}
        self.descriptions = self.read_or(DESCRIPTION, _description, "")

    def fault(self, problem: str, i: int, column: str) -> UsageFormatError:
        return self.table.fault(problem, self.rows[i] + 1, column)

    def read(self, column: str, by: Callable[[str], T]) -> list[T]:
        values = self.table.columns[column]
        try:
            return cells.convert(
                [values[row] for row in self.rows], by, file=self.table.file, column=column
            )
        except UsageFormatError as fault:
            raise self.fault(fault.problem, (fault.row or 1) - 1, column) from None

    def read_or(self, column: str, by: Callable[[str], T], default: T | None) -> list[T | None]:
        if column not in self.table:
            return [default] * len(self.rows)
        return self.read(column, lambda cell: by(cell) if cell.strip() else default)

    def line(self, i: int) -> Line:
        start, end = self.starts[i], self.ends[i]
        if end < start:
            raise self.fault(f"lies before the start, {start}", i, END)
        if CURRENCY in self.table and self.currencies[i] != "USD":
            raise self.fault(
                f"is {cells.quoted(self.currencies[i])}, not USD; convert the amounts at the "
                "contract's exchange rate and give them as canonical_costs",
                i,
                CURRENCY,
            )
        in_units = self.in_units(i)
        metered = None if in_units else self.metered(i)
        charge = self.charge(i, metered is not None or in_units)
        is_usage = charge is ChargeKind.USAGE
        text = {column: values[i] or "" for column, values in self.texts.items()}
        others = (self.usage_types[i], text[PRINCIPAL], text[RESOURCE], text[OPERATION])
        return Line(
            row=self.rows[i] + 1,
            start=start,
            end=max(end, start + timedelta(seconds=1)),
            platform="anthropic" if in_units else "bedrock",
            charge=charge,
            usage_type=self.usage_types[i],
            metered=metered,
            tokens=None if metered is None else self.tokens(i),
            list_usd=self.list[i] if is_usage else None,
            contracted_usd=self.net[i] if is_usage else None,
            billed_usd=self.billed(i),
            account=text[ACCOUNT],
            principal=text[PRINCIPAL],
            resource=text[RESOURCE],
            description=self.descriptions[i] or self.usage_types[i],
            group=text[IDENTITY] or " ".join(others),
        )

    def billed(self, i: int) -> Decimal:
        net = self.net[i]
        if NET_COST not in self.table:
            return self.costs[i]
        if net is None:
            return Decimal(0) if self.types[i] in _IN_NET else self.costs[i]
        return net

    def in_units(self, i: int) -> bool:
        """Tell whether a line is Claude Platform on AWS, billed in units of a cent."""
        described = f"{self.usage_types[i]} {self.descriptions[i]}"
        return (
            _CHARGES[self.types[i]] is ChargeKind.USAGE
            and not self.products[self.rows[i]].endswith(bedrock_usage_types.EDITION)
            and (
                self.products[self.rows[i]].lower().startswith(_CLAUDE_PLATFORM)
                or _CONSUMPTION_UNITS.search(described) is not None
            )
        )

    def metered(self, i: int) -> Metered | None:
        """Give what a line counts, with its model; None where it counts no text tokens."""
        if _CHARGES[self.types[i]] is not ChargeKind.USAGE:
            return None
        metered = bedrock_usage_types.tokens_of(self.usage_types[i])
        if metered is None or metered.model:
            return metered
        model = bedrock_usage_types.model_of_product(self.products[self.rows[i]])
        return metered._replace(model=model or UNKNOWN_MODEL)

    def charge(self, i: int, is_read: bool) -> ChargeKind:
        kind, usage_type = _CHARGES[self.types[i]], self.usage_types[i]
        if kind is not ChargeKind.USAGE or is_read:
            return kind
        if bedrock_usage_types.counts_capacity(usage_type):
            return ChargeKind.FEE
        return kind if bedrock_usage_types.mentions_tokens(usage_type) else ChargeKind.OTHER

    def tokens(self, i: int) -> int:
        columns, row = self.table.columns, self.rows[i]
        units = [columns[c][row] for c in (UNIT, OTHER_UNIT) if c in columns]
        found = (token_units.tokens_per(unit, self.descriptions[i] or "") for unit in units)
        per_unit = next(filter(None, found), None)
        if per_unit is None:
            shown = cells.quoted(next(filter(None, units), ""))
            raise self.fault(
                f"is {shown} and does not say per how many tokens the amount counts; export {UNIT}",
                i,
                UNIT,
            )
        try:
            return token_units.whole_tokens(cells.amount(columns[AMOUNT][row]), per_unit)
        except ValueError as fault:
            raise self.fault(str(fault), i, AMOUNT) from None


def _line_type(text: str) -> str:
    word = text.strip()
    if word not in _CHARGES:
        raise ValueError(
            f"is not a known line item type: {cells.quoted(word)}; known are {', '.join(_CHARGES)}"
        )
    return word


def _instant(text: str) -> datetime:
    return cells.instant(text, utc_by_column=True)


def _description(text: str) -> str:
    return cells.name(" ".join(text.split())[: cells.MAX_NAME])
