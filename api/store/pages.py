"""Lists in pages, newest first.

A cursor names the last item seen, so that nothing is skipped or shown twice while items arrive.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, Table, and_, or_

from api.validation import DocumentError, Fault

T = TypeVar("T")

MAX_ITEMS = 100


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some items, and where the next ones begin."""

    items: tuple[T, ...]
    next_cursor: str | None


@dataclass(frozen=True)
class Wanted:
    """Which page is asked for.

    Attributes
    ----------
    after
        Instant and id of the last item of the page before.
    """

    n_items: int = 20
    after: tuple[datetime, str] | None = None

    def of(self, query: Select[Any], table: Table, id_column: str = "id") -> Select[Any]:
        """Narrow a query to the page, and one item more."""
        at, identifier = table.c.created_at, table.c[id_column]
        if self.after is not None:
            query = query.where(_older(at, identifier, *self.after))
        return query.order_by(at.desc(), identifier.desc()).limit(self.n_items + 1)

    def page(self, items: Sequence[T], places: Sequence[tuple[datetime, str]]) -> Page[T]:
        """Make the page of what the query gave."""
        more = len(items) > self.n_items
        last = places[self.n_items - 1] if more else None
        return Page(tuple(items[: self.n_items]), cursor_of(*last) if last else None)


def _older(
    at: ColumnElement[datetime], identifier: ColumnElement[str], instant: datetime, last: str
) -> ColumnElement[bool]:
    return or_(at < instant, and_(at == instant, identifier < last))


def cursor_of(instant: datetime, identifier: str) -> str:
    """Write a place in a list.

    >>> cursor = cursor_of(datetime(2026, 11, 24, tzinfo=UTC), "ab")
    >>> place_of(cursor)
    (datetime.datetime(2026, 11, 24, 0, 0, tzinfo=datetime.timezone.utc), 'ab')
    """
    text = f"{instant.astimezone(UTC).isoformat()} {identifier}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def place_of(cursor: str) -> tuple[datetime, str]:
    """Read a cursor.

    Raises
    ------
    DocumentError
        Not one that this service gave.
    """
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        instant, identifier = text.split(" ")
        found = datetime.fromisoformat(instant)
        if found.tzinfo is None or not re.fullmatch(r"[0-9a-z-]{1,64}", identifier):
            raise ValueError(cursor)
        found = found.astimezone(UTC)
    except (ValueError, OverflowError, binascii.Error):
        raise DocumentError([Fault(("cursor",), "is not one that this service gave")]) from None
    return found, identifier
