"""The sheet Changes: an earlier recommendation beside this one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import opened
import pytest
import workbook_example as example

from excel_templates.fill import build_workbook
from forecast.records.recommendation import Recommendation
from forecast.records.workloads import OwnerState

Rows = dict[tuple[str, str], list[Any]]
NAMES = example.WORKLOADS[:3]


def _changes(previous: Recommendation | None, **now: Any) -> tuple[Recommendation, Rows]:
    recommendation, decisions = example.recommendation(
        example.terms(overage="committed_rate"), example.paths(30, 12, NAMES), **now
    )
    content = build_workbook(recommendation, decisions, previous=previous)
    rows = opened.cells(opened.values(content), "change_rows")
    return recommendation, {(r[0].value, r[1].value): [c.value for c in r[2:]] for r in rows}


@pytest.fixture(scope="module")
def before() -> Recommendation:
    found, _ = example.recommendation(
        decisions=example.paths(30, 12, ("support chat", "bulk tagging", "gone"), seed=8)
    )
    return found


@pytest.fixture(scope="module")
def compared(before: Recommendation) -> tuple[Recommendation, Rows]:
    return _changes(before)


def test_without_an_earlier_one_it_says_how_to_compare() -> None:
    _, rows = _changes(None)
    ((_, what),) = rows
    assert "--previous FILE" in what


def test_then_now_and_the_change(
    before: Recommendation, compared: tuple[Recommendation, Rows]
) -> None:
    now, rows = compared
    then, later, change, relative, _ = rows["headline", "Sign for"]
    assert then == pytest.approx(float(before.headline.sign_for_usd))
    assert later == pytest.approx(float(now.headline.sign_for_usd))
    assert change == pytest.approx(later - then)
    assert relative == pytest.approx(later / then - 1)


def test_the_steps_of_the_bridge_explain_the_number(
    compared: tuple[Recommendation, Rows],
) -> None:
    _, rows = compared
    steps = {what: row[2] for (part, what), row in rows.items() if part == "bridge"}
    total = steps.pop("Commitment")
    assert sum(steps.values()) == pytest.approx(total, abs=0.05)
    why = rows["headline", "Sign for"][4]
    largest = max(steps, key=lambda step: abs(steps[step]))
    assert why.startswith(f"{largest} {Decimal(str(round(steps[largest]))):+,} USD")


def test_clauses_that_differ_are_listed_and_others_are_not(
    compared: tuple[Recommendation, Rows],
) -> None:
    _, rows = compared
    assert rows["contract", "overage"][:2] == ["list", "committed_rate"]
    assert [what for part, what in rows if part == "contract"] == ["overage"]


def test_workloads_that_came_went_and_moved(
    before: Recommendation, compared: tuple[Recommendation, Rows]
) -> None:
    now, rows = compared
    told = {what: row for (part, what), row in rows.items() if part == "workload"}
    assert told["gone"][1] == 0
    assert told["gone"][4] == "gone"
    assert told["nightly enrichment"][0] == 0
    assert told["nightly enrichment"][4] == "new"
    ratio = float(now.workloads[0].as_is_usd / before.workloads[0].as_is_usd - 1)
    assert f"as is {ratio:+.1%}" in told["support chat"][4]
    moved = [abs(row[2]) for row in told.values()]
    assert moved == sorted(moved, reverse=True)


def test_an_owner_who_said_yes_is_named() -> None:
    now, decisions = example.recommendation(decisions=example.paths(30, 12, NAMES))
    proposed = now.workloads[1].model_copy(update={"owner_state": OwnerState.PROPOSED})
    before = now.model_copy(update={"workloads": (now.workloads[0], proposed, now.workloads[2])})
    content = build_workbook(now, decisions, previous=before)
    rows = [
        [cell.value for cell in row] for row in opened.cells(opened.values(content), "change_rows")
    ]
    (row,) = [r for r in rows if r[0] == "workload"]
    assert row[1] == now.workloads[1].name
    assert row[4] == 0
    assert row[6] == "as is +0.0%; owner: proposed → accepted"
