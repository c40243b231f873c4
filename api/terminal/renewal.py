"""A renewal file as a page for the terminal, and as Markdown."""

from __future__ import annotations

from rich.console import Group

from api.terminal.layout import page, percent, plain, usd
from api.terminal.sections import Section, as_markdown, remarks, shown
from forecast.records.renewal import Renewal, RenewalTerm


def sections(result: Renewal) -> list[Section]:
    """Give what there is to read, the decision first."""
    found = [
        _next(result),
        _terms(result),
        remarks("What the vendor may see", [f.fact for f in result.leverage if f.may_be_shown]),
        remarks(
            "What only we should know", [f.fact for f in result.leverage if not f.may_be_shown]
        ),
        Section(
            "Days to come under the running contract",
            ("day", "what"),
            tuple((str(d.day), d.what) for d in result.dates),
        ),
    ]
    return [section for section in found if section.rows]


def markdown(result: Renewal) -> str:
    """Write a renewal file as Markdown."""
    return as_markdown(f"{result.contract}: renewal, as of {result.as_of}", sections(result))


def written(result: Renewal, directory: object) -> Group:
    """Show a renewal file, and where it lies."""
    return page([*map(shown, sections(result)), plain(f"In {directory}")])


def _next(result: Renewal) -> Section:
    found = result.next
    head = found.headline
    rows = [
        ("Sign for", usd(head.sign_for_usd)),
        ("Expect to pay", usd(head.expect_to_pay_usd)),
        ("Budget (P80)", usd(head.budget_p80_usd)),
        ("Worst-case unused (P95)", usd(head.worst_case_unused_usd)),
        ("Discount", percent(found.discount_share, 1)),
        ("Against what is signed now, a year", usd(found.change_usd)),
        (
            "As good within the tolerance",
            f"{usd(found.indifference_band.lower_usd)} to {usd(found.indifference_band.upper_usd)}",
        ),
    ]
    if found.ratchet_usd:
        rows.append(("Least that the running contract asks for", usd(found.ratchet_usd)))
    if found.widening_factor > 1:
        rows.append(("Spread, after past forecasts", f"{found.widening_factor:.2f} times"))
    return Section(
        f"The next commitment: {found.term_months} months from {found.term_start}, "
        f"{result.months_left} months before",
        ("what", "over the term"),
        tuple(rows),
    )


def _terms(result: Renewal) -> Section:
    """Lay out one column a term: names of terms are long, and most contracts have had few."""
    lines = [_term(term) for term in result.terms]
    names = (
        "months, recorded so far", "signed", "list cost", "paid", "unused", "best",
        "would have paid", "no deal", "saving caught",
    )  # fmt: skip
    return Section(
        "What we signed, what we used, what we should have signed",
        ("what", *(f"from {term.outcome.term_start}" for term in result.terms)),
        tuple((name, *cells) for name, *cells in zip(names, *lines, strict=True)),
    )


def _term(term: RenewalTerm) -> tuple[str, ...]:
    o = term.outcome
    running = term.months_recorded < o.term_months
    return (
        f"{term.months_recorded} of {o.term_months}, the rest expected"
        if running
        else f"all {o.term_months}",
        usd(o.signed_usd),
        usd(o.list_usd),
        usd(o.paid_usd),
        usd(term.unused_usd),
        usd(o.best_commitment_usd),
        usd(o.best_cost_usd),
        usd(o.no_deal_cost_usd),
        percent(o.savings_capture) if o.savings_capture is not None else "none",
    )
