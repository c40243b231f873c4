"""Query parameters and conditional headers, read strictly."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from flask import Response, request

from api.operations import Parameter
from api.store.pages import MAX_ITEMS, Wanted, place_of
from api.store.portfolios import ANY, Condition
from api.validation import DocumentError, Fault
from forecast.errors import InputError

LIMIT = Parameter(
    "limit",
    "Most items on the page.",
    {"type": "integer", "minimum": 1, "maximum": MAX_ITEMS, "default": 20},
)
CURSOR = Parameter(
    "cursor",
    "`next_cursor` of the page before.",
    {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,200}$"},
)
PAGE = (LIMIT, CURSOR)

IF_MATCH = Parameter(
    "If-Match",
    "The ETag of the state that is meant, or *.",
    {"type": "string", "pattern": r'^(\*|"[\x21\x23-\x7e]*")$'},
    place="header",
)
IF_NONE_MATCH = Parameter(
    "If-None-Match", "* to make a new one only.", {"const": "*"}, place="header"
)

_TAG = re.compile(r'"([\x21\x23-\x7e]*)"')


def wanted_page() -> Wanted:
    """Read which page is asked for.

    Raises
    ------
    DocumentError
    """
    cursor = request.args.get("cursor")
    return Wanted(limit_asked(), None if cursor is None else place_of(cursor))


def limit_asked() -> int:
    """Read how many items are asked for; see `wanted_page`."""
    text = request.args.get("limit", "20")
    if not re.fullmatch(r"[0-9]{1,3}", text) or not 1 <= int(text) <= MAX_ITEMS:
        raise DocumentError([Fault(("limit",), f"must be a number from 1 to {MAX_ITEMS}")])
    return int(text)


def day_asked(name: str, default: date) -> date:
    """Read a day.

    Raises
    ------
    DocumentError
    """
    text = request.args.get(name)
    if text is None:
        return default
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError:
        raise DocumentError([Fault((name,), "must be a day such as 2026-10-31")]) from None


def stated_condition() -> Condition:
    """Read If-Match and If-None-Match.

    Raises
    ------
    InputError
        A header that is none of entity tags.
    """
    wants_absent = request.headers.get("If-None-Match")
    if wants_absent is not None and wants_absent.strip() != ANY:
        raise InputError("has to be *", column="If-None-Match")
    given = request.headers.get("If-Match")
    return Condition(None if given is None else _tags(given), wants_absent is not None)


def _tags(text: str) -> tuple[str, ...]:
    if text.strip() == ANY:
        return (ANY,)
    tags = []
    for part in text.split(","):
        # A weak tag never matches here (RFC 9110, 13.1.1); it is kept as what it says.
        found = _TAG.fullmatch(part.strip().removeprefix("W/"))
        if found is None:
            raise InputError(
                'has to be * or entity tags in quotes, such as "abc"', column="If-Match"
            )
        if not part.strip().startswith("W/"):
            tags.append(found[1])
    return tuple(tags)


def with_etag(response: Response, etag: str) -> Response:
    """Tell the state of what is given; a caller who has it already gets 304."""
    response.set_etag(etag)
    if request.method == "GET":
        made: Any = response.make_conditional(request)
        return made
    return response
