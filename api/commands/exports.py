"""Commands about usage exports: import, price, init."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.documents import price_document, report_document
from api.commands.options import (
    DEFAULT_MEMORY_BYTES,
    Arrivals,
    AsOf,
    Engine,
    Exports,
    ForceProgress,
    Format,
    Invoices,
    Json,
    Master,
    Memory,
    Prefer,
    PriceSheets,
    RefusalShare,
    ToleranceShare,
    limits_of,
)
from api.commands.output import print_json, print_page

if TYPE_CHECKING:
    from forecast.usage.log_sources import LogSettings
    from forecast.usage.reading import Exports as UsageExports


def import_exports(
    files: Exports,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            dir_okay=False,
            help="Where the table goes: .parquet or .csv, by its name.",
            show_default=False,
        ),
    ] = None,
    explain: Annotated[
        bool,
        typer.Option("--explain", help="Print what was understood of every file; needs no --out."),
    ] = False,
    costs: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            dir_okay=False,
            help="Where amounts that the exports hold go: a table of cost lines (.csv). Estimates "
            "of gateways and tracers stay out of it: nobody was billed for them.",
            show_default=False,
        ),
    ] = None,
    arrivals: Arrivals = None,
    engine: Engine = "duckdb",
    master: Master = None,
    memory: Memory = DEFAULT_MEMORY_BYTES,
    format_name: Format = None,
    prefer: Prefer = None,
    json: Json = False,
    progress: ForceProgress = False,
) -> None:
    """Read exports into one canonical usage table.

    One row a day for everything that decides a price: platform, model, service tier, geography,
    speed and context window, with the five token kinds counted apart. Cached input never counts
    twice. Request logs of any size are added up where they lie; nothing of a request is kept but
    its day, and prompts are never read.
    """
    from api.whole_files import write_file
    from forecast.errors import InputError
    from forecast.usage.formats.canonical import write_canonical
    from forecast.usage.formats.canonical_costs import write_costs
    from forecast.usage.request_logs.arrivals import arrivals_parquet

    if out is None and costs is None and not explain:
        raise typer.BadParameter(
            "say where the table goes, or ask for --explain", param_hint="--out"
        )
    settings = _log_settings(engine, master, memory, arrivals)
    usage = read_exports(
        files, progress, format_name, prefer, logs=settings, usage_needed=out is not None
    )
    if costs is not None:
        write_costs(usage.bills(), costs)
    if out is not None:
        write_canonical(usage.rows, out)
    if arrivals is not None:
        if usage.arrivals is None:
            raise InputError("no file is a request log, so no arrivals were measured")
        write_file(arrivals, arrivals_parquet(usage.arrivals))
    if json:
        reports = [report_document(r) for r in usage.sources]
        document = {"out": out and str(out), "rows": len(usage.rows), "sources": reports}
        if costs is not None:
            document |= {"costs": str(costs), "cost_lines": len(usage.bills())}
        print_json(document)
        return
    from api.terminal.explanation import understood
    from api.terminal.usage import cost_table, sources

    if explain:
        print_page(understood(usage))
    if out is not None:
        print_page(sources(usage.sources, len(usage.rows), str(out)))
    if costs is not None:
        print_page(cost_table(len(usage.bills()), len(usage.costs), str(costs)))


def price(
    files: Exports,
    as_of: AsOf = None,
    invoice: Invoices = None,
    tolerance_share: ToleranceShare = None,
    refusal_share: RefusalShare = None,
    format_name: Format = None,
    prefer: Prefer = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            dir_okay=False,
            help="Write every priced row there (Parquet).",
            show_default=False,
        ),
    ] = None,
    price_sheets: PriceSheets = None,
    json: Json = False,
    progress: ForceProgress = False,
) -> None:
    """Price usage at list, by month, model and token kind.

    Each day is priced at the rates in force on that day, those of your own price sheets first. A
    model without a price is an error, never zero dollars.

    Amounts on bills, and in exports that hold amounts beside tokens, are compared by month, model
    and token kind, and what is apart is ranked with its likely cause. Exits with 3 when usage and
    bill are further apart than the refusal share.
    """
    from api.bills import read_bills
    from api.results import parquet
    from api.run import placed_prices
    from api.terminal.usage import list_cost
    from api.whole_files import write_file
    from forecast.pipeline.price import price_usage
    from forecast.pricing.reconciliation import refuse_unreconciled
    from forecast.pricing.sheets import read_sheet

    limits = limits_of(tolerance_share, refusal_share)
    usage = read_exports(files, progress, format_name, prefer)
    bills = read_bills(invoice or [], usage, prefer=prefer or ())
    sheets = [read_sheet(path) for path in price_sheets or ()]
    with placed_prices(files, as_of, format_name, sheets):
        priced = price_usage(usage.rows, as_of=as_of, price_sheets=sheets)
    if out is not None:
        write_file(out, parquet(priced.rated))
    sources = (*usage.sources, *bills.sources)
    checked = priced.against(bills.statements, limits=limits) if bills.statements else None
    if json:
        print_json(price_document(priced, checked, sources))
    else:
        print_page(
            list_cost(priced.summary, priced.as_of, checked, sources, at_list=priced.at_list)
        )
    if checked:
        refuse_unreconciled(checked)


def init(
    files: Exports,
    out: Annotated[
        Path, typer.Option(metavar="DIR", file_okay=False, help="The directory for the drafts.")
    ],
    arrivals: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="When the requests came, as commitment import --arrivals writes it: it tells the "
            "kind of work.",
            show_default=False,
        ),
    ] = None,
    utc_offset: Annotated[
        int,
        typer.Option(
            metavar="HOURS", min=-12, max=14, help="Local time less UTC, to tell night from day."
        ),
    ] = 0,
    format_name: Format = None,
    prefer: Prefer = None,
    json: Json = False,
    progress: ForceProgress = False,
) -> None:
    """Draft workloads.toml, terms.toml and intake.xlsx from the usage itself.

    The inventory has one workload for each api key, workspace or tag, the largest first, and asks
    the one question above each of them. The terms hold example tiers that are labelled as such.
    The workbook asks the same of owners and procurement, with room for four offers; commitment
    import-workbook reads it back.
    Existing files are never overwritten.
    """
    from api.drafts import example_terms, portfolio_toml, terms_toml
    from api.whole_files import create_files
    from excel_templates.intake import intake_workbook
    from forecast.units import add_months, month_of
    from forecast.usage.mapping import draft_portfolio, last_complete_day
    from forecast.usage.request_logs.arrivals import read_arrivals

    usage = read_exports(files, progress, format_name, prefer)
    portfolio = draft_portfolio(
        usage.rows,
        None if arrivals is None else read_arrivals(arrivals),
        utc_offset_hours=utc_offset,
    )
    first_month = add_months(month_of(last_complete_day(usage.rows)), 1)
    terms = example_terms(first_month)
    source = ", ".join(f.name for f in files)
    drafts = {
        "workloads.toml": portfolio_toml(portfolio, drafted_from=source).encode(),
        "terms.toml": terms_toml(terms, example=True).encode(),
        "intake.xlsx": intake_workbook(portfolio, terms),
    }
    create_files(out, drafts)
    written = [str(out / name) for name in drafts]
    if json:
        print_json({"files": written, "workloads": [w.name for w in portfolio.workloads]})
        return
    print_page(
        f"{len(portfolio.workloads)} workloads are drafted in {written[0]}: answer the one "
        "question for each.",
        f"{written[1]} holds example tiers: put the vendor's numbers there.",
        f"{written[2]} asks the same in Excel: hand it round, then commitment import-workbook.",
    )


def read_exports(
    files: list[Path],
    progress: bool,
    format_name: str | None = None,
    prefer: list[str] | None = None,
    *,
    logs: LogSettings | None = None,
    usage_needed: bool = True,
) -> UsageExports:
    """Read exports under a progress bar."""
    from api.commands.progress import progress as progress_on
    from forecast.usage import reading

    read = reading.read_usage if usage_needed else reading.read_exports
    with progress_on(progress) as bar:
        return read(files, format_name=format_name, prefer=prefer or (), logs=logs, progress=bar())


def _log_settings(
    engine: str, master: str | None, memory_bytes: int, arrivals: Path | None
) -> LogSettings:
    from forecast.usage.log_sources import LogSettings

    if engine not in ("duckdb", "spark"):
        raise typer.BadParameter(f"{engine!r} is neither duckdb nor spark", param_hint="--engine")
    if (engine == "spark") != (master is not None):
        raise typer.BadParameter("spark and --master go together", param_hint="--master")
    return LogSettings(
        engine="spark" if engine == "spark" else "duckdb",
        master=master,
        memory_bytes=memory_bytes,
        with_arrivals=arrivals is not None,
        every_log=arrivals is not None or engine == "spark",
    )
