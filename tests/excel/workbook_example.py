"""A recommendation on random paths, put together from the real sizing and account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from forecast.demand.backtest import PortfolioError, backtest
from forecast.paths import DecisionSet, Floats, quantile
from forecast.records.base import Provenance
from forecast.records.cleaning import WHOLE_PORTFOLIO, CleaningAction, CleaningEntry
from forecast.records.outlook import Adjustment, Backtest, MemberWeight, Outlook
from forecast.records.recommendation import (
    QUANTILE_LEVELS,
    Assumption,
    AvoidedOverCommitment,
    BridgeStep,
    CostOutlook,
    Distribution,
    EvidenceItem,
    EvidenceMeter,
    HistoryMonth,
    InputDigest,
    LeverSaving,
    MigrationStep,
    MonthlyDistribution,
    Quantile,
    Recommendation,
    Reconciliation,
    ResultProvenance,
    Scenario,
    WorkloadResult,
)
from forecast.records.terms import Offer, Terms, Tier
from forecast.records.workloads import Decision, OwnerState
from forecast.sizing.assessment import assess
from forecast.sizing.consumption import for_settlement
from forecast.sizing.decision import size
from forecast.sizing.search import best_commitment
from forecast.units import add_months, month_range, to_cents
from forecast.whatif import WhatIf, apply

TERM_START = date(2027, 1, 1)
TIERS = ((0, 0.0), (250_000, 0.10), (600_000, 0.15), (1_000_000, 0.22))
WORKLOADS = (
    "support chat",
    "nightly enrichment",
    "bulk tagging",
    "reviewed drafts",
    "document queue",
    "backfill",
    "evaluation runs",
    "monthly reports",
)


def terms(tiers: Sequence[tuple[float, float]] = TIERS, **clauses: Any) -> Terms:
    """A contract of a year with four tiers, unless told otherwise."""
    clauses.setdefault("term_months", 12)
    return Terms(
        name="Example contract",
        term_start=TERM_START,
        tiers=tuple(
            Tier(from_commitment_usd=Decimal(str(usd)), discount_share=d) for usd, d in tiers
        ),
        **clauses,
    )


def paths(
    m: int = 400,
    months: int = 12,
    workloads: Sequence[str] = WORKLOADS,
    *,
    seed: int = 7,
    annual_usd: float = 1_100_000,
) -> DecisionSet:
    """Lognormal workloads with a common factor; the first has no lever, the last loses by it."""
    rng = np.random.default_rng(seed)
    w = len(workloads)
    weight = rng.dirichlet(np.full(w, 2.0)) * annual_usd / 12
    common = rng.normal(0.0, 0.22, (m, 1, 1)) + rng.normal(0.0, 0.06, (m, months, 1)).cumsum(1)
    own = rng.normal(0.0, 0.25, (m, 1, w)) + rng.normal(0.0, 0.08, (m, months, w))
    growth = 1 + 0.02 * np.arange(months)[None, :, None]
    as_is = weight * growth * np.exp(common + own)
    effect = np.clip(rng.normal(0.35, 0.12, (m, 1, w)), 0.0, 0.9)
    effect[:, :, 0] = 0.0
    effect[:, :, -1] *= -0.1
    adopted = (np.arange(months)[:, None] >= (np.arange(w) % 5)[None, :])[None]
    optimised = as_is * (1 - effect * adopted)
    return DecisionSet(
        month_range(TERM_START, months), tuple(workloads), as_is, optimised, optimised * 0.93
    )


def recommendation(
    contract: Terms | None = None, decisions: DecisionSet | None = None, **changes: Any
) -> tuple[Recommendation, DecisionSet]:
    """Everything `recommend` would say about these paths under this contract."""
    contract = contract or terms()
    decisions = decisions or paths(months=contract.term_months)
    monthly = decisions.optimised_usd.sum(axis=2)
    offers = (
        Offer(
            terms=contract.model_copy(update={"name": "Offer A"}), commitment_usd=Decimal(900_000)
        ),
        Offer(
            terms=contract.model_copy(update={"name": "Offer B"}), commitment_usd=Decimal(400_000)
        ),
    )
    sizing = size(contract, monthly, replicates=_replicates(monthly), offers=offers)
    found = sizing.commitment
    states = {
        name: _outlook(contract, decisions, values.sum(axis=2), found.tier_discount_share)
        for name, values in (
            ("as_is", decisions.as_is_usd),
            ("optimised", decisions.optimised_usd),
            ("potential", decisions.potential_usd),
        )
    }
    period = for_settlement(contract, decisions.optimised_usd.sum(axis=2))
    number, as_is_number = found.recommended_usd, states["as_is"].commitment_usd
    more = (
        assess(contract, as_is_number, period).expected_cost_usd
        - assess(contract, number, period).expected_cost_usd
    )
    as_is = float(decisions.as_is_usd.sum(axis=(1, 2)).mean())
    optimised = float(decisions.optimised_usd.sum(axis=(1, 2)).mean())
    saving = as_is - optimised
    levers = {"routing": 0.2 * saving, "batch": 0.5 * saving, "caching": 0.3 * saving}
    fields: dict[str, Any] = {
        **dict(sizing),
        **states,
        "bridge": _steps(
            [
                ("last quarter x 4", 0.84 * as_is),
                ("one-offs", 0.8 * as_is),
                ("growth", 1.03 * as_is),
                ("prices and retirements", as_is),
                ("routing", as_is - levers["routing"]),
                ("batch", optimised + levers["caching"]),
                ("caching", optimised),
                ("discount", optimised * (1 - found.tier_discount_share)),
                ("margin", number),
            ],
            "commitment",
        ),
        "waterfall": _steps(
            [
                ("as is", as_is),
                ("routing", as_is - levers["routing"]),
                ("batch", optimised + levers["caching"]),
                ("caching", optimised),
            ],
            "optimised",
        ),
        "avoided_over_commitment": AvoidedOverCommitment(
            commitment_usd=as_is_number - number, cost_usd=to_cents(more)
        ),
        "workloads": _workloads(decisions),
        "migration": _migration(decisions),
        "scenarios": _scenarios(contract, decisions),
        "history": _history(as_is / len(decisions.months)),
        **_evidence(decisions),
        "provenance": ResultProvenance(
            package_version="0.1.0",
            seed=7,
            as_of=date(2026, 12, 31),
            rate_card_day=date(2026, 12, 31),
            n_scenarios=decisions.n_scenarios,
            sampling_error_usd=to_cents(assess(contract, number, period).sampling_error_usd),
            inputs=(InputDigest(name="usage.csv", sha256="ab" * 32),),
        ),
    }
    return Recommendation(**(fields | changes)), decisions


def _steps(levels: list[tuple[str, float | Decimal]], last: str) -> tuple[BridgeStep, ...]:
    """The first level, the change to each next one, and the last level again."""
    cents = [to_cents(usd) for _, usd in levels]
    steps = [BridgeStep(step=levels[0][0], usd=cents[0])]
    for (step, _), before, after in zip(levels[1:], cents, cents[1:], strict=False):
        steps.append(BridgeStep(step=step, usd=after - before))
    return (*steps, BridgeStep(step=last, usd=cents[-1]))


def _distribution(values: Floats) -> Distribution:
    return Distribution(
        mean_usd=to_cents(float(values.mean())),
        quantiles=tuple(
            Quantile(quantile_level=level, usd=to_cents(quantile(values, level)))
            for level in QUANTILE_LEVELS
        ),
    )


def _outlook(
    contract: Terms, decisions: DecisionSet, monthly: Floats, discount_share: float
) -> CostOutlook:
    total = monthly.sum(axis=1)
    periods = for_settlement(contract, monthly)
    return CostOutlook(
        term_list_cost=_distribution(total),
        term_contracted_cost=_distribution(total * (1 - discount_share)),
        monthly=tuple(
            MonthlyDistribution(month=month, **dict(_distribution(monthly[:, t])))
            for t, month in enumerate(decisions.months)
        ),
        commitment_usd=best_commitment(contract, periods).commitment_usd,
    )


def _scenarios(contract: Terms, decisions: DecisionSet) -> tuple[Scenario, ...]:
    rows = []
    for name, growth in (("demand 20 % lower", -0.2), ("demand 20 % higher", 0.2)):
        shock = WhatIf(growth_shock_share=growth)
        best = best_commitment(
            contract, for_settlement(contract, apply(decisions, shock, period_months=1)[1])
        )
        rows.append(
            Scenario(
                name=name,
                commitment_usd=best.commitment_usd,
                expected_cost_usd=to_cents(best.expected_cost_usd),
                breaks=growth < 0,
            )
        )
    return tuple(rows)


def _replicates(monthly: Floats) -> list[Floats]:
    rng = np.random.default_rng(11)
    return [monthly * float(np.exp(rng.normal(0, 0.08))) for _ in range(20)]


def _workloads(decisions: DecisionSet) -> tuple[WorkloadResult, ...]:
    rows = []
    for w, name in enumerate(decisions.workloads):
        usd = [
            float(v[:, :, w].sum(axis=1).mean())
            for v in (decisions.as_is_usd, decisions.optimised_usd, decisions.potential_usd)
        ]
        saving = usd[0] - usd[1]
        rows.append(
            WorkloadResult(
                name=name,
                decision=Decision.ASYNCHRONOUS if saving > 0 else Decision.REAL_TIME,
                owner_state=OwnerState.ACCEPTED if saving > 0 else OwnerState.PROPOSED,
                reasons=("consumed later: results are read the next morning", "deadline 24 h"),
                as_is_usd=to_cents(usd[0]),
                optimised_usd=to_cents(usd[1]),
                potential_usd=to_cents(usd[2]),
                adoption_month=TERM_START if saving > 0 else None,
                levers=(
                    LeverSaving(
                        lever="batch",
                        list_saving_usd=to_cents(saving),
                        settled_saving_usd=to_cents(saving * 0.6),
                        configuration="share 100 % in batch",
                    ),
                )
                if saving
                else (),
            )
        )
    return tuple(rows)


def _migration(decisions: DecisionSet) -> tuple[MigrationStep, ...]:
    return tuple(
        MigrationStep(
            order=i + 1,
            workload=name,
            levers=("batch", "caching"),
            start_month=add_months(TERM_START, i),
            saving_usd=Decimal(20_000 - 1_000 * i),
            effort_weeks=2.5,
            gate="confirm that nothing downstream depends on immediacy; measured saving within "
            "20 % of the predicted one for two weeks",
        )
        for i, name in enumerate(decisions.workloads[1:5])
    )


def _history(monthly_usd: float) -> tuple[HistoryMonth, ...]:
    rng = np.random.default_rng(3)
    return tuple(
        HistoryMonth(
            month=month,
            list_usd=to_cents(monthly_usd * (0.5 + 0.022 * i) * float(np.exp(rng.normal(0, 0.06)))),
            complete=True,
        )
        for i, month in enumerate(month_range(date(2025, 1, 1), 24))
    )


def _ledger(decisions: DecisionSet, mended: Adjustment) -> tuple[CleaningEntry, ...]:
    """Entries on one workload, another and all, one without a switch, and what was mended."""
    mine, other = decisions.workloads[1 % len(decisions.workloads)], decisions.workloads[0]
    test = CleaningEntry(
        id="load-test-one",
        workload=mine,
        what="load_test",
        start=date(2026, 3, 2),
        end=date(2026, 3, 4),
        effect="bring these days down to the same weekdays around them, the token mix kept",
        source="3 days with up to 6.1 times the usual of a day",
        reason="a test measures a system and is no demand",
        action=CleaningAction.SCALE_TO_RHYTHM,
        state="off",
        state_reason="off by rule: it could be demand",
        list_usd=Decimal("-1234.50"),
        yearly_usd=Decimal("-9876.00"),
        switch_factor=0.9,
    )
    changes: list[dict[str, Any]] = [
        {},
        {"id": "repeated-day-two", "what": "repeated_day", "state": "on", "switch_factor": 1.02},
        {"id": "retired-three", "workload": other, "what": "retired_workload",
         "switch_factor": 0.0},
        {"id": "missing-four", "workload": WHOLE_PORTFOLIO, "what": "missing_days", "state": "on",
         "switch_factor": 0.99},
        {"id": "burst-small", "switch_factor": None, "yearly_usd": None},
    ]  # fmt: skip
    own = [test.model_copy(update=change) for change in changes]
    return (
        *own,
        CleaningEntry(**mended.model_dump(), state="by_forecast", list_usd=Decimal("-77.10")),
    )


def past(origins: Sequence[int], n_weeks: int) -> Backtest:
    """A portfolio that grows by 1 % a week, forecast as level: every other total is above P90."""
    errors = []
    for i, origin in enumerate(origins):
        for weeks in (h for h in (13, 26) if origin + h <= n_weeks):
            level = 10_000.0 * weeks * 1.01**origin
            errors.append(
                PortfolioError(
                    origin=origin, weeks=weeks, realised=level * (1.25 if i % 2 else 1.05),
                    p10=0.9 * level, p50=level, p90=1.2 * level, commitment=0.93 * level,
                    run_rate=level, last_month=1.02 * level, scale=level,
                )
            )  # fmt: skip
    return backtest(errors, date(2026, 12, 31), n_weeks)


def _evidence(decisions: DecisionSet) -> dict[str, Any]:
    odd = Adjustment(
        workload="backfill",
        what="one_off_removed",
        start=date(2026, 3, 2),
        end=date(2026, 3, 9),
        effect="8 days 6.1 times their neighbours; taken out of the level, kept in the history",
        source="robust residual above 6",
    )
    return {
        "outlook": Outlook(
            as_of=date(2026, 12, 31),
            history_start=date(2025, 1, 1),
            n_weeks=104,
            rank_correlation=0.3,
            workloads=(),
            members=tuple(
                MemberWeight(workload=name, member=member, weight=0.5, pinball_loss=0.031)
                for name in decisions.workloads
                for member in ("theta", "run_rate")
            ),
            adjustments=(odd,),
        ),
        "backtest": past(origins=(60, 64, 68, 72, 76, 80, 84, 88), n_weeks=104),
        "evidence": EvidenceMeter(
            attributed_share=0.981,
            items=(
                EvidenceItem(
                    item="request counts",
                    share=0.1,
                    list_usd=Decimal("12345.60"),
                    note="one export has none",
                    sources=("usage.csv",),
                    rests_on_it=("support chat: caching",),
                    saving_usd=Decimal("1000.00"),
                    improve="add an export with request counts",
                ),
            ),
        ),
        "reconciliation": Reconciliation(status="not_done", note="no invoice was given"),
        "cleaning": _ledger(decisions, odd),
        "assumptions": (
            Assumption(
                name="tokens of the successor model",
                value="1.3 times the tokens for the same text",
                provenance=Provenance.CLAIM,
                source="vendor's migration note",
                as_of=date(2026, 12, 31) - timedelta(days=40),
            ),
        ),
    }
