"""The answer as a readable page. It shows what the records hold and computes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from api.short_lists import as_is_usd
from api.terminal.backtest import had_you_used_this
from api.terminal.evidence import evidence
from api.terminal.latency import lever_evidence
from api.terminal.layout import notes, page, percent, plain, table, usd
from api.terminal.ledger import cleaning, undecided
from api.terminal.negotiation import negotiation
from api.terminal.reconciliation import first_lines, reconciliation
from api.terminal.shortened import told
from api.terminal.usage import source_notes
from api.terminal.workloads import migration, workloads
from forecast.records.base import Provenance
from forecast.records.recommendation import BridgeStep, Recommendation, Refusal
from forecast.records.sizing_result import Headline, OfferScore, Sizing, TierRow
from forecast.short_form import subject

if TYPE_CHECKING:
    from api.results import StoredResult
    from forecast.records.reconciliation import Reconciliation
    from forecast.usage.reading import SourceReport


def written(stored: StoredResult, reports: Sequence[SourceReport]) -> Group:
    """Show a stored result, and where its files are."""
    result = stored.result
    shown = refusal(result) if isinstance(result, Refusal) else decision(result)
    places = notes("Files", [str(stored.directory / name) for name in stored.files])
    return Group(shown, page([source_notes(reports), places]))


def decision(result: Recommendation) -> Group:
    """Show a recommendation: four numbers, tiers, bridge, levers, offers, warnings."""
    return page(
        [
            first_lines(result.warnings),
            four_numbers(result.headline),
            plain(_sentence(result)),
            tiers(result.tiers, result.commitment.recommended_usd),
            _risks(result),
            bridge("From last quarter's bill to the commitment", result.bridge),
            workloads(result),
            lever_evidence(result.workload_evidence, as_is_usd(result)),
            migration(result),
            *(offers(result.offers).renderables if result.offers else ()),
            _scenarios(result),
            had_you_used_this(result.backtest),
            _reconciled(result.reconciliation),
            _warnings(result),
            evidence(result.evidence, as_is_usd(result)),
            cleaning(result),
            _assumptions(result),
        ]
    )


def sizing(result: Sizing) -> Group:
    """Show a sizing of somebody's own paths."""
    return page(
        [
            four_numbers(result.headline),
            plain(_sentence(result)),
            tiers(result.tiers, result.commitment.recommended_usd),
            _risks(result),
            clauses(result),
            *negotiation(result),
        ]
    )


def four_numbers(headline: Headline) -> Panel:
    """Show the four numbers that belong together, in contracted dollars over the term."""
    grid = Table.grid(expand=True)
    for _ in range(4):
        grid.add_column(justify="center")
    shown = (
        ("Sign for", headline.sign_for_usd),
        ("Expect to pay", headline.expect_to_pay_usd),
        ("Budget (P80)", headline.budget_p80_usd),
        ("Worst-case unused (P95)", headline.worst_case_unused_usd),
    )
    grid.add_row(*(Text(name) for name, _ in shown))
    grid.add_row(*(Text(usd(amount), style="bold") for _, amount in shown))
    return Panel(grid, title="Over the term", title_align="left")


def _sentence(result: Sizing) -> str:
    found = result.commitment
    terms = result.terms
    if found.recommended_usd == 0:
        return (
            f"Sign no commitment under {terms.name}: paying on demand costs least on average "
            f"({usd(found.cost.expected_usd)})."
        )
    deal = found.no_deal_expected_cost_usd - found.cost.expected_usd
    text = (
        f"{terms.name}: {usd(found.recommended_usd)} over {terms.term_months} months from "
        f"{terms.term_start} earns {percent(found.tier_discount_share, 1)} off list and stands at "
        f"P{100 * found.percentile:.0f} of consumption; expected cost is "
        f"{usd(deal)} below no deal."
    )
    if found.interval is not None:
        text += (
            f" With other evidence the number would lie between {usd(found.interval.lower_usd)} "
            f"and {usd(found.interval.upper_usd)} ({percent(found.interval.interval_mass)})."
        )
    band = found.indifference_band
    return text + (
        f" From {usd(band.lower_usd)} to {usd(band.upper_usd)} the expected cost is within "
        f"{percent(band.tolerance_share, 1)} of the best."
    )


def tiers(rows: Sequence[TierRow], recommended_usd: Decimal) -> Group:
    """Show what the best commitment inside every tier costs."""
    return table(
        "Tiers",
        ["", "from", "discount", "commit", "expected cost", "unused", ""],
        [
            (
                "►" if row.best_commitment_usd == recommended_usd else "",
                usd(row.from_commitment_usd),
                percent(row.discount_share, 1),
                usd(row.best_commitment_usd),
                usd(row.expected_cost_usd),
                usd(row.waste_expected_usd),
                row.verdict,
            )
            for row in rows
        ],
    )


