"""Measured batches and measured readers as files: when batches ended, when results were read."""

from __future__ import annotations

import math
from collections import Counter
from datetime import datetime

from api.table_file import Cell, TableRow, parse_table
from forecast.records.latency import (
    MAX_TURNAROUND_HOURS,
    MeasuredConsumption,
    MeasuredTurnaround,
    TurnaroundStep,
)

DONE = ("done", "ended", "succeeded", "completed")
UNFINISHED = ("running", "in_progress", "expired", "cancelled", "canceled")

_EXACT = 1e-9
"""Minutes; hours written with decimals are no whole minutes in binary."""

MAX_DELAYS = 400
"""Evenly spaced delays that stand for many; the mean over them differs by less than 1/400."""


def parse_turnaround(data: bytes, file: str, sha256: str) -> MeasuredTurnaround:
    r"""Read how long batches took.

    Parameters
    ----------
    data
        CSV in UTF-8, one row a batch. Either `hours`, or `submitted_at` and `ended_at` as instants
        with a time zone; and `outcome`: done, or running, expired or cancelled for a batch that
        would have taken longer than it was followed. Hours are kept to the minute: rounded up for
        what was done, down for what was not, so that nothing looks faster than it was.

    Raises
    ------
    WorkloadError
        With the row and the column.

    Examples
    --------
    >>> read = parse_turnaround(b"hours,outcome\n0.5,done\n24,expired\n0.5,done\n", "b.csv", "")
    >>> [(step.hours, step.n_done, step.n_unfinished) for step in read.steps]
    [(0.5, 2, 0), (24.0, 0, 1)]
    """
    rows = parse_table(
        data, file, required=("outcome",), optional=("hours", "submitted_at", "ended_at")
    )
    done: Counter[float] = Counter()
    unfinished: Counter[float] = Counter()
    for row in rows:
        minutes = _hours(row) * 60
        if _is_done(row["outcome"]):
            done[math.ceil(minutes - _EXACT) / 60] += 1
        else:
            unfinished[max(1, math.floor(minutes + _EXACT)) / 60] += 1
    steps = tuple(
        TurnaroundStep(hours=hours, n_done=done[hours], n_unfinished=unfinished[hours])
        for hours in sorted({*done, *unfinished})
    )
    return MeasuredTurnaround(file=file, sha256=sha256, steps=steps)


def _is_done(cell: Cell) -> bool:
    outcome = cell.required().lower()
    if outcome not in (*DONE, *UNFINISHED):
        raise cell.refused(
            f"is {outcome[:40]!r}; write done, or running, expired or cancelled for a batch that "
            "was not done when it was last seen"
        )
    return outcome in DONE


def _hours(row: TableRow) -> float:
    cell = row["hours"]
    if cell.text:
        hours = cell.number(meaning="hours from submission to the end, such as 0.75")
    else:
        began, ended = row["submitted_at"], row["ended_at"]
        hours = (_instant(ended) - _instant(began)).total_seconds() / 3600
        cell = ended
    if not hours > 0:
        raise cell.refused("lies not after the submission; a batch takes time")
    if hours > MAX_TURNAROUND_HOURS:
        raise cell.refused(
            f"makes {hours:,.0f} hours, more than a month; give hours from submission to the end"
        )
    return hours


def _instant(cell: Cell) -> datetime:
    text = cell.required()
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise cell.refused(
            f"is no instant with a time zone: {text[:40]!r}; write 2026-10-31T02:15:00Z"
        )
    return found


def parse_consumption(data: bytes, file: str, sha256: str, workload: str) -> MeasuredConsumption:
    r"""Read how long results lay there before somebody read them.

    Parameters
    ----------
    data
        CSV in UTF-8, one row a result: `produced_at`, `read_at` (empty when it was never read),
        both instants with a time zone, and `workload` where the file holds several.
    workload
        Rows of others are left out.

    Raises
    ------
    WorkloadError
        With the row and the column, or when no row is of this workload.

    Examples
    --------
    >>> text = b"produced_at,read_at\n2026-10-01T00:00Z,2026-10-01T06:00Z\n2026-10-02T00:00Z,\n"
    >>> read = parse_consumption(text, "r.csv", "", "nightly")
    >>> read.n_results, read.read_share, read.delays_hours
    (2, 0.5, (6.0,))
    """
    rows = parse_table(data, file, required=("produced_at", "read_at"), optional=("workload",))
    ours = [row for row in rows if row["workload"].text in ("", workload)]
    if not ours:
        raise rows[0]["workload"].refused(f"is never {workload!r}; the file holds other workloads")
    delays = []
    for row in ours:
        produced = _instant(row["produced_at"])
        if not row["read_at"].text:
            continue
        delay = (_instant(row["read_at"]) - produced).total_seconds() / 3600
        if delay < 0:
            raise row["read_at"].refused("lies before the result was produced")
        delays.append(delay)
    return MeasuredConsumption(
        file=file,
        sha256=sha256,
        n_results=len(ours),
        read_share=len(delays) / len(ours),
        delays_hours=_thinned(sorted(delays)),
    )


def _thinned(delays: list[float]) -> tuple[float, ...]:
    if len(delays) <= MAX_DELAYS:
        return tuple(delays)
    n = len(delays)
    return tuple(delays[int((i + 0.5) * n / MAX_DELAYS)] for i in range(MAX_DELAYS))
