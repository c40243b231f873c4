"""What the service may be told from outside; nothing is read at import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Literal

MEGABYTE = 2**20

LOOPBACK = ("127.0.0.1", "localhost")

LogLevel = Literal["debug", "info", "warning", "error"]
LogFormat = Literal["auto", "json", "text"]
"""`auto` is text for a terminal and JSON for everything else."""


class Access(StrEnum):
    """Who is answered."""

    LOCAL = "local"
    """One user on this machine, without a key; no other machine reaches the service."""
    KEYS = "keys"
    """Who presents a key of an organisation."""


@dataclass(frozen=True)
class Settings:
    """How one process of the service runs.

    Attributes
    ----------
    data_dir
        Where rows and files are kept that have no URL of their own.
    max_body_bytes
        A larger request is refused (413) before it is read.
    max_json_bytes
        The same for a JSON body, which takes many times its size while it is parsed.
    trusted_hosts
        Host headers that are answered. A web page elsewhere cannot reach the service under its own
        name.
    database_url
        SQLAlchemy URL of a database server; None is the embedded database.
    artifacts_url
        fsspec URL of files that several machines share.
    requests_per_minute
        That one key may make of one server process; None is as many as it likes.
    retention_days
        Recommendations older than this are deleted; None keeps them.
    lease_seconds
        How long a worker that died is believed to be at work.
    session_secret
        Signs the sessions of the pages; None keeps one of its own in `data_dir`, which machines do
        not share.
    metrics_key
        What a collector of metrics presents; without one they are told on loopback in the local
        mode and nowhere else.
    host, port, workers, job_workers
        What `commitment serve` does where its command line says nothing.
    """

    data_dir: Path
    max_body_bytes: int = 256 * MEGABYTE
    max_json_bytes: int = 32 * MEGABYTE
    trusted_hosts: tuple[str, ...] = LOOPBACK
    access: Access = Access.LOCAL
    database_url: str | None = field(default=None, repr=False)
    artifacts_url: str | None = field(default=None, repr=False)
    requests_per_minute: int | None = None
    retention_days: int | None = None
    lease_seconds: int = 30
    session_secret: str | None = field(default=None, repr=False)
    metrics_key: str | None = field(default=None, repr=False)
    log_level: LogLevel = "info"
    log_format: LogFormat = "auto"
    host: str = LOOPBACK[0]
    port: int = 8000
    workers: int = 2
    job_workers: int = 1

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read what the environment says, and the files it names; see `api.configuration`.

        Raises
        ------
        InputError
            A value that is none, with the name of its variable.

        Examples
        --------
        >>> Settings.from_environment({"COMMITMENT_MAX_BODY_MB": "8"}).max_body_bytes
        8388608
        """
        from api.configuration import read

        return read(environ).settings
