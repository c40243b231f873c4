"""Style sheet, scripts and the chart library, served from our own origin.

The chart library (Vega, Vega-Lite and their interpreter of expressions, BSD-3) is taken at run
time from the installed vl-convert, so that no copy of it is kept here and no other server is asked.
"""

from __future__ import annotations

import gzip
import hashlib
import subprocess
import sys
import threading
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final

from werkzeug.exceptions import NotFound

from api.whole_files import write_file

STATIC: Final = Path(__file__).parent / "static"
LIBRARY: Final = "vega.js"
TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

_LIBRARY_SECONDS: Final = 120
_making = threading.Lock()


def version_of(name: str) -> str:
    """Give what stands for the content of a file; of the library, the release it comes from."""
    if name == LIBRARY:
        return hashlib.sha256(_library_release().encode()).hexdigest()[:12]
    if name not in _own_names():
        raise NotFound("No such file.")
    return hashlib.sha256(_own(name)).hexdigest()[:12]


def content(name: str, kept_in: Path) -> bytes:
    """Give a file.

    Parameters
    ----------
    kept_in
        Where the chart library is kept once it is made, for every process and the next start.

    Raises
    ------
    NotFound
        None of ours has this name.
    """
    if name == LIBRARY:
        with _making:  # the first request makes it, the others wait
            return _library(kept_in / f"charts-{version_of(LIBRARY)}.js")
    if name not in _own_names():
        raise NotFound("No such file.")
    return _own(name)


@cache
def compressed(data: bytes) -> bytes:
    """Give a file as it travels; there are a handful of them."""
    return gzip.compress(data, mtime=0)


@cache
def _own_names() -> frozenset[str]:
    return frozenset(path.name for path in STATIC.iterdir() if path.suffix in TYPES)


@cache
def _own(name: str) -> bytes:
    return (STATIC / name).read_bytes()


@cache
def _library_release() -> str:
    from importlib.metadata import version

    return version("vl-convert-python")


@cache
def _library(place: Path) -> bytes:
    try:
        return place.read_bytes()
    except FileNotFoundError:
        made = _bundled()
    with suppress(OSError):  # a full or read-only place costs the next process two seconds
        write_file(place, made)
    return made


def _bundled() -> bytes:
    """Bundle the library, in a process of its own: it takes 150 MB that are not needed again."""
    code = "import sys, vl_convert; sys.stdout.write(vl_convert.javascript_bundle())"
    made = subprocess.run(  # noqa: S603  every word of it is ours
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        timeout=_LIBRARY_SECONDS,
        encoding="utf-8",
    )
    return made.stdout.encode()
