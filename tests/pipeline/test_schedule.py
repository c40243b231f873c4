"""From the inventory to months: prices, slips, gates and capacity against pocket arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd
import pytest

from forecast.mix import KEY_COLUMNS
from forecast.paths import DemandPaths
from forecast.pipeline.schedule import Schedule, scheduled
from forecast.pipeline.workload_plans import plan_workloads
from forecast.pricing.rate_cards import load_rate_card
from forecast.records.capacity import Capacity
from forecast.records.usage import TOKEN_COLUMNS, MixKey
from forecast.records.workloads import Portfolio, Workload
from forecast.tables import DAILY_USAGE, conform
from forecast.units import add_months, month_range

AS_OF = date(2026, 10, 31)
DECEMBER, JANUARY = date(2026, 12, 1), date(2027, 1, 1)
TERM = month_range(JANUARY, 12)
UNIT_USD = 4e-6 * 1.3
"""One unit of demand in plain input on Opus 5.5, whose tokenizer takes 1.3 tokens for it."""


def work(name: str, **more: object) -> Workload:
    """Asynchronous work whose batch halves every token, from its planned month on."""
    fields = {
        "name": name,
        "owner_state": "accepted",
        "latency": {"needed_at_once": False, "deadline_hours": 1000},
        "batch": {"share": 1.0, "evidence": "measured"},
    }
    return Workload.model_validate(fields | more)


def plan(
    *workloads: Workload, units: Sequence[float] | None = None, capacity: Capacity | None = None
) -> Schedule:
    names = tuple(w.name for w in workloads)
    key = dict(zip(KEY_COLUMNS, MixKey("anthropic", "claude-opus-5-5"), strict=True))
    rows = [
        {"day": pd.Timestamp(AS_OF), "workload": name, "requests": 10, "web_searches": 0}
        | key
        | dict.fromkeys(TOKEN_COLUMNS, 0)
        | {"input_tokens": 1_000_000}
        for name in names
    ]
    card = load_rate_card(AS_OF)
    portfolio = Portfolio(workloads=workloads, capacity=capacity or Capacity())
    drafts = plan_workloads(
        conform(pd.DataFrame(rows), DAILY_USAGE),
        portfolio,
        card,
        names=names,
        as_of=AS_OF,
        term_start=JANUARY,
        n_scenarios=50,
        rng=np.random.default_rng(0),
    )
    monthly = np.array(units or [1e8] * len(names))
    demand = DemandPaths(TERM, names, np.broadcast_to(monthly, (1, 12, len(names))))
    return scheduled(drafts, demand, portfolio, card, AS_OF)


def months(found: Schedule) -> dict[str, date | None]:
    return {p.name: p.adoption_month for p in found.plans}


def test_nothing_new_starts_before_the_second_month_after_the_usage() -> None:
    assert months(plan(work("a"))) == {"a": DECEMBER}


def test_a_saving_is_half_of_what_is_left_when_it_has_started() -> None:
    """Scheduled work slips by n months with probability 2^-(n+1), from December on."""
    found = plan(work("a", owner_state="scheduled"))
    assert found.answer is not None
    started = sum(1 - 0.5 ** (n + 2) for n in range(12))
    expected = 1e8 * UNIT_USD / 2 * started
    assert found.answer.saving_usd == pytest.approx(expected, rel=1e-3)


def test_the_larger_saving_starts_first_as_in_the_pass_by_volume() -> None:
    found = plan(work("small"), work("large"), units=[5e7, 1e8])
    assert months(found) == {"large": DECEMBER, "small": JANUARY}
    assert [v.workload for v in found.volume_order] == ["large", "small"]
    assert found.by_volume == ()


def test_volume_misleads_where_little_of_it_can_be_saved() -> None:
    tenth = work("large", batch={"share": 0.1, "evidence": "measured"})
    found = plan(tenth, work("small"), units=[1e8, 5e7])
    assert months(found) == {"small": DECEMBER, "large": JANUARY}
    assert [v.workload for v in found.volume_order] == ["large", "small"]
    assert {p.name: p.adoption_month for p in found.by_volume} == {
        "large": DECEMBER,
        "small": JANUARY,
    }


def test_engineers_and_blackouts_move_the_start() -> None:
    busy = Capacity.model_validate(
        {
            "weeks_per_month": 1,
            "blackouts": [{"first_month": "2027-01-01", "last_month": "2027-01-01"}],
        }
    )
    assert months(plan(work("a", effort_weeks=2), capacity=busy)) == {"a": date(2027, 2, 1)}
    still = busy.blackouts[0].model_copy(update={"weeks_per_month": 0.0})
    closed = busy.model_copy(update={"blackouts": (still,)})
    assert months(plan(work("a", effort_weeks=3), capacity=closed)) == {"a": date(2027, 3, 1)}


def test_work_that_does_not_fit_the_term_is_told() -> None:
    found = plan(work("huge", effort_weeks=500))
    assert months(found) == {"huge": None}
    assert found.not_planned[0].reason.startswith("it takes at least 500 engineering weeks")


def test_what_is_after_something_starts_a_month_later_or_not_at_all() -> None:
    often = Capacity(migrations_per_month=5)
    then = work("then", after=["first"])
    assert months(plan(work("first"), then, capacity=often)) == {
        "first": DECEMBER,
        "then": JANUARY,
    }
    declined = plan(work("first", owner_state="declined"), then, capacity=often)
    assert months(declined) == {"first": None, "then": None}
    assert declined.not_planned[0].reason == "it is after 'first', which is not in the plan"
    shipped = plan(work("first", owner_state="shipped"), then, capacity=often)
    assert months(shipped)["then"] == DECEMBER


def test_a_proposed_workload_takes_no_place_from_an_accepted_one() -> None:
    accepted, proposed = work("small"), work("large", owner_state="proposed")
    assert months(plan(accepted, proposed, units=[1e6, 1e9])) == {
        "small": DECEMBER,
        "large": JANUARY,
    }


def test_a_gate_is_waited_for_or_its_lever_left_out() -> None:
    """Routing to Haiku 5.5 costs a fortieth, batch a half. Waiting for a gate in February costs
    two months; waiting for December 2027 would cost more than batch alone."""
    routing = {"to_model": "claude-haiku-5-5", "evidence": "proven"}
    for month, levers, start in (
        ("2027-02-01", {"routing", "batch"}, date(2027, 2, 1)),
        ("2027-12-01", {"batch"}, DECEMBER),
        (None, {"batch"}, DECEMBER),
    ):
        gate = {"lever": "routing", "needs": "900 pairs", "expected_month": month}
        found = plan(work("a", routing=routing, gates=[gate])).plans[0]
        assert found.choice.active == levers
        assert found.adoption_month == start
    assert any(n.startswith("planned with batch:") for n in found.choice.notes)


def test_a_lever_that_takes_too_long_is_left_out() -> None:
    """Routing takes forty weeks of one engineer, batch one; both together would start in
    September."""
    routing = {"to_model": "claude-haiku-5-5", "share": 0.3, "evidence": "proven"}
    slow = work("a", routing=routing, lever_effort_weeks={"routing": 40, "batch": 1})
    found = plan(slow).plans[0]
    assert (found.choice.active, found.adoption_month) == ({"batch"}, DECEMBER)
    quick = work("a", routing=routing, lever_effort_weeks={"routing": 1, "batch": 1})
    assert plan(quick).plans[0].choice.active == {"routing", "batch"}


def test_a_stated_month_is_kept_in_any_case() -> None:
    late = add_months(TERM[-1], 1)
    assert months(plan(work("a", adoption_month=date(2027, 5, 1)))) == {"a": date(2027, 5, 1)}
    assert months(plan(work("a", adoption_month=late))) == {"a": late}
    passed = plan(work("a", adoption_month=date(2025, 1, 1), owner_state="shipped"))
    assert months(passed) == {"a": date(2026, 11, 1)}
    both = {"a": date(2027, 5, 1), "b": date(2027, 5, 1)}
    assert months(plan(*(work(n, adoption_month=m) for n, m in both.items()))) == both
