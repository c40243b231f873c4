"""The commands that run the service: serve, worker."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from api.commands.store import DataDir, settings_at


def serve(
    host: Annotated[
        str,
        typer.Option(
            help="An address of this machine; other than loopback only with COMMITMENT_ACCESS=keys."
        ),
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
    data_dir: DataDir = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Server processes.")] = 2,
    job_workers: Annotated[
        int, typer.Option(min=0, max=64, help="Processes that make recommendations beside them.")
    ] = 1,
) -> None:
    """Serve the API: POST /v1/recommendations, the API document at /openapi.json.

    As it comes, one user of this machine is answered without a key, and nobody else. With
    COMMITMENT_ACCESS=keys organisations and their keys decide (commitment organisations add).
    Stop it with Ctrl-C: requests under way are finished first, recommendations under way are
    continued after the next start.
    """
    from api.settings import LOOPBACK, Access
    from forecast.errors import InputError

    settings = settings_at(data_dir)
    if host not in LOOPBACK and settings.access is Access.LOCAL:
        raise InputError(
            f"without keys the service is not offered on {host!r}; set COMMITMENT_ACCESS=keys and "
            "make a key with `commitment organisations add NAME`, or use 127.0.0.1",
            column="--host",
        )
    _need_posix("serve")
    from api.server import run

    run(settings, host=host, port=port, workers=workers, job_workers=job_workers)


def worker(
    data_dir: DataDir = None,
    beside: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Make recommendations that the service accepted, until stopped.

    `commitment serve` starts one by itself; run more here, or on other machines that share the
    database server and the artifacts (COMMITMENT_DATABASE_URL, COMMITMENT_ARTIFACTS_URL).
    """
    _need_posix("worker")
    from api.jobs.process import run_worker

    run_worker(settings_at(data_dir), beside=beside)


def _need_posix(command: str) -> None:
    from forecast.errors import InputError

    if os.name != "posix":
        raise InputError(f"commitment {command} needs Linux, macOS or WSL")
