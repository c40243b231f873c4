"""The amount that is safe when nothing can be forecast, checked by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pandas as pd
import pytest

from forecast.pipeline.recommend import recommend
from forecast.records.recommendation import Refusal
from forecast.records.terms import Terms, Tier
from forecast.records.workloads import (
    BatchLever,
    Latency,
    OwnerState,
    Portfolio,
    RoutingLever,
    Rule,
    Workload,
)
from forecast.tables import USAGE_ROWS, conform, empty

DAY_USD = 40  # 10 million uncached input tokens of Opus 5.5 at 4 USD a million


def _usage(days: int = 35) -> pd.DataFrame:
    frame = pd.DataFrame({"day": pd.date_range("2026-09-27", periods=days)})
    for column in empty(USAGE_ROWS).columns:
        if column not in frame:
            frame[column] = "" if column not in empty(USAGE_ROWS).select_dtypes("number") else 0
    frame = frame.assign(
        platform="anthropic",
        model="claude-opus-5-5",
        service_tier="standard",
        geography="global",
        speed="standard",
        api_key="k",
        input_tokens=10_000_000,
        requests=1000,
    )
    return conform(frame, USAGE_ROWS)


def _refused(months: int = 12, **workload: object) -> Refusal:
    terms = Terms(
        term_start=date(2027, 1, 1),
        term_months=months,
        settlement="term",
        tiers=(
            Tier(from_commitment_usd=Decimal(0), discount_share=0.0),
            Tier(from_commitment_usd=Decimal(1000), discount_share=0.2),
        ),
    )
    job = Workload(name="job", match=(Rule(api_key="k"),), **workload)
    result = recommend(_usage(), Portfolio(workloads=(job,)), terms, seed=0).result
    assert isinstance(result, Refusal)
    return result


def test_half_the_weakest_week_at_the_best_discount():
    # 365 days x 40 USD x 1/2 x (1 - 20 %)
    assert _refused().do_not_exceed_usd == Decimal("5840.00")


def test_a_workload_that_retires_is_nothing_to_rely_on():
    assert _refused(retires_month=date(2026, 12, 1)).do_not_exceed_usd == 0


def test_levers_on_file_that_leave_less_count():
    halved = _refused(
        owner_state=OwnerState.ACCEPTED,
        latency=Latency(needed_at_once=False, deadline_hours=1000),
        batch=BatchLever(evidence="proven"),
        routing=RoutingLever(to_model="claude-haiku-5-5", evidence="proven"),
    )
    # batch halves 0.10 against 4 USD a million: 1.25 % of the bill, less a fifth for safety
    assert float(halved.do_not_exceed_usd) == pytest.approx(365 * 40 * 0.0125 * 0.8 * 0.8, rel=0.05)


def test_the_safe_structure_names_a_quarter_of_a_year_whatever_the_term():
    assert "at most 1,460.00 USD each" in _refused(12).safe_structure
    assert "at most 1,461.33 USD each" in _refused(36).safe_structure
