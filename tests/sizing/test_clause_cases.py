"""The worked cases of tests/cases/clauses.toml, by the ledger and on paths."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sizing_contracts import START

from forecast.records.terms import Terms
from forecast.sizing.consumption import Consumption, Group, for_settlement
from forecast.sizing.ledger import ledger, ledger_total, worth_on_first_day
from forecast.sizing.list_changes import market_list
from forecast.sizing.schedule import schedule_of
from forecast.sizing.settlement import settle
from forecast.units import to_cents

FOLDER = Path(__file__).parents[1] / "cases"
CASES: list[dict[str, Any]] = tomllib.loads((FOLDER / "clauses.toml").read_text())["case"]
CORE: list[dict[str, Any]] = tomllib.loads((FOLDER / "settlement.toml").read_text())["case"]
each_case = pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])


def terms_of(case: dict[str, Any]) -> Terms:
    clauses = dict(case["terms"])
    tiers = [
        {
            "from_commitment_usd": floor,
            "discount_share": share,
            "families": [
                {"family": name, "discount_share": d} for own in families for name, d in own.items()
            ],
        }
        for floor, share, *families in clauses.pop("tiers")
    ]
    return Terms.model_validate({"term_start": START, "tiers": tiers, **clauses})


def usage_of(case: dict[str, Any]) -> dict[Group, list[Decimal]]:
    """List cost by group; a stated split of totals is what `usage_shares` says."""
    listed = case["list_usd"]
    if isinstance(listed, list):
        return {Group(): [Decimal(x) for x in listed]}
    return {Group(*name.split("/")): [Decimal(x) for x in row] for name, row in listed.items()}


def paths_of(case: dict[str, Any], terms: Terms) -> Any:
    arrays = {g: np.array([[float(x) for x in row]]) for g, row in usage_of(case).items()}
    return for_settlement(terms, Consumption(arrays))


@each_case
def test_the_paths_come_to_what_the_calculator_says(case: dict[str, Any]) -> None:
    terms = terms_of(case)
    schedule = schedule_of(terms, Decimal(case["commitment_usd"]))
    settled = settle(terms, schedule, paths_of(case, terms))
    assert to_cents(float(settled.cost[0])) == Decimal(case["cost_usd"])
    assert to_cents(float(settled.unused[0])) == Decimal(case["unused_usd"])


@each_case
def test_the_ledger_comes_to_what_the_calculator_says(case: dict[str, Any]) -> None:
    terms = terms_of(case)
    schedule = schedule_of(terms, Decimal(case["commitment_usd"]))
    lowered = settle(terms, schedule, paths_of(case, terms)).committed[0]
    usage = usage_of(case)
    months = [{g: row[t] for g, row in usage.items()} for t in range(terms.term_months)]
    if terms.usage_shares:
        months = [
            {
                Group(s.platform, s.family): month[Group()] * Decimal(repr(s.share))
                for s in terms.usage_shares
            }
            for month in months
        ]
    lines = ledger(
        terms,
        [Decimal(repr(round(float(c), 9))) for c in schedule],
        months,
        market=[Decimal(repr(float(x))) for x in market_list(terms, 1)[0]],
        lowered_usd=[Decimal(repr(round(float(c), 9))) for c in lowered],
    )
    total = worth_on_first_day(terms, lines) if terms.time_discount_rate else ledger_total(lines)
    assert to_cents(total) == Decimal(case["cost_usd"])


NOT_SETTLED = {"name", "term_start", "currency", "renewal", "tax_share"}
"""The currency is converted when terms are read; what a renewal asks for comes after the term, and
tax on top of every way to pay."""


def test_every_clause_is_in_a_case() -> None:
    told = {name for case in CASES + CORE for name in case["terms"]}
    assert set(Terms.model_fields) - NOT_SETTLED <= told
