"""Print what a deployment installs: the runtime packages of the lock, and some more by name.

    python scripts/deploy/locked_requirements.py psycopg psycopg-binary fsspec > requirements.txt

Every entry keeps its version and its hashes, so that `pip install --require-hashes` takes nothing
else. The lock's other sections hold what developers and tests need.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection
from pathlib import Path

LOCK = Path(__file__).resolve().parents[2] / "requirements.lock"

_ENTRY = re.compile(r"^([a-z0-9._-]+)==(?:.*\\\n)*.*\n", re.MULTILINE)


def requirements(lock: str, more: Collection[str]) -> str:
    """Give the runtime section, and the entries of other packages wherever they stand.

    Raises
    ------
    LookupError
        A package that is not in the lock.
    """
    runtime, *others = re.split(r"^# --- [a-z]+ ---\n", lock, flags=re.MULTILINE)[1:]
    # A package may have an entry for each platform.
    found = [entry for entry in _ENTRY.finditer("".join(others)) if entry[1] in more]
    if missing := sorted(set(more) - {entry[1] for entry in found}):
        raise LookupError(f"not in {LOCK.name}: {', '.join(missing)}")
    return runtime + "".join(entry[0] for entry in found)


if __name__ == "__main__":
    sys.stdout.write(requirements(LOCK.read_text(), sys.argv[1:]))
