"""Which entries act: by rule, by decision, and what is refused."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from cleaning_samples import FIRST, LAST, daily, row, three
from pydantic import ValidationError

from forecast.errors import WorkloadError
from forecast.records.cleaning import CleaningAction, CleaningDecision, CleaningKind
from forecast.usage.cleaning.ledger import WAITS, Ledger, find, rule

DAY = date(2026, 6, 10)
BURST = "burst-chat-2026-06-10"
USAGE = daily(
    [
        *(r for r in three() if r["day"].date() != date(2026, 10, 20)),
        row(DAY, "chat", 9_000, speed="fast", input_tokens=10**8),
        row(DAY, "chat", 9_000),
    ]
)
FOUND = find(USAGE, as_of=LAST)
assert [f.kind for f in FOUND] == [CleaningKind.LOAD_TEST, CleaningKind.MISSING_DAYS]
TEST = "load-test-chat-2026-06-10"
SILENT = "missing-days-all-workloads-2026-10-20"


def ruled(*decisions: CleaningDecision) -> Ledger:
    return rule(
        FOUND,
        decisions,
        workloads=["chat", "nightly", "reports"],
        first_day=FIRST,
        as_of=LAST,
    )


def refused(*decisions: CleaningDecision) -> WorkloadError:
    with pytest.raises(WorkloadError) as error:
        ruled(*decisions)
    return error.value


def test_what_could_be_demand_waits_and_what_is_unknown_is_filled():
    test, silent = ruled().lines
    assert (test.finding.id, test.is_on, test.why) == (TEST, False, WAITS)
    assert (silent.finding.id, silent.is_on, silent.is_decided) == (SILENT, True, False)
    assert "nothing is known of these days" in silent.why


def test_a_decision_beats_the_rule_and_says_who_took_it():
    test, silent = ruled(
        CleaningDecision(id=TEST, decided_by="Ada", decided_on=date(2026, 11, 3), note="GPU fair"),
        CleaningDecision(id=SILENT, apply=False),
    ).lines
    assert (test.is_on, test.is_decided) == (True, True)
    assert test.why == "switched on by Ada on 2026-11-03: GPU fair"
    assert (silent.is_on, silent.why) == (False, "switched off in workloads.toml")


def test_an_unknown_id_is_refused_with_what_is_near():
    error = refused(CleaningDecision(id=SILENT), CleaningDecision(id="load-test-chat-2026-06-11"))
    assert error.column == "cleaning[1].id"
    assert f"near are {TEST}" in str(error)
    assert "state an entry of your own" in str(error)
    assert refused(CleaningDecision(id="nonsense")).column == "cleaning[0].id"


@pytest.mark.parametrize(
    "past",
    [
        "backfill-nightly-2024-03-04",  # the usage no longer reaches back to it
        "partial-last-day-all-workloads-2026-09-01",  # days followed
        "retired-workload-chat-2026-08-01",  # it came back
    ],
)
def test_a_decision_that_time_has_overtaken_lapses_and_is_named(past):
    assert [d.id for d in ruled(CleaningDecision(id=past)).lapsed] == [past]


def own(**changes) -> CleaningDecision:
    fields = {"workload": "chat", "start": DAY, "action": "leave_out", "reason": "outage drill"}
    return CleaningDecision.model_validate(fields | changes)


def test_an_entry_of_the_buyers_own_stands_in_the_ledger():
    line = ruled(own(end=DAY + timedelta(days=2), decided_by="Ada")).lines[1]
    assert line.finding.id == "stated-chat-2026-06-10"
    assert line.finding.action is CleaningAction.LEAVE_OUT
    assert line.finding.reason == "outage drill"
    assert (line.is_on, line.is_decided) == (True, True)


@pytest.mark.parametrize(
    ("decision", "column", "said"),
    [
        (own(workload="chatt"), "cleaning[0].workload", "near are chat"),
        (own(start=FIRST - timedelta(days=1)), "cleaning[0].start", "not inside the usage"),
        (own(end=LAST + timedelta(days=1)), "cleaning[0].start", "not inside the usage"),
        (own(kind="load_test"), "cleaning[0]", f"decide on id = '{TEST}'"),
    ],
)
def test_an_own_entry_that_cannot_act_is_refused(decision, column, said):
    error = refused(decision)
    assert error.column == column
    assert said in str(error)


def test_the_same_own_entry_twice_is_refused():
    assert "a second time" in str(refused(own(), own(reason="again")))


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"id": "x", "workload": "chat"},
        {"id": "x", "action": "leave_out"},
        {"workload": "chat", "start": DAY, "action": "leave_out"},
        {"workload": "chat", "start": DAY, "reason": "why"},
        {"workload": "chat", "start": DAY, "end": FIRST, "action": "fill", "reason": "why"},
        {"workload": "chat", "start": DAY, "action": "cut", "reason": "why"},
    ],
)
def test_a_decision_is_about_an_id_or_states_an_entry(fields):
    with pytest.raises(ValidationError):
        CleaningDecision.model_validate(fields)
