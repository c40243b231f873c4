"""The documents for people, at /docs."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, current_app

from api import openapi
from api.pages.templating import TEMPLATES, render

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""One style sheet of our own and nothing else, no script among it."""

blueprint = Blueprint("reference", __name__)


@blueprint.get("/docs")
def show_reference() -> Response:
    """Give the API document as a page."""
    from api import reference

    made: str | None = current_app.extensions.get("reference")
    if made is None:
        # Flask types the proxy, not the object behind it.
        document = openapi.document_of(current_app._get_current_object())  # type: ignore[attr-defined]
        made = render("reference.html", reference.page(document))
        current_app.extensions["reference"] = made
    response = Response(made, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    return response


@blueprint.get("/docs/style.css")
def show_style() -> Response:
    """Give the style sheet of the page."""
    return Response((TEMPLATES / "reference.css").read_bytes(), content_type="text/css")
