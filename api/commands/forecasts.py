"""The command about what is to come: forecast."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from api.commands.options import (
    AsOf,
    Exports,
    ForceProgress,
    Format,
    Json,
    Prefer,
    PriceSheets,
)
from api.commands.output import print_page

MAX_MONTHS = 60


def forecast(
    files: Exports,
    workloads: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="The inventory (TOML); its launches and retirements enter the forecast.",
            show_default=False,
        ),
    ] = None,
    months: Annotated[
        int, typer.Option(metavar="N", min=1, max=MAX_MONTHS, help="Months to forecast.")
    ] = 12,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            dir_okay=False,
            help="Draw the fan chart there: .png or .svg, by its name.",
            show_default=False,
        ),
    ] = None,
    as_of: AsOf = None,
    seed: Annotated[
        int, typer.Option(metavar="N", min=0, help="The same seed, the same paths.")
    ] = 0,
    paths: Annotated[
        int, typer.Option(metavar="N", min=100, max=100_000, help="Joint sample paths.")
    ] = 4000,
    format_name: Format = None,
    prefer: Prefer = None,
    price_sheets: PriceSheets = None,
    json: Json = False,
    progress: ForceProgress = False,
) -> None:
    """Forecast consumption at list price, by month, workload and in total.

    The work is done as it is done today: prices and retirements of the months to come are in it,
    levers that nobody has pulled are not. The bands of a total come from joint paths; the bands
    of its months do not add up to them.
    """
    from api.charts.fan import draw, forecast_fan
    from api.commands.exports import read_exports
    from api.commands.progress import progress as progress_on
    from api.run import placed_prices, placed_workloads, portfolio_file
    from api.terminal.forecast import usage_forecast
    from api.terminal.layout import page
    from api.terminal.usage import source_warnings
    from api.whole_files import write_file
    from forecast.pipeline.outlook import forecast_usage
    from forecast.pricing.sheets import read_sheet

    inventory = portfolio_file(workloads) if workloads else None
    naming = placed_workloads(inventory) if inventory else nullcontext()
    usage = read_exports(files, progress, format_name, prefer)
    sheets = [read_sheet(path) for path in price_sheets or ()]
    with naming, placed_prices(files, as_of, format_name, sheets), progress_on(progress) as bar:
        found = forecast_usage(
            usage.rows,
            inventory.record if inventory else None,
            n_months=months,
            as_of=as_of,
            seed=seed,
            n_paths=paths,
            price_sheets=sheets,
            progress=bar(),
        )
    if out is not None:
        write_file(out, draw(forecast_fan(found), out))
    if json:
        typer.echo(found.model_dump_json(indent=2))
        return
    print_page(page([usage_forecast(found), source_warnings(usage.sources)]))
    if out is not None:
        print_page(f"The fan chart is {out}")
