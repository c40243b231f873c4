"""Joint sample paths, and the decision set: the one table everything is decided on.

The decision set has M equally weighted scenarios. Whatever is reported, searched, shown, put
into the workbook and scored later reads this table and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecast.units import quantile_rank

Floats = NDArray[np.float64]

MICRO_DECIMALS = 6
"""Scenario dollars are kept to the micro-dollar, so that a sum of them is the same anywhere."""


@dataclass(frozen=True)
class DemandPaths:
    """Joint sample paths of demand, in input-equivalent tokens a month.

    Attributes
    ----------
    months
        T calendar months from the month after `as_of` or earlier; the term is among them.
    workloads
        W names.
    units
        [N, T, W] demand.
    """

    months: tuple[date, ...]
    workloads: tuple[str, ...]
    units: Floats

    def __post_init__(self) -> None:
        assert self.units.shape[1:] == (len(self.months), len(self.workloads)), self.units.shape


KEPT_BYTES = 128 << 20
"""Paths that are kept once drawn; the workloads beyond are drawn again whenever they are asked for.
Forty workloads x 36 months x 10,000 paths fit."""


class JointPaths:
    """Joint sample paths of demand, a workload at a time, so that memory does not grow with them.

    Parameters
    ----------
    months
        T calendar months.
    workloads
        W names.
    n_paths
        N.
    draw
        Gives the paths [N, T] of a workload by name, the same each time.

    Examples
    --------
    >>> months = (date(2027, 1, 1), date(2027, 2, 1))
    >>> drawn = {"a": np.array([[1.0, 2.0], [3.0, 4.0]]), "b": np.ones((2, 2))}
    >>> paths = JointPaths(months, ("a", "b"), 2, drawn.__getitem__)
    >>> paths.of("a").sum(axis=1).tolist(), paths.of("unheard of").tolist()
    ([3.0, 7.0], [[0.0, 0.0], [0.0, 0.0]])
    >>> paths.chosen(np.array([1]), ("b", "a")).units.tolist()
    [[[1.0, 3.0], [1.0, 4.0]]]
    """

    def __init__(
        self,
        months: tuple[date, ...],
        workloads: tuple[str, ...],
        n_paths: int,
        draw: Callable[[str], Floats],
    ) -> None:
        self.months = months
        self.workloads = workloads
        self.n_paths = n_paths
        self._draw = draw
        fit = KEPT_BYTES // (8 * n_paths * len(months))
        self._to_keep = frozenset(workloads[:fit])
        self._kept: dict[str, Floats] = {}

    def of(self, workload: str) -> Floats:
        """Paths [N, T] of a workload, not to be written to; zeros where it has no demand."""
        if workload in self._kept:
            return self._kept[workload]
        if workload not in self.workloads:
            return np.zeros((self.n_paths, len(self.months)))
        units = self._draw(workload)
        if workload in self._to_keep:
            self._kept[workload] = _sealed(units)
        return units

    def list_usd(self, unit_usd: Mapping[str, Floats | float]) -> Floats:
        """List cost [N, T] of all workloads at the cost of a unit, [T] or the same every month."""
        total = np.zeros((self.n_paths, len(self.months)))
        for name in self.workloads:
            total += self.of(name) * unit_usd[name]
        return total

    def chosen(self, rows: NDArray[np.int64], workloads: tuple[str, ...]) -> DemandPaths:
        """Some of the paths, of some workloads in their order."""
        units = np.empty((len(rows), len(self.months), len(workloads)))
        for w, name in enumerate(workloads):
            units[:, :, w] = self.of(name)[rows]
        return DemandPaths(self.months, workloads, units)


@dataclass(frozen=True)
class EvidenceReplicates:
    """How the term total would move with other evidence.

    For replicate b the log total of a path with log total x and mean log total m becomes
    m + shift[b] + scale[b] · (x − m). Both arrays have shape [B].
    """

    shift: Floats
    scale: Floats

    def apply(self, list_usd: Floats, b: int) -> Floats:
        """Give the list cost [M, P] as replicate `b` would have it."""
        total = list_usd.sum(axis=1)
        positive = total > 0
        if not positive.any():
            return list_usd
        x = np.log(total[positive])
        m = x.mean()
        factor = np.ones(len(total))
        factor[positive] = np.exp(m + self.shift[b] + self.scale[b] * (x - m) - x)
        return np.asarray(list_usd * factor[:, None])


@dataclass(frozen=True)
class DecisionSet:
    """M equally weighted joint scenarios of list cost over the term.

    Attributes
    ----------
    months
        T months of the term.
    workloads
        W names.
    as_is_usd, optimised_usd, potential_usd
        [M, T, W] list cost: levers as observed; with accepted levers; with proposed ones too.
    """

    months: tuple[date, ...]
    workloads: tuple[str, ...]
    as_is_usd: Floats
    optimised_usd: Floats
    potential_usd: Floats

    def __post_init__(self) -> None:
        shape = (self.n_scenarios, len(self.months), len(self.workloads))
        for name in ("as_is_usd", "optimised_usd", "potential_usd"):
            values = getattr(self, name)
            assert values.shape == shape, (name, values.shape, shape)
            object.__setattr__(self, name, np.round(values, MICRO_DECIMALS))

    @property
    def n_scenarios(self) -> int:
        """M."""
        return len(self.as_is_usd)

    @cached_property
    def as_is_total_usd(self) -> Floats:
        """[M, T] list cost of all workloads with levers as observed."""
        return _sealed(self.as_is_usd.sum(axis=2))

    @cached_property
    def optimised_total_usd(self) -> Floats:
        """[M, T] list cost of all workloads with accepted levers."""
        return _sealed(self.optimised_usd.sum(axis=2))

    def to_frame(self, scenarios: slice = slice(None)) -> pd.DataFrame:
        """Long table: scenario, month, workload, as_is_usd, optimised_usd, potential_usd."""
        numbers = np.arange(self.n_scenarios, dtype=np.int32)[scenarios]
        n, (_, t, w) = len(numbers), self.as_is_usd.shape
        return pd.DataFrame(
            {
                "scenario": np.repeat(numbers, t * w),
                "month": np.tile(np.repeat(np.array(self.months, dtype="datetime64[s]"), w), n),
                "workload": np.tile(np.array(self.workloads, dtype=object), n * t),
                "as_is_usd": self.as_is_usd[scenarios].ravel(),
                "optimised_usd": self.optimised_usd[scenarios].ravel(),
                "potential_usd": self.potential_usd[scenarios].ravel(),
            }
        )


def _sealed(values: Floats) -> Floats:
    """Many read it: nobody may write to it."""
    values.flags.writeable = False
    return values


def quantile(values: Floats, level: float) -> float:
    """The ⌈M·level − 1e-9⌉-th smallest value.

    >>> quantile(np.array([4.0, 1.0, 3.0, 2.0]), 0.5)
    2.0
    """
    k = quantile_rank(level, len(values)) - 1
    return float(np.partition(values, k)[k])


def tail_mean(values: Floats, level: float) -> float:
    """Mean of the values from the quantile at `level` upwards (CVaR of a cost).

    >>> tail_mean(np.arange(1.0, 101.0), 0.95)
    98.0
    """
    k = quantile_rank(level, len(values))
    if k >= len(values):
        return float(values.max())
    return float(np.sort(values)[k:].mean())


def period_totals(monthly: Floats, period_months: int) -> Floats:
    """Sum [M, T] months to [M, T / period_months] settlement periods."""
    m, t = monthly.shape
    return np.asarray(monthly.reshape(m, t // period_months, period_months).sum(axis=2))


def stratify(totals: Floats, n: int, *, rng: np.random.Generator) -> NDArray[np.int64]:
    """Choose `n` of the paths so that their totals keep the distribution of all.

    The sorted paths are cut into `n` equal strata and one path is drawn in each; the indices
    come back in the order of their totals' strata. With `n` at least the number of paths,
    all are kept.

    >>> stratify(np.array([3.0, 1.0, 2.0, 4.0]), 2, rng=np.random.default_rng(0)).tolist()
    [2, 0]
    """
    order = np.argsort(totals, kind="stable")
    if n >= len(order):
        return order
    edges = np.linspace(0, len(order), n + 1).astype(np.int64)
    pick = edges[:-1] + (rng.random(n) * (edges[1:] - edges[:-1])).astype(np.int64)
    return order[pick]
