"""What a paired evaluation earns, and what it is refused for."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from forecast.errors import WorkloadError
from forecast.levers.effects import draw_effects, mean_effects
from forecast.levers.evaluation import (
    Answer,
    PairedCases,
    evaluate,
    pair_cases,
    with_evaluation,
)
from forecast.records.evidence_states import Evidence
from forecast.records.routing import (
    DeclaredMargin,
    NonInferiority,
    RoutingEvaluation,
    RoutingLever,
)
from forecast.records.workloads import Workload

DECLARED = date(2026, 10, 1)
RAN = date(2026, 10, 9)
MARGIN = DeclaredMargin(margin_share=0.03, declared_by="Ana", declared_on=DECLARED)


def answers(both: int, only_today: int = 0, only_lighter: int = 0, neither: int = 0):
    """Yes-or-no answers of `big` and `small` to as many cases of each kind."""
    kinds = [(1, 1)] * both + [(1, 0)] * only_today + [(0, 1)] * only_lighter + [(0, 0)] * neither
    found = []
    for case, (today, lighter) in enumerate(kinds):
        found.append(Answer(len(found) + 1, f"c{case}", "big", today))
        found.append(Answer(len(found) + 1, f"c{case}", "small", lighter))
    return found


def evaluated(
    cases: PairedCases, margin: DeclaredMargin | None = MARGIN, ran: date | None = RAN
) -> RoutingEvaluation:
    return evaluate(
        cases,
        margin,
        evaluated_on=ran,
        file="answers.csv",
        sha256="",
        rng=np.random.default_rng(0),
    )


def test_the_shares_of_a_worked_evaluation() -> None:
    """900 cases: 780 pass by both, 40 by today's model alone, 45 by the lighter one alone."""
    found = evaluated(pair_cases(answers(780, 40, 45, 35), "small"))
    assert found.today_pass_share == pytest.approx(820 / 900)
    assert found.lighter_pass_share == pytest.approx(825 / 900)
    assert found.difference == pytest.approx(5 / 900)
    assert (found.n_cases, found.n_answers, found.n_clusters) == (900, 1800, 900)
    assert found.effective_cases == 900
    assert found.verdict is NonInferiority.SHOWN
    assert found.state is Evidence.PROVEN
    assert "declared by Ana on 2026-10-01" in found.reason


def test_a_margin_declared_afterwards_proves_nothing() -> None:
    cases = pair_cases(answers(780, 40, 45, 35), "small")
    late = MARGIN.model_copy(update={"declared_on": date(2026, 10, 10)})
    for found in (evaluated(cases, late), evaluated(cases, ran=None)):
        assert found.verdict is NonInferiority.SHOWN
        assert found.state is Evidence.PILOTED
        assert "beforehand" in found.reason
    assert evaluated(cases, None).state is Evidence.PILOTED
    assert evaluated(cases, None).needed_cases is None


def test_few_cases_are_an_opinion_and_say_how_many_would_do() -> None:
    found = evaluated(pair_cases(answers(36, 2, 2), "small"))
    assert found.state is Evidence.ASSUMED
    assert found.verdict is NonInferiority.INCONCLUSIVE
    # (4 + 2) / (40 + 4) of the cases differ: 7.849 · 0.1364 / 0.03²
    assert found.needed_cases == 1189


def test_a_worse_model_is_called_worse() -> None:
    found = evaluated(pair_cases(answers(700, 150, 20, 30), "small"))
    assert found.verdict is NonInferiority.WORSE
    assert found.state is Evidence.PILOTED
    assert found.needed_cases_at_difference is None


def test_repeats_are_drawn_by_case() -> None:
    once = answers(90, 5, 5)
    thrice = [
        Answer(3 * a.row + r, a.case, a.model, a.passed, repeat=str(r))
        for a in once
        for r in range(3)
    ]
    found = evaluated(pair_cases(thrice, "small"))
    assert (found.n_cases, found.n_answers, found.n_clusters) == (100, 600, 100)
    assert "bootstrap" in found.method
    alone = evaluated(pair_cases(once, "small"))
    assert found.upper - found.lower == pytest.approx(alone.upper - alone.lower, rel=0.2)
    assert found.effective_cases == pytest.approx(100, rel=0.02)


