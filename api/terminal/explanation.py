"""What was understood of exports, file by file and together, for whoever has to vouch for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from api.terminal.layout import notes, page, plain, table

if TYPE_CHECKING:
    import pandas as pd

    from forecast.usage.reading import Exports, SourceReport

_UNKNOWN_MEANS = {
    "requests": "tokens a request stay unknown: caching and batch limits rest on workloads.toml",
    "cache_write_1h_tokens": "every cache write is priced as one of 5 minutes",
    "cache_write_5m_tokens": "cache writes are not priced",
    "cache_read_tokens": "cache reads are not priced apart: cost is overstated where they occur",
    "service_tier": "everything is priced as standard: batch would cost half of it",
    "geography": "everything is priced as global: US or regional inference costs 10 % more",
    "context_window": "prices of long prompts are not applied",
    "speed": "everything is priced at standard speed: fast mode costs twice as much",
    "model": "nothing can be priced",
    "api_key": "rules by api_key catch nothing",
    "workspace": "rules by workspace catch nothing",
    "prefix": "requests that share a prompt cannot be told: cache hits rest on workloads.toml",
    "web_searches": "web searches are not priced",
}
"""What it means for the numbers that a column is unknown."""


def understood(exports: Exports) -> Group:
    """Show what every file was read as, and the totals of all of them."""
    return page(
        [
            *(_file(report) for report in exports.sources),
            _usage(exports.rows) if len(exports.rows) else None,
            _costs(exports.costs) if len(exports.costs) else None,
            notes("Passed over", exports.skipped),
        ]
    )


def _file(report: SourceReport) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for name, said in _lines(report):
        grid.add_row(plain(f"  {name}"), plain(said))
    return Group(Text.assemble(plain(report.file), "  is ", plain(report.description)), grid)


def _lines(report: SourceReport) -> Iterator[tuple[str, str]]:
    yield "format", f"{report.format_name}, recognised by what is in it"
    yield (
        "covers",
        f"{report.first_day} to {report.last_day} (UTC): {report.n_rows:,} records of usage, "
        f"{report.n_cost_lines:,} cost lines",
    )
    yield (
        "counted by",
        "the vendor that bills"
        if report.seen_by == "vendor"
        else "an observer; what did not pass it is missing",
    )
    if report.n_rows:
        yield (
            "input",
            "includes cached tokens as exported; they were taken out"
            if report.input_includes_cache
            else "without cached tokens, as exported",
        )
    if report.amounts is not None:
        yield "amounts", f"{report.amounts.meaning}, in {report.amounts.unit}; shown here in USD"
    for column in report.cannot_tell:
        means = _UNKNOWN_MEANS.get(column, "taken as empty")
        yield "cannot tell", f"{column}: {means if report.n_rows else 'compared without it'}"
    for warning in report.warnings:
        yield "warning", warning


def _usage(rows: pd.DataFrame) -> Group:
    from forecast.records.usage import TOKEN_COLUMNS

    by = ["platform", "model", "service_tier"]
    counts = [*TOKEN_COLUMNS, "web_searches"]
    sums = rows.groupby(by, sort=True)[counts].sum()
    requests = rows.groupby(by, sort=True)["requests"].sum(min_count=1)
    lines = []
    for key in sums.index:
        shown = [(name, f"{int(n):,}") for name, n in sums.loc[key].items() if n]
        shown.append(("requests", "–" if requests.isna()[key] else f"{int(requests[key]):,}"))
        lines += [
            (f"{key[0]}: {key[1]}", str(key[2]), str(name).replace("_", " "), count)
            for name, count in shown
        ]
    return table(
        f"Usage of all files, {rows['day'].min():%Y-%m-%d} to {rows['day'].max():%Y-%m-%d}",
        ["platform: model", "tier", "what", "count"],
        lines,
        text_columns=3,
    )


def _costs(costs: pd.DataFrame) -> Group:
    lines = []
    for (platform, charge), part in costs.groupby(["platform", "charge"], sort=True):
        amounts = [_sum(part[c]) for c in ("list_usd", "contracted_usd", "billed_usd")]
        lines.append((platform or "–", charge, f"{len(part):,}", *amounts))
    return table(
        f"Cost lines of all files, {costs['start'].min():%Y-%m-%d} to before "
        f"{costs['end'].max():%Y-%m-%d}",
        ["platform", "charge", "lines", "list USD", "contracted USD", "billed USD"],
        lines,
        text_columns=2,
    )


def _sum(amounts: Sequence[Decimal | None]) -> str:
    known = [amount for amount in amounts if amount is not None]
    return f"{sum(known, Decimal(0)):,.2f}" if known else "–"
