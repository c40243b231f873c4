"""Joint sample paths, and the decision set: the one table everything is decided on.

The decision set has M equally weighted scenarios. Whatever is reported, searched, shown, put
into the workbook and scored later reads this table and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

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

    def to_frame(self) -> pd.DataFrame:
        """Long table: scenario, month, workload, as_is_usd, optimised_usd, potential_usd."""
        m, t, w = self.as_is_usd.shape
        return pd.DataFrame(
            {
                "scenario": np.repeat(np.arange(m, dtype=np.int32), t * w),
                "month": np.tile(np.repeat(np.array(self.months, dtype="datetime64[s]"), w), m),
                "workload": np.tile(np.array(self.workloads, dtype=object), m * t),
                "as_is_usd": self.as_is_usd.ravel(),
                "optimised_usd": self.optimised_usd.ravel(),
                "potential_usd": self.potential_usd.ravel(),
            }
        )

    @classmethod
    def from_frame(cls, frame: pd.DataFrame) -> DecisionSet:
        """Read what `to_frame` wrote (rows in the same order)."""
        m = int(frame["scenario"].iloc[-1]) + 1
        per = len(frame) // m
        first = frame.iloc[:per]
        months = tuple(pd.Timestamp(x).date() for x in first["month"].drop_duplicates())
        workloads = tuple(str(x) for x in first["workload"].drop_duplicates())
        shape = (m, len(months), len(workloads))
        return cls(
            months,
            workloads,
            *(
                frame[c].to_numpy(dtype=np.float64).reshape(shape)
                for c in ("as_is_usd", "optimised_usd", "potential_usd")
            ),
        )


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
