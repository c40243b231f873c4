"""The rows of a contract on the intake workbook: what is asked, how it is read, where it goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from excel_templates.styles import DAY, GENERAL
from excel_templates.typed_cells import (
    AnyCell,
    month,
    number,
    share,
    share_below_one,
    text,
    word,
    yes_or_no,
)

STATED_SHARE: Final = "0.0##%"
"""What a person stated is never shown rounded."""

_WHOLE: Final = number(1, 120, example="12", whole=True)


def _count(cell: AnyCell) -> int:
    return int(_WHOLE(cell))


@dataclass(frozen=True)
class ContractRow:
    """One clause: its field of the terms, its label, unit and meaning, and its reader."""

    field: str
    label: str
    unit: str
    meaning: str
    read: Callable[[AnyCell], Any]
    number_format: str = GENERAL
    words: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The defined name of its cells: the contract's, then one per offer."""
        return f"intake_{self.field}"


def _word(field: str, label: str, words: tuple[str, ...], meaning: str) -> ContractRow:
    return ContractRow(field, label, "word", meaning, word(words), words=words)


def _share(field: str, label: str, meaning: str, read: Callable[[AnyCell], float]) -> ContractRow:
    return ContractRow(field, label, "share", meaning, read, STATED_SHARE)


ROWS: Final = (
    ContractRow("name", "Name", "text", "what you call it", text(120)),
    ContractRow("term_start", "First month", "day", "the first day of a month", month, DAY),
    ContractRow("term_months", "Term", "months", "1 to 120", _count, "0"),
    _word("settlement", "Settlement", ("monthly", "quarterly", "annual", "term"),
          "the period a commitment belongs to; each settles alone"),
    _word("kind", "Payment", ("build_up", "burn_down"),
          "build_up pays as usage comes, burn_down pays ahead"),
    _word("drawdown_basis", "Drawdown", ("contracted", "list"),
          "a dollar of commitment is a dollar paid, or a dollar of list usage"),
    _word("shortfall_price", "Shortfall", ("face", "discounted"),
          "list basis only: what the unretired rest costs"),
    _word("overage", "Overage", ("list", "committed_rate", "discounted"),
          "price of usage beyond the commitment"),
    _share("overage_discount_share", "Overage discount", "off list, with discounted alone",
           share_below_one),
    _share("rollover_share", "Rollover", "of the unused, into the next period", share),
    ContractRow("rollover_periods", "Rollover lives", "periods", "of a carried dollar", _count,
                "0"),
    _share("unused_value_share", "Value of unused", "what an unused dollar is worth at the end",
           share_below_one),
    _share("outside_discount_share", "Outside discount", "what the same tokens cost elsewhere, "
           "off list", share_below_one),
    ContractRow("usage_is_portable", "Usage may go elsewhere", "yes or no",
                "beyond the commitment, at the outside price", yes_or_no, words=("yes", "no")),
    _word("tier_basis", "Tiers compare with", ("annual", "term"),
          "the commitment of twelve months, or of the whole term"),
)  # fmt: skip
"""In the order of the sheet. Clauses that are not here keep their defaults."""
