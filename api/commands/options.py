"""Options that several commands share, each with the help a person needs at that place."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from forecast.pricing.reconciliation import Limits


def day_option(text: str) -> date:
    """Read a day given on the command line."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a day; write it as 2026-10-31") from None


def usd_option(text: str) -> Decimal:
    """Read an amount given on the command line."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0:
        raise typer.BadParameter(f"{text!r} is not an amount in USD; write 250000 or 250000.00")
    return amount


Stored = Annotated[
    Path,
    typer.Argument(
        metavar="RECOMMENDATION",
        exists=True,
        help="A recommendation.json, with its evidence directory beside it.",
    ),
]

Exports = Annotated[
    list[Path],
    typer.Argument(
        metavar="FILE",
        exists=True,
        help="Exports, also compressed, in zip or tar archives, or in folders; their format is "
        "recognised by content, not by name.",
    ),
]

AsOf = Annotated[
    date | None,
    typer.Option(
        "--as-of",
        metavar="DAY",
        parser=day_option,
        help="Leave out usage after this day, and take prices as known on it. "
        "[default: all of it; recommend leaves out a last day that looks cut off]",
        show_default=False,
    ),
]

Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="F",
        help="Read every usage file as this format instead of recognising it.",
        show_default=False,
    ),
]

Prefer = Annotated[
    list[str] | None,
    typer.Option(
        "--prefer",
        metavar="F",
        help="Where two exports show the same usage of a day, keep the rows of this format. "
        "Repeat it: the first one named counts first.",
        show_default=False,
    ),
]

Invoices = Annotated[
    list[Path] | None,
    typer.Option(
        "--invoice",
        metavar="FILE",
        exists=True,
        help="What was billed: cost reports, bills, or a CSV with the columns month,usd. Repeat "
        "it; amounts inside the usage exports are compared without it.",
        show_default=False,
    ),
]

InventoryNow = Annotated[
    Path | None,
    typer.Option(
        "--workloads",
        metavar="FILE",
        exists=True,
        dir_okay=False,
        help="The inventory as it is now. [default: that of the last forecast]",
        show_default=False,
    ),
]

PriceSheets = Annotated[
    list[Path] | None,
    typer.Option(
        "--price-sheet",
        metavar="FILE",
        exists=True,
        dir_okay=False,
        help="Your own prices (TOML): rates, or discounts off list, by model or family, token kind "
        "and day. A sheet wins over the list, a later sheet over an earlier one; the tiers of the "
        "contract come off these prices, so leave their discount out. Repeatable.",
        show_default=False,
    ),
]


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise typer.BadParameter(f"{text!r} is not a share from 0 to 1; write 0.02 for 2 %")
    return share


ToleranceShare = Annotated[
    float | None,
    typer.Option(
        metavar="SHARE",
        parser=_share,
        help="Usage may differ from the bill by this share of it before a warning. [default: 0.02]",
        show_default=False,
    ),
]

RefusalShare = Annotated[
    float | None,
    typer.Option(
        metavar="SHARE",
        parser=_share,
        help="Above this share of the bill the history is refused. [default: 0.1]",
        show_default=False,
    ),
]


def limits_of(tolerance_share: float | None, refusal_share: float | None) -> Limits:
    """Give the limits of a reconciliation.

    Raises
    ------
    typer.BadParameter
        A refusal below the tolerance.
    """
    from forecast.pricing.reconciliation import REFUSAL_SHARE, TOLERANCE_SHARE, Limits

    tolerance = TOLERANCE_SHARE if tolerance_share is None else tolerance_share
    refusal = max(REFUSAL_SHARE, tolerance) if refusal_share is None else refusal_share
    if refusal < tolerance:
        raise typer.BadParameter(
            f"{refusal:g} is below the tolerance, {tolerance:g}", param_hint="--refusal-share"
        )
    return Limits(tolerance, refusal)


TermsFile = Annotated[
    Path,
    typer.Option(
        "--terms",
        metavar="FILE",
        exists=True,
        dir_okay=False,
        help="The contract (TOML): term, settlement, clauses and tiers.",
    ),
]


def _workbook(path: Path | None) -> Path | None:
    if path is not None and path.suffix.lower() != ".xlsx":
        raise typer.BadParameter(f"{path.name} is no .xlsx workbook")
    return path


Template = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        exists=True,
        dir_okay=False,
        callback=_workbook,
        help="Your own copy of the workbook template; it has to keep the named cells.",
        show_default=False,
    ),
]


def _megabytes(text: str | int) -> int:
    if isinstance(text, int):  # the default passes here too
        return text
    number, unit = text[:-2], text[-2:].upper()
    if unit not in _UNITS or not (number.isascii() and number.isdigit()):
        raise typer.BadParameter(f"{text!r} is not a size; write 400MB or 2GB")
    return int(number) * _UNITS[unit]


_UNITS = {"MB": 2**20, "GB": 2**30}

DEFAULT_MEMORY_BYTES = 480 * 2**20
"""As in `usage.log_sources`, which this module does not import: help must stay fast."""

Arrivals = Annotated[
    Path | None,
    typer.Option(
        "--arrivals",
        metavar="FILE",
        dir_okay=False,
        help="Measure when the requests of a log arrive, and write the histograms there (Parquet).",
        show_default=False,
    ),
]

Engine = Annotated[
    str,
    typer.Option(
        "--engine",
        metavar="duckdb|spark",
        help="What adds request logs up: DuckDB in this process, or your Spark (--master).",
    ),
]

Master = Annotated[
    str | None,
    typer.Option(
        "--master", metavar="URL", help="Spark's master, such as local[4].", show_default=False
    ),
]

Memory = Annotated[
    int,
    typer.Option(
        "--memory",
        metavar="SIZE",
        parser=_megabytes,
        help="What the process may hold in memory while it reads request logs.",
        show_default="480MB",
    ),
]

Json = Annotated[bool, typer.Option("--json", help="Write JSON for machines to standard output.")]

ForceProgress = Annotated[
    bool,
    typer.Option("--progress", help="Show the progress bar even where there is no terminal."),
]
