"""The worked reconciliations of tests/cases/reconciliation.toml."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from billed_usage import held, usage_table

from forecast.units import days
from forecast.usage.formats.protocol import cost_frame

FILE = Path(__file__).parents[1] / "cases" / "reconciliation.toml"
CASES = tomllib.loads(FILE.read_text(encoding="utf-8"))["case"]
APRIL, MAY = date(2026, 4, 1), date(2026, 5, 1)


def used(case: dict[str, Any]) -> pd.DataFrame:
    rows = []
    for entry in case["usage"]:
        counts = {k: v for k, v in entry.items() if k not in ("first", "last")}
        rows += [
            {"day": day, **counts} for day in days(entry["first"], entry["last"] + timedelta(1))
        ]
    return usage_table(rows)


def billed(case: dict[str, Any]) -> pd.DataFrame:
    lines = []
    for entry in case["bill"]:
        line = {"start": APRIL, "end": MAY, "charge": "usage", "platform": "anthropic"} | entry
        for day in days(APRIL, MAY) if line.pop("daily", False) else [None]:
            span = {} if day is None else {"start": day, "end": day + timedelta(1)}
            lines.append(line | span)
    names = {name for line in lines for name in line}
    money = {"list_usd", "billed_usd"}
    columns = {
        name: [
            None if name in money and name not in line
            else Decimal(line[name]) if name in money
            else line.get(name, "")
            for line in lines
        ]
        for name in names
    }  # fmt: skip
    return cost_frame(columns | {"row": list(range(1, len(lines) + 1))})


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_worked_reconciliation(case: dict[str, Any]) -> None:
    found, expects = held(used(case), billed(case)), case["expects"]
    assert found.status == expects["status"]
    assert (found.billed_usd, found.repriced_usd) == (
        Decimal(expects["billed"]),
        Decimal(expects["repriced"]),
    )
    if "cause" in expects:
        largest = found.differences[0]
        assert (largest.cause, largest.difference_usd) == (
            expects["cause"],
            Decimal(expects["usd"]),
        )
    else:
        assert not found.differences
    if "discount" in expects:
        assert found.discount is not None
        assert found.discount.discount_share == pytest.approx(expects["discount"], abs=1e-15)
    else:
        assert found.discount is None
    if "set_aside" in expects:
        total = sum(a.billed_usd for a in found.not_judged)
        assert total == Decimal(expects["set_aside"])
