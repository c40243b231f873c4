"""The pool of a portfolio, asked a block of workloads at a time.

What members said of every period after every past origin is by far the largest table of a forecast
(origins x periods ahead x members for each workload). Asked of it later are only the errors of past
totals, the opinion on a few windows, what a series shows (`signals`) and what comes from now on. A
block is reduced to these before the next one is asked, so that another workload costs kilobytes and
not a megabyte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from forecast.demand.constants import Constants
from forecast.demand.hindcast import Hindcast, Mend, hindcast
from forecast.demand.members.protocol import Family, Floats, Panel, Window
from forecast.demand.pool import Opinion, Pool, pool_members
from forecast.demand.signals import SHAPES, shapes

BLOCK = 50
"""Workloads asked together: with fewer each takes longer, with more they need more memory."""


def pool_in_blocks(
    values: Floats,
    families: Sequence[Family],
    learned: Constants,
    *,
    season_length: int,
    origins: Sequence[int],
    horizon: int,
    windows: Sequence[Window],
    mend: Callable[[slice], Mend],
    block: int = BLOCK,
) -> Pool:
    """Pool of [S, n] demand as `hindcast` and `pool_members` make it, for some windows.

    Parameters
    ----------
    values, families, season_length, origins, horizon
        As in `hindcast`.
    learned
        Constants of the method.
    windows
        What will be asked for besides the scored windows; others are refused.
    mend
        Gives the repair of some rows.
    block
        Series asked together.
    """

    def pools() -> Iterator[Pool]:
        for begin in range(0, len(values), block):
            rows = slice(begin, begin + block)
            found = hindcast(
                values[rows],
                families,
                season_length=season_length,
                origins=origins,
                horizon=horizon,
                mend=mend(rows),
            )
            yield reduced(pool_members(found, learned), windows)

    return joined(list(pools()))


def reduced(pool: Pool, windows: Sequence[Window]) -> Pool:
    """Keep the opinions on `windows` and on the scored ones, and of the paths those from now on."""
    shapes(pool)
    opinions = {window: pool.opinion(window) for window in {*pool.windows, *windows}}
    now = pool.hindcast.paths[:, -1:].copy()
    return replace(pool, hindcast=replace(pool.hindcast, paths=now), opinions=opinions)


def joined(pools: Sequence[Pool]) -> Pool:
    """One pool of the series of several reduced ones, in turn."""
    first = pools[0]
    opinions = {
        window: Opinion(
            *(
                np.concatenate([getattr(pool.opinions[window], part) for pool in pools])
                for part in ("weights", "centre", "disagreement")
            )
        )
        for window in first.opinions
    }
    missed = tuple(np.concatenate(parts) for parts in zip(*(p.missed for p in pools), strict=True))
    hindcasts = [pool.hindcast for pool in pools]
    found = Pool(_stacked(hindcasts), first.constants, first.windows, missed, opinions)
    found.once(SHAPES, lambda: np.concatenate([shapes(pool) for pool in pools], axis=1))
    return found


def _stacked(parts: Sequence[Hindcast]) -> Hindcast:
    first = parts[0]
    panel = Panel(
        values=np.concatenate([part.panel.values for part in parts]),
        season_length=first.panel.season_length,
        log=np.concatenate([part.panel.log for part in parts]),
        first=np.concatenate([part.panel.first for part in parts]),
    )
    return Hindcast(
        panel=panel,
        origins=first.origins,
        members=first.members,
        paths=np.concatenate([part.paths for part in parts]),
        known=tuple(np.concatenate(rows) for rows in zip(*(p.known for p in parts), strict=True)),
        seasonal=np.concatenate([part.seasonal for part in parts]),
        steady=np.concatenate([part.steady for part in parts]),
        ended=np.concatenate([part.ended for part in parts]),
        half_noise=np.concatenate([part.half_noise for part in parts]),
    )
