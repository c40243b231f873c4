"""JSON into objects that know their place, so that every fault names file, row and member.

Python's own reader is used within `MAX_JSON_BYTES`: the streaming reader ijson 3.6 (C backend)
ends the process on an integer of more than 4,300 digits.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, TypeVar

from forecast.errors import UsageFormatError
from forecast.usage.formats import cells

MAX_JSON_BYTES: Final = 64 * 2**20
"""Parsing takes about four times the size of the text in memory (36 MB of text: 150 MB)."""

MAX_JSON_PARTS: Final = 2_000_000
"""Objects and lists of one text. 64 MiB of `{},` are 22 million, and 1.75 GiB once parsed; a
usage report of that size has under half a million."""

T = TypeVar("T")


def documents(data: bytes, file: str, *, unit: str = "page") -> Iterator[Any]:
    r"""Walk the values of a JSON text: one value, one after the other, or one a line.

    A list at the top is walked too, so that `[page, page]` and two pages in a row are the same.
    Fractions come as exact `Decimal`.

    Parameters
    ----------
    unit
        What one value is, for messages.

    Raises
    ------
    UsageFormatError
        Larger than `MAX_JSON_BYTES` or `MAX_JSON_PARTS`, not UTF-8, cut off, nested too deeply,
        or an object with the same member twice.

    Examples
    --------
    >>> list(documents(b'{"a": 1}\n{"a": 0.10}', "a.jsonl"))
    [{'a': 1}, {'a': Decimal('0.10')}]
    """
    if len(data) > MAX_JSON_BYTES:
        raise UsageFormatError(
            f"is larger than {MAX_JSON_BYTES // 2**20} MiB; save the {unit}s in several files",
            file=file,
        )
    if data.count(b"{") + data.count(b"[") > MAX_JSON_PARTS:
        raise UsageFormatError(
            f"has more than {MAX_JSON_PARTS} objects and lists; save the {unit}s in several files",
            file=file,
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise UsageFormatError(
            f"is not UTF-8 (byte {fault.start}); save the response as it came", file=file
        ) from None
    decoder = json.JSONDecoder(object_pairs_hook=_members, parse_float=Decimal)
    position, number = _skip_blanks(text, 0), 0
    while position < len(text):
        try:
            value, position = decoder.raw_decode(text, position)
        except RecursionError:
            raise UsageFormatError("nests too deeply for an export", file=file) from None
        except (ValueError, ArithmeticError) as fault:
            where = f"after {number} whole {unit}s" if number else f"in its first {unit}"
            raise UsageFormatError(
                f"is not complete JSON {where} ({str(fault)[:80]}); export it again",
                file=file,
            ) from None
        position = _skip_blanks(text, position)
        for one in value if isinstance(value, list) else [value]:
            number += 1
            yield one


def value(text: str) -> Any:
    """Read one JSON value out of a cell or a string, as `documents` does.

    >>> value('{"a": 0.10}')
    {'a': Decimal('0.10')}

    Raises
    ------
    ValueError
        Not JSON, or nested too deeply.
    """
    try:
        return json.loads(text, object_pairs_hook=_members, parse_float=Decimal)
    except RecursionError:
        raise ValueError("nests too deeply for an export") from None
    except (ValueError, ArithmeticError) as fault:
        raise ValueError(f"is not JSON ({str(fault)[:80]}): {cells.quoted(text)}") from None


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a member stands twice in one object")
    return members


def _skip_blanks(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \t\r\n":
        position += 1
    return position


@dataclass(frozen=True)
class Fields:
    """One JSON object of a file, read member by member.

    Attributes
    ----------
    row
        Which record of the file it is, from 1; None outside records.
    path
        Where it lies inside its record, with a dot at the end; empty at the top.
    """

    members: Mapping[str, Any]
    file: str
    row: int | None = None
    path: str = ""

    @classmethod
    def of(cls, value: Any, file: str, *, row: int | None = None, path: str = "") -> Fields:
        """Take a value that must be an object.

        >>> Fields.of([], "a.json", row=3, path="data[0].")
        Traceback (most recent call last):
        forecast.errors.UsageFormatError: a.json, row 3, column data[0]: is not an object: []
        """
        if not isinstance(value, dict):
            raise UsageFormatError(
                f"is not an object: {cells.quoted(value)}",
                file=file,
                row=row,
                column=path.rstrip(".")[:120] or None,
            )
        return cls(value, file, row, path)

    def fault(self, member: str, problem: str) -> UsageFormatError:
        """Make the error of one member."""
        return UsageFormatError(
            problem, file=self.file, row=self.row, column=(self.path + member)[:120]
        )

    def has(self, member: str) -> bool:
        """Tell whether a member is there and not null."""
        return self.members.get(member) is not None

    def inner(self, member: str) -> Fields:
        """Give a member that must be an object."""
        path = f"{self.path}{member}."
        return Fields.of(self.members.get(member), self.file, row=self.row, path=path)

    def inner_or_empty(self, member: str) -> Fields:
        """Give a member that is an object, or an empty one where it is null or left out."""
        if not self.has(member):
            return Fields({}, self.file, self.row, f"{self.path}{member}.")
        return self.inner(member)

    def items(self, member: str) -> Sequence[Any]:
        """Give a member that must be a list."""
        value = self.members.get(member)
        if not isinstance(value, list):
            raise self.fault(member, f"is not a list: {cells.quoted(value)}")
        return value

    def read(self, member: str, by: Callable[[Any], T]) -> T:
        """Read a member with a function that raises ValueError.

        >>> Fields({"n": -1}, "a.json", row=1).read("n", cells.number)
        Traceback (most recent call last):
        forecast.errors.UsageFormatError: a.json, row 1, column n: is negative: -1
        """
        try:
            return by(self.members.get(member))
        except ValueError as fault:
            raise self.fault(member, str(fault)) from None

    def text(self, member: str) -> str:
        """Read a name; null and left out are empty."""
        value = self.members.get(member)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self.fault(member, f"is not a text: {cells.quoted(value)}")
        return self.read(member, lambda _: cells.name(value))

    def word(self, member: str, meaning: Callable[[str], str], default: str) -> str:
        """Read a word of a vocabulary; null, left out and empty give the default."""
        value = self.text(member)
        return self.read(member, lambda _: meaning(value)) if value else default

    def count(self, member: str) -> int:
        """Read a count that must be there."""
        if member not in self.members:
            raise self.fault(member, "is missing")
        return self.read(member, cells.number)

    def count_or_zero(self, member: str) -> int:
        """Read a count; null and left out are 0."""
        return self.read(member, cells.number) if self.has(member) else 0

    def amount(self, member: str) -> Decimal:
        """Read an exact amount, a JSON number or a decimal string."""
        if not self.has(member):
            raise self.fault(member, "is missing")
        return self.read(member, cells.amount)

    def instant(self, member: str) -> datetime:
        """Read an instant with a zone as UTC without one."""
        return self.read(member, lambda value: cells.instant(str(value)))

    def refuse_unknown_tokens(self, known: set[str] | frozenset[str]) -> None:
        """Refuse token counts that nobody has reviewed: dropping one would lose money."""
        for member in self.members:
            if "token" in member.lower() and member not in known:
                raise self.fault(member, "is a token count this version does not know; update it")
