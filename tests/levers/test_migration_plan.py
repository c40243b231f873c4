from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.levers.plan import gate, migration_order
from forecast.records.workloads import (
    BatchLever,
    CachingLever,
    Latency,
    Portfolio,
    RoutingLever,
    Workload,
)
from forecast.units import add_months

JANUARY = date(2027, 1, 1)


def portfolio(**workloads: dict[str, object]) -> Portfolio:
    return Portfolio(
        workloads=tuple(
            Workload.model_validate({"name": name, "owner_state": "accepted", **fields})
            for name, fields in workloads.items()
        )
    )


def test_largest_saving_first_one_a_month() -> None:
    order = migration_order({"a": 5, "b": 50, "c": 20}, portfolio(a={}, b={}, c={}), JANUARY)
    assert order == (("b", JANUARY), ("c", date(2027, 2, 1)), ("a", date(2027, 3, 1)))


def test_a_stated_month_is_kept_and_takes_its_place() -> None:
    fixed = {"adoption_month": date(2027, 1, 1)}
    order = migration_order({"a": 5, "b": 50, "c": 20}, portfolio(a=fixed, b={}, c={}), JANUARY)
    assert dict(order) == {"a": JANUARY, "b": date(2027, 2, 1), "c": date(2027, 3, 1)}


def test_long_work_acts_when_it_is_done() -> None:
    long = {"effort_weeks": 10}
    order = migration_order({"a": 50, "b": 5}, portfolio(a=long, b={}), date(2027, 1, 20))
    assert order == (("a", date(2027, 3, 1)), ("b", date(2027, 4, 1)))


def test_what_shipped_acts_at_once_and_takes_nobodys_place() -> None:
    order = migration_order(
        {"a": 5, "b": 50}, portfolio(a={}, b={"owner_state": "shipped"}), JANUARY
    )
    assert order == (("b", JANUARY), ("a", JANUARY))


def test_what_saves_nothing_is_declined_or_unknown_is_left_out() -> None:
    savings = {"a": 0.0, "b": -3.0, "c": 9.0, "unassigned": 9.0, "d": 1.0}
    order = migration_order(
        savings, portfolio(a={}, b={}, c={"owner_state": "declined"}, d={}), JANUARY
    )
    assert order == (("d", JANUARY),)


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.floats(0.01, 1e6), min_size=1))
def test_no_month_is_taken_twice(savings: dict[str, float]) -> None:
    order = migration_order(savings, portfolio(**{n: {} for n in "abcdefgh"}), JANUARY)
    assert [month for _, month in order] == [add_months(JANUARY, i) for i in range(len(savings))]
    usd = [savings[name] for name, _ in order]
    assert usd == sorted(usd, reverse=True)


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
    text = gate(Workload(name="w", latency=latency).model_copy(update=levers))
    assert said in text
    assert "measure the saving beside the predicted one" in text
