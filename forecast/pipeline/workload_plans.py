"""How every workload is done today, and which of its levers save.

The mix of the last weeks is carried forward; levers are chosen at the prices of one day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

from forecast.levers.caching import Ttl
from forecast.levers.classification import Classification, classify
from forecast.levers.effects import LeverDraws, draw_effects
from forecast.levers.prices import DayPrices
from forecast.levers.stack import LEVER_ORDER, LeverChoice, choose
from forecast.mix import (
    Floats,
    TokenMix,
    demand_units,
    migrate_models,
    observed_mix,
    price_mix,
    request_mix,
)
from forecast.pipeline.shipped_levers import months_late, shipped_levers
from forecast.pricing.segments import retired_successors
from forecast.records.rates import RateCard
from forecast.records.usage import TOKEN_KINDS, MixKey
from forecast.records.workloads import OwnerState, Portfolio, Workload

MIX_WINDOW_DAYS = 28
"""The mix carried forward is that of the last four complete weeks (assumed: long enough to
average weekdays and month-ends, short enough that a finished migration is not half seen)."""


WEEK_DAYS = 7
"""The mix of a workload whose levers have shipped is that of its last week: every weekday, and
little of the days before they did."""

MONTHS_PER_WINDOW = 365.25 / 12 / MIX_WINDOW_DAYS
"""Windows in a month: what the window used, a month."""


MIX_DRIFT_SHARE = 0.1
"""Difference of unit cost between the halves of the window above which a note says so."""


@dataclass(frozen=True)
class WorkloadPlan:
    """How one workload is done today, and what its levers would make of it.

    Attributes
    ----------
    mix
        Tokens per unit of demand as observed (or as described by a launch).
    choice
        The levers that save, with their TTL and the notes on those that do not.
    adoption_month
        From the inventory, else from the migration plan; None where no lever is planned to act.
    observed_prompt_tokens
        Mean prompt tokens a request in the usage; None where requests are not reported.
    late_months
        Months by which its levers are behind the month stated; they slip the longer for it.
    """

    name: str
    workload: Workload | None
    classification: Classification
    mix: TokenMix
    choice: LeverChoice
    draws: LeverDraws
    adoption_month: date | None = None
    observed_prompt_tokens: float | None = None
    late_months: int = 0

    @property
    def owner_state(self) -> OwnerState:
        """State of the owner's yes; nobody has asked about unassigned usage."""
        return self.workload.owner_state if self.workload else OwnerState.PROPOSED


def carried_mix(window: pd.DataFrame, workload: Workload | None, card: RateCard) -> TokenMix | None:
    """Give the mix of the rows of `mix_window`, else that of the planned launch."""
    mix = observed_mix(window, card.facts)
    if mix is not None:
        return mix
    if workload is not None and workload.launch is not None:
        launch = workload.launch
        return request_mix(
            MixKey(launch.platform, launch.model),
            input_tokens=launch.input_tokens_per_request,
            output_tokens=launch.output_tokens_per_request,
            facts=card.facts(launch.model),
        )
    return None


def mix_window(daily: pd.DataFrame, card: RateCard, as_of: date) -> pd.DataFrame:
    """Give the rows of the last `MIX_WINDOW_DAYS` with demand.

    The window ends on the last day with demand, so that idle days with rows of zeros do not hide
    how the work is done.
    """
    used = daily[(daily["day"] <= pd.Timestamp(as_of)) & (demand_units(daily, card.facts) > 0)]
    if used.empty:
        return used
    return used[used["day"] > used["day"].max() - pd.Timedelta(days=MIX_WINDOW_DAYS)]


