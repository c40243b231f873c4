"""The workbook of a company with hundreds of workloads: what matters first, nothing twice."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import opened
import pytest
import workbook_example as example

from excel_templates.fill import build_workbook
from excel_templates.sheets.negotiation_lists import DOSSIER
from forecast.records.base import Provenance
from forecast.records.dossier import ClaimEvidence, DossierClaim, EfficiencyDossier
from forecast.records.outlook import MemberWeight
from forecast.records.recommendation import Recommendation

MEMBERS = ("run_rate", "seasonal_naive", "theta")
N_WORKLOADS = 60


@pytest.fixture(scope="module")
def large() -> Recommendation:
    """The example with each workload many times over, the later ones larger."""
    found, _ = example.recommendation(decisions=example.paths(150))
    copies = [
        w.model_copy(update={"name": f"{w.name} {i}", "as_is_usd": w.as_is_usd + 1000 * i})
        for w in found.workloads
        for i in range(N_WORKLOADS)
    ]
    weights = [
        MemberWeight(workload=w.name, member=m, weight=share, pinball_loss=0.07)
        for w in copies
        for m, share in zip(MEMBERS, (0.2, 0.5, 0.3), strict=True)
    ]
    outlook = found.outlook.model_copy(update={"members": tuple(weights)})
    return found.model_copy(update={"workloads": tuple(copies), "outlook": outlook})


@pytest.fixture(scope="module")
def workbook(large: Recommendation) -> Any:
    return opened.values(build_workbook(large, example.paths(150)))


def test_the_largest_workload_and_the_largest_saving_stand_first(
    large: Recommendation, workbook: Any
) -> None:
    workloads = opened.cells(workbook, "workload_rows")
    assert workloads[0][0].value == max(large.workloads, key=lambda w: w.as_is_usd).name
    assert len(workloads) == len(large.workloads)
    savings = [row[2].value for row in opened.cells(workbook, "lever_rows")]
    assert savings == sorted(savings, reverse=True)
    assert len(savings) == sum(len(w.levers) for w in large.workloads)


def test_forecasters_take_one_row_a_workload(large: Recommendation, workbook: Any) -> None:
    rows = [
        [cell.value for cell in row]
        for row in opened.cells(workbook, "source_rows")
        if row[0].value == "forecaster"
    ]

    assert len(rows) == len(large.workloads)
    assert rows[0][2] == "seasonal_naive 50.0 %, theta 30.0 %, run_rate 20.0 %"
    assert rows[0][4].endswith("seasonal_naive 0.07, theta 0.07, run_rate 0.07")


def test_the_ledger_is_told_once_and_what_a_decision_moves_most_first(
    large: Recommendation, workbook: Any
) -> None:
    moved = [abs(row[7].value or Decimal(0)) for row in opened.cells(workbook, "finding_rows")]
    told = [r for r in opened.cells(workbook, "source_rows") if r[0].value == "cleaning"]

    assert len(moved) == len(large.cleaning)
    assert moved == sorted(moved, reverse=True)
    assert [r[4].value for r in told] == ["sheet Exclusion ledger"]


def test_what_is_said_of_many_workloads_fits_a_cell(large: Recommendation) -> None:
    """Excel cuts a text at 32,767 characters; the evidence of 900 workloads would be longer."""
    name = "an asynchronous workload of the document platform "
    evidence = tuple(
        ClaimEvidence(workload=f"{name}{i}", said="batch 100 %", provenance=Provenance.USER)
        for i in range(900)
    )
    claim = DossierClaim(
        claim="work that may wait", before_share=0.1, after_share=0.9, measured_on="usage",
        evidence=evidence,
    )  # fmt: skip
    dossier = EfficiencyDossier(claims=(claim,), models=(), same_work_costs_share=None)

    (row,) = DOSSIER.rows(large.model_copy(update={"dossier": dossier}))

    assert row[4] == f"900 workloads ({name}0, {name}1, {name}2, …): batch 100 %"
