"""Decision: what to sign and why, on one page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from openpyxl.workbook import Workbook

from excel_templates.book import KEEP, Book
from excel_templates.layout import Column, Page
from excel_templates.sheets import reconciliation
from excel_templates.sheets.figures import BEHIND, HEADLINE, LEVELS, Figure, live
from excel_templates.sheets.settled_rows import N_TIERS
from excel_templates.styles import GENERAL, ONE_LINE, SHARE, USD, USD_CENTS, Role
from forecast.records.recommendation import RUN_RATE_STEP, BridgeStep, Recommendation

TITLE: Final = "Decision"
_HEADLINE_ROW: Final = 10
_BEHIND_ROW: Final = _HEADLINE_ROW + len(HEADLINE) + 2
_TIERS_ROW: Final = _BEHIND_ROW + len(BEHIND) + len(LEVELS) + 3
_BRIDGE_HEAD: Final = _HEADLINE_ROW - 1
_CHART_ROW: Final = _BRIDGE_HEAD + 12

CHART_COLUMNS: Final = (
    Column("Kind", Role.NOTE),
    Column("Level", Role.CALCULATION, USD, '=IF({kind}="level",{usd},SUM({level_above})+{usd})'),
    Column(
        "Hidden base", Role.CALCULATION, USD, '=IF({kind}="level",0,MIN({level_above},{level}))'
    ),
    Column("Total", Role.CALCULATION, USD, '=IF({kind}="level",{usd},0)'),
    Column("Up", Role.CALCULATION, USD, '=IF({kind}="level",0,MAX(0,{usd}))'),
    Column("Down", Role.CALCULATION, USD, '=IF({kind}="level",0,MAX(0,-{usd}))'),
)
"""Columns a waterfall chart is drawn from, to the right of what is printed."""


def design(workbook: Workbook) -> None:
    """Lay out the sheet."""
    page = Page(
        workbook,
        TITLE,
        "What to sign, and why",
        "Four numbers that belong together, in contracted dollars over the term.",
        widths=(34, 19, 19, 19, 46, 30, 20, 20, 3, *([13] * 6)),
        printed_columns=8,
    )
    page.light(
        "A4",
        f'=IF({reconciliation.LEVEL}>0,reconciliation_banner&IF(live=1,"",". "&live_text),'
        "live_text)",
        f"MAX({reconciliation.LEVEL}*2-1,live_level)",
    )
    page.merged("A5:H5", f"={_SENTENCE}", Role.SENTENCE, height=22, name="decision_sentence")
    page.merged("A6:H6", f"={_REASON}", Role.PARAGRAPH, height=32, name="decision_reason")
    page.light("A7", "=typed_text", "typed_level")
    _figures(page, _HEADLINE_ROW, HEADLINE, "USD over the term")
    _figures(page, _BEHIND_ROW, BEHIND, "Behind the numbers")
    for i, (key, label, meaning) in enumerate(LEVELS):
        row = _BEHIND_ROW + len(BEHIND) + i
        page.put(f"A{row}", label, Role.LABEL)
        page.put(f"D{row}", None, Role.SERVICE, USD_CENTS, name=f"service_{key}")
        page.put(f"E{row}", meaning, Role.NOTE)
    _tiers(page)
    _typed_light(page)
    _bridge(page)
    page.close(_TIERS_ROW + N_TIERS)
    page.fit(1)


def _figures(page: Page, first: int, figures: Sequence[Figure], heading: str) -> None:
    page.header(
        first - 1,
        (heading, ">Best at these inputs", ">Typed commitment", ">Service, as generated",
         "Meaning"),
        height=20,
    )  # fmt: skip
    strong = figures is HEADLINE
    for i, figure in enumerate(figures):
        row, fmt = first + i, figure.number_format
        page.put(f"A{row}", figure.label, Role.LABEL)
        if figure.best:
            role = Role.RESULT if strong else Role.CALCULATION
            shown = live(_rounded(figure.best, fmt), figure.of_service)
            page.put(f"B{row}", shown, role, fmt, name=f"decision_{figure.key}")
        if figure.typed:
            shown = live(_rounded(figure.typed, fmt), '"not live"')
            page.put(f"C{row}", shown, Role.CALCULATION, fmt, name=f"typed_decision_{figure.key}")
        if figure.service:
            page.put(f"D{row}", None, Role.SERVICE, fmt, name=figure.of_service)
        elif figure.best:
            page.put(f"D{row}", f"={figure.derived}", Role.SERVICE, fmt)
        page.put(f"E{row}", figure.meaning, Role.NOTE)
        page.ws[f"E{row}"].alignment = ONE_LINE


def _rounded(formula: str, number_format: str) -> str:
    return f"ROUND({formula},2)" if number_format == USD_CENTS else formula


def _tiers(page: Page) -> None:
    page.header(
        _TIERS_ROW - 1,
        ("Tier", ">From (term), USD", ">Discount", ">Best commitment, USD", "In words",
         ">Expected cost, USD", ">Expected unused, USD", ">Chance of a shortfall"),
        height=30,
    )  # fmt: skip
    for i in range(N_TIERS):
        row, k = _TIERS_ROW + i, i + 1
        more = f"FIXED(INDEX(tier_row_expected_cost,{k})-best_expected_cost,0)"
        words = f'IF(best_tier={k},"◄ the best of all","costs $"&{more}&" more than the best")'
        cells = {
            "B": (f"INDEX(tier_threshold,{k})", USD),
            "C": (f"INDEX(tier_discount,{k})", SHARE),
            "D": (f"INDEX(tier_row_commitment,{k})", USD_CENTS),
            "E": (words, GENERAL),
            "F": (f"ROUND(INDEX(tier_row_expected_cost,{k}),2)", USD_CENTS),
            "G": (f"ROUND(INDEX(tier_row_expected_unused,{k}),2)", USD_CENTS),
            "H": (f"INDEX(tier_row_shortfall_probability,{k})", SHARE),
        }
        here = f"AND(live=1,ISNUMBER(INDEX(tier_from_used,{k})))"
        page.put(f"A{row}", f"Tier {k}", Role.LABEL)
        for column, (formula, number_format) in cells.items():
            shown = f'=IF({here},{formula},"")'
            cell = page.put(f"{column}{row}", shown, number_format=number_format)
            if number_format == GENERAL:
                cell.alignment = ONE_LINE


def _typed_light(page: Page) -> None:
    """Judge the typed commitment: as good as the best, dearer, or worse than no deal."""
    more = "typed_expected_cost-best_expected_cost"
    page.put(
        "J5",
        "=IF(live=0,-1,IF(typed_expected_cost>no_deal_expected_cost*(1+0.000000001),2,"
        f"IF({more}>tolerance_share*best_expected_cost,1,0)))",
        name="typed_level",
    )
    page.put("J6", 0.005, Role.SERVICE, SHARE, name="tolerance_share")
    page.put(
        "J7",
        '=IF(typed_level<0,"The typed commitment is not settled: see above.",'
        'IF(typed_level=2,"■ The typed commitment of "&"$"&FIXED(typed_commitment,0)&" is worse '
        'than no deal: it costs $"&FIXED(typed_expected_cost-no_deal_expected_cost,0)&" more.",'
        'IF(typed_level=1,"▲ The typed commitment of $"&FIXED(typed_commitment,0)&" costs $"&'
        f'FIXED({more},0)&" more than the best.",'
        '"● The typed commitment of $"&FIXED(typed_commitment,0)&" is as good as the best, within "'
        '&FIXED(100*tolerance_share,1)&" % of cost.")))',
        name="typed_text",
    )


def _percent(value: str) -> str:
    return f'FIXED(100*{value},1)&" %"'


def _dollars(value: str) -> str:
    return f'"$"&FIXED({value},0)'


_SENTENCE: Final = (
    'IF(decision_sign_for=0,"Sign no commitment. Buying without a deal is cheaper on average than '
    'any tier: expect to pay "&'
    f"{_dollars('decision_expect_to_pay')}"
    '&".","Sign for "&'
    f"{_dollars('decision_sign_for')}"
    '&" over "&term_months&" months, at "&'
    f"{_percent('decision_tier_discount')}"
    '&" off list. Expect to pay "&'
    f"{_dollars('decision_expect_to_pay')}"
    '&"; budget "&'
    f"{_dollars('decision_budget_p80')}"
    '&"; in one future of twenty more than "&'
    f"{_dollars('decision_worst_case_unused')}"
    '&" stays unused.")'
)

_REASON: Final = (
    '"Why: it is the cheapest of all tiers and of no deal on "&n_scenarios&" scenarios: "&'
    f"{_dollars('decision_saving')}"
    '&" less than the "&'
    f"{_dollars('decision_no_deal_cost')}"
    '&" that no deal costs on average. "&'
    f"{_percent('decision_percentile')}"
    '&" of the futures draw down no more than the commitment and lose the rest; the others pay '
    'overage ("&in_overage&"). Sized on the unoptimised bill it would be "&'
    f"{_dollars('decision_as_is_commitment')}"
    '&", which costs "&'
    f"{_dollars('decision_avoided_cost')}"
    '&" more on average."'
)


def waterfall_columns(first: int, usd: str, kind: str) -> list[Column]:
    """Give the columns that a waterfall is drawn from, for a list whose first row is `first`.

    `usd` and `kind` are column letters; the others follow `kind`.
    """
    level = chr(ord(kind) + 1)
    words = {
        "kind": f"{kind}{first}",
        "usd": f"{usd}{first}",
        "level": f"{level}{first}",
        "level_above": f"{level}{first - 1}",
    }
    return [
        Column(c.label, c.role, c.number_format, c.formula and c.formula.format(**words))
        for c in CHART_COLUMNS
    ]


def _bridge(page: Page) -> None:
    """Name the place of the chart, and lay out what it is drawn from beside the page."""
    page.stale_banner(f"F{_BRIDGE_HEAD - 1}")
    page.name("chart_bridge", f"F{_CHART_ROW}")
    page.table(
        "bridge_rows",
        _BRIDGE_HEAD,
        [
            Column("Bridge, step by step", Role.LABEL),
            Column("USD", Role.SERVICE, USD, None, "bridge_usd"),
            *[Column("")] * 2,
            *waterfall_columns(_BRIDGE_HEAD + 1, "G", "J"),
        ],
        column=6,
    )
    page.ws.row_dimensions[_BRIDGE_HEAD].height = 20
    page.name("bridge_kind", f"J{_BRIDGE_HEAD + 1}")


STEP_WORDS: Final = {
    "as is": "List cost as is",
    "optimised": "List cost, optimised",
    "batch": "Batch",
    "caching": "Prompt caching",
    "routing": "Routing",
    "one-offs": "One-offs",
    "growth": "Growth",
    "changes already made": "Changes already made",
    "prices and retirements": "Prices, retirements",
    "expected list changes": "Expected list changes",
    "discount": "Discount",
    "margin": "Margin",
    "commitment": "Commitment",
}


def step_words(step: str) -> str:
    """Name a step of a bridge as the sheets do; the first begins the same for terms of any length.

    >>> step_words("last quarter x 12"), step_words("growth"), step_words("a lever of your own")
    ('Run rate, last quarter', 'Growth', 'a lever of your own')
    """
    if step.startswith(RUN_RATE_STEP):
        return "Run rate, last quarter"
    return STEP_WORDS.get(step, step)


def step_rows(steps: Sequence[BridgeStep], n_blank: int) -> list[list[object]]:
    """Give the rows of a waterfall: the first and the last step are levels, the rest changes."""
    last = len(steps) - 1
    return [
        [
            step_words(step.step),
            step.usd,
            *([KEEP] * n_blank),
            "level" if i in (0, last) else "change",
            *([KEEP] * (len(CHART_COLUMNS) - 1)),
        ]
        for i, step in enumerate(steps)
    ]


def fill(book: Book, recommendation: Recommendation) -> None:
    """Write the service's values beside the formulas, and the bridge."""
    for figure in HEADLINE + BEHIND:
        if figure.service:
            book.set(f"service_{figure.key}", figure.service(recommendation))
    interval = recommendation.commitment.interval
    band = recommendation.commitment.indifference_band
    book.set("service_interval_lower", interval.lower_usd if interval else "not known")
    book.set("service_interval_upper", interval.upper_usd if interval else "not known")
    book.set("service_band_lower", band.lower_usd)
    book.set("service_band_upper", band.upper_usd)
    book.set("tolerance_share", band.tolerance_share)
    book.rows("bridge_rows", step_rows(recommendation.bridge, 2))
