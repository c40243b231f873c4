"""A recommendation on random paths, put together from the real sizing and account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from forecast.paths import DecisionSet, Floats
from forecast.pipeline.bridge import BridgeFigures, bridge, waterfall
from forecast.pipeline.distributions import cost_outlook
from forecast.pipeline.scenarios import scenarios
from forecast.records.base import Provenance
from forecast.records.outlook import Adjustment, Backtest, MemberWeight, Outlook
from forecast.records.recommendation import (
    Assumption,
    AvoidedOverCommitment,
    EvidenceItem,
    EvidenceMeter,
    HistoryMonth,
    InputDigest,
    LeverSaving,
    MigrationStep,
    Recommendation,
    Reconciliation,
    ResultProvenance,
    WorkloadResult,
)
from forecast.records.terms import Offer, Terms, Tier
from forecast.records.workloads import Decision, OwnerState
from forecast.sizing.assessment import assess
from forecast.sizing.decision import size
from forecast.units import add_months, month_range, to_cents
from forecast.whatif import by_period

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
        name: cost_outlook(
            contract,
            decisions.months,
            values.sum(axis=2),
            discount_share=found.tier_discount_share,
        )
        for name, values in (
            ("as_is", decisions.as_is_usd),
            ("optimised", decisions.optimised_usd),
            ("potential", decisions.potential_usd),
        )
    }
    period = by_period(decisions.optimised_usd, contract.period_months).sum(axis=2)
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
        "bridge": bridge(
            BridgeFigures(
                last_quarter_usd=0.84 * as_is,
                without_one_offs_usd=0.8 * as_is,
                at_expected_volume_usd=1.03 * as_is,
                as_is_usd=as_is,
                optimised_usd=optimised,
                lever_saving_usd=levers,
                contracted_usd=optimised * (1 - found.tier_discount_share),
                commitment_usd=number,
            )
        ),
        "waterfall": waterfall(as_is, list(levers.items()), optimised),
        "avoided_over_commitment": AvoidedOverCommitment(
            commitment_usd=as_is_number - number, cost_usd=to_cents(more)
        ),
        "workloads": _workloads(decisions),
        "migration": _migration(decisions),
        "scenarios": scenarios(contract, decisions, number),
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
        "backtest": Backtest(
            origins=9,
            horizons_weeks=(13, 26),
            interval_coverage_80=0.78,
            savings_capture=0.83,
            savings_capture_run_rate=0.61,
            note="nine overlapping origins prove no more than that the band is not far off",
            points=(),
        ),
        "evidence": EvidenceMeter(
            attributed_share=0.981,
            items=(
                EvidenceItem(
                    item="spend with request counts", share=0.9, note="one export has none"
                ),
            ),
        ),
        "reconciliation": Reconciliation(status="not_done", note="no invoice was given"),
        "cleaning": (odd,),
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
