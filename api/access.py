"""Who asks, and what they may do.

With keys, `Authorization: Bearer KEY` decides; what another organisation owns is not found (404),
and what a key may not do is refused before anything is looked up (403). In the local mode everybody
who reaches the loopback address is the one user of this machine.
"""

from __future__ import annotations

import ipaddress
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from flask import Flask, current_app, g, request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, TooManyRequests, Unauthorized

from api.rate_limits import RateLimit
from api.settings import Access, Settings
from api.store import audit
from api.store.opening import Store
from api.store.organisations import LOCAL, Scope, key_of_secret, local_organisation

log = logging.getLogger("commitment.access")

FAILURES_PER_MINUTE = 600
"""Wrong keys of one address. A key is 256 bits, which nobody guesses; this bounds the reads of the
store that somebody without one can cause."""


@dataclass(frozen=True)
class Caller:
    """Who asks.

    Attributes
    ----------
    actor
        Id of the key, or `local`.
    """

    organisation: str
    actor: str
    scope: Scope


def now() -> datetime:
    """Give the present instant."""
    return datetime.now(tz=UTC)


def the_store() -> Store:
    """Give the store of the application that answers."""
    found: Store = current_app.extensions["store"]
    return found


def caller() -> Caller:
    """Give who asks, once `require` let them through."""
    found: Caller = g.caller
    return found


def organisation() -> str:
    """Give the organisation that asks."""
    return caller().organisation


def register(app: Flask, settings: Settings) -> None:
    """Set the limits of an application up."""
    per_minute = settings.requests_per_minute
    app.extensions["rate_limit"] = RateLimit(per_minute) if per_minute else None
    app.extensions["failure_limit"] = RateLimit(FAILURES_PER_MINUTE)


def require(scope: Scope) -> None:
    """Let the caller through, or refuse.

    Raises
    ------
    Unauthorized, Forbidden, TooManyRequests
    """
    admit(local_caller() if is_local() else _by_key(), scope)


def admit(found: Caller, scope: Scope) -> None:
    """Let somebody through whose key is known, or refuse.

    Raises
    ------
    Forbidden, TooManyRequests
    """
    g.caller = found
    limit: RateLimit | None = current_app.extensions["rate_limit"]
    _slow_down(limit, found.actor)
    if not found.scope.allows(scope):
        raise Forbidden(
            f"This key may {found.scope.value}; this needs a key that may {scope.value}."
        )


def note(action: str, status: int) -> None:
    """Write into the audit log what the caller did or was refused."""
    found: Caller | None = g.get("caller")
    if found is None:
        log.warning("%s %s refused with %d", request.method, request.path, status)
        return
    audit.record(
        the_store(),
        found.organisation,
        actor=found.actor,
        action=action,
        path=request.path,
        status=status,
        now=now(),
    )


def is_local() -> bool:
    """Tell whether the one user of this machine is answered, without a key."""
    settings: Settings = current_app.extensions["settings"]
    return settings.access is Access.LOCAL


def local_caller() -> Caller:
    """Give the one user of this machine.

    Raises
    ------
    Forbidden
        Somebody elsewhere asks.
    """
    if not from_this_machine():
        raise Forbidden("Without keys the service answers only programs of its own machine.")
    store = the_store()
    found = current_app.extensions.get("local_organisation")
    if found is None:
        found = local_organisation(store, now=now())
        current_app.extensions["local_organisation"] = found
    return Caller(found, LOCAL, Scope.ADMIN)


def _by_key() -> Caller:
    given = request.authorization
    secret = given.token if given is not None and given.type == "bearer" else None
    found = caller_with(secret) if secret else None
    if found is None:
        what = "is missing" if secret is None else "is unknown, revoked or expired"
        raise Unauthorized(
            f"The key {what}; send it as Authorization: Bearer KEY.",
            www_authenticate=WWWAuthenticate("bearer", {"realm": "commitment"}),
        )
    return found


def caller_with(secret: str) -> Caller | None:
    """Give who presents a key; None where it opens nothing.

    Raises
    ------
    TooManyRequests
        Too many wrong keys came from one address.
    """
    key = key_of_secret(the_store(), secret, now=now())
    if key is None:
        _slow_down(current_app.extensions["failure_limit"], request.remote_addr or "")
        return None
    return Caller(key.organisation, key.id, key.scope)


def _slow_down(limit: RateLimit | None, who: str) -> None:
    if limit is not None and (seconds := limit.wait_seconds(who)):
        raise TooManyRequests(f"Too many requests; try again in {seconds} s.", retry_after=seconds)


def from_this_machine() -> bool:
    """Tell whether a program of this machine asks."""
    return _is_loopback(request.remote_addr or "")


@lru_cache(maxsize=1024)
def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
