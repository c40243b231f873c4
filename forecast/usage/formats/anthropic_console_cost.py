"""The cost CSV that people download from the Claude Console, in US dollars.

Columns have grown over time and are read by name; date, model, token type and cost stand in
every generation:

1. `usage_date_utc, model, workspace, api_key, usage_type, token_type, cost_usd` (seen 2024-12);
2. with `context_window` and `cost_type` (seen 2025-12);
3. with `inference_geo` and `speed`;
4. with `list_price_usd`, the cost before the negotiated discount (seen 2026-03);
5. with `api_key_id` and `api_key_status` (seen 2026-08).

Source: headers quoted in public code that reads these exports, and the project's sample; read
2026-11-24. Amounts are dollars rounded to cents, line by line, before credits: contracted cost.
Models are display names, a blank speed is standard, and the column says that dates are UTC.
Quantities are not given. A line is tokens of one type, web searches, or something that no tokens
go with.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from forecast.records.costs import Amounts, ChargeKind
from forecast.records.usage import ServiceTier, Speed, TokenKind
from forecast.usage.formats import cells, tabular, vocabulary
from forecast.usage.formats.head import Head
from forecast.usage.formats.protocol import Parsed, bucket_frame, cost_frame
from forecast.usage.formats.tabular import TextTable

name: Final = "anthropic_console_cost"
description: Final = "Claude Console cost export (CSV)"
recorded_by: Final = "anthropic"
input_includes_cache: Final = False
cannot_tell: Final = ("quantity",)
seen_by: Final = "vendor"
holds: Final = ("costs",)
amounts: Final = Amounts("USD", "billed")

WEB_SEARCH: Final = "web_search"

_DATE: Final = "usage_date_utc"
_NEEDED: Final = (_DATE, "model", "token_type", "cost_usd")
_OPTIONAL: Final = {
    "list_price_usd": "list_usd",
    "usage_type": "service_tier",
    "context_window": "context_window",
    "inference_geo": "geography",
    "speed": "speed",
    "api_key": "api_key",
    "workspace": "workspace",
    "cost_type": "cost_type",
}
_NOT_NEEDED: Final = frozenset({"api_key_id", "api_key_status"})
_ONE_WRITE: Final = "input_cache_write"
_TOKEN_TYPES: Final = {
    "input_no_cache": TokenKind.INPUT.value,
    "input_cache_read": TokenKind.CACHE_READ.value,
    "input_cache_write_5m": TokenKind.CACHE_WRITE_5M.value,
    "input_cache_write_1h": TokenKind.CACHE_WRITE_1H.value,
    _ONE_WRITE: TokenKind.CACHE_WRITE_5M.value,
    "output": TokenKind.OUTPUT.value,
}
_USAGE_TYPES: Final = {
    "message": ServiceTier.STANDARD.value,
    "message_batch": ServiceTier.BATCH.value,
}
_TOKEN_COSTS: Final = frozenset({"token", "tokens"})
_CENT_EXPONENT: Final = -2


def fits(head: Head) -> bool:
    """Tell whether a header has the Console's date and its cost."""
    return head.kind == "text" and head.columns >= {_DATE, "cost_usd"}


