"""Lists for the table: positions, exchange, what flips the decision, waiting, cash."""

from __future__ import annotations

from typing import Final

from excel_templates.layout import Column
from excel_templates.sheets.list_page import ListSheet
from excel_templates.sheets.list_page import served as _s
from excel_templates.styles import COUNT, MONTH, SHARE, USD, Role
from forecast.records.negotiation import FlipValue
from forecast.short_form import told_once

POSITIONS: Final = ListSheet(
    "Negotiation plan",
    "position_rows",
    "Where to open, what to aim at, where to stop",
    "Internal: never hand this sheet to the vendor. Every position follows from the values of "
    "clauses and tiers.",
    (24, 38, 38, 38, 60),
    (
        Column("Issue", Role.LABEL),
        _s("Open with"),
        _s("Target"),
        _s("Walk away at"),
        _s("Because"),
    ),
    lambda r: [[p.issue, p.opening, p.target, p.walk_away, p.reason] for p in r.positions],
    "no position was derived",
)

EXCHANGE: Final = ListSheet(
    "Exchange",
    "exchange_rows",
    "What one clause is worth in points of discount",
    "One point is 1 % of list in every tier; everything re-optimised on the same scenarios. A give "
    "on one line pays for a get on another.",
    (26, 46, 18, 18, 18, 70),
    (
        Column("Clause", Role.LABEL),
        _s("Step"),
        _s("Worth to us, USD", USD),
        _s("Points of discount", "0.00"),
        _s("Standard error, points", "0.00"),
        _s("In one sentence"),
    ),
    lambda r: [
        [e.clause, e.change, e.value_usd, e.discount_points, e.points_standard_error, e.sentence]
        for e in r.exchange
    ],
    "no clause has a step",
)


def _flip(value: FlipValue) -> str:
    if value.value is None:
        return "nothing tried flips it"
    return f"{value.value:+.1%}" if value.unit == "share" else f"{value.value:g} months"


FLIPS: Final = ListSheet(
    "What flips it",
    "flip_rows",
    "How far an assumption may be off",
    "The value at which another commitment should have been signed, everything else as it is.",
    (34, 24, 90),
    (Column("Assumption", Role.LABEL), _s("Flips at"), _s("In one sentence")),
    lambda r: [[f.assumption, _flip(f), f.sentence] for f in r.flips],
    "no assumption was varied",
)

STAGING: Final = ListSheet(
    "Waiting",
    "staging_rows",
    "Signing later, or less now with a right to add",
    "Against signing the best number now. A decision in a later month sees what a scenario showed "
    "before it, and nothing more.",
    (16, 14, 20, 22, 20, 18, 18, 70),
    (
        Column("Policy", Role.LABEL),
        _s("Months seen", COUNT),
        _s("Signed now, USD", USD),
        _s("Signed in the end, USD", USD),
        _s("Expected cost, USD", USD),
        _s("Worth, USD", USD),
        _s("Standard error, USD", USD),
        _s("In one sentence"),
    ),
    lambda r: [
        [
            s.policy,
            s.decision_month,
            s.commitment_now_usd,
            s.expected_commitment_usd,
            s.expected_cost_usd,
            s.value_usd,
            s.standard_error_usd,
            s.sentence,
        ]
        for s in r.staging
    ],
    "neither waiting nor staging was tried",
)

CASH: Final = ListSheet(
    "Cash",
    "cash_rows",
    "Cash and expense by month under the recommended commitment",
    "Cash is what falls due (mean, and P95); expense is usage when it is used, and commitment when "
    "it lapses; tax is what cannot be recovered.",
    (20, 28, 28, 28, 30),
    (
        Column("Month", Role.LABEL, MONTH),
        _s("Cash, USD", USD),
        _s("Cash P95, USD", USD),
        _s("Expense, USD", USD),
        _s("Tax on top of cash, USD", USD),
    ),
    lambda r: [[c.month, c.cash_usd, c.cash_p95_usd, c.expense_usd, c.tax_usd] for c in r.cash],
    "no month of the term was settled",
)

DOSSIER: Final = ListSheet(
    "Efficiency dossier",
    "dossier_rows",
    "How well the tokens are used, before and after",
    "Shares of list cost; after counts only what owners have accepted. The vendor may see this: "
    "commitment dossier and vendor-pack print it alone.",
    (60, 14, 14, 44, 80),
    (
        Column("Claim", Role.LABEL),
        _s("Before", SHARE),
        _s("After", SHARE),
        _s("Counted on"),
        _s("Evidence"),
    ),
    lambda r: [
        *(
            [
                claim.claim,
                claim.before_share,
                claim.after_share,
                claim.measured_on,
                "; ".join(t.line for t in told_once((e.workload, e.said) for e in claim.evidence)),
            ]
            for claim in (r.dossier.claims if r.dossier else ())
        ),
        *(
            [f"model mix: {model.model}", model.before_share, model.after_share, "list cost", None]
            for model in (r.dossier.models if r.dossier else ())
        ),
    ],
    "no dossier was made",
)