def _risks(result: Sizing) -> Group:
    found = result.commitment
    return table(
        "Risks of the recommended commitment, two of them",
        ["", "expected", "P80", "P95", "CVaR95", "probability"],
        [
            (
                "budget: everything paid",
                usd(found.cost.expected_usd),
                usd(found.cost.p80_usd),
                usd(found.cost.p95_usd),
                usd(found.cost.cvar95_usd),
                f"{percent(found.overage_probability)} overage",
            ),
            (
                "waste: committed and not used",
                usd(found.waste.expected_usd),
                usd(found.waste.p80_usd),
                usd(found.waste.p95_usd),
                usd(found.waste.cvar95_usd),
                f"{percent(found.shortfall_probability)} shortfall",
            ),
        ],
    )


def bridge(title: str, steps: Sequence[BridgeStep]) -> Group:
    """Show a bridge, one amount a step."""
    return table(title, ["step", "USD"], [(s.step, usd(s.usd)) for s in steps])


def offers(rows: Sequence[OfferScore]) -> Group:
    """Show offers settled on the same paths, the cheapest first."""
    ordered = sorted(rows, key=lambda r: r.expected_cost_usd)
    numbers = table(
        "Offers on the same paths",
        ["offer", "commitment", "discount", "percentile", "expected cost", "P95", "regret"],
        [
            (
                row.name,
                usd(row.commitment_usd),
                percent(row.discount_share, 1),
                f"P{100 * row.percentile:.0f}",
                usd(row.expected_cost_usd),
                usd(row.p95_cost_usd),
                usd(row.regret_usd),
            )
            for row in ordered
        ],
    )
    verdicts = notes("What to do with them", [f"{row.name}: {row.verdict}" for row in ordered])
    changes = notes(
        "What alone would make them acceptable",
        [f"{row.name}: {change.change}" for row in ordered for change in row.acceptable_with],
    )
    return page([numbers, verdicts, changes])


def clauses(result: Sizing) -> Group | None:
    """Show what one step of every clause is worth."""
    if not result.clauses:
        return None
    return table(
        "What a concession is worth",
        ["clause", "change", "worth", "± s.e.", "commitment moves"],
        [
            (
                row.clause,
                row.change,
                usd(row.value_usd),
                usd(row.standard_error_usd),
                usd(row.commitment_change_usd),
            )
            for row in sorted(result.clauses, key=lambda r: -r.value_usd)
        ],
        text_columns=2,
    )


def _scenarios(result: Recommendation) -> Group | None:
    if not result.scenarios:
        return None
    return table(
        "If it comes differently",
        ["scenario", "best commitment", "its expected cost", ""],
        [
            (
                s.name,
                usd(s.commitment_usd),
                usd(s.expected_cost_usd),
                "breaks today's number" if s.breaks else "",
            )
            for s in result.scenarios
        ],
    )


def _warnings(result: Recommendation) -> RenderableType | None:
    waiting = undecided(result)
    known = [waiting] if waiting else []
    if result.reconciliation.status == "not_done":
        known.append(f"reconciliation: {result.reconciliation.note}")
    return notes("What to know before signing", known)


def _reconciled(found: Reconciliation) -> Group | None:
    return None if found.status == "not_done" and not found.months else reconciliation(found)


def _assumptions(result: Recommendation) -> RenderableType | None:
    usd_of = as_is_usd(result)
    claims = [
        subject(f"{a.name}: {a.value}", usd_of)
        for a in result.assumptions
        if a.provenance is Provenance.CLAIM
    ]
    return told(
        "Assumed, not measured (sources in the workbook and in recommendation.json)",
        claims,
        usd_of,
        where="sheet Sources, recommendation.json",
    )


def refusal(result: Refusal) -> Group:
    """Show a refusal with its safe action."""
    return page(
        [
            Panel(
                plain(f"No number can be named: {result.reason}"),
                title="Insufficient evidence",
                title_align="left",
            ),
            plain(
                f"Do not exceed {usd(result.do_not_exceed_usd)} over the term. "
                f"{result.safe_structure}"
            ),
            table(
                "What is missing, the most valuable first",
                ["what", ""],
                [(m.what, m.why) for m in result.missing_evidence],
            ),
            reconciliation(result.reconciliation) if result.reconciliation else None,
        ]
    )
