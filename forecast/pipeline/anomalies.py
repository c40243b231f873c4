"""What looks odd since the last forecast: stretches of usage, and workloads outside their bands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np
import pandas as pd

from forecast.paths import Floats, quantile
from forecast.pipeline.projection import Projection
from forecast.pipeline.replacement import Aligned
from forecast.records.cleaning import CleaningKind
from forecast.records.reforecast import Finding
from forecast.units import to_cents
from forecast.usage.cleaning.finding import Finding as LedgerFinding

SILENT_DAYS = 28
"""As many days without usage, after as many with it, make a workload silent."""

BAND = (0.05, 0.95)
"""Levels of the last forecast outside which a workload is named: one in ten by chance."""

TOLD_ELSEWHERE = (
    CleaningKind.PARTIAL_LAST_DAY,
    CleaningKind.RETIRED_WORKLOAD,
    CleaningKind.STATED,
)
"""Named as silent or left out already, or by the inventory itself."""


def anomalies(new: Projection, old_as_of: date) -> Iterator[Finding]:
    """Give what the cleaning ledger found after the last forecast, with its list cost."""
    for line in new.usage.ledger.lines:
        found = line.finding
        if found.end <= old_as_of or found.kind in TOLD_ELSEWHERE:
            continue
        where = "all workloads" if found.concerns_all else repr(found.workload)
        days = f"on {found.start}" if found.n_days == 1 else f"{found.start} to {found.end}"
        acts = "left out of the forecast" if line.is_on else f"decide in workloads.toml: {found.id}"
        yield Finding(
            kind="anomaly",
            note=f"{where}, {days}: {found.seen}; {found.reason} ({acts})"[:2000],
            usd=to_cents(_list_usd(new.rated, found)),
        )


def _list_usd(rated: pd.DataFrame, found: LedgerFinding) -> float:
    inside = rated["day"].between(pd.Timestamp(found.start), pd.Timestamp(found.end))
    if not found.concerns_all:
        inside &= rated["workload"] == found.workload
    return float(rated.loc[inside, "list_usd"].astype(np.float64).sum())


def off_forecast(pair: Aligned, stored: Floats) -> Iterator[Finding]:
    """Give the workloads whose elapsed months lie outside the band of the last forecast.

    Parameters
    ----------
    stored
        [M, T, W] what the last forecast kept, with the workloads of the pair.
    """
    was, now = pair.old.n_elapsed, pair.new.n_elapsed
    if now == was:
        return
    low, high = BAND
    for w, name in enumerate(pair.names):
        if name in pair.appeared or name in pair.ended:
            continue
        expected = stored[:, was:now, w].sum(axis=1)
        came = float(pair.after[0, was:now, w].sum())
        band = [to_cents(quantile(expected, level)) for level in (low, high)]
        if band[0] <= to_cents(came) <= band[1]:
            continue
        side = "below" if came < band[0] else "above"
        yield Finding(
            kind="workload_off_forecast",
            note=f"{name!r} came to {to_cents(came):,} USD at list since the last forecast, {side} "
            f"its {low:.0%} to {high:.0%} band ({band[0]:,} to {band[1]:,})",
            usd=to_cents(came - float(expected.mean())),
        )
