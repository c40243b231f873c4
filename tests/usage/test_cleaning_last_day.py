from datetime import date, timedelta

import pytest
from usage_samples import usage_rows

from forecast.errors import UsageFormatError
from forecast.records.cleaning import CleaningDecision, CleaningKind
from forecast.tables import USAGE_ROWS, empty
from forecast.usage.cleaning.last_day import judge_last_day, last_complete_day, partial_last_day
from forecast.usage.cleaning.ledger import day_to_decide

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


def test_a_partial_last_day_becomes_an_entry():
    found = partial_last_day(history(tokens=lambda day: 10 if day == LAST else 1000))
    assert found is not None
    assert (found.kind, found.start, found.end) == (CleaningKind.PARTIAL_LAST_DAY, LAST, LAST)
    assert "1% of the median" in found.seen
    assert partial_last_day(history()) is None
    assert partial_last_day(empty(USAGE_ROWS)) is None


PARTIAL = history(tokens=lambda day: 10 if day == LAST else 1000)
BEFORE = LAST - timedelta(days=1)
ENTRY = "partial-last-day-all-workloads-2026-11-22"


@pytest.mark.parametrize(
    ("as_of", "decision", "day", "is_on"),
    [
        (None, None, BEFORE, True),
        (None, False, LAST, False),
        (LAST, None, LAST, False),
        (LAST, True, BEFORE, True),
    ],
)
def test_who_names_a_day_reads_it_and_a_decision_beats_both(as_of, decision, day, is_on):
    decisions = () if decision is None else (CleaningDecision(id=ENTRY, apply=decision),)
    chosen, line = day_to_decide(PARTIAL, as_of, decisions)
    assert chosen == day
    assert line is not None
    assert (line.finding.id, line.is_on) == (ENTRY, is_on)


def test_a_complete_last_day_or_an_earlier_one_has_no_entry():
    assert day_to_decide(history(), None, ()) == (LAST, None)
    assert day_to_decide(PARTIAL, BEFORE, ()) == (BEFORE, None)
