"""The commands that run the service: serve, worker."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from api.commands.configuration import ConfigFile
from api.commands.store import DataDir, settings_at


def serve(
    host: Annotated[
        str | None,
        typer.Option(
            help="An address of this machine; other than loopback only with COMMITMENT_ACCESS="
            "keys. [default: 127.0.0.1]",
            show_default=False,
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="[default: 8000]", show_default=False),
    ] = None,
    data_dir: DataDir = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, max=64, help="Server processes. [default: 2]", show_default=False),
    ] = None,
    job_workers: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=64,
            help="Processes beside them that work on jobs. [default: 1]",
            show_default=False,
        ),
    ] = None,
    config: ConfigFile = None,
) -> None:
    """Serve the pages for the browser at /, and the API, which /docs describes.

    As it comes, one user of this machine is answered without a key, and nobody else. With
    COMMITMENT_ACCESS=keys organisations and their keys decide (commitment organisations add).
    Every option may stand in the environment or in a TOML file too (commitment config show).
    Stop it with Ctrl-C: requests under way are finished first, jobs under way are continued after
    the next start.
    """
    from dataclasses import replace

    from api.configuration import refusals
    from forecast.errors import InputError

    found = settings_at(data_dir, config)
    settings = replace(
        found,
        host=host or found.host,
        port=port or found.port,
        workers=workers or found.workers,
        job_workers=found.job_workers if job_workers is None else job_workers,
    )
    if refused := refusals(settings):
        raise InputError(
            f"{refused[0]} (COMMITMENT_ACCESS=keys) and make a key with `commitment organisations "
            "add NAME`, or use 127.0.0.1",
            column="--host",
        )
    _need_posix("serve")
    from api.server import run

    run(settings)


def worker(
    data_dir: DataDir = None,
    config: ConfigFile = None,
    beside: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Work on what the service accepted, until stopped.

    `commitment serve` starts one by itself; run more here, or on other machines that share the
    database server and the artifacts (COMMITMENT_DATABASE_URL, COMMITMENT_ARTIFACTS_URL).
    """
    _need_posix("worker")
    from api.jobs.process import run_worker

    run_worker(settings_at(data_dir, config), beside=beside)


def _need_posix(command: str) -> None:
    from forecast.errors import InputError

    if os.name != "posix":
        raise InputError(f"commitment {command} needs Linux, macOS or WSL")
