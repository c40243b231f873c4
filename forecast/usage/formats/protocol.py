"""What a usage format is: the small protocol that every module of this folder follows.

To read a new export, write a module with these names and add it to `reading.FORMATS`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal, Protocol

import pandas as pd

from forecast.records.costs import Amounts
from forecast.tables import COST_LINES, USAGE_ROWS, Column, Table, conform, empty

if TYPE_CHECKING:
    from forecast.usage.formats.head import Head

BUCKET_ROWS: Final = Table(
    "usage by bucket",
    (
        *USAGE_ROWS.columns,
        Column("group", "text", "what else the source groups by, so that no two groups look alike"),
        Column("start", "day", "first second of the bucket, UTC"),
        Column("seconds", "count", "length of the bucket"),
        Column("row", "count", "data row of the source, from 1"),
    ),
)
"""Usage as its source holds it, before hours are summed to days."""

DAY_SECONDS: Final = 86_400

ANY_BOOKS: Final = "*"
"""`recorded_by` of an exchange format, which may copy the books of any other format."""


@dataclass(frozen=True)
class Parsed:
    """What one file says.

    Attributes
    ----------
    rows
        `BUCKET_ROWS`: one row per record of the source; empty for an export of money alone.
    first, last
        Start of the first bucket and end of the last one, UTC without a zone. Buckets without
        usage count.
    costs
        `tables.COST_LINES`; empty for an export without amounts.
    warnings
        What a reader of the result should know.
    cannot_tell
        Columns that this file, unlike others of its format, leaves unknown.
    pages_missing
        The file says itself that more pages follow `last`.
    """

    rows: pd.DataFrame
    first: datetime
    last: datetime
    costs: pd.DataFrame = field(default_factory=lambda: empty(COST_LINES))
    warnings: tuple[str, ...] = ()
    cannot_tell: tuple[str, ...] = ()
    pages_missing: bool = False


class Books(Protocol):
    """What two exports must say of themselves to be told apart, or for two views of one usage."""

    @property
    def name(self) -> str:
        """The word that `--format` takes."""

    @property
    def description(self) -> str:
        """What the export is, for people."""

    @property
    def recorded_by(self) -> str:
        """Whose books the export copies: a vendor's, or `ANY_BOOKS`; empty for the customer's own.

        Two different exports of the same books over the same days would count usage twice.
        """

    @property
    def seen_by(self) -> Literal["vendor", "observer"]:
        """Who counted: the vendor that bills, or a gateway, tracer or client that looked on.

        An observer sees requests that the vendor's own export holds too.
        """

    @property
    def holds(self) -> tuple[Literal["usage", "costs"], ...]:
        """What a file of this format gives: usage rows, cost lines, or both."""

    @property
    def amounts(self) -> Amounts | None:
        """What its amounts are; None for an export without any."""

    @property
    def input_includes_cache(self) -> bool:
        """Whether the export counts cache reads and writes inside its input tokens.

        The rows a format returns never do.
        """

    @property
    def cannot_tell(self) -> tuple[str, ...]:
        """Columns that no file of this format can fill."""


class UsageFormat(Books, Protocol):
    """A module that reads one export format."""

    def fits(self, head: Head) -> bool:
        """Tell from the beginning of a file whether it is of this format."""

    def read(self, data: bytes, file: str) -> Parsed:
        """Read the bytes of a file; `file` is its name in messages.

        Raises
        ------
        UsageFormatError
            With row and column, for everything that is not as the format promises.
        """


def cost_frame(columns: Mapping[str, Sequence[object]]) -> pd.DataFrame:
    """Build the frame of `tables.COST_LINES` from columns of equal length.

    A text that is left out is empty, a number that is left out is missing.
    """
    n_rows = len(columns["start"])
    blanks = {"text": "", "maybe_count": None, "maybe_money": None}
    filled = {
        c.name: columns[c.name] if c.name in columns else [blanks[c.kind]] * n_rows
        for c in COST_LINES.columns
    }
    money = {c.name for c in COST_LINES.columns if c.kind == "maybe_money"}
    frame = pd.DataFrame(
        {
            name: pd.Series(list(values), dtype="object") if name in money else values
            for name, values in filled.items()
        }
    )
    return conform(frame, COST_LINES)


def bucket_frame(columns: Mapping[str, Sequence[object]]) -> pd.DataFrame:
    """Build the frame of `BUCKET_ROWS` from columns of equal length; `day` is that of `start`."""
    if not len(columns["start"]):
        return empty(BUCKET_ROWS)
    start = pd.Series(columns["start"]).astype("datetime64[s]")
    others = {name: columns[name] for name in BUCKET_ROWS.names if name not in ("day", "start")}
    return conform(
        pd.DataFrame({"day": start.dt.normalize(), "start": start, **others}), BUCKET_ROWS
    )
