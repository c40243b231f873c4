"""What a reader has to know of the inputs of a re-forecast before its figures."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pandas as pd

from forecast import __version__
from forecast.pipeline.anomalies import SILENT_DAYS, anomalies, off_forecast
from forecast.pipeline.kept_rates import changed_models
from forecast.pipeline.last_forecast import Previous
from forecast.pipeline.protected_prices import protected_prices
from forecast.pipeline.quarter_inputs import QuarterInputs, restated
from forecast.pipeline.replacement import Aligned, stored_columns
from forecast.records.contract import SignedContract
from forecast.records.reforecast import Finding, Reforecast, TrackRecord
from forecast.units import to_cents


def findings(
    contract: SignedContract,
    previous: Previous,
    given: QuarterInputs,
    pair: Aligned,
    record: TrackRecord,
) -> list[Finding]:
    """Name what changed besides the usage of the quarter."""
    was = previous.result.provenance
    old, new = pair.old, pair.new
    found = []
    if record.widening_factor > 1:
        found.append(Finding(kind="bands_widened", note=record.note))
    found += restated(previous.daily, new.rated, given.renamed, new.card, was.as_of)
    if previous.card is None:
        note = "the last result kept no prices: a change of list prices counts as method"
        found.append(Finding(kind="rate_card_not_kept", note=note))
    else:
        changed = changed_models(previous.card, new.card)
        if changed:
            note = f"prices or facts differ from the last forecast's: {', '.join(changed)}"
            found.append(Finding(kind="rate_card_changed", note=note[:2000]))
    found += protected_prices(contract, new.card, new.rated, given.as_of)
    if was.package_version != __version__:
        note = f"the last forecast was made by version {was.package_version}"
        found.append(Finding(kind="package_changed", note=note))
    if isinstance(previous.result, Reforecast) and previous.result.contract != contract:
        found.append(Finding(kind="contract_amended", note="the contract was amended since"))
    for name in sorted(pair.appeared):
        usd = _recorded(pair, name, new.n_elapsed)
        note = f"{name!r} is new since the last forecast"
        found.append(Finding(kind="new_workload", note=note, usd=usd))
    found += [
        Finding(kind="retired_workload", note=f"{name!r} ends by the inventory, or has no usage")
        for name in sorted(pair.ended)
    ]
    days = pd.Timedelta(days=SILENT_DAYS)
    for name in sorted(set(pair.names) - pair.appeared - pair.ended):
        before = old.usage.recorded
        after = new.usage.recorded
        had = before["workload"].eq(pair.old_name[name]) & (
            before["day"] > _stamp(was.as_of) - days
        )
        has = after["workload"].eq(name) & (after["day"] > _stamp(given.as_of) - days)
        if had.any() and not has.any():
            note = f"{name!r} has had no usage for {SILENT_DAYS} days"
            found.append(Finding(kind="silent_workload", note=note))
    found += anomalies(new, was.as_of)
    stored = previous.decisions
    found += off_forecast(pair, stored_columns(stored.optimised_usd, stored.workloads, pair))
    return found


def _recorded(pair: Aligned, name: str, now: int) -> Decimal:
    return to_cents(float(pair.after[0, :now, pair.names.index(name)].sum()))


def _stamp(day: date) -> pd.Timestamp:
    return pd.Timestamp(day)
