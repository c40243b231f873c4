"""Exact rating against a reference that was written by hand, and the sums of a bill."""

import random
from datetime import date
from decimal import Decimal

import pandas as pd
import price_reference
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast.errors import UnknownModelError, UsageFormatError
from forecast.pricing.rating import (
    COUNT_COLUMNS,
    USD_COLUMNS,
    list_cost_summary,
    monthly_list_cost,
    rate_usage,
)


def test_a_thousand_random_rows_reprice_exactly(card, usage):
    rng = random.Random(20261122)
    rows = [price_reference.random_row(rng) for _ in range(1000)]
    rated = rate_usage(usage(rows), card)
    assert rated["list_usd"].tolist() == [price_reference.usd(row) for row in rows]
    assert all(isinstance(usd, Decimal) for usd in rated["list_usd"])


def test_the_random_rows_reach_every_price_of_the_reference():
    rng = random.Random(20261122)
    rows = [price_reference.random_row(rng) for _ in range(1000)]
    claude = {row["model"] for row in rows if row["model"].startswith("claude-")}
    assert claude == set(price_reference.CLAUDE)
    others = {
        (
            row["platform"],
            row["model"],
            row["service_tier"],
            row["context_window"] not in ("", "0-200k"),
        )
        for row in rows
        if not row["model"].startswith("claude-")
    }
    assert others == set(price_reference.OTHERS)
    assert {row["geography"] for row in rows} == {"global", "us", "regional"}
    assert {row["service_tier"] for row in rows} == {"standard", "batch", "flex", "priority"}
    assert {row["model"] for row in rows if row["speed"] == "fast"} == set(price_reference.FAST)


def test_the_lines_of_a_row_add_up(card, usage):
    rng = random.Random(7)
    rated = rate_usage(usage([price_reference.random_row(rng) for _ in range(50)]), card)
    assert (rated[list(USD_COLUMNS)].sum(axis=1) == rated["list_usd"]).all()


@given(
    parts=st.lists(st.integers(0, 10**12), min_size=1, max_size=5),
    kind=st.sampled_from(COUNT_COLUMNS),
    tier=st.sampled_from(["standard", "batch"]),
)
@settings(max_examples=40, deadline=None)
def test_a_days_sum_costs_what_its_requests_cost(card, usage, parts, kind, tier):
    key = {"day": date(2026, 11, 1), "model": "claude-haiku-5-5", "service_tier": tier}
    apart = rate_usage(usage([key | {kind: n} for n in parts]), card)["list_usd"]
    together = rate_usage(usage([key | {kind: sum(parts)}]), card)["list_usd"]
    assert sum(apart, Decimal(0)) == together[0]


def test_a_row_pays_the_price_of_its_own_day(card, usage):
    key = {"model": "claude-sonnet-5-5", "cache_read_tokens": 10_000_000}
    days = [date(2026, 10, day) for day in (8, 6, 7, 6)]
    rated = rate_usage(usage([key | {"day": day} for day in days]), card)
    assert rated["list_usd"].tolist() == [Decimal(1), Decimal(2), Decimal(1), Decimal(2)]
    assert rated["day"].dt.date.tolist() == days


def test_the_first_unpriced_row_is_named(card, usage):
    rows = [
        {"day": date(2026, 11, 1), "model": "claude-opus-5-5", "output_tokens": 5},
        {"day": date(2026, 11, 2), "model": "gpt-9", "output_tokens": 5},
        {"day": date(2026, 11, 1), "model": "claude-9", "output_tokens": 5},
    ]
    with pytest.raises(UnknownModelError) as caught:
        rate_usage(usage(rows), card, file="march.csv")
    error = caught.value
    assert (error.file, error.row, error.column) == ("march.csv", 2, "model")
    assert "'gpt-9'" in str(error)
    assert "2026-11-02" in str(error)
    assert "price sheet" in str(error)


