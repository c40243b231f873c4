"""The integer program, against trying everything and against the pass by volume."""

from __future__ import annotations

import math
import subprocess
import sys
from itertools import accumulate

import numpy as np
import pytest
from every_order import best_saving_usd
from hypothesis import given, settings
from migration_questions import asked, questions, random_question, saves

from forecast.levers.plan.constraints import hours_left, starts_left
from forecast.levers.plan.program import best_order, counted, planned
from forecast.levers.plan.reasons import why_not
from forecast.levers.plan.volume_first import volume_first
from forecast.records.migration import Configuration, MigrationAnswer, MigrationQuestion


def starts_of(answer: MigrationAnswer) -> dict[str, int]:
    return {s.workload: s.month for s in answer.starts}


@settings(deadline=None, max_examples=150)
@given(questions())
def test_no_order_saves_more(q: MigrationQuestion) -> None:
    answer = best_order(q)
    assert answer.saving_usd == pytest.approx(best_saving_usd(q), rel=1e-9, abs=1e-6)
    assert answer.gap_share <= 1e-6


@pytest.mark.parametrize("seed", range(25))
def test_no_order_of_six_workloads_saves_more(seed: int) -> None:
    q = random_question(np.random.default_rng(seed))
    assert best_order(q).saving_usd == pytest.approx(best_saving_usd(q), rel=1e-9, abs=1e-6)


@settings(deadline=None)
@given(questions())
def test_an_answer_keeps_every_constraint(q: MigrationQuestion) -> None:
    check_constraints(q, best_order(q))


@settings(deadline=None)
@given(questions())
def test_a_plan_keeps_them_for_what_is_accepted_and_then_for_all(q: MigrationQuestion) -> None:
    """A proposed workload with a month of its own takes nothing from what is accepted."""
    answer = planned(q)
    by_name = {c.name: c for c in q.candidates}
    accepted = [s for s in answer.starts if by_name[s.workload].counts]
    check_constraints(counted(q), answer.model_copy(update={"starts": tuple(accepted)}))
    months = starts_of(answer)
    free = [s for s in answer.starts if by_name[s.workload].fixed_month is None]
    for t, there in enumerate(accumulate(q.hours)):
        assert sum(s.month == t for s in free) <= q.starts[t]
        hours = (
            by_name[s.workload].configurations[s.configuration].effort_hours
            for s in free
            if s.month <= t
        )
        assert sum(hours) <= there
    for s in answer.starts:
        assert all(months[name] < s.month for name in by_name[s.workload].after)


@settings(deadline=None)
@given(questions())
def test_the_pass_by_volume_keeps_them_too_and_never_saves_more(q: MigrationQuestion) -> None:
    pass_ = volume_first(q)
    by_volume = MigrationAnswer.model_validate(
        {
            "starts": [
                {
                    "workload": q.candidates[c.w].name,
                    "configuration": c.k,
                    "month": c.t,
                    "saving_usd": c.v,
                }
                for c in pass_
            ],
            "saving_usd": 0,
            "bound_usd": 0,
        }
    )
    check_constraints(q, by_volume)
    assert math.fsum(c.v for c in pass_) <= best_order(q).saving_usd + 1e-6


@settings(deadline=None)
@given(questions())
def test_what_is_only_proposed_takes_nothing_from_what_is_accepted(q: MigrationQuestion) -> None:
    accepted = {c.name for c in q.candidates if c.counts}
    found = {s.workload: s for s in planned(q).starts if s.workload in accepted}
    assert found == {s.workload: s for s in best_order(counted(q)).starts}


@settings(deadline=None)
@given(questions())
def test_the_same_question_has_the_same_answer(q: MigrationQuestion) -> None:
    assert planned(q) == planned(q)


@settings(deadline=None)
@given(questions())
def test_everything_that_could_save_is_planned_or_has_a_reason(q: MigrationQuestion) -> None:
    answer = planned(q)
    told = {n.workload for n in why_not(q, answer)}
    could = {
        c.name for c in q.candidates if any(v > 0 for k in c.configurations for v in k.saving_usd)
    }
    assert could == told | {s.workload for s in answer.starts}
    assert not told & {s.workload for s in answer.starts}


def check_constraints(q: MigrationQuestion, answer: MigrationAnswer) -> None:
    month = starts_of(answer)
    assert len(month) == len(answer.starts)
    by_name = {c.name: c for c in q.candidates}
    hours = [0] * len(q.months)
    count = [0] * len(q.months)
    for s in answer.starts:
        c = by_name[s.workload]
        option = c.configurations[s.configuration]
        assert s.saving_usd == option.saving_usd[s.month] > 0
        assert s.month >= option.first_month
        assert c.fixed_month in (None, s.month)
        assert c.fixed_month is not None or q.starts[s.month] > 0
        assert all(month[name] < s.month for name in c.after)
        if c.fixed_month is not None:
            continue
        count[s.month] += 1
        for t in range(s.month, len(q.months)):
            hours[t] += option.effort_hours
    assert all(h <= b for h, b in zip(hours, hours_left(q), strict=True))
    assert all(n <= b for n, b in zip(count, starts_left(q), strict=True))


def test_one_start_a_month_goes_to_what_loses_most_by_waiting() -> None:
    q = asked(saves("large", 90, 80), saves("small", 50, 20))
    assert starts_of(best_order(q)) == {"small": 0, "large": 1}
    assert [(c.w, c.t) for c in volume_first(q)] == [(0, 0), (1, 1)]


