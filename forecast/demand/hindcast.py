"""What every member would have said at every past origin, with what was known there.

Repairs look at the weeks after a one-off, so a series as mended today tells an earlier origin
something it could not know. Each origin therefore has its own history, mended from nothing but
its own weeks; where that differs from today's, members are asked again on it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from forecast.demand.endings import ended_shares
from forecast.demand.kinds import Kind, kinds_of
from forecast.demand.members.protocol import Family, Flags, Floats, Ints, Panel, View, Window
from forecast.demand.members.view import view_of

MAX_LOG_STEP = float(np.log(8.0))
"""No path leaves the level of the last quarter by more than a factor of 8, up or down. Assumed:
a workload that grows more within a term has a launch to be told of."""

MAX_ORIGINS = 40
"""Past origins at most: three years of weeks. Older ones cost time and say little."""

LEAST_OF_RATE = 0.01
"""Share of the run rate that a realised total counts as at least."""

LEAST_SEASON = 0.01
"""Largest log effect on a period below which there is no season to speak of."""

Mend = Callable[[Floats], Floats]
"""Gives [S, n] demand as it should be fitted, from nothing but [S, n] demand as observed."""


@dataclass(frozen=True)
class Hindcast:
    """The sayings of all members.

    Attributes
    ----------
    panel
        The series as known now.
    origins
        O origins, rising; the last is now, `panel.n`.
    members
        M names.
    paths
        [S, O, H, M] log demand by period after the origin; NaN where a member could not serve.
    known
        For each origin o the demand [S, o] as it was known there.
    seasonal
        [S, O] whether a yearly season moves some period by 1 % or more.
    steady
        [S, O] whether the series ran steadily as observed; the others are no evidence on members.
    ended
        [S, O] probability that a series had ended by then (`endings`).
    half_noise
        [S] half the variance of single periods about their level, as of now.
    """

    panel: Panel
    origins: tuple[int, ...]
    members: tuple[str, ...]
    paths: Floats
    known: tuple[Floats, ...]
    seasonal: Flags
    steady: Flags
    ended: Floats
    half_noise: Floats

    def realised(self, window: Window) -> Floats:
        """Log of the total after every origin, from what the first origin at its end knew.

        Returns
        -------
        Floats
            [S, O]; NaN where the window is not over yet, begins before its series, or the series
            does not run steadily by then. A total is at least 1 % of the window at the mean of
            the quarter before it, so that a stop is a large error and not an infinite one.
        """
        origins = np.array(self.origins)
        ends = origins + window.end
        over = np.flatnonzero(ends <= self.panel.n)
        out = np.full((len(self.panel.first), len(origins)), np.nan)
        if not len(over):
            return out
        at, o = np.searchsorted(origins, ends[over]), origins[over]
        series = np.arange(len(out))[:, None]
        begun = np.clip(o - self.panel.first[:, None], 0, self.panel.quarter)
        so_far = self._so_far[series, at, o]
        rate = (so_far - self._so_far[series, at, o - begun]) / np.maximum(begun, 1)
        total = self._so_far[series, at, ends[over]] - self._so_far[series, at, o + window.lead]
        held = np.maximum(total, LEAST_OF_RATE * rate * window.length)
        ok = (begun > 0) & (held > 0) & self.steady[:, at]
        out[:, over] = np.where(ok, np.log(np.where(ok, held, 1.0)), np.nan)
        return out

    @cached_property
    def _so_far(self) -> Floats:
        """Running totals as every origin knows them, from zero: [S, O, n + 1]."""
        out = np.zeros((len(self.panel.first), len(self.origins), self.panel.n + 1))
        for i, known in enumerate(self.known):
            np.cumsum(known, axis=1, out=out[:, i, 1 : known.shape[1] + 1])
        return out


def past_origins(n: int, step: int, least: int) -> list[int]:
    """Past origins of a history of n periods: every `step` back from now, `least` known.

    >>> past_origins(30, 4, 13)
    [14, 18, 22, 26]
    """
    return sorted(range(n - step, least - 1, -step)[:MAX_ORIGINS])


def hindcast(
    values: Floats,
    families: Sequence[Family],
    *,
    season_length: int,
    origins: Sequence[int],
    horizon: int,
    mend: Mend | None = None,
) -> Hindcast:
    """Ask every member at every origin.

    Parameters
    ----------
    values
        [S, n] demand as observed, series ending together; zeros before a series begins.
    families
        The roster.
    season_length
        Periods of a year.
    origins
        Past origins, rising; now (n) is added.
    horizon
        H periods ahead.
    mend
        Repair of the series, applied to what each origin knows; None leaves them as observed.
    """
    mend = mend or (lambda observed: observed)
    n = values.shape[1]
    at = (*(o for o in origins if o < n), n)
    known = tuple(mend(values[:, :o]) for o in at)
    now = known[-1]
    panel = Panel.of(now, season_length)
    view = view_of(panel, at, horizon)
    seasonal = _seen(view.seasons)
    paths = _ask(families, view)
    for i, origin in enumerate(at):
        rows = np.flatnonzero((known[i] != now[:, :origin]).any(axis=1))
        if len(rows):
            past = view_of(Panel.of(known[i][rows], season_length), at[: i + 1], horizon)
            paths[rows, i] = _ask(families, past)[:, -1]
            seasonal[rows, i] = _seen(past.seasons)[:, -1]
    level = _recent_level(known, panel.first, season_length)
    bounded = np.clip(
        paths, level[:, :, None, None] - MAX_LOG_STEP, level[:, :, None, None] + MAX_LOG_STEP
    )
    names = tuple(name for family in families for name in family.names)
    steady = np.array(
        [[k is Kind.STEADY for k in kinds_of(values[:, :o], season_length)] for o in at]
    ).T
    ended = np.stack([ended_shares(values[:, :o], season_length) for o in at], axis=1)
    return Hindcast(
        panel, at, names, bounded, known, seasonal, steady, ended, view.half_noise[:, -1]
    )


def _seen(seasons: Floats) -> Flags:
    return np.asarray(np.abs(seasons).max(axis=2) >= LEAST_SEASON)


def _ask(families: Sequence[Family], view: View) -> Floats:
    """Ask every member: [S, O, H, M]."""
    return np.concatenate([family.paths(view) for family in families], axis=3)


def _recent_level(known: Sequence[Floats], first: Ints, season_length: int) -> Floats:
    """Log of the mean of the last quarter at every origin, [S, O]; not below 5 % of the year's."""
    out = np.zeros((len(first), len(known)))
    for i, values in enumerate(known):
        means = []
        for span in (max(1, season_length // 4), season_length):
            begun = np.clip(values.shape[1] - first, 1, span)
            means.append(values[:, -span:].sum(axis=1) / begun)
        level = np.maximum(means[0], 0.05 * means[1])
        out[:, i] = np.log(np.where(level > 0, level, 1.0))
    return out
