"""Why a figure moved: the new inputs replace the old ones, one step and one workload at a time.

With V the value of a decision set (expected cost, best commitment), X₀ the old set and X_k the set
after the k-th step, of which the columns of workloads 1 … w are replaced already in X_{k,w},

    change of step k from workload w = cents(V(X_{k,w})) − cents(V(X_{k,w−1}))

The differences telescope, so the steps add up to the whole change to the cent, and the workloads to
their step. A term's cost is not linear in its workloads, so the order decides the split between
them: it is the order of the names given, and the same every quarter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from forecast.paths import Floats
from forecast.records.reforecast import AttributionStep, StepName, WorkloadChange


@dataclass(frozen=True)
class Value:
    """What a decision set is worth, in whole cents.

    Attributes
    ----------
    cost_usd
        Expected term cost under the contract.
    commitment_usd
        Best commitment under its terms.
    """

    cost_usd: Decimal
    commitment_usd: Decimal


Valuation = Callable[[Floats], Value]
"""The value of optimised list cost [M, T] by month."""


def attribute(
    start: Floats,
    targets: Sequence[tuple[StepName, Floats]],
    names: Sequence[str],
    value: Valuation,
) -> tuple[AttributionStep, ...]:
    """Walk from one decision set to another, and say what each step and workload adds.

    Parameters
    ----------
    start
        [M, T, W] list cost.
    targets
        After each step, [M, T, W]; the last one is where the walk ends.
    names
        W workloads.
    value
        Asked once for every column that a step changes.

    Examples
    --------
    >>> mean = lambda x: Value(Decimal(str(x.sum(axis=1).mean())), Decimal(0))
    >>> old, new = np.ones((2, 1, 2)), np.array([[[3.0, 1.0]], [[5.0, 1.0]]])
    >>> (step,) = attribute(old, [("volume", new)], ["chat", "nightly"], mean)
    >>> [(w.workload, str(w.cost_change_usd)) for w in step.workloads]
    [('chat', '3.0')]
    """
    current = start.copy()
    level = value(current.sum(axis=2))
    steps: list[AttributionStep] = []
    for name, target in targets:
        parts: list[WorkloadChange] = []
        for w, workload in enumerate(names):
            if np.array_equal(current[:, :, w], target[:, :, w]):
                continue
            current[:, :, w] = target[:, :, w]
            after = value(current.sum(axis=2))
            part = WorkloadChange(
                workload=workload,
                cost_change_usd=after.cost_usd - level.cost_usd,
                commitment_change_usd=after.commitment_usd - level.commitment_usd,
            )
            level = after
            if part.cost_change_usd or part.commitment_change_usd:
                parts.append(part)
        steps.append(_step(name, parts))
    return tuple(steps)


def _step(name: StepName, parts: Sequence[WorkloadChange]) -> AttributionStep:
    return AttributionStep(
        step=name,
        cost_change_usd=sum((p.cost_change_usd for p in parts), Decimal(0)),
        commitment_change_usd=sum((p.commitment_change_usd for p in parts), Decimal(0)),
        workloads=tuple(parts),
    )


def merged(first: AttributionStep, second: AttributionStep) -> AttributionStep:
    """Add two parts of one step up, workload by workload."""
    by_name = {p.workload: p for p in first.workloads}
    for part in second.workloads:
        known = by_name.get(part.workload)
        by_name[part.workload] = (
            part
            if known is None
            else WorkloadChange(
                workload=part.workload,
                cost_change_usd=known.cost_change_usd + part.cost_change_usd,
                commitment_change_usd=known.commitment_change_usd + part.commitment_change_usd,
            )
        )
    parts = [p for p in by_name.values() if p.cost_change_usd or p.commitment_change_usd]
    return _step(first.step, parts)
