"""Gates, and the pass by volume on small lists."""

from __future__ import annotations

from datetime import date

import pytest
from migration_questions import asked, saves

from forecast.levers.plan.gates import gate_text, opens
from forecast.levers.plan.volume_first import volume_first
from forecast.records.capacity import QualityGate
from forecast.records.migration import MigrationQuestion
from forecast.records.workloads import BatchLever, CachingLever, Latency, RoutingLever, Workload

NOW, JANUARY, MARCH = date(2026, 11, 1), date(2027, 1, 1), date(2027, 3, 1)


def walked(q: MigrationQuestion) -> dict[str, int]:
    return {q.candidates[c.w].name: c.t for c in volume_first(q)}


def test_the_largest_volume_first_one_a_month() -> None:
    usd = (9, 8, 7)
    a, b, c = (saves(n, *usd, volume_usd=v) for n, v in (("a", 5), ("b", 50), ("c", 20)))
    assert walked(asked(a, b, c)) == {"b": 0, "c": 1, "a": 2}


def test_what_is_settled_takes_its_place() -> None:
    a = saves("a", 9, 8, 7, volume_usd=5, fixed_month=0)
    b, c = saves("b", 9, 8, 7, volume_usd=50), saves("c", 9, 8, 7, volume_usd=20)
    assert walked(asked(a, b, c)) == {"a": 0, "b": 1, "c": 2}


def test_nobody_overtakes_the_one_ahead() -> None:
    """The largest takes two months of work; the next one could be done at once and still waits."""
    large = saves("large", 9, 8, 7, volume_usd=50, hours=60)
    small = saves("small", 9, 8, 7, volume_usd=5)
    assert walked(asked(large, small, hours=(40, 40, 40))) == {"large": 1, "small": 2}


def test_one_that_waits_is_passed_over_until_it_may() -> None:
    large = saves("large", 9, 8, 7, volume_usd=50, after=("small",))
    small = saves("small", 9, 8, 7, volume_usd=5)
    assert walked(asked(large, small)) == {"small": 0, "large": 1}


def test_what_is_settled_before_what_it_waits_for_is_dropped_with_its_followers() -> None:
    first = saves("first", 9, 8, 7, from_month=1)
    then = saves("then", 9, 8, 7, after=("first",), fixed_month=0)
    last = saves("last", 9, 8, 7, after=("then",))
    assert walked(asked(first, then, last)) == {"first": 1}


@pytest.mark.parametrize(
    ("levers", "said"),
    [
        (
            {"batch": BatchLever()},
            "nothing downstream depended on immediacy and results within 9 h",
        ),
        ({"routing": RoutingLever(to_model="small")}, "paired answers"),
        (
            {"caching": CachingLever(stable_prefix_tokens=9, hit_share=0.5)},
            "hit share off the usage",
        ),
    ],
)
def test_the_gate_asks_what_the_levers_put_at_risk(levers: dict[str, object], said: str) -> None:
    latency = Latency(deadline_hours=9)
    workload = Workload(name="w", latency=latency).model_copy(update=levers)
    assert said in gate_text(workload)
    assert said not in gate_text(workload, levers=())
    assert "measure the saving beside the predicted one" in gate_text(workload)


def routed(**more: object) -> Workload:
    lever = {"to_model": "small", "evidence": more.pop("evidence", "assumed")}
    return Workload.model_validate({"name": "w", "batch": {}, "routing": lever, **more})


def opened(workload: Workload, *levers: str) -> date | None:
    return opens(workload, levers, as_of=date(2026, 11, 22), earliest=JANUARY, evaluation=2)


def test_a_routing_on_assumption_is_evaluated_first() -> None:
    assert opened(routed(), "routing", "batch") == MARCH
    assert opened(routed(), "batch") == NOW
    assert opened(routed(evidence="piloted"), "routing") == NOW
    assert opened(routed(adoption_month=JANUARY), "routing") == NOW, "its owner named a month"


@pytest.mark.parametrize(
    ("gate", "month"),
    [
        ({}, None),
        ({"expected_month": MARCH}, MARCH),
        ({"expected_month": date(2026, 10, 1)}, NOW),
        ({"expected_month": MARCH, "passed_on": date(2026, 11, 20)}, NOW),
        ({"expected_month": MARCH, "passed_on": date(2026, 12, 24)}, MARCH),
    ],
)
def test_a_gate_of_its_own_decides(gate: dict[str, object], month: date | None) -> None:
    stated = QualityGate.model_validate({"lever": "routing", "needs": "900 pairs", **gate})
    workload = routed(gates=[stated.model_dump()])
    assert opened(workload, "routing") == month
    assert "Have 900 pairs (routing)" in gate_text(workload, ["routing"])
