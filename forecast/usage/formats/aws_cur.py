"""Amazon Bedrock in AWS Cost and Usage Report lines (2.0 and before), CSV or Parquet.

Source: AWS, "Cost and Usage Report (CUR) 2.0 table dictionary" and "Understanding your Amazon
Bedrock Cost and Usage Report data", read 2026-11-24. A line is one token kind of one model, of
an hour or a day; times without a zone are UTC. What it counts stands in its usage type
(`bedrock_usage_types`); cache tokens are lines of their own, so input excludes them.

**Amounts are thousands or millions of tokens**: `pricing_unit` says which, and a line of tokens
whose unit cannot be read is refused. A report by month has no days: its lines give costs, no
usage. `pricing_public_on_demand_cost` is list; `line_item_net_unblended_cost`, after negotiated
discounts, is contracted and billed where the export has it, else `line_item_unblended_cost` is
billed. Requests are not counted.

Which lines are read: those of Amazon Bedrock (product code), of models that AWS Marketplace sells
for it (product name "... (Amazon Bedrock Edition)"), and of Claude Platform on AWS, which bills
dollars as consumption units of a cent. All others are left out, and their number and dollars are
said. Lines of Bedrock that count no text tokens (images, guardrails, knowledge bases) are usage
of something else, provisioned and reserved capacity is a fee. Columns may have the names of the
first version of the report (`aws_cur_legacy`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from forecast.errors import UsageFormatError
from forecast.records.costs import Amounts
from forecast.usage.formats import aws_cur_legacy, aws_cur_lines, cells, tabular
from forecast.usage.formats.aws_cur_lines import Line
from forecast.usage.formats.bedrock_usage_types import Metered
from forecast.usage.formats.canonical import DEFAULTS
from forecast.usage.formats.head import Head
from forecast.usage.formats.protocol import BUCKET_ROWS, Parsed, bucket_frame, cost_frame
from forecast.usage.formats.tabular import TextTable

name: Final = "aws_cur"
description: Final = "AWS Cost and Usage Report, lines of Amazon Bedrock (CSV or Parquet)"
recorded_by: Final = "aws"
input_includes_cache: Final = False
cannot_tell: Final = ("requests", "web_searches")
seen_by: Final = "vendor"
holds: Final = ("usage", "costs")
amounts: Final = Amounts("USD", "billed")

_SHOWN: Final = 3


def fits(head: Head) -> bool:
    """Tell whether a header or schema has the columns of CUR lines."""
    columns = {aws_cur_legacy.NAMES.get(column, column) for column in head.columns}
    return columns >= {aws_cur_lines.TYPE, aws_cur_lines.USAGE_TYPE, aws_cur_lines.COST}


def read(data: bytes, file: str) -> Parsed:
    r"""Read one file of a report.

    Raises
    ------
    UsageFormatError
        A missing column, an unknown line item type, an amount or a time that is none, tokens
        that are not whole or whose unit cannot be read, another currency than USD, or no line of
        Bedrock at all; with row and column.

    Examples
    --------
    >>> text = (
    ...     "line_item_line_item_type,line_item_usage_type,line_item_usage_amount,"
    ...     "line_item_unblended_cost,line_item_usage_start_date,line_item_usage_end_date,"
    ...     "line_item_product_code,pricing_unit\n"
    ...     "Usage,USE1-Claude4.5Sonnet-input-tokens,29.481,0.0972873,2026-08-05T10:00:00.000Z,"
    ...     "2026-08-05T11:00:00.000Z,AmazonBedrock,1K tokens\n")
    >>> parsed = read(text.encode(), "cur.csv")
    >>> parsed.rows[["model", "geography", "input_tokens"]].values.tolist()
    [['claude-sonnet-4-5', 'regional', 29481]]
    >>> parsed.costs[["token_kind", "quantity", "billed_usd"]].values.tolist()
    [['input', 29481, Decimal('0.0972873')]]
    """
    wanted = {*aws_cur_lines.WANTED, *aws_cur_legacy.NAMES}
    table = aws_cur_legacy.renamed(
        tabular.read_table(data, file, wanted, nulls=tabular.DATABASE_NULLS)
    )
    table.need(*aws_cur_lines.NEEDED)
    products = aws_cur_lines.product_names(table)
    codes = table.columns[aws_cur_lines.PRODUCT_CODE]
    kept = [
        row
        for row, (code, product) in enumerate(zip(codes, products, strict=True))
        if aws_cur_lines.concerns_llm(code, product)
    ]
    if not kept:
        raise UsageFormatError(
            f"holds {table.n_rows} lines, none of them of Amazon Bedrock or Claude; give the "
            "export that has them",
            file=file,
        )
    lines = aws_cur_lines.lines_of(table, products, kept)
    used = [line for line in lines if line.metered is not None and line.has_a_day]
    usage = [_row(line, line.metered) for line in used if line.metered is not None]
    spanned = used or lines
    return Parsed(
        bucket_frame(_columns(usage, BUCKET_ROWS.names)),
        first=min(line.start for line in spanned),
        last=max(cells.midnight(line.last_day + timedelta(days=1)) for line in spanned),
        costs=cost_frame(_columns([_cost(line) for line in lines], _cost(lines[0]))),
        warnings=tuple(_warnings(table, lines)),
        cannot_tell=_not_told(table),
    )


def _columns(rows: Sequence[dict[str, Any]], names: Iterable[str]) -> dict[str, list[Any]]:
    return {column: [row[column] for row in rows] for column in names if column != "day"}


def _row(line: Line, metered: Metered) -> dict[str, Any]:
    """Give the usage of a line: its tokens in the column of their kind, zeros beside it."""
    return {
        **DEFAULTS,
        "input_tokens": 0,
        "output_tokens": 0,
        f"{metered.token_kind}_tokens": line.tokens,
        "platform": line.platform,
        "model": metered.model,
        "service_tier": metered.service_tier,
        "geography": metered.geography,
        "speed": metered.speed,
        "context_window": metered.context_window,
        "api_key": line.principal,
        "workspace": line.account,
        "tag": line.resource,
        "group": line.group,
        "start": line.start,
        "seconds": line.seconds,
        "row": line.row,
    }


def _cost(line: Line) -> dict[str, Any]:
    metered = line.metered
    return {
        "start": line.start.date(),
        "end": line.last_day + timedelta(days=1),
        "platform": line.platform,
        "model": metered.model if metered else "",
        "service_tier": metered.service_tier if metered else "",
        "geography": metered.geography if metered else "",
        "speed": metered.speed if metered else "",
        "context_window": metered.context_window if metered else "",
        "token_kind": metered.token_kind if metered else "",
        "charge": line.charge.value,
        "api_key": line.principal,
        "workspace": line.account,
        "description": line.description,
        "quantity": line.tokens,
        "list_usd": line.list_usd,
        "contracted_usd": line.contracted_usd,
        "billed_usd": line.billed_usd,
        "row": line.row,
    }


def _not_told(table: TextTable) -> tuple[str, ...]:
    columns = {
        "api_key": aws_cur_lines.PRINCIPAL,
        "workspace": aws_cur_lines.ACCOUNT,
        "list_usd": aws_cur_lines.LIST_COST,
    }
    return tuple(target for target, column in columns.items() if column not in table)


def _warnings(table: TextTable, lines: Sequence[Line]) -> list[str]:
    found = []
    n_left_out = table.n_rows - len(lines)
    if n_left_out:
        paid = sum(table.read(aws_cur_lines.COST, cells.amount), Decimal(0))
        ours = sum(
            (cells.amount(table.columns[aws_cur_lines.COST][line.row - 1]) for line in lines),
            Decimal(0),
        )
        found.append(
            f"{n_left_out} of {table.n_rows} lines are of other services and left out "
            f"({paid - ours:.2f} USD unblended)"
        )
    long = [line for line in lines if line.tokens is not None and not line.has_a_day]
    if long:
        found.append(
            f"{len(long)} lines of tokens last longer than a day: they give costs and no usage; "
            "export the report by hour or day"
        )
    unread = Counter(line.usage_type for line in lines if line.is_unread)
    if unread:
        usd = sum((line.billed_usd for line in lines if line.is_unread), Decimal(0))
        shown = ", ".join(sorted(unread)[:_SHOWN])
        found.append(
            f"{unread.total()} lines count tokens that this version does not know ({shown}): they "
            f"give costs and no usage ({usd:.2f} USD)"
        )
    if aws_cur_lines.CURRENCY not in table:
        found.append(f"has no column {aws_cur_lines.CURRENCY!r}: amounts are taken as USD")
    return found
