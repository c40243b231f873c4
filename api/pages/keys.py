"""Who may do what: the keys of the organisation, and the log of what was done with them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from flask import Response, request

from api.access import caller, now, organisation, the_store
from api.bodies import KeyBody
from api.pages.serving import go_to, page, show
from api.pages.session import ROLES
from api.problems import error_document
from api.store import audit, organisations
from api.store.organisations import Scope
from api.validation import DocumentError, Fault, validate
from forecast.errors import InputError

LINES: Final = 50


@page("/keys", scope=Scope.ADMIN)
def keys() -> Response:
    """Show the keys, and the newest lines of the log."""
    return _shown()


@page("/keys", methods=["POST"], scope=Scope.ADMIN)
def make_key() -> Response:
    """Make a key; its secret is shown on this page and never again."""
    try:
        asked = validate(KeyBody, _typed())
    except InputError as error:
        return _shown(problem=error_document(error, request.path), status=422)
    at = now()
    made, secret = organisations.add_key(
        the_store(),
        organisation(),
        name=asked.name,
        scope=asked.scope,
        now=at,
        expires_at=None if asked.days is None else at + timedelta(days=asked.days),
    )
    return _shown(made=made.name, secret=secret, status=201)


@page("/keys/<identifier>/revocation", methods=["POST"], scope=Scope.ADMIN)
def revoke_key(identifier: str) -> Response:
    """Revoke a key at once."""
    organisations.revoke_key(the_store(), organisation(), identifier, now=now())
    return go_to("pages.keys")


def _typed() -> dict[str, object]:
    days = request.form.get("days", "").strip()
    typed: dict[str, object] = {name: request.form.get(name, "") for name in ("name", "scope")}
    if days:
        if not (days.isascii() and days.isdecimal()):
            raise DocumentError([Fault(("days",), f"must be a number of days, not {days!r}")])
        typed["days"] = int(days[:9])
    return typed


def _shown(
    *,
    made: str = "",
    secret: str = "",
    problem: dict[str, object] | None = None,
    status: int = 200,
) -> Response:
    before = request.args.get("before", "")
    from_line = int(before) if re.fullmatch(r"[1-9][0-9]{0,17}", before, re.ASCII) else None
    lines = audit.entries(the_store(), organisation(), before=from_line, n_items=LINES + 1)
    listed = organisations.keys_of(the_store(), organisation())
    return show(
        "keys.html",
        status=status,
        keys=listed,
        names={key.id: key.name for key in listed},
        own=caller().actor,
        at=now(),
        roles=ROLES,
        lines=lines[:LINES],
        older=lines[LINES - 1].id if len(lines) > LINES else None,
        made=made,
        secret=secret,
        problem=problem,
    )
