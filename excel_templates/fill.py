"""The negotiation workbook: a template filled with one recommendation.

template ─► names checked ─► service's values ─► decision set with its formulas ─► charts
         ─► every formula worked out once ─► one .xlsx whose bytes depend on its content alone
"""

from __future__ import annotations

import warnings
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Final

from openpyxl import load_workbook
from openpyxl.workbook import Workbook

from excel_templates import charts
from excel_templates.book import Book
from excel_templates.cached import Saved, save
from excel_templates.design import TEMPLATE
from excel_templates.formulas.calculate import Calculator
from excel_templates.formulas.functions import number
from excel_templates.house_drawings import keep_charts
from excel_templates.sheets import (
    about,
    approvals,
    backtest,
    changes,
    cleaning_switches,
    concessions,
    curve,
    decision,
    decision_set,
    forecast,
    history,
    inputs,
    kept_savings,
    levers,
    lists,
    offers,
    ramp,
    reconciliation,
    sources,
    tiers,
    workings,
    workloads,
)
from excel_templates.sheets.savings import savings_of
from forecast.errors import InputError
from forecast.paths import DecisionSet, Floats
from forecast.records.recommendation import Recommendation

MAX_TEMPLATE_BYTES: Final = 20_000_000
"""Assumed: forty times the shipped template, pictures of a house style included."""


def build_workbook(
    recommendation: Recommendation,
    decisions: DecisionSet,
    *,
    template: Path | None = None,
    previous: Recommendation | None = None,
) -> bytes:
    """Fill the negotiation workbook.

    Parameters
    ----------
    recommendation
        What the service said; its terms say which formulas can carry the contract.
    decisions
        The decision set the recommendation was made on, M scenarios of T months.
    template
        A copy of the shipped template that keeps its defined names; None takes the shipped one.
    previous
        What was recommended before, to be compared with on the sheet Changes.

    Returns
    -------
    bytes
        An .xlsx file. The same arguments give the same bytes.

    Raises
    ------
    InputError
        The template cannot be read or misses defined names, or the decision set is not the
        recommendation's.
    """
    return fill_workbook(recommendation, decisions, template=template, previous=previous).content


def fill_workbook(
    recommendation: Recommendation,
    decisions: DecisionSet,
    *,
    template: Path | None = None,
    previous: Recommendation | None = None,
) -> Saved:
    """Fill the workbook, and say beside how many of its formulas a value stands."""
    terms = recommendation.terms
    _check_belongs(recommendation, decisions)
    path = template or TEMPLATE
    book = Book(load_template(path), path.name)
    switches = cleaning_switches.switches_of(recommendation, decisions, terms.period_months)
    savings = savings_of(decisions, terms.period_months, switches.workloads)
    workings.fill(book, recommendation, decisions.n_scenarios)
    inputs.fill(book, recommendation, savings)
    kept_savings.fill(book, savings, switches.workloads)
    cleaning_switches.fill(book, switches)
    history.fill(book, recommendation, switches)
    for sheet in (
        about,
        decision,
        reconciliation,
        workloads,
        levers,
        forecast,
        backtest,
        curve,
        tiers,
        lists,
        offers,
        ramp,
        concessions,
        approvals,
        sources,
    ):
        sheet.fill(book, recommendation)
    changes.fill(book, recommendation, previous)
    arrays = decision_set.fill(book, savings, switches, decisions)
    charts.draw(
        book,
        live=workings.why_not_live(terms) is None,
        n_backtest=backtest.first_horizon(recommendation.backtest),
    )
    calculator = Calculator(book.workbook, arrays)
    for key in ("typed", "best"):
        for name, values in _costs(calculator, arrays["period_list"], key).items():
            arrays[name] = values
            calculator.provide(name, values)
    stamp = datetime.combine(recommendation.provenance.as_of, datetime.min.time())
    book.workbook.properties.created = stamp
    book.workbook.properties.creator = "commitment-sizing"
    book.workbook.properties.title = "Commitment sizing: the negotiation workbook"
    return save(
        book.workbook,
        calculator,
        decision_set.grid(book, savings, switches, arrays),
        as_of=recommendation.provenance.as_of,
    )


def _check_belongs(recommendation: Recommendation, decisions: DecisionSet) -> None:
    terms = recommendation.terms
    if len(decisions.months) != terms.term_months or decisions.months[0] != terms.term_start:
        raise InputError(
            f"the decision set covers {len(decisions.months)} months from {decisions.months[0]}, "
            f"the recommendation {terms.term_months} from {terms.term_start}; give the scenarios "
            "that were stored with this recommendation"
        )
    if decisions.n_scenarios != recommendation.provenance.n_scenarios:
        raise InputError(
            f"the decision set has {decisions.n_scenarios} scenarios, the recommendation was made "
            f"on {recommendation.provenance.n_scenarios}; give the scenarios that were stored "
            "with this recommendation"
        )


def load_template(path: Path) -> Workbook:
    """Read a template; charts are kept as they are, macros and links to other files left behind.

    Raises
    ------
    InputError
        It is too large or no .xlsx workbook.
    """
    try:
        if path.stat().st_size > MAX_TEMPLATE_BYTES:
            raise InputError(
                f"is larger than {MAX_TEMPLATE_BYTES:,} bytes; a template holds no data",
                file=path.name,
            )
        with warnings.catch_warnings():
            # What it leaves behind is told by `template check`, in our words.
            warnings.filterwarnings("ignore", module="openpyxl")
            workbook = load_workbook(path, keep_links=False, keep_vba=False)
        with zipfile.ZipFile(path) as archive:
            keep_charts(workbook, archive)
        return workbook
    except (OSError, zipfile.BadZipFile, KeyError, ValueError) as problem:
        raise InputError(
            f"cannot be read as an .xlsx workbook ({problem}); start from the shipped template "
            "(python -m excel_templates.design --out FILE)",
            file=path.name,
        ) from problem


def _costs(calculator: Calculator, listed: Floats, key: str) -> dict[str, Floats]:
    figures = {
        part: number(calculator.name(f"{key}_{part}"))
        for part in ("discount", "overage_discount", "used_up_at", "unused_price")
    }
    figures["unused_value"] = number(calculator.name("used_unused_value"))
    return decision_set.cost_columns(listed, figures, key)
