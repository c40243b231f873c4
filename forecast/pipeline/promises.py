"""What levers were expected to do since the last forecast, and what usage shows that they did.

For the months between the two forecasts, with demand u as recorded, μ₀ the mix that the last
forecast carried forward, μ the recorded one, and μ_t the recorded one with what the levers move put
back as it was (`review.mixes`),

    promised = Σ (as is − optimised) of the last forecast, mean over its scenarios
    measured = u · (a(μ_t) − a(μ))              list price of a unit on the last day

A lever that was in μ₀ already is promised nothing and measured as nothing: it is how work is done.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from forecast.mix import TokenMix, demand_units, observed_mix
from forecast.pipeline.replacement import Aligned, levers_of
from forecast.pipeline.shipped_levers import moved_shares
from forecast.pipeline.workload_plans import WorkloadPlan, unit_cost
from forecast.records.rates import RateCard
from forecast.records.reforecast import MeasuredShare, Promise
from forecast.records.usage import TOKEN_KINDS, TokenKind
from forecast.records.workloads import Workload
from forecast.review.mixes import model_mix, token_mix
from forecast.units import to_cents

KEPT_SHARE = 0.8
"""Share of the promised saving from which a promise counts as kept. Assumed."""

SMALLEST_USD = 1.0
"""Less was neither promised nor measured."""

INPUT_KINDS = [i for i, kind in enumerate(TOKEN_KINDS) if kind is not TokenKind.OUTPUT]
READ = TOKEN_KINDS.index(TokenKind.CACHE_READ)


def promises(pair: Aligned) -> tuple[Promise, ...]:
    """Hold every workload with levers against what was expected of them, the largest first."""
    found = [p for name in pair.names if (p := _promise(pair, name)) is not None]
    return tuple(sorted(found, key=lambda p: (-abs(p.promised_usd), p.workload)))


def _promise(pair: Aligned, name: str) -> Promise | None:
    old, new = pair.old, pair.new
    before, after = old.plan(pair.old_name.get(name, name)), new.plan(name)
    if name in pair.appeared or before is None or after is None:
        return None
    levers = levers_of(before.workload) | levers_of(after.workload)
    was, now = old.n_elapsed, new.n_elapsed
    if not levers or now == was:
        return None
    w = old.names.index(before.name)
    states = (old.decisions.as_is_usd, old.decisions.optimised_usd)
    as_is, optimised = (float(s[:, was:now, w].sum(axis=1).mean()) for s in states)
    rows = _since(new.usage.recorded, name, pair)
    mix = observed_mix(rows, new.card.facts)
    if mix is None or not before.mix.keys:
        return None
    units = float(demand_units(rows, new.card.facts).sum())
    measured = units * _saved(before, mix, levers, pair)
    promised = as_is - optimised
    if max(abs(promised), abs(measured)) < SMALLEST_USD:
        return None
    workload = after.workload or before.workload
    return Promise(
        workload=name,
        owner_state=after.owner_state,
        promised_usd=to_cents(promised),
        measured_usd=to_cents(measured),
        shares=tuple(_shares(workload, mix, new.card)) if workload is not None else (),
        verdict=_verdict(promised, measured),
    )


def _since(recorded: pd.DataFrame, name: str, pair: Aligned) -> pd.DataFrame:
    """Rows of a workload in the months of the term since the last forecast."""
    first = pair.old.decisions.months[pair.old.n_elapsed]
    return recorded[(recorded["workload"] == name) & (recorded["day"] >= pd.Timestamp(first))]


def _saved(before: WorkloadPlan, mix: TokenMix, levers: set[str], pair: Aligned) -> float:
    """List saving a unit of what the levers moved, at the prices of the last day."""
    card, day = pair.new.card, pair.new.as_of
    facts = card.facts
    put_back = token_mix(model_mix(before.mix, mix, levers, facts), mix, levers, facts)
    return float(unit_cost(put_back, card, day)[0] - unit_cost(mix, card, day)[0])


def _shares(workload: Workload, mix: TokenMix, card: RateCard) -> Iterator[MeasuredShare]:
    """Shares of demand that each lever is meant to move, stated and measured."""
    for lever, stated, measured in moved_shares(workload, mix, card.facts):
        yield MeasuredShare.model_validate({"lever": lever, "stated": stated, "measured": measured})
    if workload.caching is not None:
        tokens = mix.tokens.mean(axis=0).sum(axis=0)
        prompt = float(np.sum(tokens[INPUT_KINDS]))
        read = float(tokens[READ]) / prompt if prompt > 0 else 0.0
        yield MeasuredShare(lever="caching", stated=None, measured=read)


def _verdict(promised: float, measured: float) -> str:
    if promised < SMALLEST_USD:
        return "saves more than was promised: count it as shipped" if measured > 0 else "costs more"
    if measured >= KEPT_SHARE * promised:
        return "kept: its evidence can be called measured"
    if measured >= SMALLEST_USD:
        return f"kept in part ({measured / promised:.0%}): state the share that came"
    return "not kept: nothing of it shows in usage; move its month, or take the yes back"
