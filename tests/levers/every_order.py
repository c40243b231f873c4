"""The migration plan by trying everything: an independent route to the same number."""

from __future__ import annotations

from itertools import accumulate, product

import numpy as np

from forecast.records.migration import Candidate, MigrationQuestion

NEVER = 99


def best_saving_usd(q: MigrationQuestion) -> float:
    """The most that any order saves.

    Every combination of (not at all, or configuration and month) of all workloads is written
    out, those that break a rule are struck, and the rest are added up: 13^6 for six workloads
    with three configurations and four months.
    """
    ways = [_ways(q, c) for c in q.candidates]
    which = np.indices([len(way) for way in ways]).reshape(len(ways), -1)
    month, hours, usd = (
        np.array([np.array([row[j] for row in way])[i] for way, i in zip(ways, which, strict=True)])
        for j in range(3)
    )
    legal = np.ones(which.shape[1], dtype=bool)
    settled = [c.fixed_month is not None for c in q.candidates]
    open_ = np.array([[not s] for s in settled])
    gone_hours, gone_starts = np.zeros(len(q.months), int), np.zeros(len(q.months), int)
    for is_settled, way in zip(settled, ways, strict=True):
        if is_settled and len(way) > 1:
            gone_hours[way[1][0] :] += max(row[1] for row in way)
            gone_starts[way[1][0]] += 1
    for t, there in enumerate(accumulate(q.hours)):
        used = np.where((month <= t) & open_, hours, 0).sum(axis=0)
        legal &= used <= max(0, there - gone_hours[t])
        legal &= ((month == t) & open_).sum(axis=0) <= max(0, q.starts[t] - gone_starts[t])
    names = [c.name for c in q.candidates]
    for w, c in enumerate(q.candidates):
        for first in c.after:
            legal &= (month[w] == NEVER) | (month[names.index(first)] < month[w])
    return float(usd.sum(axis=0)[legal].max())


def _ways(q: MigrationQuestion, c: Candidate) -> list[tuple[int, int, float]]:
    """(month, hours, USD) of every way to treat a workload that its own rules allow."""
    found = [(NEVER, 0, 0.0)]
    for k, t in product(c.configurations, range(len(q.months))):
        in_time = c.fixed_month == t if c.fixed_month is not None else q.starts[t] > 0
        if in_time and t >= k.first_month and k.saving_usd[t] > 0:
            found.append((t, k.effort_hours, k.saving_usd[t]))
    return found
