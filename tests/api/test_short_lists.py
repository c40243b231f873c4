"""What of a re-forecast is shown where there are many workloads."""

from __future__ import annotations

from decimal import Decimal

import pytest

from api import short_lists
from forecast.records.reforecast import (
    Finding,
    Promise,
    Reclassification,
    Reforecast,
    WorkloadStanding,
)
from forecast.records.workloads import Decision, OwnerState
from forecast.short_form import MOST_ROWS

N = 50
NAMES = [f"chat {i:02}" for i in range(N)]


@pytest.fixture
def quarter() -> Reforecast:
    """The lists of a re-forecast of fifty workloads; the later ones are the larger ones."""
    return Reforecast.model_construct(
        findings=(
            Finding(kind="contract_amended", note="the contract was amended since"),
            *(
                Finding(kind="new_workload", note=f"{name!r} is new", usd=Decimal(i))
                for i, name in enumerate(NAMES)
            ),
        ),
        promises=tuple(
            Promise(
                workload=name,
                owner_state=OwnerState.SHIPPED,
                promised_usd=Decimal(10 * i),
                measured_usd=Decimal(9 * i),
                shares=(),
                verdict="as promised",
            )
            for i, name in enumerate(NAMES)
        ),
        reclassifications=tuple(
            Reclassification(
                workload=name,
                stands_as=Decision.ASYNCHRONOUS,
                now="busy by day",
                before="busy by night",
                ask="is it still consumed later?",
            )
            for name in NAMES
        ),
        workloads=tuple(
            WorkloadStanding(name=name, recorded_usd=Decimal(i), expected_usd=Decimal(2 * i))
            for i, name in enumerate(NAMES)
        ),
    )


def test_a_finding_about_everything_is_never_left_out(quarter: Reforecast) -> None:
    found = short_lists.findings(quarter)

    assert found.shown[0].kind == "contract_amended"
    assert len(found.shown) == 1 + MOST_ROWS - 1
    assert found.rest_usd(lambda f: f.usd) == sum(range(N - MOST_ROWS + 1))


def test_the_workloads_to_ask_again_are_the_largest(quarter: Reforecast) -> None:
    found = short_lists.reclassifications(quarter)

    assert [again.workload for again in found.shown] == NAMES[-(MOST_ROWS - 1) :]


def test_no_dollar_of_a_promise_or_a_workload_is_lost(quarter: Reforecast) -> None:
    promises, standings = short_lists.promises(quarter), short_lists.standings(quarter)

    assert sum(p.promised_usd for p in promises.shown) + (
        promises.rest_usd(lambda p: p.promised_usd) or 0
    ) == sum(10 * i for i in range(N))
    assert standings.shown[0].name == NAMES[-1]
    assert sum(map(short_lists.standing_usd, standings.shown)) + (
        standings.rest_usd(short_lists.standing_usd) or 0
    ) == sum(3 * i for i in range(N))
