"""The pool: how much each member counts, from what it said at past origins.

A member is judged by the mean absolute error ε of its log totals at past origins, of windows about
as long as the one asked for. For window v, K periods long, after origin i

    ε_m = Σ_w u_w (K / w)^.4 Σ_j |error of m on w after j| / Σ_w u_w n_w,
    u_w = min(w, K) / max(w, K),

over the scored windows w and the origins j whose windows were over at i; n = Σ u_w n_w / Σ u_w is
how many windows that is, with overlapping ones counted by what is new in them. The log total is the
weighted mean of the members with weights

    ω_m ∝ exp(−η n / (n + n₀) · log(ε_m / geometric mean of ε)),

equal with no evidence, sharp with much. η and n₀ are learned (`calibration`).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import TypeVar, cast

import numpy as np

from forecast.demand.constants import Constants
from forecast.demand.hindcast import Hindcast
from forecast.demand.members.past_totals import known_sums
from forecast.demand.members.protocol import Floats, Ints, Window, log_window_totals

T = TypeVar("T")

ERROR_FLOOR = 0.002
"""Added to ε before its log is taken: .2 % better is no merit."""

MAX_MERIT = 1.5
"""A member counts as at most e^1.5 times as good or bad as the typical one."""

ERROR_GROWTH = 0.4
"""Exponent of the typical error in the length of the window. Between .27 (M3, quarter to year)
and .6 (Shaved Ice); a random walk has .5."""

PRIOR_SPREAD = 0.2
"""Standard deviation of the log of a one-year total before any evidence. Assumed: above the .10
to .17 measured on M3, Tourism and NN5 totals, below the .5 to 1.2 of Shaved Ice machine types."""


def prior_spread(window: Window, season_length: int) -> float:
    """Spread of the log total of a window before any evidence.

    s_w = PRIOR_SPREAD · (τ / ½)^ERROR_GROWTH with τ = (lead + length / 2) in years.

    >>> prior_spread(Window(0, 52), 52), round(prior_spread(Window(0, 13), 52), 3)
    (0.2, 0.115)
    """
    years = (window.lead + window.length / 2) / season_length
    return float(PRIOR_SPREAD * (years / 0.5) ** ERROR_GROWTH)


@dataclass(frozen=True)
class Opinion:
    """What the pool says of one window, after every origin.

    Attributes
    ----------
    weights
        [S, O, M] weights adding to one; zero throughout where no member serves.
    centre
        [S, O] pooled log total; NaN where no member serves.
    disagreement
        [S, O] weighted standard deviation of the members' log totals.
    """

    weights: Floats
    centre: Floats
    disagreement: Floats


@dataclass(frozen=True)
class Pool:
    """Members, weighed at every origin by what was known there.

    Attributes
    ----------
    hindcast
        What members said.
    constants
        What was learned on other series.
    windows
        K windows that are scored: a quarter to three years.
    missed
        For every window: [S, O, M] said less realised log totals; NaN where not known now.
    opinions
        What the pool says of windows that were asked for; of a pool that no longer holds the paths
        from past origins (`blocks`), of all windows there are.
    """

    hindcast: Hindcast
    constants: Constants
    windows: tuple[Window, ...]
    missed: tuple[Floats, ...]
    opinions: dict[Window, Opinion] = field(default_factory=dict, repr=False, compare=False)
    _kept: dict[Hashable, object] = field(default_factory=dict, repr=False, compare=False)

    @property
    def origins(self) -> Ints:
        """All origins."""
        return np.array(self.hindcast.origins, dtype=np.int64)

    @property
    def step(self) -> int:
        """Periods from one origin to the next."""
        gaps = np.diff(self.origins)
        return int(gaps[0]) if len(gaps) else 1

    @property
    def weights(self) -> Floats:
        """[S, O, M] weights for the longest scored window of at most a year."""
        year = self.hindcast.panel.season_length
        within = [w for w in self.windows if w.length <= year]
        return self.opinion(within[-1] if within else self.windows[0]).weights

    @property
    def losses(self) -> Floats:
        """[S, M] mean pinball loss of log totals at the median as of now; NaN without any."""
        return self.once("losses", self._losses)

    def _losses(self) -> Floats:
        absolute = np.abs(np.stack(self.missed, axis=-1))
        known = np.isfinite(absolute)
        n = known.sum(axis=(1, 3))
        total = np.where(known, absolute, 0.0).sum(axis=(1, 3))
        return np.where(n > 0, 0.5 * total / np.maximum(n, 1), np.nan)

    def errors(self, i: int) -> Floats:
        """Realised less pooled log totals at origins 0 … i−1, as known at i: [S, i, K]."""
        i %= len(self.origins)
        out = np.full((len(self.hindcast.paths), i, len(self.windows)), np.nan)
        for k, window in enumerate(self.windows):
            over = int(np.searchsorted(self.origins, self.origins[i] - window.end, side="right"))
            out[:, :over, k] = self.pooled_errors(k)[:, :over]
        return out

    def pooled_errors(self, k: int) -> Floats:
        """Realised less pooled log totals of scored window k after every origin, [S, O].

        NaN where it is not known now.
        """
        return self.once(("errors", k), lambda: self._pooled_errors(k))

    def _pooled_errors(self, k: int) -> Floats:
        known = np.isfinite(self.missed[k])
        weights = self.opinion(self.windows[k]).weights
        miss = (weights * np.where(known, self.missed[k], 0.0)).sum(axis=2)
        return np.where(known.any(axis=2), -miss, np.nan)

    def alike(self, window: Window) -> list[tuple[int, float]]:
        """Scored windows that tell of `window`, as (place, u): not much longer, or the shortest."""
        length = window.length
        return [
            (k, min(scored.length, length) / max(scored.length, length))
            for k, scored in enumerate(self.windows)
            if scored.length <= 2 * length or k < 2
        ]

    def opinion(self, window: Window) -> Opinion:
        """What the pool says of a window after every origin; kept once worked out."""
        if window not in self.opinions:
            self.opinions[window] = self._judge(window)
        return self.opinions[window]

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """Work something out the first time it is asked for, and keep it with this pool."""
        if key not in self._kept:
            self._kept[key] = make()
        return cast(T, self._kept[key])

    def _judge(self, window: Window) -> Opinion:
        if self.hindcast.paths.shape[1] != len(self.origins):
            raise KeyError(f"{window} is not among the windows this pool was reduced to")
        said = log_window_totals(np.moveaxis(self.hindcast.paths, 2, 3), [window])[..., 0]
        served = np.isfinite(said)
        errors, count = self._known_errors(window)
        n = count.max(axis=2)
        merit = np.log(errors + ERROR_FLOOR)
        heard = np.isfinite(merit) & served
        n_heard = np.maximum(heard.sum(axis=2, keepdims=True), 1)
        typical = np.where(heard, merit, 0.0).sum(axis=2, keepdims=True) / n_heard
        apart = np.where(heard, np.clip(merit - typical, -MAX_MERIT, MAX_MERIT), 0.0)
        sharp = self.constants.sharpness * n / (n + self.constants.prior_windows)
        raw = np.exp(-sharp[:, :, None] * apart) * served
        total = raw.sum(axis=2, keepdims=True)
        weights = raw / np.where(total > 0, total, 1.0)
        filled = np.where(served, said, 0.0)
        centre = (weights * filled).sum(axis=2)
        centre[~served.any(axis=2)] = np.nan
        squares = (weights * (filled - np.nan_to_num(centre)[:, :, None]) ** 2).sum(axis=2)
        return Opinion(weights, centre, np.sqrt(squares))

    def _known_errors(self, window: Window) -> tuple[Floats, Floats]:
        """ε and n of every member at every origin: both [S, O, M]."""
        num = np.zeros(self.missed[0].shape)
        den = np.zeros(self.missed[0].shape)
        like_sum = 0.0
        for k, like in self.alike(window):
            scored = self.windows[k]
            total, count = known_sums(np.abs(self.missed[k]), self.origins, scored.end)
            new = like * min(1.0, self.step / scored.length)
            num += new * (window.length / scored.length) ** ERROR_GROWTH * total
            den += new * count
            like_sum += like
        errors = np.where(den > 0, num / np.where(den > 0, den, 1.0), np.nan)
        return errors, den / like_sum


def pool_members(hindcast: Hindcast, constants: Constants) -> Pool:
    """Weigh the members of a hindcast at every origin, reading nothing after it."""
    m, quarter = hindcast.panel.season_length, hindcast.panel.quarter
    horizon = hindcast.paths.shape[2]
    lengths = (quarter, 2 * quarter, m, m + m // 2, 2 * m, 3 * m)
    windows = tuple(Window(0, k) for k in lengths if k <= horizon) or (Window(0, horizon),)
    said = log_window_totals(np.moveaxis(hindcast.paths, 2, 3), windows)  # [S, O, M, K]
    missed = tuple(said[..., k] - hindcast.realised(w)[:, :, None] for k, w in enumerate(windows))
    return Pool(hindcast, constants, windows, missed)
