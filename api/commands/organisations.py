"""The commands about organisations and their keys, for the operator of the service."""

from __future__ import annotations

from typing import Annotated

import typer

from api.commands.store import DataDir, store_at

app = typer.Typer(no_args_is_help=True, help="Organisations that use the service, and their keys.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the organisation.")]


@app.command(epilog="Example: commitment organisations add acme")
def add(name: Name, data_dir: DataDir = None) -> None:
    """Add an organisation and print its first key, which may do everything.

    The key is shown once; only its hash is kept.
    """
    from datetime import UTC, datetime

    from api.store import audit
    from api.store.organisations import Scope, add_key, add_organisation
    from forecast.errors import InputError

    if not (name.isprintable() and 0 < len(name.strip()) <= 120):
        raise InputError("has to be one line of 1 to 120 characters", column="NAME")
    store, now = store_at(data_dir), datetime.now(tz=UTC)
    organisation = add_organisation(store, name, now=now)
    _, secret = add_key(store, organisation, name="first", scope=Scope.ADMIN, now=now)
    audit.record(
        store,
        organisation,
        actor=audit.OPERATOR,
        action="organisations add",
        path="",
        status=201,
        now=now,
    )
    typer.echo(secret)


@app.command("add-key", epilog="Example: commitment organisations add-key acme --scope read")
def add_key(
    name: Name,
    scope: Annotated[str, typer.Option(help="read, size or admin.")] = "read",
    label: Annotated[str, typer.Option(help="What the key is for.")] = "key",
    days: Annotated[
        int | None, typer.Option(min=1, max=3650, help="How long it holds.", show_default=False)
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Make a key for an organisation and print it, once."""
    from datetime import UTC, datetime, timedelta

    from api.store import audit, organisations
    from api.store.organisations import Scope
    from forecast.errors import InputError

    if scope not in tuple(Scope):
        raise InputError(f"is none of read, size, admin: {scope!r}", column="--scope")
    store, now = store_at(data_dir), datetime.now(tz=UTC)
    organisation = organisations.organisation_named(store, name)
    _, secret = organisations.add_key(
        store,
        organisation,
        name=label[:120],
        scope=Scope(scope),
        now=now,
        expires_at=None if days is None else now + timedelta(days=days),
    )
    audit.record(
        store,
        organisation,
        actor=audit.OPERATOR,
        action="organisations add-key",
        path="",
        status=201,
        now=now,
    )
    typer.echo(secret)


@app.command(epilog="Example: commitment organisations delete acme --yes")
def delete(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Delete an organisation and everything of it, so that nothing is left in the store.

    Backups that were made before still hold it.
    """
    from api.store.deletion import delete_organisation
    from api.store.organisations import organisation_named

    store = store_at(data_dir)
    organisation = organisation_named(store, name)
    if not yes:
        typer.confirm(f"Delete {name} with all of its recommendations and keys?", abort=True)
    delete_organisation(store, organisation)
    typer.echo(f"{name} is deleted.")
