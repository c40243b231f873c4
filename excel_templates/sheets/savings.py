"""List savings by the lines that Inputs can switch."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import numpy as np

from forecast.paths import DecisionSet, Floats
from forecast.whatif import by_period, slip_losses

MAX_SAVING_CELLS: Final = 240_000
"""Cells spent on savings by workload. Measured on 1,000 scenarios of 12 periods (repeat with
scripts/benchmarks/workbook.py): 84,000 cells make 1.5 MB in 1.1 s, 240,000 make 2.9 MB in 1.8 s.
A larger inventory keeps its largest savings apart and the rest as one line."""
MAX_SWITCHES: Final = 40
"""Workloads with a switch of their own: what still reads on a page of Inputs."""
REST: Final = "all other workloads"


@dataclass(frozen=True)
class Savings:
    """List savings by the lines that Inputs can switch.

    Attributes
    ----------
    names
        S lines: workloads with a saving, the largest first, and maybe the rest as one.
    as_is_usd
        [M, P] list cost of all workloads.
    saving_usd
        [M, P, S].
    loss_share
        [S, T + 1] share of the mean saving lost when adoption slips by 0 … T months; the rest
        of the workloads does not slip.
    members
        Workloads behind each line.
    """

    names: tuple[str, ...]
    as_is_usd: Floats
    saving_usd: Floats
    loss_share: Floats
    members: tuple[tuple[str, ...], ...]

    @property
    def slips(self) -> tuple[bool, ...]:
        """Whether a line may slip."""
        return tuple(len(group) == 1 for group in self.members)


def savings_of(decisions: DecisionSet, period_months: int, apart: Collection[str] = ()) -> Savings:
    """Give the savings by switchable line, from the largest mean to the smallest.

    Parameters
    ----------
    apart
        Workloads that must have a line of their own if they save anything.
    """
    as_is = by_period(decisions.as_is_usd, period_months)
    saving = np.round(as_is - by_period(decisions.optimised_usd, period_months), 6)
    m, p, _ = saving.shape
    mean = saving.sum(axis=1).mean(axis=0)
    active = [w for w in np.argsort(-np.abs(mean), kind="stable") if saving[:, :, w].any()]
    room = max(1, min(MAX_SWITCHES, MAX_SAVING_CELLS // (m * p)))
    if len(active) > room:
        active.sort(key=lambda w: decisions.workloads[w] not in apart)
    single = active if len(active) <= room else active[: room - 1]
    rest = active[len(single) :]
    single = [w for w in np.argsort(-np.abs(mean), kind="stable") if w in single]
    names = [decisions.workloads[w] for w in single]
    parts = [saving[:, :, w] for w in single]
    losses = [slip_losses(decisions, name) for name in names]
    members = [(name,) for name in names]
    if rest:
        names.append(REST)
        parts.append(saving[:, :, rest].sum(axis=2))
        losses.append(np.zeros(len(decisions.months) + 1))
        members.append(tuple(decisions.workloads[w] for w in rest))
    return Savings(
        tuple(names),
        np.round(as_is.sum(axis=2), 6),
        np.stack(parts, axis=2) if parts else np.zeros((m, p, 0)),
        np.array(losses).reshape(len(names), len(decisions.months) + 1),
        tuple(members),
    )