def test_a_blackout_moves_a_start_and_a_settled_month_stays() -> None:
    q = asked(saves("a", 9, 8, 7), saves("b", 6, 5, 4, fixed_month=1), starts=(0, 0, 1))
    assert starts_of(best_order(q)) == {"b": 1, "a": 2}


def test_nothing_starts_before_its_work_is_done() -> None:
    long = saves("long", 90, 80, 70, hours=100)
    assert starts_of(best_order(asked(long, hours=(40, 40, 40)))) == {"long": 2}
    assert not best_order(asked(long, hours=(40, 40, 19))).starts


def test_work_for_a_later_month_is_done_beforehand() -> None:
    q = asked(saves("a", 90, 80, hours=40), saves("b", 50, 20, hours=40), hours=(40, 40))
    assert starts_of(best_order(q)) == {"b": 0, "a": 1}


def test_what_waits_starts_a_month_after_what_it_waits_for() -> None:
    first = saves("first", 1, 1, 1)
    then = saves("then", 50, 40, 30, after=("first",))
    assert starts_of(best_order(asked(first, then, starts=(5, 5, 5)))) == {"first": 0, "then": 1}


def test_what_waits_for_a_loss_never_starts() -> None:
    """A lever with negative value is never chosen, even where another one waits for it."""
    q = asked(saves("first", -1, -1, -1), saves("then", 50, 40, 30, after=("first",)))
    answer = best_order(q)
    assert answer.starts == ()
    assert why_not(q, answer)[0].reason == "it is after 'first', which is not in the plan"


def test_gates_decide_between_configurations() -> None:
    routing = Configuration(levers=("routing", "batch"), first_month=2, saving_usd=(90, 60, 30))
    batch = Configuration(levers=("batch",), saving_usd=(50, 33, 17))
    w = saves("w", 1, 1, 1).model_copy(update={"configurations": (routing, batch)})
    (start,) = best_order(asked(w)).starts
    assert (start.configuration, start.month, start.saving_usd) == (1, 0, 50)


def test_a_smaller_configuration_leaves_room_for_another_workload() -> None:
    both = Configuration(levers=("routing", "batch"), effort_hours=80, saving_usd=(100,))
    batch = Configuration(levers=("batch",), effort_hours=20, saving_usd=(70,))
    w = saves("w", 1).model_copy(update={"configurations": (both, batch)})
    q = asked(w, saves("other", 60, hours=60), hours=(80,), starts=(2,))
    assert best_order(q).saving_usd == 130
    assert [(c.w, c.k) for c in volume_first(q)] == [(0, 0)]


def test_settled_months_that_take_more_than_there_is_are_kept() -> None:
    a, b = saves("a", 9, 8, hours=80, fixed_month=0), saves("b", 5, 4, hours=1)
    assert starts_of(best_order(asked(a, b, hours=(40, 0)))) == {"a": 0}
    assert starts_of(best_order(asked(a, b, hours=(40, 41)))) == {"a": 0, "b": 1}


def test_a_settled_month_that_cannot_save_takes_nothing() -> None:
    a = saves("a", 9, 8, hours=80, fixed_month=0, from_month=1)
    assert starts_of(best_order(asked(a, saves("b", 5, 4, hours=40), hours=(40, 0)))) == {"b": 0}


def test_a_start_that_may_be_earlier_at_no_loss_is_earlier() -> None:
    """Nothing is saved before the term, so that its first months are worth the same."""
    assert starts_of(best_order(asked(saves("a", 5, 5, 5, 4)))) == {"a": 0}


def test_reasons_name_the_obstacle() -> None:
    proposed = saves("first", 9, 9, counts=False)
    q = asked(
        proposed,
        saves("then", 9, 9, after=("first",)),
        saves("late", 9, 9, from_month=2),
        saves("stated", 9, 9, from_month=1, fixed_month=0),
        saves("huge", 9, 9, hours=10**6),
    )
    told = {n.workload: n.reason for n in why_not(q, planned(q))}
    assert told["then"] == "it is after 'first', whose owner has not accepted yet"
    assert told["late"].startswith("no month of the term is left in which its gates are open")
    assert (
        told["stated"] == "no lever of it has open gates and saves from 2027-01, its stated month"
    )
    assert told["huge"].startswith("it takes at least 25000 engineering weeks")


def test_a_large_program_is_solved_to_its_gap() -> None:
    rng = np.random.default_rng(3)
    months = 12
    many = [
        saves(
            f"w{w}",
            *(float(usd * (months - t)) for t in range(months)),
            hours=int(rng.integers(20, 200)),
            volume_usd=usd,
        )
        for w, usd in enumerate(rng.lognormal(6, 1, 260))
    ]
    q = asked(*many, hours=(900,) * months, starts=(9,) * months)
    answer = best_order(q, gap_share=0.01)
    check_constraints(q, answer)
    assert 0 <= answer.gap_share <= 0.01
    assert answer.saving_usd > math.fsum(c.v for c in volume_first(q))


def test_the_solver_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    best_order(asked(saves("large", 90, 80), saves("small", 50, 20)))
    assert capfd.readouterr() == ("", "")


def test_the_solver_is_loaded_only_where_something_is_to_be_decided() -> None:
    code = (
        "import sys; from migration_questions import asked, saves;"
        "from forecast.levers.plan.program import best_order;"
        "best_order(asked(saves('a', 9, 8)));"
        "print('highspy' in sys.modules);"
        "best_order(asked(saves('large', 90, 80), saves('small', 50, 20)));"
        "print('highspy' in sys.modules)"
    )
    path = {"PYTHONPATH": ":".join(sys.path)}
    run = subprocess.run(
        [sys.executable, "-c", code], env=path, capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == ["False", "True"]
