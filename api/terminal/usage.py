"""Usage exports and list cost as readable pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from api.terminal.layout import notes, page, plain, table
from api.terminal.reconciliation import reconciliation

if TYPE_CHECKING:
    import pandas as pd

    from forecast.records.reconciliation import Reconciliation
    from forecast.usage.formats.protocol import Books
    from forecast.usage.reading import SourceReport


def sources(reports: Sequence[SourceReport], n_rows: int, out: str) -> Group:
    """Show what was read from every file."""
    rows = table(
        "Usage read",
        ["file", "format", "rows", "first day", "last day"],
        [
            (r.file, r.format_name, f"{r.n_rows:,}", _day(r.first_day), _day(r.last_day))
            for r in reports
        ],
        text_columns=2,
    )
    return page([rows, source_notes(reports), plain(f"{n_rows:,} rows are in {out}")])


def cost_table(n_written: int, n_read: int, out: str) -> Text:
    """Say how many cost lines were written, and which were not."""
    left = n_read - n_written
    rest = f"; {left:,} estimated ones are left out, nobody was billed for them" if left else ""
    return plain(f"{n_written:,} cost lines are in {out}{rest}")


def known_formats(kinds: Sequence[Books]) -> Group:
    """List the formats with what they hold, and what they cannot tell."""
    return table(
        "Exports that can be read, recognised by content",
        ["name", ""],
        [(plain(kind.name), _what_it_holds(kind)) for kind in kinds],
        text_columns=2,
    )


def _what_it_holds(kind: Books) -> Text:
    said = [" and ".join(kind.holds)]
    if "usage" in kind.holds:
        cached = "with cached tokens, taken out" if kind.input_includes_cache else "without cached"
        said.append(f"input {cached}")
    if kind.amounts:
        said.append(f"amounts {kind.amounts.meaning}, in {kind.amounts.unit}")
    if kind.cannot_tell:
        said.append(f"cannot tell {', '.join(kind.cannot_tell)}")
    return Text.assemble(plain(kind.description), "\n", Text("; ".join(said), style="dim"))


def source_notes(reports: Sequence[SourceReport]) -> RenderableType | None:
    """Show what the exports could not tell, and what looked wrong in them."""
    lines = [f"{r.file} cannot tell {', '.join(r.cannot_tell)}" for r in reports if r.cannot_tell]
    lines += [f"{r.file}: {warning}" for r in reports for warning in r.warnings]
    return notes("What the exports do not say", lines)


def source_warnings(reports: Sequence[SourceReport]) -> RenderableType | None:
    """Show what the exports warn of, such as pages that are missing."""
    lines = [f"{r.file}: {warning}" for r in reports for warning in r.warnings]
    return notes("What to know about the exports", lines)


def list_cost(
    summary: pd.DataFrame,
    as_of: date,
    checked: Reconciliation | None = None,
    reports: Sequence[SourceReport] = (),
    *,
    at_list: bool = True,
) -> Group:
    """Show cost by month, model and token kind, with the totals of the months.

    `at_list` is false where a price sheet of the customer's own had its say.
    """
    what, column = ("List cost", "list USD") if at_list else ("Cost at your own prices", "USD")
    rows = []
    for month, part in summary.groupby("month", sort=True):
        for row in part.itertuples():
            if row.tokens or row.list_usd:
                amount = _cents(row.list_usd)
                rows.append(
                    (f"{month:%Y-%m}", row.model, row.token_kind, f"{row.tokens:,}", amount)
                )
        rows.append((f"{month:%Y-%m}", "all models", "", "", _cents(sum(part["list_usd"]))))
    total = sum(summary["list_usd"], Decimal(0))
    return page(
        [
            table(
                f"{what} with the prices known on {as_of}",
                ["month", "model", "token kind", "tokens", column],
                rows,
                text_columns=3,
            ),
            plain(f"{what} in total: ${_cents(total)}"),
            source_warnings(reports),
            reconciliation(checked) if checked else None,
        ]
    )


def _cents(amount: Decimal) -> str:
    return f"{amount:,.2f}"


def _day(value: date | None) -> str:
    return "–" if value is None else value.isoformat()
