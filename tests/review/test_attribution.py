"""Steps add up to the change, and workloads to their step, whatever the value asked for."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from forecast.records.reforecast import (
    REPLACED,
    Attribution,
    AttributionStep,
    StepName,
    WorkloadChange,
)
from forecast.review.attribution import Value, attribute, merged
from forecast.units import to_cents

NAMES = ("chat", "nightly", "search")


def over_a_pool(monthly: np.ndarray) -> Value:
    """A pool of 40 a path: what is beyond costs half as much again; commit to the median."""
    total = monthly.sum(axis=1)
    cost = np.maximum(total, 40.0) + 0.5 * np.maximum(total - 40.0, 0.0)
    return Value(to_cents(float(cost.mean())), to_cents(float(np.median(total))))


@given(
    seed=st.integers(0, 2**32 - 1),
    touched=st.lists(st.tuples(st.sampled_from(REPLACED), st.integers(0, 2)), max_size=12),
)
def test_steps_add_up_to_the_cent_under_a_cost_that_is_not_linear(
    seed: int, touched: list[tuple[StepName, int]]
) -> None:
    rng = np.random.default_rng(seed)
    start = rng.gamma(2.0, 3.0, (7, 4, len(NAMES)))
    targets, current = [], start
    for step, w in touched:
        current = current.copy()
        current[:, :, w] = rng.gamma(2.0, 3.0, (7, 4))
        targets.append((step, current))
    steps = attribute(start, targets, NAMES, over_a_pool)
    before, after = over_a_pool(start.sum(axis=2)), over_a_pool(current.sum(axis=2))
    found = Attribution(  # refuses steps or workloads that do not add up
        before_cost_usd=before.cost_usd,
        after_cost_usd=after.cost_usd,
        before_commitment_usd=before.commitment_usd,
        after_commitment_usd=after.commitment_usd,
        steps=steps,
    )
    assert [s.step for s in found.steps] == [name for name, _ in touched]


def test_a_record_that_is_a_cent_off_is_refused() -> None:
    step = AttributionStep(
        step="volume",
        cost_change_usd=Decimal("1.00"),
        commitment_change_usd=Decimal(0),
        workloads=(
            WorkloadChange(
                workload="chat", cost_change_usd=Decimal("1.00"), commitment_change_usd=Decimal(0)
            ),
        ),
    )
    level = {"before_commitment_usd": Decimal(0), "after_commitment_usd": Decimal(0)}
    Attribution(before_cost_usd=Decimal(5), after_cost_usd=Decimal(6), steps=(step,), **level)
    with pytest.raises(ValidationError, match="do not add up"):
        Attribution(
            before_cost_usd=Decimal(5), after_cost_usd=Decimal("6.01"), steps=(step,), **level
        )
    off = step.model_copy(update={"cost_change_usd": Decimal(2)})
    with pytest.raises(ValidationError, match="workloads of 'volume'"):
        Attribution(before_cost_usd=Decimal(5), after_cost_usd=Decimal(7), steps=(off,), **level)


def test_a_step_that_changes_nothing_names_nobody() -> None:
    start = np.ones((3, 2, 3))
    (step,) = attribute(start, [("price", start.copy())], NAMES, over_a_pool)
    assert (step.cost_change_usd, step.workloads) == (Decimal(0), ())


def test_two_parts_of_a_step_add_up_by_workload_and_may_cancel() -> None:
    def part(usd: int, name: str) -> AttributionStep:
        change = WorkloadChange(
            workload=name, cost_change_usd=Decimal(usd), commitment_change_usd=Decimal(0)
        )
        return AttributionStep(
            step="method change",
            cost_change_usd=Decimal(usd),
            commitment_change_usd=Decimal(0),
            workloads=(change,),
        )

    both = merged(part(5, "chat"), part(-2, "chat"))
    assert (both.cost_change_usd, both.workloads[0].cost_change_usd) == (3, 3)
    assert merged(part(5, "chat"), part(-5, "chat")).workloads == ()
    assert {w.workload for w in merged(part(5, "chat"), part(1, "search")).workloads} == {
        "chat",
        "search",
    }
