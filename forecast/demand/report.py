"""The forecast in records: what each workload's outlook, weights and special treatment are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import numpy as np

from forecast.demand.history import MIN_WEEKS, WEEKS_A_YEAR, History
from forecast.demand.kinds import INTERMITTENT_SHARE, Kind
from forecast.demand.lasting import Falls
from forecast.demand.members.protocol import Floats
from forecast.demand.pool import Pool
from forecast.demand.structure import level_shifts
from forecast.paths import quantile
from forecast.records.outlook import Adjustment, MemberWeight, WorkloadOutlook

JUMP_WEEKS = 5
"""Weeks at the end that cannot yet be told a one-off from a shift."""

JUMP = 1.5
"""Ratio to the weeks before that is worth a remark."""


def workload_outlook(
    name: str, *, n_weeks: int, n_origins: int, season: bool, totals: Floats
) -> WorkloadOutlook:
    """Sum up one workload from the totals [N] of its paths."""
    live = totals > 0
    return WorkloadOutlook(
        workload=name,
        n_weeks=n_weeks,
        n_origins=n_origins,
        season=season,
        term_mean_units=float(totals.mean()),
        term_p10_units=quantile(totals, 0.1),
        term_p90_units=quantile(totals, 0.9),
        error_scale=float(np.log(totals[live]).std()) if live.any() else 0.0,
    )


def member_weights(
    names: Sequence[str], kinds: Sequence[Kind], pool: Pool
) -> tuple[MemberWeight, ...]:
    """Weights of every member that was heard; a bursty or silent workload has one of its own."""
    out: list[MemberWeight] = []
    for w, (name, kind) in enumerate(zip(names, kinds, strict=True)):
        if kind is not Kind.STEADY:
            out.append(MemberWeight(workload=name, member=str(kind), weight=1.0))
            continue
        for m, member in enumerate(pool.hindcast.members):
            weight, loss = float(pool.weights[w, -1, m]), float(pool.losses[w, m])
            if weight > 0:
                out.append(
                    MemberWeight(
                        workload=name,
                        member=member,
                        weight=min(weight, 1.0),
                        pinball_loss=loss if np.isfinite(loss) else None,
                    )
                )
    return tuple(out)


def kind_notes(history: History, kinds: Sequence[Kind], pool: Pool) -> list[Adjustment]:
    """Tell of every workload that is not simply continued, and of jumps nobody can judge yet."""
    out: list[Adjustment] = []
    known = pool.hindcast.panel.known(history.n_weeks)
    for w, kind in enumerate(kinds):
        ended = float(pool.hindcast.ended[w, -1])
        if ended > 0 and kind in (Kind.INTERMITTENT, Kind.STEADY):
            last = int(np.flatnonzero(history.weekly[w])[-1])
            effect = f"silent since: it has ended with a probability of {ended:.0%}"
            out.append(_note(history, w, "maybe_ended", last + 1, effect))
        if kind is Kind.DORMANT:
            last = int(np.flatnonzero(history.weekly[w])[-1])
            out.append(_note(history, w, "dormant", last + 1, "silent for longer than ever: zero"))
        elif kind is Kind.INTERMITTENT:
            effect = (
                f"silent in more than {INTERMITTENT_SHARE:.0%} of its weeks: "
                "paths are drawn from its own weeks in blocks, not from a level"
            )
            out.append(_note(history, w, "intermittent", int(history.n_weeks - known[w]), effect))
        elif kind is Kind.STEADY and known[w] < MIN_WEEKS:
            effect = f"{known[w]} weeks of history: carried on at its run rate, with a wide band"
            out.append(_note(history, w, "short_history", int(history.n_weeks - known[w]), effect))
        elif kind is Kind.STEADY:
            out += _recent_jump(history, w)
    return out


def falls_note(history: History, falls: Falls) -> list[Adjustment]:
    """Tell of workloads that fell for good, and what the portfolio loses by such falls."""
    if not falls.within:
        return []
    effect = (
        f"{_times(falls.n_falls)} in {falls.n_quarters} quarters a workload fell for good, "
        f"{falls.moved_share:.0%} of it moved to other workloads: each may end with "
        f"{falls.within:.1%} a quarter"
    )
    return [
        Adjustment(
            workload="every workload",
            what="may_end",
            start=history.end + timedelta(days=1),
            effect=effect,
            source="usage exports",
        )
    ]


def _times(n: int) -> str:
    return "once" if n == 1 else f"{n} times"


def shift_notes(history: History, kinds: Sequence[Kind]) -> list[Adjustment]:
    """Tell of lasting changes of level: they stay, the weeks after them carry the forecast."""
    return [
        _note(
            history,
            shift.series,
            "level_shift",
            shift.week,
            f"{shift.ratio:.2g} times the level of the weeks before; kept as it is",
        )
        for shift in level_shifts(history.fitted, WEEKS_A_YEAR)
        if kinds[shift.series] is Kind.STEADY
    ]


def _recent_jump(history: History, w: int) -> list[Adjustment]:
    weekly = history.fitted[w]
    before = float(np.median(weekly[-JUMP_WEEKS - MIN_WEEKS : -JUMP_WEEKS]))
    recent = float(np.median(weekly[-2:]))
    if before <= 0 or 1 / JUMP < recent / before < JUMP:
        return []
    effect = (
        f"the last two weeks are {recent / before:.2g} times the quarter before; kept as they "
        "are, because a shift and a one-off cannot be told apart yet"
    )
    return [_note(history, w, "recent_jump", history.n_weeks - 2, effect)]


def _note(history: History, w: int, what: str, week: int, effect: str) -> Adjustment:
    week = min(week, history.n_weeks - 1)
    return Adjustment(
        workload=history.names[w],
        what=what,
        start=history.week_ends[week] - timedelta(days=6),
        effect=effect,
        source="usage exports",
    )
