"""What the history cannot know: planned launches and retirements.

A launch brings V(t) = v · A(t) demand a month, v the adopted volume and A the adoption. With m
months to full adoption, x the months since the launch in the middle of month t, and the logistic
L(y) = 1 / (1 + exp(−2 ln 19 · (y − ½))), which goes from 5 % at y = 0 to 95 % at y = 1,

    A(t) = L(x / (m · p)),    v = v₀ · exp(s z − s² / 2),

or, for the Bass curve with imitation k times as strong as innovation,

    A(t) = (1 − e) / (1 + k e),    e = y₉₅^(x / (m · p)),    y₉₅ = .05 / (1 + .95 k),

which is 0 at the launch and 95 % after m months. The pace p is lognormal about 1; the volume
keeps the planned mean, so that an uncertain plan is not a larger one. A launch of the last 13
weeks is partly in the history: what is left of its growth is added, as much as the plan has come
true so far.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from forecast.demand.history import MIN_WEEKS
from forecast.demand.members.protocol import Floats
from forecast.mix import UNITS_PER_TOKEN
from forecast.records.outlook import Adjustment
from forecast.records.rates import ModelFacts
from forecast.records.usage import TOKEN_KINDS, TokenKind
from forecast.records.workloads import AdoptionCurve, Launch, Workload
from forecast.units import add_months, days_in_month, month_of, months_between

PACE_SPREAD = 0.35
"""Standard deviation of the log of the pace. Assumed: a plan of six months takes four to nine."""

REALISED_LIMITS = (0.1, 2.0)
"""How far a young launch may run below or above its plan before that is taken as noise. Assumed."""

RECENT_WEEKS = 4
"""Weeks that a young launch is compared with its plan on."""

STEEPNESS = 2.0 * float(np.log(19.0))


@dataclass(frozen=True)
class LaunchPlan:
    """What a launch adds to the statistical forecast.

    Attributes
    ----------
    month
        The first month the adoption curve runs from.
    monthly_units
        v₀, input-equivalent tokens a month once adopted.
    already_share
        Adoption that history holds already.
    realised_share
        What the launch has reached of its plan so far; 1 for one to come.
    """

    launch: Launch
    month: date
    monthly_units: float
    already_share: float = 0.0
    realised_share: float = 1.0


def monthly_units(launch: Launch, facts: Callable[[str], ModelFacts]) -> float:
    """Input-equivalent tokens a month of a fully adopted launch.

    >>> plan = Launch(month=date(2027, 1, 1), monthly_requests=10, input_tokens_per_request=130,
    ...     output_tokens_per_request=26, model="m")
    >>> monthly_units(plan, lambda m: ModelFacts(model=m, family="f", tokens_per_text=1.3))
    2000.0
    """
    by_kind = dict(zip(TOKEN_KINDS, UNITS_PER_TOKEN.tolist(), strict=True))
    request = (
        launch.input_tokens_per_request * by_kind[TokenKind.INPUT]
        + launch.output_tokens_per_request * by_kind[TokenKind.OUTPUT]
    )
    return launch.monthly_requests * request / facts(launch.model).tokens_per_text


def plan_launch(
    workload: Workload, weekly: Floats, end: date, facts: Callable[[str], ModelFacts]
) -> tuple[LaunchPlan | None, Adjustment | None]:
    """Decide what a workload's launch adds after its history `weekly` [n], which ends on `end`.

    Returns
    -------
    tuple
        The plan, None when history speaks for itself; and what to tell the reader.
    """
    launch = workload.launch
    if launch is None:
        return None, None
    units = monthly_units(launch, facts)
    full = (
        f"{units:,.0f} input-equivalent tokens a month after {launch.months_to_full} months "
        f"(log volume ± {launch.volume_uncertainty:g}, log pace ± {PACE_SPREAD:g})"
    )
    if launch.month > end:
        return LaunchPlan(launch, launch.month, units), _note(
            workload, "launch", launch.month, full
        )
    if not (weekly > 0).any():
        late = add_months(month_of(end), 1)
        return LaunchPlan(launch, late, units), _note(
            workload,
            "launch",
            late,
            f"planned for {launch.month:%Y-%m} and not seen in usage yet; taken to start in "
            f"{late:%Y-%m}: {full}",
        )
    n_weeks = (end - launch.month).days // 7
    if n_weeks >= MIN_WEEKS:
        return None, _note(
            workload,
            "launch_in_history",
            launch.month,
            f"nothing added: {n_weeks} weeks of its traffic are history and speak for themselves",
        )
    already = float(adoption(launch, launch.month, end, np.ones(1))[0])
    realised = _realised(weekly, n_weeks, units * already)
    return LaunchPlan(launch, launch.month, units, already, realised), _note(
        workload,
        "launch_under_way",
        launch.month,
        f"the growth still planned is added at {realised:.0%} of the plan, which is what the last "
        f"weeks reached; {full}",
    )


def adoption(launch: Launch, start: date, day: date, pace: Floats) -> Floats:
    """Adoption on a day, 0 to 1, for each pace.

    >>> plan = Launch(month=date(2027, 1, 1), monthly_requests=1, input_tokens_per_request=1,
    ...     output_tokens_per_request=1, model="m", months_to_full=6)
    >>> adoption(plan, plan.month, date(2027, 4, 1), np.ones(1)).round(2).tolist()
    [0.5]
    """
    if day < start:
        return np.zeros(len(pace))
    if launch.months_to_full == 0:
        return np.ones(len(pace))
    x = months_between(start, day) + (day.day - 1) / days_in_month(day)
    y = np.clip(x / (launch.months_to_full * pace), 0.0, 20.0)
    if launch.curve is AdoptionCurve.BASS:
        k = launch.imitation_ratio
        left = (0.05 / (1 + 0.95 * k)) ** y
        return np.asarray((1 - left) / (1 + k * left))
    return np.asarray(1.0 / (1.0 + np.exp(-STEEPNESS * (y - 0.5))))


def launch_months(
    plan: LaunchPlan, months: Sequence[date], end: date, n: int, *, rng: np.random.Generator
) -> Floats:
    """Demand [n, T] that a launch adds; in the month of `end` only on the days after it."""
    launch = plan.launch
    s = launch.volume_uncertainty
    volume = plan.monthly_units * np.exp(s * rng.standard_normal(n) - s**2 / 2)
    pace = np.exp(PACE_SPREAD * rng.standard_normal(n))
    out = np.zeros((n, len(months)))
    for t, month in enumerate(months):
        reached = adoption(launch, plan.month, month.replace(day=15), pace)
        left = 1.0
        if month == month_of(end):
            left = 1.0 - end.day / days_in_month(month)
        out[:, t] = volume * np.maximum(reached - plan.already_share, 0.0) * left
    return np.asarray(out * plan.realised_share)


def retirement(workload: Workload, months: Sequence[date]) -> Adjustment | None:
    """Tell of a workload that ends before or during the months; None otherwise."""
    stop = workload.retires_month
    if stop is None or stop > months[-1]:
        return None
    effect = f"no demand from {stop:%Y-%m} on"
    return _note(workload, "retirement", stop, effect)


def _realised(weekly: Floats, n_weeks: int, planned_monthly: float) -> float:
    """Share of the plan that the last weeks reached, where the launch is all there is."""
    first = int(np.argmax(weekly > 0))
    if len(weekly) - first > n_weeks + 2 or planned_monthly <= 0:
        return 1.0
    recent = weekly[-RECENT_WEEKS:]
    monthly = float(recent[recent > 0].mean()) * 365.25 / 12 / 7 if (recent > 0).any() else 0.0
    return float(np.clip(monthly / planned_monthly, *REALISED_LIMITS))


def _note(workload: Workload, what: str, start: date, effect: str) -> Adjustment:
    launch = workload.launch
    said = launch.source if launch is not None and what.startswith("launch") else ""
    return Adjustment(
        workload=workload.name,
        what=what,
        start=start,
        effect=effect,
        source=said or "workload inventory",
    )
