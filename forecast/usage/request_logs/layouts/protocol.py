"""What a layout is: the small protocol that every module of this folder follows.

A layout maps the columns of one source schema to those of the canonical request table. To read
another log, write a module with these names and add it to `recognition.LAYOUTS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from forecast.usage.formats import cells, vocabulary
from forecast.usage.formats.protocol import Books
from forecast.usage.request_logs.fields import Field, Record

if TYPE_CHECKING:
    import ibis.expr.types as ir

Members = Mapping[str, "str | Members"]
"""Members of a JSON record that are read: "text", or the members of an object within."""

TEXT: Final = "text"

NAMES: Final[Mapping[str, Callable[[str], str]]] = {
    "platform": cells.given_name,
    "model": cells.name,
    "service_tier": vocabulary.service_tier,
    "geography": vocabulary.geography,
    "speed": vocabulary.speed,
    "context_window": vocabulary.context_window,
    "workload": cells.workload_name,
    "api_key": cells.name,
    "workspace": cells.name,
    "tag": cells.name,
}
"""The names of a request in their order, and how the canonical table writes each."""

COUNTS: Final = (
    "input_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
    "cache_read_tokens",
    "output_tokens",
    "web_searches",
)
"""The counts of a request; what a layout leaves out is 0."""


@dataclass(frozen=True)
class Requests:
    """One row per request, in canonical columns.

    Attributes
    ----------
    table
        The table all fields are columns of.
    time_ms
        Milliseconds since 1970, UTC.
    counts
        Some of `COUNTS`.
    names
        Some of `NAMES`, and `prefix`.
    prompt_tokens
        All input-side tokens of the request, where the log itself says; else they are added up.
    not_billed
        Why the vendor bills nothing for a row, empty where it does; None when all are billed.
    """

    table: ir.Table
    time_ms: Field
    counts: Mapping[str, Field]
    names: Mapping[str, Field]
    prompt_tokens: Field | None = None
    not_billed: ir.Value | None = None


class Layout(Books, Protocol):
    """A module that maps one source schema; whose books it copies is what its format says."""

    @property
    def words(self) -> Mapping[str, Callable[[str], str]]:
        """How a non-empty name of the source becomes canonical, where `NAMES` does not say."""

    def fits(self, columns: frozenset[str]) -> bool:
        """Tell from column names whether a source is of this layout."""

    def members(self, columns: frozenset[str]) -> Members:
        """Give the members of a JSON record that are read; no others are."""

    def refuse_unknown(self, columns: frozenset[str]) -> None:
        """Refuse a column that looks like tokens or like a misspelt one.

        Raises
        ------
        UsageFormatError
            With the column.
        """

    def requests(self, record: Record) -> Requests:
        """Map a source table.

        Raises
        ------
        UsageFormatError
            A column that is missing or of a wrong type.
        """