def _drift_note(window: pd.DataFrame, card: RateCard, day: date) -> tuple[str, ...]:
    """Warn when the two halves of the mix window are done at different unit costs."""
    if window.empty:
        return ()
    middle = window["day"].max() - pd.Timedelta(days=MIX_WINDOW_DAYS // 2)
    halves = [
        observed_mix(part, card.facts)
        for part in (window[window["day"] <= middle], window[window["day"] > middle])
    ]
    if halves[0] is None or halves[1] is None:
        return ()
    before, after = (float(unit_cost(mix, card, day)[0]) for mix in halves if mix is not None)
    if before <= 0 or abs(after / before - 1) <= MIX_DRIFT_SHARE:
        return ()
    return (
        f"a unit of its demand costs {after / before - 1:+.0%} in the last "
        f"{MIX_WINDOW_DAYS // 2} days against the {MIX_WINDOW_DAYS // 2} before, at the same "
        "prices: how the work is done is changing, and the mean of both is carried forward",
    )


def observed_prompt_tokens(daily: pd.DataFrame, as_of: date) -> float | None:
    """Mean prompt tokens a request in the mix window; None where requests are not reported."""
    window = daily[daily["day"] > pd.Timestamp(as_of - timedelta(days=MIX_WINDOW_DAYS))]
    requests = window["requests"]
    if not len(window) or requests.isna().any() or int(requests.sum()) == 0:
        return None
    prompt = window[
        ["input_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "cache_read_tokens"]
    ].to_numpy(dtype=np.float64)
    return float(prompt.sum() / int(requests.sum()))


def unit_cost(mix: TokenMix, card: RateCard, day: date) -> Floats:
    """USD of one unit of demand on `day`, with the models retired by then migrated, [n]."""
    return price_mix(living_mix(mix, card, day), lambda key: card.usd_per_token(key, day))


def living_mix(mix: TokenMix, card: RateCard, day: date) -> TokenMix:
    """Give a mix with the models that are retired on `day` migrated to their successors."""
    successors = retired_successors(card, {key.model for key in mix.keys}, day)
    return migrate_models(mix, successors, card.facts) if successors else mix


def substituted_mix(mix: TokenMix, card: RateCard, day: date) -> TokenMix:
    """Give a mix whose retired models moved only where the same text costs no more there.

    That is what work costs under a clause that a retired model's successor is charged at most the
    retired one's price: where the successor is dearer, the last price of the retired one stays.
    """
    moves = {}
    for model, successor in retired_successors(card, {k.model for k in mix.keys}, day).items():
        before = TokenMix.of(part for part in mix.parts() if part[0].model == model)
        after = migrate_models(before, {model: successor}, card.facts)
        old, new = (
            price_mix(each, lambda key: card.usd_per_token(key, day)).mean()
            for each in (before, after)
        )
        if new <= old:
            moves[model] = successor
    return migrate_models(mix, moves, card.facts) if moves else mix


def plan_workloads(
    daily: pd.DataFrame,
    portfolio: Portfolio,
    card: RateCard,
    *,
    names: Sequence[str],
    as_of: date,
    term_start: date,
    n_scenarios: int,
    rng: np.random.Generator,
) -> tuple[WorkloadPlan, ...]:
    """Classify every workload, carry its mix forward and choose its levers.

    Each workload draws its effects from its own child of `rng`, in the order of `names`.
    `scheduled` gives the months afterwards, once the demand is known.
    """
    by_workload = {str(name): rows for name, rows in daily.groupby("workload", sort=True)}
    prices_day = max(term_start, as_of)
    plans: list[WorkloadPlan] = []
    for name, child in zip(names, rng.spawn(len(names)), strict=True):
        workload = portfolio.by_name(name)
        rows = by_workload.get(name, daily.iloc[:0])
        window = mix_window(rows, card, as_of)
        last_week = window[window["day"] > window["day"].max() - pd.Timedelta(days=WEEK_DAYS)]
        shipped = shipped_levers(workload, last_week, card.facts)
        mix = carried_mix(last_week if shipped else window, workload, card)
        if mix is None:
            mix = TokenMix((), np.zeros((1, 0, len(TOKEN_KINDS))), np.zeros((1, 0)))
        classification = classify(workload, {key.platform for key in mix.keys})
        prompt = observed_prompt_tokens(rows, as_of)
        choice = _choose(
            living_mix(mix, card, prices_day),
            workload,
            classification,
            DayPrices(card, prices_day),
            window,
            prompt,
            shipped,
        )
        drift = () if shipped else _drift_note(window, card, prices_day)
        choice = replace(choice, notes=(*choice.notes, *drift))
        late = months_late(workload, as_of)
        draws = draw_effects(
            workload,
            n_scenarios,
            rng=child,
            observed=choice.observed_hits,
            late_months=late,
        )
        plans.append(
            WorkloadPlan(
                name,
                workload,
                classification,
                mix,
                choice,
                draws,
                observed_prompt_tokens=prompt,
                late_months=late,
            )
        )
    return tuple(plans)


def _choose(
    mix: TokenMix,
    workload: Workload | None,
    classification: Classification,
    prices: DayPrices,
    window: pd.DataFrame,
    prompt_tokens: float | None,
    shipped: Mapping[str, str],
) -> LeverChoice:
    """Choose the levers; batch only where it saves more a month than running it costs."""

    def chosen(withheld: Mapping[str, str] = shipped) -> LeverChoice:
        return choose(
            mix,
            workload,
            classification,
            prices.card,
            prices.day,
            observed_prompt_tokens=prompt_tokens,
            withheld=withheld,
        )

    found = chosen()
    lever = workload.batch if workload is not None else None
    if lever is None or "batch" not in found.active or window.empty:
        return found
    monthly_units = float(demand_units(window, prices.card.facts).sum()) * MONTHS_PER_WINDOW
    note = (
        f"batch saves less than the {lever.orchestration_usd_per_month:,.0f} USD a month that "
        "running it costs"
    )
    without = chosen({**shipped, "batch": note})
    saving = (without.unit_cost_after - found.unit_cost_after) * monthly_units
    return without if saving < float(lever.orchestration_usd_per_month) else found


def chosen_again(
    plan: WorkloadPlan, active: frozenset[str], ttl: Ttl, card: RateCard, day: date
) -> WorkloadPlan:
    """Take other levers, or another lifetime, than the cheapest at the prices of `day`."""
    choice = plan.choice
    if active == choice.active and ("caching" not in active or ttl == choice.ttl):
        return plan
    again = choose(
        living_mix(plan.mix, card, day),
        plan.workload,
        plan.classification,
        card,
        day,
        observed_prompt_tokens=plan.observed_prompt_tokens,
        settled=(active, ttl),
    )
    names = [
        " + ".join(lever for lever in LEVER_ORDER if lever in levers)
        for levers in (active, choice.active)
    ]
    note = (
        f"planned with {names[0]}: under its gates and the capacity that is worth more over the "
        f"term than {names[1]}, the cheapest at the prices of {day}"
    )
    return replace(plan, choice=replace(again, notes=(*again.notes, note)))
