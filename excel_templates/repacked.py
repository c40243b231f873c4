"""An .xlsx file packed again, so that its bytes depend on its content alone."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date
from typing import Final

_ZIP_STAMP: Final = (1980, 1, 1, 0, 0, 0)
_TIMES: Final = re.compile(r"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms:\2>)")


def repacked(
    content: bytes,
    change: Callable[[str, bytes], bytes | None] = lambda _, part: part,
    *,
    day: date | None = None,
) -> bytes:
    """Pack a file again without the moment of writing.

    Parameters
    ----------
    change
        Gives the new content of a part, by its name; None leaves it out.
    day
        Stands as created and modified in the properties.
    """
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as source,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as target,
    ):
        for name in sorted(source.namelist(), key=lambda name: (name != _TYPES, name)):
            part = change(name, source.read(name))
            if part is None:
                continue
            if name == "docProps/core.xml" and day is not None:
                stamp = rf"\g<1>{day.isoformat()}T00:00:00Z\g<3>"
                part = _TIMES.sub(stamp, part.decode()).encode()
            entry = zipfile.ZipInfo(name, _ZIP_STAMP)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            target.writestr(entry, part)
    return out.getvalue()


_TYPES: Final = "[Content_Types].xml"
"""Stands first in a file, as readers expect."""
