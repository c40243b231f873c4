"""Which workload to migrate in which configuration and from which month: an integer program.

With w a workload, k one of its configurations (levers and cache lifetime) and t a month,

    x[w,k,t] ∈ {0, 1}   w starts to act in configuration k in month t
    v[w,k,t]            USD that this saves over the term, at list
    e[w,k]              engineering hours it takes
    B[t]                engineering hours until t, less those of workloads with a settled month
    n[t]                starts in t, less those of workloads with a settled month
    g[w,k]              the month from which the quality gates of k are open
    f[w]                the only month in which w may start, where it has one

    maximise    Σ v[w,k,t] x[w,k,t]
    (once)      Σ_k,t x[w,k,t] ≤ 1                                  every w
    (capacity)  Σ_w,k Σ_{s≤t} e[w,k] x[w,k,s] ≤ B[t]                every t, w without f[w]
    (starts)    Σ_w,k x[w,k,t] ≤ n[t]                               every t, w without f[w]
    (order)     Σ_k Σ_{s≤t} x[w,k,s] ≤ Σ_k Σ_{s<t} x[u,k,s]         every t, and every u before w
    (worth)     x[w,k,t] = 0 where v[w,k,t] ≤ 0
    (blackout)  x[w,k,t] = 0 where t is in one, unless t = f[w]
    (gate)      x[w,k,t] = 0 where t < g[w,k]
    (fixed)     x[w,k,t] = 0 where t ≠ f[w]
    (certain)   x[w,k,t] = 1 where w has been planned before and stays

Engineers may prepare several workloads side by side, so capacity is a matter of what is done by
when. Hours are whole numbers: whether something fits is never a question of rounding.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from forecast.levers.plan import constraints
from forecast.levers.plan.constraints import Choice, Row, choices
from forecast.levers.plan.solver import Solver, undecided
from forecast.levers.plan.volume_first import volume_first
from forecast.records.migration import Candidate, MigrationAnswer, MigrationQuestion, Start

RELAX_FROM: Final = 3_000
"""Choices above which the relaxation is solved first: 19,000 then take 8 s to a gap of 1 %, against
13 to 20 s at once (scripts/benchmarks/migration_plan.py)."""


def planned(q: MigrationQuestion, *, gap_share: float = 0.0) -> MigrationAnswer:
    """Plan the candidates that count, then fill what is left with the others.

    A saving that nobody has accepted takes no engineer from one that somebody has.

    Parameters
    ----------
    gap_share
        How far below the best answer is good enough.
    """
    first = best_order(counted(q), gap_share=gap_share)
    if all(c.counts or not c.configurations for c in q.candidates):
        return first
    settled = {s.workload: s for s in first.starts}
    both = [_settled(c, settled.get(c.name)) for c in q.candidates]
    then = best_order(q.model_copy(update={"candidates": tuple(both)}), gap_share=gap_share)
    return MigrationAnswer(
        starts=tuple(settled.get(s.workload, s) for s in then.starts),
        saving_usd=then.saving_usd,
        bound_usd=then.bound_usd + first.bound_usd - first.saving_usd,
    )


def best_order(q: MigrationQuestion, *, gap_share: float = 0.0) -> MigrationAnswer:
    """Find what saves most, whoever has accepted it.

    Examples
    --------
    Two months, one start in each: the smaller saving goes first, because the larger one loses
    less by waiting.

    >>> from datetime import date
    >>> from forecast.records.migration import Configuration
    >>> def saves(name, *usd):
    ...     batch = Configuration(levers=("batch",), saving_usd=usd)
    ...     return Candidate(name=name, configurations=(batch,))
    >>> found = best_order(MigrationQuestion(
    ...     months=(date(2027, 1, 1), date(2027, 2, 1)), hours=(0, 0), starts=(1, 1),
    ...     candidates=(saves("large", 90, 80), saves("small", 50, 20))))
    >>> [(s.workload, s.month) for s in found.starts], found.saving_usd
    ([('small', 0), ('large', 1)], 130.0)
    """
    x = choices(q)
    pass_ = volume_first(q)
    bound = _each_at_its_best(x)
    chosen = pass_
    if math.fsum(c.v for c in pass_) < bound:
        rows = [
            *constraints.once(q, x),
            *constraints.capacity(q, x),
            *constraints.starts(q, x),
            *constraints.order(q, x),
        ]
        position = {c: i for i, c in enumerate(x)}
        certain = [i for i, c in enumerate(x) if q.candidates[c.w].is_certain]
        solver = Solver(x, rows, certain)
        found, tighter = _solved(solver, x, [position[c] for c in pass_], gap_share)
        bound = min(bound, tighter)
        chosen = tuple(x[i] for i in _moved_up(x, rows, found))
    starts = [
        Start(workload=q.candidates[c.w].name, configuration=c.k, month=c.t, saving_usd=c.v)
        for c in chosen
    ]
    saving = math.fsum(s.saving_usd for s in starts)
    return MigrationAnswer(
        starts=tuple(sorted(starts, key=lambda s: (s.month, -s.saving_usd, s.workload))),
        saving_usd=saving,
        bound_usd=max(bound, saving),
    )


def counted(q: MigrationQuestion) -> MigrationQuestion:
    """Leave out every configuration that nobody has accepted."""
    kept = [c if c.counts else c.model_copy(update=_NOTHING) for c in q.candidates]
    return q.model_copy(update={"candidates": tuple(kept)})


_NOTHING: Final = {"configurations": (), "fixed_month": None}


def _settled(c: Candidate, start: Start | None) -> Candidate:
    """Leave a candidate that counts its place, or none; one that does not count stays free."""
    if not c.counts:
        return c
    if start is None:
        return c.model_copy(update=_NOTHING)
    chosen = c.configurations[start.configuration]
    there = (v if t == start.month else 0.0 for t, v in enumerate(chosen.saving_usd))
    chosen = chosen.model_copy(update={"saving_usd": tuple(there)})
    return c.model_copy(update={"configurations": (chosen,), "is_certain": True})


def _each_at_its_best(x: Sequence[Choice]) -> float:
    """What no order can exceed: every workload in its best month and configuration."""
    best: dict[int, float] = {}
    for c in x:
        best[c.w] = max(best.get(c.w, 0.0), c.v)
    return math.fsum(best.values())


def _solved(
    solver: Solver, x: Sequence[Choice], start: list[int], gap_share: float
) -> tuple[list[int], float]:
    """Give the positions of the choices made, and what no order exceeds.

    A large program is relaxed first, and what the relaxation leaves open is decided; where that
    is within the gap, the whole program need not be.
    """
    if len(x) <= RELAX_FROM:
        found, bound = solver.solved(gap_share)
        return max(found, start, key=lambda made: saved(x, made)), bound
    shares, bound = solver.relaxed()
    found, _ = solver.solved(gap_share / 2, allowed=undecided(x, shares))
    if bound > saved(x, found) * (1 + gap_share):
        found, tighter = solver.solved(gap_share)
        bound = min(bound, tighter)
    return max(found, start, key=lambda made: saved(x, made)), bound


def saved(x: Sequence[Choice], made: Sequence[int]) -> float:
    """USD that some choices save together."""
    return math.fsum(x[i].v for i in made)


def _moved_up(x: Sequence[Choice], rows: Sequence[Row], made: Sequence[int]) -> list[int]:
    """Start as early as nothing is lost by it, so that equal answers come out as one."""
    position = {(c.w, c.k, c.t): i for i, c in enumerate(x)}
    where: dict[int, list[int]] = {}
    for r, row in enumerate(rows):
        for i in row.a:
            where.setdefault(i, []).append(r)
    used = [0] * len(rows)
    for i in made:
        for r in where.get(i, ()):
            used[r] += rows[r].a[i]
    found = []
    for i in sorted(made, key=lambda i: (x[i].t, i)):
        now = i
        for t in range(x[i].t):
            j = position.get((x[i].w, x[i].k, t))
            if j is None or x[j].v < x[i].v:
                continue
            change = {r: -rows[r].a[i] for r in where.get(i, ())}
            for r in where.get(j, ()):
                change[r] = change.get(r, 0) + rows[r].a[j]
            if all(used[r] + d <= rows[r].b for r, d in change.items()):
                for r, d in change.items():
                    used[r] += d
                now = j
                break
        found.append(now)
    return found
