"""Is the service alive, is it ready, and what does it offer."""

from __future__ import annotations

import hmac
import json

from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import NotFound, Unauthorized

from api import access, metrics, openapi
from api.access import the_store
from api.bodies import Health
from api.operations import JSON, Answer, route
from api.settings import Access, Settings
from forecast import __version__

blueprint = Blueprint("health", __name__)


@route(blueprint, "GET", "/healthz", scope=None, answers=[Answer(200, "Alive.", (Health,))])
def alive() -> Health:
    """Tell that the process answers."""
    return Health(status="ok", version=__version__)


@route(
    blueprint,
    "GET",
    "/readyz",
    scope=None,
    answers=[Answer(200, "Ready.", (Health,))],
    problems=[503, 507],
)
def ready() -> Health:
    """Tell whether requests can be answered and results kept."""
    the_store().check()
    return Health(status="ready", version=__version__)


@blueprint.get("/openapi.json")
def description() -> Response:
    """Give the OpenAPI document."""
    # Flask types the proxy, not the object behind it.
    document = openapi.document_of(current_app._get_current_object())  # type: ignore[attr-defined]
    return Response(json.dumps(document), content_type=JSON)


@blueprint.get("/metrics")
def tell_metrics() -> Response:
    """Tell a collector how the service does, in Prometheus' text format.

    With a metrics key, whoever presents it is answered. Without one, programs of this machine are
    in the local mode, and nobody is otherwise: behind a proxy everybody seems to come from here.
    """
    settings: Settings = current_app.extensions["settings"]
    if settings.metrics_key is not None:
        given = request.authorization
        presented = given.token if given is not None and given.type == "bearer" else None
        if not hmac.compare_digest((presented or "").encode(), settings.metrics_key.encode()):
            raise Unauthorized("Metrics need the metrics key, as Authorization: Bearer KEY.")
    elif settings.access is not Access.LOCAL or not access.from_this_machine():
        raise NotFound
    body, media_type = metrics.text(the_store())
    return Response(body, content_type=media_type)
