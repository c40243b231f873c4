"""The command about what is to come: forecast, of consumption or of any series."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from api.commands.options import (
    AsOf,
    ForceProgress,
    Format,
    Json,
    Prefer,
    PriceSheets,
)
from api.commands.output import print_page

MAX_MONTHS = 60
MAX_PERIODS = 260

OF_USAGE = ("files", "workloads", "months", "as_of", "format_name", "prefer", "price_sheets")
OF_SERIES = ("column", "periods")
"""Parameters that mean something to one of the two doors only."""


def forecast(
    context: typer.Context,
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILE...]",
            exists=True,
            help="Exports, as `import` reads them; none with --series.",
            show_default=False,
        ),
    ] = None,
    series: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="Forecast a series of anything instead: CSV with a header, a first column of "
            "days, weeks or months without gaps, and values.",
            show_default=False,
        ),
    ] = None,
    column: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The column of --series, where it has several.",
            show_default=False,
        ),
    ] = None,
    periods: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            max=MAX_PERIODS,
            help="Months of --series to forecast, or weeks where it holds weeks or days. "
            "[default: a year]",
            show_default=False,
        ),
    ] = None,
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

    With --series the same method forecasts any numbers that follow one another: nothing is
    priced, days are fitted as weeks, and totals so far stand beside the periods.
    """
    given = {name for name in (*OF_USAGE, *OF_SERIES) if _was_given(context, name)}
    if series is not None:
        _refuse(given.intersection(OF_USAGE), "goes with exports, not with --series")
        _forecast_series(series, column, periods, out, seed, paths, json=json)
        return
    _refuse(given.intersection(OF_SERIES), "goes with --series")
    if not files:
        raise typer.BadParameter("name exports, or a series with --series", param_hint="FILE")
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


def _was_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _refuse(names: set[str], why: str) -> None:
    for name in sorted(names):
        hint = "FILE" if name == "files" else f"--{name.replace('_', '-')}"
        raise typer.BadParameter(why, param_hint=hint)


def _forecast_series(
    file: Path,
    column: str | None,
    periods: int | None,
    out: Path | None,
    seed: int,
    paths: int,
    *,
    json: bool,
) -> None:
    from api.charts.fan import draw, series_fan
    from api.series_file import read_series
    from api.terminal.series import series_forecast
    from api.whole_files import write_file
    from forecast.pipeline.series import forecast_dated_series

    read = read_series(file, column=column)
    found = forecast_dated_series(
        read.values,
        name=read.name,
        start=read.start,
        frequency=read.frequency,
        n_periods=periods,
        n_paths=paths,
        seed=seed,
    )
    if out is not None:
        write_file(out, draw(series_fan(found), out))
    if json:
        typer.echo(found.model_dump_json(indent=2))
        return
    print_page(series_forecast(found))
    if out is not None:
        print_page(f"The fan chart is {out}")
