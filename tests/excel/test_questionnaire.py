"""The questionnaire of workload owners, out and back in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from excel_templates.question_columns import COLUMNS
from excel_templates.questionnaire import (
    FIRST_ROW,
    HEADER_ROW,
    SHEET,
    answered_portfolio,
    questionnaire,
)
from forecast.errors import WorkloadError
from forecast.levers.classification import classify
from forecast.records.workloads import (
    Archetype,
    BatchLever,
    Decision,
    Latency,
    OwnerState,
    Portfolio,
    Workload,
)

PORTFOLIO = Portfolio(
    workloads=(
        Workload(name="nightly", description="40 % of all tokens", owner="Ana"),
        Workload(
            name="=HYPERLINK(1)",
            latency=Latency(needed_at_once=True, answered_by="Bo", agent_loop=False),
            batch=BatchLever(share=0.4, evidence="piloted"),
            service_level="x" * 1900,
        ),
    )
)

COLUMN = {column.field: number for number, column in enumerate(COLUMNS, start=1)}


def answered(
    tmp_path: Path, fill: Callable[[Worksheet], None], portfolio: Portfolio = PORTFOLIO
) -> Portfolio:
    path = tmp_path / "questions.xlsx"
    path.write_bytes(questionnaire(portfolio))
    book = load_workbook(path)
    fill(book[SHEET])
    book.save(path)
    return answered_portfolio(path, portfolio)


def put(row: int = FIRST_ROW, **answers: object) -> Callable[[Worksheet], None]:
    """Type answers into a row, `latency__evidence` for `latency.evidence`."""

    def fill(ws: Worksheet) -> None:
        for field, value in answers.items():
            ws.cell(row, COLUMN[field.replace("__", ".")]).value = value  # type: ignore[assignment]

    return fill


def test_opening_and_saving_answers_nothing(tmp_path: Path) -> None:
    assert answered(tmp_path, lambda ws: None) == PORTFOLIO


def test_names_never_become_formulas(tmp_path: Path) -> None:
    path = tmp_path / "questions.xlsx"
    path.write_bytes(questionnaire(PORTFOLIO))
    cell = load_workbook(path)[SHEET].cell(FIRST_ROW + 1, 1)
    assert (cell.value, cell.data_type) == ("=HYPERLINK(1)", "s")


def test_answers_reach_the_inventory(tmp_path: Path) -> None:
    found = answered(
        tmp_path,
        put(
            archetype="overnight_enrichment",
            latency__needed_at_once="no",
            latency__evidence="read at 7:00",
            latency__answered_by="Ana",
            latency__answered_on=date(2026, 11, 20),
            latency__deadline_hours=10,
            latency__uses_tools="No",
            batch__share=0.8,
            owner_state="accepted",
            accepted_on="2026-11-21",
            service_level="by 7:00",
            rollback_trigger="two late mornings",
            adoption_month=date(2027, 2, 1),
        ),
    )
    nightly, other = found.workloads
    assert other == PORTFOLIO.workloads[1]
    assert nightly.archetype is Archetype.OVERNIGHT_ENRICHMENT
    assert nightly.latency == Latency(
        needed_at_once=False,
        evidence="read at 7:00",
        answered_by="Ana",
        answered_on=date(2026, 11, 20),
        deadline_hours=10,
        uses_tools=False,
    )
    assert nightly.batch == BatchLever(share=0.8)
    assert (nightly.owner_state, nightly.accepted_on) == (OwnerState.ACCEPTED, date(2026, 11, 21))
    assert nightly.adoption_month == date(2027, 2, 1)
    assert classify(nightly).decision is Decision.ASYNCHRONOUS


def test_a_share_keeps_the_rest_of_the_lever(tmp_path: Path) -> None:
    found = answered(tmp_path, put(FIRST_ROW + 1, batch__share=0.5))
    assert found.workloads[1].batch == BatchLever(share=0.5, evidence="piloted")


@pytest.mark.parametrize(
    ("answers", "field", "said"),
    [
        ({"latency__needed_at_once": "maybe"}, "latency.needed_at_once", "write yes or no"),
        ({"latency__deadline_hours": 0}, "latency.deadline_hours", "has to be above zero"),
        ({"latency__deadline_hours": "soon"}, "latency.deadline_hours", "no number"),
        ({"latency__answered_on": "yesterday"}, "latency.answered_on", "write 2026-11-22"),
        ({"latency__evidence": "=A1"}, "latency.evidence", "holds a formula"),
        ({"batch__share": 80}, "batch.share", "share from 0 to 1, such as 80%"),
        ({"owner_state": "agreed"}, "owner_state", "should be 'proposed'"),
        ({"archetype": "nightly"}, "archetype", "should be 'overnight_enrichment'"),
        ({"adoption_month": "2027-02-03"}, "adoption_month", "first day of the month"),
        ({"name": "nightlyy"}, "name", "is no workload of the inventory"),
        ({"name": None}, "name", "is empty"),
        ({"name": "=HYPERLINK(1)"}, "name", ""),
        ({"latency__needed_at_once": "no"}, "latency.answered_by", "write who answered"),
        (
            {"latency__needed_at_once": "no", "latency__answered_by": "Ana"},
            "latency.answered_on",
            "write the day",
        ),
        ({"owner_state": "accepted"}, "accepted_on", "write the day"),
        ({"owner_state": "declined"}, "declined_reason", "write why"),
    ],
)
def test_a_fault_is_named_by_its_cell(
    tmp_path: Path, answers: dict[str, object], field: str, said: str
) -> None:
    with pytest.raises(WorkloadError) as raised:
        answered(tmp_path, put(**answers))
    assert raised.value.column is not None
    sheet, _, cell = raised.value.column.partition("!")
    letter = Worksheet(Workbook()).cell(1, COLUMN[field]).column_letter
    assert (sheet, cell.rstrip("0123456789")) == (SHEET, letter)
    assert said in raised.value.problem


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    def fill(ws: Worksheet) -> None:
        put(latency__deadline_hours=-1, latency__agent_loop="?")(ws)
        put(FIRST_ROW + 1, batch__share=2)(ws)

    with pytest.raises(WorkloadError) as raised:
        answered(tmp_path, fill)
    assert raised.value.problem.count("\n  also ") == 2


def test_columns_may_be_moved_and_dropped(tmp_path: Path) -> None:
    def fill(ws: Worksheet) -> None:
        put(latency__evidence="read at 7:00")(ws)
        ws.delete_cols(COLUMN["archetype"])
        ws.insert_cols(2)

    found = answered(tmp_path, fill)
    assert found.workloads[0].latency.evidence == "read at 7:00"


@pytest.mark.parametrize("header", ["Workload", None])
def test_another_workbook_is_refused(tmp_path: Path, header: str | None) -> None:
    path = tmp_path / "other.xlsx"
    book = Workbook()
    if header is not None:
        sheet = book.create_sheet(SHEET)
        sheet.cell(HEADER_ROW + 1, 1).value = header
    book.save(path)
    with pytest.raises(WorkloadError, match="has no"):
        answered_portfolio(path, PORTFOLIO)
    path.write_bytes(b"no workbook")
    with pytest.raises(WorkloadError, match="cannot be read"):
        answered_portfolio(path, PORTFOLIO)


latencies = st.builds(
    Latency,
    needed_at_once=st.sampled_from([None, True, False]),
    answered_by=st.just("Ana"),
    answered_on=st.just(date(2026, 11, 1)),
    deadline_hours=st.none() | st.floats(0.25, 200),
    expected_soon=st.booleans(),
    results_kept_at_most_days=st.none() | st.floats(1, 60),
    data_residency=st.sampled_from(["", "EU only"]),
)


@given(st.lists(latencies, min_size=1, max_size=4), st.sampled_from(OwnerState))
@settings(max_examples=8)
def test_any_inventory_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, stated: list[Latency], state: OwnerState
) -> None:
    portfolio = Portfolio(
        workloads=tuple(
            Workload(name=f"w{i}", latency=latency, owner_state=state)
            for i, latency in enumerate(stated)
        )
    )
    path = tmp_path_factory.mktemp("asked") / "questions.xlsx"
    path.write_bytes(questionnaire(portfolio))
    assert answered_portfolio(path, portfolio) == portfolio
