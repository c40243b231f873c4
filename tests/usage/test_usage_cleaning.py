from datetime import date, timedelta

import pytest
from usage_samples import usage_rows

from forecast.errors import UsageFormatError
from forecast.tables import USAGE_ROWS, empty
from forecast.usage.cleaning import judge_last_day, last_complete_day, recording_faults

LAST = date(2026, 11, 22)  # a Sunday


def history(n_days=60, *, tokens=lambda day: 1000, skip=()):
    days = [LAST - timedelta(days=k) for k in range(n_days)]
    return usage_rows(
        *({"day": d, "input_tokens": tokens(d), "output_tokens": 0} for d in days if d not in skip)
    )


@pytest.mark.parametrize(
    ("last_tokens", "complete_until"),
    [(499, LAST - timedelta(days=1)), (500, LAST), (5000, LAST), (0, LAST - timedelta(days=1))],
)
def test_a_last_day_under_half_of_its_weekday_is_partial(last_tokens, complete_until):
    rows = history(tokens=lambda day: last_tokens if day == LAST else 1000)
    assert last_complete_day(rows) == complete_until


def test_a_quiet_sunday_is_compared_with_sundays():
    rows = history(tokens=lambda day: 100 if day.weekday() == 6 else 9000)
    verdict = judge_last_day(rows)
    assert verdict.complete_until == LAST
    assert verdict.explanation == (
        "2026-11-22 holds 100% of the median of the last 4 Sundays: it looks complete"
    )


def test_one_odd_sunday_does_not_set_the_usual():
    spike = LAST - timedelta(weeks=2)
    rows = history(tokens=lambda day: 10**9 if day == spike else 1000)
    assert last_complete_day(rows) == LAST


def test_a_short_history_judges_nothing():
    rows = history(14, tokens=lambda day: 1 if day == LAST else 1000)
    assert last_complete_day(rows) == LAST
    assert "too few earlier Sundays" in judge_last_day(rows).explanation
    with pytest.raises(UsageFormatError, match="no usage"):
        last_complete_day(empty(USAGE_ROWS))


def test_lost_days_are_listed_and_nothing_is_changed():
    lost = [date(2026, 11, 3), date(2026, 11, 4), date(2026, 10, 20)]
    rows = history(skip=lost)
    before = rows.copy()
    faults = recording_faults(rows, LAST)
    assert [(f.what, f.start, f.end) for f in faults] == [
        ("missing_days", date(2026, 10, 20), date(2026, 10, 20)),
        ("missing_days", date(2026, 11, 3), date(2026, 11, 4)),
    ]
    assert faults[1].effect == "2 days without any usage"
    assert rows.equals(before)


def test_days_with_rows_of_zero_tokens_are_silent_too():
    quiet = date(2026, 11, 3)
    rows = history(tokens=lambda day: 0 if day == quiet else 1000)
    assert [f.start for f in recording_faults(rows, LAST)] == [quiet]


def test_silent_weekends_are_no_fault_but_a_silent_week_is():
    weekends = [LAST - timedelta(days=k) for k in range(60)]
    weekends = [day for day in weekends if day.weekday() >= 5]
    friday = LAST - timedelta(days=2)
    rows = history(skip=weekends)
    assert recording_faults(rows, friday) == []
    gap = [date(2026, 10, 12) + timedelta(days=k) for k in range(5)]
    (fault,) = recording_faults(history(skip=weekends + gap), friday)
    assert (fault.start, fault.end) == (date(2026, 10, 10), date(2026, 10, 18))


def test_silence_up_to_the_day_of_the_decision_counts():
    rows = history()
    (fault,) = recording_faults(rows, LAST + timedelta(days=3))
    assert (fault.start, fault.end) == (LAST + timedelta(days=1), LAST + timedelta(days=3))


def test_a_partial_last_day_inside_the_history_is_listed():
    rows = history(tokens=lambda day: 10 if day == LAST else 1000)
    (fault,) = recording_faults(rows, LAST)
    assert (fault.what, fault.start, fault.end) == ("partial_last_day", LAST, LAST)
    assert "1% of the median" in fault.effect
    assert recording_faults(rows, LAST - timedelta(days=1)) == []


def test_usage_after_the_day_of_the_decision_is_not_looked_at():
    assert recording_faults(history(), LAST - timedelta(days=90)) == []
