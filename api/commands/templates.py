"""The commands about the workbook's template: new and check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.commands.options import Json
from api.commands.output import print_json, print_page

BAD_TEMPLATE = 2

app = typer.Typer(
    name="template",
    no_args_is_help=True,
    help="Make the negotiation workbook's template your own.",
)


@app.command(epilog="Example: commitment template new house.xlsx")
def new(
    out: Annotated[Path, typer.Argument(help="File to write; it must not exist.")],
) -> None:
    """Write a copy of the shipped template to restyle, translate or extend.

    Keep its defined names: `recommend --template` and `workbook --template` fill by them.
    """
    from excel_templates.design import TEMPLATE
    from forecast.errors import InputError

    try:
        with out.open("xb") as file:
            file.write(TEMPLATE.read_bytes())
    except FileExistsError:
        raise InputError("exists already; give a new name", file=str(out)) from None


@app.command(epilog="Example: commitment template check house.xlsx")
def check(
    file: Annotated[Path, typer.Argument(help="A company's own copy of the template.")],
    json: Json = False,
) -> None:
    """Say what would stop, or spoil, the filling of a template, cell by cell.

    Exit code 2 when it cannot be filled.
    """
    from api.terminal.layout import page, table
    from excel_templates.checking import Weight, check_template

    faults = check_template(file)
    stops = any(fault.weight is Weight.STOPS for fault in faults)
    if json:
        print_json(
            {
                "file": file.name,
                "can_be_filled": not stops,
                "faults": [fault._asdict() for fault in faults],
            }
        )
    elif faults:
        title = f"{file.name} {'cannot' if stops else 'can'} be filled"
        print_page(page([table(title, ("", "where", ""), faults, text_columns=2)]))
    else:
        print_page(f"{file.name} can be filled: every name, input and formula is in its place.")
    if stops:
        raise typer.Exit(BAD_TEMPLATE)
