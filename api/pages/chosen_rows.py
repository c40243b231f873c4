"""Which workloads of a long inventory are asked about on one page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from api.pages.answers import AnswerRow
from forecast.short_form import MOST_ROWS


@dataclass(frozen=True)
class Choice:
    """What a reader looks for.

    Attributes
    ----------
    find
        Words that workload, owner or kind of work hold.
    unanswered
        Only those that nobody has answered.
    page
        Of what is found, from 1.
    """

    find: str = ""
    unanswered: bool = False
    page: int = 1

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> Choice:
        """Read a query; what cannot be read is the first page.

        >>> Choice.of({"find": " chat ", "page": "2"}), Choice.of({"page": "x"}).page
        (Choice(find='chat', unanswered=False, page=2), 1)
        """
        page = asked.get("page", "1")
        return cls(
            find=asked.get("find", "").strip(),
            unanswered=asked.get("unanswered") == "yes",
            page=int(page) if re.fullmatch("[1-9][0-9]{0,4}", page) else 1,
        )

    def query(self, page: int | None = None) -> dict[str, str]:
        """Write it as a query again, of another page if asked."""
        found = {"find": self.find, "unanswered": "yes" if self.unanswered else ""}
        number = self.page if page is None else page
        return {k: v for k, v in found.items() if v} | ({"page": str(number)} if number > 1 else {})


@dataclass(frozen=True)
class ChosenRows:
    """The rows of one page.

    Attributes
    ----------
    first
        Place of the first one among those found, from 1.
    """

    rows: tuple[AnswerRow, ...]
    choice: Choice
    first: int
    n_found: int
    n_all: int

    @property
    def is_whole(self) -> bool:
        """Whether nothing was looked for and everything is shown."""
        return len(self.rows) == self.n_all

    @property
    def previous(self) -> dict[str, str] | None:
        """The query of the page before; None on the first."""
        return self.choice.query(self.choice.page - 1) if self.first > 1 else None

    @property
    def following(self) -> dict[str, str] | None:
        """The query of the next page; None on the last."""
        last = self.first - 1 + len(self.rows)
        return self.choice.query(self.choice.page + 1) if last < self.n_found else None


def chosen(rows: Sequence[AnswerRow], choice: Choice) -> ChosenRows:
    """Choose the rows of a page; a page behind the last one is the last.

    >>> many = [AnswerRow(f"chat {i}") for i in range(40)]
    >>> found = chosen(many, Choice(page=2))
    >>> found.first, found.rows[0].workload, found.previous, found.following
    (16, 'chat 15', {}, {'page': '3'})
    """
    words = choice.find.casefold().split()
    found = [
        row
        for row in rows
        if not (choice.unanswered and row.needed)
        and all(word in f"{row.workload} {row.owner} {row.archetype}".casefold() for word in words)
    ]
    n_pages = max(1, -(-len(found) // MOST_ROWS))
    page = min(choice.page, n_pages)
    start = (page - 1) * MOST_ROWS
    return ChosenRows(
        tuple(found[start : start + MOST_ROWS]),
        Choice(choice.find, choice.unanswered, page),
        start + 1,
        len(found),
        len(rows),
    )
