"""The worked cases of tests/cases/settlement.toml, by the ledger and on paths."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sizing_contracts import contract

from forecast.records.terms import Terms
from forecast.sizing.ledger import ledger, ledger_total
from forecast.sizing.settlement import settle
from forecast.units import to_cents

CASES: list[dict[str, Any]] = tomllib.loads(
    (Path(__file__).parents[1] / "cases" / "settlement.toml").read_text()
)["case"]
each_case = pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])


def terms_of(case: dict[str, Any]) -> Terms:
    clauses = dict(case["terms"])
    return contract(clauses.pop("tiers"), **clauses)


def usd(case: dict[str, Any], name: str) -> list[Decimal]:
    return [Decimal(amount) for amount in case[name]]


@each_case
def test_the_ledger_comes_to_what_the_calculator_says(case: dict[str, Any]) -> None:
    lines = ledger(terms_of(case), usd(case, "schedule_usd"), usd(case, "list_usd"))

    def total(*items: str) -> Decimal:
        return sum((line.usd for line in lines if line.item in items), Decimal(0))

    starts = sorted({line.period_start for line in lines})
    paid = [
        sum(x.usd for x in lines if x.item == "payment" and x.period_start == start)
        for start in starts
    ]
    assert paid == usd(case, "payments_usd")
    assert ledger_total(lines) == Decimal(case["cost_usd"])
    assert total("true_up") - total("rolled_drawn") == Decimal(case["unused_usd"])
    assert total("overage") == Decimal(case["overage_usd"])


@each_case
def test_the_paths_come_to_what_the_calculator_says(case: dict[str, Any]) -> None:
    schedule = np.array([float(c) for c in case["schedule_usd"]])
    path = np.array([[float(d) for d in case["list_usd"]]])
    settled = settle(terms_of(case), schedule, path)
    assert to_cents(float(settled.cost[0])) == Decimal(case["cost_usd"])
    assert to_cents(float(settled.unused[0])) == Decimal(case["unused_usd"])
    assert to_cents(float(settled.overage_usd[0])) == Decimal(case["overage_usd"])
    assert bool(settled.overrun[0]) == (Decimal(case["overage_usd"]) > 0)
