"""The constraints of the migration plan, one function each, in the letters of `program`.

A row reads Σ a·x ≤ b over the choices; a choice that is never made is left out beforehand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby

from forecast.records.migration import Candidate, MigrationQuestion


@dataclass(frozen=True)
class Choice:
    """One x[w,k,t].

    Attributes
    ----------
    w, k, t
        Positions of the workload, of its configuration and of the month.
    v
        USD saved over the term.
    e
        Engineering hours.
    """

    w: int
    k: int
    t: int
    v: float
    e: int


@dataclass(frozen=True)
class Row:
    """Σ a·x ≤ b, with `a` by the position of the choice."""

    a: Mapping[int, int]
    b: int


def choices(q: MigrationQuestion) -> tuple[Choice, ...]:
    """Every x[w,k,t] that may be 1, for which these hold.

    (worth)     v[w,k,t] > 0
    (blackout)  n[t] > 0, unless w is fixed in t
    (gate)      t ≥ g[w,k]
    (fixed)     t = f[w], where w has one

    A configuration that saves no more than another one of the same workload in the same month,
    and takes no fewer hours, is left out: no other constraint tells them apart.
    """
    found = [
        Choice(w, k, t, v, option.effort_hours)
        for w, candidate in enumerate(q.candidates)
        for k, option in enumerate(candidate.configurations)
        for t, v in enumerate(option.saving_usd)
        if v > 0 and t >= option.first_month and _may_start(q, candidate, t)
    ]
    found.sort(key=lambda c: (c.w, c.t, c.e, -c.v, c.k))
    return tuple(c for _, same in groupby(found, key=lambda c: (c.w, c.t)) for c in _front(same))


def once(q: MigrationQuestion, x: Sequence[Choice]) -> Iterator[Row]:
    """(once)  Σ_k,t x[w,k,t] ≤ 1  for every w."""
    for own in _by_workload(q, x):
        if len(own) > 1:
            yield Row(dict.fromkeys(own, 1), 1)


def capacity(q: MigrationQuestion, x: Sequence[Choice]) -> Iterator[Row]:
    """(capacity)  Σ_w,k Σ_{s≤t} e[w,k] x[w,k,s] ≤ B[t]  for every t."""
    for t, b in enumerate(hours_until(q)):
        a = {i: c.e for i, c in enumerate(x) if c.t <= t and c.e > 0}
        if a:
            yield Row(a, b)


def starts(q: MigrationQuestion, x: Sequence[Choice]) -> Iterator[Row]:
    """(starts)  Σ_w,k x[w,k,t] ≤ n[t]  for every t."""
    for t, b in enumerate(starts_in(q)):
        a = {i: 1 for i, c in enumerate(x) if c.t == t}
        if len(a) > b:
            yield Row(a, b)


def order(q: MigrationQuestion, x: Sequence[Choice]) -> Iterator[Row]:
    """(order)  Σ_k Σ_{s≤t} x[w,k,s] − Σ_k Σ_{s<t} x[u,k,s] ≤ 0  for every t, w and u before w."""
    own = _by_workload(q, x)
    place = {c.name: w for w, c in enumerate(q.candidates)}
    for w, candidate in enumerate(q.candidates):
        for u in (place[name] for name in candidate.after):
            for t in range(len(q.months)):
                a = {i: 1 for i in own[w] if x[i].t <= t}
                if a:
                    yield Row(a | {i: -1 for i in own[u] if x[i].t < t}, 0)


def hours_until(q: MigrationQuestion) -> tuple[int, ...]:
    """B[t], the hours there are for everything that starts up to t.

    What is fixed happens: where it takes more than there is, B is what it takes.
    """
    fixed = [0] * len(q.months)
    for c in q.candidates:
        if c.fixed_month is not None:
            fixed[c.fixed_month] += max((k.effort_hours for k in c.configurations), default=0)
    return tuple(map(max, accumulate(q.hours), accumulate(fixed)))


def starts_in(q: MigrationQuestion) -> tuple[int, ...]:
    """n[t], how many may start in t; what is fixed there may, however many these are."""
    fixed = [0] * len(q.months)
    for c in q.candidates:
        if c.fixed_month is not None:
            fixed[c.fixed_month] += 1
    return tuple(map(max, q.starts, fixed))


def _may_start(q: MigrationQuestion, candidate: Candidate, t: int) -> bool:
    if candidate.fixed_month is not None:
        return t == candidate.fixed_month
    return q.starts[t] > 0


def _front(same: Iterable[Choice]) -> Iterator[Choice]:
    """Those that save more than every one that takes fewer hours, or as many."""
    best = 0.0
    for choice in same:
        if choice.v > best:
            best = choice.v
            yield choice


def _by_workload(q: MigrationQuestion, x: Sequence[Choice]) -> list[list[int]]:
    own: list[list[int]] = [[] for _ in q.candidates]
    for i, c in enumerate(x):
        own[c.w].append(i)
    return own
