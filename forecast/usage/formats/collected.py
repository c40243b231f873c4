"""What one file says, collected record by record into usage rows and cost lines."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Context, Decimal
from typing import Any, Final

from forecast.errors import UsageFormatError
from forecast.records.costs import ChargeKind
from forecast.records.usage import TOKEN_COLUMNS
from forecast.tables import COST_LINES, empty
from forecast.units import CENT
from forecast.usage.formats import vocabulary
from forecast.usage.formats.canonical import DEFAULTS
from forecast.usage.formats.json_text import Fields
from forecast.usage.formats.protocol import BUCKET_ROWS, Parsed, bucket_frame, cost_frame

REQUEST_SECONDS: Final = 1
"""A record of one request covers the second in which it began."""

_EXACT: Final = Context(prec=100)
"""Sums of amounts lose no digit."""

_PROMPT: Final = tuple(column for column in TOKEN_COLUMNS if column != "output_tokens")
_USAGE_BLANKS: Final = {**DEFAULTS, "group": "", "input_tokens": 0, "output_tokens": 0}
_COST_BLANKS: Final = {"text": "", "maybe_count": None, "maybe_money": None}


@dataclass
class _Spent:
    row: int
    usd: Decimal = Decimal(0)
    n_records: int = 0


class Collected:
    """The rows and lines of one file.

    Attributes
    ----------
    member
        Where its records should be, for the message of a file without any.
    n_rows, n_lines
        How many were added.
    first, last
        What they cover so far, UTC without a zone; None before anything is covered.
    """

    def __init__(self, file: str, *, member: str | None = None) -> None:
        self.file = file
        self.member = member
        self.n_rows = 0
        self.n_lines = 0
        self.first: datetime | None = None
        self.last: datetime | None = None
        self._usage: dict[str, list[Any]] = {c: [] for c in BUCKET_ROWS.names if c != "day"}
        self._costs: dict[str, list[Any]] = {c.name: [] for c in COST_LINES.columns}
        self._seen: dict[str, int] = {}
        self._spent: dict[tuple[datetime, tuple[tuple[str, str], ...]], _Spent] = {}

    def cover(self, start: datetime, end: datetime) -> None:
        """Say that the file covers [start, end), with usage in it or not."""
        self.first = start if self.first is None else min(self.first, start)
        self.last = end if self.last is None else max(self.last, end)

    def once(self, identity: str, fields: Fields, member: str) -> None:
        """Refuse a record whose identity stands in the file already.

        Raises
        ------
        UsageFormatError
            Names both records.
        """
        first = self._seen.setdefault(identity, fields.row or 0)
        if first != (fields.row or 0):
            raise fields.fault(
                member,
                f"stands in record {first} already; the export holds it twice, remove one of the "
                "two",
            )

    def usage(self, *, start: datetime, seconds: int, row: int, **values: Any) -> None:
        """Add a usage row; a column that is left out is blank, which for tokens is 0.

        A row of one request tells the length of its prompt, and so the price band.
        """
        full = {**_USAGE_BLANKS, "start": start, "seconds": seconds, "row": row, **values}
        if full["requests"] == 1 and not full["context_window"]:
            full["context_window"] = vocabulary.prompt_band(sum(full[c] for c in _PROMPT))
        for column, kept in self._usage.items():
            kept.append(full[column])
        self.n_rows += 1
        self.cover(start, start + timedelta(seconds=seconds))

    def cost(
        self,
        *,
        day: datetime,
        row: int,
        charge: ChargeKind,
        n_days: int = 1,
        **values: str | int | Decimal | None,
    ) -> None:
        """Add a cost line of `n_days` from the UTC day of `day`; what is left out is blank."""
        start = datetime.combine(day.date(), datetime.min.time())
        end = start + timedelta(days=n_days)
        full = {"start": start, "end": end, "row": row, "charge": charge.value, **values}
        for column in COST_LINES.columns:
            blank = _COST_BLANKS.get(column.kind)
            self._costs[column.name].append(full.get(column.name, blank))
        self.n_lines += 1

    def spend(self, *, day: datetime, row: int, usd: Decimal, **names: str) -> None:
        """Add what one request cost to the line of its day and names; nothing spent adds none.

        A sum of estimates may fall below zero by the noise of floats; a credit is a cent or more.
        The line gives the first of its records as its row and their number as its description.
        """
        if usd:
            start = datetime.combine(day.date(), datetime.min.time())
            spent = self._spent.setdefault((start, tuple(names.items())), _Spent(row))
            spent.usd = _EXACT.add(spent.usd, usd)
            spent.n_records += 1

    def _write_spent(self) -> None:
        for (start, pairs), spent in self._spent.items():
            names: dict[str, Any] = dict(pairs)
            self.cost(
                day=start,
                row=spent.row,
                charge=ChargeKind.CREDIT if spent.usd <= -CENT else ChargeKind.USAGE,
                description=f"{spent.n_records} records",
                billed_usd=spent.usd,
                **names,
            )
        self._spent = {}

    def parsed(
        self,
        *,
        warnings: Sequence[str] = (),
        cannot_tell: Sequence[str] = (),
        pages_missing: bool = False,
    ) -> Parsed:
        """Give what was collected.

        Raises
        ------
        UsageFormatError
            Nothing was covered at all.
        """
        if self.first is None or self.last is None:
            raise UsageFormatError(
                "holds no record; export it again", file=self.file, column=self.member
            )
        self._write_spent()
        return Parsed(
            bucket_frame(self._usage),
            first=self.first,
            last=self.last,
            costs=cost_frame(self._costs) if self.n_lines else empty(COST_LINES),
            warnings=tuple(warnings),
            cannot_tell=tuple(cannot_tell),
            pages_missing=pages_missing,
        )


def exact_sum(amounts: Sequence[Decimal]) -> Decimal:
    """Add amounts without losing a digit.

    >>> exact_sum([Decimal("1000000000000"), Decimal("0.00000000000000000001")])
    Decimal('1000000000000.00000000000000000001')
    """
    total = Decimal(0)
    for amount in amounts:
        total = _EXACT.add(total, amount)
    return total


def digest(fields: Fields) -> str:
    """Give the identity of a record that carries none of its own: its whole content.

    Raises
    ------
    UsageFormatError
        The record nests too deeply.
    """
    try:
        text = json.dumps(dict(fields.members), sort_keys=True, default=str)
    except RecursionError:
        raise fields.fault("", "nests too deeply for an export") from None
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def uncached_input(total: int, *cached: int) -> int:
    """Take cache reads and writes out of an input count that includes them.

    Raises
    ------
    ValueError
        They are more than the input: the two counts mean something else.

    Examples
    --------
    >>> uncached_input(1000, 800, 50)
    150
    >>> uncached_input(100, 800)
    Traceback (most recent call last):
    ValueError: is 100, less than the 800 cached tokens inside it; was the input counted without?
    """
    inside = sum(cached)
    if inside > total:
        raise ValueError(
            f"is {total}, less than the {inside} cached tokens inside it; "
            "was the input counted without?"
        )
    return total - inside
