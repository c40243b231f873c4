"""Workings: the contract in force, the best commitment of every tier, and its settlement.

With D[i,p] the list cost of scenario i in settlement period p (M scenarios, P periods), C a
commitment of the term, d the discount of its tier, o the overage discount in force, g the list
dollars that one committed dollar buys and u what an unused list dollar costs

    contracted basis    g = 1/(1−d)     u = 1−d
    list basis          g = 1           u = 1 at face, 1−d discounted

the commitment is used up at K = C/P · g list dollars a period, and a scenario costs

    (1−d) Σ D  +  u Σ (K−D)⁺  +  (d−o) Σ (D−K)⁺  −  r u (K − D_last)⁺

over its periods, with r the value of what is unused at the end of the term. In one tier the
mean is convex in C, so its cheapest C is at the lowest of the M·P list costs x for which

    u·#(D ≤ x)  −  (d−o)·#(D > x)  −  r u·#(D_last ≤ x)  ≥  0

found by halving the ranks of D; a tier's threshold and the next one's bound it. With one period
or r = 0 that rank is ⌈M·P·F⌉, F = (d−o) / (u + d − o − r u): the closed form, kept as a check.
"""

from __future__ import annotations

from typing import Final

from openpyxl.workbook import Workbook

from excel_templates.book import Book
from excel_templates.layout import Page
from excel_templates.sheets.cleaning_switches import design_workings as design_entries
from excel_templates.sheets.kept_savings import design_kept
from excel_templates.sheets.rank_search import design_search
from excel_templates.sheets.settled_offers import settled_offers, settled_steps
from excel_templates.sheets.settled_rows import (
    N_TIERS,
    NEVER,
    curve_grid,
    settled_as_is,
    settled_curve,
    settled_singles,
    settled_tiers,
)
from excel_templates.styles import GENERAL, ONE_LINE, SHARE, THRESHOLD, USD_CENTS, Role
from forecast.records.recommendation import Recommendation
from forecast.records.terms import Terms

TITLE: Final = "Workings"

FACTS: Final = (
    ("n_scenarios", "Scenarios, M", "equally weighted"),
    ("n_periods", "Settlement periods, P", "the commitment splits equally over them"),
    ("term_months", "Months of the term", ""),
    ("settlement", "Settlement", "the period a commitment belongs to"),
    (
        "tier_basis",
        "Tiers compare with",
        "annual: the commitment of twelve months; term: all of it",
    ),
    ("drawdown_basis", "Drawdown basis", "contracted: dollars paid; list: list dollars of usage"),
    ("shortfall_price", "Unretired commitment is owed at", "list basis only"),
    ("usage_is_portable", "Usage may go elsewhere", "then overage never costs more than outside"),
    ("rollover_share", "Rolled into the next period", "share of what is unused"),
    ("live", "Formulas carry this contract", "1: yes; 0: the service's values stand instead"),
    ("live_reason", "Why not", ""),
)
_PLACEHOLDER: Final = {
    "term_months": 12,
    "settlement": "annual",
    "tier_basis": "annual",
    "drawdown_basis": "contracted",
    "shortfall_price": "face",
    "usage_is_portable": "yes",
    "rollover_share": 0,
    "live_reason": None,
}

_FACTS_ROW: Final = 6
_USED_ROW: Final = _FACTS_ROW + len(FACTS) + 2

_USED: Final = (
    ("used_commitment", "Commitment", "=ROUND(MAX(0,SUM(in_commitment)),2)", USD_CENTS),
    (
        "used_overage_discount",
        "Overage discount",
        "=MIN(0.9999,MAX(0,SUM(in_overage_discount)))",
        SHARE,
    ),
    ("used_unused_value", "Value of unused", "=MIN(0.9999,MAX(0,SUM(in_unused_value)))", SHARE),
    ("used_outside", "Outside discount", "=MIN(0.9999,MAX(0,SUM(in_outside_discount)))", SHARE),
    ("used_growth", "Growth shock", "=MAX(-0.9999,SUM(in_growth_shock))", SHARE),
    ("used_price", "Price change", "=MAX(-0.9999,SUM(in_price_change))", SHARE),
    ("used_realisation", "Realisation share", "=MIN(1,MAX(0,SUM(in_realisation)))", SHARE),
    (
        "demand_factor",
        "Demand factor",
        "=(1+used_growth)*(1+used_price)*entry_all_factor",
        "0.0000",
    ),
    (
        "mean_list_usd",
        "Mean list cost, optimised",
        "=SUM(scenario_term_list)/n_scenarios",
        USD_CENTS,
    ),
    (
        "mean_as_is_usd",
        "Mean list cost, as is",
        "=demand_factor*SUM(as_is_term)/n_scenarios",
        USD_CENTS,
    ),
    (
        "on_demand_discount",
        "Discount without a deal",
        "=MAX(INDEX(tier_discount,1),used_outside)",
        SHARE,
    ),
)
_TIERS_ROW: Final = _USED_ROW + len(_USED) + 3

