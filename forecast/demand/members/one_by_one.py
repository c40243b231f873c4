"""Serve a forecaster that is fitted to one series at one origin at a time.

Such fits are slow, so these members ask for a few origins only.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
from threadpoolctl import threadpool_limits

from forecast.demand.members.protocol import Floats, View

MIN_PERIODS = 13
"""Periods of own history below which nothing is fitted: three parameters need some."""

MAX_ORIGINS = 9
"""The last origin and eight past ones: what half a second a series allows."""

MAX_LEVEL_CHANGE = 6.0
"""A log path that leaves the last value by more (a factor of 400) is a failed fit."""

STILL = 1e-9
"""Standard deviation of the log below which a series is constant and its last value continues."""


def serve_one_by_one(view: View, fit: Callable[[Floats, int], Floats]) -> Floats:
    """Continue every series with `fit`, a function of (history, horizon) giving the path.

    A fit that raises, does not stay finite or runs away leaves NaN: the pool goes on without
    this member for that series and origin.
    """
    panel = view.panel
    out = np.full((len(panel.log), len(view.origins), view.horizon), np.nan)
    # The optimisers factor matrices of three rows: threads only wait for each other there
    # (the example portfolio took 21.4 s with two BLAS threads and 5.2 s with one).
    with threadpool_limits(limits=1, user_api="blas"):
        for i, origin in enumerate(view.origins):
            x = view.adjusted(i)
            for s in np.flatnonzero(panel.known(origin) >= MIN_PERIODS):
                out[s, i] = _continue(x[s, panel.first[s] :], view.horizon, fit)
    return np.asarray(out + view.half_noise[:, :, None] + view.season_path())


def _continue(x: Floats, horizon: int, fit: Callable[[Floats, int], Floats]) -> Floats:
    last = x[-1]
    if np.std(x) < STILL:
        return np.full(horizon, last)
    with warnings.catch_warnings():
        # Optimisers warn while they search; what counts is judged below on the path itself.
        warnings.simplefilter("ignore")
        try:
            path = np.asarray(fit(x - last, horizon), dtype=np.float64)
        except (ValueError, ArithmeticError, IndexError, np.linalg.LinAlgError):
            return np.full(horizon, np.nan)
    if not np.isfinite(path).all() or np.abs(path).max() > MAX_LEVEL_CHANGE:
        return np.full(horizon, np.nan)
    return np.asarray(path + last)
