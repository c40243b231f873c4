"""Signing in with an access key, and out again."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Response, g, request

from api import access
from api.pages import session
from api.pages.serving import go_to, page, show
from api.store.organisations import Scope


@page("/sign-in", methods=["GET", "POST"], scope=None)
def sign_in() -> Response:
    """Ask for an access key, and begin a session with one that opens something."""
    back = _own_path(request.args.get("next", "/"))
    if access.is_local():
        return go_to("pages.home")
    if request.method == "GET":
        return show("sign_in.html", back=back, refused=False)
    secret = request.form.get("key", "").strip()
    found = access.caller_with(secret) if secret else None
    if found is None:
        return show("sign_in.html", status=401, back=back, refused=True)
    g.caller = found
    session.sign_in(found.actor)
    return Response(status=303, headers={"Location": back})


@page("/sign-out", methods=["POST"], scope=Scope.READ)
def sign_out() -> Response:
    """End the session."""
    session.sign_out()
    return go_to("pages.sign_in")


def _own_path(text: str) -> str:
    r"""Give a path of this service; anything that leads elsewhere becomes the first page.

    >>> _own_path("/recommendations/1?x=2"), _own_path("//elsewhere.example/"), _own_path("/\\e")
    ('/recommendations/1?x=2', '/', '/')
    """
    parts = urlsplit(text)
    plain = text.startswith("/") and not text.startswith("//") and "\\" not in text
    return text if plain and not parts.scheme and not parts.netloc and text.isprintable() else "/"
