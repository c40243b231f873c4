"""What a family of members is: it sees a panel from past origins and continues every series.

A *panel* holds S series of equal step (weeks, or months) that end together; a series that began
later has NaN before its first period. An *origin* o is the number of periods known: a member may
read columns 0 … o−1 and nothing after. It returns, for every series and origin, the log of the
demand of each of the next H periods. Totals of any window follow from these paths in one way
(`log_window_totals`), so every member is scored on what is decided on: the log of a total.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

DROP_FLOOR = 0.05
"""A period counts as at least this share of the mean of the periods before it.

Assumed: a fall of 95 % in one period is a stop, and logs must not see it as minus infinity. A
lasting fall passes within a few periods, because the mean follows.
"""

FLOOR_PERIODS = 13
"""Periods in the mean that the floor is taken from: a quarter of weeks."""


class Window(NamedTuple):
    """The periods [lead, lead + length) after an origin."""

    lead: int
    length: int

    @property
    def end(self) -> int:
        """Periods after the origin until everything in the window is known."""
        return self.lead + self.length


@dataclass(frozen=True)
class Panel:
    """S series that end together.

    Attributes
    ----------
    values
        [S, n] demand a period, at least 0; NaN before a series' first period.
    season_length
        Periods of a year: 52 weeks or 12 months.
    log
        [S, n] log demand, floored (see `DROP_FLOOR`); NaN where `values` is.
    first
        [S] column of the first positive period; n for a series without any.
    """

    values: Floats
    season_length: int
    log: Floats
    first: Ints

    @classmethod
    def of(cls, values: Floats, season_length: int) -> Panel:
        """Make a panel of raw values; what lies before the first positive period becomes NaN.

        >>> panel = Panel.of(np.array([[0.0, 2.0, 0.0, 2.0]]), 52)
        >>> panel.first.tolist(), np.exp(panel.log).round(2).tolist()
        ([1], [[nan, 2.0, 0.1, 2.0]])
        """
        values = np.array(values, dtype=np.float64)
        n = values.shape[1]
        positive = values > 0
        first = np.where(positive.any(axis=1), positive.argmax(axis=1), n).astype(np.int64)
        values[np.arange(n) < first[:, None]] = np.nan
        return cls(values, season_length, _floored_log(values, first), first)

    @property
    def n(self) -> int:
        """Periods, the last one included."""
        return self.values.shape[1]

    @property
    def quarter(self) -> int:
        """Periods of a quarter of a year."""
        return max(1, self.season_length // 4)

    def known(self, origin: int) -> Ints:
        """Periods of own history of every series at an origin, shape [S]."""
        return np.maximum(origin - self.first, 0)


@dataclass(frozen=True)
class View:
    """A panel as it is seen from some origins.

    Attributes
    ----------
    panel
        The series; only columns before an origin may be read for it.
    origins
        O origins, rising.
    horizon
        H periods to continue.
    seasons
        [S, O, season_length] additive yearly season of the log by `column mod season_length`;
        zero where history does not support one.
    half_noise
        [S, O] half the variance of the noise of single periods about their level: what the log
        of a mean lies above the mean of logs.
    """

    panel: Panel
    origins: tuple[int, ...]
    horizon: int
    seasons: Floats
    half_noise: Floats

    def season_path(self) -> Floats:
        """Give the season over the horizon of every origin, shape [S, O, H]."""
        m = self.panel.season_length
        columns = (np.array(self.origins)[:, None] + np.arange(self.horizon)) % m
        return np.take_along_axis(self.seasons, columns[None, :, :], axis=2)

    def adjusted(self, i: int) -> Floats:
        """Give the log history up to origin i without its season, shape [S, origins[i]]."""
        origin = self.origins[i]
        phases = np.arange(origin) % self.panel.season_length
        return np.asarray(self.panel.log[:, :origin] - self.seasons[:, i, phases])


class Family(Protocol):
    """Members that are run together; it holds settings, never data."""

    @property
    def names(self) -> tuple[str, ...]:
        """What its M members are called in results."""
        ...

    def paths(self, view: View) -> Floats:
        """Continue every series from every origin.

        Returns
        -------
        Floats
            [S, O, H, M] log demand of each period after the origin; NaN throughout for a series
            and origin that a member cannot serve.
        """
        ...


def log_window_totals(paths: Floats, windows: Sequence[Window]) -> Floats:
    """Log of the total of each window, shape [..., K] for paths [..., H].

    >>> log_window_totals(np.log([[1.0, 2.0, 3.0]]), [Window(1, 2)]).round(6).tolist()
    [[1.609438]]
    """
    return np.stack([_log_sum(paths[..., w.lead : w.end]) for w in windows], axis=-1)


def running_sums(values: Floats | Flags) -> Floats:
    """Sums of the first 0, 1 … n columns of [S, n].

    >>> running_sums(np.array([[1.0, 2.0]])).tolist()
    [[0.0, 1.0, 3.0]]
    """
    out = np.zeros((len(values), values.shape[1] + 1))
    np.cumsum(values, axis=1, out=out[:, 1:])
    return out


def half_noise(panel: Panel, origins: Sequence[int]) -> Floats:
    """Half the variance of single periods about their level, by series and origin, shape [S, O].

    The variance is that of x_t − (x_{t−1} + x_{t+1}) / 2 over the last year, which is 1.5 times
    the noise where the level moves slowly. At most ½·0.5²: more is not noise but stops and starts.
    """
    x = panel.log
    bend = x[:, 1:-1] - 0.5 * (x[:, :-2] + x[:, 2:])
    known = np.isfinite(bend)
    squares = np.where(known, bend, 0.0) ** 2
    stop = np.maximum(np.array(origins) - 2, 0)
    start = np.maximum(stop - panel.season_length, 0)
    total, n = (
        so_far[:, stop] - so_far[:, start]
        for so_far in (running_sums(squares), running_sums(known))
    )
    out = np.where(n >= 8, np.maximum(total, 0.0) / np.maximum(n, 1) / 1.5 / 2, 0.0)
    return np.minimum(out, 0.125)


def _floored_log(values: Floats, first: Ints) -> Floats:
    n = values.shape[1]
    held = np.where(np.isfinite(values), values, 0.0)
    for t in _maybe_low(held, first):
        count = np.clip(t - first, 0, FLOOR_PERIODS)
        before = held[:, max(0, t - FLOOR_PERIODS) : t].sum(axis=1) / np.maximum(count, 1)
        held[:, t] = np.maximum(held[:, t], np.where(count > 0, DROP_FLOOR * before, 0.0))
    started = np.arange(n) >= first[:, None]
    return np.where(started, np.log(np.where(started, held, 1.0)), np.nan)


def _maybe_low(values: Floats, first: Ints) -> Sequence[int]:
    """Periods in which some series may be below its floor: from the first such on, all.

    Until a value has been raised, floors come from the values themselves.
    """
    n = values.shape[1]
    sums = running_sums(values)
    begin = np.maximum(np.arange(n) - FLOOR_PERIODS, 0)
    count = np.clip(np.arange(n) - first[:, None], 1, FLOOR_PERIODS)
    floor = DROP_FLOOR * (sums[:, :n] - sums[:, begin]) / count
    low = np.flatnonzero((values < floor * (1 + 1e-9)).any(axis=0) & (np.arange(n) > 0))
    return range(int(low[0]), n) if len(low) else ()


def _log_sum(x: Floats) -> Floats:
    top = x.max(axis=-1, keepdims=True)
    return np.asarray(np.log(np.exp(x - top).sum(axis=-1)) + top[..., 0])