def test_a_bedrock_id_on_another_platform_says_so(card, usage):
    row = {"day": date(2026, 11, 1), "model": "us.anthropic.claude-sonnet-4-6-v1:0"}
    with pytest.raises(UnknownModelError, match="set platform to bedrock"):
        rate_usage(usage([row]), card)


def test_a_table_that_is_no_usage_is_refused(card, usage):
    frame = usage([{"day": date(2026, 11, 1), "model": "claude-opus-5-5"}])
    with pytest.raises(UsageFormatError, match="is missing"):
        rate_usage(frame.drop(columns="cache_read_tokens"), card)
    with pytest.raises(UsageFormatError, match="is not a count"):
        rate_usage(frame.assign(output_tokens=-1), card)


def test_rating_leaves_its_input_alone_and_keeps_other_columns(card, usage):
    frame = usage([{"day": date(2026, 11, 1), "model": "claude-opus-5-5"}]).assign(extra="x")
    before = frame.copy()
    rated = rate_usage(frame, card)
    pd.testing.assert_frame_equal(frame, before)
    assert list(rated.columns) == [*frame.columns, *USD_COLUMNS, "list_usd"]


def test_no_rows_cost_nothing(card, usage):
    rated = rate_usage(usage([]), card)
    assert rated.empty
    assert list_cost_summary(rated).empty
    assert monthly_list_cost(rated, date(2026, 11, 1)) == ()


def test_summary_has_a_line_for_every_month_model_and_kind_used(card, usage):
    key = {"model": "claude-opus-5-5"}
    rows = [
        key | {"day": date(2026, 10, 3), "output_tokens": 1_000_000, "web_searches": 2_000},
        key | {"day": date(2026, 10, 30), "output_tokens": 500_000},
        key | {"day": date(2026, 11, 1), "input_tokens": 1_000_000},
        {"day": date(2026, 10, 5), "model": "claude-haiku-4-5", "cache_read_tokens": 10**7},
    ]
    summary = list_cost_summary(rate_usage(usage(rows), card))
    lines = [
        (m.date().isoformat(), model, kind, n, usd)
        for m, model, kind, n, usd in summary.itertuples(index=False)
    ]
    assert lines == [
        ("2026-10-01", "claude-haiku-4-5", "cache_read", 10**7, Decimal(1)),
        ("2026-10-01", "claude-opus-5-5", "output", 1_500_000, Decimal(30)),
        ("2026-10-01", "claude-opus-5-5", "web_search", 2_000, Decimal(20)),
        ("2026-11-01", "claude-opus-5-5", "input", 1_000_000, Decimal(4)),
    ]


def test_summary_loses_nothing(card, usage):
    rng = random.Random(3)
    rated = rate_usage(usage([price_reference.random_row(rng) for _ in range(300)]), card)
    summary = list_cost_summary(rated)
    assert sum(summary["list_usd"], Decimal(0)) == sum(rated["list_usd"], Decimal(0))
    assert summary["tokens"].sum() == rated[list(COUNT_COLUMNS)].to_numpy().sum()


def test_monthly_history_is_without_gaps_and_knows_what_is_complete(card, usage):
    key = {"model": "claude-opus-5-5", "output_tokens": 1_000_001}
    days = [date(2026, 7, 2), date(2026, 9, 30), date(2026, 11, 20), date(2026, 11, 25)]
    rated = rate_usage(usage([key | {"day": day} for day in days]), card)
    history = monthly_list_cost(rated, date(2026, 11, 22))
    assert [(h.month.month, h.list_usd, h.complete) for h in history] == [
        (7, Decimal("20.00"), False),
        (8, Decimal("0.00"), True),
        (9, Decimal("20.00"), True),
        (10, Decimal("0.00"), True),
        (11, Decimal("20.00"), False),
    ]
    assert monthly_list_cost(rated, date(2026, 11, 30))[-1].complete
    assert monthly_list_cost(rated, date(2026, 11, 30))[-1].list_usd == Decimal("40.00")
