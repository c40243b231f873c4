"""What the service may be told from outside; nothing is read at import."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from forecast.errors import InputError

MEGABYTE = 2**20

MIN_SECRET_LENGTH = 32

LOOPBACK = ("127.0.0.1", "localhost")


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

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the variables that begin with COMMITMENT_.

        | variable | means | without it |
        |---|---|---|
        | DATA_DIR | where rows and files are kept | the user's data directory |
        | MAX_BODY_MB | largest request, 1 to 4096 | 256 |
        | ACCESS | local or keys | local |
        | TRUSTED_HOSTS | names the service is called by, by commas | this machine's |
        | DATABASE_URL | postgresql+psycopg://USER:PASSWORD@HOST/NAME | the embedded database |
        | ARTIFACTS_URL | fsspec URL of the files | below DATA_DIR |
        | REQUESTS_PER_MINUTE | of one key in one process | 1200 with keys, else no limit |
        | RETENTION_DAYS | recommendations older than this go | they stay |
        | LEASE_SECONDS | after which a worker that is silent is dead, 2 to 3600 | 30 |
        | SESSION_SECRET | 32 or more characters that sign sessions on every machine | a file |

        Raises
        ------
        InputError
            A value that is none, with the name of its variable.

        Examples
        --------
        >>> Settings.from_environment({"COMMITMENT_MAX_BODY_MB": "8"}).max_body_bytes
        8388608
        """
        found = os.environ if environ is None else environ
        directory = found.get("COMMITMENT_DATA_DIR")
        access = _access(found)
        hosts = found.get("COMMITMENT_TRUSTED_HOSTS", "")
        named = tuple(host.strip() for host in hosts.split(",") if host.strip())
        by_default = 1200 if access is Access.KEYS else None
        return cls(
            data_dir=Path(directory) if directory else _user_data_dir(found),
            max_body_bytes=(_number(found, "MAX_BODY_MB", "megabytes", 4096) or 256) * MEGABYTE,
            trusted_hosts=(*LOOPBACK, *named),
            access=access,
            database_url=found.get("COMMITMENT_DATABASE_URL") or None,
            artifacts_url=found.get("COMMITMENT_ARTIFACTS_URL") or None,
            requests_per_minute=_number(found, "REQUESTS_PER_MINUTE", "requests", 10**6)
            or by_default,
            retention_days=_number(found, "RETENTION_DAYS", "days", 36500),
            lease_seconds=_number(found, "LEASE_SECONDS", "seconds", 3600, least=2) or 30,
            session_secret=_secret(found),
        )


def _access(environ: Mapping[str, str]) -> Access:
    text = environ.get("COMMITMENT_ACCESS", Access.LOCAL.value)
    try:
        return Access(text)
    except ValueError:
        raise InputError(
            f"is neither local nor keys: {text!r}", column="COMMITMENT_ACCESS"
        ) from None


def _secret(environ: Mapping[str, str]) -> str | None:
    text = environ.get("COMMITMENT_SESSION_SECRET") or None
    if text is not None and len(text) < MIN_SECRET_LENGTH:
        raise InputError(
            f"has {len(text)} characters; a session secret has at least {MIN_SECRET_LENGTH}",
            column="COMMITMENT_SESSION_SECRET",
        )
    return text


def _number(
    environ: Mapping[str, str], name: str, unit: str, most: int, least: int = 1
) -> int | None:
    text = environ.get(f"COMMITMENT_{name}")
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal()) or not least <= int(text) <= most:
        raise InputError(
            f"is not a number of {unit} from {least} to {most}: {text!r}",
            column=f"COMMITMENT_{name}",
        )
    return int(text)


def _user_data_dir(environ: Mapping[str, str]) -> Path:
    base = environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "commitment"
