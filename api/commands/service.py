"""The command that serves the web API."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

LOCAL_HOSTS = ("127.0.0.1", "localhost")


def serve(
    host: Annotated[
        str, typer.Option(help="An address of this machine; other machines are not served yet.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            file_okay=False,
            help="Where results are kept. [default: $COMMITMENT_DATA_DIR, else the user's data "
            "directory]",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Server processes.")] = 2,
) -> None:
    """Serve the API on this machine: POST /v1/recommendations, the API document at /openapi.json.

    There are no accounts and no keys yet, so that only programs of this machine are answered.
    Stop it with Ctrl-C: requests under way are finished first.
    """
    from dataclasses import replace

    from api.settings import Settings
    from forecast.errors import InputError

    if host not in LOCAL_HOSTS:
        raise InputError(
            f"the service has no access control yet and is not offered on {host!r}; use "
            "127.0.0.1, and a tunnel of your own to reach it from elsewhere",
            column="--host",
        )
    if os.name != "posix":
        raise InputError("commitment serve needs Linux, macOS or WSL")
    from api.server import run

    settings = Settings.from_environment()
    if data_dir is not None:
        settings = replace(settings, data_dir=data_dir.absolute())
    run(settings, host=host, port=port, workers=workers)
