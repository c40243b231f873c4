"""Names of files and of entries: shown in messages, never used as a place to write to."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from forecast.errors import UsageFormatError

MAX_SHOWN: Final = 120
"""Characters of a name in a message."""

_SEPARATOR: Final = re.compile(r"[/\\]")
_DRIVE: Final = re.compile(r"[A-Za-z]:")
_HIDDEN_FOLDERS: Final = frozenset({"__MACOSX", "_delta_log", "_temporary"})
_NO_EXPORT: Final = re.compile(
    r"(?:readme|licen[cs]e|notice|changelog)(?:\.\w+)?|.*manifest.*|thumbs\.db|desktop\.ini"
    r"|_success|_metadata|_common_metadata|_committed_.*|_started_.*"
    r"|.*\.(?:md|sql|crc|md5|sha1|sha256|sig|asc)",
    re.IGNORECASE,
)
"""What stands beside exports: notes, the manifests and table definitions of AWS, checksums, and the
marks that Hadoop and Spark leave."""


def shown(name: str) -> str:
    r"""Give a name as a message may hold it: printable, at most 120 characters.

    >>> shown("a\x1b[31m\u202e.csv")
    'a�[31m�.csv'
    >>> len(shown("a" * 999 + ".csv"))
    120
    """
    printable = "".join(c if c.isprintable() else "\ufffd" for c in name)
    if len(printable) <= MAX_SHOWN:
        return printable
    kept = MAX_SHOWN // 3
    return f"{printable[:kept]}…{printable[kept + 1 - MAX_SHOWN :]}"


def member_path(raw: str, archive: str) -> str:
    r"""Give the path of an entry below its archive, with `/` between folders.

    Raises
    ------
    UsageFormatError
        A name that climbs out of the archive, is absolute, names a drive, or holds a control
        character. Nothing is written by name; such an archive is made to deceive.

    Examples
    --------
    >>> member_path("usage\\2026\\march.csv", "a.zip")
    'usage/2026/march.csv'
    >>> member_path("../march.csv", "a.zip")
    Traceback (most recent call last):
    forecast.errors.UsageFormatError: a.zip/../march.csv: leads out of its archive; pack it again
    """
    parts = _SEPARATOR.split(raw)
    outside = not parts[0] or ".." in parts or _DRIVE.match(raw)
    control = any(ord(c) < 32 or ord(c) == 127 for c in raw)
    if not raw or outside or control:
        what = "leads out of its archive" if outside else "has a name that cannot be printed"
        raise UsageFormatError(f"{what}; pack it again", file=shown(f"{archive}/{raw}"))
    return "/".join(part for part in parts if part not in ("", "."))


def twice_packed(name: str) -> UsageFormatError:
    """Build the refusal of an archive that holds two entries of one path."""
    return UsageFormatError("stands twice in its archive; pack the exports again", file=shown(name))


def why_skipped(path: str) -> str | None:
    """Tell why a file below a folder or an archive is no export; None when it may be one.

    >>> why_skipped("__MACOSX/._march.csv"), why_skipped("2026/cur-Manifest.json")
    ('is hidden', 'stands beside exports')
    >>> why_skipped("2026/march.csv")
    """
    parts = PurePosixPath(path).parts
    if any(part.startswith(".") or part in _HIDDEN_FOLDERS for part in parts):
        return "is hidden"
    return "stands beside exports" if _NO_EXPORT.fullmatch(parts[-1]) else None


def short_names(paths: Sequence[Path]) -> list[str]:
    """Name files by their last part, and by more of it where two would be named alike.

    >>> short_names([Path("a/usage.csv"), Path("b/usage.csv"), Path("a/march.csv")])
    ['a/usage.csv', 'b/usage.csv', 'march.csv']
    """
    parts = [path.absolute().parts for path in paths]
    lengths = [1] * len(parts)
    while True:
        names = ["/".join(p[-n:]) for p, n in zip(parts, lengths, strict=True)]
        counts = Counter(names)
        growing = [
            i for i, name in enumerate(names) if counts[name] > 1 and lengths[i] < len(parts[i])
        ]
        if not growing:
            return names
        for i in growing:
            lengths[i] += 1


class Unique:
    """Gives each name once; a second one that would be shown alike gets a number."""

    def __init__(self) -> None:
        self._given: set[str] = set()
        self._repeats: Counter[str] = Counter()

    def __call__(self, name: str) -> str:
        """Give the name to show."""
        plain = given = shown(name)
        while given in self._given:
            self._repeats[plain] += 1
            given = f"{plain[: MAX_SHOWN - 10]} ({self._repeats[plain] + 1})"
        self._given.add(given)
        return given
