"""Keys of one's own organisation, and the log of who did what."""

from __future__ import annotations

import json
import re
from datetime import timedelta

from flask import Blueprint, Response, request, url_for

from api.access import now, organisation, the_store
from api.bodies import (
    AuditEntry,
    AuditLog,
    KeyBody,
    KeyList,
    KeyRecord,
    NewKeyRecord,
    RotationBody,
)
from api.operations import Answer, Parameter, json_response, route
from api.queries import LIMIT, limit_asked
from api.repeated_requests import made_id
from api.store import audit, organisations
from api.store.organisations import Key, Scope
from api.validation import DocumentError, Fault

blueprint = Blueprint("administration", __name__)

_MADE = Answer(
    201,
    "The key. Its secret is told here and never again, not even to the same Idempotency-Key: "
    "whoever lost the answer rotates the key.",
    (NewKeyRecord,),
    headers=(("Location", "Where the key is listed."),),
)


def _without_secret(body: str) -> str:
    """Give the answer without what must not be stored."""
    return json.dumps(json.loads(body) | {"secret": None}, indent=2) + "\n"


@route(
    blueprint,
    "POST",
    "/v1/keys",
    scope=Scope.ADMIN,
    body=KeyBody,
    answers=[_MADE],
    problems=[400, 409, 413, 415, 422, 507],
    kept=_without_secret,
)
def create_key(body: KeyBody) -> Response:
    """Make a key."""
    at = now()
    expires_at = None if body.days is None else at + timedelta(days=body.days)
    key, secret = organisations.add_key(
        the_store(),
        organisation(),
        name=body.name,
        scope=body.scope,
        now=at,
        expires_at=expires_at,
        identifier=made_id(),
    )
    return _made(key, secret)


@route(
    blueprint,
    "GET",
    "/v1/keys",
    scope=Scope.ADMIN,
    answers=[Answer(200, "Every key, newest first, without its secret.", (KeyList,))],
)
def list_keys() -> KeyList:
    """List the keys of the organisation."""
    found = organisations.keys_of(the_store(), organisation())
    return KeyList(items=tuple(KeyRecord.model_validate(_fields(key)) for key in found))


@route(
    blueprint,
    "POST",
    "/v1/keys/<identifier>/rotation",
    scope=Scope.ADMIN,
    body=RotationBody,
    answers=[_MADE],
    problems=[400, 409, 413, 415, 422, 507],
    kept=_without_secret,
)
def rotate_key(identifier: str, body: RotationBody) -> Response:
    """Replace a key by one of the same name, scope and lifetime.

    The old one holds for the hours that are asked for, so that programs can be changed over.
    """
    at = now()
    key, secret = organisations.rotate_key(
        the_store(),
        organisation(),
        identifier,
        now=at,
        old_until=at + timedelta(hours=body.old_holds_hours),
        identifier=made_id(),
    )
    return _made(key, secret)


@route(
    blueprint,
    "DELETE",
    "/v1/keys/<identifier>",
    scope=Scope.ADMIN,
    answers=[Answer(204, "Revoked.")],
)
def revoke_key(identifier: str) -> Response:
    """Revoke a key at once."""
    organisations.revoke_key(the_store(), organisation(), identifier, now=now())
    return Response(status=204)


@route(
    blueprint,
    "GET",
    "/v1/audit-log",
    scope=Scope.ADMIN,
    parameters=[
        LIMIT,
        Parameter("before", "`next_before` of the page before.", {"type": "integer", "minimum": 1}),
    ],
    answers=[Answer(200, "Lines, newest first.", (AuditLog,))],
    problems=[422],
)
def read_audit_log() -> AuditLog:
    """Read who changed what, and what was refused."""
    n_items = limit_asked()
    found = audit.entries(the_store(), organisation(), before=_before(), n_items=n_items + 1)
    items = tuple(
        AuditEntry(id=e.id, at=e.at, actor=e.actor, action=e.action, path=e.path, status=e.status)
        for e in found[:n_items]
    )
    return AuditLog(items=items, next_before=items[-1].id if len(found) > n_items else None)


def _before() -> int | None:
    text = request.args.get("before")
    if text is None:
        return None
    if not re.fullmatch(r"[1-9][0-9]{0,17}", text):
        raise DocumentError([Fault(("before",), "must be a number of a line")])
    return int(text)


def _made(key: Key, secret: str) -> Response:
    record = NewKeyRecord.model_validate(_fields(key) | {"secret": secret})
    response = json_response(record, 201)
    response.headers["Location"] = url_for(".list_keys")
    return response


def _fields(key: Key) -> dict[str, object]:
    return {
        "id": key.id,
        "name": key.name,
        "scope": key.scope,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
    }
