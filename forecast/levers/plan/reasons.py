"""Why a workload with a lever that saves is not in the plan."""

from __future__ import annotations

from forecast.levers.plan.constraints import choices
from forecast.records.capacity import HOURS_PER_WEEK
from forecast.records.migration import Candidate, MigrationAnswer, MigrationQuestion, NotPlanned


def why_not(q: MigrationQuestion, answer: MigrationAnswer) -> tuple[NotPlanned, ...]:
    """Give every candidate that could save something and has no month, with the first reason.

    Examples
    --------
    >>> from datetime import date
    >>> from forecast.records.migration import Configuration
    >>> batch = Configuration(levers=("batch",), effort_hours=80, saving_usd=(50.0,))
    >>> q = MigrationQuestion(months=(date(2027, 1, 1),), hours=(40,), starts=(1,),
    ...     candidates=(Candidate(name="nightly", configurations=(batch,)),))
    >>> why_not(q, MigrationAnswer(starts=(), saving_usd=0.0, bound_usd=0.0))[0].reason
    'it takes at least 2 engineering weeks, and 1 are there until the last month of the term'
    """
    started = {s.workload for s in answer.starts}
    by_name = {c.name: c for c in q.candidates}
    could = {q.candidates[c.w].name for c in choices(q)}
    return tuple(
        NotPlanned(workload=c.name, reason=_reason(q, c, by_name, started, c.name in could))
        for c in q.candidates
        if c.name not in started and any(v > 0 for k in c.configurations for v in k.saving_usd)
    )


def _reason(
    q: MigrationQuestion,
    c: Candidate,
    by_name: dict[str, Candidate],
    started: set[str],
    could: bool,
) -> str:
    for first in (by_name[name] for name in c.after):
        if c.counts and not first.counts and first.configurations:
            return f"it is after {first.name!r}, whose owner has not accepted yet"
        if first.name not in started:
            return f"it is after {first.name!r}, which is not in the plan"
    if not could:
        return _no_month(q, c)
    weeks = min(k.effort_hours for k in c.configurations) / HOURS_PER_WEEK
    there = sum(q.hours) / HOURS_PER_WEEK
    if weeks > there:
        return (
            f"it takes at least {weeks:g} engineering weeks, and {there:g} are there until the "
            "last month of the term"
        )
    others = "" if c.counts else ", and what is accepted goes first"
    return f"what the term has room for is worth more elsewhere{others}"


def _no_month(q: MigrationQuestion, c: Candidate) -> str:
    if c.fixed_month is None:
        return "no month of the term is left in which its gates are open and it would still save"
    month = q.months[c.fixed_month]
    return f"no lever of it has open gates and saves from {month:%Y-%m}, its stated month"
