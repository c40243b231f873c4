"""What the workbook says of the bills: a sheet, a light on Checks, a banner on Decision."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import opened
import pytest
import workbook_example as example

from excel_templates.fill import build_workbook
from forecast.records.reconciliation import (
    Bill,
    Cause,
    FamilyDiscount,
    MeasuredDiscount,
    ReconciledCause,
    ReconciledDifference,
    ReconciledMonth,
    Reconciliation,
)
from forecast.units import month_range

MONTHS = month_range(date(2026, 7, 1), 6)
SAID = "the bill is at the batch price and the usage says standard"
TODO = "export usage grouped by service tier"


def warned() -> Reconciliation:
    """Six months, billed 100,000 USD each and repriced to 104,000."""
    billed, repriced = Decimal(100_000), Decimal(104_000)
    gap = repriced - billed
    return Reconciliation(
        status="warning",
        billed_usd=6 * billed,
        repriced_usd=6 * repriced,
        difference_share=0.04,
        note="6 months compared: usage reprices to 624,000 USD where 600,000 USD was billed.",
        grain="month, model",
        n_judged_lines=6,
        covered_share=0.97,
        tolerance_share=0.02,
        refusal_share=0.1,
        months=tuple(
            ReconciledMonth(
                month=month, source="cost report", first_day=month, last_day=month, n_days=30,
                billed_usd=billed, repriced_usd=repriced, difference_usd=gap,
                difference_share=0.04, gross_difference_usd=gap, verdict="warning", said="warning",
            )
            for month in MONTHS
        ),
        causes=(
            ReconciledCause(
                cause=Cause.SERVICE_TIER, said=SAID, n_differences=6, difference_usd=6 * gap,
                gross_difference_usd=6 * gap, what_to_do=TODO,
            ),
        ),
        differences=tuple(
            ReconciledDifference(
                month=month, source="cost report", platform="anthropic", model="=cmd()",
                token_kind="cache_read", billed_usd=billed, repriced_usd=repriced,
                difference_usd=gap, cause=Cause.SERVICE_TIER, said=SAID, what_to_do=TODO,
            )
            for month in MONTHS
        ),
        n_differences=6,
        discount=MeasuredDiscount(
            discount_share=0.12, lowest_share=0.12, highest_share=0.12, basis="list_and_cost",
            measured_on="output", list_usd=Decimal(300_000), n_models=2, n_token_kinds=5,
            families=(
                FamilyDiscount(
                    family="opus", discount_share=0.12, lowest_share=0.12, highest_share=0.12,
                    list_usd=Decimal(300_000),
                ),
            ),
            said="a discount of 12.0 %",
        ),
        sources=(
            Bill(
                name="cost report", files=("r.json",), grain="month, model", n_lines=6,
                n_judged_lines=6, compared="billed", judged=True,
            ),
        ),
    )  # fmt: skip


@pytest.fixture(scope="module")
def content() -> bytes:
    recommendation, decisions = example.recommendation(decisions=example.paths(150))
    return build_workbook(recommendation.model_copy(update={"reconciliation": warned()}), decisions)


def test_months_causes_and_discounts_stand_side_by_side(content: bytes) -> None:
    found = opened.values(content)
    months = opened.cells(found, "reconciled_rows")
    assert [row[0].value.date() for row in months] == list(MONTHS)
    assert [row[4].value for row in months] == [4000.0] * 6
    (cause,) = opened.cells(found, "cause_rows")
    assert [cell.value for cell in cause] == ["service tier", 24000.0, 6, SAID, TODO]
    (family,) = opened.cells(found, "discount_rows")
    assert [cell.value for cell in family][:2] == ["opus", 0.12]
    assert opened.read(found, "reconciliation_covered") == 0.97


def test_every_difference_is_listed_and_is_no_formula(content: bytes) -> None:
    rows = opened.cells(opened.formulas(content), "difference_rows")
    assert len(rows) == 6
    assert {row[3].data_type for row in rows} == {"s"}
    assert {row[8].value for row in rows} == {"service tier"}


@pytest.mark.parametrize("sheet", ["Decision", "Reconciliation"])
def test_the_warning_stands_above_everything(content: bytes, sheet: str) -> None:
    assert (
        "does not quite reprice to the bill (+4.0 %)" in opened.values(content)[sheet]["A4"].value
    )


def test_checks_have_a_light_and_a_sum(content: bytes) -> None:
    sheet = opened.values(content)["Checks"]
    assert sheet["A9"].value.startswith("▲")
    results = {row[0].value: row[4].value for row in sheet.iter_rows(min_row=12, max_col=5)}
    assert results["Reconciliation: repriced less billed makes the differences"] == "● ok"


def test_without_a_bill_nothing_warns() -> None:
    recommendation, decisions = example.recommendation(decisions=example.paths(150))
    found = opened.values(build_workbook(recommendation, decisions))
    assert not found["Decision"]["A4"].value
    assert opened.read(found, "reconciliation_level") == -1
    assert opened.cells(found, "reconciled_rows")[0][1].value == "no bill was given"


def test_a_bill_that_could_not_be_compared_warns() -> None:
    recommendation, decisions = example.recommendation(decisions=example.paths(150))
    warned_of = recommendation.model_copy(update={"warnings": ("The bill could not be compared",)})
    found = opened.values(build_workbook(warned_of, decisions))
    assert found["Decision"]["A4"].value.startswith("▲ The bill could not be compared")
