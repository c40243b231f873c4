"""Who is signed in on the pages, and whether a form is ours.

The session is a signed cookie that scripts cannot read and other sites cannot send. It names the
key that was signed in with, never the secret of it; the key is looked up at every request, so that
one that is revoked opens nothing from then on. What a key may do is the role of who holds it:

    scope   role      may
    read    viewer    read and download
    size    analyst   upload, answer, recommend, type offers, cancel
    admin   admin     all of it

Every form holds a token of the session (CSRF); a form without it is refused. Programs use the
`Authorization` header instead: cookies open nothing below /v1.
"""

from __future__ import annotations

import hmac
import os
import secrets
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flask import Response, current_app, g, request
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.exceptions import Forbidden

from api import access
from api.access import Caller, the_store
from api.settings import LOOPBACK
from api.store.organisations import Scope, key_in_force

if TYPE_CHECKING:
    from api.settings import Settings

COOKIE: Final = "commitment_session"
FORM_FIELD: Final = "csrf_token"
LIFETIME: Final = timedelta(hours=12)
"""A working day; who is back the next morning signs in again."""

ROLES: Final = {Scope.READ: "viewer", Scope.SIZE: "analyst", Scope.ADMIN: "admin"}

SIGNING_FILE: Final = "session.secret"


@dataclass(frozen=True)
class Session:
    """What the cookie holds.

    Attributes
    ----------
    key_id
        Key that was signed in with; None before, and in the local mode.
    token
        What every form of this session has to bring.
    """

    key_id: str | None
    token: str


def current() -> Session:
    """Give the session of the request; a new one where it brings none that holds."""
    found: Session | None = g.get("page_session")
    if found is None:
        found = _read() or _begun(None)
        g.page_session = found
    return found


def sign_in(key_id: str) -> None:
    """Begin the session of a key; the token of before is worth nothing any more."""
    g.page_session = _begun(key_id)


def sign_out() -> None:
    """End the session."""
    g.page_session = _begun(None)


def who() -> Caller | None:
    """Give who is signed in; None where somebody has to sign in first.

    Raises
    ------
    Forbidden
        In the local mode, somebody at another machine.
    """
    if access.is_local():
        return access.local_caller()
    key_id = current().key_id
    key = None if key_id is None else key_in_force(the_store(), key_id, now=access.now())
    return None if key is None else Caller(key.organisation, key.id, key.scope)


def check_form() -> None:
    """Refuse a form that no page of this session holds.

    Raises
    ------
    Forbidden
    """
    given = request.form.get(FORM_FIELD, "")
    if not hmac.compare_digest(given.encode(), current().token.encode()):
        raise Forbidden(
            "This form is not of this session, or the session has ended. Nothing was changed: go "
            "back, load the page again, and send it once more."
        )


def keep(response: Response) -> Response:
    """Send the session along, where it began with this request."""
    found: Session | None = g.get("page_session")
    if found is not None and g.get("page_session_began"):
        response.set_cookie(
            COOKIE,
            _serializer().dumps([found.key_id, found.token]),
            max_age=LIFETIME,
            httponly=True,
            samesite="Lax",
            secure=request.is_secure or not _is_this_machine(),
        )
    return response


def _begun(key_id: str | None) -> Session:
    g.page_session_began = True
    return Session(key_id, secrets.token_urlsafe(32))


def _read() -> Session | None:
    try:
        key_id, token = _serializer().loads(
            request.cookies.get(COOKIE, ""), max_age=int(LIFETIME.total_seconds())
        )
    except (BadData, ValueError, TypeError):
        return None
    return Session(key_id, token)


def _is_this_machine() -> bool:
    """Tell whether the page is asked for at the loopback address, where there is no TLS."""
    return request.host.rpartition(":")[0] in LOOPBACK or request.host in LOOPBACK


def _serializer() -> URLSafeTimedSerializer:
    found: URLSafeTimedSerializer | None = current_app.extensions.get("page_sessions")
    if found is None:
        settings: Settings = current_app.extensions["settings"]
        found = URLSafeTimedSerializer(_secret(settings), salt="commitment.pages")
        current_app.extensions["page_sessions"] = found
    return found


def _secret(settings: Settings) -> str:
    """Give what sessions are signed with, the same in every process of a machine."""
    if settings.session_secret is not None:
        return settings.session_secret
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = settings.data_dir / SIGNING_FILE
    if not path.exists():
        _write_once(path, secrets.token_urlsafe(48))
    return path.read_text(encoding="ascii")


def _write_once(path: Path, text: str) -> None:
    """Write a file that only we can read, whole or not at all; the first writer wins."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(text)
        if not path.exists():
            # A hard link fails where another process was first, and never overwrites.
            os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
