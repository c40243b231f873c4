"""Exact rating against a reference that was written by hand, and the sums of a bill."""

from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
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

# USD per million tokens: input, output, cache read as a share of input.
REFERENCE = {
    "claude-fable-5-2": ("8", "40", "0.025"),
    "claude-fable-5-1": ("10", "50", "0.025"),
    "claude-fable-5": ("10", "50", "0.1"),
    "claude-mythos-5-1": ("10", "50", "0.025"),
    "claude-opus-5-5": ("4", "20", "0.05"),
    "claude-opus-5": ("5", "25", "0.1"),
    "claude-opus-4-6": ("5", "25", "0.1"),
    "claude-opus-4-5": ("5", "25", "0.1"),
    "claude-opus-4-1": ("15", "75", "0.1"),
    "claude-sonnet-5-5": ("2", "10", "0.05"),
    "claude-sonnet-5": ("2", "10", "0.1"),
    "claude-sonnet-4-6": ("3", "15", "0.1"),
    "claude-sonnet-4-5": ("3", "15", "0.1"),
    "claude-haiku-5-5": ("0.10", "0.50", "0.1"),
    "claude-haiku-4-5": ("1", "5", "0.1"),
}
BANDED_200K = ("claude-opus-4-6", "claude-sonnet-4-6", "claude-sonnet-4-5")
FAST = ("claude-fable-5-2", "claude-opus-5-5", "claude-opus-5")
US_ONLY = {m for m in REFERENCE if m not in (
    "claude-opus-4-5", "claude-opus-4-1", "claude-sonnet-4-5", "claude-haiku-4-5"
)}  # fmt: skip
NO_REGIONAL_PREMIUM = ("claude-opus-4-1",)


def reference_usd(row: dict) -> Decimal:
    """Price one row from the tables above, with its own arithmetic."""
    model, day = row["model"], row["day"]
    base_in, base_out, read_share = (Decimal(x) for x in REFERENCE[model])
    if model == "claude-sonnet-5-5" and day < date(2026, 10, 7):
        read_share = Decimal("0.1")
    in_factor = out_factor = Decimal(1)
    long_prompt = row["context_window"] in ("200k-1M", "> 200k")
    if long_prompt and model == "claude-haiku-5-5":
        in_factor = out_factor = Decimal(5)
    elif long_prompt and model in BANDED_200K and day < date(2026, 3, 13):
        in_factor, out_factor = Decimal(2), Decimal("1.5")
    if row["speed"] == "fast":
        in_factor = out_factor = Decimal(2)
    multiple = Decimal("0.5") if row["service_tier"] == "batch" else Decimal(1)
    premium = row["geography"] != "global" and model not in NO_REGIONAL_PREMIUM
    multiple *= Decimal("1.1") if premium else Decimal(1)
    prompt = (
        (
            row["input_tokens"]
            + row["cache_write_5m_tokens"] * Decimal("1.25")
            + row["cache_write_1h_tokens"] * 2
            + row["cache_read_tokens"] * read_share
        )
        * base_in
        * in_factor
    )
    answer = row["output_tokens"] * base_out * out_factor
    searches = row["web_searches"] * Decimal(10) / 1000
    return (prompt + answer) * multiple / 1_000_000 + searches


def random_row(rng: np.random.Generator) -> dict:
    model = str(rng.choice(list(REFERENCE)))
    platform = str(rng.choice(["anthropic", "bedrock", "vertex"]))
    own = platform == "anthropic"
    geographies = ["global", *(["us"] if own and model in US_ONLY else [])]
    geographies += [] if own else ["us", "regional"]
    fast = own and model in FAST and rng.random() < 0.2
    tiers = ["standard", *([] if fast else ["batch"]), *(["priority"] if own else [])]
    counts = {
        name: int(rng.integers(0, 10 ** int(rng.integers(1, 13)))) * int(rng.random() < 0.8)
        for name in COUNT_COLUMNS
    }
    if platform == "bedrock":
        counts["web_searches"] = 0
    windows = ["", "0-200k", "≤ 200k"] + ([] if fast else ["200k-1M", "> 200k"])
    return {
        "day": date(2025, 8, 20) + pd.Timedelta(days=int(rng.integers(0, 460))),
        "platform": platform,
        "model": model,
        "service_tier": str(rng.choice(tiers)),
        "geography": str(rng.choice(geographies)),
        "speed": "fast" if fast else "standard",
        "context_window": str(rng.choice(windows)),
        **counts,
    }


def test_a_thousand_random_rows_reprice_exactly(card, usage):
    rng = np.random.default_rng(20261122)
    rows = [random_row(rng) for _ in range(1000)]
    rated = rate_usage(usage(rows), card)
    assert rated["list_usd"].tolist() == [reference_usd(row) for row in rows]
    assert all(isinstance(usd, Decimal) for usd in rated["list_usd"])
    assert {row["model"] for row in rows} == set(REFERENCE)


def test_the_lines_of_a_row_add_up(card, usage):
    rng = np.random.default_rng(7)
    rated = rate_usage(usage([random_row(rng) for _ in range(50)]), card)
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
    rng = np.random.default_rng(3)
    rated = rate_usage(usage([random_row(rng) for _ in range(300)]), card)
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
