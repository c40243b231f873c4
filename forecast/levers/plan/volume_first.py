"""The pass of the founding article: the largest volume first, each through its gate, then the next.

    rank by volume → start the largest → confirm that nothing depended on immediacy → measure →
    next

It keeps every constraint of `program`, and is what the program is compared with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from forecast.levers.plan.constraints import Choice, choices, hours_left, is_free, starts_left
from forecast.records.migration import MigrationQuestion


def volume_first(q: MigrationQuestion) -> tuple[Choice, ...]:
    """Walk down the list of workloads by volume.

    Each starts in the first month in which it fits, not before the one ahead of it on the list,
    in the configuration that saves most there. One that waits for another is passed over until
    that one has its month; one that fits nowhere is left out. What is fixed keeps its month.

    Examples
    --------
    >>> from datetime import date
    >>> from forecast.records.migration import Candidate, Configuration
    >>> def saves(name, volume, *usd):
    ...     batch = Configuration(levers=("batch",), saving_usd=usd)
    ...     return Candidate(name=name, volume_usd=volume, configurations=(batch,))
    >>> [(c.w, c.t) for c in volume_first(MigrationQuestion(
    ...     months=(date(2027, 1, 1), date(2027, 2, 1)), hours=(0, 0), starts=(1, 1),
    ...     candidates=(saves("small", 100, 50, 20), saves("large", 900, 90, 80))))]
    [(0, 1), (1, 0)]
    """
    own: dict[int, list[Choice]] = {}
    for c in choices(q):
        own.setdefault(c.w, []).append(c)
    place = {c.name: w for w, c in enumerate(q.candidates)}
    before = [[place[name] for name in c.after] for c in q.candidates]
    left = _Left(q)
    started: dict[int, Choice] = {}
    for w, could in own.items():
        if q.candidates[w].fixed_month is not None or q.candidates[w].is_certain:
            started[w] = _most_saving(could)
            left.take(started[w])
    ranked = sorted(own.keys() - started, key=lambda w: (-q.candidates[w].volume_usd, w))
    cursor = 0
    while ready := [w for w in ranked if started.keys() >= {*before[w]}]:
        w = ready[0]
        ranked.remove(w)
        earliest = max([cursor, *(started[u].t + 1 for u in before[w])])
        fits = [c for c in own[w] if c.t >= earliest and left.holds(c)]
        if fits:
            cursor = min(c.t for c in fits)
            started[w] = _most_saving([c for c in fits if c.t == cursor])
            left.take(started[w])
    return _waited_for(started, before)


class _Left:
    """Hours and starts that are left while the list is walked down."""

    def __init__(self, q: MigrationQuestion) -> None:
        self._q = q
        self._hours = list(hours_left(q))
        self._starts = list(starts_left(q))

    def holds(self, c: Choice) -> bool:
        return self._starts[c.t] > 0 and all(b >= c.e for b in self._hours[c.t :])

    def take(self, c: Choice) -> None:
        if not is_free(self._q, c):
            return
        self._starts[c.t] -= 1
        for t in range(c.t, len(self._hours)):
            self._hours[t] -= c.e


def _most_saving(could: Sequence[Choice]) -> Choice:
    return max(could, key=lambda c: (c.v, -c.k))


def _waited_for(
    started: Mapping[int, Choice], before: Sequence[Sequence[int]]
) -> tuple[Choice, ...]:
    """Drop what is fixed too early for the workloads it waits for, and what waits for that."""
    kept = dict(started)
    while True:
        early = [
            w for w, c in kept.items() if not all(u in kept and kept[u].t < c.t for u in before[w])
        ]
        if not early:
            return tuple(kept[w] for w in sorted(kept))
        for w in early:
            del kept[w]
