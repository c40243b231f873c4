"""Lists of what was decided: clauses, offers, scenarios, migration, differences."""

from __future__ import annotations

from typing import Final

from excel_templates.layout import Column
from excel_templates.sheets.list_page import ListSheet
from excel_templates.sheets.list_page import served as _s
from excel_templates.styles import DECIMAL, MONTH, SHARE, USD, USD_CENTS, Role

CLAUSES: Final = ListSheet(
    "Clauses",
    "clause_rows",
    "What each clause is worth",
    "One clause moved one step, everything re-optimised on the same scenarios: the exchange table "
    "of the negotiation.",
    (30, 60, 18, 18, 22),
    (
        Column("Clause", Role.LABEL),
        _s("Step"),
        _s("Worth to us, USD", USD),
        _s("Standard error, USD", USD),
        _s("Moves the commitment by, USD", USD),
    ),
    lambda r: [
        [c.clause, c.change, c.value_usd, c.standard_error_usd, c.commitment_change_usd]
        for c in r.clauses
    ],
    "no clause has a step",
)

OFFERS: Final = ListSheet(
    "Offers",
    "offer_rows",
    "Offers on the same scenarios",
    "Each offer settled under its own terms. Percentile: the share of our futures that would not "
    "use up the vendor's number.",
    (26, 17, 11, 12, 18, 18, 17, 17, 60),
    (
        Column("Offer", Role.LABEL),
        _s("Commitment, USD", USD),
        _s("Discount", SHARE),
        _s("Percentile", SHARE),
        _s("Expected cost, USD", USD),
        _s("Cost P95, USD", USD),
        _s("Expected unused, USD", USD),
        _s("Costs more than our best, USD", USD),
        _s("Verdict"),
    ),
    lambda r: [
        [
            o.name,
            o.commitment_usd,
            o.discount_share,
            o.percentile,
            o.expected_cost_usd,
            o.p95_cost_usd,
            o.waste_expected_usd,
            o.regret_usd,
            o.verdict,
        ]
        for o in r.offers
    ],
    "no offer was given",
)

SCENARIOS: Final = ListSheet(
    "Scenarios",
    "shock_rows",
    "The decision under named shocks",
    "Re-sized under each shock. A shock breaks the number when keeping it would cost more than "
    "the tolerance over re-sizing.",
    (40, 20, 20, 20, 20, 14),
    (
        Column("Shock", Role.LABEL),
        _s("Best commitment then, USD", USD),
        _s("Expected cost then, USD", USD),
        _s("Cost of keeping today's number, USD", USD),
        _s("Regret, USD", USD),
        _s("Breaks today's number"),
    ),
    lambda r: [
        [
            s.name,
            s.commitment_usd,
            s.expected_cost_usd,
            s.kept_expected_cost_usd,
            s.regret_usd,
            s.breaks,
        ]
        for s in r.scenarios
    ],
    "no shock was tried",
    chart="chart_tornado",
)

MIGRATION: Final = ListSheet(
    "Migration",
    "migration_rows",
    "What to migrate, in order",
    "In the order that saves most under the engineering capacity, the blackouts and the gates; the "
    "gate must be passed before the next one starts.",
    (8, 30, 24, 12, 17, 17, 17, 17, 11, 60),
    (
        _s("Order", "0"),
        Column("Workload", Role.LABEL),
        _s("Levers"),
        _s("Start", MONTH),
        _s("Predicted list saving, USD", USD),
        _s("After signing, USD", USD),
        _s("Before signing, USD", USD),
        _s("Measured list saving, USD", USD),
        _s("Effort, weeks", DECIMAL),
        _s("Gate"),
    ),
    lambda r: [
        [
            s.order,
            s.workload,
            ", ".join(s.levers),
            s.start_month,
            s.saving_usd,
            s.settled_saving_usd,
            s.before_signing_saving_usd,
            s.measured_saving_usd,
            s.effort_weeks,
            s.gate,
        ]
        for s in r.migration
    ],
    "nothing is left to migrate",
    note=(
        "migration_note",
        lambda r: r.migration_plan.described if r.migration_plan is not None else "",
    ),
)

DIFFERENCES: Final = ListSheet(
    "Differences",
    "difference_rows",
    "Where usage and bill are apart",
    "The largest first; repriced less billed. An empty model or token kind: the bill does not say.",
    (12, 30, 14, 26, 18, 17, 17, 17, 22, 60),
    (
        Column("Month", Role.LABEL, MONTH),
        _s("Bill"),
        _s("Platform"),
        _s("Model"),
        _s("Token kind"),
        _s("On the bill, USD", USD_CENTS),
        _s("Repriced, USD", USD_CENTS),
        _s("Difference, USD", USD_CENTS),
        _s("Likely cause"),
        _s("What to do"),
    ),
    lambda r: [
        [
            d.month,
            d.source,
            d.platform,
            d.model,
            d.token_kind.replace("_", " "),
            d.billed_usd,
            d.repriced_usd,
            d.difference_usd,
            d.cause.value.replace("_", " "),
            d.what_to_do,
        ]
        for d in r.reconciliation.differences
    ],
    "nothing is apart",
)
