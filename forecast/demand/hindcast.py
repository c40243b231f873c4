"""What every member would have said at every past origin, with what was known there.

Repairs look at the weeks after a one-off, so a series as mended today tells an earlier origin
something it could not know. Each origin therefore has its own history, mended from nothing but
its own weeks; where that differs from today's, members are asked again on it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import joblib
import numpy as np
from numpy.typing import NDArray

from forecast.demand.kinds import Kind, kinds_of
from forecast.demand.members.protocol import Floats, Ints, Member, Panel, View, Window
from forecast.demand.members.view import view_of

MAX_LOG_STEP = float(np.log(8.0))
"""No path leaves the level of the last quarter by more than a factor of 8, up or down. Assumed:
a workload that grows more within a term has a launch to be told of."""

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
        [S, O] whether history supported a yearly season.
    steady
        [S, O] whether the series ran steadily as observed; the others are no evidence on members.
    half_noise
        [S] half the variance of single periods about their level, as of now.
    """

    panel: Panel
    origins: tuple[int, ...]
    members: tuple[str, ...]
    paths: Floats
    known: tuple[Floats, ...]
    seasonal: NDArray[np.bool_]
    steady: NDArray[np.bool_]
    half_noise: Floats

    def realised(self, i: int, windows: Sequence[Window]) -> Floats:
        """Log of realised totals after origins 0 … i−1, as known at origin i.

        Returns
        -------
        Floats
            [S, i, K]; NaN where a window reaches beyond origin i or begins before its series, and
            for a series that does not run steadily as of origin i.
            A total is at least 1 % of the window at the mean of the quarter before it, so that
            a stop is a large error and not an infinite one.
        """
        values = self.known[i]
        sums = np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)
        quarter = self.panel.quarter
        out = np.full((len(values), i, len(windows)), np.nan)
        steady = self.steady[:, i]
        for j, origin in enumerate(self.origins[:i]):
            begun = np.clip(origin - self.panel.first, 0, quarter)
            back = np.maximum(origin - begun, 0)
            recent = sums[:, origin] - np.take_along_axis(sums, back[:, None], axis=1)[:, 0]
            rate = recent / np.maximum(begun, 1)
            for k, window in enumerate(windows):
                if origin + window.end > self.origins[i]:
                    continue
                total = values[:, origin + window.lead : origin + window.end].sum(axis=1)
                least = 0.01 * rate * window.length
                held = np.maximum(total, least)
                ok = (begun > 0) & (held > 0) & steady
                out[ok, j, k] = np.log(held[ok])
        return out


def hindcast(
    values: Floats,
    members: Sequence[Member],
    *,
    season_length: int,
    origins: Sequence[int],
    horizon: int,
    mend: Mend | None = None,
    jobs: int = 1,
) -> Hindcast:
    """Ask every member at every origin.

    Parameters
    ----------
    values
        [S, n] demand as observed, series ending together; zeros before a series begins.
    members
        The roster.
    season_length
        Periods of a year.
    origins
        Past origins, rising; now (n) is added.
    horizon
        H periods ahead.
    mend
        Repair of the series, applied to what each origin knows; None leaves them as observed.
    jobs
        Processes for members that fit one series at a time; results do not depend on it.
    """
    mend = mend or (lambda observed: observed)
    n = values.shape[1]
    at = (*(o for o in origins if o < n), n)
    known = tuple(mend(values[:, :o]) for o in at)
    now = known[-1]
    panel = Panel.of(now, season_length)
    view = view_of(panel, at, horizon)
    seasonal = (view.seasons != 0).any(axis=2)
    pasts: dict[int, tuple[Ints, View]] = {}
    for i, origin in enumerate(at):
        rows = np.flatnonzero((known[i] != now[:, :origin]).any(axis=1))
        if len(rows):
            past = view_of(Panel.of(known[i][rows], season_length), (origin,), horizon)
            pasts[i] = rows, past
            seasonal[rows, i] = (past.seasons[:, 0] != 0).any(axis=1)
    paths = np.full((len(values), len(at), horizon, len(members)), np.nan)
    for m, member in enumerate(members):
        asked = _spread(len(at), member.max_origins)
        paths[..., m][:, asked] = _ask(member, view.at(asked), jobs)
        for i in sorted(pasts.keys() & set(asked)):
            rows, past = pasts[i]
            paths[rows, i, :, m] = member.paths(past)[:, 0]
    level = _recent_level(known, panel.first, season_length)
    bounded = np.clip(
        paths, level[:, :, None, None] - MAX_LOG_STEP, level[:, :, None, None] + MAX_LOG_STEP
    )
    names = tuple(member.name for member in members)
    steady = np.array([[k is Kind.STEADY for k in kinds_of(values[:, :o])] for o in at]).T
    return Hindcast(panel, at, names, bounded, known, seasonal, steady, view.half_noise[:, -1])


def _spread(n: int, most: int | None) -> list[int]:
    """Choose positions among `n` origins, the last one among them.

    >>> _spread(3, None), _spread(17, 9)
    ([0, 1, 2], [0, 2, 4, 6, 8, 10, 12, 14, 16])
    """
    if most is None or n <= most:
        return list(range(n))
    return [round(i * (n - 1) / (most - 1)) for i in range(most)]


def _ask(member: Member, view: View, jobs: int) -> Floats:
    """Ask one member, in processes where it fits series one by one."""
    n_series = len(view.panel.log)
    if jobs == 1 or member.max_origins is None or n_series < 2:
        return member.paths(view)
    chunks = np.array_split(np.arange(n_series), min(n_series, 2 * abs(jobs)))
    parts = joblib.Parallel(n_jobs=jobs)(
        joblib.delayed(member.paths)(view.rows(rows)) for rows in chunks
    )
    return np.concatenate(parts, axis=0)


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