def read(data: bytes, file: str) -> Parsed:
    r"""Read one export.

    Raises
    ------
    UsageFormatError
        A missing column, an amount that is none, an unknown token type, usage type, place or
        speed; with row and column.

    Examples
    --------
    >>> text = (
    ...     "usage_date_utc,model,usage_type,token_type,cost_usd,list_price_usd,cost_type\n"
    ...     '2026-08-15,Claude Haiku 4.5,message,input_no_cache,"1,019.70","1,133.00",token\n')
    >>> costs = read(text.encode(), "cost.csv").costs
    >>> costs[["model", "token_kind", "list_usd", "contracted_usd"]].values.tolist()
    [['claude-haiku-4-5', 'input', Decimal('1133.00'), Decimal('1019.70')]]
    """
    table = tabular.read_table(data, file, {*_NEEDED, *_OPTIONAL}, nulls=tabular.DATABASE_NULLS)
    table.need(*_NEEDED)
    days = [b.start.date() for b in table.read(_DATE, _bucket)]
    charged = [_charge(table, row) for row in range(table.n_rows)]
    paid = table.read("cost_usd", cells.spreadsheet_amount)
    columns: dict[str, Sequence[Any]] = {
        "start": days,
        "end": [day + timedelta(days=1) for day in days],
        "platform": ["anthropic"] * table.n_rows,
        "model": table.read_or("model", _model, ""),
        "service_tier": _tiers(table, charged),
        "geography": table.read_or("inference_geo", vocabulary.inference_geo, ""),
        "speed": table.read_or("speed", vocabulary.speed, Speed.STANDARD.value),
        "context_window": table.read_or("context_window", vocabulary.context_window, ""),
        "token_kind": [kind for _, kind in charged],
        "charge": [charge for charge, _ in charged],
        "api_key": table.read_or("api_key", cells.name, ""),
        "workspace": table.read_or("workspace", cells.name, ""),
        "contracted_usd": paid,
        "row": range(1, table.n_rows + 1),
    }
    if "speed" not in table:
        columns["speed"] = [""] * table.n_rows
    if "list_price_usd" in table:
        columns["list_usd"] = table.read("list_price_usd", cells.spreadsheet_amount)
    first, last = min(days), max(days)
    return Parsed(
        bucket_frame({"start": []}),
        first=cells.midnight(first),
        last=cells.midnight(last + timedelta(days=1)),
        costs=cost_frame(columns),
        warnings=tuple(_warnings(table, charged, paid)),
        cannot_tell=tuple(target for column, target in _OPTIONAL.items() if column not in table),
    )


def _bucket(text: str) -> cells.Bucket:
    return cells.bucket(text, utc_by_column=True)


def _model(text: str) -> str:
    return vocabulary.model_id(cells.name(text))


def _charge(table: TextTable, row: int) -> tuple[str, str]:
    """Give charge and token kind of one line."""
    token_type = table.columns["token_type"][row].strip().lower()
    costs = table.columns.get("cost_type")
    cost_type = "" if costs is None else costs[row].strip().lower()
    if WEB_SEARCH in (cost_type, token_type):
        return ChargeKind.USAGE.value, WEB_SEARCH
    is_tokens = cost_type in _TOKEN_COSTS or (token_type and not cost_type)
    if not is_tokens and not token_type:
        return ChargeKind.OTHER.value, ""
    if not is_tokens:
        problem = f"stands beside the cost type {cells.quoted(cost_type)}"
        raise table.fault(problem, row + 1, "token_type")
    if token_type not in _TOKEN_TYPES:
        problem = f"is not a known token type: {cells.quoted(token_type)}"
        raise table.fault(f"{problem}; known are {', '.join(_TOKEN_TYPES)}", row + 1, "token_type")
    return ChargeKind.USAGE.value, _TOKEN_TYPES[token_type]


def _tiers(table: TextTable, charged: Sequence[tuple[str, str]]) -> list[str]:
    """Read the tier of every line of tokens; other lines have none."""
    if "usage_type" not in table:
        return [""] * table.n_rows
    texts = [
        text if kind and kind != WEB_SEARCH else ""
        for text, (_, kind) in zip(table.columns["usage_type"], charged, strict=True)
    ]
    return cells.convert(
        texts, lambda text: _tier(text) if text else "", file=table.file, column="usage_type"
    )


def _tier(text: str) -> str:
    word = text.strip().lower()
    return _USAGE_TYPES[word] if word in _USAGE_TYPES else vocabulary.service_tier(text)


def _warnings(
    table: TextTable, charged: Sequence[tuple[str, str]], paid: Sequence[Decimal]
) -> list[str]:
    known = {*_NEEDED, *_OPTIONAL, *_NOT_NEEDED}
    found = [f"column {c[:80]!r} is not read" for c in table.names if c not in known]
    if "usage_type" not in table:
        found.append("has no column 'usage_type': batch and standard are told apart by nothing")
    n_one_write = sum(t.strip().lower() == _ONE_WRITE for t in table.columns["token_type"])
    if n_one_write:
        found.append(
            f"cache writes of {n_one_write} lines do not tell their lifetime: taken as 5 minutes"
        )
    n_others = sum(charge == ChargeKind.OTHER.value for charge, _ in charged)
    if n_others:
        found.append(
            f"{n_others} of {table.n_rows} lines are neither tokens nor web searches: shown as "
            "usage of something else, and not compared with tokens"
        )
    if all(int(amount.as_tuple().exponent) >= _CENT_EXPONENT for amount in paid):
        found.append(
            f"amounts are rounded to cents line by line: the total of {table.n_rows} lines can "
            f"be off by {Decimal(table.n_rows) / 200} USD"
        )
    return found
