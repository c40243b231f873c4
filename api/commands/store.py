"""The commands about the service's store: migrate, backup, restore, sweep, remake."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from api.settings import Settings
    from api.store.opening import Store

app = typer.Typer(no_args_is_help=True, help="Look after what the service keeps.")

DataDir = Annotated[
    Path | None,
    typer.Option(
        file_okay=False,
        help="Where results are kept. [default: $COMMITMENT_DATA_DIR, else the user's data "
        "directory]",
        show_default=False,
    ),
]


def settings_at(data_dir: Path | None, config: Path | None = None) -> Settings:
    """Read the settings; an option wins over the environment."""
    from dataclasses import replace

    from api.configuration import read

    found = read(file=config).settings
    return found if data_dir is None else replace(found, data_dir=data_dir.absolute())


def store_at(data_dir: Path | None) -> Store:
    """Give the store that the settings name."""
    from api.app import open_store

    return open_store(settings_at(data_dir))


@app.command(epilog="Example: commitment store migrate")
def migrate(data_dir: DataDir = None) -> None:
    """Bring the tables to this release.

    An embedded database is brought there by itself when the service starts; a server's never is.
    """
    store = store_at(data_dir)
    store.migrate()
    typer.echo(f"The tables are at revision {store.revision()}.")


@app.command(epilog="Example: commitment store backup store.tar")
def backup(
    target: Annotated[Path, typer.Argument(dir_okay=False, help="The file to write.")],
    data_dir: DataDir = None,
) -> None:
    """Write everything into one file, while the service runs."""
    from api.store.backup import back_up
    from forecast.errors import InputError

    if target.exists():
        raise InputError("exists already and is not overwritten", file=str(target))
    made = back_up(store_at(data_dir), target)
    typer.echo(f"{target}: {sum(made.n_rows.values())} rows, {made.n_files} files.")


@app.command(epilog="Example: commitment store restore store.tar --data-dir /srv/commitment")
def restore(
    source: Annotated[Path, typer.Argument(dir_okay=False, exists=True, help="The backup.")],
    data_dir: DataDir = None,
) -> None:
    """Fill an empty store from a backup; either may be embedded or on a server."""
    from api.store.backup import restore as fill

    made = fill(store_at(data_dir), source)
    typer.echo(f"{source}: {sum(made.n_rows.values())} rows, {made.n_files} files restored.")


@app.command(epilog="Example: commitment store sweep")
def sweep(data_dir: DataDir = None) -> None:
    """Delete what is past its time; workers do this every hour by themselves."""
    from datetime import UTC, datetime, timedelta

    from api.store.deletion import sweep as remove

    days = settings_at(data_dir).retention_days
    swept = remove(
        store_at(data_dir),
        now=datetime.now(tz=UTC),
        retention=None if days is None else timedelta(days=days),
    )
    typer.echo(f"{swept.results} results, {swept.jobs} jobs and {swept.files} files were deleted.")


@app.command(epilog="Example: commitment store remake acme 0123456789abcdef0123456789abcdef")
def remake(
    organisation: Annotated[str, typer.Argument(help="Its name.")],
    result: Annotated[
        str, typer.Argument(help="The id of one of its recommendations or re-forecasts.")
    ],
    data_dir: DataDir = None,
) -> None:
    """Make a stored result again from its stored inputs, and compare every byte.

    Exit code 1 when a byte differs: another release, another machine, or a damaged store.
    """
    from api.jobs.remaking import differing_files
    from api.store.columns import is_id
    from api.store.errors import UnknownObjectError
    from api.store.organisations import organisation_named
    from forecast.errors import InputError

    store = store_at(data_dir)
    owner = organisation_named(store, organisation)
    try:
        if not is_id(result):
            raise UnknownObjectError(result)
        different = differing_files(store, owner, result)
    except UnknownObjectError:
        raise InputError(f"has no result {result!r}", column=organisation) from None
    if different:
        typer.echo("Different: " + ", ".join(different), err=True)
        raise typer.Exit(1)
    typer.echo("Every byte is the same.")
