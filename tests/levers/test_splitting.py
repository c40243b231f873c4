"""One workload becomes two, and nothing is lost or won by it."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.errors import WorkloadError
from forecast.levers.classification import classify
from forecast.levers.splitting import split_workload
from forecast.records.usage import TOKEN_COLUMNS
from forecast.records.workloads import (
    BatchLever,
    CachingLever,
    Decision,
    Latency,
    OwnerState,
    Portfolio,
    Rule,
    Workload,
)
from forecast.tables import USAGE_ROWS, conform
from forecast.usage.mapping import assign_workloads

WHOLE = Workload(
    name="docs",
    owner="Ana",
    owner_state=OwnerState.ACCEPTED,
    accepted_on=date(2026, 10, 1),
    match=(Rule(api_key="docs-*"),),
    latency=Latency(needed_at_once=False, deadline_hours=12),
    batch=BatchLever(share=0.4, evidence="piloted"),
    caching=CachingLever(stable_prefix_tokens=4000, prompt_tokens=5000, arrivals_per_hour=50),
)
OTHER = Workload(name="other", match=(Rule(api_key="other"),))


def split(share: float = 0.4, portfolio: Portfolio | None = None) -> Portfolio:
    return split_workload(
        portfolio or Portfolio(workloads=(OTHER, WHOLE)),
        "docs",
        share,
        evidence="runs at night",
        answered_by="Ana",
        answered_on=date(2026, 11, 20),
    )


def test_each_part_has_its_own_answer() -> None:
    other, now, later = split().workloads
    assert other is OTHER
    assert (now.name, later.name) == ("docs, real time", "docs, asynchronous")
    assert classify(now).decision is Decision.REAL_TIME
    assert classify(later).decision is Decision.ASYNCHRONOUS
    assert (now.batch, later.batch) == (None, BatchLever(share=1.0, evidence="piloted"))
    assert (now.latency.deadline_hours, later.latency.deadline_hours) == (None, 12)
    assert [w.owner_state for w in (now, later)] == [OwnerState.PROPOSED] * 2
    assert [w.accepted_on for w in (now, later)] == [None, None]
    assert now.caching is not None
    assert later.caching is not None
    assert now.caching.arrivals_per_hour == pytest.approx(30)
    assert later.caching.arrivals_per_hour == pytest.approx(20)


@given(st.floats(0.01, 0.99), st.sampled_from([None, 0.3, 0.75]))
def test_the_parts_take_what_the_whole_took(share: float, ruled: float | None) -> None:
    rule = Rule(api_key="docs-*", share=ruled)
    portfolio = Portfolio(workloads=(WHOLE.model_copy(update={"match": (rule,)}),))
    row = (
        {c: [""] for c in USAGE_ROWS.names}
        | {c: [10_000] for c in TOKEN_COLUMNS}
        | {
            "day": ["2026-11-01"],
            "api_key": ["docs-7"],
            "requests": [100],
            "web_searches": [0],
        }
    )
    usage = conform(pd.DataFrame(row), USAGE_ROWS)

    def taken(of: Portfolio) -> int:
        daily = assign_workloads(usage, of).daily
        return int(daily.loc[daily["workload"].str.startswith("docs"), "input_tokens"].sum())

    assert abs(taken(split(share, portfolio)) - taken(portfolio)) <= 1


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, float("nan")])
def test_a_share_that_divides_nothing_is_refused(share: float) -> None:
    with pytest.raises(WorkloadError, match="divides nothing"):
        split(share)


@pytest.mark.parametrize(
    ("portfolio", "said"),
    [
        (Portfolio(workloads=(OTHER,)), "is no workload of the inventory"),
        (Portfolio(workloads=(Workload(name="docs"),)), "only rules can be divided"),
        (
            Portfolio(workloads=(WHOLE, Workload(name="docs, real time"))),
            "workload names stand twice: docs, real time",
        ),
    ],
)
def test_what_cannot_be_divided_is_said(portfolio: Portfolio, said: str) -> None:
    with pytest.raises(WorkloadError, match=said):
        split(portfolio=portfolio)
