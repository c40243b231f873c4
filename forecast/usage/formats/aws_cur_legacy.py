"""The column names of the first Cost and Usage Report, which CSV files still have.

Source: AWS, "Line item details" and "Pricing details" in the Cost and Usage Reports guide, read
2026-11-24: `lineItem/UsageType` is `line_item_usage_type` in version 2.0 and in the first one's
Parquet files. The map of product attributes was columns of their own, `product/...`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from forecast.errors import UsageFormatError
from forecast.usage.formats import aws_cur_lines as cur
from forecast.usage.formats.tabular import TextTable

NAMES: Final = {
    "identity/LineItemId": cur.IDENTITY,
    "lineItem/CurrencyCode": cur.CURRENCY,
    "lineItem/LineItemDescription": cur.DESCRIPTION,
    "lineItem/LineItemType": cur.TYPE,
    "lineItem/NetUnblendedCost": cur.NET_COST,
    "lineItem/Operation": cur.OPERATION,
    "lineItem/ProductCode": cur.PRODUCT_CODE,
    "lineItem/ResourceId": cur.RESOURCE,
    "lineItem/UnblendedCost": cur.COST,
    "lineItem/UsageAccountId": cur.ACCOUNT,
    "lineItem/UsageAmount": cur.AMOUNT,
    "lineItem/UsageEndDate": cur.END,
    "lineItem/UsageStartDate": cur.START,
    "lineItem/UsageType": cur.USAGE_TYPE,
    "pricing/publicOnDemandCost": cur.LIST_COST,
    "pricing/unit": cur.UNIT,
    "product/ProductName": cur.PRODUCT_NAMES[0],
    "product/pricingUnit": cur.OTHER_UNIT,
    "product/servicename": cur.PRODUCT_NAMES[1],
}
"""By the first report's name, that of version 2.0."""


def renamed(table: TextTable) -> TextTable:
    """Give columns the names of version 2.0; faults name them so too.

    Raises
    ------
    UsageFormatError
        A column that stands there by both names.
    """
    columns: dict[str, list[str]] = {}
    for column, texts in table.columns.items():
        known = NAMES.get(column, column)
        if known in columns:
            problem = "stands twice in the header, by its names of both versions of the report"
            raise UsageFormatError(problem, file=table.file, column=column)
        columns[known] = texts
    return replace(table, columns=columns)
