"""Errors as problem details (RFC 9457), for every path and every status.

    {"type": "...", "title": "...", "status": 422, "detail": "...", "instance": "/v1/...",
     "errors": [{"pointer": "/terms/tiers/1/discount_share", "detail": "..."}]}

`errors` is there when places in the request are known: `pointer` is a JSON pointer into a JSON
body, `file`, `row` and `column` a place in an uploaded file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from flask import Response, current_app, request
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.http import HTTP_STATUS_CODES

from api.validation import DocumentError, Fault
from forecast.errors import EvidenceError, InputError

if TYPE_CHECKING:
    from flask import Flask

MEDIA_TYPE = "application/problem+json"

TYPES = {
    "invalid-input": "Something in the request cannot be used",
    "insufficient-evidence": "The data cannot support an honest answer",
    "malformed-body": "The body cannot be read as what it claims to be",
}
"""Problem types of our own, by name; anything else is about:blank with the status as title."""


class BodyError(Exception):
    """A body that cannot be read at all (400), before anything in it is judged."""


def problem(
    status: int,
    detail: str,
    *,
    name: str | None = None,
    errors: Sequence[dict[str, Any]] = (),
    headers: Sequence[tuple[str, str]] = (),
) -> Response:
    """Make one problem-details response about the current request."""
    response = respond(document(status, detail, request.path, name=name, errors=errors))
    response.headers.extend(headers)
    return response


def document(
    status: int,
    detail: str,
    instance: str,
    *,
    name: str | None = None,
    errors: Sequence[dict[str, Any]] = (),
) -> dict[str, Any]:
    """Make problem details about a resource."""
    found: dict[str, Any] = {
        "type": f"urn:commitment:problem:{name}" if name else "about:blank",
        "title": TYPES[name] if name else HTTP_STATUS_CODES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "instance": quote(instance),
    }
    return found | ({"errors": list(errors)} if errors else {})


def respond(found: Mapping[str, Any]) -> Response:
    """Give problem details as a response."""
    return Response(json.dumps(found), status=found["status"], content_type=MEDIA_TYPE)


def error_document(error: InputError | EvidenceError, instance: str) -> dict[str, Any]:
    """Say what was raised on purpose about a resource."""
    if isinstance(error, EvidenceError):
        return document(422, str(error), instance, name="insufficient-evidence")
    places = _places(error)
    detail = str(error)
    if isinstance(error, DocumentError):
        what = error.file or "The request"
        n = "one place" if len(places) == 1 else f"{len(places)} places"
        detail = f"{what} has {n} that cannot be used; errors says where and why."
    return document(422, detail, instance, name="invalid-input", errors=places)


def unexpected_document(
    instance: str, detail: str = "The service failed; the operator finds the cause in its log."
) -> dict[str, Any]:
    """Say that something failed that nobody foresaw, and nothing of what it was."""
    return document(500, detail, instance)


def register(app: Flask) -> None:
    """Answer every error of an application with problem details."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(BodyError, _body)
    app.register_error_handler(InputError, _on_purpose)
    app.register_error_handler(EvidenceError, _on_purpose)
    app.register_error_handler(Exception, _unexpected)


def _http(error: HTTPException) -> Response:
    if isinstance(error, InternalServerError):
        return _unexpected(error)
    kept = [
        (name, value)
        for name, value in error.get_headers()
        if name.lower() not in ("content-type", "content-length")
    ]
    if error.response is not None:
        kept += [("Location", v) for v in error.response.headers.getlist("Location")]
    return problem(error.code or 500, error.description or "", headers=kept)


def _body(error: BodyError) -> Response:
    return problem(400, str(error), name="malformed-body")


def _on_purpose(error: InputError | EvidenceError) -> Response:
    return respond(error_document(error, request.path))


def _places(error: InputError) -> list[dict[str, Any]]:
    if isinstance(error, DocumentError):
        return [_fault(fault, error.file) for fault in error.faults]
    place = {"file": error.file, "row": error.row, "column": error.column}
    known = {k: v for k, v in place.items() if v is not None}
    return [known | {"detail": error.problem}] if known else []


def _fault(fault: Fault, file: str | None) -> dict[str, Any]:
    if file is None:
        return {"pointer": fault.pointer, "detail": fault.problem}
    return {"file": file, "column": fault.dotted, "detail": fault.problem}


def _unexpected(error: Exception) -> Response:
    """Tell the log everything and the caller nothing."""
    current_app.logger.error("unexpected error at %s", request.path, exc_info=error)
    return respond(unexpected_document(request.path))
