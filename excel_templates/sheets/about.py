"""About: what is where, how to read it, and what the workbook was made from."""

from __future__ import annotations

from typing import Final

from openpyxl.styles import Alignment, Protection
from openpyxl.workbook import Workbook
from openpyxl.worksheet.hyperlink import Hyperlink

from excel_templates.book import Book
from excel_templates.layout import Column, Page
from excel_templates.styles import COUNT, DAY, MEANING, USD_CENTS, Role
from forecast.records.recommendation import Recommendation

TITLE: Final = "About"

INDEX: Final = (
    ("Decision", "what to sign and why; the four numbers; the bridge from last quarter's bill"),
    ("Inputs", "the only cells to type in: counter-offers, clauses, shocks, levers"),
    ("Usage history", "observed list cost by month"),
    ("Exclusion ledger", "what looks odd in the usage, what it is worth, and what acts"),
    ("Reconciliation", "does the usage reprice to the bill; the discount that is paid today"),
    ("Workloads", "which work can wait, who has said yes, what it costs"),
    ("Levers", "what batch, caching and routing take off"),
    ("Forecast", "the fan of the term"),
    ("Backtest", "had you used this before: what it would have said, and what it would have cost"),
    ("Commitment curve", "cost, waste and chances at every commitment"),
    ("Tiers", "the best commitment of every tier; what moving away from ours costs"),
    ("Clauses", "what each clause is worth in dollars"),
    ("Exchange", "what a clause is worth in points of discount: give one, get another"),
    ("Offers", "the offers side by side, live, and as the service scored them"),
    ("Scenarios", "the decision under named shocks"),
    ("What flips it", "how far an assumption may be off before another number is right"),
    ("Waiting", "what signing later, or less now with a right to add, is worth"),
    ("Ramp schedule", "one amount a period, or an amount of its own for every period"),
    ("Negotiation plan", "where to open, what to aim at, where to stop, issue by issue"),
    ("Concessions", "what every step above our number costs, and what to ask for in return"),
    ("Talk track", "what to say with the numbers of now, what to ask, what the others want"),
    ("Approvals", "what we do without a deal; boxes for those who have to say yes"),
    ("Cash", "cash and expense by month"),
    ("Migration", "what to migrate, in order"),
    ("Efficiency dossier", "how well the tokens are used: the page the vendor may see"),
    ("Differences", "where usage and bill are apart, and what to do about it"),
    ("Checks", "does the workbook say what the service says"),
    ("Changes", "this recommendation beside the last one: what moved, and why"),
    ("Sources", "where every number comes from"),
    ("Workings", "the formulas behind the answers"),
    ("Decision set", "the scenarios everything is counted from"),
)

_FACTS: Final = (
    ("about_contract", "Contract", "General"),
    ("about_term", "Term", "General"),
    ("about_as_of", "Usage up to", DAY),
    ("about_rate_card_day", "Prices in force on", DAY),
    ("about_scenarios", "Scenarios", COUNT),
    ("about_sampling_error", "Sampling error of the expected cost, USD", USD_CENTS),
    ("about_seed", "Seed", "0"),
    ("about_version", "Package version", "General"),
)
_FACTS_ROW: Final = 6
_INDEX_ROW: Final = _FACTS_ROW + len(_FACTS) + 3
_LEGEND_ROW: Final = _INDEX_ROW + len(INDEX) + 3
_WORDS_ROW: Final = _LEGEND_ROW + len(MEANING) + 2
_WORDS: Final = (
    ("Commitment", "an amount promised over the term; not a budget and not a forecast"),
    ("Contracted dollars", "list cost less the discount of the tier in force"),
    ("Unused", "committed, paid, and not drawn down"),
    ("Overage", "usage beyond the commitment"),
    ("P80", "the 80th percentile: four futures in five stay at or below"),
    ("As is, optimised", "today's levers carried on; with the levers that owners have accepted"),
)
_DIGESTS_HEAD: Final = _WORDS_ROW + len(_WORDS) + 2


def design(workbook: Workbook) -> None:
    """Lay out the sheet."""
    page = Page(
        workbook,
        TITLE,
        "Commitment sizing: the negotiation workbook",
        "Which amount to commit to, how sure it is, what each clause is worth, what to say at the "
        "table.",
        widths=(42, 125),
        freeze="A4",
    )
    page.section(_FACTS_ROW - 1, "This workbook")
    for i, (name, label, number_format) in enumerate(_FACTS):
        page.put(f"A{_FACTS_ROW + i}", label, Role.LABEL)
        cell = page.put(f"B{_FACTS_ROW + i}", None, Role.SERVICE, number_format, name=name)
        cell.alignment = Alignment(horizontal="left", vertical="top")
    page.header(_INDEX_ROW - 1, ("Sheet", "What it answers"), height=18)
    for i, (sheet, answers) in enumerate(INDEX):
        cell = page.put(f"A{_INDEX_ROW + i}", sheet, Role.LABEL)
        cell.hyperlink = Hyperlink(ref=cell.coordinate, location=f"'{sheet}'!A1")
        page.put(f"B{_INDEX_ROW + i}", answers, Role.LABEL)
    page.header(_LEGEND_ROW - 1, ("How to read it: a cell that looks like this", "is"), height=18)
    for i, (role, meaning) in enumerate(MEANING.items()):
        sample = page.put(f"A{_LEGEND_ROW + i}", role.name.lower(), role)
        sample.protection = Protection(locked=True)
        page.put(f"B{_LEGEND_ROW + i}", meaning, Role.LABEL)
    page.header(_WORDS_ROW - 1, ("Word", "Meaning"), height=18)
    for i, (word, meaning) in enumerate(_WORDS):
        page.put(f"A{_WORDS_ROW + i}", word, Role.LABEL)
        page.put(f"B{_WORDS_ROW + i}", meaning, Role.LABEL)
    page.table(
        "digest_rows",
        _DIGESTS_HEAD,
        [Column("File the result rests on", Role.SERVICE), Column("SHA-256", Role.SERVICE)],
    )
    page.close(_DIGESTS_HEAD + 1)
    page.break_before(_LEGEND_ROW - 1)


_SETTLED: Final = {
    "monthly": "every month",
    "quarterly": "every quarter",
    "annual": "every year",
    "term": "once, at the end",
}


def fill(book: Book, recommendation: Recommendation) -> None:
    """Write what the workbook was made from."""
    terms, made = recommendation.terms, recommendation.provenance
    settled = _SETTLED[terms.settlement]
    values = {
        "about_contract": terms.name,
        "about_term": f"{terms.term_months} months from {terms.term_start}, settled {settled}",
        "about_as_of": made.as_of,
        "about_rate_card_day": made.rate_card_day,
        "about_scenarios": made.n_scenarios,
        "about_sampling_error": made.sampling_error_usd,
        "about_seed": made.seed,
        "about_version": made.package_version,
    }
    for name, value in values.items():
        book.set(name, value)
    book.rows(
        "digest_rows",
        [[item.name, item.sha256] for item in made.inputs] or [["no file was named", ""]],
    )
