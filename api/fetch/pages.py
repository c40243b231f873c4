"""One page of a report, checked before it is kept."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any


class UnusablePageError(ValueError):
    """An answer that is not the page that was asked for."""


@dataclass(frozen=True)
class Page:
    """A page as it came, and what it says about the ones around it.

    Attributes
    ----------
    body
        The bytes of the answer.
    first, last
        Start of the first bucket and end of the last one; None for a page without buckets, after
        which none can follow.
    next_token
        Of the page after it; None for the last.
    """

    body: bytes
    first: datetime | None
    last: datetime | None
    next_token: str | None


def read_page(body: bytes, since: date, until: date) -> Page:
    """Read an answer.

    Parameters
    ----------
    since, until
        First day that was asked for, and the day after the last one.

    Raises
    ------
    UnusablePageError
        Not JSON, not a page, buckets out of order or outside of what was asked for, or more pages
        without a token.

    Examples
    --------
    >>> body = b'''{"data": [{"starting_at": "2026-11-01T00:00:00Z", "results": [],
    ...   "ending_at": "2026-11-02T00:00:00Z"}], "has_more": true, "next_page": "page_2"}'''
    >>> read_page(body, date(2026, 11, 1), date(2026, 11, 9)).next_token
    'page_2'
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise UnusablePageError("is not whole JSON") from None
    if not isinstance(document, dict) or not isinstance(document.get("data"), list):
        raise UnusablePageError("has no list `data`")
    edges = _edges(document["data"])
    bounds = [datetime.combine(day, time.min, UTC) for day in (since, until)]
    if edges and not (bounds[0] <= edges[0][0] and edges[-1][1] <= bounds[1]):
        raise UnusablePageError(f"has buckets outside of {since} to {until}")
    token = _next_token(document)
    if token and not edges:
        raise UnusablePageError("says that more pages follow and holds no bucket itself")
    return Page(
        body=body,
        first=edges[0][0] if edges else None,
        last=edges[-1][1] if edges else None,
        next_token=token,
    )


def _edges(buckets: list[Any]) -> list[tuple[datetime, datetime]]:
    edges: list[tuple[datetime, datetime]] = []
    for bucket in buckets:
        if not isinstance(bucket, dict) or not isinstance(bucket.get("results"), list):
            raise UnusablePageError("has a bucket without a list `results`")
        start, end = (_instant(bucket.get(name)) for name in ("starting_at", "ending_at"))
        if start >= end or (edges and start < edges[-1][1]):
            raise UnusablePageError("has buckets out of order")
        edges.append((start, end))
    return edges


def _instant(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise UnusablePageError("has a bucket without a time") from None
    if moment.tzinfo is None:
        raise UnusablePageError("has a bucket without a time zone")
    return moment


def _next_token(document: dict[str, Any]) -> str | None:
    more, token = document.get("has_more"), document.get("next_page")
    if not isinstance(more, bool):
        raise UnusablePageError("does not say whether more pages follow")
    if not more:
        return None
    if not isinstance(token, str) or not token:
        raise UnusablePageError("says that more pages follow and gives no token for them")
    return token
