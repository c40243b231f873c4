"""What stands behind the levers of every workload, priced on the paths of the decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from forecast.levers.acceptance import acceptance
from forecast.levers.availability import sold_in_batch
from forecast.levers.batch import may_move, move_to_batch
from forecast.levers.batch_economics import BatchVolume, batch_economics
from forecast.levers.completed_task import completed_task
from forecast.levers.latency_errors import AtStake, latency_guard
from forecast.levers.prices import DayPrices
from forecast.levers.turnaround import late_share
from forecast.mix import KEY_COLUMNS, TokenMix
from forecast.paths import DecisionSet
from forecast.pipeline.dossier import efficiency_dossier
from forecast.pipeline.workload_plans import (
    WorkloadPlan,
    living_mix,
    mix_window,
    observed_prompt_tokens,
)
from forecast.records.dossier import EfficiencyDossier
from forecast.records.guard import WorkloadEvidence
from forecast.records.rates import RateCard
from forecast.records.usage import MixKey
from forecast.records.workloads import Workload

DAYS_PER_MONTH = 365.25 / 12


@dataclass(frozen=True)
class LeverGround:
    """What the evidence of a workload is worked out from.

    Attributes
    ----------
    daily
        Daily usage of every workload, as the forecast was made from.
    term_start
        Prices of this day, or of `as_of` where that is later.
    """

    daily: pd.DataFrame
    card: RateCard
    as_of: date
    term_start: date
    decisions: DecisionSet

    def evidence(self, plans: Sequence[WorkloadPlan]) -> tuple[WorkloadEvidence, ...]:
        """Give the evidence of every workload that somebody owns and that has usage."""
        as_is = self.decisions.as_is_usd.sum(axis=1).mean(axis=0)
        rows_of = {str(name): rows for name, rows in self.daily.groupby("workload", sort=False)}
        none = self.daily.iloc[:0]
        return tuple(
            self._of(plan, plan.workload, rows_of.get(plan.name, none), float(usd))
            for plan, usd in zip(plans, as_is, strict=True)
            if plan.workload is not None and plan.mix.keys
        )

    def dossier(self, plans: Sequence[WorkloadPlan]) -> EfficiencyDossier:
        """Say how the tokens are used today and with every accepted lever, at the same prices."""
        day = max(self.term_start, self.as_of)
        return efficiency_dossier(plans, self.decisions, self.card, day)

    def _of(
        self, plan: WorkloadPlan, workload: Workload, rows: pd.DataFrame, as_is_usd: float
    ) -> WorkloadEvidence:
        day = max(self.term_start, self.as_of)
        prices = DayPrices(self.card, day)
        mix = living_mix(plan.mix, self.card, day)
        months = len(self.decisions.months)
        lever = workload.batch
        share = lever.share if lever is not None else 1.0
        sold = sold_in_batch(prices, workload.latency)

        def moved(of: float) -> TokenMix:
            return move_to_batch(mix, of, sold=sold, keeps_cache=False)

        today = float(prices.unit_cost(mix).mean())
        then = float(prices.unit_cost(moved(share)).mean())
        monthly, peak = self._movable_requests(rows)
        guard = latency_guard(
            workload,
            plan.classification,
            AtStake(
                saving_usd=as_is_usd * (1 - then / today) if today > 0 else 0.0,
                requests_per_month=None if monthly is None else monthly * share,
                term_months=months,
            ),
        )
        economics = None
        if lever is not None:
            economics = batch_economics(
                lever,
                BatchVolume(peak, observed_prompt_tokens(rows, self.as_of)),
                mix,
                moved(share * (1 - late_share(workload.latency))),
                prices,
                as_is_usd_per_month=as_is_usd / months,
            )
        routing = workload.routing
        routable = routing is not None and any(
            key.model != routing.to_model and prices.sold(key._replace(model=routing.to_model))
            for key in mix.keys
        )
        return WorkloadEvidence(
            workload=plan.name,
            decision=plan.classification.decision,
            acceptance=acceptance(workload),
            guard=guard,
            batch=economics,
            completed_task=completed_task(mix, routing, prices) if routing and routable else None,
            evaluation=routing.evaluated if routing else None,
        )

    def _movable_requests(self, rows: pd.DataFrame) -> tuple[float | None, float | None]:
        """Requests that may move to batch: a month, and on the busiest day of the mix window."""
        window = mix_window(rows, self.card, self.as_of)
        if window.empty or window["requests"].isna().any():
            return None, None
        keys = (MixKey(*(str(part) for part in key)) for key in window[KEY_COLUMNS].to_numpy())
        movable = window[[may_move(key) for key in keys]]
        by_day = movable.groupby("day")["requests"].sum()
        n_days = (window["day"].max() - window["day"].min()).days + 1
        if by_day.empty:
            return 0.0, 0.0
        return float(by_day.sum()) / n_days * DAYS_PER_MONTH, float(by_day.max())