TIER_COLUMNS: Final[dict[str, tuple[str, str, str | None]]] = {
    "A": ("Tier", GENERAL, None),
    "B": ("From, as typed", USD_CENTS, "tier_from_used"),
    "C": ("Discount d", SHARE, "tier_discount"),
    "D": ("From, over the term", THRESHOLD, "tier_threshold"),
    "E": ("Up to", THRESHOLD, None),
    "F": ("Overage discount o", SHARE, "tier_overage_discount"),
    "G": ("List $ a committed $ buys, g", "0.0000", "tier_list_per_usd"),
    "H": ("An unused list $ costs, u", "0.0000", "tier_unused_price"),
    "I": ("Closed-form quantile F", "0.0000", "tier_quantile"),
    "J": ("Closed-form rank", "0", "tier_closed_form_rank"),
    "K": ("Rank found", "0", "tier_rank"),
    "L": ("List $ a period at that rank", USD_CENTS, None),
    "M": ("As a commitment, in cents", USD_CENTS, None),
    "N": ("Best commitment inside", USD_CENTS, "tier_best"),
    "O": ("As is: rank found", "0", None),
    "P": ("As is: list $ at that rank", USD_CENTS, None),
    "Q": ("As is: as a commitment", USD_CENTS, None),
    "R": ("As is: best inside", USD_CENTS, "tier_as_is_best"),
}
"""Header, number format and defined name of every column of the table of tiers."""


def design(workbook: Workbook) -> None:
    """Lay out the sheet."""
    page = Page(
        workbook,
        TITLE,
        "Workings",
        "One formula per block of rows. Nothing to type in here: that is what Inputs is for.",
        widths=(34, *([15] * 17)),
        freeze="B4",
    )
    _facts(page)
    _inputs_as_used(page)
    _tier_table(page)
    end = settled_tiers(page, _TIERS_ROW + N_TIERS + 1)
    end = settled_as_is(page, end + 2)
    end = settled_singles(page, end + 2)
    end = curve_grid(page, end + 2)
    end = settled_curve(page, end + 2)
    end = settled_offers(page, end + 2)
    end = settled_steps(page, end + 2)
    end = design_search(page, end + 2, _TIERS_ROW)
    end = design_entries(page, end + 2)
    design_kept(page, end + 2)
    page.close(end + 4)


def _facts(page: Page) -> None:
    page.section(_FACTS_ROW - 1, "The contract and the decision set, as generated")
    for i, (name, label, meaning) in enumerate(FACTS):
        row = _FACTS_ROW + i
        page.put(f"A{row}", label, Role.LABEL)
        page.put(f"B{row}", _PLACEHOLDER.get(name, 1), Role.SERVICE, name=name)
        page.put(f"C{row}", meaning, Role.NOTE).alignment = ONE_LINE


def _inputs_as_used(page: Page) -> None:
    page.section(_USED_ROW - 1, "The inputs as they are used (kept inside what can be calculated)")
    for i, (name, label, formula, number_format) in enumerate(_USED):
        row = _USED_ROW + i
        page.put(f"A{row}", label, Role.LABEL)
        page.put(f"B{row}", formula, Role.CALCULATION, number_format, name=name)
    for i, level in enumerate((50, 80, 95)):
        page.put(f"D{_USED_ROW + i}", f"Rank of P{level}", Role.LABEL)
        page.put(
            f"E{_USED_ROW + i}",
            f"=MIN(n_scenarios,MAX(1,ROUNDUP(n_scenarios*{level / 100}-0.000000001,0)))",
            name=f"rank_{level}",
        )


def _tier_table(page: Page) -> None:
    head, last = _TIERS_ROW - 1, _TIERS_ROW + N_TIERS - 1
    page.section(head - 1, "Tiers in force, and the cheapest commitment inside each")
    page.header(head, [label for label, _, _ in TIER_COLUMNS.values()], height=42)
    for i in range(N_TIERS):
        r = _TIERS_ROW + i
        formulas = {"A": i + 1, **_tier_formulas(r, is_last=r == last)}
        for column, formula in formulas.items():
            page.put(f"{column}{r}", formula, number_format=TIER_COLUMNS[column][1])
    for column, (_, _, name) in TIER_COLUMNS.items():
        if name:
            page.name(name, f"{column}{_TIERS_ROW}:{column}{last}")


