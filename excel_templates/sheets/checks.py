"""Checks: the workbook against the service, its own sums, and what was changed since.

A figure passes when it rounds to the same cent (or the same probability); figures are compared
only while the inputs are as generated. One light sums them up on every sheet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from openpyxl.workbook import Workbook

from excel_templates.layout import Page
from excel_templates.sheets import reconciliation
from excel_templates.sheets.figures import FIGURES
from excel_templates.sheets.settled_rows import N_TIERS
from excel_templates.styles import SHARE, USD_CENTS, Role

TITLE: Final = "Checks"
_HALF_CENT: Final = "0.005001"
_SAME_SHARE: Final = "0.0000000001"
N_CHANGES: Final = 15
_FIRST: Final = 12


@dataclass(frozen=True)
class _Check:
    label: str
    workbook: str
    expected: str
    tolerance: str
    number_format: str
    when: str
    """Condition under which it is compared; `TRUE` always."""
    otherwise: str = ""
    """What stands where it is not: a text, or a formula that begins with IF."""


_COMPARABLE: Final = "AND(live=1,basis_changed=0)"
_NOT_COMPARED: Final = "not compared"


def _service_checks() -> list[_Check]:
    found = []
    for figure in FIGURES:
        if figure.best and figure.service:
            money = figure.number_format == USD_CENTS
            found.append(
                _Check(
                    figure.label,
                    figure.best,
                    f"service_{figure.key}",
                    _HALF_CENT if money else _SAME_SHARE,
                    figure.number_format,
                    _COMPARABLE,
                    _NOT_COMPARED,
                )
            )
    for k in range(1, N_TIERS + 1):
        exists = f"ISNUMBER(INDEX(tier_from_used,{k}))"
        here = f"AND({_COMPARABLE},{exists})"
        for what, column in (("best commitment", "commitment"), ("expected cost", "expected_cost")):
            found.append(
                _Check(
                    f"Tier {k}: {what}",
                    f'IF(ISNUMBER(INDEX(tier_from_used,{k})),INDEX(tier_row_{column},{k}),"")',
                    f'IF(ISNUMBER(INDEX(tier_from_used,{k})),INDEX(service_tier_{column},{k}),"")',
                    _HALF_CENT,
                    USD_CENTS,
                    here,
                    f'IF({exists},"{_NOT_COMPARED}","no such tier")',
                )
            )
    return found


def _own_checks() -> list[_Check]:
    tier_order = "+".join(
        f"(INDEX(tier_threshold,{k})<=INDEX(tier_threshold,{k - 1}))"
        f"*(INDEX(tier_threshold,{k})<1E+15)"
        for k in range(2, N_TIERS + 1)
    )
    gaps = "+".join(
        f"ISNUMBER(INDEX(tier_from_used,{k}))*(1-ISNUMBER(INDEX(tier_from_used,{k - 1})))"
        for k in range(2, N_TIERS + 1)
    )
    shares = ("overage_discount", "unused_value", "outside_discount", "realisation")
    outside = "+".join(f"(in_{key}<0)+(in_{key}>1)" for key in shares)
    return [
        _Check("Scenarios in the decision set", "COUNT(scenario_term_list)", "n_scenarios",
               "0", "0", "TRUE"),
        _Check("As is: workloads sum to the mean of the paths", "SUM(workload_as_is_usd)",
               "SUM(as_is_term)/n_scenarios", "0.01+0.01*COUNT(workload_as_is_usd)", USD_CENTS,
               "entries_switched=0", _NOT_COMPARED),
        _Check("Optimised: workloads sum to the mean of the paths", "SUM(workload_optimised_usd)",
               "mean_list_usd", "0.01+0.01*COUNT(workload_optimised_usd)", USD_CENTS,
               "basis_changed=0", _NOT_COMPARED),
        _Check("Bridge: first level and changes make the last",
               'SUMPRODUCT((bridge_kind="change")*bridge_usd)+INDEX(bridge_usd,1)',
               "INDEX(bridge_usd,COUNT(bridge_usd))", _HALF_CENT, USD_CENTS, "TRUE"),
        _Check("Lever waterfall: first level and changes make the last",
               'SUMPRODUCT((waterfall_kind="change")*waterfall_usd)+INDEX(waterfall_usd,1)',
               "INDEX(waterfall_usd,COUNT(waterfall_usd))", _HALF_CENT, USD_CENTS, "TRUE"),
        _Check("Reconciliation: repriced less billed makes the differences",
               "SUM(reconciled_repriced)-SUM(reconciled_billed)", "SUM(reconciled_difference)",
               "0.01+0.01*COUNT(reconciled_billed)", USD_CENTS, "TRUE"),
        _Check("Tiers that do not rise, or stand after an empty one", f"{tier_order}+{gaps}", "0",
               "0", "0", "TRUE"),
        _Check("The first tier starts at 0", 'IF(INDEX(tier_from_used,1)=0,0,1)', "0", "0", "0",
               "TRUE"),
        _Check("Tiers with one number, or with a text",
               'SUMPRODUCT((in_tier_from<>"")*1)+SUMPRODUCT((in_tier_discount<>"")*1)'
               "-2*COUNT(tier_from_used)", "0", "0", "0", "TRUE"),
        _Check("Discounts of tiers outside 0 to 1",
               "SUMPRODUCT((in_tier_discount<0)+(in_tier_discount>=1))", "0", "0", "0", "TRUE"),
        _Check("Offers with one number, or with a text",
               'SUMPRODUCT((in_offer_commitment<>"")*1)+SUMPRODUCT((in_offer_discount<>"")*1)'
               "-2*SUM(offer_row_counts)", "0", "0", "0", "TRUE"),
        _Check("Offers below 0, or at a discount outside 0 to 1",
               "SUMPRODUCT((in_offer_commitment<0)+(in_offer_discount<0)+(in_offer_discount>=1))",
               "0", "0", "0", "TRUE"),
        _Check("Shares outside 0 to 1", outside, "0", "0", "0", "TRUE"),
        _Check("Shocks of -100 % or less", "(in_growth_shock<=-1)+(in_price_change<=-1)", "0", "0",
               "0", "TRUE"),
        _Check("A commitment below 0", "(in_commitment<0)*1", "0", "0", "0", "TRUE"),
        _Check("Switches that are neither 1 nor 0",
               "SUMPRODUCT((in_line_on<>1)*(in_line_on<>0))", "0", "0", "0", "TRUE"),
        _Check("Cleaning entries that are neither 1 nor 0",
               "SUMPRODUCT((in_entry_on<>1)*(in_entry_on<>0))", "0", "0", "0", "TRUE"),
        _Check("Levers later by less than 0 months, or by more than the term",
               "SUMPRODUCT((in_line_slip<0)+(in_line_slip>term_months))", "0", "0", "0", "TRUE"),
        _Check("The word for overage is known",
               '(in_overage="list")+(in_overage="committed_rate")+(in_overage="discounted")', "1",
               "0", "0", "TRUE"),
        _Check("Numbers typed where numbers belong",
               "+".join(f"ISNUMBER(in_{key})*1" for key in
                        ("commitment", *shares, "growth_shock", "price_change")),
               "7", "0", "0", "TRUE"),
        _Check("Closed form: tiers whose rank differs from the search",
               "SUMPRODUCT((tier_rank<>tier_closed_form_rank)*(tier_quantile>0)"
               "*(tier_threshold<1E+15))",
               "0", "0", "0", "AND(live=1,OR(n_periods=1,used_unused_value=0))",
               "holds for one period, or unused that is lost"),
        _Check("Best commitment: no point of the curve is cheaper",
               "MIN(0,MIN(curve_row_expected_cost)-best_expected_cost)", "0", "0.01",
               USD_CENTS, "live=1", _NOT_COMPARED),
        _Check("Moves that cost something else than the service says",
               "SUMPRODUCT((move_extra-service_move_extra>0.010001)*1)"
               "+SUMPRODUCT((service_move_extra-move_extra>0.010001)*1)"
               "+SUMPRODUCT((move_unused-service_move_unused>0.005001)*1)"
               "+SUMPRODUCT((service_move_unused-move_unused>0.005001)*1)", "0", "0", "0",
               _COMPARABLE, _NOT_COMPARED),
        _Check("Typed commitment: mean of the scenarios' costs",
               "SUM(typed_cost)/n_scenarios", "typed_expected_cost", "0.000001", USD_CENTS,
               "live=1", _NOT_COMPARED),
        _Check("Best commitment: mean of the scenarios' unused",
               "SUM(best_unused)/n_scenarios", "best_expected_unused", "0.000001", USD_CENTS,
               "live=1", _NOT_COMPARED),
    ]  # fmt: skip


def design(workbook: Workbook) -> None:
    """Lay out the sheet."""
    page = Page(
        workbook,
        TITLE,
        "Checks",
        "Does the workbook say what the service says, and do its own sums hold?",
        widths=(50, 18, 18, 14, 16, 3, 30, 18, 12, 18, 12, 3, 14, 60),
        printed_columns=11,
        freeze="B4",
    )
    page.live_banner("A4")
    page.light("A9", reconciliation.BANNER, reconciliation.LEVEL)
    checks = [*_service_checks(), *_own_checks()]
    last = _FIRST + len(checks) - 1
    _lights(page, last)
    page.header(
        _FIRST - 1, ("Check", ">Workbook", ">Service or expected", ">Difference allowed", "Result")
    )
    for i, check in enumerate(checks):
        row = _FIRST + i
        page.put(f"A{row}", check.label, Role.LABEL)
        page.put(f"B{row}", f"={check.workbook}", number_format=check.number_format)
        page.put(f"C{row}", f"={check.expected}", number_format=check.number_format)
        page.put(f"D{row}", f"={check.tolerance}", number_format="0.00##########")
        verdict = f'IF(ABS(B{row}-C{row})<=D{row},"● ok","■ FAIL")'
        if check.when != "TRUE":
            otherwise = check.otherwise
            if not otherwise.startswith("IF("):
                otherwise = f'"{otherwise}"'
            verdict = f"IF({check.when},{verdict},{otherwise})"
        page.put(f"E{row}", f"={verdict}", Role.CHECK)
    page.name("check_results", f"E{_FIRST}:E{last}")
    page.colour_by(
        f"E{_FIRST}:E{last}",
        f'IF(LEFT(E{_FIRST},1)="●",0,IF(LEFT(E{_FIRST},1)="■",2,-1))',
    )
    _changes(page)
    page.close(last)


def _lights(page: Page, last: int) -> None:
    results = f"E{_FIRST}:E{last}"
    cells = (
        ("Checks that fail", f'=SUMPRODUCT(({results}="■ FAIL")*1)', "checks_failed", "0"),
        ("Checks that pass", f'=SUMPRODUCT(({results}="● ok")*1)', "checks_passed", "0"),
        ("Inputs changed since generation", "=SUM(input_changed)", "inputs_changed", "0"),
        ("of these, other than commitment and offers",
         "=inputs_changed-INDEX(input_changed,1)-SUM(offer_changed)", "basis_changed", "0"),
    )  # fmt: skip
    for i, (label, formula, name, number_format) in enumerate(cells):
        page.put(f"A{5 + i}", label, Role.LABEL)
        page.put(f"B{5 + i}", formula, Role.RESULT, number_format, name=name)
    texts = (
        ("light_level", "=IF(checks_failed>0,2,IF(inputs_changed>0,1,0))"),
        (
            "light_text",
            '=IF(light_level=2,"■ "&checks_failed&" check(s) fail: see Checks",'
            'IF(light_level=1,"▲ "&inputs_changed&" input(s) changed since this workbook was '
            'generated","● All "&checks_passed&" checks pass; inputs are as generated"))',
        ),
        ("stale_level", "=IF(basis_changed=0,0,1)"),
        (
            "stale_text",
            '=IF(basis_changed=0,"● Service values; the inputs they rest on are unchanged",'
            '"▲ STALE: "&basis_changed&" input(s) changed; these are the service\'s values for '
            'the inputs as generated")',
        ),
        ("live_level", "=IF(live=1,-1,1)"),
        (
            "live_text",
            '=IF(live=1,"","▲ NOT LIVE for this contract ("&live_reason&"): the service\'s values '
            'stand, and typing changes nothing here")',
        ),
    )
    for i, (name, formula) in enumerate(texts):
        page.put(f"N{5 + i - 1}", formula, Role.NOTE, name=name)
        page.put(f"M{5 + i - 1}", name.replace("_", " "), Role.NOTE)


def _changes(page: Page) -> None:
    page.header(
        _FIRST - 1,
        ("Changed input", ">Typed", ">Discount typed", ">As generated", ">Discount then"),
        column=7,
    )  # fmt: skip
    for i in range(N_CHANGES):
        row, k = _FIRST + i, i + 1
        at = f"MATCH({k},input_running,0)"
        for column, name, number_format in (
            ("G", "input_label", "General"),
            ("H", "input_typed", "#,##0.####"),
            ("I", "input_typed_more", "0.0%;-0.0%;0.0%;@"),
            ("J", "input_service", "#,##0.####"),
            ("K", "input_service_more", SHARE),
        ):
            value = f"INDEX({name},{at})"
            if column in "IK":
                value = f'IF(ISNUMBER({value}),{value},"")'
            page.put(
                f"{column}{row}",
                f'=IF(inputs_changed<{k},"",{value})',
                number_format=number_format,
            )
    row = _FIRST + N_CHANGES
    page.put(
        f"G{row}",
        f'=IF(inputs_changed>{N_CHANGES},"… and "&(inputs_changed-{N_CHANGES})&" more","")',
        Role.NOTE,
    )
