"""The beginning of a file: enough to tell formats apart without trusting it."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from typing import Final, Literal

from forecast.errors import UsageFormatError

HEAD_BYTES: Final = 65_536
PARQUET_MAGIC: Final = b"PAR1"
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_JSON_KEY: Final = re.compile(r'"([A-Za-z_][A-Za-z0-9_.]{0,80})"\s*:')

Kind = Literal["parquet", "json", "text"]


@dataclass(frozen=True)
class Head:
    """What the first 64 KiB say.

    Attributes
    ----------
    columns
        Header of a delimited text, or the schema of a Parquet file.
    keys
        Names of the members of a JSON text, at any depth.
    """

    kind: Kind
    columns: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()

    @classmethod
    def of(cls, data: bytes, file: str) -> Head:
        r"""Look at the beginning of `data`.

        Raises
        ------
        UsageFormatError
            An empty file, or text that is not UTF-8.

        Examples
        --------
        >>> sorted(Head.of(b"day,model\n2026-11-01,m\n", "a.csv").columns)
        ['day', 'model']
        >>> sorted(Head.of(b'{"data": [{"results": []}]}', "a.json").keys)
        ['data', 'results']
        """
        if not data[:HEAD_BYTES].strip() and not data.strip():
            raise UsageFormatError("is empty; export it again", file=file)
        if data.startswith(PARQUET_MAGIC):
            from forecast.usage.formats.parquet import column_names

            return cls("parquet", columns=frozenset(column_names(data, file)))
        start = data[:HEAD_BYTES]
        if start.startswith(_UTF16_MARKS) or b"\x00" in start:
            raise UsageFormatError(
                "is neither UTF-8 text nor Parquet (it looks like UTF-16 or a workbook); "
                "save it as CSV UTF-8",
                file=file,
            )
        text = start.decode("utf-8-sig", errors="replace").lstrip()
        if text.startswith(("{", "[")):
            return cls("json", keys=frozenset(_JSON_KEY.findall(text)))
        return cls("text", columns=frozenset(header_of(text)))


def header_of(text: str) -> list[str]:
    r"""Give the column names in the first line of a delimited text.

    >>> header_of("day;model;requests\n")
    ['day', 'model', 'requests']
    """
    line = text.lstrip("\ufeff").split("\n", 1)[0].rstrip("\r")
    try:
        cells = next(csv.reader([line], delimiter=delimiter_of(line)), [])
    except csv.Error:
        return []
    return [cell.strip() for cell in cells]


def delimiter_of(line: str) -> str:
    """Give the delimiter that stands most often in a header: a comma, else what Excel writes."""
    return max(",;\t", key=line.count)