def _tier_formulas(r: int, *, is_last: bool) -> dict[str, str]:
    """Give the formulas of one tier; columns K and O take their ranks from the search."""
    typed, discount = f"INDEX(in_tier_from,A{r})", f"INDEX(in_tier_discount,A{r})"
    over_the_term = f'IF(tier_basis="term",B{r},B{r}*term_months/12)'
    overage = (
        f'IF(in_overage="committed_rate",C{r},'
        f'IF(in_overage="discounted",MIN(used_overage_discount,C{r}),0))'
    )
    pays = f"C{r}<=F{r}"
    return {
        "B": f'=IF(AND(ISNUMBER({typed}),ISNUMBER({discount})),{typed},"")',
        "C": f'=IF(B{r}="",0,MIN(0.9999,MAX(0,{discount})))',
        "D": f'=IF(A{r}=1,0,IF(B{r}="",{NEVER},ROUNDUP(ROUND({over_the_term},6),2)))',
        "E": f"={NEVER}" if is_last else f"=IF(D{r + 1}>={NEVER},{NEVER},D{r + 1}-0.01)",
        "F": f'=MAX({overage},IF(usage_is_portable="yes",used_outside,0))',
        "G": f'=IF(drawdown_basis="list",1,1/(1-C{r}))',
        "H": f'=IF(AND(drawdown_basis="list",shortfall_price="face"),1,1-C{r})',
        "I": f"=IF({pays},0,(C{r}-F{r})/(H{r}*(1-used_unused_value)+C{r}-F{r}))",
        "J": f"=MAX(1,ROUNDUP(n_scenarios*n_periods*I{r}-0.000000001,0))",
        "L": f"=IF({pays},0,SMALL(period_list,K{r}))",
        "M": in_cents(f"L{r}*n_periods/G{r}"),
        "N": f'=IF(B{r}="",0,MAX(D{r},MIN(M{r},E{r})))',
        "P": f"=IF({pays},0,demand_factor*SMALL(as_is_period,O{r}))",
        "Q": in_cents(f"P{r}*n_periods/G{r}"),
        "R": f'=IF(B{r}="",0,MAX(D{r},MIN(Q{r},E{r})))',
    }


def in_cents(amount: str) -> str:
    """Round an expression to cents as the service does: to micro-dollars, then half to even."""
    micro = f"ROUND({amount},6)"
    is_half = f"ABS({micro}*100-INT({micro}*100)-0.5)<0.00001"
    return f"=IF({is_half},2*ROUND({micro}*50,0)/100,ROUND({micro},2))"


def fill(book: Book, recommendation: Recommendation, n_scenarios: int) -> None:
    """Write the facts that are no inputs."""
    terms = recommendation.terms
    reason = why_not_live(terms)
    book.set("n_scenarios", n_scenarios)
    book.set("n_periods", terms.n_periods)
    book.set("term_months", terms.term_months)
    book.set("settlement", terms.settlement)
    book.set("tier_basis", terms.tier_basis)
    book.set("drawdown_basis", terms.drawdown_basis)
    book.set("shortfall_price", terms.shortfall_price)
    book.set("usage_is_portable", terms.usage_is_portable)
    book.set("rollover_share", terms.rollover_share)
    book.set("live", 0 if reason else 1)
    book.set("live_reason", reason)


def why_not_live(terms: Terms) -> str | None:
    """Say which clause the formulas cannot carry; None when they carry the whole contract.

    Rolled dollars live in one table of balances per scenario and candidate, which formulas
    cannot search to the cent; clauses beyond the core settle by month and group; a seventh tier has
    no row.
    """
    if terms.rollover_share > 0 and terms.n_periods > 1:
        return "unused dollars roll into the next period"
    if terms.beyond_core:
        return f"the contract has clauses beyond the core: {', '.join(terms.beyond_core)}"
    if terms.on_exhaustion != "overage":
        return "the agreement renews early when it is used up"
    if terms.minimum_commitment_usd > 0:
        return "the agreement has a minimum commitment"
    if len(terms.tiers) > N_TIERS:
        return f"the contract has {len(terms.tiers)} tiers, and there is room for {N_TIERS}"
    return None
