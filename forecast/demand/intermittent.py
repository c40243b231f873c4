"""Bursty workloads: weeks drawn in blocks from the workload's own history.

Each path strings together blocks of four consecutive weeks of the last two years, drawn with
replacement and half as likely for every half year they are older, times a lognormal level of mean
one with the prior spread of the window. With probability P(ended) (`endings`) all weeks are zero.
"""

from __future__ import annotations

import numpy as np

from forecast.demand.members.protocol import Floats, Window
from forecast.demand.pool import prior_spread

BLOCK = 4
"""Weeks of a block: bursts of a month stay together. Assumed."""

MEMORY = 104
"""Weeks that are drawn from: two years."""


HALF_LIFE = 26
"""Weeks after which a block counts half. Assumed."""


def draw_weeks(
    weekly: Floats,
    horizon: int,
    window: Window,
    n: int,
    *,
    ended: float = 0.0,
    rng: np.random.Generator,
) -> Floats:
    """Draw [n, horizon] weeks after the history `weekly` [t] of one workload.

    >>> bursts = np.array([0.0, 0.0, 5.0, 0.0] * 8)
    >>> draws = draw_weeks(bursts, 4, Window(0, 4), 3, rng=np.random.default_rng(0))
    >>> draws.shape, bool((draws >= 0).all())
    ((3, 4), True)
    """
    first = int(np.argmax(weekly > 0))
    past = weekly[max(first, len(weekly) - MEMORY) :]
    block = min(BLOCK, len(past))
    n_blocks = -(-horizon // block)
    age = np.arange(len(past) - block, -1, -1)
    likely = 0.5 ** (age / HALF_LIFE)
    starts = rng.choice(len(age), size=(n, n_blocks), p=likely / likely.sum())
    weeks = past[starts[:, :, None] + np.arange(block)].reshape(n, -1)[:, :horizon]
    spread = prior_spread(window, 52)
    level = np.exp(spread * rng.standard_normal(n) - spread**2 / 2)
    level[rng.random(n) < ended] = 0.0
    return np.asarray(weeks * level[:, None])
