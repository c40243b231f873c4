"""Questions of migration: spelled out by a test, drawn by hypothesis, or drawn from a seed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
from hypothesis import strategies as st

from forecast.records.migration import Candidate, Configuration, MigrationQuestion
from forecast.units import month_range

JANUARY = date(2027, 1, 1)


def saves(name: str, *usd: float, hours: int = 0, from_month: int = 0, **more: object) -> Candidate:
    """A workload with one way to migrate it."""
    batch = Configuration(
        levers=("batch",), effort_hours=hours, first_month=from_month, saving_usd=usd
    )
    return Candidate.model_validate({"name": name, "configurations": (batch,), **more})


def asked(
    *candidates: Candidate, hours: Sequence[int] | None = None, starts: Sequence[int] | None = None
) -> MigrationQuestion:
    """A question with all the hours that are needed and one start a month, unless said."""
    n = len(next(c for c in candidates if c.configurations).configurations[0].saving_usd)
    return MigrationQuestion(
        months=month_range(JANUARY, n),
        hours=tuple(hours) if hours is not None else (10_000,) * n,
        starts=tuple(starts) if starts is not None else (1,) * n,
        candidates=candidates,
    )


@st.composite
def questions(
    draw: st.DrawFn, *, workloads: int = 6, configurations: int = 3, months: int = 4
) -> MigrationQuestion:
    """Any small question: gates, blackouts, fixed months, dependencies, savings that are losses."""
    n = draw(st.integers(1, months))
    usd = st.one_of(st.floats(-1e6, 1e6), st.sampled_from([0.0, 100.0, 1000.0]))
    hours = st.integers(0, 400)
    candidates = []
    for w in range(draw(st.integers(1, workloads))):
        options = [
            Configuration(
                levers=("batch",),
                effort_hours=draw(hours),
                first_month=draw(st.integers(0, n)),
                saving_usd=tuple(draw(usd) for _ in range(n)),
            )
            for _ in range(draw(st.integers(0, configurations)))
        ]
        candidates.append(
            Candidate(
                name=f"w{w}",
                volume_usd=draw(st.floats(0, 1e6)),
                counts=draw(st.booleans()),
                configurations=tuple(options),
                after=tuple(f"w{u}" for u in range(w) if draw(st.integers(0, 5)) == 0),
                fixed_month=draw(st.none() | st.integers(0, n - 1)),
            )
        )
    return MigrationQuestion(
        months=month_range(JANUARY, n),
        hours=tuple(draw(hours) for _ in range(n)),
        starts=tuple(draw(st.integers(0, 3)) for _ in range(n)),
        candidates=tuple(candidates),
    )


def random_question(rng: np.random.Generator) -> MigrationQuestion:
    """A question of the largest size that trying everything is held against."""
    n, pull = 4, rng.integers(100, 400)
    candidates = []
    for w in range(6):
        options = [
            Configuration(
                levers=("batch",),
                effort_hours=int(rng.integers(0, 300)),
                first_month=int(rng.choice([0, 0, 0, 1, 2])),
                saving_usd=tuple(np.sort(rng.normal(3000, 4000, n))[::-1].tolist()),
            )
            for _ in range(3)
        ]
        candidates.append(
            Candidate(
                name=f"w{w}",
                volume_usd=float(rng.uniform(0, 1e5)),
                configurations=tuple(options),
                after=tuple(f"w{u}" for u in range(w) if rng.random() < 0.12),
                fixed_month=int(rng.integers(0, n)) if rng.random() < 0.1 else None,
            )
        )
    return MigrationQuestion(
        months=month_range(JANUARY, n),
        hours=tuple(int(h) for h in rng.integers(0, pull, n)),
        starts=tuple(int(s) for s in rng.choice([0, 1, 1, 2, 3], n)),
        candidates=tuple(candidates),
    )
