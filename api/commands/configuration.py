"""The commands about how the service is configured: check, show."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.commands.output import print_json

app = typer.Typer(no_args_is_help=True, help="What the service is told, and where it was said.")

ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        exists=True,
        dir_okay=False,
        help="A TOML file of settings. [default: $COMMITMENT_CONFIG]",
        show_default=False,
    ),
]


@app.command(epilog="Example: commitment config check --config /etc/commitment.toml --connect")
def check(
    config: ConfigFile = None,
    connect: Annotated[
        bool, typer.Option("--connect", help="Open the store too, and write into it.")
    ] = False,
) -> None:
    """Say what is wrong with the settings, and what is seldom meant.

    Exit code 0: the service would start; 1: its store cannot be used; 2: it would not start, or a
    variable is misspelt.
    """
    import os

    from api import configuration
    from api.app import open_store
    from forecast.errors import InputError

    found = configuration.read(file=config)
    wrong = configuration.refusals(found.settings) + configuration.unknown_variables(os.environ)
    if wrong:
        raise InputError("\n  also ".join(wrong))
    for doubt in configuration.doubts(found.settings):
        typer.echo(f"Note: {doubt}.")
    if connect:
        store = open_store(found.settings)
        store.check()
        typer.echo(f"The store can be read and written; its tables are at {store.revision()}.")
        store.close()
    typer.echo("The settings can be used.")


@app.command(epilog="Example: commitment config show")
def show(config: ConfigFile = None) -> None:
    """Print every setting that holds and where it was said, as JSON; secrets are not shown."""
    from api import configuration

    print_json(configuration.masked(configuration.read(file=config)))
