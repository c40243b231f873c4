"""Workloads whose one question should be asked again: their shape or their readers changed.

The shape of the work (its days, the lengths of its texts) and the delays of its readers are held
against those before the last forecast. A proposal answers nothing: the classification stays until
its owner has answered.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

import numpy as np
import pandas as pd

from forecast.pipeline.anomalies import SILENT_DAYS
from forecast.pipeline.replacement import Aligned
from forecast.pipeline.workload_plans import WorkloadPlan
from forecast.records.archetypes import WorkShape
from forecast.records.reforecast import Reclassification
from forecast.records.usage import TOKEN_COLUMNS
from forecast.records.workloads import Decision, Workload
from forecast.usage.work_shape import work_shape

SEEN_DAYS = 91
"""A quarter before the last forecast is held against what came since."""

SHARE_CHANGE = 0.15
"""Change of a share of days or tokens that is more than chance: assumed. People's weekends hold a
tenth to a fifth of a week's tokens, those of machines two sevenths."""

PROMPT_RATIO = 2.0
"""How many times as long prompts are when it is other work: assumed."""

_SHARES = {
    "weekend_share": "{:.0%} of its tokens on weekends",
    "active_day_share": "used on {:.0%} of the days",
    "output_share": "{:.0%} of its tokens are output",
}

DELAY_RATIO = 3.0
"""How many times as fast or slow the median reader is before the question is asked again:
assumed; within it files of two hundred results differ by chance."""

_PROMPT = [column for column in TOKEN_COLUMNS if column != "output_tokens"]


def reclassifications(pair: Aligned) -> tuple[Reclassification, ...]:
    """Give the workloads to ask about again, in the order of the pair."""
    return tuple(found for name in pair.names for found in _of(pair, name))


def _of(pair: Aligned, name: str) -> Iterator[Reclassification]:
    before, after = pair.old.plan(pair.old_name.get(name, name)), pair.new.plan(name)
    if name in pair.appeared or name in pair.ended or before is None or after is None:
        return
    yield from _by_shape(pair, name, after)
    yield from _by_readers(before.workload, after)


def _by_shape(pair: Aligned, name: str, plan: WorkloadPlan) -> Iterator[Reclassification]:
    """Compare what the usage looked like before the last forecast and after it.

    One that is silent is named as such: it has no shape.
    """
    daily, split = pair.new.usage.recorded, pd.Timestamp(pair.old.as_of)
    rows = daily[daily["workload"] == name]
    silent = pd.Timestamp(pair.new.as_of) - pd.Timedelta(days=SILENT_DAYS)
    if rows.empty or rows["day"].max() <= silent:
        return
    n_days = (pd.Timestamp(pair.new.as_of) - split).days
    before = rows[(rows["day"] <= split) & (rows["day"] > split - pd.Timedelta(days=SEEN_DAYS))]
    changes = list(_changes(_shape(before, SEEN_DAYS), _shape(rows[rows["day"] > split], n_days)))
    if changes:
        yield Reclassification(
            workload=name,
            stands_as=plan.classification.decision,
            now="; ".join(after for _, after in changes),
            before="; ".join(was for was, _ in changes),
            ask="is it still the same work, and does anybody wait for its answers?",
        )


def _changes(was: WorkShape, now: WorkShape) -> Iterator[tuple[str, str]]:
    """Give what is told otherwise after than before, in words."""
    for field, said in _SHARES.items():
        before, after = getattr(was, field), getattr(now, field)
        if before is not None and after is not None and abs(after - before) >= SHARE_CHANGE:
            yield said.format(before), said.format(after)
    before, after = was.prompt_tokens, now.prompt_tokens
    if before and after and not 1 / PROMPT_RATIO < after / before < PROMPT_RATIO:
        yield f"{before:,.0f} prompt tokens a request", f"{after:,.0f} prompt tokens a request"


def _shape(rows: pd.DataFrame, n_days: int) -> WorkShape:
    """Read the days and the lengths of texts; the history kept does not tell hours."""
    counted = rows.assign(
        prompt_tokens=rows[_PROMPT].sum(axis=1).astype("float64"),
        output_tokens=rows["output_tokens"].astype("float64"),
    )
    return work_shape(counted, n_days)


def _by_readers(was: Workload | None, plan: WorkloadPlan) -> Iterator[Reclassification]:
    """Compare how long results lay there before somebody read them."""
    now = plan.workload
    if was is None or now is None:
        return
    before, after = was.latency.measured_consumption, now.latency.measured_consumption
    if before is None or after is None or before.sha256 == after.sha256:
        return
    delays = [median(m.delays_hours) if m.delays_hours else None for m in (before, after)]
    if delays[0] is None or delays[1] is None:
        return
    ratio = np.divide(delays[1], delays[0]) if delays[0] else np.inf
    if 1 / DELAY_RATIO < ratio < DELAY_RATIO:
        return
    waits = plan.classification.decision is Decision.ASYNCHRONOUS
    yield Reclassification(
        workload=plan.name,
        stands_as=plan.classification.decision,
        now=f"half of its results are read within {delays[1]:.3g} hours ({after.file})",
        before=f"half of them were read within {delays[0]:.3g} hours ({before.file})",
        ask="does somebody wait for its answers now?"
        if ratio < 1
        else "does it still have to answer at once?"
        if not waits
        else "may it wait longer than its deadline says?",
    )
