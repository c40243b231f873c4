"""What an engine does: read files as tables, evaluate Ibis expressions, keep results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from forecast.errors import UsageFormatError
from forecast.usage.request_logs.fields import Record
from forecast.usage.request_logs.files import LogFile
from forecast.usage.request_logs.layouts.protocol import Members

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd
    import pyarrow as pa

Progress = Callable[[str, float], None]
"""Called with what is done now, and the share of all that is done."""

FILE: Final = "_file_of_the_log_"
"""The column that holds the key of the file a row stands in; no log has one of this name."""


class UnreadableError(UsageFormatError):
    """The engine cannot read a file; `faults` finds the row."""


class Engine(Protocol):
    """Where expressions are evaluated. Everything it keeps is gone when it closes."""

    def table(self, files: Sequence[LogFile], members: Members) -> ir.Table:
        """Give files of one schema as one table, with the column `FILE`.

        Parameters
        ----------
        members
            What is read of JSON records; columns of other kinds are read when they are used.
        """

    def path_of(self, key: str) -> Path:
        """Give the path of the file that a value of `FILE` stands for."""

    def record(self, table: ir.Table) -> Record:
        """Wrap a table for the layouts."""

    def stage(self, rows: ir.Table, what: str) -> ir.Table:
        """Read a text once: keep its rows where they can be read again and again."""

    def keep(self, rows: ir.Table, what: str) -> ir.Table:
        """Evaluate an expression and keep its rows for later ones."""

    def put(self, frame: pd.DataFrame) -> ir.Table:
        """Give a small frame of texts and whole numbers to the engine."""

    def fetch(self, rows: ir.Table) -> pa.Table:
        """Evaluate an expression."""

    def close(self) -> None:
        """Forget everything."""


def type_text(within: str | Members, text: str, member: str, record: str) -> str:
    """Write a column type.

    Parameters
    ----------
    text
        The type of a text.
    member, record
        How a member with its type is written, and what stands around all of them.

    Examples
    --------
    >>> type_text({"a": "text", "b": {"c": "text"}}, "VARCHAR", '"{}" {}', "STRUCT({})")
    'STRUCT("a" VARCHAR, "b" STRUCT("c" VARCHAR))'
    """
    if isinstance(within, str):
        return text
    inner = (
        member.format(name, type_text(deeper, text, member, record))
        for name, deeper in within.items()
    )
    return record.format(", ".join(inner))
