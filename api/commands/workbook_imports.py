"""The command that reads typed workbooks back: import-workbook."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.options import Json, day_option
from api.commands.output import print_json, print_page

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook

    from forecast.records.terms import Offer, Terms
    from forecast.records.workloads import Portfolio

INVENTORY = "workloads.toml"
ANSWER = "recommendation.json"


def import_workbook(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="An intake workbook of commitment init, or a negotiation workbook; it is "
            "recognised by its defined names.",
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(metavar="DIR", file_okay=False, help="The directory for the TOML files."),
    ],
    workloads: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", exists=True, dir_okay=False, show_default=False,
            help="The inventory an intake workbook asks about. [default: workloads.toml beside it]",
        ),
    ] = None,
    recommendation: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", exists=True, show_default=False,
            help="The recommendation.json a negotiation workbook was written from. [default: the "
            "one beside it]",
        ),
    ] = None,
    decided_by: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", show_default=False, help="Who decided on switched cleaning entries."
        ),
    ] = None,
    decided_on: Annotated[
        date | None,
        typer.Option(metavar="DAY", parser=day_option, show_default=False, help="And when."),
    ] = None,
    json: Json = False,
) -> None:  # fmt: skip
    """Turn what was typed into a workbook into workloads.toml, terms.toml and offer_*.toml.

    Every cell that cannot be used is named (sheet!cell) with what to do, all of them at once, and
    then nothing is written; nothing is overwritten either. An offer of the negotiation workbook is
    its contract with the commitment typed. Growth, price and realisation are questions of a
    meeting, and in none of the files. Comments of the inventory are not kept.
    """
    from api.drafts import offer_toml, portfolio_toml, terms_toml
    from api.whole_files import create_files
    from excel_templates.typed_cells import open_typed
    from excel_templates.typed_inputs import is_negotiation
    from excel_templates.typed_intake import is_intake
    from forecast.errors import InputError

    book = open_typed(file, start="`commitment init` or `commitment recommend`")
    if is_intake(book):
        terms, offers, portfolio, notes = _intake(book, file, workloads)
    elif is_negotiation(book):
        terms, offers, portfolio, notes = _negotiation(
            book, file, recommendation, decided_by, decided_on
        )
    else:
        raise InputError(
            "has neither the defined names of an intake workbook nor those of a negotiation "
            "workbook; start from `commitment init` or `commitment recommend`",
            file=file.name,
        )
    files = {"terms.toml": terms_toml(terms)}
    files |= {f"offer_{name}.toml": offer_toml(offer) for name, offer in offers.items()}
    if portfolio is not None:
        files[INVENTORY] = portfolio_toml(portfolio)
    create_files(out, {name: text.encode() for name, text in files.items()})
    written = [str(out / name) for name in sorted(files)]
    if json:
        print_json({"files": written, "notes": list(notes)})
    else:
        print_page(*written, *notes)


Found = tuple["Terms", dict[str, "Offer"], "Portfolio | None", tuple[str, ...]]


def _intake(book: Workbook, file: Path, workloads: Path | None) -> Found:
    from api.documents import load_portfolio
    from excel_templates.typed_intake import typed_intake

    beside = file.parent / INVENTORY
    inventory = workloads or (beside if beside.is_file() else None)
    portfolio = load_portfolio(inventory) if inventory else None
    typed = typed_intake(book, portfolio, file=file.name)
    notes = () if portfolio else (
        f"The questions were not read: no {INVENTORY} lies beside the workbook; give --workloads",
    )  # fmt: skip
    letters = dict(zip("abcd", typed.offers, strict=False))
    return typed.terms, letters, typed.portfolio, notes


def _negotiation(
    book: Workbook,
    file: Path,
    recommendation: Path | None,
    decided_by: str | None,
    decided_on: date | None,
) -> Found:
    from api.documents import load_portfolio
    from api.results import WORKLOADS, read_result
    from excel_templates.switched_inventory import switched_portfolio
    from excel_templates.typed_inputs import typed_inputs
    from forecast.errors import InputError
    from forecast.records.terms import Offer

    answer = recommendation or file.parent / ANSWER
    if not answer.exists():
        raise InputError(
            f"no {ANSWER} lies beside the workbook; give the one it was written from "
            "(--recommendation): its inventory and clauses are not in the workbook",
            file=file.name,
        )
    stored = read_result(answer)
    result = stored.recommendation()
    typed = typed_inputs(book, result, stored.decisions(), file=file.name)
    notes = list(typed.notes)
    portfolio = None
    if WORKLOADS in stored.files:
        portfolio = switched_portfolio(
            load_portfolio(stored.directory / WORKLOADS),
            typed,
            result,
            file=file.name,
            decided_by=decided_by,
            decided_on=decided_on,
        )
    offer = Offer(terms=typed.terms, commitment_usd=typed.commitment_usd)
    return typed.terms, {"typed": offer, **typed.offers}, portfolio, tuple(notes)
