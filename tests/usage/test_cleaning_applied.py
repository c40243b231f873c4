"""What an entry does to the usage that is forecast from, and what it leaves alone."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from cleaning_samples import FIRST, LAST, daily, row, steady, three
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast.records.cleaning import (
    WHOLE_PORTFOLIO,
    CleaningAction,
    CleaningDecision,
    CleaningKind,
)
from forecast.records.usage import TOKEN_COLUMNS
from forecast.tables import DAILY_KEY, DAILY_USAGE, check
from forecast.usage.cleaning.finding import Finding
from forecast.usage.cleaning.ledger import cleaned, find, rule
from forecast.usage.cleaning.replacement import replaced, replacement
from forecast.usage.cleaning.rhythm import units_of

DAY = date(2026, 6, 10)  # a Wednesday


def entry(action, *, workload="chat", start=DAY, end=DAY, kind=CleaningKind.STATED):
    return Finding(kind, workload, start, end, CleaningAction(action), "", "", "")


def on_day(table, workload, day=DAY):
    return table[(table["workload"] == workload) & (table["day"] == pd.Timestamp(day))]


def requests(table, workload, day=DAY):
    return int(on_day(table, workload, day)["requests"].sum())


def test_a_burst_comes_down_to_its_weekday_and_keeps_its_mix():
    usage = daily([*three(), row(DAY, "chat", 9_000, service_tier="batch")])
    mended = replaced(usage, entry("scale_to_rhythm"))
    assert units_of(on_day(mended, "chat")).sum() == pytest.approx(
        np.median([units_of(on_day(usage, "chat", DAY + timedelta(weeks=k))).sum()
                   for k in range(-4, 5) if k]), rel=1e-6,
    )  # fmt: skip
    tiers = on_day(mended, "chat").set_index("service_tier")["requests"]
    assert tiers["batch"] / tiers["standard"] == pytest.approx(9, rel=0.01)
    rest = usage[~((usage["workload"] == "chat") & (usage["day"] == pd.Timestamp(DAY)))]
    kept = mended[~((mended["workload"] == "chat") & (mended["day"] == pd.Timestamp(DAY)))]
    pd.testing.assert_frame_equal(kept.reset_index(drop=True), rest.reset_index(drop=True))


def test_a_day_below_its_rhythm_is_not_brought_up():
    usage = daily(three())
    mended = replaced(usage, entry("scale_to_rhythm", start=DAY, end=DAY + timedelta(days=4)))
    assert requests(mended, "chat") <= requests(usage, "chat")


def test_lost_days_get_the_same_weekdays_around_them():
    usage = daily([r for r in three() if r["day"].date() != DAY])
    mended = replaced(usage, entry("fill", workload=WHOLE_PORTFOLIO))
    assert requests(mended, "chat") == pytest.approx(1000, rel=0.01)
    assert requests(mended, "nightly") == pytest.approx(3000, rel=0.01)
    assert on_day(mended, "reports").empty  # it runs on Mondays
    assert set(on_day(mended, "nightly")["service_tier"]) == {"batch"}


def test_a_copied_day_is_filled_over():
    usage = daily([*three(), row(DAY, "chat", 77_000)])
    mended = replaced(usage, entry("fill", workload="chat"))
    assert requests(mended, "chat") == pytest.approx(1000, rel=0.01)


def test_halving_gives_the_single_export_back():
    once = daily(three())
    counts = [*TOKEN_COLUMNS, "requests"]
    twice = once.copy()
    twice.loc[twice["day"] == pd.Timestamp(DAY), counts] *= 2
    mended = replaced(twice, entry("halve", workload=WHOLE_PORTFOLIO))
    pd.testing.assert_frame_equal(mended, once)


def test_the_differences_of_a_counter_are_the_usage():
    rng = np.random.default_rng(5)
    spent = {DAY + timedelta(days=k): int(rng.integers(500, 1500)) for k in range(40)}
    rows, total = [], 0
    for day, n in spent.items():
        total = n if day.day == 1 or day == DAY else total + n
        rows.append(row(day, "exporter", total, input_tokens=total * 10, output_tokens=total,
                        cache_read_tokens=0, cache_write_5m_tokens=0))  # fmt: skip
    end = DAY + timedelta(days=39)
    mended = replaced(daily(rows), entry("take_differences", workload="exporter", end=end))
    assert dict(zip(mended["day"].dt.date, mended["requests"], strict=True)) == spent
    assert (mended["input_tokens"] == 10 * mended["output_tokens"]).all()


def test_left_out_retired_and_cut():
    usage = daily(three())
    assert on_day(replaced(usage, entry("leave_out")), "chat").empty
    assert "chat" not in set(replaced(usage, entry("retire"))["workload"])
    short = replaced(usage, entry("cut", workload=WHOLE_PORTFOLIO, start=LAST, end=LAST))
    assert short["day"].max() == pd.Timestamp(LAST - timedelta(days=1))


def test_only_what_is_on_acts_and_the_table_itself_stays():
    usage = daily([*three(), row(DAY, "chat", 9_000, input_tokens=10**8)])
    before = usage.copy()
    findings = find(usage, as_of=LAST)
    (found,) = findings
    off = rule(findings, (), workloads=["chat"], first_day=FIRST, as_of=LAST)
    decided = (CleaningDecision(id=found.id),)
    on = rule(findings, decided, workloads=["chat"], first_day=FIRST, as_of=LAST)
    assert cleaned(usage, off) is usage
    assert requests(cleaned(usage, on), "chat") < requests(usage, "chat") / 5
    pd.testing.assert_frame_equal(usage, before)


DAYS = [DAY + timedelta(days=k) for k in range(-30, 31)]


@given(
    seed=st.integers(0, 2**32),
    action=st.sampled_from(["scale_to_rhythm", "fill", "halve", "leave_out", "take_differences"]),
    length=st.integers(1, 9),
    counted=st.booleans(),
)
@settings(max_examples=30, deadline=None)
def test_other_days_and_other_workloads_are_never_touched(seed, action, length, counted):
    rng = np.random.default_rng(seed)
    levels = (rng.integers(0, 10**6, len(DAYS)) * rng.integers(0, 2, len(DAYS))).tolist()
    rows = [
        row(day, name, n) | ({} if counted else {"requests": pd.NA})
        for day, n in zip(DAYS, levels, strict=True)
        for name in ("chat", "nightly")
    ]
    usage = daily(rows)
    found = entry(action, end=DAY + timedelta(days=length - 1))
    mended = check(replaced(usage, found), DAILY_USAGE, key=DAILY_KEY)
    inside = (mended["workload"] == "chat") & mended["day"].between(
        pd.Timestamp(found.start), pd.Timestamp(found.end)
    )
    was_inside = (usage["workload"] == "chat") & usage["day"].between(
        pd.Timestamp(found.start), pd.Timestamp(found.end)
    )
    pd.testing.assert_frame_equal(
        mended[~inside].reset_index(drop=True), usage[~was_inside].reset_index(drop=True)
    )
    change = replacement(usage, found)
    total = usage[list(TOKEN_COLUMNS)].sum() - change.before[list(TOKEN_COLUMNS)].sum()
    assert (
        mended[list(TOKEN_COLUMNS)].sum() == total + change.after[list(TOKEN_COLUMNS)].sum()
    ).all()
    if action == "scale_to_rhythm":
        assert (
            change.after[list(TOKEN_COLUMNS)].sum() <= change.before[list(TOKEN_COLUMNS)].sum()
        ).all()
    if not counted:
        assert mended["requests"].isna().all()


def test_filling_the_first_and_the_last_days_of_a_history():
    usage = daily(steady("chat"))
    for day in (FIRST, LAST):
        mended = replaced(usage, entry("fill", start=day, end=day))
        assert requests(mended, "chat", day) == pytest.approx(
            400 if day == LAST else 1000, rel=0.01
        )
