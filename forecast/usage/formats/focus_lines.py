"""One charge of a FOCUS file: its time, what it is for, what it counts and costs.

How the columns are read is documented in `focus`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from forecast.errors import UsageFormatError
from forecast.records.costs import ChargeKind
from forecast.usage.formats import cells, focus_dates, focus_tokens, token_units
from forecast.usage.formats.bedrock_usage_types import Metered
from forecast.usage.formats.protocol import DAY_SECONDS
from forecast.usage.formats.tabular import TextTable

NEEDED: Final = ("BilledCost", "ChargeCategory", "ChargePeriodStart", "ChargePeriodEnd")
CURRENCY: Final = "BillingCurrency"
WEB_SEARCH: Final = "web_search"

_COSTS: Final = ("ListCost", "ContractedCost")
_QUANTITIES: Final = (("ConsumedQuantity", "ConsumedUnit"), ("PricingQuantity", "PricingUnit"))
_TEXTS: Final = (
    *("ChargeFrequency", "CommitmentDiscountStatus", "SubAccountId", "RegionId"),
    *("CredentialId", "PrincipalId", *(unit for _, unit in _QUANTITIES)),
)
WANTED: Final = frozenset(
    {
        *(*NEEDED, *_COSTS, *_TEXTS, *focus_tokens.COLUMNS, *(q for q, _ in _QUANTITIES)),
        *(CURRENCY, "BillingPeriodStart", "BillingPeriodEnd"),
    }
)
BY_LOWER: Final = {column.lower(): column for column in WANTED}
"""Databases write column names in small letters."""

_GROUP: Final = (
    *("SkuId", "SkuPriceId", "SkuMeter", "ResourceId", "RegionId", "ChargeDescription"),
    *("x_UsageType", "PrincipalId"),
)
_ADJUSTMENT: Final = "adjustment"
_CHARGES: Final = {
    "usage": ChargeKind.USAGE,
    "purchase": ChargeKind.COMMITMENT,
    "tax": ChargeKind.TAX,
    "credit": ChargeKind.CREDIT,
    _ADJUSTMENT: ChargeKind.FEE,
}
_SHORTFALL: Final = re.compile(r"unused|shortfall|true[- ]?up|minimum (?:fee|commit)", re.I)
_BY_USE: Final = "usage-based"
_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True)
class Charge:
    """One line; `row` counts from 1, `end` is exclusive, both times UTC.

    `why_no_tokens` says why a line of LLM tokens gives no usage; empty where it does.
    """

    row: int
    start: datetime
    end: datetime
    kind: ChargeKind
    token_kind: str
    metered: Metered | None
    tokens: int | None
    why_no_tokens: str
    list_usd: Decimal | None
    contracted_usd: Decimal | None
    billed_usd: Decimal
    line: focus_tokens.Line

    @property
    def seconds(self) -> int:
        """Length of the charge."""
        return int((self.end - self.start).total_seconds())

    @property
    def end_day(self) -> date:
        """The UTC day after its last one."""
        return (self.end - _SECOND).date() + timedelta(days=1)

    @property
    def is_of_llm_tokens(self) -> bool:
        """Whether it charges tokens of an LLM, readable or not."""
        return self.kind is ChargeKind.USAGE and self.token_kind != WEB_SEARCH

    @property
    def group(self) -> str:
        """What else distinguishes it from other lines of its day."""
        return " ".join(filter(None, (self.line.get(column, "") for column in _GROUP)))


def named(table: TextTable) -> TextTable:
    """Give the columns the specification's spelling.

    Raises
    ------
    UsageFormatError
        A column that is missing, or that stands there in two spellings.
    """
    columns: dict[str, list[str]] = {}
    for column, texts in table.columns.items():
        known = BY_LOWER[column.lower()]
        if known in columns:
            problem = "stands twice in the header, in small letters and in capitals"
            raise UsageFormatError(problem, file=table.file, column=column)
        columns[known] = texts
    spelt = replace(table, columns=columns)
    spelt.need(*NEEDED)
    return spelt


def charges_of(table: TextTable) -> list[Charge]:
    """Read every line.

    Raises
    ------
    UsageFormatError
        An amount or a time that is none, an unknown charge category, another currency than USD,
        tokens that are not whole; with row and column.
    """
    for row, code in enumerate(table.columns.get(CURRENCY, ()), start=1):
        if code.strip() != "USD":
            problem = "convert the amounts at the contract's exchange rate and give them as"
            raise table.fault(
                f"is {cells.quoted(code)}, not USD; {problem} canonical_costs", row, CURRENCY
            )
    reader = _Reader(table)
    return [reader.charge(i) for i in range(table.n_rows)]


class _Reader:
    """Reads the columns once, and puts lines together from them."""

    def __init__(self, table: TextTable) -> None:
        self.table = table
        self.categories = table.read("ChargeCategory", _category)
        self.billed = table.read("BilledCost", cells.spreadsheet_amount)
        self.costs: dict[str, list[Decimal | None]] = {
            column: table.read_or(column, cells.spreadsheet_amount, None) for column in _COSTS
        }
        self.starts, self.ends = focus_dates.read_instants(
            table, "ChargePeriodStart", "ChargePeriodEnd"
        )
        texts = dict.fromkeys((*focus_tokens.COLUMNS, *_TEXTS))
        self.texts = {c: table.read(c, _text) for c in texts if c in table}

    def charge(self, i: int) -> Charge:
        start, end = self.starts[i], self.ends[i]
        if end < start:
            raise self.table.fault(f"lies before the start, {start}", i + 1, "ChargePeriodEnd")
        line = {column: texts[i] for column, texts in self.texts.items()}
        kind, token_kind = self.kind(i, line)
        charge = Charge(
            row=i + 1,
            start=start,
            end=max(end, start + _SECOND),
            kind=kind,
            token_kind=token_kind,
            metered=None,
            tokens=None,
            why_no_tokens="",
            list_usd=self.costs["ListCost"][i],
            contracted_usd=self.costs["ContractedCost"][i],
            billed_usd=self.billed[i],
            line=line,
        )
        return self.counted(i, charge) if charge.is_of_llm_tokens else charge

    def kind(self, i: int, line: focus_tokens.Line) -> tuple[ChargeKind, str]:
        """Give what a line is for, and its kind where that is no kind of token."""
        kind = _CHARGES[self.categories[i]]
        if self.categories[i] == _ADJUSTMENT and self.billed[i] < 0:
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

    def counted(self, i: int, charge: Charge) -> Charge:
        """Add what a line counts, or why that cannot be told."""
        try:
            metered = focus_tokens.counted(charge.line)
        except ValueError as fault:
            raise self.table.fault(str(fault), i + 1, "SkuPriceDetails") from None
        if metered is None:
            return replace(charge, why_no_tokens="do not tell model and token kind")
        tokens, why_not = self.tokens(i, charge.line)
        if not why_not and (
            charge.seconds > DAY_SECONDS
            or charge.end_day != charge.start.date() + timedelta(days=1)
        ):
            why_not = "last longer than a day"
        return replace(
            charge,
            token_kind=metered.token_kind,
            metered=metered,
            tokens=tokens,
            why_no_tokens=why_not,
        )

    def tokens(self, i: int, line: focus_tokens.Line) -> tuple[int | None, str]:
        for column, unit in _QUANTITIES:
            text = self.table.columns[column][i].strip() if column in self.table else ""
            per_unit = token_units.tokens_per(line.get(unit, ""), line.get("ChargeDescription", ""))
            if per_unit is None or not text:
                continue
            try:
                quantity = cells.spreadsheet_amount(text)
                if quantity < 0:
                    return None, "correct usage downwards"
                return token_units.whole_tokens(quantity, per_unit), ""
            except ValueError as fault:
                raise self.table.fault(str(fault), i + 1, column) from None
        return None, "do not count in tokens"


def _category(text: str) -> str:
    word = text.strip().lower()
    if word not in _CHARGES:
        known = ", ".join(category.capitalize() for category in _CHARGES)
        raise ValueError(f"is not a known charge category: {cells.quoted(text)}; known are {known}")
    return word


def _text(text: str) -> str:
    return cells.name(" ".join(text.split())[: cells.MAX_NAME])
