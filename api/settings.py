"""What the web service may be told from outside; nothing is read at import."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from forecast.errors import InputError

MEGABYTE = 2**20


@dataclass(frozen=True)
class Settings:
    """How one web process runs.

    Attributes
    ----------
    data_dir
        Where results are kept.
    max_body_bytes
        A larger request is refused (413) before it is read.
    max_json_bytes
        The same for a JSON body, which takes many times its size while it is parsed.
    trusted_hosts
        Host headers that are answered. The service has no accounts yet, so that these are the
        names of this machine only; a web page elsewhere cannot reach it under its own name.
    """

    data_dir: Path
    max_body_bytes: int = 64 * MEGABYTE
    max_json_bytes: int = 32 * MEGABYTE
    trusted_hosts: tuple[str, ...] = ("127.0.0.1", "localhost")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read COMMITMENT_DATA_DIR and COMMITMENT_MAX_BODY_MB.

        Without them results go to the user's data directory and a body may have 64 MB.

        Raises
        ------
        InputError
            A size that is no whole number of megabytes above zero.

        Examples
        --------
        >>> Settings.from_environment({"COMMITMENT_MAX_BODY_MB": "8"}).max_body_bytes
        8388608
        """
        found = os.environ if environ is None else environ
        size = found.get("COMMITMENT_MAX_BODY_MB", "64")
        if not size.isdecimal() or not 1 <= int(size) <= 4096:
            raise InputError(
                f"is not a number of megabytes from 1 to 4096: {size!r}",
                column="COMMITMENT_MAX_BODY_MB",
            )
        directory = found.get("COMMITMENT_DATA_DIR")
        return cls(
            data_dir=Path(directory) if directory else _user_data_dir(found),
            max_body_bytes=int(size) * MEGABYTE,
        )


def _user_data_dir(environ: Mapping[str, str]) -> Path:
    base = environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "commitment"
