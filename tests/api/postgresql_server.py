"""A PostgreSQL server of the tests' own, on a socket in a directory of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

UNPRIVILEGED = ("postgres", "nobody")
"""PostgreSQL refuses to run as root; whoever of these exists runs it then."""


def binaries() -> Path | None:
    """Find the newest initdb and pg_ctl of the machine; None where there are none."""
    places = [Path(p).parent for p in [shutil.which("initdb")] if p]
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    return next((p for p in places if (p / "initdb").exists() and (p / "pg_ctl").exists()), None)


def _version(place: Path) -> float:
    return float(place.parent.name) if place.parent.name.replace(".", "").isdigit() else 0.0


@contextmanager
def started() -> Iterator[str]:
    """Start a server and give the URL of its databases, without their name."""
    found = binaries()
    assert found is not None, "the marker is skipped where there is no server"
    home = Path(tempfile.mkdtemp(prefix="pg-"))
    user = next((name for name in UNPRIVILEGED if _exists(name)), None) if not os.getuid() else None
    if user:
        shutil.chown(home, user)
    data = home / "data"

    def run(command: str, *arguments: object) -> None:
        subprocess.run(
            [found / command, *map(str, arguments)],
            check=True,
            cwd=home,
            user=user,
            group=pwd.getpwnam(user).pw_gid if user else None,
            extra_groups=[] if user else None,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    # One server for tests: what it loses in a power cut is of no interest.
    run("initdb", "-D", data, "-U", "test", "-A", "trust", "-E", "UTF8", "--no-sync")
    options = f"-k {home} -c listen_addresses='' -c fsync=off -c max_connections=60"
    run("pg_ctl", "-D", data, "-o", options, "-l", home / "log", "-w", "start")
    try:
        yield f"postgresql+psycopg://test@/{{}}?host={home}"
    finally:
        run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(home, ignore_errors=True)


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True
