"""What the ledger finds, and what it leaves in peace."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from cleaning_samples import FIRST, LAST, daily, row, steady, three

from forecast.records.cleaning import CleaningAction, CleaningKind
from forecast.usage.cleaning.ledger import find

DAY = date(2026, 6, 10)  # a Wednesday


def found(rows, as_of=LAST, **options):
    return find(daily(rows), as_of=as_of, **options)


def burst(workload, start, n_days, requests, **changes):
    return [row(start + timedelta(days=k), workload, requests, **changes) for k in range(n_days)]


def test_a_company_that_runs_by_the_week_gives_no_entry():
    assert found(three()) == ()


def test_a_nightly_job_that_catches_up_is_a_backfill():
    rows = three() + burst("nightly", DAY, 3, 40_000, service_tier="batch")
    (entry,) = found(rows)
    assert entry.id == "backfill-nightly-2026-06-10"
    assert (entry.kind, entry.action) == (CleaningKind.BACKFILL, CleaningAction.SCALE_TO_RHYTHM)
    assert (entry.start, entry.end) == (DAY, DAY + timedelta(days=2))
    assert "14.3 times the usual" in entry.seen  # (3,000 + 40,000) / 3,000
    assert "100% of it in batch" in entry.seen


def test_a_short_burst_of_requests_of_one_size_is_a_load_test():
    one_size = {
        "input_tokens": 20_000 * 1500,
        "output_tokens": 20_000 * 64,
        "cache_read_tokens": 0,
        "cache_write_5m_tokens": 0,
    }
    rows = three(chat=[r for r in steady("chat") if r["day"].date() != DAY])
    (entry,) = found([*rows, row(DAY, "chat", 20_000, **one_size)])
    assert entry.id == "load-test-chat-2026-06-10"
    assert "every request has 1,500 prompt and 64 output tokens" in entry.seen


def test_a_short_burst_on_a_model_that_is_not_used_otherwise_is_a_load_test():
    rows = three() + burst("chat", DAY, 2, 9_000, model="claude-haiku-5-5")
    (entry,) = found(rows)
    assert entry.kind is CleaningKind.LOAD_TEST
    assert "only these days use claude-haiku-5-5 (standard)" in entry.seen


def test_a_burst_without_a_sign_is_called_a_burst():
    (entry,) = found(three() + burst("chat", DAY, 2, 9_000))
    assert entry.kind is CleaningKind.BURST


def test_the_inventory_may_call_a_workload_a_backfill():
    (entry,) = found(three() + burst("chat", DAY, 2, 9_000), backfilling={"chat"})
    assert entry.kind is CleaningKind.BACKFILL


def test_a_busy_month_end_that_others_come_near_is_no_burst():
    def requests(day):
        last = (day + timedelta(days=1)).day == 1
        return round(1000 * (3.4 if last and day.month == 6 else 2.2 if last else 1.0))

    assert found(steady("close", requests=requests)) == ()


@pytest.mark.parametrize(
    "why",
    ["twice the usual", "still running", "a new level", "every month", "last year too", "tiny"],
)
def test_growth_seasons_and_schedules_are_no_bursts(why):
    rows = {
        "twice the usual": lambda: three() + burst("chat", DAY, 3, 900),
        "still running": lambda: three() + burst("chat", LAST - timedelta(days=1), 2, 9_000),
        "a new level": lambda: three() + burst("chat", DAY, (LAST - DAY).days + 1, 9_000),
        "every month": lambda: (
            three() + [r for m in range(3, 12) for r in burst("chat", date(2026, m, 1), 2, 9_000)]
        ),
        "last year too": lambda: (
            steady("chat", first=date(2025, 1, 6))
            + burst("chat", date(2025, 6, 12), 2, 9_000)
            + burst("chat", DAY, 2, 9_000)
        ),
        "tiny": lambda: (
            three()
            + burst("reports", date(2026, 6, 8), 1, 1_700)
            + steady("giant", requests=lambda day: 900_000)
        ),
    }[why]()
    assert found(rows) == ()


def test_a_launch_far_above_what_follows_is_a_spike():
    start = date(2026, 4, 6)
    rows = steady(
        "search", first=start, requests=lambda day: 9_000 if (day - start).days < 14 else 1_500
    )
    (entry,) = found(three() + rows)
    assert entry.id == "launch-spike-search-2026-04-06"
    assert (entry.end, entry.action) == (date(2026, 4, 19), CleaningAction.LEAVE_OUT)
    assert "the first 2 weeks hold up to 6.0 times" in entry.seen


def test_a_workload_that_begins_with_the_export_has_no_launch():
    rows = steady("search", requests=lambda day: 9_000 if (day - FIRST).days < 14 else 1_500)
    assert found(three() + rows) == ()


def test_a_workload_that_stopped_is_asked_about():
    stopped = steady("tagging", last=date(2026, 9, 30))
    (entry,) = found(three() + stopped)
    assert entry.id == "retired-workload-tagging-2026-10-01"
    assert entry.action is CleaningAction.RETIRE
    assert "no usage for 53 days" in entry.seen
    assert found(three() + stopped, retiring={"tagging"}) == ()


def test_a_workload_that_goes_on_under_another_name_is_shown_beside_its_end():
    stopped = steady("tagging", last=date(2026, 9, 30))
    renamed = steady("tagging-v2", first=date(2026, 10, 1))
    entry = next(f for f in found(three() + stopped + renamed) if f.workload == "tagging")
    assert "tagging-v2 began on 2026-10-01 at 100% of its volume" in entry.proposal
    much_smaller = steady("pilot", first=date(2026, 10, 1), requests=lambda day: 90)
    much_later = steady("search", first=date(2026, 10, 20))
    entry = next(
        f for f in found(three() + stopped + much_smaller + much_later) if f.workload == "tagging"
    )
    assert "began" not in entry.proposal


def test_a_quarterly_job_between_two_runs_has_not_stopped():
    busy = {1, 4, 7, 10}
    job = steady("quarterly", first=date(2026, 1, 1), requests=lambda d: 900 * (d.month in busy))
    kinds = {f.kind for f in found(three() + job)}
    assert CleaningKind.RETIRED_WORKLOAD not in kinds


def test_a_day_without_anything_and_a_day_without_one_workload():
    silent, alone = date(2026, 10, 20), date(2026, 7, 7)
    rows = [
        r
        for r in three()
        if r["day"].date() != silent
        and not (r["day"].date() == alone and r["workload"] == "nightly")
    ]
    one, all_of_them = found(rows)
    assert all_of_them.id == "missing-days-all-workloads-2026-10-20"
    assert all_of_them.seen == "1 day without any usage"
    assert one.id == "missing-days-nightly-2026-07-07"
    assert {one.action, all_of_them.action} == {CleaningAction.FILL}


def test_silent_weekends_are_no_fault_but_a_silent_week_is():
    friday = LAST - timedelta(days=2)
    weekdays = steady("chat", requests=lambda d: 1000 * (d.weekday() < 5))
    assert found(weekdays, friday) == ()
    gap = {date(2026, 10, 12) + timedelta(days=k) for k in range(5)}
    (fault,) = found([r for r in weekdays if r["day"].date() not in gap], friday)
    assert (fault.start, fault.end) == (date(2026, 10, 10), date(2026, 10, 18))


def test_silence_up_to_the_day_of_the_decision_counts():
    (fault,) = found(three(), LAST + timedelta(days=3))
    assert (fault.start, fault.end) == (LAST + timedelta(days=1), LAST + timedelta(days=3))


def test_a_copied_day_is_proven():
    before = DAY - timedelta(days=1)
    rows = [r for r in three() if r["day"].date() != DAY]
    copies = [r | {"day": rows[0]["day"].__class__(DAY)} for r in rows if r["day"].date() == before]
    (entry,) = found(rows + copies)
    assert entry.id == "repeated-day-all-workloads-2026-06-10"
    assert entry.proven
    assert "equal those of 2026-06-09" in entry.seen


def test_a_week_that_was_exported_twice_under_other_days_is_proven():
    week = [DAY + timedelta(days=k) for k in range(7)]
    rows = [r for r in three() if r["day"].date() not in week]
    copies = [
        r | {"day": r["day"] + timedelta(days=7)}
        for r in rows
        if r["day"].date() + timedelta(days=7) in week
    ]
    entries = found(rows + copies)
    assert [e.start for e in entries] == week
    assert all(e.kind is CleaningKind.REPEATED_DAY and e.proven for e in entries)


def test_a_flow_of_equal_days_is_no_copy():
    same = [
        row(FIRST + timedelta(days=k), input_tokens=5000, output_tokens=3001,
            cache_read_tokens=2002, cache_write_5m_tokens=1003)
        for k in range(200)
    ]  # fmt: skip
    assert found(same, FIRST + timedelta(days=199)) == ()


def doubled(rows, day, workloads):
    counts = ("input_tokens", "cache_write_5m_tokens", "cache_read_tokens", "output_tokens",
              "requests")  # fmt: skip
    return [
        r | {c: 2 * r[c] for c in counts}
        if r["day"].date() == day and r["workload"] in workloads
        else r
        for r in rows
    ]


def many_keys():
    return [
        r
        for i, model in enumerate(("claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5"))
        for tier in ("standard", "batch")
        for r in steady(f"job {i} {tier}", model=model, service_tier=tier)
    ]


def test_a_day_added_up_twice_is_proven_by_its_even_counts():
    rows = many_keys()
    everywhere = {r["workload"] for r in rows}
    (entry,) = found(doubled(rows, DAY, everywhere))
    assert entry.id == "doubled-day-all-workloads-2026-06-10"
    assert entry.proven
    assert entry.action is CleaningAction.HALVE
    assert found(rows) == ()


def test_a_few_even_counts_suggest_a_doubled_day_and_prove_nothing():
    (entry,) = found(doubled(three(), date(2026, 6, 8), {"chat", "nightly", "reports"}))  # Monday
    assert entry.kind is CleaningKind.DOUBLED_DAY
    assert "all 12 counts of the day are even" in entry.seen
    assert not entry.proven


def test_a_busy_day_twice_as_large_is_not_doubled():
    busy = [row(DAY, f"job {i} {t}", 1000) for i in range(3) for t in ("standard", "batch")]
    assert found(many_keys() + busy) == ()


def test_a_counter_exported_as_usage_climbs_and_falls_back():
    def counter(day):
        return 2000 * day.day

    (entry,) = found(three() + steady("exporter", requests=counter))
    assert entry.id == "counter-reset-exporter-2026-02-16"
    assert entry.action is CleaningAction.TAKE_DIFFERENCES
    assert "9 falls to under a third" in entry.seen


@pytest.mark.parametrize("seed", range(6))
def test_honest_noise_and_growth_give_no_entry(seed):
    rng = np.random.default_rng(seed)
    noise = {k: float(np.exp(rng.normal(0, 0.25) + 0.004 * k)) for k in range(281)}

    def requests(day):
        return round((1000 if day.weekday() < 5 else 350) * noise[(day - FIRST).days])

    assert found(steady("chat", requests=requests)) == ()


def test_names_that_become_the_same_words_are_told_apart():
    rows = steady("chat eu") + steady("Chat (EU)")
    rows += burst("chat eu", DAY, 2, 9_000) + burst("Chat (EU)", DAY, 2, 9_000)
    ids = [f.id for f in found(rows)]
    assert len(set(ids)) == 2
    assert all(i.startswith("burst-chat-eu-2026-06-10-") for i in ids)
    alone = steady("chat eu") + steady("Chat (EU)") + burst("chat eu", DAY, 2, 9_000)
    assert next(f.id for f in found(alone)) in ids
