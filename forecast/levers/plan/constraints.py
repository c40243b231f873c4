"""The constraints of the migration plan, one function each, in the letters of `program`.

A row reads Σ a·x ≤ b over the choices; a choice that is never made is left out beforehand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby

from forecast.records.migration import Candidate, Configuration, MigrationQuestion


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
    (blackout)  t may be started in at all, or w is fixed in t
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
    """(capacity)  Σ_w,k Σ_{s≤t} e[w,k] x[w,k,s] ≤ B[t]  for every t, over every w without f[w]."""
    for t, b in enumerate(hours_left(q)):
        a = {i: c.e for i, c in enumerate(x) if c.t <= t and c.e > 0 and is_free(q, c)}
        if a:
            yield Row(a, b)


def starts(q: MigrationQuestion, x: Sequence[Choice]) -> Iterator[Row]:
    """(starts)  Σ_w,k x[w,k,t] ≤ n[t]  for every t, over every w without f[w]."""
    for t, b in enumerate(starts_left(q)):
        a = {i: 1 for i, c in enumerate(x) if c.t == t and is_free(q, c)}
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


def is_free(q: MigrationQuestion, c: Choice) -> bool:
    """Tell whether a choice is about a workload whose month is open."""
    return q.candidates[c.w].fixed_month is None and not q.candidates[c.w].is_certain


def hours_left(q: MigrationQuestion) -> tuple[int, ...]:
    """B[t], the hours until t that the workloads with a settled month leave to the others.

    What is settled happens, whatever there is; it takes the hours of its largest configuration.
    """
    taken = [0] * len(q.months)
    for t, options in _settled(q):
        taken[t] += max(option.effort_hours for option in options)
    both = zip(accumulate(q.hours), accumulate(taken), strict=True)
    return tuple(max(0, there - gone) for there, gone in both)


def starts_left(q: MigrationQuestion) -> tuple[int, ...]:
    """n[t], the starts in t that the workloads with a settled month leave to the others."""
    taken = [0] * len(q.months)
    for t, _ in _settled(q):
        taken[t] += 1
    return tuple(max(0, n - gone) for n, gone in zip(q.starts, taken, strict=True))


def _settled(q: MigrationQuestion) -> Iterator[tuple[int, list[Configuration]]]:
    """Month and possible configurations of every workload with a settled month that can start."""
    for c in q.candidates:
        t = c.fixed_month
        if c.is_certain:
            t = next(t for t, v in enumerate(c.configurations[0].saving_usd) if v > 0)
        if t is None:
            continue
        options = [k for k in c.configurations if k.saving_usd[t] > 0 and t >= k.first_month]
        if options:
            yield t, options


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