def test_clusters_count_as_what_they_know() -> None:
    """Twenty documents of ten pages that pass or fail as a whole know as much as twenty cases."""
    rows = [
        Answer(2 * i + j + 1, f"{i}", model, float(i // 10 % 4 > 0), cluster=f"doc {i // 10}")
        for i in range(200)
        for j, model in enumerate(("big", "small"))
    ]
    found = evaluated(pair_cases(rows, "small"))
    assert found.n_clusters == 20
    assert found.effective_cases == pytest.approx(19, rel=0.01)
    assert found.state is Evidence.ASSUMED


@pytest.mark.parametrize(
    ("rows", "said", "row", "column"),
    [
        (
            [Answer(1, "a", "big", 1), Answer(2, "a", "small", 1), Answer(3, "b", "small", 1)],
            "'b' was answered by small and not by big",
            3,
            "case",
        ),
        (
            [Answer(1, "a", "big", 1), Answer(2, "a", "small", 1), Answer(3, "a", "small", 0)],
            "is 1 in row 2 and 0 here",
            3,
            "pass",
        ),
        (
            [Answer(1, "a", "big", 1, "x"), Answer(2, "a", "small", 1, "y")],
            "a case has one cluster",
            2,
            "cluster",
        ),
        ([Answer(1, "a", "small", 1)], "needs today's model too", None, None),
        ([Answer(1, "a", "big", 1)], "holds no answers of small", None, None),
        (
            [Answer(1, "a", "big", 1), Answer(2, "a", "small", 1), Answer(3, "a", "third", 1)],
            "holds 2 other models",
            None,
            None,
        ),
    ],
)
def test_bad_evidence_is_refused_with_its_cell(
    rows: list[Answer], said: str, row: int | None, column: str | None
) -> None:
    with pytest.raises(WorkloadError, match=said) as raised:
        pair_cases(rows, "small")
    assert (raised.value.row, raised.value.column) == (row, column)


def test_the_same_answer_twice_counts_once() -> None:
    rows = [*answers(10), Answer(21, "c0", "big", 1)]
    assert pair_cases(rows, "small").n_answers == 20


def routed(found: RoutingEvaluation | None, **stated: object) -> Workload:
    lever = RoutingLever.model_validate(
        {"to_model": "small", "evaluation": "answers.csv", "evaluated_on": RAN} | stated
    )
    if found is not None:
        lever = with_evaluation(lever, found, column="workloads.w.routing")
    return Workload(name="w", routing=lever)


def test_the_measured_pass_share_is_drawn_as_widely_as_its_cases_allow() -> None:
    few = evaluated(pair_cases(answers(36, 2, 2), "small"))
    many = evaluated(pair_cases(answers(1800, 100, 100), "small"))
    spreads = []
    for found in (None, few, many):
        workload = routed(found, **({} if found else {"pass_share": 0.95}))
        draws = draw_effects(workload, 4000, rng=np.random.default_rng(1))
        assert draws.pass_share.mean() == pytest.approx(0.95, abs=0.01)
        assert mean_effects(workload).pass_share[0] == pytest.approx(0.95)
        spreads.append(float(draws.pass_share.std()))
    opinion, forty, two_thousand = spreads
    assert opinion > 1.5 * forty > 6 * two_thousand


def test_an_evaluation_leaves_every_other_draw_as_it_was() -> None:
    found = evaluated(pair_cases(answers(1800, 100, 100), "small"))
    told, measured = (
        draw_effects(routed(f, **stated), 50, rng=np.random.default_rng(1))
        for f, stated in ((None, {"pass_share": 0.95}), (found, {}))
    )
    assert np.array_equal(told.routing_share, measured.routing_share)
    assert np.array_equal(told.slip_months, measured.slip_months)


def test_what_the_inventory_says_may_not_contradict_the_evaluation() -> None:
    found = evaluated(pair_cases(answers(36, 2, 2), "small"))
    assert routed(found, pass_share=0.95).routing is not None
    with pytest.raises(WorkloadError, match=r"answers\.csv measured 0\.95") as raised:
        routed(found, pass_share=0.99)
    assert raised.value.column == "workloads.w.routing.pass_share"
    with pytest.raises(WorkloadError, match="about 1189 cases would do") as raised:
        routed(found, evidence="proven")
    assert raised.value.column == "workloads.w.routing.evidence"


def test_a_lever_never_writes_its_own_evaluation() -> None:
    found = evaluated(pair_cases(answers(36, 2, 2), "small"))
    with pytest.raises(ValueError, match="leave it out"):
        RoutingLever(to_model="small", evaluation="answers.csv", evaluated_on=RAN, evaluated=found)
    with pytest.raises(ValueError, match="name the CSV file"):
        RoutingLever(to_model="small", margin=MARGIN)
    with pytest.raises(ValueError, match="give the day"):
        RoutingLever(to_model="small", evaluation="answers.csv")
    assert "evaluated" not in routed(found).model_dump()["routing"]
