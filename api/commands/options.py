"""Options that several commands share, each with the help a person needs at that place."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer


def day_option(text: str) -> date:
    """Read a day given on the command line."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a day; write it as 2026-10-31") from None


Exports = Annotated[
    list[Path],
    typer.Argument(
        metavar="FILE",
        exists=True,
        dir_okay=False,
        help="Usage exports; their format is recognised by content, not by name.",
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

Json = Annotated[bool, typer.Option("--json", help="Write JSON for machines to standard output.")]

ForceProgress = Annotated[
    bool,
    typer.Option("--progress", help="Show the progress bar even where there is no terminal."),
]
