"""Joint sample paths by month, one workload at a time.

A workload goes on as its history says, until it is lost as others were; its launch comes on top;
what an analyst knows multiplies it. Every workload has random streams of its own and one stream is
common to all, so that any workload can be drawn alone, and again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import date

import numpy as np

from forecast.demand.adjustments import LaunchPlan, launch_months, plan_launch, retirement
from forecast.demand.analyst import analyst_factors, analyst_notes
from forecast.demand.calibration import TotalDistribution, distribution
from forecast.demand.coupling import coupled_ranks
from forecast.demand.history import History
from forecast.demand.kinds import Kind
from forecast.demand.lasting import lasting_months
from forecast.demand.members.protocol import Floats, Ints, Window
from forecast.demand.pool import Pool
from forecast.demand.simulate import Calendar, bursty_months, profile, steady_months
from forecast.paths import JointPaths
from forecast.records.outlook import Adjustment
from forecast.records.rates import ModelFacts
from forecast.records.workloads import Workload
from forecast.units import month_of

STREAMS_A_WORKLOAD = 5
"""Random streams of a workload: its rank, path, launch, analyst adjustments and end."""


@dataclass(frozen=True)
class Surroundings:
    """What is known of the portfolio beside the histories of its workloads.

    Attributes
    ----------
    inventory
        Workloads by name.
    facts
        Facts of a model.
    correlation
        Rank correlation of the totals.
    fall_share
        Probability a quarter that a workload is lost.
    """

    inventory: Mapping[str, Workload]
    facts: Callable[[str], ModelFacts]
    correlation: float
    fall_share: float


@dataclass(frozen=True)
class Course:
    """How one workload goes on.

    Attributes
    ----------
    weeks
        How the weeks to come fall into months.
    kind
        How the history is continued.
    log_profile
        [H] pooled log demand of each week; of a steady workload.
    totals, place
        Calibrated totals of the weeks to come, and which of their series this is; of a steady one.
    half_noise
        Half the variance of single weeks.
    bursts
        [n] weekly demand; of a workload that runs in bursts.
    ended
        Probability that it has ended.
    fall_share
        Probability a quarter that it is lost.
    launch
        What a launch adds.
    workload
        Its line of the inventory.
    observed_units
        What the first month has seen already.
    """

    weeks: Calendar
    kind: Kind
    log_profile: Floats
    totals: TotalDistribution | None
    place: int
    half_noise: float
    bursts: Floats
    ended: float
    fall_share: float
    launch: LaunchPlan | None
    workload: Workload | None
    observed_units: float

    def months(
        self,
        months: tuple[date, ...],
        end: date,
        ranks: Ints,
        rngs: Sequence[np.random.Generator],
    ) -> Floats:
        """Demand [N, T] of its paths, with totals of the given ranks [N]."""
        n = len(ranks)
        _, of_path, of_launch, of_analyst, of_end = rngs
        units = np.zeros((n, len(months)))
        units += self._continued(ranks, of_path)
        if self.fall_share > 0 and self.weeks.window is not None:
            units *= lasting_months(self.weeks.shares, self.fall_share, n, rng=of_end)
        if self.launch is not None:
            added = launch_months(self.launch, months, end, n, rng=of_launch)
            units += added * self._running(months)
        if self.workload is not None and self.workload.adjustments:
            units *= analyst_factors(self.workload, months, n, rng=of_analyst)
        units[:, 0] += self.observed_units
        return units

    def _continued(self, ranks: Ints, rng: np.random.Generator) -> Floats | float:
        """Months [N, T] from history alone."""
        if self.weeks.window is None:
            return 0.0
        if self.kind is Kind.INTERMITTENT:
            return bursty_months(self.bursts, self.weeks, ranks, ended=self.ended, rng=rng)
        if self.totals is None:
            return 0.0
        return steady_months(
            self.log_profile, self.totals, self.place, self.weeks, ranks, self.half_noise, rng=rng
        )

    def _running(self, months: Sequence[date]) -> Floats:
        """1 for every month before the retirement, [T]."""
        stop = stop_of(self.workload)
        return np.array([stop is None or month < stop for month in months], dtype=np.float64)


def stop_of(workload: Workload | None) -> date | None:
    """First day without traffic."""
    return workload.retires_month if workload else None


def joint_paths(
    history: History,
    pool: Pool,
    kinds: Sequence[Kind],
    calendars: Sequence[Calendar],
    beside: Surroundings,
    months: tuple[date, ...],
    n_paths: int,
    *,
    draw_order: Sequence[str] = (),
    rng: np.random.Generator,
) -> tuple[JointPaths, list[Adjustment]]:
    """Prepare the paths of every workload, and tell what the inventory adds and ends.

    Parameters
    ----------
    history, pool, kinds, calendars
        Of W workloads, in the order of the history.
    beside
        What is known beside these.
    months
        T consecutive months.
    n_paths
        N.
    draw_order
        Workloads in the order of their random streams; those it does not name follow by name.
    rng
        Source of randomness.
    """
    courses, notes = _courses(history, pool, kinds, calendars, beside, months)
    common, streams = _streams(history.names, draw_order, rng)
    shared = common.standard_normal(n_paths)
    place = {name: w for w, name in enumerate(history.names)}

    def draw(name: str) -> Floats:
        w = place[name]
        rngs = deepcopy(streams[w])
        ranks = coupled_ranks(beside.correlation, shared, rng=rngs[0])
        return courses[w].months(months, history.end, ranks, rngs)

    return JointPaths(months, history.names, n_paths, draw), notes


def _streams(
    names: Sequence[str], draw_order: Sequence[str], rng: np.random.Generator
) -> tuple[np.random.Generator, list[list[np.random.Generator]]]:
    """What is common to all, and the streams of every workload."""
    turn = {name: i for i, name in enumerate(draw_order)}
    in_turn = sorted(range(len(names)), key=lambda w: (turn.get(names[w], len(turn)), names[w]))
    common, *own = rng.spawn(1 + STREAMS_A_WORKLOAD * len(names))
    at = {w: i for i, w in enumerate(in_turn)}
    return common, [own[at[w] :: len(names)] for w in range(len(names))]


def _courses(
    history: History,
    pool: Pool,
    kinds: Sequence[Kind],
    calendars: Sequence[Calendar],
    beside: Surroundings,
    months: tuple[date, ...],
) -> tuple[list[Course], list[Adjustment]]:
    found: dict[Window, TotalDistribution] = {}
    observed = _observed(history, months[0])
    courses: list[Course] = []
    notes: list[Adjustment] = []
    for w, name in enumerate(history.names):
        workload, weeks, kind = beside.inventory.get(name), calendars[w], kinds[w]
        log_profile, totals = np.zeros(0), None
        if kind is Kind.STEADY and weeks.window is not None:
            if weeks.window not in found:
                found[weeks.window] = distribution(pool, -1, weeks.window)
            log_profile, totals = profile(pool, w, len(weeks.shares)), found[weeks.window]
        launch = None
        if workload is not None:
            launch, note = plan_launch(workload, history.weekly[w], history.end, beside.facts)
            notes += [note] if note else []
            notes += analyst_notes(workload, months)
            ended = retirement(workload, months)
            notes += [ended] if ended else []
        courses.append(
            Course(
                weeks=weeks,
                kind=kind,
                log_profile=log_profile,
                totals=totals,
                place=w,
                half_noise=float(pool.hindcast.half_noise[w]),
                bursts=pool.hindcast.known[-1][w].copy()
                if kind is Kind.INTERMITTENT
                else np.zeros(0),
                ended=float(pool.hindcast.ended[w, -1]),
                fall_share=beside.fall_share,
                launch=launch,
                workload=workload,
                observed_units=float(observed[w]),
            )
        )
    return courses, notes


def _observed(history: History, month: date) -> Floats:
    """Demand [W] already seen in `month`; zero when it lies ahead."""
    if month_of(history.end) != month:
        return np.zeros(len(history.names))
    return np.asarray(history.daily[-min(history.end.day, len(history.daily)) :].sum(axis=0))
